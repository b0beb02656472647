// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_lpa2.c - realms with FEAT_LPA2: IPAs of up to 52 bits, a level -1, and descriptors in which
 * an output address has the place of the shareability.
 */
#include <errno.h>
#include <stdlib.h>

#include "rmm/rtt.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define FEATURES                                                                                   \
	(FIELD_PUT(RMI_FEATURE0_S2SZ, 52) | RMI_FEATURE0_LPA2 |                                    \
	 FIELD_PUT(RMI_FEATURE0_NUM_BPS, 5) | FIELD_PUT(RMI_FEATURE0_NUM_WPS, 3) |                 \
	 RMI_FEATURE0_HASH_SHA_256 | FIELD_PUT(RMI_FEATURE0_GICV3_NUM_LRS, 3) |                    \
	 FIELD_PUT(RMI_FEATURE0_MAX_RECS_ORDER, 7))

#define TOP	 BIT(51)		  /* the shared half of 52 bits */
#define HIGH	 (BIT(51) - GRANULE_SIZE) /* the last protected page */
#define DESC	 0xd8			  /* Normal Write-Back, RW */
#define SH	 MASK(9, 8)
#define MIB2	 UINT64_C(0x200000)
#define ESR_L(n) (UINT64_C(0x24) << 26 | 1 << 25 | (n))

static struct host *h;
static struct realm r;

static int setup(void **state)
{
	h = calloc(1, sizeof(*h));
	host_start(h, FEATURES);
	h->realm_flags = RMI_REALM_FLAG_LPA2;
	*state = h;
	return 0;
}

static uint64_t descriptor(uint64_t ipa)
{
	return realm_walk(&r, ipa).entry;
}

/* ---- parameters ---- */

static unsigned int start_tables(unsigned int width, int level)
{
	unsigned int n = 0;

	return rtt_geometry(width, level, true, &n) ? n : 0;
}

static void start_tables_are_those_of_the_architecture(void **state)
{
	/* width, tables at level 2, 1, 0, -1 (0: not legal) */
	static const unsigned int legal[][5] = {
		{31, 0, 0, 0, 0},  {33, 8, 1, 0, 0}, {43, 0, 16, 1, 0}, {44, 0, 0, 1, 0},
		{48, 0, 0, 1, 0},  {49, 0, 0, 2, 1}, {50, 0, 0, 4, 1},	{51, 0, 0, 8, 1},
		{52, 0, 0, 16, 1}, {53, 0, 0, 0, 0},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(legal); i++)
		for (int level = -1; level < 3; level++)
			assert_int_equal(start_tables(legal[i][0], level), legal[i][3 - level]);
	assert_int_equal(start_tables(52, -2), 0);
}

#define BAD_PARAM(rule, field, value)                                                              \
	do {                                                                                       \
		__typeof__(p->field) was_ = p->field;                                              \
		p->field = value;                                                                  \
		REFUSED(rule, h, REALM_CREATE, r.rd, pa);                                          \
		p->field = was_;                                                                   \
	} while (0)

static void wide_addresses_need_the_flag(void **state)
{
	struct rmi_realm_params *p;
	uint64_t pa;

	realm_prepare(&r, h, 52, 0, 16);
	p = realm_params(&r, &pa);
	BAD_PARAM(rmi_realm_s2sz, s2sz, 53);
	BAD_PARAM(rmi_realm_s2sz_lpa2, flags, 0);
	BAD_PARAM(rmi_realm_start_level, rtt_level_start, 1);
	BAD_PARAM(rmi_realm_start_level, rtt_level_start, -2);
	BAD_PARAM(rmi_realm_num_start, rtt_level_start, -1);
	BAD_PARAM(rmi_realm_num_start, rtt_num_start, 8);
	EXPECT(0, h, REALM_CREATE, r.rd, pa);
	realm_destroy(&r);
	/* Without it all is as on a machine that has no LPA2. */
	h->realm_flags = 0;
	realm_create_sized(&r, h, 48, 0, 1);
	realm_add_page(&r, IPA_B);
	assert_int_equal(descriptor(IPA_B) & SH, SH);
	REFUSED(rmi_ns_desc, h, RTT_MAP_UNPROTECTED, r.rd, IPA_U, 3, BIT(48) | DESC);
	realm_destroy(&r);
}

static void more_than_the_tables_hold_cannot_be_offered(void **state)
{
	struct rmm_config rc = {.machine = h->m, .feature_reg0 = FEATURES & ~RMI_FEATURE0_LPA2};
	struct rmm *rmm;

	assert_int_equal(rmm_create(&rc, &rmm), -EINVAL);
	rc.feature_reg0 = (FEATURES & ~RMI_FEATURE0_S2SZ) | 53;
	assert_int_equal(rmm_create(&rc, &rmm), -EINVAL);
}

