// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_ns.c - unprotected mappings: arguments, and that the CPU never sees a page through one that
 * is not the host's.
 */
#include "rmm/rtt.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define U    IPA_U
#define MIB2 UINT64_C(0x200000)
#define DESC 0xd8 /* Normal Write-Back, RW */

static struct host *h;
static struct realm r;

static int setup(void **state)
{
	host_setup(state);
	h = *state;
	realm_create(&r, h);
	realm_tables(&r, U, 3);
	return 0;
}

static int teardown(void **state)
{
	realm_destroy(&r);
	return host_teardown(state);
}

/* The descriptor that the CPU walks to. */
static uint64_t descriptor(uint64_t ipa)
{
	return realm_walk(&r, ipa).entry;
}

static void arguments_are_checked(void **state)
{
	uint64_t pa = host_page(h) | DESC;

	REFUSED(rmi_rd_state, h, RTT_MAP_UNPROTECTED, r.rtt_base, U, 3, pa);
	REFUSED(rmi_ns_level, h, RTT_MAP_UNPROTECTED, r.rd, U, 0, DESC);
	REFUSED(rmi_ns_level, h, RTT_MAP_UNPROTECTED, r.rd, U, 4, pa);
	REFUSED(rmi_ns_level, h, RTT_MAP_UNPROTECTED, r.rd, U, (uint64_t)-1, pa);
	REFUSED(rmi_ns_ipa_bound, h, RTT_MAP_UNPROTECTED, r.rd, 0, 3, pa);
	REFUSED(rmi_ns_ipa_bound, h, RTT_MAP_UNPROTECTED, r.rd, 2 * U, 3, pa);
	REFUSED(rmi_ns_ipa_align, h, RTT_MAP_UNPROTECTED, r.rd, U + 8, 3, pa);
	REFUSED(rmi_ns_ipa_align, h, RTT_MAP_UNPROTECTED, r.rd, U + 0x1000, 2, DESC);
	REFUSED(rmi_rd_state, h, RTT_UNMAP_UNPROTECTED, r.rtt_base, U, 3);
	REFUSED(rmi_ns_ipa_bound, h, RTT_UNMAP_UNPROTECTED, r.rd, 0, 3);
	assert_int_equal(h->x[1], 0);
	REFUSED(rmi_ns_unmap_state, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3);
	assert_int_equal(h->x[1], U + MIB2);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa);
	REFUSED(rmi_ns_map_state, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa);
	REFUSED(rmi_rtt_walk_short, h, RTT_MAP_UNPROTECTED, r.rd, U + MIB2, 3, pa);
	assert_int_equal(h->x[0], RMI_ERROR_RTT | 2 << 8);
}

static void a_level_above_the_start_level_is_refused(void **state)
{
	struct realm def = r;

	realm_create_sized(&r, h, 32, 2, 4);
	REFUSED(rmi_ns_level, h, RTT_MAP_UNPROTECTED, r.rd, UINT64_C(1) << 31, 1, DESC);
	realm_destroy(&r);
	r = def;
}

static void descriptors_have_only_the_hosts_fields(void **state)
{
	static const uint64_t bad[] = {1,
				       2,
				       3,
				       0x20,
				       0x100,
				       0x200,
				       0x400,
				       0x800,
				       UINT64_C(1) << 48,
				       UINT64_C(1) << 53,
				       UINT64_C(1) << 55,
				       UINT64_C(1) << 63};
	uint64_t pa = host_page(h);

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		REFUSED(rmi_ns_desc, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa | DESC | bad[i]);
	REFUSED(rmi_ns_desc, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa | 4 << 2);
	REFUSED(rmi_ns_desc, h, RTT_MAP_UNPROTECTED, r.rd, U + MIB2, 2, pa | DESC);
	for (uint64_t attr = 0; attr < 8; attr++)
		for (uint64_t ap = 0; ap < 4 && attr != 4; ap++) {
			uint64_t desc = pa | attr << 2 | ap << 6;

			EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, desc);
			EXPECT(0, h, RTT_READ_ENTRY, r.rd, U, 3);
			assert_int_equal(h->x[3], desc);
			assert_int_equal(descriptor(U) & MASK(7, 2), desc & MASK(7, 2));
			EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3);
		}
}

static void the_cpu_sees_a_host_page_and_never_executes_it(void **state)
{
	uint64_t pa = host_page(h);

	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa | DESC);
	/* AF, Inner Shareable, XN[1:0] = 0b10, NS */
	assert_int_equal(descriptor(U), pa | DESC | 0x703 | UINT64_C(1) << 54 | UINT64_C(1) << 55);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3);
	assert_int_equal(descriptor(U) & 1, 0);
}

