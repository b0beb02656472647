// SPDX-License-Identifier: BSD-3-Clause
/*
 * rtt_ready.c - pages that a realm gets without a fault, so that nobody can tell.
 *
 * A fault costs two wake-ups of a thread, and a realm that boots takes 10,000. So with the page of
 * one fault the host lays its neighbours ready (rmm_make_ready): a level 3 entry that names the
 * granule, with the access flag clear. To everybody it is UNASSIGNED RAM. The realm's CPU sets the
 * flag when it first touches the page (VTCR_EL2.HA), and caches no translation before that: at that
 * instant the entry is, bit for bit, the ASSIGNED one that a fault would have made.
 *
 *	UNASSIGNED RAM -> ready		rmm_make_ready, of an ACTIVE realm
 *	ready -> ASSIGNED RAM		the CPU, at any time; rmm_claim_ready
 *	ready -> UNASSIGNED RAM		rtt_settle, before anything else changes the entry
 *
 * All but the CPU's step happen under the RD's lock. The granule of a ready entry is DATA. It was
 * the host's, mapped nowhere, all zero, unknown to the realm's engine; when the entry is settled it
 * is all that again. So a page is laid ready only if nothing has to be wiped or forgotten for it.
 * The host keeps no record of it, so it need not be told when the entry is settled.
 */
#include "rmm/granule.h"
#include "rmm/rtt.h"
#include "rmm/state.h"

static bool take(struct rmm *rmm, const struct rd *rd, uint64_t pa)
{
	if (!granule_take_fresh(rmm, pa, rd->serial))
		return false;
	atomic_fetch_add(&rmm->delegations, 1);
	return true;
}

static void make_ready(struct rmm *rmm, const struct rd *rd, uint64_t ipa, uint64_t pa,
		       unsigned int pages)
{
	struct rtt_walk w;

	rtt_walk(rmm, rd, ipa, RTT_LEAF_LEVEL, &w);
	if (w.level < RTT_LEAF_LEVEL)
		return;
	for (unsigned int i = 0; i < pages && w.index + i < RTT_ENTRIES; i++) {
		uint64_t *e = &w.table[w.index + i], page = pa + i * GRANULE_SIZE;

		if (rtte_read(e) == rtte_make_unassigned(RMI_RIPAS_RAM) && take(rmm, rd, page))
			rtte_write(e, rtte_make_ready(page, rd_lpa2(rd)));
	}
}

void rmm_make_ready(struct rmm *rmm, uint64_t rd_pa, uint64_t ipa, uint64_t pa, unsigned int pages)
{
	struct granule *g = granule_lock_as(rmm, rd_pa, GRANULE_RD);
	const struct rd *rd = g ? rd_map(rmm, rd_pa) : NULL;

	if (!g)
		return;
	if (rmm->engine && rmm->engine->sets_access_flag && rd->state == RD_ACTIVE &&
	    IS_ALIGNED(ipa | pa, GRANULE_SIZE) && rd_in_par(rd, ipa))
		make_ready(rmm, rd, ipa, pa, pages);
	granule_unlock(g);
}

bool rmm_claim_ready(struct rmm *rmm, uint64_t rd_pa, uint64_t ipa)
{
	struct granule *g = granule_lock_as(rmm, rd_pa, GRANULE_RD);
	const struct rd *rd = g ? rd_map(rmm, rd_pa) : NULL;
	struct rtt_walk w;
	bool ready = false;

	if (!g)
		return false;
	if (rd_in_par(rd, ipa)) {
		rtt_walk(rmm, rd, ipa, RTT_LEAF_LEVEL, &w);
		ready = rtte_is_ready(rtte_read(&w.table[w.index]), w.level);
		if (ready)
			__atomic_fetch_or(&w.table[w.index], RTTE_AF, __ATOMIC_ACQ_REL);
	}
	granule_unlock(g);
	return ready;
}

void rtt_settle(struct rmm *rmm, uint64_t *entry, int level)
{
	uint64_t e = rtte_read(entry);

	/* If it fails, the realm was faster, and the entry is like any other now. */
	if (!rtte_is_ready(e, level) ||
	    !__atomic_compare_exchange_n(entry, &e, rtte_make_unassigned(RMI_RIPAS_RAM), false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	granule_give_back_fresh(rmm, rtte_pa(e));
	atomic_fetch_add(&rmm->undelegations, 1);
}

void rtt_walk_settled(struct rmm *rmm, const struct rd *rd, uint64_t ipa, struct rtt_walk *w)
{
	rtt_walk(rmm, rd, ipa, RTT_LEAF_LEVEL, w);
	rtt_settle(rmm, &w->table[w->index], w->level);
	w->entry = rtte_read(&w->table[w->index]);
}
