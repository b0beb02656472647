// SPDX-License-Identifier: BSD-3-Clause
/* test_run.c - KVM_RUN: its first time, signals, the end. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <fcntl.h>
#include <sys/mman.h>

/* ---- the first run ---- */

static void before_vcpu_init_is_enoexec(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	REFUSED(ENOEXEC, kvm_run_not_initialized, f->vcpu[0], KVM_RUN, 0);
	REFUSED(EINVAL, kvm_arg_not_zero, f->vcpu[0], KVM_RUN, 1);
}

static void an_ordinary_vm_without_an_engine_is_refused_by_name(void **state)
{
	const struct inproc_config no_engine = {0};
	struct fx *f = *state;

	fx_restart(f, &no_engine);
	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	REFUSED(EOPNOTSUPP, kvm_run_ordinary_vm, f->vcpu[0], KVM_RUN, 0);
}

static void an_ordinary_vm_runs_too(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 1, 5}, {T_STR, 1, DATA, 8}, {T_LDR, 2, DATA, 8}, {T_CHECK, 2, 5},
		{T_LDR, 3, UART, 4}, {T_CHECK, 3, 9}, {T_LDP, 4, UART});
	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	f->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(f->run[0]->mmio.phys_addr, UART);
	memset(f->run[0]->mmio.data, 0, 8);
	f->run[0]->mmio.data[0] = 9;
	REFUSED(ENOSYS, kvm_run_no_syndrome, f->vcpu[0], KVM_RUN, 0);
}

static void an_ordinary_vm_is_reset_and_suspended_by_its_guest(void **state)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_SYSTEM_SUSPEND};
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 0, 0xC400000E}, {T_SMC}, {T_CHECK, 0, UINT64_MAX},
		{T_LDR, 3, UART, 4}, {T_MOV, 0, 0xC400000E}, {T_SMC}, {T_CHECK, 0, 0xC400000E},
		{T_MOV, 0, 0xC4000012}, {T_MOV, 1, 5}, {T_SMC}, {T_CHECK, 0, -UINT64_C(2)},
		{T_MOV, 0, 0xC4000012}, {T_MOV, 1, 0}, {T_SMC});
	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	f->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[0]->system_event.type, KVM_SYSTEM_EVENT_SUSPEND);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[0]->system_event.type, KVM_SYSTEM_EVENT_RESET);
	assert_int_equal(f->run[0]->system_event.data[0], KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2);
}

static void without_irqchip_the_realm_dies(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	REFUSED(EOPNOTSUPP, kvm_run_no_irqchip, f->vcpu[0], KVM_RUN, 0);
	REFUSED(ENXIO, kvm_realm_dead, f->vcpu[0], KVM_RUN, 0);
	fx_create_gic(f, true);
	REFUSED(ENXIO, kvm_realm_dead, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(fx_populate(f, RAM, PAGE, NULL, 0), -ENXIO);
}

static void an_uninitialised_gic_kills_the_vm(void **state)
{
	struct fx *f = *state;
	struct kvm_mp_state s;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, false);
	GIVES(-EBUSY, f->vcpu[0], KVM_RUN, 0);
	REFUSED(EIO, kvm_vm_dead, f->vcpu[0], KVM_RUN, 0);
	REFUSED(EIO, kvm_vm_dead, f->vcpu[0], KVM_GET_MP_STATE, &s);
	REFUSED(EIO, kvm_vm_dead, f->vm, KVM_CREATE_VCPU, 1);
}

static void a_vcpu_without_psci_makes_it_dead(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	fx_init_vcpu(f, 0, 0);
	fx_create_gic(f, true);
	REFUSED(EINVAL, kvm_rec_no_psci, f->vcpu[0], KVM_RUN, 0);
	REFUSED(ENXIO, kvm_realm_dead, f->vcpu[0], KVM_RUN, 0);
}

