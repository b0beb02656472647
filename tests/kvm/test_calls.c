// SPDX-License-Identifier: BSD-3-Clause
/* test_calls.c - host calls, PSCI and interrupts of a realm. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <sched.h>
#include <unistd.h>

/* ---- hypercalls and PSCI ---- */

static void host_calls_are_answered_in_the_kernel(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 0, 0xc4001234}, {T_HOST, 0, RAM + 0x800}, {T_CHECK, 0, 0},
		{T_LDR, 2, RAM + 0x808, 8}, {T_CHECK, 2, UINT64_MAX}, {T_MOV, 0, 0x8600ff01},
		{T_HOST, 0, RAM + 0x800}, {T_LDR, 2, RAM + 0x808, 8}, {T_CHECK, 2, 0xb66fb428},
		{T_LDR, 2, RAM + 0x820, 8}, {T_CHECK, 2, 0x743a004d}, {T_MOV, 0, 0x80000000},
		{T_HOST, 0, RAM + 0x800}, {T_LDR, 2, RAM + 0x808, 8}, {T_CHECK, 2, 0x10001},
		SYSTEM_OFF);
	fx_realm(f, 1);
	fx_assert_off(f, 0);
	assert_int_equal(fx_exits("HOST_CALL", false), 3);
}

static void set_filter(struct fx *f, uint32_t base, uint32_t n, uint8_t action)
{
	struct kvm_smccc_filter s = {.base = base, .nr_functions = n, .action = action};
	struct kvm_device_attr a = {.group = KVM_ARM_VM_SMCCC_CTRL,
				    .attr = KVM_ARM_VM_SMCCC_FILTER,
				    .addr = (uintptr_t)&s};

	GIVES(0, f->vm, KVM_SET_DEVICE_ATTR, &a);
}

static void a_forwarded_host_call_exits_with_its_registers(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 0, 0xc6000001}, {T_MOV, 5, 55}, {T_HOST, 0, RAM + 0x800},
		{T_LDR, 2, RAM + 0x808, 8}, {T_CHECK, 2, 123}, {T_LDR, 2, RAM + 0x818, 8},
		{T_CHECK, 2, 456}, {T_MOV, 0, 0xc6000002}, {T_HOST, 0, RAM + 0x800},
		{T_LDR, 2, RAM + 0x808, 8}, {T_CHECK, 2, UINT64_MAX}, SYSTEM_OFF);
	fx_realm(f, 1);
	set_filter(f, 0xc6000001, 1, KVM_SMCCC_FILTER_FWD_TO_USER);
	set_filter(f, 0xc6000002, 1, KVM_SMCCC_FILTER_DENY);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_HYPERCALL);
	assert_int_equal(f->run[0]->hypercall.nr, 0xc6000001);
	assert_int_equal(f->run[0]->hypercall.flags, KVM_HYPERCALL_EXIT_16BIT);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM_CORE_X(5)), 55);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(0), 123), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(2), 456), 0);
	fx_assert_off(f, 0);
}

#define CPU_ON(mpidr, entry, context)                                                              \
	{T_MOV, 0, PSCI_CPU_ON_64}, {T_MOV, 1, mpidr}, {T_MOV, 2, entry}, {T_MOV, 3, context},     \
	{                                                                                          \
		T_SMC                                                                              \
	}

