// SPDX-License-Identifier: BSD-3-Clause
/* check.c - walks granules, realms, RECs and RTTs, and compares what each says of the others. */
#include "rmm/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "rmm/rtt.h"

struct check {
	const struct rmm *rmm;
	bool *owned;	     /* granule: somebody has named it as its own */
	uint32_t *ns;	     /* granule: valid unprotected mappings found */
	const struct rd *rd; /* under examination */
	char *wrong;	     /* first thing that is; empty: none */
};

/* Before it there is nothing that could be delegated. */
#define FIRST_GRANULE (MACHINE_RESERVED >> GRANULE_SHIFT)
#define WRONG_SIZE    200
static _Thread_local char wrong_text[WRONG_SIZE];

__attribute__((format(printf, 2, 3))) static void wrong(struct check *k, const char *fmt, ...)
{
	va_list ap;

	if (*k->wrong)
		return;
	va_start(ap, fmt);
	vsnprintf(k->wrong, WRONG_SIZE, fmt, ap);
	va_end(ap);
}

static size_t granule_number(const struct check *k, const struct granule *g)
{
	return g - k->rmm->granules;
}

/* Somebody says that the granule at pa is its own, and what it is. */
static bool own(struct check *k, uint64_t pa, enum granule_state s, const char *who)
{
	struct granule *g = granule_find(k->rmm, pa);

	if (!g) {
		wrong(k, "%s names %#" PRIx64 ", which is no granule", who, pa);
		return false;
	}
	if (granule_state(g) != s) {
		wrong(k, "%s names %#" PRIx64 ", which is %s, not %s", who, pa,
		      granule_state_name(granule_state(g)), granule_state_name(s));
		return false;
	}
	if (k->owned[granule_number(k, g)])
		wrong(k, "granule %#" PRIx64 " has two owners, one is %s", pa, who);
	k->owned[granule_number(k, g)] = true;
	return true;
}

/* ---- tables ---- */

static void check_assigned(struct check *k, uint64_t e, int level, uint64_t ipa)
{
	unsigned int ripas = rtte_ripas(e, level);

	if (level < 1)
		wrong(k, "IPA %#" PRIx64 " is assigned at level %d", ipa, level);
	if (ripas > RMI_RIPAS_DESTROYED ||
	    e != rtte_make_assigned(rtte_pa(e), ripas, level, rd_lpa2(k->rd)))
		wrong(k, "IPA %#" PRIx64 ": odd assigned entry %#" PRIx64, ipa, e);
	for (uint64_t off = 0; off < rtt_entry_size(level); off += GRANULE_SIZE)
		own(k, rtte_pa(e) + off, GRANULE_DATA, "a protected entry");
}

static void check_assigned_ns(struct check *k, uint64_t e, int level, uint64_t ipa)
{
	if (level < 1 || e != rtte_make_ns(rtte_ns_desc(e), level, rtte_valid(e), rd_lpa2(k->rd)))
		wrong(k, "IPA %#" PRIx64 ": odd unprotected entry %#" PRIx64, ipa, e);
	if (!rtte_valid(e))
		return;
	for (uint64_t off = 0; off < rtt_entry_size(level); off += GRANULE_SIZE) {
		struct granule *g = granule_find(k->rmm, rtte_pa(e) + off);

		if (!g || granule_state(g) != GRANULE_UNDELEGATED)
			wrong(k, "IPA %#" PRIx64 " maps %#" PRIx64 ", which is not the host's", ipa,
			      rtte_pa(e) + off);
		else
			k->ns[granule_number(k, g)]++;
	}
}

static void check_table(struct check *k, const uint64_t *table, int level, uint64_t ipa);

static void check_entry(struct check *k, uint64_t e, int level, uint64_t ipa)
{
	enum rtte_state s = rtte_state(e, level);
	bool par = rd_in_par(k->rd, ipa);

	if (s != RTTE_TABLE && par != (s == RTTE_UNASSIGNED || s == RTTE_ASSIGNED))
		wrong(k, "IPA %#" PRIx64 ": entry %#" PRIx64 " of the other half", ipa, e);
	switch (s) {
	case RTTE_UNASSIGNED:
		if (rtte_is_ready(e, level)) {
			check_assigned(k, e | RTTE_AF, level, ipa);
			break;
		}
		if (e & ~RTTE_RIPAS || rtte_ripas(e, level) > RMI_RIPAS_DESTROYED)
			wrong(k, "IPA %#" PRIx64 ": odd unassigned entry %#" PRIx64, ipa, e);
		break;
	case RTTE_UNASSIGNED_NS:
		if (e != RTTE_NS)
			wrong(k, "IPA %#" PRIx64 ": odd unassigned entry %#" PRIx64, ipa, e);
		break;
	case RTTE_ASSIGNED:
		check_assigned(k, e, level, ipa);
		break;
	case RTTE_ASSIGNED_NS:
		check_assigned_ns(k, e, level, ipa);
		break;
	case RTTE_TABLE:
		if (e != rtte_make_table(rtte_pa(e)))
			wrong(k, "IPA %#" PRIx64 ": odd table entry %#" PRIx64, ipa, e);
		if (own(k, rtte_pa(e), GRANULE_RTT, "a table entry"))
			check_table(k, granule_map(k->rmm, rtte_pa(e)), level + 1, ipa);
		break;
	}
}

static void check_table(struct check *k, const uint64_t *table, int level, uint64_t ipa)
{
	for (unsigned int i = 0; i < RTT_ENTRIES; i++)
		check_entry(k, table[i], level, ipa + i * rtt_entry_size(level));
}

