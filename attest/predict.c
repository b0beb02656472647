// SPDX-License-Identifier: BSD-3-Clause
/*
 * predict.c - the RIM of a realm that KVM (v12) would build.
 *
 * Theory of operation: what KVM does with its memory is visible in the RIM in one way only. At
 * activation it asks RTT_INIT_RIPAS for each gmem slot, and the RMM adds one descriptor for each
 * RTT entry that it passes: 4 KiB, 2 MiB or 1 GiB, depending on which tables exist by then. Tables
 * come from populating (always down to level 3) and from the RIPAS loop itself. So this file keeps
 * a model of the RTTs: which tables there are and whether an entry is empty, RAM or assigned.
 *
 * Life: NEW (predict_create) -> ACTIVE (predict_activate); populating is for NEW only.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attest/predict.h"
#include "base/bits.h"

#define PAGE_BITS  12
#define TABLE_BITS 9
#define PAGE_SIZE  (UINT64_C(1) << PAGE_BITS)
#define ENTRIES	   (1 << TABLE_BITS)
#define LAST_LEVEL 3
#define MAX_ROOTS  16

enum entry_state { ENTRY_EMPTY, ENTRY_RAM, ENTRY_ASSIGNED };

struct table {
	uint8_t state[ENTRIES];
	struct table *child[]; /* ENTRIES of them, but not at the last level */
};

struct predict {
	predict_sink *sink;
	void *arg;
	struct ledger_entry last; /* realm, hash and RIM so far; the rest is scratch */
	unsigned int ipa_bits;
	int start_level;
	unsigned int num_roots;
	struct table *root[MAX_ROOTS];
	bool active;
	bool ripas_unmeasured;
};

static unsigned int level_bits(int level)
{
	return PAGE_BITS + TABLE_BITS * (unsigned int)(LAST_LEVEL - level);
}

static uint64_t level_size(int level)
{
	return UINT64_C(1) << level_bits(level);
}

static size_t entry_index(uint64_t ipa, int level)
{
	return ipa >> level_bits(level) & (ENTRIES - 1);
}

/* ---- RTTs ---- */

static struct table *new_table(int level, uint8_t state)
{
	size_t children = level < LAST_LEVEL ? ENTRIES : 0;
	struct table *t = calloc(1, sizeof(*t) + children * sizeof(t->child[0]));

	if (t)
		memset(t->state, state, sizeof(t->state));
	return t;
}

static void free_table(struct table *t, int level)
{
	if (!t)
		return;
	for (size_t i = 0; level < LAST_LEVEL && i < ENTRIES; i++)
		free_table(t->child[i], level + 1);
	free(t);
}

/* The deepest table on the way to ipa, and its level. */
static struct table *walk(const struct predict *pr, uint64_t ipa, int *level)
{
	int l = pr->start_level;
	struct table *t = pr->root[ipa >> (level_bits(l) + TABLE_BITS)];

	while (l < LAST_LEVEL && t->child[entry_index(ipa, l)])
		t = t->child[entry_index(ipa, l++)];
	*level = l;
	return t;
}

/* RTT_CREATE until there is a table of this level for ipa: an unfolded entry hands its state on. */
static int make_tables(struct predict *pr, uint64_t ipa, int level)
{
	int l;
	struct table *t = walk(pr, ipa, &l);

	for (; l < level; l++) {
		size_t i = entry_index(ipa, l);

		t->child[i] = new_table(l + 1, t->state[i]);
		if (!t->child[i])
			return -ENOMEM;
		t = t->child[i];
	}
	return 0;
}

/* ---- the RIM ---- */

static void extend(struct predict *pr)
{
	ledger_apply(&pr->last, pr->last.after);
	if (pr->sink)
		pr->sink(pr->arg, &pr->last);
}

static void extend_data(struct predict *pr, uint64_t ipa, const void *page, bool measure)
{
	struct ledger_entry *e = &pr->last;

	e->cause = LEDGER_DATA_CREATE;
	e->addr = ipa;
	e->flags = measure ? RMI_DATA_FLAG_MEASURE : 0;
	e->has_digest = measure;
	if (measure)
		measure_digest(e->hash, page, PAGE_SIZE, e->digest);
	extend(pr);
}

static void extend_rec(struct predict *pr, const struct rmi_rec_params *p)
{
	struct ledger_entry *e = &pr->last;

	e->cause = LEDGER_REC_CREATE;
	e->addr = 0;
	e->flags = p->flags;
	e->has_digest = true;
	measure_rec_digest(e->hash, p, e->digest);
	extend(pr);
}

static void extend_ripas(struct predict *pr, uint64_t base, uint64_t top)
{
	struct ledger_entry *e = &pr->last;

	if (pr->ripas_unmeasured)
		return;
	e->cause = LEDGER_INIT_RIPAS;
	e->addr = base;
	e->top = top;
	e->flags = 0;
	e->has_digest = false;
	extend(pr);
	e->top = 0;
}

/* ---- what the VMM does ---- */

int predict_create(const struct rmi_realm_params *p, predict_sink *sink, void *arg,
		   struct predict **out)
{
	struct predict *pr;
	unsigned int covered;