static void psci_in_the_kernel_starts_the_other_vcpu(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, {T_MOV, 0, PSCI_AFFINITY_INFO_64}, {T_MOV, 1, 1}, {T_MOV, 2, 0}, {T_SMC},
		{T_CHECK, 0, PSCI_AFFINITY_OFF}, CPU_ON(1, CODE + 0x800, 0x77), {T_CHECK, 0, 0},
		{T_MOV, 0, PSCI_AFFINITY_INFO_64}, {T_MOV, 1, 1}, {T_MOV, 2, 0}, {T_SMC},
		{T_CHECK, 0, PSCI_AFFINITY_ON}, CPU_ON(1, CODE + 0x800, 0),
		{T_CHECK, 0, (uint64_t)PSCI_RET_ALREADY_ON}, CPU_ON(9, CODE, 0),
		{T_CHECK, 0, (uint64_t)PSCI_RET_INVALID_PARAMETERS}, {T_LDR, 1, SHARED | UART, 4},
		SYSTEM_OFF);
	PROGRAM(1, CODE + 0x800, {T_CHECK, 0, 0x77}, {T_STR, 0, SHARED | (UART + 4), 4}, {T_HALT});
	fx_realm(f, 2);
	fx_start(&t, f, 1); /* sleeps until it is switched on */
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(f->run[0]->mmio.phys_addr, UART);
	assert_int_equal(fx_join(&t), 0);
	assert_int_equal(f->run[1]->mmio.phys_addr, UART + 4);
	assert_int_equal(f->run[1]->mmio.data[0], 0x77);
	fx_assert_off(f, 0);
}

static void every_vcpu_sleeps_after_system_off(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;
	unsigned int runs;

	PROGRAM(0, CODE, CPU_ON(1, CODE + 0x800, 0), {T_LDR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	PROGRAM(1, CODE + 0x800, {T_STR, 0, SHARED | (UART + 4), 4}, {T_HALT});
	fx_realm(f, 2);
	fx_start(&t, f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(fx_join(&t), 0);
	/* Wait until it is inside: before that it would meet a realm that is off already. */
	runs = atomic_load(&toy_runs);
	fx_start(&t, f, 1);
	while (atomic_load(&toy_runs) == runs)
		sched_yield();
	fx_assert_off(f, 0);
	inproc_signal(f->p, f->vcpu[1]);
	assert_int_equal(fx_join(&t), -EINTR);
	for (unsigned int i = 0; i < 2; i++) {
		fx_start(&t, f, i);
		inproc_signal(f->p, f->vcpu[i]);
		assert_int_equal(fx_join(&t), -EINTR);
		fx_assert_exit(f, i, KVM_EXIT_INTR);
	}
	/* Forced to run all the same, it meets a realm that is off. */
	fx_set_mp_state(f, 0, KVM_MP_STATE_RUNNABLE);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_SHUTDOWN);
}

static void system_reset_is_an_event_of_its_own(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC0(PSCI_SYSTEM_RESET));
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[0]->system_event.type, KVM_SYSTEM_EVENT_RESET);
}

static int64_t psci_complete(struct fx *f, unsigned int vcpu, uint64_t mpidr, uint32_t status)
{
	struct kvm_arm_rmi_psci_complete c = {
		.target_mpidr = mpidr, .psci_status = status, .padding = {1, 2, 3}};

	return CALL(f->vcpu[vcpu], KVM_ARM_VCPU_RMI_PSCI_COMPLETE, &c);
}

static void forward_psci(struct fx *f)
{
	set_filter(f, 0x84000000, 0x20, KVM_SMCCC_FILTER_FWD_TO_USER);
	set_filter(f, 0xc4000000, 0x20, KVM_SMCCC_FILTER_FWD_TO_USER);
}