/* ---- realms and RECs ---- */

static void check_realm(struct check *k, unsigned int vmid, uint64_t rd_pa)
{
	const struct rd *rd = rd_map(k->rmm, rd_pa);

	if (!own(k, rd_pa, GRANULE_RD, "a VMID"))
		return;
	k->rd = rd;
	if (rd->vmid != vmid || rd->state > RD_SYSTEM_OFF)
		wrong(k, "RD %#" PRIx64 " is odd", rd_pa);
	for (unsigned int t = 0; t < rd->num_start; t++)
		if (!own(k, rd->rtt_base + t * GRANULE_SIZE, GRANULE_RTT, "an RD"))
			return;
	for (unsigned int i = 0; i < rd->num_start * RTT_ENTRIES; i++) {
		uint64_t e = rtt_start_table(k->rmm, rd, i / RTT_ENTRIES)[i % RTT_ENTRIES];

		if (i < rtt_start_entries(rd))
			check_entry(k, e, rd->start_level, i * rtt_entry_size(rd->start_level));
		else if (e)
			wrong(k, "entry %u of the start tables is beyond the IPA space", i);
	}
}

static unsigned int count_recs(struct check *k, uint64_t rd_pa)
{
	unsigned int n = 0;

	for (uint64_t i = FIRST_GRANULE; i < k->rmm->num_granules; i++) {
		uint64_t pa = MACHINE_RAM_BASE + (i << GRANULE_SHIFT);

		if (granule_state(&k->rmm->granules[i]) == GRANULE_REC)
			n += rec_map(k->rmm, pa)->owner == rd_pa;
	}
	return n;
}

static void check_rec(struct check *k, uint64_t pa)
{
	const struct rec *rec = rec_map(k->rmm, pa);
	struct granule *owner = granule_find(k->rmm, rec->owner);

	own(k, pa, GRANULE_REC, "itself");
	if (!owner || granule_state(owner) != GRANULE_RD)
		wrong(k, "REC %#" PRIx64 " has no realm", pa);
	for (unsigned int i = 0; i < RMM_NUM_AUX; i++)
		own(k, rec->aux[i], GRANULE_REC_AUX, "a REC");
	if (rec->running)
		wrong(k, "REC %#" PRIx64 " is running", pa);
}

/* ---- granules ---- */

static bool is_zero(const struct rmm *rmm, uint64_t pa)
{
	const uint8_t *p = granule_map(rmm, pa);

	return machine_page_is_hole(rmm->machine, pa) ||
	       (!p[0] && !memcmp(p, p + 1, GRANULE_SIZE - 1));
}

static void check_granule(struct check *k, uint64_t i)
{
	const struct granule *g = &k->rmm->granules[i];
	uint64_t pa = MACHINE_RAM_BASE + (i << GRANULE_SHIFT);
	enum granule_state s = granule_state(g);

	if (atomic_load(&g->lock))
		wrong(k, "granule %#" PRIx64 " is locked", pa);
	if (s >= GRANULE_NUM_STATES) {
		wrong(k, "granule %#" PRIx64 " is in no state", pa);
		return;
	}
	if ((s > GRANULE_DELEGATED) != k->owned[i])
		wrong(k, "granule %#" PRIx64 " is %s, but %s owns it", pa, granule_state_name(s),
		      k->owned[i] ? "somebody" : "nobody");
	if (granule_ns_count(g) != k->ns[i])
		wrong(k, "granule %#" PRIx64 " counts %u unprotected mappings of %u", pa,
		      granule_ns_count(g), k->ns[i]);
	if (s == GRANULE_DELEGATED && !is_zero(k->rmm, pa))
		wrong(k, "granule %#" PRIx64 " is DELEGATED and not wiped", pa);
}

static void check_all(struct check *k)
{
	uint64_t delegated = 0;

	for (unsigned int vmid = 0; vmid < RMM_NUM_VMIDS; vmid++) {
		uint64_t rd_pa = atomic_load(&k->rmm->realms[vmid]);

		if (!rd_pa)
			continue;
		check_realm(k, vmid, rd_pa);
		if (rd_map(k->rmm, rd_pa)->num_recs != count_recs(k, rd_pa))
			wrong(k, "RD %#" PRIx64 " counts its RECs wrongly", rd_pa);
	}
	for (uint64_t i = FIRST_GRANULE; i < k->rmm->num_granules; i++)
		if (granule_state(&k->rmm->granules[i]) == GRANULE_REC)
			check_rec(k, MACHINE_RAM_BASE + (i << GRANULE_SHIFT));
	for (uint64_t i = FIRST_GRANULE; i < k->rmm->num_granules; i++) {
		check_granule(k, i);
		delegated += granule_state(&k->rmm->granules[i]) != GRANULE_UNDELEGATED;
	}
	if (delegated != rmm_delegated_granules(k->rmm))
		wrong(k, "the count of delegated granules is wrong");
}

const char *rmm_check(const struct rmm *rmm)
{
	struct check k = {
		.rmm = rmm,
		.owned = calloc(rmm->num_granules, sizeof(*k.owned)),
		.ns = calloc(rmm->num_granules, sizeof(*k.ns)),
		.wrong = wrong_text,
	};

	wrong_text[0] = '\0';
	if (k.owned && k.ns)
		check_all(&k);
	else
		wrong(&k, "out of memory");
	free(k.owned);
	free(k.ns);
	return wrong_text[0] ? wrong_text : NULL;
}
