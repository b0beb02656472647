/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * granule.h - the granule table: what each 4 KiB of physical memory is, and its lock.
 *
 * States and who changes them (DEN0137 A2.2): see granule.c. A granule's state changes only under
 * its lock. The lock of a granule in state RD is the realm's lock: it protects the RD and every
 * RTT of the realm.
 *
 * Lock order. A command locks all granules that its caller named (granules_lock) in ascending
 * address order, and checks each one's state as soon as it is locked: one in the wrong state is
 * let go at once, so nobody waits for a second lock while it holds one that it has no use for.
 * While it holds an RD, a command may also lock RTT, DATA and REC_AUX granules of that realm,
 * which no command ever names as such. Pages that are laid ready (rmm_make_ready) are UNDELEGATED,
 * which commands do name: their locks are only tried. REC_ENTER holds no lock while the realm
 * runs; it takes the RD, the REC or the run granule one at a time.
 */
#ifndef RMM_GRANULE_H
#define RMM_GRANULE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "base/rule.h"
#include "machine/memory.h"

struct rmm;

enum granule_state {
	GRANULE_UNDELEGATED,
	GRANULE_DELEGATED,
	GRANULE_RD,
	GRANULE_REC,
	GRANULE_REC_AUX,
	GRANULE_DATA,
	GRANULE_RTT,
	GRANULE_NUM_STATES
};

struct granule {
	_Atomic uint32_t lock; /* 0 free, 1 held, 2 held and somebody waits */
	_Atomic uint32_t word; /* state << 16 | valid unprotected mappings of it (UNDELEGATED) */
	bool used;	       /* by a realm, since it was last wiped */
	uint16_t code;	       /* whose engine may have translated code of it: granule_adopt */
	_Atomic uint64_t hint; /* where it was mapped unprotected last: granule_ns_hint */
};

/* In `word`, of an UNDELEGATED granule: GRANULE_DELEGATE is taking its mappings back, so no valid
 * one is added. */
#define GRANULE_WANTED (UINT32_C(1) << 31)

/* The granule at pa; NULL if pa is unaligned or not memory that can be delegated. */
struct granule *granule_find(const struct rmm *rmm, uint64_t pa);
enum granule_state granule_state(const struct granule *g);
const char *granule_state_name(enum granule_state s);

void granule_lock(struct granule *g);
void granule_unlock(struct granule *g);
#ifdef LOCK_CHECK
#define granule_assert_locked(g) lock_check_held(g, "of a granule", false)
#else
#define granule_assert_locked(g) ((void)(g))
#endif
/* Lock the granule at pa if it is in the given state; else NULL. */
struct granule *granule_lock_as(const struct rmm *rmm, uint64_t pa, enum granule_state s);

/* A granule that the caller of a command named, the state it must be in, the rule if it is not. */
struct granule_arg {
	uint64_t pa;
	enum granule_state state;
	result rule;
	struct granule *g; /* out */
};

/* Lock all n granules, or none: then the broken rule. Sorts the array by address. */
result granules_lock(const struct rmm *rmm, struct granule_arg *a, size_t n);
void granules_unlock(struct granule_arg *a, size_t n);

/* Change the state; the caller holds the lock. To DELEGATED from inside wipes the content. */
void granule_set(struct rmm *rmm, struct granule *g, enum granule_state s);
/* Lock a granule that is known to be of that state, wipe it, make it DELEGATED, unlock. */
void granule_release(struct rmm *rmm, uint64_t pa, enum granule_state s);

/*
 * Unprotected mappings of pages [pa, pa + pages): get counts a valid one in each granule, all or
 * none; false if a page is not the host's (not UNDELEGATED, no delegable memory) or is about to be
 * delegated. Needs no lock. `vmid` and `ipa` say where the mapping is: the last one is remembered.
 */
bool granule_ns_get(const struct rmm *rmm, uint64_t pa, uint64_t pages, uint16_t vmid,
		    uint64_t ipa);
void granule_ns_put(const struct rmm *rmm, uint64_t pa, uint64_t pages);
/* Where the page was mapped last; a guess, to be looked up. */
void granule_ns_hint(const struct rmm *rmm, uint64_t pa, uint16_t *vmid, uint64_t *ipa);
/* Valid unprotected mappings of the page. */
unsigned int granule_ns_count(const struct granule *g);

/*
 * The granule becomes DATA of the realm with this serial: true if the realm's engine may hold
 * code translated from an earlier content of it.
 */
bool granule_adopt(struct rmm *rmm, struct granule *g, uint16_t serial);

/*
 * Ready entries (rmm/rtt_ready.c). Take: UNDELEGATED -> DATA, if the granule is all zero without
 * being wiped, mapped nowhere, and the realm's engine cannot know it; false: it is not, or somebody
 * holds it. Give back: DATA that nobody has touched -> UNDELEGATED.
 */
bool granule_take_fresh(struct rmm *rmm, uint64_t pa, uint16_t serial);
void granule_give_back_fresh(struct rmm *rmm, uint64_t pa);

/* The granule's content in the RMM's address space. */
void *granule_map(const struct rmm *rmm, uint64_t pa);

#endif
