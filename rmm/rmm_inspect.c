// SPDX-License-Identifier: BSD-3-Clause
/* rmm_inspect.c - granules counted, tables walked, RECs copied, for who looks in from outside. */
#include "rmm/rmm_inspect.h"

#include <string.h>

#include "rmm/granule.h"
#include "rmm/rmi_rec.h"
#include "rmm/rtt.h"
#include "rmm/state.h"

#define MAX_ENTRIES 2048 /* looked at with the RD's lock held */

_Static_assert(RMM_NUM_GRANULE_STATES == GRANULE_NUM_STATES, "rmm_inspect.h");

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
			      struct rmm_step steps[RMM_MAX_STEPS])
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
		table = rtte_pa(w.entry);
	}
	granule_unlock(g);
	return n;
}

/* ---- RECs ---- */

void rec_take_sample(const struct rmm *rmm, struct rec *rec)
{
	struct rec_sample *s = &rec->sample;
	struct granule *g = granule_find(rmm, rec->owner);
	struct engine *engine = NULL;

	/* One that is fresh has never been reset: what its CPU holds is not the realm's, and the
	 * engine may just be starting, under the RD's lock. */
	if (g && !rec->fresh)
		engine = rd_engine(rmm, rd_map(rmm, rec->owner));

	s->pc = rec->pc;
	s->pstate = rec->pstate;
	memcpy(s->x, rec->x, sizeof(s->x));
	memcpy(s->lr, rec->lr, sizeof(s->lr));
	s->cntp_ctl = rec->cntp_ctl;
	s->cntp_cval = rec->cntp_cval;
	s->cntv_ctl = rec->cntv_ctl;
	s->cntv_cval = rec->cntv_cval;
	s->fresh = rec->fresh;
	s->has_sysregs = engine && !rmm->engine->sysregs_get(engine, rec->index, s->sysregs);
	s->state = REC_SAMPLE_THERE;
}

bool rmm_inspect_ask(const struct rmm *rmm, uint64_t pa)
{
	struct granule *g = granule_lock_as(rmm, pa, GRANULE_REC);
	struct rec *rec = g ? rec_map(rmm, pa) : NULL;
	bool asked = rec && rec->running;

	if (asked)
		rec->sample.state = REC_SAMPLE_WANTED;
	if (g)
		granule_unlock(g);
	return asked;
}

static void copy_sample(const struct rec_sample *s, struct rmm_rec_view *out)
{
	const uint64_t *r = s->sysregs;

	out->pc = s->pc;
	out->pstate = s->pstate;
	memcpy(out->x, s->x, sizeof(out->x));
	memcpy(out->lr, s->lr, sizeof(out->lr));
	out->cntp_ctl = s->cntp_ctl;
	out->cntp_cval = s->cntp_cval;
	out->cntv_ctl = s->cntv_ctl;
	out->cntv_cval = s->cntv_cval;
	out->has_regs = true;
	out->fresh = s->fresh;
	out->has_el1 = s->has_sysregs;
	if (out->has_el1)
		out->el1 = (struct rmm_el1_view){
			.sctlr = r[ENGINE_SCTLR_EL1],
			.tcr = r[ENGINE_TCR_EL1],
			.ttbr0 = r[ENGINE_TTBR0_EL1],
			.ttbr1 = r[ENGINE_TTBR1_EL1],
			.vbar = r[ENGINE_VBAR_EL1],
			.elr = r[ENGINE_ELR_EL1],
			.esr = r[ENGINE_ESR_EL1],
			.far = r[ENGINE_FAR_EL1],
			.sp_el0 = r[ENGINE_SP_EL0],
			.sp_el1 = r[ENGINE_SP_EL1],
		};
}

bool rmm_inspect_rec(const struct rmm *rmm, uint64_t pa, struct rmm_rec_view *out)
{
	struct granule *g = granule_lock_as(rmm, pa, GRANULE_REC);
	struct rec *rec = g ? rec_map(rmm, pa) : NULL;

	if (!rec)
		return false;
	/* The fields of one that runs belong to its thread: only what the lock covers is read. */
	*out = (struct rmm_rec_view){
		.running = rec->running, .mpidr = rec->mpidr, .rsi_calls = rec->rsi_calls};
	if (!rec->running) {
		rec_take_sample(rmm, rec);
		out->runnable = rec->runnable;
		out->esr = rec->last.esr;
		out->far = rec->last.far;
	}
	if (rec->sample.state == REC_SAMPLE_THERE)
		copy_sample(&rec->sample, out);
	if (!rec->running)
		rec->sample.state = REC_SAMPLE_NONE; /* soon it is old */
	granule_unlock(g);
	return true;
}

/* ---- memory ---- */

/* The RD's lock is held, so what a private page holds stays its. */
static bool read_page(const struct rmm *rmm, const struct rd *rd, uint64_t ipa, void *to,
		      size_t len)
{
	struct rtt_walk w;
	enum rtte_state s;
	uint64_t pa;

	if (!rd_in_space(rd, ipa))
		return false;
	rtt_walk(rmm, rd, ipa, RTT_LEAF_LEVEL, &w);
	s = rtte_state(w.entry, w.level);
	if (s != RTTE_ASSIGNED && s != RTTE_ASSIGNED_NS)
		return false;
	pa = rtte_pa(w.entry) + (ipa - w.base);
	if (!granule_find(rmm, pa & ~(GRANULE_SIZE - 1)))
		return false;
	memcpy(to,
	       (const char *)granule_map(rmm, pa & ~(GRANULE_SIZE - 1)) + (pa & (GRANULE_SIZE - 1)),
	       len);
	return true;
}

size_t rmm_inspect_read(const struct rmm *rmm, uint64_t rd_pa, uint64_t ipa, void *to, size_t len)
{
	struct granule *g;
	const struct rd *rd;
	size_t done = 0, n;
	bool ok = true;

	while (ok && done < len) {
		rd = lock_rd(rmm, rd_pa, &g);
		n = GRANULE_SIZE - (ipa + done) % GRANULE_SIZE;
		n = n < len - done ? n : len - done;
		ok = rd && read_page(rmm, rd, ipa + done, (char *)to + done, n);
		if (g)
			granule_unlock(g);
		done += ok ? n : 0;
	}
	return done;
}