	if (p->s2sz < 32 || p->s2sz > (p->flags & RMI_REALM_FLAG_LPA2 ? 52 : 48) ||
	    p->hash_algo > MEASURE_SHA_512)
		return -EINVAL;
	pr = calloc(1, sizeof(*pr));
	if (!pr)
		return -ENOMEM;
	pr->sink = sink;
	pr->arg = arg;
	pr->ipa_bits = p->s2sz;
	pr->ripas_unmeasured = p->semantics & RMI_SEMANTICS_RIPAS_UNMEASURED;
	pr->start_level = 4 - (p->s2sz - 8) / TABLE_BITS;
	covered = level_bits(pr->start_level) + TABLE_BITS;
	pr->num_roots = pr->ipa_bits > covered ? 1U << (pr->ipa_bits - covered) : 1;
	for (unsigned int i = 0; i < pr->num_roots; i++) {
		pr->root[i] = new_table(pr->start_level, ENTRY_EMPTY);
		if (!pr->root[i]) {
			predict_free(pr);
			return -ENOMEM;
		}
	}
	pr->last.realm = 1;
	pr->last.hash = (enum measure_hash)p->hash_algo;
	pr->last.cause = LEDGER_REALM_CREATE;
	pr->last.addr = ledger_pack_params(p);
	pr->last.flags = p->flags;
	extend(pr);
	*out = pr;
	return 0;
}

void predict_free(struct predict *pr)
{
	if (!pr)
		return;
	for (unsigned int i = 0; i < pr->num_roots; i++)
		free_table(pr->root[i], pr->start_level);
	free(pr);
}

/* Whole pages in the protected half? */
static bool is_protected(const struct predict *pr, uint64_t base, uint64_t size)
{
	uint64_t half = UINT64_C(1) << (pr->ipa_bits - 1);

	return IS_ALIGNED(base | size, PAGE_SIZE) && size <= half && base <= half - size;
}

int predict_populate(struct predict *pr, uint64_t ipa, const void *src, uint64_t len, bool measure)
{
	if (pr->active)
		return -EBUSY;
	if (!is_protected(pr, ipa, len))
		return -EINVAL;
	for (uint64_t at = 0; at < len; at += PAGE_SIZE) {
		struct table *t;
		int level;

		if (make_tables(pr, ipa + at, LAST_LEVEL))
			return -ENOMEM;
		t = walk(pr, ipa + at, &level);
		if (t->state[entry_index(ipa + at, level)] == ENTRY_ASSIGNED)
			return -EEXIST;
		t->state[entry_index(ipa + at, level)] = ENTRY_ASSIGNED;
		extend_data(pr, ipa + at, (const char *)src + at, measure);
	}
	return 0;
}

/* RTT_INIT_RIPAS: true and the address reached, or false and the level at which the walk ended. */
static bool init_ripas(struct predict *pr, uint64_t base, uint64_t top, uint64_t *out_top,
		       int *level)
{
	struct table *t = walk(pr, base, level);
	uint64_t size = level_size(*level), at = base;

	if (!IS_ALIGNED(base, size))
		return false;
	for (size_t i = entry_index(base, *level); i < ENTRIES && size <= top - at; i++) {
		if (t->state[i] == ENTRY_ASSIGNED || (*level < LAST_LEVEL && t->child[i]))
			break;
		t->state[i] = ENTRY_RAM;
		extend_ripas(pr, at, at + size);
		at += size;
	}
	*out_top = at;
	return at > base;
}

/* KVM's find_map_level: the largest block that begins at start and ends before end. */
static int map_level(const struct predict *pr, uint64_t start, uint64_t end)
{
	int level = LAST_LEVEL;

	while (level > pr->start_level && IS_ALIGNED(start, level_size(level - 1)) &&
	       level_size(level - 1) <= end - start)
		level--;
	return level;
}

/* KVM's loop over one slot. It steps over what it cannot initialise one page at a time. */
static int ripas_slot(struct predict *pr, uint64_t ipa, uint64_t end)
{
	int level, want;

	while (ipa < end) {
		if (init_ripas(pr, ipa, end, &ipa, &level))
			continue;
		want = map_level(pr, ipa, end);
		if (level >= want)
			ipa += PAGE_SIZE;
		else if (make_tables(pr, ipa, want))
			return -ENOMEM;
	}
	return 0;
}

/* Bucket of a slot in KVM's id hash: hash_32(id, 7). */
static unsigned int slot_bucket(unsigned int id)
{
	return (uint32_t)(id * 0x61C88647U) >> 25;
}

static int compare_slots(const void *a, const void *b)
{
	const struct predict_slot *sa = *(const struct predict_slot *const *)a;
	const struct predict_slot *sb = *(const struct predict_slot *const *)b;
	unsigned int ba = slot_bucket(sa->id), bb = slot_bucket(sb->id);

	if (ba != bb)
		return ba < bb ? -1 : 1;
	return sa > sb ? -1 : 1; /* newest first */
}

int predict_activate(struct predict *pr, const struct rmi_rec_params *recs, size_t num_recs,
		     const struct predict_slot *slots, size_t num_slots)
{
	const struct predict_slot *order[PREDICT_MAX_SLOTS];
	int err = 0;

	if (pr->active)
		return -EBUSY;
	if (num_slots > PREDICT_MAX_SLOTS)
		return -EINVAL;
	for (size_t i = 0; i < num_slots; i++) {
		if (slots[i].gmem && !is_protected(pr, slots[i].base, slots[i].size))
			return -EINVAL;
		order[i] = &slots[i];
	}
	pr->active = true;
	for (size_t i = 0; i < num_recs; i++)
		if (recs[i].flags & RMI_REC_FLAG_RUNNABLE)
			extend_rec(pr, &recs[i]);
	qsort(order, num_slots, sizeof(order[0]), compare_slots);
	for (size_t i = 0; i < num_slots && !err; i++)
		if (order[i]->gmem)
			err = ripas_slot(pr, order[i]->base, order[i]->base + order[i]->size);
	return err;
}

void predict_rim(const struct predict *pr, uint8_t rim[MEASURE_SIZE])
{
	memcpy(rim, pr->last.after, MEASURE_SIZE);
}