static void a_machine_with_lpa2_offers_it(void **state)
{
	struct machine_config mc = {.size = HOST_RAM + MACHINE_RESERVED, .cpu = MACHINE_CPU_LPA2};
	struct host wide = {0};
	struct rmm_config rc = {0};

	assert_int_equal(machine_create(&mc, &rc.machine), 0);
	assert_int_equal(rmm_create(&rc, &wide.rmm), 0);
	wide.x[0] = RMI_FEATURES;
	assert_null(rmm_smc(wide.rmm, NULL, wide.x));
	assert_int_equal(wide.x[1], FEATURES | RMI_FEATURE0_HASH_SHA_512);
	rmm_destroy(wide.rmm);
	machine_destroy(rc.machine);
}

/* ---- tables ---- */

static void every_width_can_be_mapped_to_its_last_page(void **state)
{
	static const uint8_t widths[] = {33, 44, 48, 49, 50, 52};

	for (unsigned int i = 0; i < ARRAY_SIZE(widths); i++) {
		for (int start = -1; start < 2; start++) {
			unsigned int width = widths[i];
			unsigned int tables = start_tables(width, start);
			uint64_t half = BIT(width - 1), page;

			if (!tables)
				continue;
			realm_create_sized(&r, h, width, start, tables);
			page = realm_add_page(&r, half - GRANULE_SIZE);
			assert_int_equal(descriptor(half - GRANULE_SIZE), page | 0x4db);
			realm_tables(&r, 2 * half - GRANULE_SIZE, 3);
			page = host_page(h);
			EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, 2 * half - GRANULE_SIZE, 3,
			       page | DESC);
			assert_int_equal(descriptor(2 * half - GRANULE_SIZE),
					 page | BIT(55) | BIT(54) | DESC | 0x403);
			REFUSED(rmi_rtt_ipa_bound, h, RTT_READ_ENTRY, r.rd, 2 * half, 3);
			REFUSED(rmi_data_ipa_bound, h, DATA_DESTROY, r.rd, half);
			realm_destroy(&r);
		}
	}
}

static void tables_hang_below_level_minus_one(void **state)
{
	uint64_t rtt = host_granule(h), top = BIT(52);

	realm_create_sized(&r, h, 52, -1, 1);
	REFUSED(rmi_rtt_level, h, RTT_CREATE, r.rd, rtt, 0, (uint64_t)-1);
	REFUSED(rmi_read_level, h, RTT_READ_ENTRY, r.rd, 0, (uint64_t)-2);
	REFUSED(rmi_rtt_ipa_align, h, RTT_CREATE, r.rd, rtt, BIT(47), 0);
	REFUSED(rmi_rtt_ipa_bound, h, RTT_CREATE, r.rd, rtt, top, 0);
	REFUSED(rmi_rtt_walk_short, h, RTT_CREATE, r.rd, rtt, TOP, 1);
	/* The index of a status has eight bits, and so has this level. */
	assert_int_equal(h->x[0], RMI_ERROR_RTT | 0xff << 8);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, TOP, 0);
	assert_int_equal(h->x[1], -1);
	EXPECT(0, h, RTT_CREATE, r.rd, rtt, 7 * BIT(48), 0);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, 7 * BIT(48), (uint64_t)-1);
	assert_int_equal(h->x[2], RMI_RTTE_TABLE);
	assert_int_equal(h->x[3], rtt);
	EXPECT(0, h, RTT_FOLD, r.rd, 7 * BIT(48), 0);
	assert_int_equal(h->x[1], rtt);
	EXPECT(0, h, RTT_CREATE, r.rd, rtt, 15 * BIT(48), 0);
	EXPECT(0, h, RTT_DESTROY, r.rd, 15 * BIT(48), 0);
	assert_int_equal(h->x[2], 512 * BIT(48));
	realm_destroy(&r);
}

static void entries_are_folded_and_unfolded_without_shareability(void **state)
{
	uint64_t pages = machine_alloc(h->m, 512, MIB2), base = HIGH & ~(MIB2 - 1);

	realm_create_sized(&r, h, 52, -1, 1);
	realm_tables(&r, base, 3);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, base, base + MIB2);
	for (uint64_t off = 0; off < MIB2; off += GRANULE_SIZE) {
		EXPECT(0, h, GRANULE_DELEGATE, pages + off);
		EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, pages + off, base + off);
	}
	EXPECT(0, h, RTT_FOLD, r.rd, base, 3);
	assert_int_equal(descriptor(base), pages | 0x4d9);
	EXPECT(0, h, RTT_CREATE, r.rd, h->x[1], base, 3);
	assert_int_equal(descriptor(HIGH), (pages + MIB2 - GRANULE_SIZE) | 0x4db);
	realm_destroy(&r);
}

