/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtte.h - the 64 bits of an RTT entry: VMSAv8-64 stage 2 descriptors where the CPU sees them,
 * the RMM's own encoding in invalid ones (bit 0 clear).
 *
 *	state		 RIPAS		valid	encoding
 *	UNASSIGNED	 any		no	RIPAS
 *	UNASSIGNED, ready RAM		yes	as ASSIGNED, without the access flag
 *	ASSIGNED	 RAM		yes	PA, Normal Write-Back, RW, executable
 *	ASSIGNED	 EMPTY, DESTROYED no	PA, HIPAS, RIPAS
 *	UNASSIGNED_NS	 -		no	NS
 *	ASSIGNED_NS	 -		yes	PA, the host's attributes, never executable, NS
 *	ASSIGNED_NS, hidden -		no	PA, the host's attributes, HIPAS, NS
 *	TABLE		 -		yes	PA of the next table
 *
 * A hidden entry is an unprotected mapping of something that is not all the host's (rmm/rtt_ns.c).
 * A ready one is UNASSIGNED for all but the realm's CPU (rmm/rtt_ready.c).
 *
 * In a realm with LPA2 output addresses have 52 bits: 51:50 take the place of the shareability,
 * which VTCR_EL2 tells then. No memory here lies above bit 47, so only hidden entries have them.
 */
#ifndef RMM_RTTE_H
#define RMM_RTTE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/rmi.h"
#include "base/bits.h"

#define RTT_ENTRIES    512
#define RTT_LEAF_LEVEL 3

#define RTTE_VALID	   BIT(0)
#define RTTE_TABLE_OR_PAGE BIT(1)
#define RTTE_ADDR	   MASK(47, 12)
/* With LPA2 bits 49:48 of the address are in place, too, and these are its bits 51:50. */
#define RTTE_LPA2_ADDR	   (RTTE_ADDR | MASK(49, 48))
#define RTTE_LPA2_ADDR_TOP MASK(9, 8)

/* valid descriptors */
#define RTTE_MEMATTR	      MASK(4, 2)
#define RTTE_S2AP	      MASK(7, 6)
#define RTTE_SH_INNER	      FIELD_PUT(MASK(9, 8), 3)
#define RTTE_AF		      BIT(10)
#define RTTE_XN_ALL	      FIELD_PUT(MASK(54, 53), 2)
#define RTTE_NS		      BIT(55)
#define RTTE_MEMATTR_WB	      6
#define RTTE_MEMATTR_RESERVED 4
#define RTTE_S2AP_RW	      3

/* invalid ones */
#define RTTE_HIPAS_ASSIGNED BIT(2)
#define RTTE_RIPAS	    MASK(6, 5)
#define RTTE_HIDDEN_MEMATTR MASK(9, 7)
#define RTTE_HIDDEN_S2AP    MASK(11, 10)
#define RTTE_HIDDEN_TOP	    MASK(59, 56) /* bits 51:48 of the address */

#define RTTE_RAM_ATTRS                                                                             \
	(FIELD_PUT(RTTE_MEMATTR, RTTE_MEMATTR_WB) | FIELD_PUT(RTTE_S2AP, RTTE_S2AP_RW) | RTTE_AF)

enum rtte_state {
	RTTE_UNASSIGNED,
	RTTE_ASSIGNED,
	RTTE_UNASSIGNED_NS,
	RTTE_ASSIGNED_NS,
	RTTE_TABLE,
};

/* Bytes that one entry of a table at this level stands for. */
static inline uint64_t rtt_entry_size(int level)
{
	return UINT64_C(1) << (12 + 9 * (RTT_LEAF_LEVEL - level));
}

static inline uint64_t rtte_leaf_type(int level)
{
	return RTTE_VALID | (level == RTT_LEAF_LEVEL ? RTTE_TABLE_OR_PAGE : 0);
}

static inline bool rtte_valid(uint64_t e)
{
	return e & RTTE_VALID;
}

static inline bool rtte_is_table(uint64_t e, int level)
{
	return level < RTT_LEAF_LEVEL && (e & 3) == 3;
}

/* All other valid leaves have the access flag. */
static inline bool rtte_is_ready(uint64_t e, int level)
{
	return level == RTT_LEAF_LEVEL && rtte_valid(e) && !(e & RTTE_AF);
}

static inline enum rtte_state rtte_state(uint64_t e, int level)
{
	bool assigned = (rtte_valid(e) || (e & RTTE_HIPAS_ASSIGNED)) && !rtte_is_ready(e, level);

	if (rtte_is_table(e, level))
		return RTTE_TABLE;
	if (e & RTTE_NS)
		return assigned ? RTTE_ASSIGNED_NS : RTTE_UNASSIGNED_NS;
	return assigned ? RTTE_ASSIGNED : RTTE_UNASSIGNED;
}