static void psci_in_user_space_completes_by_ioctl(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, CPU_ON(1, CODE + 0x800, 0x55), {T_CHECK, 0, 0},
		{T_LDR, 1, SHARED | UART, 4}, SMC0(PSCI_SYSTEM_OFF));
	PROGRAM(1, CODE + 0x800, {T_CHECK, 0, 0x55}, {T_LDR, 1, SHARED | (UART + 4), 4});
	fx_realm(f, 2);
	forward_psci(f);
	assert_int_equal(psci_complete(f, 0, 1, 0), -EINVAL); /* no REC yet */
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_HYPERCALL);
	assert_int_equal(f->run[0]->hypercall.nr, PSCI_CPU_ON_64);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM_CORE_X(1)), 1);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM_CORE_X(2)), 0);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM_CORE_X(3)), 0);
	assert_int_equal(psci_complete(f, 0, 7, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_psci_unknown_mpidr");
	assert_int_equal(psci_complete(f, 0, 0, 0), -EINVAL); /* itself */
	assert_int_equal(psci_complete(f, 1, 0, 0), -EINVAL); /* the wrong vCPU */
	assert_int_equal(psci_complete(f, 0, 1, 5), -EINVAL); /* an odd status */
	assert_int_equal(psci_complete(f, 0, 1, (uint32_t)PSCI_RET_DENIED), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_psci_refused");
	assert_int_equal(psci_complete(f, 0, 1, 0), 0);
	assert_int_equal(psci_complete(f, 0, 1, 0), -EINVAL); /* twice */
	fx_set_mp_state(f, 1, KVM_MP_STATE_RUNNABLE);
	GIVES(0, f->vcpu[1], KVM_RUN, 0);
	assert_int_equal(f->run[1]->mmio.phys_addr, UART + 4);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(f->run[0]->hypercall.nr, PSCI_SYSTEM_OFF);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_SHUTDOWN);
}

static void running_on_with_psci_pending_is_enxio(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, CPU_ON(1, CODE + 0x800, 0x55), {T_HALT});
	fx_realm(f, 2);
	forward_psci(f);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	REFUSED(ENXIO, kvm_run_rec_refused, f->vcpu[0], KVM_RUN, 0);
	fx_set_mp_state(f, 1, KVM_MP_STATE_RUNNABLE);
	REFUSED(ENXIO, kvm_run_rec_refused, f->vcpu[1], KVM_RUN, 0);
}

static void completing_is_for_realms_only(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	REFUSED(EPERM, kvm_psci_not_realm, f->vcpu[0], KVM_ARM_VCPU_RMI_PSCI_COMPLETE, 8);
	fx_close(f, &f->vm);
	fx_create_vm(f, REALM_TYPE);
	inproc_munmap(f->p, f->run[0], KVM_VCPU_MMAP_SIZE);
	f->run[0] = NULL;
	fx_create_vcpus(f, 1);
	REFUSED(EFAULT, kvm_arg_fault, f->vcpu[0], KVM_ARM_VCPU_RMI_PSCI_COMPLETE, 8);
}

/* ---- interrupts ---- */