/* Without the access flag it is ready; with it, the page of any realm with LPA2. */
static void a_page_that_lies_ready_has_no_shareability(void **state)
{
	uint64_t page = machine_alloc(h->m, 1, GRANULE_SIZE);
	struct granule *g;
	struct rtt_walk w;

	realm_create_sized(&r, h, 52, -1, 1);
	realm_add_rec(&r, true, 0);
	realm_tables(&r, HIGH, 3);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, HIGH, HIGH + GRANULE_SIZE);
	realm_activate(&r);
	machine_hide(h->m, page, 1);
	rmm_make_ready(h->rmm, r.rd, HIGH, page, 1);
	g = granule_lock_as(h->rmm, r.rd, GRANULE_RD);
	rtt_walk(h->rmm, host_va(h, r.rd), HIGH, 3, &w);
	granule_unlock(g);
	assert_int_equal(w.table[w.index], page | 0xdb);
	assert_true(rmm_claim_ready(h->rmm, r.rd, HIGH));
	assert_int_equal(descriptor(HIGH), page | 0x4db);
	realm_destroy(&r);
}

/* ---- output addresses ---- */

/* Bits 51:50 of an address above the memory, as the host writes and reads them; folded, too. */
static void the_host_may_map_any_52_bit_address(void **state)
{
	uint64_t rtt, ipa = TOP | 5 * BIT(48);
	static const uint64_t high[] = {BIT(48), BIT(49), BIT(8), BIT(9), MASK(49, 48) | SH};

	realm_create_sized(&r, h, 52, -1, 1);
	realm_tables(&r, ipa, 3);
	for (unsigned int i = 0; i < ARRAY_SIZE(high); i++) {
		uint64_t desc = high[i] | 0x7ffffff000 | DESC;

		EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, ipa, 3, desc);
		assert_int_equal(descriptor(ipa) & 1, 0);
		EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa, 3);
		assert_int_equal(h->x[3], desc);
		EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, ipa, 3);
		REFUSED(rmi_ns_desc, h, RTT_MAP_UNPROTECTED, r.rd, ipa, 3, desc | BIT(50));
	}
	for (uint64_t off = 0; off < MIB2; off += GRANULE_SIZE)
		EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, ipa + off, 3, SH | BIT(48) | off | DESC);
	EXPECT(0, h, RTT_FOLD, r.rd, ipa, 3);
	rtt = h->x[1];
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa, 3);
	assert_int_equal(h->x[1], 2);
	assert_int_equal(h->x[3], SH | BIT(48) | DESC);
	EXPECT(0, h, RTT_CREATE, r.rd, rtt, ipa, 3);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa + 0x3000, 3);
	assert_int_equal(h->x[3], SH | BIT(48) | 0x3000 | DESC);
	realm_destroy(&r);
}

/* One that only differs from memory in bit 48 or above is none of it. */
static void an_address_above_the_memory_is_no_page_of_it(void **state)
{
	uint64_t page = host_page(h), ipa = TOP;

	realm_create_sized(&r, h, 52, -1, 1);
	realm_tables(&r, ipa, 3);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, ipa, 3, page | BIT(9) | DESC);
	assert_int_equal(descriptor(ipa) & 1, 0);
	/* Delegating that page has nothing to take back. */
	EXPECT(0, h, GRANULE_DELEGATE, page);
	EXPECT(0, h, GRANULE_UNDELEGATE, page);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, ipa, 3);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, ipa, 3, page | DESC);
	assert_int_equal(descriptor(ipa) & 1, 1);
	EXPECT(0, h, GRANULE_DELEGATE, page);
	assert_int_equal(descriptor(ipa) & 1, 0);
	EXPECT(0, h, GRANULE_UNDELEGATE, page);
	realm_destroy(&r);
}

/* ---- the CPU ---- */

static uint64_t seen_vtcr, id_value, width;

static enum engine_exit look(struct engine *e, unsigned int cpu)
{
	seen_vtcr = e->frame[cpu].vtcr;
	return ENGINE_EXIT_IRQ;
}

