// SPDX-License-Identifier: BSD-3-Clause
/* inspect.c - granules counted, tables walked, RECs copied, for who looks in from outside. */
#include "rmm/inspect.h"

#include <string.h>

#include "rmm/granule.h"
#include "rmm/rtt.h"
#include "rmm/state.h"

#define MAX_ENTRIES 2048 /* looked at with the RD's lock held */

_Static_assert(RMM_NUM_GRANULE_STATES == GRANULE_NUM_STATES, "inspect.h");

void rmm_inspect_granules(const struct rmm *rmm, uint64_t count[RMM_NUM_GRANULE_STATES])
{
	memset(count, 0, RMM_NUM_GRANULE_STATES * sizeof(*count));
	for (uint64_t i = 0; i < rmm->num_granules; i++)
		count[granule_state(&rmm->granules[i])]++;
}

const char *rmm_inspect_granule_state(unsigned int state)
{
	return granule_state_name((enum granule_state)state);
}

static const char *state_name(uint64_t entry, int level)
{
	static const char *const names[] = {
		[RTTE_UNASSIGNED] = "UNASSIGNED",
		[RTTE_ASSIGNED] = "ASSIGNED",
		[RTTE_UNASSIGNED_NS] = "UNASSIGNED_NS",
		[RTTE_ASSIGNED_NS] = "ASSIGNED_NS",
		[RTTE_TABLE] = "TABLE",
	};

	return names[rtte_state(entry, level)];
}

static const char *ripas_name(uint64_t entry, int level)
{
	static const char *const names[] = {"EMPTY", "RAM", "DESTROYED", "DEV"};
	enum rtte_state s = rtte_state(entry, level);

	if (s == RTTE_UNASSIGNED_NS || s == RTTE_ASSIGNED_NS)
		return NULL;
	return names[rtte_ripas(entry, level) & 3];
}

/* The realm's RD, its granule locked; NULL: it is none. */
static const struct rd *lock_rd(const struct rmm *rmm, uint64_t pa, struct granule **g)
{
	*g = granule_lock_as(rmm, pa, GRANULE_RD);
	return *g ? rd_map(rmm, pa) : NULL;
}

bool rmm_inspect_range(const struct rmm *rmm, uint64_t rd_pa, uint64_t ipa, struct rmm_range *out)
{
	struct granule *g;
	const struct rd *rd = lock_rd(rmm, rd_pa, &g);
	uint64_t top = rd ? UINT64_C(1) << rd->ipa_bits : 0;
	struct rtt_walk w;

	*out = (struct rmm_range){.ipa = ipa, .end = ipa};
	for (int i = 0; i < MAX_ENTRIES && out->end < top; i++) {
		rtt_walk(rmm, rd, out->end, RTT_LEAF_LEVEL, &w);
		if (!i) {
			out->hipas = state_name(w.entry, w.level);
			out->ripas = ripas_name(w.entry, w.level);
		} else if (state_name(w.entry, w.level) != out->hipas ||
			   ripas_name(w.entry, w.level) != out->ripas) {
			break;
		}
		out->end = w.base + rtt_entry_size(w.level);
	}
	if (g)
		granule_unlock(g);
	return out->end > ipa;
}

unsigned int rmm_inspect_walk(const struct rmm *rmm, uint64_t rd_pa, uint64_t ipa,
			      struct rmm_step steps[4])
{
	struct granule *g;
	const struct rd *rd = lock_rd(rmm, rd_pa, &g);
	uint64_t table = rd ? rd->rtt_base : 0;
	struct rtt_walk w;
	unsigned int n = 0;

	if (!rd)
		return 0;
	for (int level = rd->start_level; level <= RTT_LEAF_LEVEL && !(ipa >> rd->ipa_bits);
	     level++) {
		rtt_walk(rmm, rd, ipa, level, &w);
		steps[n++] = (struct rmm_step){
			.level = w.level,
			.table = table,
			.index = w.index,
			.entry = w.entry,
			.state = state_name(w.entry, w.level),
		};
		if (rtte_state(w.entry, w.level) != RTTE_TABLE)
			break;
		table = w.entry & RTTE_ADDR;
	}
	granule_unlock(g);
	return n;
}

bool rmm_inspect_rec(const struct rmm *rmm, uint64_t pa, struct rmm_rec_view *out)
{
	struct granule *g = granule_lock_as(rmm, pa, GRANULE_REC);
	const struct rec *rec = g ? rec_map(rmm, pa) : NULL;

	if (!rec)
		return false;
	/* The fields of one that runs belong to its thread: only what the lock covers is read. */
	*out = (struct rmm_rec_view){.running = rec->running, .mpidr = rec->mpidr};
	if (!rec->running) {
		out->runnable = rec->runnable;
		out->pc = rec->pc;
		out->pstate = rec->pstate;
		memcpy(out->x, rec->x, sizeof(out->x));
		out->cntp_ctl = rec->cntp_ctl;
		out->cntp_cval = rec->cntp_cval;
		out->cntv_ctl = rec->cntv_ctl;
		out->cntv_cval = rec->cntv_cval;
		out->esr = rec->last.esr;
		out->far = rec->last.far;
	}
	granule_unlock(g);
	return true;
}
