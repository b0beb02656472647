// SPDX-License-Identifier: BSD-3-Clause
/* test_psci.c - PSCI as the RMM answers it, and its completion by the host. */
#include "base/fault.h"
#include "rmm/state.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define B	IPA_B
#define U	IPA_U
#define INVALID ((uint64_t)PSCI_RET_INVALID_PARAMETERS)

static struct host *h;
static struct realm r;

static int setup(void **state)
{
	host_setup(state);
	h = *state;
	realm_create(&r, h);
	realm_add_rec(&r, true, B);
	realm_add_rec(&r, false, 0);
	realm_add_rec(&r, true, 0);
	realm_activate(&r);
	return 0;
}

static int teardown(void **state)
{
	realm_destroy(&r);
	return host_teardown(state);
}

static uint64_t call[5], answer[5];
static struct engine_frame started; /* of a run that makes no call */
static bool called;

static enum engine_exit call_then_wait(struct engine *e, unsigned int cpu)
{
	if (!called) {
		called = true;
		e->sys[cpu][ENGINE_SCTLR_EL1] |= call[0] == PSCI_CPU_ON ? BIT(25) : 0;
		return script_smc(e, cpu, call[0], &call[1], 4);
	}
	started = e->frame[cpu];
	memcpy(answer, e->frame[cpu].x, sizeof(answer));
	return ENGINE_EXIT_IRQ;
}

static const struct rmi_rec_exit *realm_calls(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3)
{
	const uint64_t c[] = {fid, x1, x2, x3, 0x44};

	memcpy(call, c, sizeof(call));
	memset(answer, 0xff, sizeof(answer));
	called = false;
	script = call_then_wait;
	return realm_run(&r, 0);
}

static void answered(uint64_t x0)
{
	assert_int_equal(answer[0], x0);
	assert_int_equal(answer[1] | answer[2] | answer[3], 0);
	assert_int_equal(answer[4], 0x44);
}

static void answers(uint64_t x0, uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3)
{
	assert_int_equal(realm_calls(fid, x1, x2, x3)->exit_reason, RMI_EXIT_IRQ);
	answered(x0);
}

static void exits(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t shown_x1)
{
	const struct rmi_rec_exit *x = realm_calls(fid, x1, x2, x3);

	assert_int_equal(x->exit_reason, RMI_EXIT_PSCI);
	assert_int_equal(x->gprs[0], fid);
	assert_int_equal(x->gprs[1], shown_x1);
	for (int i = 2; i < 31; i++)
		assert_int_equal(x->gprs[i], 0);
}

static void versions_and_features(void **state)
{
	static const uint32_t there[] = {
		PSCI_VERSION,	 PSCI_CPU_SUSPEND,  PSCI_CPU_SUSPEND_64, PSCI_CPU_OFF,
		PSCI_CPU_ON,	 PSCI_CPU_ON_64,    PSCI_AFFINITY_INFO,	 PSCI_AFFINITY_INFO_64,
		PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET, PSCI_FEATURES,	 SMCCC_VERSION,
	};
	static const uint32_t absent[] = {0x84000005, 0x84000006, 0xC4000007, 0xC4000012,
					  0x8400000E, 0xC400000E, 0x84000014, RSI_VERSION};
	const uint64_t no = ~UINT64_C(0);

	answers(0x10001, PSCI_VERSION, 0, 0, 0);
	answers(0x10002, SMCCC_VERSION, 0, 0, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(there); i++)
		answers(0, PSCI_FEATURES, there[i] | UINT64_C(1) << 32, 0, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++) {
		answers(no, PSCI_FEATURES, absent[i], 0, 0);
		if (absent[i] != RSI_VERSION)
			answers(no, absent[i], 1, 2, 3);
	}
}

static void suspend_goes_on_after_the_call(void **state)
{
	exits(PSCI_CPU_SUSPEND_64, 1, 2, 3, 0);
	realm_run(&r, 0);
	answered(0);
	assert_int_equal(started.pc, B + 4);
}

static void a_cpu_that_is_off_does_not_run(void **state)
{
	exits(PSCI_CPU_OFF, 1, 2, 3, 0);
	REFUSED(rmi_enter_not_runnable, h, REC_ENTER, r.rec[0], r.run[0]);
}

static void bad_cpu_on_requests_do_not_reach_the_host(void **state)
{
	answers((uint64_t)PSCI_RET_INVALID_ADDRESS, PSCI_CPU_ON_64, 1, U, 0);
	answers(INVALID, PSCI_CPU_ON_64, 3, B, 0);
	answers(INVALID, PSCI_CPU_ON_64, UINT64_C(1) << 32, B, 0); /* Aff3 */
	answers(INVALID, PSCI_CPU_ON, 0x100, B, 0);
	answers((uint64_t)PSCI_RET_ALREADY_ON, PSCI_CPU_ON_64, 0, B, 0);
	answers(INVALID, PSCI_AFFINITY_INFO_64, 1, 1, 0);
	answers(INVALID, PSCI_AFFINITY_INFO_64, 3, 0, 0);
	answers(PSCI_AFFINITY_ON, PSCI_AFFINITY_INFO_64, 0, 0, 0);
}

