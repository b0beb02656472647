// SPDX-License-Identifier: BSD-3-Clause
/*
 * rtt_ripas.c - RTT_INIT_RIPAS and RTT_SET_RIPAS: whether protected IPAs are RAM.
 *
 *	RIPAS of an IPA: EMPTY -> RAM	INIT_RIPAS (NEW, measured), DATA_CREATE
 *			 EMPTY <-> RAM	SET_RIPAS, as the realm asked (RSI_IPA_STATE_SET)
 *			 any -> DESTROYED	DATA_DESTROY of RAM, RTT_DESTROY
 *			 DESTROYED -> EMPTY, RAM	SET_RIPAS, if the realm allowed it
 *
 * Both work on entries of one table, from base on, as far as they fit below top; the host loops.
 */
#include "rmm/measurements.h"
#include "rmm/rtt.h"
#include "rmm/rules.h"

/* Walk to the deepest entry at base; both commands begin like this. */
static result walk_to_base(struct rmi_call *c, const struct rd *rd, uint64_t base,
			   struct rtt_walk *w)
{
	rtt_walk(c->rmm, rd, base, RTT_LEAF_LEVEL, w);
	if (w->base != base)
		return rmi_fail_at(c, w->level, &rule_rmi_ripas_base_align);
	return OK;
}

/* ---- RTT_INIT_RIPAS ---- */

static result init_ripas(struct rmi_call *c, struct rd *rd)
{
	uint64_t base = c->x[2], top = c->x[3];
	struct rtt_walk w;
	uint64_t at = base, size;
	result r;

	if (!IS_ALIGNED(base, GRANULE_SIZE) || !IS_ALIGNED(top, GRANULE_SIZE))
		return &rule_rmi_ripas_align;
	if (!rd_in_par(rd, base) || !rd_in_par(rd, top - GRANULE_SIZE))
		return &rule_rmi_ripas_bound;
	if (rd->state != RD_NEW)
		return &rule_rmi_realm_not_new;
	r = walk_to_base(c, rd, base, &w);
	if (r)
		return r;

	size = rtt_entry_size(w.level);
	for (unsigned int i = w.index; i < RTT_ENTRIES && at + size <= top; i++, at += size) {
		uint64_t e = rtte_read(&w.table[i]);

		if (rtte_state(e, w.level) != RTTE_UNASSIGNED ||
		    rtte_ripas(e, w.level) == RMI_RIPAS_DESTROYED)
			break;
		rtte_write(&w.table[i], rtte_make_unassigned(RMI_RIPAS_RAM));
		if (!(rd->semantics & RMI_SEMANTICS_RIPAS_UNMEASURED))
			measure_extend_ripas(rd, at, at + size);
	}
	if (at == base)
		return rmi_fail_at(c, w.level, &rule_rmi_ripas_no_progress);
	c->out[1] = at;
	return OK;
}

result rmi_rtt_init_ripas(struct rmi_call *c)
{
	if (c->x[3] <= c->x[2])
		return &rule_rmi_ripas_range;
	return rmi_with_realm(c, init_ripas);
}

/* ---- RTT_SET_RIPAS ---- */

/* The entry as the realm wants it; false: it stops here. */
static bool change_ripas(const struct rd *rd, uint64_t e, int level, const struct rec_ripas *want,
			 uint64_t *out)
{
	enum rtte_state s = rtte_state(e, level);

	if (s == RTTE_TABLE)
		return false;
	if (rtte_ripas(e, level) == RMI_RIPAS_DESTROYED && !want->destroyed)
		return false;
	*out = s == RTTE_ASSIGNED ? rtte_make_assigned(rtte_pa(e), want->value, level, rd_lpa2(rd))
				  : rtte_make_unassigned(want->value);
	return true;
}

static result set_ripas(struct rmi_call *c, struct rd *rd, struct rec *rec, uint64_t base,
			uint64_t top)
{
	struct rec_ripas *want = &rec->ripas;
	bool unmapped = false;
	struct rtt_walk w;
	uint64_t at = base, size, old, e;
	result r;

	if (rec->running)
		return &rule_rmi_rec_running;
	if (rec->owner != c->x[1])
		return &rule_rmi_rec_owner;
	if (!want->pending || base != want->addr)
		return &rule_rmi_set_ripas_base;
	if (top > want->top)
		return &rule_rmi_set_ripas_top;
	if (!IS_ALIGNED(top, GRANULE_SIZE))
		return &rule_rmi_ripas_align;
	r = walk_to_base(c, rd, base, &w);
	if (r)
		return r;

	size = rtt_entry_size(w.level);
	for (unsigned int i = w.index; i < RTT_ENTRIES && at + size <= top; i++, at += size) {
		rtt_settle(c->rmm, &w.table[i], w.level);
		old = rtte_read(&w.table[i]);
		if (!change_ripas(rd, old, w.level, want, &e))
			break;
		unmapped |= rtte_valid(old) && !rtte_valid(e);
		rtte_write(&w.table[i], e);
	}
	if (at == base)
		return rmi_fail_at(c, w.level, &rule_rmi_ripas_no_progress);
	/* The REC is locked and not running: its CPU may do the work. */
	if (unmapped)
		rtt_invalidate(c->rmm, rd, rec->index, base, at - base);
	want->addr = at;
	c->out[1] = at;
	return OK;
}

result rmi_rtt_set_ripas(struct rmi_call *c)
{
	uint64_t rd = c->x[1], rec = c->x[2], base = c->x[3], top = c->x[4];
	struct granule_arg a[] = {
		{rd, GRANULE_RD, &rule_rmi_rd_state, NULL},
		{rec, GRANULE_REC, &rule_rmi_rec_state, NULL},
	};
	result r;

	if (top <= base)
		return &rule_rmi_ripas_range;
	r = granules_lock(c->rmm, a, ARRAY_SIZE(a));
	if (r)
		return r;
	r = set_ripas(c, rd_map(c->rmm, rd), rec_map(c->rmm, rec), base, top);
	granules_unlock(a, ARRAY_SIZE(a));
	return r;
}
