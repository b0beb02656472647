// SPDX-License-Identifier: BSD-3-Clause
/* world.c - the small machine's life, and one RMI command with all that must hold after it. */
#include "fuzz/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "fuzz/seen.h"
#include "rmm/check.h"
#include "rmm/rtt.h"
#include "rmm/rules.h"

void world_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("fuzz: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

/* Made once: signing keys take long. Reproducible, as every input must be. */
static const struct attest_identity *identity(void)
{
	static const struct attest_options opt = {.deterministic = true};
	static struct attest_identity *id;

	if (!id && attest_identity_load(&opt, &id))
		world_fail("no attestation identity");
	return id;
}

void world_begin(struct world *w, const uint8_t *data, size_t size,
		 const struct world_platform *platform)
{
	struct machine_config mc = {.size = MACHINE_RESERVED + WORLD_PAGES * GRANULE_SIZE};
	struct rmm_config rc = {.engine = &world_engine,
				.feature_reg0 = platform->feature_reg0,
				.attest = platform->attests ? identity() : NULL};

	*w = (struct world){
		.in = {data, data + size},
		.pool = {.ram = MACHINE_RAM_BASE + MACHINE_RESERVED,
			 .pages = WORLD_PAGES,
			 .ipa_bits = 48},
		.lpa2 = platform->feature_reg0 & RMI_FEATURE0_LPA2,
		.meanwhile = world_host_op,
	};
	world_set_current(w);
	if (machine_create(&mc, &w->m))
		world_fail("no memory");
	rc.machine = w->m;
	w->pe = pe_create();
	if (!w->pe || rmm_create(&rc, &w->rmm))
		world_fail("no RMM");
}

void *world_va(struct world *w, uint64_t pa)
{
	return machine_va(w->m, pa, GRANULE_SIZE);
}

bool world_is_host(struct world *w, uint64_t pa)
{
	return machine_is_ram(w->m, pa, GRANULE_SIZE) && IS_ALIGNED(pa, GRANULE_SIZE) &&
	       !rmm_granule_protected(w->rmm, pa);
}

void world_check(struct world *w)
{
	const char *wrong = rmm_check(w->rmm);

	if (wrong)
		world_fail("invariant broken: %s", wrong);
}

/* ---- one command ---- */

#define FNV_START 14695981039346656037u
#define FNV_PRIME 1099511628211u

/* All that the RMM keeps, in one number: granule states, RDs, RECs, RTTs. */
static uint64_t state_sum(struct world *w)
{
	const size_t first = MACHINE_RESERVED >> GRANULE_SHIFT;
	uint64_t sum = FNV_START;

	for (unsigned int i = 0; i < WORLD_PAGES; i++) {
		const struct granule *g = &w->rmm->granules[first + i];
		enum granule_state s = granule_state(g);
		const uint64_t *word = NULL;

		sum = (sum ^ atomic_load(&g->word)) * FNV_PRIME;
		if (s == GRANULE_RD || s == GRANULE_REC || s == GRANULE_RTT)
			word = world_va(w, pool_page(&w->pool, i));
		for (int n = 0; word && n < 512; n++)
			sum = (sum ^ word[n]) * FNV_PRIME;
	}
	return sum;
}

uint64_t world_smc_unchecked(struct world *w, uint64_t fid, const uint64_t *args, size_t n)
{
	uint64_t x[RMM_NUM_REGS];

	for (size_t i = 0; i < RMM_NUM_REGS; i++)
		x[i] = 0x6f6f6f6f00000000 | i;
	x[0] = fid;
	memcpy(&x[1], args, n * sizeof(*args));
	w->why = rmm_smc(w->rmm, w->pe, x);
	memcpy(w->x, x, sizeof(x));
	return x[0];
}

static void check_answer(struct world *w, const uint64_t *args, size_t n)
{
	uint64_t x0 = w->x[0];
	int level;

	for (size_t i = 5; i < RMM_NUM_REGS; i++)
		if (w->x[i] != (i <= n ? args[i - 1] : (0x6f6f6f6f00000000 | i)))
			world_fail("X%zu is not preserved", i);
	if (w->why == &rule_rmi_unknown_fid) {
		if (x0 != SMC_NOT_SUPPORTED)
			world_fail("an unknown function answers %#llx", (unsigned long long)x0);
		return;
	}
	level = (int8_t)RMI_INDEX(x0);
	if (!w->why != !x0 || RMI_STATUS(x0) > RMI_ERROR_RTT || x0 >> 16 || level > 3 ||
	    level < (w->lpa2 ? -1 : 0))
		world_fail("odd X0 %#llx", (unsigned long long)x0);
}

/* What comes back names addresses that are worth a try. */
static void take_hints(struct world *w)
{
	w->pool.hint[0] = w->x[1];
	w->pool.hint[1] = w->x[2];
}

/* An exit record that REC_ENTER has just filled. */
static void check_exit(struct world *w, const struct rmi_rec_run *run)
{
	const struct rmi_rec_exit *x = &run->exit;
	const size_t gprs = offsetof(struct rmi_rec_exit, gprs) / 8;
	const uint64_t *word = (const uint64_t *)x;

	if (x->exit_reason > RMI_EXIT_SERROR)
		world_fail("odd exit reason");
	if (x->far >= GRANULE_SIZE)
		world_fail("an exit tells the realm's FAR");
	for (size_t i = 0; i < sizeof(*x) / 8; i++) {
		if (!is_secret(word[i]))
			continue;
		/* What the realm stores, writes to the GIC, waits for: GPR 0. PSCI: whom too. */
		if (i == gprs && x->exit_reason == RMI_EXIT_SYNC)
			continue;
		if (i == gprs + 1 && x->exit_reason == RMI_EXIT_PSCI)
			continue;
		world_fail("a register of the realm is at %#zx of the exit record", 8 * i);
	}
	if (x->exit_reason == RMI_EXIT_RIPAS_CHANGE) {
		w->pool.hint[2] = x->ripas_base;
		w->pool.hint[3] = x->ripas_top;
	} else {
		w->pool.hint[2] = x->hpfar << 8;
	}
}

uint64_t world_smc(struct world *w, uint64_t fid, const uint64_t *args, size_t n)
{
	/* While a REC runs, its state changes under the host's hands. */
	bool alone = !w->depth;
	uint64_t before = alone ? state_sum(w) : 0;

	world_smc_unchecked(w, fid, args, n);
	check_answer(w, args, n);
	take_hints(w);
	if (fid == RMI_REC_ENTER && !w->why)
		check_exit(w, world_va(w, args[1]));
	if (!alone)
		return w->x[0];
	if (!w->why || w->why == &rule_rmi_run_lost)
		world_check(w);
	else if (state_sum(w) != before)
		world_fail("a refused command (%s) changed something", w->why->name);
	return w->x[0];
}

/* ---- the end ---- */

/* A page that was never touched, to unfold a block with. */
static uint64_t spare_page(struct world *w)
{
	for (unsigned int i = WORLD_PAGES; i-- > 0;)
		if (world_is_host(w, pool_page(&w->pool, i)))
			return pool_page(&w->pool, i);
	world_fail("no page left");
}

static void must(struct world *w, const char *what)
{
	if (w->why)
		world_fail("teardown: %s: %s", what, w->why->name);
}

/* Empty a table at `level` whose first entry is for `ipa`; unprotected mappings go with it. */
static void empty_table(struct world *w, uint64_t rd, const uint64_t *table, uint64_t ipa,
			int level, unsigned int entries)
{
	for (unsigned int i = 0; i < entries; i++) {
		uint64_t at = ipa + i * rtt_entry_size(level);

		if (!rtte_keeps_table(table[i], level))
			continue;
		if (level == RTT_LEAF_LEVEL) {
			WORLD_QUICK(w, DATA_DESTROY, rd, at);
			must(w, "DATA_DESTROY");
			continue;
		}
		if (!rtte_is_table(table[i], level)) {
			uint64_t rtt = spare_page(w);

			WORLD_QUICK(w, GRANULE_DELEGATE, rtt);
			WORLD_QUICK(w, RTT_CREATE, rd, rtt, at, level + 1);
			must(w, "RTT_CREATE");
		}
		empty_table(w, rd, world_va(w, rtte_pa(table[i])), at, level + 1, RTT_ENTRIES);
		WORLD_QUICK(w, RTT_DESTROY, rd, at, level + 1);
		must(w, "RTT_DESTROY");
	}
}

static void destroy_realm(struct world *w, uint64_t pa)
{
	const struct rd *rd = rd_map(w->rmm, pa);

	/* Start tables lie one behind the other, and so do their entries. */
	empty_table(w, pa, rtt_start_table(w->rmm, rd, 0), 0, rd->start_level,
		    rtt_start_entries(rd));
	WORLD_QUICK(w, REALM_DESTROY, pa);
	must(w, "REALM_DESTROY");
}

static void destroy_all(struct world *w, enum granule_state state)
{
	for (unsigned int i = 0; i < WORLD_PAGES; i++) {
		uint64_t pa = pool_page(&w->pool, i);

		if (granule_state(granule_find(w->rmm, pa)) != state)
			continue;
		if (state == GRANULE_REC) {
			WORLD_QUICK(w, REC_DESTROY, pa);
			must(w, "REC_DESTROY");
		} else if (state == GRANULE_RD) {
			destroy_realm(w, pa);
		} else {
			WORLD_QUICK(w, GRANULE_UNDELEGATE, pa);
			must(w, "GRANULE_UNDELEGATE");
		}
	}
}

void world_end(struct world *w)
{
	w->engine_breaks = false;
	destroy_all(w, GRANULE_REC);
	destroy_all(w, GRANULE_RD);
	destroy_all(w, GRANULE_DELEGATED);
	world_check(w);
	if (rmm_delegated_granules(w->rmm))
		world_fail("granules are left over");
	rmm_destroy(w->rmm);
	pe_destroy(w->pe);
	machine_destroy(w->m);
}