/* RIPAS of an entry; what has none is reported as EMPTY. */
static inline unsigned int rtte_ripas(uint64_t e, int level)
{
	if (rtte_is_table(e, level) || (e & RTTE_NS))
		return RMI_RIPAS_EMPTY;
	return rtte_valid(e) ? RMI_RIPAS_RAM : FIELD_GET(RTTE_RIPAS, e);
}

static inline uint64_t rtte_pa(uint64_t e)
{
	return (e & RTTE_ADDR) | FIELD_GET(RTTE_HIDDEN_TOP, e) << 48;
}

static inline uint64_t rtte_make_unassigned(unsigned int ripas)
{
	return FIELD_PUT(RTTE_RIPAS, ripas);
}

static inline uint64_t rtte_shareability(bool lpa2)
{
	return lpa2 ? 0 : RTTE_SH_INNER;
}

static inline uint64_t rtte_make_assigned(uint64_t pa, unsigned int ripas, int level, bool lpa2)
{
	if (ripas == RMI_RIPAS_RAM)
		return pa | RTTE_RAM_ATTRS | rtte_shareability(lpa2) | rtte_leaf_type(level);
	return pa | RTTE_HIPAS_ASSIGNED | FIELD_PUT(RTTE_RIPAS, ripas);
}

static inline uint64_t rtte_make_ready(uint64_t pa, bool lpa2)
{
	return rtte_make_assigned(pa, RMI_RIPAS_RAM, RTT_LEAF_LEVEL, lpa2) & ~RTTE_AF;
}

static inline uint64_t rtte_make_table(uint64_t pa)
{
	return pa | RTTE_VALID | RTTE_TABLE_OR_PAGE;
}

/* What a descriptor of the host's may have set for its output address, and that address. */
static inline uint64_t rtte_desc_addr_bits(bool lpa2)
{
	return lpa2 ? RTTE_LPA2_ADDR | RTTE_LPA2_ADDR_TOP : RTTE_ADDR;
}

static inline uint64_t rtte_desc_pa(uint64_t desc, bool lpa2)
{
	if (!lpa2)
		return desc & RTTE_ADDR;
	return (desc & RTTE_LPA2_ADDR) | FIELD_GET(RTTE_LPA2_ADDR_TOP, desc) << 50;
}

/* An unprotected mapping from the host's descriptor (OA, MemAttr, S2AP), valid or hidden. */
static inline uint64_t rtte_make_ns(uint64_t desc, int level, bool valid, bool lpa2)
{
	uint64_t pa = rtte_desc_pa(desc, lpa2), e = RTTE_NS | (pa & RTTE_ADDR);

	if (valid)
		return e | (desc & (RTTE_MEMATTR | RTTE_S2AP)) | rtte_shareability(lpa2) | RTTE_AF |
		       RTTE_XN_ALL | rtte_leaf_type(level);
	return e | RTTE_HIPAS_ASSIGNED | FIELD_PUT(RTTE_HIDDEN_TOP, pa >> 48) |
	       FIELD_PUT(RTTE_HIDDEN_MEMATTR, FIELD_GET(RTTE_MEMATTR, desc)) |
	       FIELD_PUT(RTTE_HIDDEN_S2AP, FIELD_GET(RTTE_S2AP, desc));
}

/* The host's descriptor of an ASSIGNED_NS entry again. */
static inline uint64_t rtte_ns_desc(uint64_t e)
{
	if (rtte_valid(e))
		return e & (RTTE_ADDR | RTTE_MEMATTR | RTTE_S2AP);
	return (rtte_pa(e) & RTTE_LPA2_ADDR) | FIELD_PUT(RTTE_LPA2_ADDR_TOP, rtte_pa(e) >> 50) |
	       FIELD_PUT(RTTE_MEMATTR, FIELD_GET(RTTE_HIDDEN_MEMATTR, e)) |
	       FIELD_PUT(RTTE_S2AP, FIELD_GET(RTTE_HIDDEN_S2AP, e));
}

/* A live entry holds something (ASSIGNED, ASSIGNED_NS, TABLE): it ends RttSkipNonLiveEntries,
 * DEN0137 A5.5. Every valid one is, and every other one that has HIPAS. So are ready ones: a host
 * that skips what is not live must not pass them by. */
#define RTTE_LIVE (RTTE_VALID | RTTE_HIPAS_ASSIGNED)

static inline bool rtte_live(uint64_t e)
{
	return e & RTTE_LIVE;
}

/* What keeps a table from being destroyed: unprotected mappings do not. */
static inline bool rtte_keeps_table(uint64_t e, int level)
{
	enum rtte_state s = rtte_state(e, level);

	return s == RTTE_ASSIGNED || s == RTTE_TABLE;
}

/* The engine's CPU may walk the table now: one store, after all that it points to. */
static inline void rtte_write(uint64_t *e, uint64_t v)
{
	__atomic_store_n(e, v, __ATOMIC_RELEASE);
}

/* The CPU may set the access flag of a ready entry at any time. */
static inline uint64_t rtte_read(const uint64_t *e)
{
	return __atomic_load_n(e, __ATOMIC_RELAXED);
}

#endif