static void the_cpu_is_told(void **state)
{
	/* 52 bits: T0SZ 12, 4 KiB, 52-bit PA, WBWA inner shareable, HA, RES1, DS; SL0 2, or SL2 */
	static const uint64_t want[] = {0x38026350c, 0x18026358c};

	for (int start = -1; start < 1; start++) {
		realm_create_sized(&r, h, 52, start, start ? 1 : 16);
		realm_add_rec(&r, true, 0);
		realm_activate(&r);
		script = look;
		realm_run(&r, 0);
		assert_int_equal(seen_vtcr, want[start + 1]);
		realm_destroy(&r);
	}
}

static unsigned int step;
static uint64_t fault_ipa;

/* A fault at level -1 where the entry is right by now, one where there is none; then waits. */
static enum engine_exit faults(struct engine *e, unsigned int cpu)
{
	switch (step++) {
	case 0:
		return script_sync(e, cpu, ESR_L(0x2b), 0, fault_ipa);
	case 1:
		return script_sync(e, cpu, ESR_L(0x2b), 0, fault_ipa - BIT(48));
	}
	return ENGINE_EXIT_IRQ;
}

static void faults_at_level_minus_one_are_translation_faults(void **state)
{
	const struct rmi_rec_exit *x;

	realm_create_sized(&r, h, 52, -1, 1);
	fault_ipa = HIGH;
	realm_add_page(&r, fault_ipa);
	realm_add_rec(&r, true, 0);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, 0, 7 * BIT(48));
	realm_activate(&r);
	step = 0;
	script = faults;
	x = realm_run(&r, 0);
	assert_int_equal(step, 2); /* the first one ran on */
	assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
	assert_int_equal(x->esr & 0x3f, 0x2b);
	assert_int_equal(x->hpfar, (HIGH - BIT(48)) >> 8);
	realm_destroy(&r);
}

/* MRS X3, ID_AA64MMFR0_EL1 */
static enum engine_exit reads_mmfr0(struct engine *e, unsigned int cpu)
{
	if (step++) {
		id_value = e->frame[cpu].x[3];
		return ENGINE_EXIT_IRQ;
	}
	e->frame[cpu].esr = UINT64_C(0x18) << 26 | 1 << 25 | 3 << 20 | 0 << 17 | 0 << 14 | 0 << 10 |
			    3 << 5 | 7 << 1 | 1;
	return ENGINE_EXIT_SYNC;
}

static void the_realm_reads_what_it_was_made_with(void **state)
{
	for (int with = 0; with < 2; with++) {
		h->realm_flags = with ? RMI_REALM_FLAG_LPA2 : 0;
		realm_create_sized(&r, h, 48, 0, 1);
		realm_add_rec(&r, true, 0);
		realm_activate(&r);
		step = 0;
		script = reads_mmfr0;
		realm_run(&r, 0);
		assert_int_equal(id_value, with ? 0x10200126 : 0x100125);
		realm_destroy(&r);
	}
}

#define CONFIG HIGH

static enum engine_exit asks_for_its_width(struct engine *e, unsigned int cpu)
{
	if (!step++)
		return SMC(e, cpu, RSI_REALM_CONFIG, CONFIG);
	width = e->frame[cpu].x[0];
	return ENGINE_EXIT_IRQ;
}

static void the_realm_is_told_its_width(void **state)
{
	uint64_t page;

	realm_create_sized(&r, h, 52, -1, 1);
	page = realm_add_page(&r, CONFIG);
	realm_add_rec(&r, true, 0);
	realm_activate(&r);
	step = 0;
	script = asks_for_its_width;
	realm_run(&r, 0);
	assert_int_equal(width, RSI_SUCCESS);
	assert_int_equal(*(uint64_t *)host_va(h, page), 52);
	realm_destroy(&r);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, host_teardown)

int test_lpa2(void)
{
	const struct CMUnitTest tests[] = {
		T(start_tables_are_those_of_the_architecture),
		T(wide_addresses_need_the_flag),
		T(more_than_the_tables_hold_cannot_be_offered),
		T(a_machine_with_lpa2_offers_it),
		T(every_width_can_be_mapped_to_its_last_page),
		T(tables_hang_below_level_minus_one),
		T(entries_are_folded_and_unfolded_without_shareability),
		T(a_page_that_lies_ready_has_no_shareability),
		T(the_host_may_map_any_52_bit_address),
		T(an_address_above_the_memory_is_no_page_of_it),
		T(the_cpu_is_told),
		T(faults_at_level_minus_one_are_translation_faults),
		T(the_realm_reads_what_it_was_made_with),
		T(the_realm_is_told_its_width),
	};

	return cmocka_run_group_tests_name("lpa2", tests, NULL, NULL);
}
