/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtt.h - geometry of a realm's translation tables, and the walk. The caller holds the RD's lock.
 */
#ifndef RMM_RTT_H
#define RMM_RTT_H

#include "rmm/call.h"
#include "rmm/rtte.h"

#define RTT_MAX_START_TABLES 16

/* True if RMM 1.0 knows the pair; *tables: how many concatenated start tables it needs. Only with
 * LPA2 there are IPAs of more than 48 bits, and a level -1. */
bool rtt_geometry(unsigned int ipa_bits, int64_t start_level, bool lpa2, unsigned int *tables);

/* Where a walk stopped. */
struct rtt_walk {
	uint64_t *table;    /* the 512 entries */
	unsigned int index; /* of the entry reached */
	int level;	    /* of the table */
	uint64_t base;	    /* IPA of the entry reached: its first byte */
	uint64_t entry;	    /* its value */
};

/* Follow tables from the start level to `level`, or to the first entry that is no table. The IPA
 * is inside the realm's space. A ready entry reads as the UNASSIGNED one that it stands for: for
 * those who look; who is going to change it settles it. */
void rtt_walk(const struct rmm *rmm, const struct rd *rd, uint64_t ipa, int level,
	      struct rtt_walk *w);

/* To the leaf level, and no ready entry is left there. */
void rtt_walk_settled(struct rmm *rmm, const struct rd *rd, uint64_t ipa, struct rtt_walk *w);
/* The entry, of a table of that level, is not ready any more: UNASSIGNED, or ASSIGNED if the realm
 * has touched it meanwhile. */
void rtt_settle(struct rmm *rmm, uint64_t *entry, int level);

/* RttSkipNonLiveEntries: ipa, or the next live entry of the same table, or the table's end. */
uint64_t rtt_walk_top(const struct rtt_walk *w, uint64_t ipa);

/* Entry i of start table t. */
uint64_t *rtt_start_table(const struct rmm *rmm, const struct rd *rd, unsigned int t);
/* Start-level entries that stand for the IPA space. */
unsigned int rtt_start_entries(const struct rd *rd);

static inline bool rtt_level_has_blocks(int level)
{
	return level >= 1;
}

/*
 * Forget translations of [ipa, ipa + size): no CPU of the realm uses one after the return. `cpu`:
 * the engine's CPU of a REC that the caller holds and that is not running, or -1. While none runs
 * it is left to the next entry: whoever takes CPU `cpu` inside calls rtt_catch_up first.
 */
void rtt_invalidate(const struct rmm *rmm, struct rd *rd, int cpu, uint64_t ipa, uint64_t size);
void rtt_catch_up(const struct rmm *rmm, struct rd *rd, int cpu);

/* ---- unprotected mappings (rtt_ns.c) ---- */

/* The entry for the host's descriptor where the walk has ended: valid if all of it is the host's,
 * else hidden. */
uint64_t rtt_ns_make(const struct rmm *rmm, const struct rd *rd, const struct rtt_walk *w,
		     uint64_t desc);
/* The entry goes away: give back what a valid one counts. */
void rtt_ns_drop(const struct rmm *rmm, uint64_t e, int level);
/* The realm touched a hidden entry: make it valid if all of it is the host's by now. */
bool rtt_ns_reveal(const struct rmm *rmm, const struct rd *rd, struct rtt_walk *w);

#endif
