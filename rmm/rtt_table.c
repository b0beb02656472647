// SPDX-License-Identifier: BSD-3-Clause
/*
 * rtt_table.c - RTT_CREATE, RTT_DESTROY, RTT_FOLD: tables come and go, the mapping they stand for
 * stays the same (DEN0137 A5.5).
 *
 * Break-before-make: a valid parent entry is made invalid and its translations are forgotten
 * before the new one is written. A vCPU that faults in between finds the entry right when its
 * fault is handled, and runs on.
 */
#include <string.h>

#include "rmm/rtt.h"
#include "rmm/rules.h"

/* The checks that the three share; `level` is that of the table. */
static result check_table_ipa(const struct rd *rd, uint64_t ipa, int64_t level)
{
	if (level < rd->start_level + 1 || level > RTT_LEAF_LEVEL)
		return &rule_rmi_rtt_level;
	if (!rd_in_space(rd, ipa))
		return &rule_rmi_rtt_ipa_bound;
	if (!IS_ALIGNED(ipa, rtt_entry_size(level - 1)))
		return &rule_rmi_rtt_ipa_align;
	return OK;
}

/* Replace a parent entry by another, with break-before-make if the old one was a mapping. */
static void replace_entry(const struct rmm *rmm, struct rd *rd, struct rtt_walk *w,
			  bool old_is_valid, uint64_t e)
{
	uint64_t *at = &w->table[w->index];

	if (old_is_valid) {
		rtte_write(at, 0);
		rtt_invalidate(rmm, rd, -1, w->base, rtt_entry_size(w->level));
	}
	rtte_write(at, e);
}

/* ---- RTT_CREATE ---- */

/* Fill the table at `level` with what its parent entry said. */
static void unfold(uint64_t *table, uint64_t parent, int level, bool lpa2)
{
	uint64_t size = rtt_entry_size(level), e = parent;
	enum rtte_state s = rtte_state(parent, level - 1);

	for (unsigned int i = 0; i < RTT_ENTRIES; i++) {
		if (s == RTTE_ASSIGNED)
			e = rtte_make_assigned(rtte_pa(parent) + i * size,
					       rtte_ripas(parent, level - 1), level, lpa2);
		else if (s == RTTE_ASSIGNED_NS)
			e = rtte_make_ns(rtte_ns_desc(parent) + i * size, level, rtte_valid(parent),
					 lpa2);
		table[i] = e;
	}
}

static result table_create(struct rmi_call *c, struct rd *rd)
{
	uint64_t rtt_pa = c->x[2], ipa = c->x[3];
	int64_t level = c->x[4];
	struct rtt_walk w;
	result r = check_table_ipa(rd, ipa, level);

	if (r)
		return r;
	rtt_walk(c->rmm, rd, ipa, level - 1, &w);
	if (w.level < level - 1)
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_walk_short);
	if (rtte_is_table(w.entry, w.level))
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_create_exists);

	unfold(granule_map(c->rmm, rtt_pa), w.entry, level, rd_lpa2(rd));
	granule_set(c->rmm, granule_find(c->rmm, rtt_pa), GRANULE_RTT);
	replace_entry(c->rmm, rd, &w, rtte_valid(w.entry), rtte_make_table(rtt_pa));
	return OK;
}

result rmi_rtt_create(struct rmi_call *c)
{
	struct granule_arg a[] = {
		{c->x[1], GRANULE_RD, &rule_rmi_rd_state, NULL},
		{c->x[2], GRANULE_DELEGATED, &rule_rmi_rtt_not_delegated, NULL},
	};
	result r = granules_lock(c->rmm, a, ARRAY_SIZE(a));

	if (r)
		return r;
	r = table_create(c, rd_map(c->rmm, c->x[1]));
	granules_unlock(a, ARRAY_SIZE(a));
	return r;
}

static void settle_table(struct rmm *rmm, uint64_t *table, int level)
{
	for (unsigned int i = 0; i < RTT_ENTRIES; i++)
		rtt_settle(rmm, &table[i], level);
}

/* ---- RTT_DESTROY ---- */

static bool table_is_live(const uint64_t *table, int level)
{
	for (unsigned int i = 0; i < RTT_ENTRIES; i++)
		if (rtte_keeps_table(rtte_read(&table[i]), level))
			return true;
	return false;
}

/* The unprotected mappings that a table loses with its destruction. */
static void drop_ns_entries(const struct rmm *rmm, const uint64_t *table, int level)
{
	for (unsigned int i = 0; i < RTT_ENTRIES; i++)
		rtt_ns_drop(rmm, rtte_read(&table[i]), level);
}