/* A realm that touches the page in a loop, while its mapping is taken back. */
static uint64_t touched;
static bool mapped_again;

static void touch_again(void)
{
	struct granule *g = granule_find(h->rmm, touched);
	uint32_t before = granule_ns_count(g);

	mapped_again = granule_ns_get(h->rmm, touched, 1, 0, U);
	assert_int_equal(granule_ns_count(g), before);
}

static enum engine_exit page_is_delegated(struct engine *e, unsigned int cpu)
{
	uint64_t x[RMM_NUM_REGS] = {RMI_GRANULE_DELEGATE, touched};

	e->on_tlbi = touch_again;
	assert_null(rmm_smc(h->rmm, NULL, x));
	e->on_tlbi = NULL;
	return ENGINE_EXIT_IRQ;
}

static void a_realm_that_touches_a_page_does_not_keep_it_from_delegation(void **state)
{
	touched = host_page(h);
	realm_add_rec(&r, true, 0);
	realm_activate(&r);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, touched | DESC);
	mapped_again = true;
	script = page_is_delegated;
	realm_run(&r, 0);
	assert_false(mapped_again);
	assert_int_equal(descriptor(U) & 1, 0);
}

/* What is mapped once is found without a look at anybody else's tables. */
static void delegation_waits_for_no_other_realm(void **state)
{
	uint64_t pa = host_page(h), x[RMM_NUM_REGS] = {RMI_GRANULE_DELEGATE, pa};
	struct granule *g;
	struct realm other, first = r;
	unsigned int before;

	realm_create(&other, h);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa | DESC);
	g = granule_find(h->rmm, other.rd);
	granule_lock(g);
	before = lock_play_other();
	assert_null(rmm_smc(h->rmm, NULL, x));
	lock_play_on(before);
	granule_unlock(g);
	assert_int_equal(descriptor(U) & 1, 0);
	realm_destroy(&other);
	r = first;
}

static void delegation_takes_the_page_away_from_every_mapping(void **state)
{
	uint64_t pa = host_page(h);
	struct realm first = r, second;

	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa | DESC);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U + 0x5000, 3, pa | DESC);
	realm_create(&second, h);
	realm_tables(&second, U, 3);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, second.rd, U, 3, pa | DESC);
	EXPECT(0, h, GRANULE_DELEGATE, pa); /* rmm_check: nobody's CPU sees it */
	assert_int_equal(descriptor(U) & 1, 0);
	/* The host still finds what it mapped. */
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, U, 3);
	assert_int_equal(h->x[2], RMI_RTTE_ASSIGNED);
	assert_int_equal(h->x[3], pa | DESC);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U + 0x5000, 3);
	r = second;
	realm_destroy(&r);
	r = first;
}

static void memory_that_is_not_the_hosts_is_mapped_hidden(void **state)
{
	const uint64_t targets[] = {0,	  0x09000000, MACHINE_RAM_BASE,	       host_granule(h),
				    r.rd, r.rtt_base, UINT64_C(0xfffffffff000)};

	for (unsigned int i = 0; i < ARRAY_SIZE(targets); i++) {
		EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, targets[i] | DESC);
		assert_int_equal(descriptor(U) & 1, 0);
		EXPECT(0, h, RTT_READ_ENTRY, r.rd, U, 3);
		assert_int_equal(h->x[3], targets[i] | DESC);
		EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3);
	}
}

/* ---- blocks ---- */

static void a_block_is_visible_only_if_all_of_it_is_the_hosts(void **state)
{
	uint64_t pa = machine_alloc(h->m, 512, MIB2);

	realm_tables(&r, U + MIB2, 2);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U + MIB2, 2, pa | DESC);
	assert_int_equal(descriptor(U + MIB2) & 3, 1);
	EXPECT(0, h, GRANULE_DELEGATE, pa + 0x7000);
	assert_int_equal(descriptor(U + MIB2) & 1, 0);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U + MIB2, 2);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U + MIB2, 2, pa | DESC);
	assert_int_equal(descriptor(U + MIB2) & 1, 0);
}