static void vcpu_ids_must_count_up_in_order(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 1);
	fx_init_vcpu(f, 0, 1u << KVM_ARM_VCPU_PSCI_0_2);
	fx_create_gic(f, true);
	REFUSED(ENXIO, kvm_rec_create_failed, f->vcpu[0], KVM_RUN, 0);
	REFUSED(ENXIO, kvm_realm_dead, f->vcpu[0], KVM_RUN, 0);
}

static void a_gmem_slot_in_the_upper_half_makes_it_dead(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	fx_create_gmem(f, RAM_SIZE, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, SHARED, RAM_SIZE, NULL, f->gmem, 0), 0);
	REFUSED(ENXIO, kvm_realm_ripas_failed, f->vcpu[0], KVM_RUN, 0);
	REFUSED(ENXIO, kvm_realm_dead, f->vcpu[0], KVM_RUN, 0);
}

static void two_timers_with_one_ppi_are_refused(void **state)
{
	struct fx *f = *state;
	uint32_t irq = 30;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_TIMER_CTRL,
				    .attr = KVM_ARM_VCPU_TIMER_IRQ_VTIMER,
				    .addr = (uintptr_t)&irq};

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(EINVAL, kvm_run_timer_ppis, f->vcpu[0], KVM_RUN, 0);
	irq = 20;
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	f->run[0]->immediate_exit = 1;
	REFUSED(EINTR, kvm_run_immediate_exit, f->vcpu[0], KVM_RUN, 0);
	REFUSED(EBUSY, kvm_timer_fixed, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
}

static void immediate_exit_comes_after_activation(void **state)
{
	struct fx *f = *state;

	fx_realm(f, 1);
	f->run[0]->immediate_exit = 1;
	REFUSED(EINTR, kvm_run_immediate_exit, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(fx_populate(f, RAM + PAGE, PAGE, f->source, 0), -EBUSY);
	assert_string_equal(fx_last_rule(), "kvm_realm_active");
	assert_int_equal(fx_populate(f, RAM + PAGE, 0, f->source, 0), -EBUSY);
	REFUSED(EBUSY, kvm_create_vcpu_late, f->vm, KVM_CREATE_VCPU, 1);
	assert_int_equal(toy_runs, 0);
}

static void code_that_was_not_populated_is_enxio(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, DATA, {T_HALT});
	fx_realm(f, 1);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, DATA), 0);
	REFUSED(ENXIO, kvm_run_instruction_abort, f->vcpu[0], KVM_RUN, 0);
}

static void the_rec_starts_with_the_registers_that_were_set(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_CHECK, 0, 0x1000}, {T_CHECK, 7, 0x1007}, {T_CHECK, 8, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	for (unsigned int i = 0; i < 9; i++)
		assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(i), 0x1000 + i), 0);
	fx_assert_off(f, 0);
}

/* ---- signals ---- */

static void a_signal_ends_a_run_with_eintr(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, {T_HALT});
	fx_realm(f, 1);
	fx_start(&t, f, 0);
	fx_wait_until(fx_engine_ran, NULL);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	fx_assert_exit(f, 0, KVM_EXIT_INTR);
}

static void a_signal_before_the_run_is_not_lost(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_HALT});
	fx_realm(f, 1);
	for (int i = 0; i < 1000; i++) {
		inproc_signal(f->p, f->vcpu[0]);
		REFUSED(EINTR, kvm_run_interrupted, f->vcpu[0], KVM_RUN, 0);
	}
}

static void a_stopped_vcpu_sleeps_until_a_signal(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, SYSTEM_OFF);
	fx_realm(f, 1);
	fx_set_mp_state(f, 0, KVM_MP_STATE_STOPPED);
	fx_start(&t, f, 0);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	fx_assert_exit(f, 0, KVM_EXIT_INTR);
	assert_int_equal(toy_runs, 0);
	fx_set_mp_state(f, 0, KVM_MP_STATE_RUNNABLE);
	fx_assert_off(f, 0);
}

