// SPDX-License-Identifier: BSD-3-Clause
/*
 * granule.c - the granule table: states, locks, wiping.
 *
 *	UNDELEGATED <-> DELEGATED		GRANULE_DELEGATE, GRANULE_UNDELEGATE
 *	DELEGATED <-> RD			REALM_CREATE, REALM_DESTROY
 *	DELEGATED <-> RTT			REALM_CREATE, RTT_CREATE; the destroys, RTT_FOLD
 *	DELEGATED <-> REC, REC_AUX		REC_CREATE, REC_DESTROY
 *	DELEGATED <-> DATA			DATA_CREATE(_UNKNOWN), DATA_DESTROY
 *	UNDELEGATED <-> DATA			entries made ready, settled (rmm/rtt_ready.c)
 *
 * Invariants: a DELEGATED granule is all zero (so nothing of a former use is ever seen, and
 * UNDELEGATE has no work); only an UNDELEGATED granule has valid unprotected mappings.
 *
 * That second one replaces the GPT of real hardware, which checks each access: here a CPU walks
 * the RTTs itself, so an unprotected mapping may be valid only while all of its pages are the
 * host's. GRANULE_DELEGATE takes such mappings back first (delegate.c).
 */
#include "rmm/granule.h"

#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/lock.h"
#include "rmm/rules.h"
#include "rmm/state.h"

#define NS_MAX		0xffffu
#define HINT_VMID_SHIFT 48     /* below it the number of an IPA's page */
#define CODE_MANY	0xffff /* more than one live engine may have translated it */

struct granule *granule_find(const struct rmm *rmm, uint64_t pa)
{
	if (!IS_ALIGNED(pa, GRANULE_SIZE) || !machine_is_ram(rmm->machine, pa, GRANULE_SIZE))
		return NULL;
	return &rmm->granules[machine_pa_to_offset(pa) >> GRANULE_SHIFT];
}

static uint64_t granule_pa(const struct rmm *rmm, const struct granule *g)
{
	return MACHINE_RAM_BASE + ((uint64_t)(g - rmm->granules) << GRANULE_SHIFT);
}

enum granule_state granule_state(const struct granule *g)
{
	return (atomic_load(&g->word) & ~GRANULE_WANTED) >> 16;
}

unsigned int granule_ns_count(const struct granule *g)
{
	return atomic_load(&g->word) & NS_MAX;
}

const char *granule_state_name(enum granule_state s)
{
	static const char *const names[] = {
		"UNDELEGATED", "DELEGATED", "RD", "REC", "REC_AUX", "DATA", "RTT",
	};

	_Static_assert(ARRAY_SIZE(names) == GRANULE_NUM_STATES, "a name for each state");
	return names[s];
}

void *granule_map(const struct rmm *rmm, uint64_t pa)
{
	return machine_va(rmm->machine, pa, GRANULE_SIZE);
}

/* ---- locks ---- */

