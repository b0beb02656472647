// SPDX-License-Identifier: BSD-3-Clause
/* test_ordinary_pmu.c - performance counters of an ordinary VM. On the real engine. */
#include <stdlib.h>

#include "tests/kvm/ordinary_fixture.h"

#define COUNTERS		     0x1180
#define SYS(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)
#define PMCR(n)			     (UINT64_C(0x40) | (uint64_t)(n) << 11)
#define PMCCNTR			     SYS(3, 3, 9, 13, 0)
#define PMCNTENSET		     SYS(3, 3, 9, 12, 1)
#define PMOVSSET		     SYS(3, 3, 9, 14, 3)
#define PMINTENSET		     SYS(3, 0, 9, 14, 1)
#define CYCLES			     BIT(31)
#define PMCCFILTR		     SYS(3, 3, 14, 15, 7)

static void an_overflow_interrupts_the_guest(void **state)
{
	struct fx *f = *state;

	ordinary_make_pmu(f, COUNTERS, NULL);
	ordinary_expect_store(f, 0, 8, PMCR(6));
	ordinary_expect_store(f, 0, 8, 23);
	assert_int_equal(fx_get_reg(f, 0, PMOVSSET), CYCLES);
	assert_int_equal(fx_get_reg(f, 0, PMINTENSET), CYCLES);
	ordinary_expect_store(f, 0, 8, 23);
	assert_int_equal(fx_get_reg(f, 0, PMOVSSET), 0);
	ordinary_expect_store(f, 0, 8, 0); /* it is pending no more */
}

/* The guest finds the counters that user space leaves it. */
static void counters_can_be_taken_away(void **state)
{
	uint32_t n = 2;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PMU_V3_CTRL,
				    .attr = KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS,
				    .addr = (uintptr_t)&n};
	struct fx *f = *state;

	fx_create_vm(f, 0);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	fx_init_vcpu(f, 0, 1u << KVM_ARM_VCPU_PSCI_0_2 | 1u << KVM_ARM_VCPU_PMU_V3);
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_PMCR_EL0), PMCR(2));
	assert_int_equal(fx_set_reg(f, 0, PMCNTENSET, UINT64_MAX), 0);
	assert_int_equal(fx_get_reg(f, 0, PMCNTENSET), CYCLES | 3);
}

static uint64_t counter(unsigned int n)
{
	return SYS(3, 3, 14, 8, 0) + n;
}

/* What is set goes into the CPU, and is what the CPU has. */
static void registers_go_round(void **state)
{
	struct fx *f = *state;
	uint64_t val[6];

	ordinary_make_pmu(f, COUNTERS, NULL);
	for (unsigned int n = 0; n < 6; n++) {
		val[n] = (uint64_t)random() << 20;
		assert_int_equal(fx_set_reg(f, 0, counter(n), val[n]), 0);
	}
	assert_int_equal(fx_set_reg(f, 0, PMCCNTR, 0x123456), 0);
	assert_int_equal(fx_set_reg(f, 0, PMOVSSET, 0x15), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_PMCR_EL0, PMCR(6)), 0);
	ordinary_expect_store(f, 0, 8, PMCR(6));
	for (unsigned int n = 0; n < 6; n++)
		assert_int_equal(fx_get_reg(f, 0, counter(n)), val[n]);
	assert_int_equal(fx_get_reg(f, 0, PMCCNTR), 0x123456);
	assert_int_equal(fx_get_reg(f, 0, PMOVSSET), 0x15);
}

/* How far the cycle counter comes in a run. */
static uint64_t cycles(struct fx *f)
{
	assert_int_equal(fx_set_reg(f, 0, PMCCNTR, 0x1000), 0);
	assert_int_equal(fx_set_reg(f, 0, PMCCFILTR, BIT(30)), 0);
	assert_int_equal(fx_set_reg(f, 0, PMCNTENSET, CYCLES), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_PMCR_EL0, PMCR(6) | 1), 0);
	ordinary_expect_store(f, 0, 8, PMCR(6) | 1);
	assert_int_equal(fx_get_reg(f, 0, PMCCFILTR), BIT(30));
	return fx_get_reg(f, 0, PMCCNTR) - 0x1000;
}

static void a_filter_says_what_is_counted(void **state)
{
	static const struct {
		uint16_t event;
		uint8_t action;
		bool counts;
	} rows[] = {
		{0x08, KVM_PMU_EVENT_DENY, true},
		{0x11, KVM_PMU_EVENT_DENY, false},
		{0x08, KVM_PMU_EVENT_ALLOW, false},
		{0x11, KVM_PMU_EVENT_ALLOW, true},
	};
	struct fx *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kvm_pmu_event_filter filter = {
			.base_event = rows[i].event, .nevents = 1, .action = rows[i].action};

		ordinary_make_pmu(f, COUNTERS, &filter);
		assert_true(rows[i].counts ? cycles(f) > 0 : cycles(f) == 0);
		fx_restart(f,
			   &(struct inproc_config){.engine = &engine_qemu, .cpu = MACHINE_CPU_PMU});
	}
}

/* It reads as zero, as all that traps. */
static void a_vcpu_without_the_feature_has_none(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, COUNTERS);
	assert_int_equal(fx_set_reg(f, 0, PMCCNTR, 0), -ENOENT);
	ordinary_expect_store(f, 0, 8, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, ordinary_setup_pmu, fx_teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_overflow_interrupts_the_guest),
		TEST(counters_can_be_taken_away),
		TEST(registers_go_round),
		TEST(a_filter_says_what_is_counted),
		TEST(a_vcpu_without_the_feature_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
