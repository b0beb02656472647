// SPDX-License-Identifier: BSD-3-Clause
/* data.c - DATA_CREATE, DATA_CREATE_UNKNOWN, DATA_DESTROY: protected pages of a realm. */
#include <string.h>

#include "rmm/measurements.h"
#include "rmm/rtt.h"
#include "rmm/rules.h"

static result check_data_ipa(const struct rd *rd, uint64_t ipa)
{
	if (!rd_in_par(rd, ipa))
		return &rule_rmi_data_ipa_bound;
	if (!IS_ALIGNED(ipa, GRANULE_SIZE))
		return &rule_rmi_data_ipa_align;
	return OK;
}

/* Find the page's entry; it must be UNASSIGNED. */
static result walk_to_unassigned(struct rmi_call *c, const struct rd *rd, uint64_t ipa,
				 struct rtt_walk *w)
{
	rtt_walk_settled(c->rmm, rd, ipa, w);
	if (w->level < RTT_LEAF_LEVEL)
		return rmi_fail_at(c, w->level, &rule_rmi_rtt_walk_short);
	if (rtte_state(w->entry, w->level) != RTTE_UNASSIGNED)
		return rmi_fail_at(c, w->level, &rule_rmi_data_assigned);
	return OK;
}

/* The granule, its content ready, becomes the realm's page. */
static void assign(struct rmi_call *c, struct rd *rd, uint64_t data, struct rtt_walk *w,
		   unsigned int ripas)
{
	struct granule *g = granule_find(c->rmm, data);

	if (granule_adopt(c->rmm, g, rd->serial) && rd_engine(c->rmm, rd))
		c->rmm->engine->touch(rd_engine(c->rmm, rd), -1, data, GRANULE_SIZE);
	granule_set(c->rmm, g, GRANULE_DATA);
	rtte_write(&w->table[w->index],
		   rtte_make_assigned(data, ripas, RTT_LEAF_LEVEL, rd_lpa2(rd)));
}

/* ---- DATA_CREATE ---- */

static result data_create(struct rmi_call *c, struct rd *rd)
{
	uint64_t data = c->x[2], ipa = c->x[3], src = c->x[4], flags = c->x[5];
	struct rtt_walk w;
	const void *from;
	void *page;
	result r;

	if (rd->state != RD_NEW)
		return &rule_rmi_realm_not_new;
	r = check_data_ipa(rd, ipa);
	if (!r)
		r = walk_to_unassigned(c, rd, ipa, &w);
	if (r)
		return r;
	page = granule_map(c->rmm, data);
	from = granule_map(c->rmm, src);
	memcpy(page, from, GRANULE_SIZE);
	measure_extend_data(rd, ipa, flags, page, from);
	assign(c, rd, data, &w, RMI_RIPAS_RAM);
	return OK;
}

result rmi_data_create(struct rmi_call *c)
{
	struct granule_arg a[] = {
		{c->x[1], GRANULE_RD, &rule_rmi_rd_state, NULL},
		{c->x[2], GRANULE_DELEGATED, &rule_rmi_data_not_delegated, NULL},
		{c->x[4], GRANULE_UNDELEGATED, &rule_rmi_data_src_not_ns, NULL},
	};
	result r;

	if (c->x[5] & ~RMI_DATA_FLAG_MEASURE)
		return &rule_rmi_data_flags;
	r = granules_lock(c->rmm, a, ARRAY_SIZE(a));
	if (r)
		return r;
	r = data_create(c, rd_map(c->rmm, c->x[1]));
	granules_unlock(a, ARRAY_SIZE(a));
	return r;
}

/* ---- DATA_CREATE_UNKNOWN ---- */

static result data_create_unknown(struct rmi_call *c, struct rd *rd)
{
	uint64_t ipa = c->x[3];
	struct rtt_walk w;
	result r = check_data_ipa(rd, ipa);

	if (!r)
		r = walk_to_unassigned(c, rd, ipa, &w);
	if (!r)
		assign(c, rd, c->x[2], &w, rtte_ripas(w.entry, w.level));
	return r;
}

result rmi_data_create_unknown(struct rmi_call *c)
{
	struct granule_arg a[] = {
		{c->x[1], GRANULE_RD, &rule_rmi_rd_state, NULL},
		{c->x[2], GRANULE_DELEGATED, &rule_rmi_data_not_delegated, NULL},
	};
	result r = granules_lock(c->rmm, a, ARRAY_SIZE(a));

	if (r)
		return r;
	r = data_create_unknown(c, rd_map(c->rmm, c->x[1]));
	granules_unlock(a, ARRAY_SIZE(a));
	return r;
}

/* ---- DATA_DESTROY ---- */

static result data_destroy(struct rmi_call *c, struct rd *rd)
{
	uint64_t ipa = c->x[2], data;
	unsigned int ripas;
	struct rtt_walk w;
	result r = check_data_ipa(rd, ipa);

	if (r)
		return r;
	rtt_walk_settled(c->rmm, rd, ipa, &w);
	c->out[2] = rtt_walk_top(&w, ipa);
	if (w.level < RTT_LEAF_LEVEL)
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_walk_short);
	if (rtte_state(w.entry, w.level) != RTTE_ASSIGNED)
		return rmi_fail_at(c, w.level, &rule_rmi_data_not_assigned);

	data = rtte_pa(w.entry);
	ripas = rtte_ripas(w.entry, w.level);
	if (ripas == RMI_RIPAS_RAM)
		ripas = RMI_RIPAS_DESTROYED;
	rtte_write(&w.table[w.index], rtte_make_unassigned(ripas));
	if (rtte_valid(w.entry))
		rtt_invalidate(c->rmm, rd, -1, ipa, GRANULE_SIZE);
	granule_release(c->rmm, data, GRANULE_DATA);
	c->out[1] = data;
	c->out[2] = rtt_walk_top(&w, ipa);
	return OK;
}

result rmi_data_destroy(struct rmi_call *c)
{
	return rmi_with_realm(c, data_destroy);
}