static void wait_for(struct granule *g)
{
	syscall(SYS_futex, &g->lock, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

/* What an RD or REC owns has no place among what commands name: it comes after that. */
static unsigned int rank_of(enum granule_state s)
{
	switch (s) {
	case GRANULE_RTT:
	case GRANULE_DATA:
	case GRANULE_REC_AUX:
		return LOCK_RANKS_RMM + 1;
	default:
		return LOCK_RANKS_RMM;
	}
}

/* One that the caller takes for a granule of this state. */
static void lock_as(struct granule *g, enum granule_state s)
{
	const char *name = granule_state_name(s);
	uint32_t was = 0;

	lock_note_taking(g, name, rank_of(s), (uintptr_t)g);
	if (!atomic_compare_exchange_strong(&g->lock, &was, 1))
		while (atomic_exchange(&g->lock, 2))
			wait_for(g);
	lock_note_taken(g, name, rank_of(s), (uintptr_t)g);
}

void granule_lock(struct granule *g)
{
	lock_as(g, granule_state(g));
}

void granule_unlock(struct granule *g)
{
	lock_note_dropped(g, "of a granule");
	if (atomic_exchange(&g->lock, 0) == 2)
		syscall(SYS_futex, &g->lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static bool granule_lock_if(struct granule *g, enum granule_state s)
{
	lock_as(g, s);
	if (granule_state(g) == s)
		return true;
	granule_unlock(g);
	return false;
}

struct granule *granule_lock_as(const struct rmm *rmm, uint64_t pa, enum granule_state s)
{
	struct granule *g = granule_find(rmm, pa);

	return g && granule_lock_if(g, s) ? g : NULL;
}

static void sort_by_address(struct granule_arg *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct granule_arg x = a[i];
		size_t j = i;

		for (; j > 0 && a[j - 1].pa > x.pa; j--)
			a[j] = a[j - 1];
		a[j] = x;
	}
}

result granules_lock(const struct rmm *rmm, struct granule_arg *a, size_t n)
{
	size_t i;
	result why;

	/* Among several wrong arguments the first one is named; what counts is checked below. */
	for (i = 0; i < n; i++) {
		a[i].g = granule_find(rmm, a[i].pa);
		if (!a[i].g || granule_state(a[i].g) != a[i].state)
			return a[i].rule;
	}
	sort_by_address(a, n);
	for (i = 0; i < n; i++) {
		why = &rule_rmi_granules_equal;
		if (i > 0 && a[i].pa == a[i - 1].pa)
			goto unlock;
		why = a[i].rule;
		if (!granule_lock_if(a[i].g, a[i].state))
			goto unlock;
	}
	return OK;
unlock:
	granules_unlock(a, i);
	return why;
}

void granules_unlock(struct granule_arg *a, size_t n)
{
	while (n--)
		granule_unlock(a[n].g);
}

/* ---- states ---- */

/* Fresh or wiped, and out of everybody's reach since. */
static bool is_clean(const struct rmm *rmm, const struct granule *g)
{
	return !g->used && machine_page_is_hidden(rmm->machine, granule_pa(rmm, g));
}

static void granule_wipe(struct rmm *rmm, struct granule *g)
{
	uint64_t pa = granule_pa(rmm, g);

	if (is_clean(rmm, g))
		return;
	/* To ask whether it is a hole costs four times what this does. */
	memset(granule_map(rmm, pa), 0, GRANULE_SIZE);
	g->used = false;
}

void granule_set(struct rmm *rmm, struct granule *g, enum granule_state s)
{
	granule_assert_locked(g);
	if (!atomic_load_explicit(&g->lock, memory_order_relaxed))
		abort(); /* the caller promised to hold it */
	if (s == GRANULE_DELEGATED)
		granule_wipe(rmm, g);
	else if (s != GRANULE_UNDELEGATED)
		g->used = true;
	/* Who looks without the lock sees the content that belongs to the state. */
	atomic_store_explicit(&g->word, (uint32_t)s << 16, memory_order_release);
}

void granule_release(struct rmm *rmm, uint64_t pa, enum granule_state s)
{
	struct granule *g = granule_lock_as(rmm, pa, s);

	if (!g)
		abort(); /* an RTT or REC names a granule that is not its own */
	granule_set(rmm, g, GRANULE_DELEGATED);
	granule_unlock(g);
}

static uint64_t make_hint(uint16_t vmid, uint64_t ipa)
{
	return (ipa >> GRANULE_SHIFT) | (uint64_t)vmid << HINT_VMID_SHIFT;
}

bool granule_ns_get(const struct rmm *rmm, uint64_t pa, uint64_t pages, uint16_t vmid, uint64_t ipa)
{
	for (uint64_t i = 0; i < pages; i++) {
		struct granule *g = granule_find(rmm, pa + (i << GRANULE_SHIFT));
		uint32_t was = g ? atomic_load(&g->word) : NS_MAX;

		do {
			/* Another state, about to have one, or the count is full. */
			if (was >= NS_MAX) {
				granule_ns_put(rmm, pa, i);
				return false;
			}
		} while (!atomic_compare_exchange_weak(&g->word, &was, was + 1));
		atomic_store_explicit(&g->hint, make_hint(vmid, ipa + (i << GRANULE_SHIFT)),
				      memory_order_relaxed);
	}
	return true;
}

void granule_ns_hint(const struct rmm *rmm, uint64_t pa, uint16_t *vmid, uint64_t *ipa)
{
	uint64_t hint = atomic_load_explicit(&granule_find(rmm, pa)->hint, memory_order_relaxed);

	*vmid = hint >> HINT_VMID_SHIFT;
	*ipa = (hint & ~(~UINT64_C(0) << HINT_VMID_SHIFT)) << GRANULE_SHIFT;
}

void granule_ns_put(const struct rmm *rmm, uint64_t pa, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		atomic_fetch_sub(&granule_find(rmm, pa + (i << GRANULE_SHIFT))->word, 1);
}

static bool code_is_alien(const struct rmm *rmm, uint16_t tag)
{
	return tag == CODE_MANY || (atomic_load(&rmm->live_serials[tag / 64]) & BIT(tag % 64));
}

bool granule_adopt(struct rmm *rmm, struct granule *g, uint16_t serial)
{
	if (g->code == serial)
		return true;
	if (code_is_alien(rmm, g->code)) {
		g->code = CODE_MANY;
		return true;
	}
	g->code = serial;
	return false;
}

/* ---- ready entries ---- */

/* Never waits: the caller has an RD locked, and who holds this granule may be waiting for that. */
static bool try_lock_as_data(struct granule *g)
{
	uint32_t was = 0;

	if (!atomic_compare_exchange_strong(&g->lock, &was, 1))
		return false;
	lock_note_taken(g, granule_state_name(GRANULE_DATA), rank_of(GRANULE_DATA), (uintptr_t)g);
	return true;
}

bool granule_take_fresh(struct rmm *rmm, uint64_t pa, uint16_t serial)
{
	struct granule *g = granule_find(rmm, pa);
	uint32_t unmapped = 0; /* UNDELEGATED, no mapping, not wanted */
	bool taken;

	if (!g || !try_lock_as_data(g))
		return false;
	taken = is_clean(rmm, g) && g->code != serial && !code_is_alien(rmm, g->code) &&
		atomic_compare_exchange_strong(&g->word, &unmapped, (uint32_t)GRANULE_DATA << 16);
	if (taken) {
		g->used = true;
		g->code = serial;
	}
	granule_unlock(g);
	return taken;
}

void granule_give_back_fresh(struct rmm *rmm, uint64_t pa)
{
	struct granule *g = granule_lock_as(rmm, pa, GRANULE_DATA);

	if (!g)
		abort(); /* an RTT names a granule that is not its own */
	g->used = false;
	granule_set(rmm, g, GRANULE_UNDELEGATED);
	granule_unlock(g);
}