static void completion_is_checked(void **state)
{
	struct realm first = r, second;

	realm_create(&r, h);
	realm_add_rec(&r, false, 0);
	realm_add_rec(&r, false, 0);
	second = r;
	r = first;
	REFUSED(rmi_psci_not_pending, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0);
	exits(PSCI_CPU_ON_64, 1, B, 0x77, 1);
	REFUSED(rmi_enter_psci_pending, h, REC_ENTER, r.rec[0], r.run[0]);
	REFUSED(rmi_rec_state, h, PSCI_COMPLETE, r.rd, r.rec[1], 0);
	REFUSED(rmi_psci_target_state, h, PSCI_COMPLETE, r.rec[0], r.rd, 0);
	REFUSED(rmi_granules_equal, h, PSCI_COMPLETE, r.rec[0], r.rec[0], 0);
	REFUSED(rmi_psci_owner, h, PSCI_COMPLETE, r.rec[0], second.rec[1], 0);
	REFUSED(rmi_psci_target, h, PSCI_COMPLETE, r.rec[0], r.rec[2], 0);
	REFUSED(rmi_psci_status, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 1);
	REFUSED(rmi_psci_status, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0xfffffffd);
	EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0);
	REFUSED(rmi_psci_not_pending, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0);
	r = second;
	realm_destroy(&r);
	r = first;
}

static void a_started_cpu_begins_as_it_was_asked_to(void **state)
{
	struct rec *target = host_va(h, r.rec[1]);

	memset(target->x, 0xee, sizeof(target->x));
	exits(PSCI_CPU_ON_64, 1, B + 0x40, 0x77, 1);
	EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0);
	/* The target runs, whether or not the caller was entered again. */
	realm_run(&r, 1);
	assert_int_equal(started.pc, B + 0x40);
	assert_int_equal(started.x[0], 0x77);
	for (int i = 1; i < 31; i++)
		assert_int_equal(started.x[i], 0);
	assert_int_equal(started.pstate, 0x3c5);
	assert_int_equal(started.vmpidr, UINT64_C(0x80000001));
	assert_int_equal(fake->sys[1][ENGINE_SCTLR_EL1], 0x00c50878);
	realm_run(&r, 0);
	answered(0);
}

static void a_cpu_that_comes_back_is_reset_with_its_callers_endianness(void **state)
{
	exits(PSCI_CPU_ON, 1, B, 0, 1);
	EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0);
	assert_int_equal(fake->resets, 1);
	realm_run(&r, 1);
	assert_int_equal(fake->resets, 2);
	assert_int_equal(fake->sys[1][ENGINE_SCTLR_EL1], 0x00c50878 | BIT(25));
	((struct rec *)host_va(h, r.rec[1]))->runnable = false; /* CPU_OFF */
	realm_run(&r, 0);
	exits(PSCI_CPU_ON_64, 1, B, 0, 1);
	EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[1], 0);
	realm_run(&r, 1);
	assert_int_equal(fake->resets, 3);
}

static void a_cpu_that_is_on_cannot_be_denied(void **state)
{
	exits(PSCI_CPU_ON_64, 2, B, 0x77, 2);
	REFUSED(rmi_psci_denied, h, PSCI_COMPLETE, r.rec[0], r.rec[2], (uint64_t)PSCI_RET_DENIED);
	EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[2], 0);
	realm_run(&r, 0);
	answered((uint64_t)PSCI_RET_ALREADY_ON);
	assert_int_equal(((struct rec *)host_va(h, r.rec[2]))->pc, 0);
}

static void affinity_info_tells_on_and_off(void **state)
{
	for (unsigned int target = 1; target <= 2; target++) {
		exits(PSCI_AFFINITY_INFO_64, target, 0, 0, target);
		REFUSED(rmi_psci_denied, h, PSCI_COMPLETE, r.rec[0], r.rec[target],
			(uint64_t)PSCI_RET_DENIED);
		EXPECT(0, h, PSCI_COMPLETE, r.rec[0], r.rec[target], 0);
		realm_run(&r, 0);
		answered(target == 1 ? PSCI_AFFINITY_OFF : PSCI_AFFINITY_ON);
	}
}

static void a_switched_off_realm_never_runs_again(void **state)
{
	exits(PSCI_SYSTEM_RESET, 1, 2, 3, 0);
	REFUSED(rmi_enter_system_off, h, REC_ENTER, r.rec[0], r.run[0]);
	REFUSED(rmi_enter_system_off, h, REC_ENTER, r.rec[2], r.run[2]);
	assert_int_equal(h->x[0], RMI_ERROR_REALM | 1 << 8);
}

static void a_fault_on_demand_replaces_the_command(void **state)
{
	char err[100];

	assert_int_equal(fault_add("rmi=FEATURES:nth=1:status=RMI_ERROR_REC", err, sizeof(err)), 0);
	REFUSED(rmi_fault, h, FEATURES, 0);
	assert_int_equal(h->x[0], RMI_ERROR_REC);
	EXPECT(0, h, FEATURES, 0);
	fault_clear();
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_psci(void)
{
	const struct CMUnitTest tests[] = {
		T(versions_and_features),
		T(suspend_goes_on_after_the_call),
		T(a_cpu_that_is_off_does_not_run),
		T(bad_cpu_on_requests_do_not_reach_the_host),
		T(completion_is_checked),
		T(a_started_cpu_begins_as_it_was_asked_to),
		T(a_cpu_that_comes_back_is_reset_with_its_callers_endianness),
		T(a_cpu_that_is_on_cannot_be_denied),
		T(affinity_info_tells_on_and_off),
		T(a_switched_off_realm_never_runs_again),
		T(a_fault_on_demand_replaces_the_command),
	};

	return cmocka_run_group_tests_name("rmm PSCI", tests, NULL, NULL);
}
