// SPDX-License-Identifier: BSD-3-Clause
/* test_granule.c - delegation, wiping, and what the host may not touch. */
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

static void delegate_wipes_and_undelegate_gives_back(void **state)
{
	struct host *h = *state;
	uint64_t pa = host_page(h);
	uint8_t *p = host_va(h, pa);

	memset(p, 0xaa, GRANULE_SIZE);
	EXPECT(0, h, GRANULE_DELEGATE, pa);
	assert_int_equal(h->x[1] | h->x[2] | h->x[3], 0);
	assert_int_equal(p[0] | p[4095], 0);
	assert_true(rmm_granule_protected(h->rmm, pa + 17));
	assert_false(rmm_granule_protected(h->rmm, pa + GRANULE_SIZE));
	assert_int_equal(rmm_delegated_granules(h->rmm), 1);
	EXPECT(0, h, GRANULE_UNDELEGATE, pa);
	assert_false(rmm_granule_protected(h->rmm, pa));
	assert_int_equal(rmm_delegated_granules(h->rmm), 0);
}

static void a_hidden_page_that_nobody_used_costs_no_memory(void **state)
{
	struct host *h = *state;
	uint64_t pa = host_page(h);

	machine_hide(h->m, pa, 1);
	EXPECT(0, h, GRANULE_DELEGATE, pa);
	assert_true(machine_page_is_hole(h->m, pa));
	EXPECT(0, h, GRANULE_UNDELEGATE, pa);
	assert_true(machine_page_is_hole(h->m, pa));
}

static void only_ram_in_the_right_state_is_taken(void **state)
{
	struct host *h = *state;
	uint64_t pa = host_granule(h);
	const uint64_t bad[] = {pa,
				pa + 1,
				pa + 8,
				0,
				MACHINE_RAM_BASE,
				MACHINE_RAM_BASE - 4096,
				MACHINE_RAM_BASE + machine_size(h->m),
				~UINT64_C(0)};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		REFUSED(rmi_delegate_state, h, GRANULE_DELEGATE, bad[i]);
	for (unsigned int i = 1; i < ARRAY_SIZE(bad); i++)
		REFUSED(rmi_undelegate_state, h, GRANULE_UNDELEGATE, bad[i]);
	assert_int_equal(h->x[0], RMI_ERROR_INPUT);
}

static void unknown_identifiers_answer_not_supported(void **state)
{
	struct host *h = *state;
	const uint64_t fids[] = {0xC4000156,  0xC4000160,   0xC4000163, 0xC400016A,
				 RSI_VERSION, PSCI_VERSION, 0,		~UINT64_C(0)};

	for (unsigned int i = 0; i < ARRAY_SIZE(fids); i++) {
		assert_int_equal(host_smc(h, fids[i], NULL, 0), SMC_NOT_SUPPORTED);
		assert_ptr_equal(h->why, &rule_rmi_unknown_fid);
	}
}

static void only_the_low_half_of_the_identifier_counts_and_no_sve_hint(void **state)
{
	struct host *h = *state;

	assert_int_equal(host_smc(h, RMI_FEATURES | 0x10000, (uint64_t[]){0}, 1), 0);
	assert_int_equal(host_smc(h, RMI_FEATURES | UINT64_C(7) << 32, (uint64_t[]){0}, 1), 0);
}

static void version_1_0_alone_is_supported(void **state)
{
	struct host *h = *state;
	const uint64_t other[] = {0, 1, 0xffff, 0x10001, 0x20000, UINT64_C(1) << 32 | 0x10000};

	EXPECT(0, h, VERSION, 0x10000);
	assert_int_equal(h->x[1], 0x10000);
	assert_int_equal(h->x[2], 0x10000);
	for (unsigned int i = 0; i < ARRAY_SIZE(other); i++) {
		REFUSED(rmi_version, h, VERSION, other[i]);
		assert_int_equal(h->x[0], RMI_ERROR_INPUT);
		assert_int_equal(h->x[1], 0x10000);
		assert_int_equal(h->x[2], 0x10000);
	}
}

static void features_describe_the_platform(void **state)
{
	struct host *h = *state;
	uint64_t f;

	EXPECT(0, h, FEATURES, 0);
	f = h->x[1];
	assert_int_equal(FIELD_GET(RMI_FEATURE0_S2SZ, f), 48);
	assert_int_equal(f & (RMI_FEATURE0_LPA2 | RMI_FEATURE0_SVE_EN | RMI_FEATURE0_PMU_EN), 0);
	assert_int_equal(FIELD_GET(RMI_FEATURE0_NUM_BPS, f), 5);
	assert_int_equal(FIELD_GET(RMI_FEATURE0_NUM_WPS, f), 3);
	assert_int_equal(FIELD_GET(RMI_FEATURE0_GICV3_NUM_LRS, f), 3);
	assert_int_equal(FIELD_GET(RMI_FEATURE0_MAX_RECS_ORDER, f), 7);
	assert_true(f & RMI_FEATURE0_HASH_SHA_256);
	assert_true(f & RMI_FEATURE0_HASH_SHA_512);
	EXPECT(0, h, FEATURES, 1);
	assert_int_equal(h->x[1], 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

int test_granule(void)
{
	const struct CMUnitTest tests[] = {
		T(delegate_wipes_and_undelegate_gives_back),
		T(a_hidden_page_that_nobody_used_costs_no_memory),
		T(only_ram_in_the_right_state_is_taken),
		T(unknown_identifiers_answer_not_supported),
		T(only_the_low_half_of_the_identifier_counts_and_no_sve_hint),
		T(version_1_0_alone_is_supported),
		T(features_describe_the_platform),
	};

	return cmocka_run_group_tests_name("rmm granules", tests, NULL, NULL);
}
