// SPDX-License-Identifier: BSD-3-Clause
/*
 * rtt_ns.c - unprotected mappings: what the host maps into the upper half of the IPA space.
 *
 * The host may map any address; on hardware the GPT stops accesses to what is not its own. Here an
 * entry is valid only while all pages of its output range are UNDELEGATED memory, and each of them
 * counts the valid entries that it is part of (granule_ns_get). Other entries are hidden: the host
 * sees them as mapped, the CPU does not. Only a realm's access can tell the difference, so only
 * that looks again.
 *
 *	valid -> hidden		GRANULE_DELEGATE of a page of it (rtt_ns_revoke)
 *	hidden -> valid		an access, if all pages are the host's by then and none is about to
 *				be delegated
 *
 * A block that is partly the host's is hidden as a whole.
 *
 * Revoking. Each page remembers where it was mapped last. Mostly that is its only mapping, and one
 * walk finds it; else the unprotected halves of all realms are searched.
 */
#include "base/bits.h"
#include "rmm/rtt.h"
#include "rmm/rules.h"

uint64_t rtt_ns_make(const struct rmm *rmm, const struct rd *rd, const struct rtt_walk *w,
		     uint64_t desc)
{
	uint64_t pages = rtt_entry_size(w->level) >> GRANULE_SHIFT;
	uint64_t pa = rtte_desc_pa(desc, rd_lpa2(rd));

	rd_assert_locked(rmm, rd);
	return rtte_make_ns(desc, w->level, granule_ns_get(rmm, pa, pages, rd->vmid, w->base),
			    rd_lpa2(rd));
}

void rtt_ns_drop(const struct rmm *rmm, uint64_t e, int level)
{
	if (rtte_state(e, level) == RTTE_ASSIGNED_NS && rtte_valid(e))
		granule_ns_put(rmm, rtte_pa(e), rtt_entry_size(level) >> GRANULE_SHIFT);
}

bool rtt_ns_reveal(const struct rmm *rmm, const struct rd *rd, struct rtt_walk *w)
{
	uint64_t e = rtt_ns_make(rmm, rd, w, rtte_ns_desc(w->entry));

	if (!rtte_valid(e))
		return false;
	rtte_write(&w->table[w->index], e);
	return true;
}

/* ---- revoking ---- */

/* Hide the entry at `ipa` if it is valid and covers pa. */
static void revoke_entry(struct rmm *rmm, struct rd *rd, uint64_t *entry, int level, uint64_t ipa,
			 uint64_t pa)
{
	uint64_t e = rtte_read(entry), size = rtt_entry_size(level);

	if (rtte_state(e, level) != RTTE_ASSIGNED_NS || !rtte_valid(e) || pa - rtte_pa(e) >= size)
		return;
	rtte_write(entry, rtte_make_ns(rtte_ns_desc(e), level, false, rd_lpa2(rd)));
	rtt_invalidate(rmm, rd, -1, ipa, size);
	rtt_ns_drop(rmm, e, level);
}

/* The same for each entry of the table, and of those below it. */
static void revoke_in_table(struct rmm *rmm, struct rd *rd, uint64_t *table, int level,
			    uint64_t ipa, unsigned int from, unsigned int to, uint64_t pa)
{
	uint64_t size = rtt_entry_size(level);

	for (unsigned int i = from; i < to; i++) {
		uint64_t e = rtte_read(&table[i]), at = ipa + i * size;

		if (rtte_is_table(e, level))
			revoke_in_table(rmm, rd, granule_map(rmm, rtte_pa(e)), level + 1, at, 0,
					RTT_ENTRIES, pa);
		else
			revoke_entry(rmm, rd, &table[i], level, at, pa);
	}
}

static void revoke_in_realm(struct rmm *rmm, struct rd *rd, uint64_t pa)
{
	unsigned int n = rtt_start_entries(rd);

	/* The upper half is the second half of the start-level entries. */
	for (unsigned int i = n / 2; i < n; i++) {
		unsigned int t = i / RTT_ENTRIES;

		revoke_in_table(rmm, rd, rtt_start_table(rmm, rd, t), rd->start_level,
				t * RTT_ENTRIES * rtt_entry_size(rd->start_level), i % RTT_ENTRIES,
				i % RTT_ENTRIES + 1, pa);
	}
}

