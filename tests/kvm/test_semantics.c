// SPDX-License-Identifier: BSD-3-Clause
/* test_semantics.c - which RMM a realm sees in each revision, and numbers that are data. */
#include "tests/kvm/revisions.h"
#include "tests/kvm/suites.h"

static void rsi_is_1_1_from_v13_on(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		if (r <= V12_6_19)
			PROGRAM(0, CODE, {T_MOV, 0, RSI_VERSION}, {T_MOV, 1, 0x10001}, {T_SMC},
				{T_CHECK, 0, RSI_ERROR_INPUT}, {T_CHECK, 1, 0x10000},
				{T_CHECK, 2, 0x10000}, SYSTEM_OFF);
		else
			PROGRAM(0, CODE, {T_MOV, 0, RSI_VERSION}, {T_MOV, 1, 0x10001}, {T_SMC},
				{T_CHECK, 0, 0}, {T_CHECK, 1, 0x10001}, {T_CHECK, 2, 0x10001},
				{T_MOV, 0, RSI_VERSION}, {T_MOV, 1, 0x10000}, {T_SMC},
				{T_CHECK, 0, 0}, {T_CHECK, 1, 0x10000}, {T_CHECK, 2, 0x10001},
				{T_MOV, 0, RSI_VERSION}, {T_MOV, 1, 0x20000}, {T_SMC},
				{T_CHECK, 0, RSI_ERROR_INPUT}, {T_CHECK, 1, 0x10001},
				{T_CHECK, 2, 0x10001}, SYSTEM_OFF);
		fx_realm(f, 1);
		fx_assert_off(f, 0);
	}
}

static void the_realm_config_tells_of_the_gic_from_v13_on(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		PROGRAM(0, CODE, {T_MOV, 0, RSI_REALM_CONFIG}, {T_MOV, 1, DATA}, {T_SMC},
			{T_CHECK, 0, 0}, {T_LDR, 1, DATA, 8}, {T_CHECK, 1, IPA_BITS},
			{T_LDR, 2, DATA + 0x18, 8}, {T_STR, 2, SHARED | UART, 8});
		fx_realm(f, 1);
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_MMIO);
		/* 0x90a00003: PRIbits 4, PREbits 4, IDbits 1, A3V, TDS, four list registers */
		assert_int_equal(f->run[0]->mmio.data[3], r >= V13 ? 0x90 : 0);
		assert_int_equal(f->run[0]->mmio.data[0], r >= V13 ? 3 : 0);
	}
}

#define AFFINITY_INFO(mpidr, want)                                                                 \
	{T_MOV, 0, PSCI_AFFINITY_INFO_64}, {T_MOV, 1, mpidr}, {T_MOV, 2, 0}, {T_SMC},              \
	{                                                                                          \
		T_CHECK, 0, want                                                                   \
	}

static void affinity_info_is_the_rmm_s_from_v15_on(void **state)
{
	struct fx *f = *state;

	FOR_EACH(r, V12)
	{
		PROGRAM(0, CODE, AFFINITY_INFO(1, PSCI_AFFINITY_OFF),
			AFFINITY_INFO(0, PSCI_AFFINITY_ON), SYSTEM_OFF);
		fx_realm(f, 2);
		fx_assert_off(f, 0);
		assert_int_equal(fx_exits("PSCI", false), r < V15);
	}
}

static void the_rmm_can_be_chosen(void **state)
{
	static const struct {
		const char *name;
		enum kvm_rmm rmm;
		unsigned int version;
	} rows[] = {{"v12", KVM_RMM_2_0, 0x10001}, {"v15", KVM_RMM_1_0, 0x10000}};
	struct fx *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct inproc_config cfg = {.engine = &engine_toy,
					    .revision = kvm_revision_find(rows[i].name),
					    .rmm = rows[i].rmm};

		fx_restart(f, &cfg);
		PROGRAM(0, CODE, {T_MOV, 0, RSI_VERSION}, {T_MOV, 1, 0x20000}, {T_SMC},
			{T_STR, 2, SHARED | UART, 8});
		fx_realm(f, 1);
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_MMIO);
		assert_int_equal(f->run[0]->mmio.data[0], rows[i].version & 0xff);
	}
}

static void the_capability_number_is_data(void **state)
{
	struct inproc_config cfg = {.engine = &engine_toy, .cap_rmi = 300};
	struct fx *f = *state;

	for (unsigned int r = 0; r < NUM_REVISIONS; r++) {
		cfg.revision = kvm_revisions[r];
		fx_restart(f, &cfg);
		fx_create_vm(f, REALM_TYPE);
		GIVES(1, f->sys, KVM_CHECK_EXTENSION, 300);
		GIVES(1, f->vm, KVM_CHECK_EXTENSION, 300);
		GIVES(0, f->vm, KVM_CHECK_EXTENSION, f->rev->cap_rmi);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_semantics(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rsi_is_1_1_from_v13_on),
		TEST(the_realm_config_tells_of_the_gic_from_v13_on),
		TEST(affinity_info_is_the_rmm_s_from_v15_on),
		TEST(the_rmm_can_be_chosen),
		TEST(the_capability_number_is_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