static void runs_move_between_threads(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, {T_MOV, 1, 7}, {T_STR, 1, SHARED | UART, 4}, {T_STR, 1, SHARED | UART, 4},
		SYSTEM_OFF);
	fx_realm(f, 1);
	fx_start(&t, f, 0);
	assert_int_equal(fx_join(&t), 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	fx_start(&t, f, 0);
	assert_int_equal(fx_join(&t), 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	fx_assert_off(f, 0);
}

/* ---- the end ---- */

static void a_lost_engine_is_an_internal_error(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LOSE});
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_INTERNAL_ERROR);
	GIVES(0, f->vcpu[0], KVM_RUN, 0); /* and again, no hang */
	fx_assert_exit(f, 0, KVM_EXIT_INTERNAL_ERROR);
}

static void a_vm_lives_as_long_as_any_of_its_files(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, DATA, 8}, {T_LDR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_close(f, &f->vm);
	fx_close(f, &f->gic);
	fx_close(f, &f->sys);
	fx_assert_off(f, 0);
	fx_close(f, &f->gmem);
	assert_true(rmm_delegated_granules(inproc_rmm(f->p)) > 0);
	inproc_munmap(f->p, f->run[0], KVM_VCPU_MMAP_SIZE);
	f->run[0] = NULL;
	fx_close(f, &f->vcpu[0]);
	assert_int_equal(rmm_delegated_granules(inproc_rmm(f->p)), 0);
	assert_int_equal(toy_engines, 0);
}

static void two_realms_run_side_by_side(void **state)
{
	struct fx *f = *state, g = {0};
	struct fx_thread t, u;

	PROGRAM(0, CODE, {T_LDR, 1, DATA, 8}, {T_CHECK, 1, 0}, {T_MOV, 1, 1}, {T_STR, 1, DATA, 8},
		SYSTEM_OFF);
	fx_realm(f, 1);
	g.p = f->p;
	g.rev = f->rev;
	g.sys = inproc_open(g.p);
	fx_realm(&g, 1);
	fx_start(&t, f, 0);
	fx_start(&u, &g, 0);
	assert_int_equal(fx_join(&t), 0);
	assert_int_equal(fx_join(&u), 0);
	fx_assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	fx_assert_exit(&g, 0, KVM_EXIT_SYSTEM_EVENT);
	inproc_forget(f->p, g.ram, RAM_SIZE);
	inproc_munmap(g.p, g.run[0], KVM_VCPU_MMAP_SIZE);
}

static unsigned int open_descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void fifty_realms_in_a_row_leave_nothing(void **state)
{
	struct fx *f = *state;
	unsigned int before = open_descriptors();

	for (int i = 0; i < 50; i++) {
		PROGRAM(0, CODE, {T_STR, 1, DATA, 8}, {T_STR, 1, SHARED | DATA, 8}, SYSTEM_OFF);
		fx_realm(f, 1);
		fx_assert_off(f, 0);
		fx_restart(f, NULL);
	}
	assert_int_equal(open_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_run(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(before_vcpu_init_is_enoexec),
		TEST(an_ordinary_vm_without_an_engine_is_refused_by_name),
		TEST(an_ordinary_vm_runs_too),
		TEST(an_ordinary_vm_is_reset_and_suspended_by_its_guest),
		TEST(without_irqchip_the_realm_dies),
		TEST(an_uninitialised_gic_kills_the_vm),
		TEST(a_vcpu_without_psci_makes_it_dead),
		TEST(vcpu_ids_must_count_up_in_order),
		TEST(a_gmem_slot_in_the_upper_half_makes_it_dead),
		TEST(two_timers_with_one_ppi_are_refused),
		TEST(immediate_exit_comes_after_activation),
		TEST(code_that_was_not_populated_is_enxio),
		TEST(the_rec_starts_with_the_registers_that_were_set),
		TEST(a_signal_ends_a_run_with_eintr),
		TEST(a_signal_before_the_run_is_not_lost),
		TEST(a_stopped_vcpu_sleeps_until_a_signal),
		TEST(runs_move_between_threads),
		TEST(a_lost_engine_is_an_internal_error),
		TEST(a_vm_lives_as_long_as_any_of_its_files),
		TEST(two_realms_run_side_by_side),
		TEST(fifty_realms_in_a_row_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