static void revoke_at_hint(struct rmm *rmm, uint64_t pa)
{
	uint64_t ipa, rd_pa;
	struct granule *g;
	struct rtt_walk w;
	struct rd *rd;
	uint16_t vmid;

	granule_ns_hint(rmm, pa, &vmid, &ipa);
	rd_pa = vmid < RMM_NUM_VMIDS ? atomic_load(&rmm->realms[vmid]) : 0;
	g = rd_pa ? granule_lock_as(rmm, rd_pa, GRANULE_RD) : NULL;
	if (!g)
		return;
	rd = rd_map(rmm, rd_pa);
	if (rd_in_space(rd, ipa) && !rd_in_par(rd, ipa)) {
		rtt_walk(rmm, rd, ipa, RTT_LEAF_LEVEL, &w);
		revoke_entry(rmm, rd, &w.table[w.index], w.level, w.base, pa);
	}
	granule_unlock(g);
}

void rtt_ns_revoke(struct rmm *rmm, uint64_t pa)
{
	const struct granule *page = granule_find(rmm, pa);

	revoke_at_hint(rmm, pa);
	for (unsigned int vmid = 0; vmid < RMM_NUM_VMIDS && granule_ns_count(page); vmid++) {
		uint64_t rd_pa = atomic_load(&rmm->realms[vmid]);
		struct granule *g = rd_pa ? granule_lock_as(rmm, rd_pa, GRANULE_RD) : NULL;

		if (!g)
			continue;
		revoke_in_realm(rmm, rd_map(rmm, rd_pa), pa);
		granule_unlock(g);
	}
}

/* ---- the commands ---- */

/* OA, MemAttr and S2AP only; the OA aligned to the entry. */
static bool desc_is_valid(uint64_t desc, int level, bool lpa2)
{
	uint64_t below = MASK(47, 12) & (rtt_entry_size(level) - 1);
	uint64_t oa = rtte_desc_addr_bits(lpa2) & ~below;

	return !(desc & ~(oa | RTTE_MEMATTR | RTTE_S2AP)) &&
	       FIELD_GET(RTTE_MEMATTR, desc) != RTTE_MEMATTR_RESERVED;
}

/* The checks that MAP and UNMAP share: level and IPA are those of an unprotected mapping. */
static result check_ns_ipa(const struct rd *rd, uint64_t ipa, int64_t level)
{
	if (level < MAX(1, rd->start_level) || level > RTT_LEAF_LEVEL)
		return &rule_rmi_ns_level;
	if (!rd_in_space(rd, ipa) || rd_in_par(rd, ipa))
		return &rule_rmi_ns_ipa_bound;
	if (!IS_ALIGNED(ipa, rtt_entry_size(level)))
		return &rule_rmi_ns_ipa_align;
	return OK;
}

static result map_unprotected(struct rmi_call *c, struct rd *rd)
{
	uint64_t ipa = c->x[2], desc = c->x[4];
	int64_t level = c->x[3];
	struct rtt_walk w;
	result r = check_ns_ipa(rd, ipa, level);

	if (r)
		return r;
	if (!desc_is_valid(desc, level, rd_lpa2(rd)))
		return &rule_rmi_ns_desc;
	rtt_walk(c->rmm, rd, ipa, level, &w);
	if (w.level < level)
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_walk_short);
	if (rtte_state(w.entry, level) != RTTE_UNASSIGNED_NS)
		return rmi_fail_at(c, level, &rule_rmi_ns_map_state);
	rtte_write(&w.table[w.index], rtt_ns_make(c->rmm, rd, &w, desc));
	return OK;
}

result rmi_rtt_map_unprotected(struct rmi_call *c)
{
	return rmi_with_realm(c, map_unprotected);
}

static result unmap_unprotected(struct rmi_call *c, struct rd *rd)
{
	uint64_t ipa = c->x[2];
	int64_t level = c->x[3];
	struct rtt_walk w;
	result r = check_ns_ipa(rd, ipa, level);

	if (r)
		return r;
	rtt_walk(c->rmm, rd, ipa, level, &w);
	if (w.level < level) {
		c->out[1] = rtt_walk_top(&w, ipa);
		return rmi_fail_at(c, w.level, &rule_rmi_rtt_walk_short);
	}
	if (rtte_state(w.entry, level) != RTTE_ASSIGNED_NS) {
		c->out[1] = rtt_walk_top(&w, ipa);
		return rmi_fail_at(c, level, &rule_rmi_ns_unmap_state);
	}
	rtte_write(&w.table[w.index], RTTE_NS);
	if (rtte_valid(w.entry))
		rtt_invalidate(c->rmm, rd, -1, ipa, rtt_entry_size(level));
	rtt_ns_drop(c->rmm, w.entry, level);
	c->out[1] = rtt_walk_top(&w, ipa);
	return OK;
}

result rmi_rtt_unmap_unprotected(struct rmi_call *c)
{
	return rmi_with_realm(c, unmap_unprotected);
}