static void a_timer_output_raises_its_ppi(void **state)
{
	struct fx *f = *state;
	const uint64_t sgi = SHARED | (REDIST + 0x10000);

	PROGRAM(0, CODE, {T_MOV, 1, 0x12}, {T_STR, 1, SHARED | DIST, 4}, /* group 1 on */
		{T_MOV, 1, UINT32_MAX}, {T_STR, 1, sgi + 0x80, 4}, {T_STR, 1, sgi + 0x100, 4},
		{T_TIMER, 0, 5}, {T_IRQ, 2}, {T_CHECK, 2, 27}, {T_TIMER, 0, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	fx_assert_off(f, 0);
}

static void an_sgi_reaches_the_other_vcpu(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;
	const uint64_t sgi = SHARED | (REDIST + 0x10000);

	PROGRAM(0, CODE, {T_MOV, 1, 0x12}, {T_STR, 1, SHARED | DIST, 4}, {T_MOV, 1, UINT32_MAX},
		{T_STR, 1, sgi + 0x80, 4}, {T_STR, 1, sgi + 0x100, 4},
		CPU_ON(1, CODE + 0x800, 0x77), {T_CHECK, 0, 0}, {T_IRQ, 1}, {T_CHECK, 1, 3},
		SYSTEM_OFF);
	PROGRAM(1, CODE + 0x800, {T_CHECK, 0, 0x77}, {T_SGI, 0, UINT64_C(3) << 24 | 1}, {T_HALT});
	fx_realm(f, 2);
	fx_start(&t, f, 1);
	fx_assert_off(f, 0);
	inproc_signal(f->p, f->vcpu[1]);
	assert_int_equal(fx_join(&t), -EINTR);
}

static void an_irq_line_wakes_a_vcpu_that_waits(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;
	struct kvm_irq_level l = {.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | 40,
				  .level = 1};

	PROGRAM(0, CODE, {T_MOV, 1, 0x12}, {T_STR, 1, SHARED | DIST, 4}, {T_MOV, 1, UINT32_MAX},
		{T_STR, 1, SHARED | (DIST + 0x84), 4}, {T_STR, 1, SHARED | (DIST + 0x104), 4},
		{T_IRQ, 2}, {T_CHECK, 2, 40}, {T_LDR, 1, SHARED | UART, 4});
	fx_realm(f, 1);
	fx_start(&t, f, 0);
	fx_wait_until(fx_engine_ran, NULL);
	GIVES(0, f->vm, KVM_IRQ_LINE, &l);
	assert_int_equal(fx_join(&t), 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
}

static void cpu_suspend_waits_and_returns(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_TIMER, 0, 1}, SMC0(PSCI_CPU_SUSPEND_64), {T_CHECK, 0, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	fx_assert_off(f, 0);
}

static void a_suspended_vcpu_wakes_with_an_event(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;
	struct kvm_irq_level l = {.irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | 40,
				  .level = 1};

	PROGRAM(0, CODE, {T_MOV, 1, 0x12}, {T_STR, 1, SHARED | DIST, 4}, {T_MOV, 1, UINT32_MAX},
		{T_STR, 1, SHARED | (DIST + 0x84), 4}, {T_STR, 1, SHARED | (DIST + 0x104), 4},
		{T_LDR, 1, SHARED | UART, 4}, {T_HALT});
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_set_mp_state(f, 0, KVM_MP_STATE_SUSPENDED);
	fx_start(&t, f, 0);
	GIVES(0, f->vm, KVM_IRQ_LINE, &l);
	assert_int_equal(fx_join(&t), 0);
	fx_assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[0]->system_event.type, 4); /* WAKEUP */
}

/* The virtual timer's PPI is enabled, the vCPU suspended: nobody but the timer wakes it. */
static void a_suspended_vcpu_is_woken_by_its_timer(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 1, 0x12}, {T_STR, 1, SHARED | DIST, 4}, {T_MOV, 1, UINT32_MAX},
		{T_STR, 1, SHARED | (REDIST + 0x10080), 4},
		{T_STR, 1, SHARED | (REDIST + 0x10100), 4}, {T_TIMER, 0, 1, 20},
		{T_LDR, 1, SHARED | UART, 4}, {T_HALT});
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	fx_set_mp_state(f, 0, KVM_MP_STATE_SUSPENDED);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[0]->system_event.type, 4); /* WAKEUP */
}

/* Standby with a timer far away enters the realm no more until something comes. */
static void standby_does_not_poll(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;
	unsigned int runs;

	PROGRAM(0, CODE, {T_TIMER, 0, 1, 60000}, {T_LDR, 1, SHARED | UART, 4},
		SMC0(PSCI_CPU_SUSPEND_64), SMC0(PSCI_CPU_SUSPEND_64), {T_HALT});
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	runs = atomic_load(&toy_runs);
	fx_start(&t, f, 0);
	usleep(50000);
	assert_in_range(atomic_load(&toy_runs), runs, runs + 1);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_calls(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(host_calls_are_answered_in_the_kernel),
		TEST(a_forwarded_host_call_exits_with_its_registers),
		TEST(psci_in_the_kernel_starts_the_other_vcpu),
		TEST(every_vcpu_sleeps_after_system_off),
		TEST(system_reset_is_an_event_of_its_own),
		TEST(psci_in_user_space_completes_by_ioctl),
		TEST(running_on_with_psci_pending_is_enxio),
		TEST(completing_is_for_realms_only),
		TEST(a_timer_output_raises_its_ppi),
		TEST(an_sgi_reaches_the_other_vcpu),
		TEST(an_irq_line_wakes_a_vcpu_that_waits),
		TEST(cpu_suspend_waits_and_returns),
		TEST(a_suspended_vcpu_wakes_with_an_event),
		TEST(a_suspended_vcpu_is_woken_by_its_timer),
		TEST(standby_does_not_poll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