static result table_destroy(struct rmi_call *c, struct rd *rd)
{
	uint64_t ipa = c->x[2], rtt_pa, *table;
	int64_t level = c->x[3];
	bool par = rd_in_par(rd, ipa);
	struct rtt_walk w;
	result r = check_table_ipa(rd, ipa, level);

	if (r)
		return r;
	rtt_walk(c->rmm, rd, ipa, level - 1, &w);
	c->out[2] = rtt_walk_top(&w, ipa);
	if (w.level < level - 1)
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_walk_short);
	if (!rtte_is_table(w.entry, w.level))
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_no_table);
	rtt_pa = rtte_pa(w.entry);
	table = granule_map(c->rmm, rtt_pa);
	settle_table(c->rmm, table, level);
	if (table_is_live(table, level))
		return rmi_fail_at(c, level, &rule_rmi_rtt_destroy_live);

	/* The whole table's translations go: the entry is no mapping any more. */
	rtte_write(&w.table[w.index], par ? rtte_make_unassigned(RMI_RIPAS_DESTROYED) : RTTE_NS);
	if (!par) {
		rtt_invalidate(c->rmm, rd, -1, w.base, rtt_entry_size(w.level));
		drop_ns_entries(c->rmm, table, level);
	}
	granule_release(c->rmm, rtt_pa, GRANULE_RTT);
	c->out[1] = rtt_pa;
	c->out[2] = rtt_walk_top(&w, ipa);
	return OK;
}

result rmi_rtt_destroy(struct rmi_call *c)
{
	return rmi_with_realm(c, table_destroy);
}

/* ---- RTT_FOLD ---- */

/*
 * True if all entries say what one entry of the parent could say; *parent is that entry (hidden,
 * for an unprotected mapping).
 */
static bool table_is_homogeneous(const uint64_t *table, int level, bool lpa2, uint64_t *parent)
{
	uint64_t size = rtt_entry_size(level), first = rtte_read(&table[0]);
	enum rtte_state s = rtte_state(first, level);
	bool assigned = s == RTTE_ASSIGNED || s == RTTE_ASSIGNED_NS;

	if (s == RTTE_TABLE)
		return false;
	if (assigned && (!rtt_level_has_blocks(level - 1) ||
			 !IS_ALIGNED(rtte_pa(first), rtt_entry_size(level - 1))))
		return false;
	for (unsigned int i = 1; i < RTT_ENTRIES; i++) {
		uint64_t e = rtte_read(&table[i]);

		if (rtte_state(e, level) != s || rtte_ripas(e, level) != rtte_ripas(first, level))
			return false;
		if (s == RTTE_ASSIGNED && rtte_pa(e) != rtte_pa(first) + i * size)
			return false;
		if (s == RTTE_ASSIGNED_NS && rtte_ns_desc(e) != rtte_ns_desc(first) + i * size)
			return false;
	}
	*parent = first;
	if (s == RTTE_ASSIGNED)
		*parent = rtte_make_assigned(rtte_pa(first), rtte_ripas(first, level), level - 1,
					     lpa2);
	else if (s == RTTE_ASSIGNED_NS)
		*parent = rtte_make_ns(rtte_ns_desc(first), level - 1, false, lpa2);
	return true;
}

static result table_fold(struct rmi_call *c, struct rd *rd)
{
	uint64_t ipa = c->x[2], rtt_pa, *table, parent;
	int64_t level = c->x[3];
	bool ns;
	struct rtt_walk w;
	result r = check_table_ipa(rd, ipa, level);

	if (r)
		return r;
	rtt_walk(c->rmm, rd, ipa, level - 1, &w);
	if (w.level < level - 1)
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_walk_short);
	if (!rtte_is_table(w.entry, w.level))
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_no_table);
	rtt_pa = rtte_pa(w.entry);
	table = granule_map(c->rmm, rtt_pa);
	/* What is ready stays so if the table does. */
	if (table_is_homogeneous(table, level, rd_lpa2(rd), &parent))
		settle_table(c->rmm, table, level);
	if (!table_is_homogeneous(table, level, rd_lpa2(rd), &parent))
		return rmi_fail_at(c, level, &rule_rmi_rtt_fold_mixed);

	ns = rtte_state(rtte_read(&table[0]), level) == RTTE_ASSIGNED_NS;
	if (ns)
		parent = rtt_ns_make(c->rmm, rd, &w, rtte_ns_desc(parent));
	replace_entry(c->rmm, rd, &w, ns || rtte_valid(rtte_read(&table[0])), parent);
	drop_ns_entries(c->rmm, table, level);
	granule_release(c->rmm, rtt_pa, GRANULE_RTT);
	c->out[1] = rtt_pa;
	return OK;
}

result rmi_rtt_fold(struct rmi_call *c)
{
	return rmi_with_realm(c, table_fold);
}