static void blocks_unfold_and_fold(void **state)
{
	uint64_t pa = machine_alloc(h->m, 512, MIB2), ipa = U + MIB2;

	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, ipa, 2, pa | DESC);
	realm_tables(&r, ipa, 3);
	assert_int_equal(descriptor(ipa + 0x3000) & 3, 3);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa + 0x3000, 3);
	assert_int_equal(h->x[3], (pa + 0x3000) | DESC);
	EXPECT(0, h, RTT_FOLD, r.rd, ipa, 3);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa, 2);
	assert_int_equal(h->x[3], pa | DESC);
	assert_int_equal(descriptor(ipa) & 3, 1);

	realm_tables(&r, ipa, 3);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, ipa + 0x3000, 3);
	assert_int_equal(h->x[1], ipa + 0x4000);
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, ipa, 3);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, ipa + 0x3000, 3, (pa + 0x3000) | 0x58);
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, ipa, 3); /* another S2AP */
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, ipa + 0x3000, 3);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, ipa + 0x3000, 3, (pa + 0x3000) | DESC);
	/* One page is not the host's: it folds, and stays out of sight as a whole. */
	EXPECT(0, h, GRANULE_DELEGATE, pa + 0x9000);
	EXPECT(0, h, RTT_FOLD, r.rd, ipa, 3);
	assert_int_equal(descriptor(ipa) & 1, 0);
	/* Unprotected mappings do not keep a table alive. */
	realm_tables(&r, ipa, 3);
	EXPECT(0, h, RTT_DESTROY, r.rd, ipa, 3);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa, 2);
	assert_int_equal(h->x[2], RMI_RTTE_UNASSIGNED);
	assert_int_equal(h->x[4], RMI_RIPAS_EMPTY);
}

static void blocks_fold_to_larger_ones_but_not_above_level_1(void **state)
{
	const uint64_t gib = UINT64_C(1) << 30, ipa = U + gib;

	realm_tables(&r, ipa, 2);
	for (uint64_t i = 0; i < 512; i++)
		EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, ipa + i * MIB2, 2,
		       (8 * gib + i * MIB2) | DESC);
	EXPECT(0, h, RTT_FOLD, r.rd, ipa, 2);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa, 1);
	assert_int_equal(h->x[1], 1);
	assert_int_equal(h->x[3], 8 * gib | DESC);
	EXPECT(0, h, RTT_DESTROY, r.rd, U, 3);
	EXPECT(0, h, RTT_DESTROY, r.rd, U, 2);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, ipa, 1);
	for (uint64_t i = 0; i < 512; i++)
		EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U + i * gib, 1,
		       (512 * gib + i * gib) | DESC);
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, U, 1);
	assert_int_equal(h->x[0], RMI_ERROR_RTT | 1 << 8);
}

static void mappings_of_a_start_level_end_with_the_realm(void **state)
{
	struct realm def = r;
	uint64_t pa = machine_alloc(h->m, 512, MIB2);

	realm_create_sized(&r, h, 32, 2, 4);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, UINT64_C(1) << 31, 2, pa | DESC);
	realm_destroy(&r); /* rmm_check: no count is left */
	r = def;
}

/* Invalidations done by the time that the realm has run again. */
static void want_tlbis(unsigned int n)
{
	realm_run(&r, 0);
	assert_int_equal(fake->tlbis, n);
}

static void translations_are_forgotten_when_a_mapping_goes(void **state)
{
	uint64_t pa = host_page(h);

	realm_add_rec(&r, true, 0);
	realm_activate(&r);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa | DESC);
	want_tlbis(0);
	EXPECT(0, h, GRANULE_DELEGATE, pa);
	want_tlbis(1);
	EXPECT(0, h, RTT_UNMAP_UNPROTECTED, r.rd, U, 3); /* hidden: nobody has it */
	want_tlbis(1);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, host_page(h) | DESC);
	EXPECT(0, h, RTT_DESTROY, r.rd, U, 3);
	want_tlbis(2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_ns(void)
{
	const struct CMUnitTest tests[] = {
		T(arguments_are_checked),
		T(a_level_above_the_start_level_is_refused),
		T(descriptors_have_only_the_hosts_fields),
		T(the_cpu_sees_a_host_page_and_never_executes_it),
		T(a_realm_that_touches_a_page_does_not_keep_it_from_delegation),
		T(delegation_waits_for_no_other_realm),
		T(delegation_takes_the_page_away_from_every_mapping),
		T(memory_that_is_not_the_hosts_is_mapped_hidden),
		T(a_block_is_visible_only_if_all_of_it_is_the_hosts),
		T(blocks_unfold_and_fold),
		T(blocks_fold_to_larger_ones_but_not_above_level_1),
		T(mappings_of_a_start_level_end_with_the_realm),
		T(translations_are_forgotten_when_a_mapping_goes),
	};

	return cmocka_run_group_tests_name("rmm unprotected mappings", tests, NULL, NULL);
}
