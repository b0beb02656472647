// SPDX-License-Identifier: BSD-3-Clause
/* rtt_walk.c - RTT geometry, the walk, what lies above a dead entry (DEN0137 A5.5). */
#include "rmm/rtt.h"

bool rtt_geometry(unsigned int ipa_bits, int64_t start_level, bool lpa2, unsigned int *tables)
{
	unsigned int one; /* IPA bits that one start table resolves */

	if (ipa_bits < 32 || ipa_bits > (lpa2 ? RMM_LPA2_BITS : RMM_PA_BITS) ||
	    start_level < (lpa2 ? -1 : 0) || start_level > 2)
		return false;
	one = 9 * (RTT_LEAF_LEVEL - start_level) + 21;
	/* Up to RTT_MAX_START_TABLES are concatenated; one must resolve at least one bit. */
	if (ipa_bits < one - 8 || ipa_bits > one + 4)
		return false;
	*tables = ipa_bits > one ? 1u << (ipa_bits - one) : 1;
	return true;
}

uint64_t *rtt_start_table(const struct rmm *rmm, const struct rd *rd, unsigned int t)
{
	return granule_map(rmm, rd->rtt_base + t * GRANULE_SIZE);
}

unsigned int rtt_start_entries(const struct rd *rd)
{
	return (UINT64_C(1) << rd->ipa_bits) / rtt_entry_size(rd->start_level);
}

void rtt_walk(const struct rmm *rmm, const struct rd *rd, uint64_t ipa, int level,
	      struct rtt_walk *w)
{
	uint64_t n = ipa / rtt_entry_size(rd->start_level);

	rd_assert_locked(rmm, rd);
	w->level = rd->start_level;
	w->table = rtt_start_table(rmm, rd, n / RTT_ENTRIES);
	for (;;) {
		uint64_t size = rtt_entry_size(w->level);

		w->index = ipa / size % RTT_ENTRIES;
		w->base = ALIGN_DOWN(ipa, size);
		w->entry = rtte_read(&w->table[w->index]);
		if (rtte_is_ready(w->entry, w->level))
			w->entry = rtte_make_unassigned(RMI_RIPAS_RAM);
		if (w->level == level || !rtte_is_table(w->entry, w->level))
			return;
		w->table = granule_map(rmm, rtte_pa(w->entry));
		w->level++;
	}
}

/* Plain loads, which the compiler may join: twice as fast, and no CPU changes what is looked at. */
__attribute__((no_sanitize("thread"))) static bool eight_are_dead(const uint64_t *t)
{
	return !rtte_live((t[0] | t[1] | t[2] | t[3]) | (t[4] | t[5] | t[6] | t[7]));
}

/* First live entry from i on, or RTT_ENTRIES. Hosts unmap page by page, so this is hot. */
static unsigned int next_live(const uint64_t *table, unsigned int i)
{
	while (i % 8 && !rtte_live(rtte_read(&table[i])))
		i++;
	while (i % 8 == 0 && i < RTT_ENTRIES && eight_are_dead(&table[i]))
		i += 8;
	while (i < RTT_ENTRIES && !rtte_live(rtte_read(&table[i])))
		i++;
	return i;
}

uint64_t rtt_walk_top(const struct rtt_walk *w, uint64_t ipa)
{
	unsigned int i;

	if (rtte_live(rtte_read(&w->table[w->index])))
		return ipa;
	i = next_live(w->table, w->index + 1);
	return w->base + (i - w->index) * rtt_entry_size(w->level);
}

void rtt_invalidate(const struct rmm *rmm, struct rd *rd, int cpu, uint64_t ipa, uint64_t size)
{
	rd_assert_locked(rmm, rd);
	atomic_fetch_add(&rd->stale, 1);
	if (rd_engine(rmm, rd) && atomic_load(&rd->inside))
		rmm->engine->tlbi(rd_engine(rmm, rd), cpu, ipa, size);
}

void rtt_catch_up(const struct rmm *rmm, struct rd *rd, int cpu)
{
	uint64_t stale = atomic_load(&rd->stale), fresh = atomic_load(&rd->fresh);

	if (stale == fresh)
		return;
	rmm->engine->tlbi(rd_engine(rmm, rd), cpu, 0, UINT64_C(1) << rd->ipa_bits);
	/* Only forward: another entry may have caught up with more. */
	while (fresh < stale && !atomic_compare_exchange_weak(&rd->fresh, &fresh, stale))
		;
}
