/* SPDX-License-Identifier: BSD-3-Clause */
/* test_run.c - KVM_RUN: its first time, exits to user space, faults, RIPAS changes, the end. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define UART UINT64_C(0x09000000) /* no slot there */
#define DATA (RAM + 0x200000)	  /* private, not populated */
#define SMC0(fid) {T_MOV, 0, fid}, {T_SMC}
#define SYSTEM_OFF SMC0(PSCI_SYSTEM_OFF)

static void assert_exit(struct fx *f, unsigned int vcpu, uint32_t reason)
{
	assert_int_equal(f->run[vcpu]->exit_reason, reason);
}

static void assert_off(struct fx *f, unsigned int vcpu)
{
	GIVES(0, f->vcpu[vcpu], KVM_RUN, 0);
	assert_exit(f, vcpu, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[vcpu]->system_event.type, KVM_SYSTEM_EVENT_SHUTDOWN);
	assert_int_equal(f->run[vcpu]->system_event.ndata, 1);
	assert_int_equal(f->run[vcpu]->system_event.data[0], 0);
}

/* ---- the first run ---- */

static void before_vcpu_init_is_enoexec(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	f->vcpu[0] = (int)CALL(f->vm, KVM_CREATE_VCPU, 0);
	REFUSED(ENOEXEC, kvm_run_not_initialized, f->vcpu[0], KVM_RUN, 0);
	REFUSED(EINVAL, kvm_arg_not_zero, f->vcpu[0], KVM_RUN, 1);
}

static void an_ordinary_vm_is_refused_by_name(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	REFUSED(EOPNOTSUPP, kvm_run_ordinary_vm, f->vcpu[0], KVM_RUN, 0);
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
	assert_off(f, 0);
}

/* ---- signals ---- */

static bool engine_ran(void *arg)
{
	return atomic_load(&toy_runs) > 0;
}

static void a_signal_ends_a_run_with_eintr(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, {T_HALT});
	fx_realm(f, 1);
	fx_start(&t, f, 0);
	fx_wait_until(engine_ran, NULL);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	assert_exit(f, 0, KVM_EXIT_INTR);
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
	assert_exit(f, 0, KVM_EXIT_INTR);
	assert_int_equal(toy_runs, 0);
	fx_set_mp_state(f, 0, KVM_MP_STATE_RUNNABLE);
	assert_off(f, 0);
}

static void runs_move_between_threads(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, {T_MOV, 1, 7}, {T_STR, 1, SHARED | UART, 4},
		{T_STR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 1);
	fx_start(&t, f, 0);
	assert_int_equal(fx_join(&t), 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	fx_start(&t, f, 0);
	assert_int_equal(fx_join(&t), 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_off(f, 0);
}

/* ---- MMIO ---- */

static void stores_tell_address_size_and_value(void **state)
{
	struct fx *f = *state;
	static const unsigned int sizes[] = {1, 2, 4, 8};
	uint64_t val;

	PROGRAM(0, CODE, {T_MOV, 3, 0x8877665544332211}, {T_STR, 3, SHARED | (UART + 1), 1},
		{T_STR, 3, SHARED | (UART + 2), 2}, {T_STR, 3, SHARED | (UART + 4), 4},
		{T_STR, 3, SHARED | (UART + 8), 8}, {T_STR, 31 - 1, SHARED | UART, 8}, SYSTEM_OFF);
	fx_realm(f, 1);
	for (int i = 0; i < 4; i++) {
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		assert_exit(f, 0, KVM_EXIT_MMIO);
		assert_int_equal(f->run[0]->mmio.phys_addr, UART + sizes[i]);
		assert_int_equal(f->run[0]->mmio.len, sizes[i]);
		assert_int_equal(f->run[0]->mmio.is_write, 1);
		memcpy(&val, f->run[0]->mmio.data, 8);
		assert_int_equal(val, UINT64_C(0x8877665544332211) & MASK(sizes[i] * 8 - 1, 0));
	}
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_off(f, 0);
	assert_int_equal(fx_exits("MMIO", true), 5);
}

static void loads_get_the_low_bytes_of_the_answer(void **state)
{
	struct fx *f = *state;
	const uint64_t answer = UINT64_C(0x8877665544332211);

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | UART, 1}, {T_CHECK, 1, 0x11},
		{T_LDR, 1, SHARED | UART, 2}, {T_CHECK, 1, 0x2211}, {T_LDR, 1, SHARED | UART, 4},
		{T_CHECK, 1, 0x44332211}, {T_LDR, 1, SHARED | UART, 8},
		{T_CHECK, 1, 0x8877665544332211}, SYSTEM_OFF);
	fx_realm(f, 1);
	for (int i = 0; i < 4; i++) {
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		assert_exit(f, 0, KVM_EXIT_MMIO);
		assert_int_equal(f->run[0]->mmio.is_write, 0);
		memcpy(f->run[0]->mmio.data, &answer, 8);
	}
	assert_off(f, 0);
}

static void a_clobbered_exit_reason_repeats_the_store(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 1, 5}, {T_STR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	f->run[0]->exit_reason = 0;
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_off(f, 0);
}

static void an_mmio_completion_can_become_an_abort(void **state)
{
	struct fx *f = *state;
	struct kvm_vcpu_events e = {.exception.ext_dabt_pending = 1};

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	REFUSED(EINVAL, kvm_events_realm_dabt, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	f->run[0]->immediate_exit = 1;
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	f->run[0]->immediate_exit = 0;
	GIVES(0, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	inproc_signal(f->p, f->vcpu[0]);
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(toy_exceptions, 0);
}

static bool exception_taken(void *arg)
{
	return atomic_load(&toy_exceptions) > 0;
}

static void an_access_without_syndrome_is_an_abort_in_the_realm(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, {T_LDP, 1, SHARED | UART, 8}, SYSTEM_OFF);
	fx_realm(f, 1);
	fx_start(&t, f, 0);
	fx_wait_until(exception_taken, NULL);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	assert_int_equal(fx_exits("MMIO", true), 0);
}

static void ioeventfds_take_matching_stores(void **state)
{
	struct fx *f = *state;
	int any = eventfd(0, EFD_NONBLOCK), match = eventfd(0, EFD_NONBLOCK);
	struct kvm_ioeventfd a = {.addr = UART, .len = 4, .fd = any};
	struct kvm_ioeventfd b = {.addr = UART + 4, .len = 4, .fd = match, .datamatch = 9,
				  .flags = KVM_IOEVENTFD_FLAG_DATAMATCH};
	uint64_t n;

	PROGRAM(0, CODE, {T_MOV, 1, 9}, {T_STR, 1, SHARED | UART, 4},
		{T_STR, 1, SHARED | UART, 4}, {T_STR, 1, SHARED | (UART + 4), 4},
		{T_MOV, 1, 8}, {T_STR, 1, SHARED | (UART + 4), 4}, {T_STR, 1, SHARED | UART, 2},
		SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vm, KVM_IOEVENTFD, &a);
	GIVES(0, f->vm, KVM_IOEVENTFD, &b);
	GIVES(0, f->vcpu[0], KVM_RUN, 0); /* the value does not match */
	assert_int_equal(f->run[0]->mmio.phys_addr, UART + 4);
	GIVES(0, f->vcpu[0], KVM_RUN, 0); /* the length does not */
	assert_int_equal(f->run[0]->mmio.len, 2);
	assert_off(f, 0);
	assert_int_equal(read(any, &n, 8), 8);
	assert_int_equal(n, 2);
	assert_int_equal(read(match, &n, 8), 8);
	assert_int_equal(n, 1);
	close(any);
	close(match);
}

static void coalesced_stores_wait_in_the_ring(void **state)
{
	struct fx *f = *state;
	struct kvm_coalesced_mmio_zone z = {.addr = UART, .size = 16};
	struct kvm_coalesced_mmio_ring *ring;

	PROGRAM(0, CODE, {T_MOV, 1, 9}, {T_STR, 1, SHARED | UART, 4},
		{T_STR, 1, SHARED | (UART + 8), 8}, {T_STR, 1, SHARED | (UART + 12), 8},
		SYSTEM_OFF);
	fx_realm(f, 1);
	ring = (void *)((uint8_t *)f->run[0] + KVM_COALESCED_MMIO_PAGE_OFFSET * 4096);
	GIVES(0, f->vm, KVM_REGISTER_COALESCED_MMIO, &z);
	GIVES(0, f->vcpu[0], KVM_RUN, 0); /* the last one leaves the zone */
	assert_int_equal(f->run[0]->mmio.phys_addr, UART + 12);
	assert_int_equal(ring->first, 0);
	assert_int_equal(ring->last, 2);
	assert_int_equal(ring->coalesced_mmio[1].phys_addr, UART + 8);
	assert_int_equal(ring->coalesced_mmio[1].len, 8);
	assert_int_equal(ring->coalesced_mmio[1].data[0], 9);
	assert_off(f, 0);
}

static void a_hostile_ring_only_makes_stores_exit(void **state)
{
	struct fx *f = *state;
	struct kvm_coalesced_mmio_zone z = {.addr = UART, .size = 16};
	struct kvm_coalesced_mmio_ring *ring;

	PROGRAM(0, CODE, {T_STR, 1, SHARED | UART, 4}, {T_STR, 1, SHARED | UART, 4},
		{T_STR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 1);
	ring = (void *)((uint8_t *)f->run[0] + KVM_COALESCED_MMIO_PAGE_OFFSET * 4096);
	GIVES(0, f->vm, KVM_REGISTER_COALESCED_MMIO, &z);
	ring->last = UINT32_MAX;
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	ring->last = 1000000;
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	ring->last = 3;
	ring->first = 4; /* full */
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_off(f, 0);
}

static void the_gic_answers_in_the_kernel(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 1, 0x13}, {T_STR, 1, SHARED | DIST, 4},
		{T_LDR, 2, SHARED | (DIST + 0xffe8), 4}, {T_CHECK, 2, 0x3b}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_off(f, 0);
	assert_int_equal(fx_exits("MMIO", true), 0);
	assert_int_equal(fx_exits("MMIO_KERNEL", false), 2);
}

/* ---- faults ---- */

static void private_pages_come_by_themselves_and_read_zero(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, DATA, 8}, {T_CHECK, 1, 0}, {T_MOV, 1, 42},
		{T_STR, 1, DATA + 0x1000, 8}, {T_LDR, 2, DATA + 0x1000, 8}, {T_CHECK, 2, 42},
		SYSTEM_OFF);
	fx_realm(f, 1);
	assert_off(f, 0);
	/* Its neighbour came along: one exit for both. */
	assert_int_equal(fx_exits("PRIVATE_FAULT", false), 1);
}

static void a_shared_attribute_makes_a_private_access_exit(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, DATA + 8, 8}, {T_CHECK, 1, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
	for (int i = 0; i < 2; i++) {
		REFUSED(EFAULT, kvm_run_memory_fault, f->vcpu[0], KVM_RUN, 0);
		assert_exit(f, 0, KVM_EXIT_MEMORY_FAULT);
		assert_int_equal(f->run[0]->memory_fault.flags, KVM_MEMORY_EXIT_FLAG_PRIVATE);
		assert_int_equal(f->run[0]->memory_fault.gpa, DATA);
		assert_int_equal(f->run[0]->memory_fault.size, PAGE);
	}
	assert_int_equal(fx_set_private(f, DATA, PAGE, true), 0);
	assert_off(f, 0);
}

static void neighbours_that_are_shared_do_not_come_along(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, DATA + PAGE, 8}, {T_LDR, 1, DATA, 8}, {T_LDR, 1, DATA + 2 * PAGE, 8});
	fx_realm(f, 1);
	assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
	assert_int_equal(fx_set_private(f, DATA + 2 * PAGE, PAGE, false), 0);
	REFUSED(EFAULT, kvm_run_memory_fault, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(f->run[0]->memory_fault.gpa, DATA);
	assert_int_equal(fx_set_private(f, DATA, PAGE, true), 0);
	REFUSED(EFAULT, kvm_run_memory_fault, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(f->run[0]->memory_fault.gpa, DATA + 2 * PAGE);
}

static void the_shared_alias_is_user_memory(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | DATA, 8}, {T_CHECK, 1, 77}, {T_MOV, 1, 78},
		{T_STR, 1, SHARED | (DATA + 0x3008), 4}, SYSTEM_OFF);
	fx_realm(f, 1);
	*(uint64_t *)(f->ram + (DATA - RAM)) = 77;
	assert_off(f, 0);
	assert_int_equal(*(uint32_t *)(f->ram + (DATA - RAM) + 0x3008), 78);
	assert_int_equal(fx_exits("SHARED_FAULT", false), 1);
}

static void a_shared_page_that_goes_away_is_forgotten(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | DATA, 8}, {T_LDR, 1, SHARED | UART, 4},
		{T_LDR, 1, SHARED | DATA, 8}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	inproc_forget(f->p, f->ram, RAM_SIZE);
	REFUSED(EFAULT, kvm_fault_no_user_page, f->vcpu[0], KVM_RUN, 0);
}

static void a_readonly_slot_cannot_be_read_by_a_realm(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_STR, 1, SHARED | 0x1000, 8}, {T_LDR, 1, SHARED | 0x1000, 8});
	fx_realm(f, 1);
	assert_int_equal(fx_set_slot(f, 1, KVM_MEM_READONLY, 0, 0x10000, f->source, -1, 0), 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(f->run[0]->mmio.phys_addr, 0x1000);
	REFUSED(EFAULT, kvm_fault_readonly_slot, f->vcpu[0], KVM_RUN, 0);
	inproc_forget(f->p, f->source, RAM_SIZE);
}

/* RSI_IPA_STATE_SET of [base, top) to `ripas`; result in x0, new base in x1. */
#define SET_RIPAS(base, top, ripas)                                                                \
	{T_MOV, 0, RSI_IPA_STATE_SET}, {T_MOV, 1, base}, {T_MOV, 2, top}, {T_MOV, 3, ripas},       \
		{T_MOV, 4, RSI_CHANGE_DESTROYED}, {T_SMC}

static void assert_ripas_exit(struct fx *f, uint64_t base, uint64_t size, uint64_t flags)
{
	REFUSED(EFAULT, kvm_run_memory_fault, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MEMORY_FAULT);
	assert_int_equal(f->run[0]->memory_fault.gpa, base);
	assert_int_equal(f->run[0]->memory_fault.size, size);
	assert_int_equal(f->run[0]->memory_fault.flags, flags);
}

static void a_page_is_shared_and_made_private_again(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 5, 99}, {T_STR, 5, DATA, 8},
		SET_RIPAS(DATA, DATA + 0x2000, RSI_RIPAS_EMPTY), {T_CHECK, 0, RSI_SUCCESS},
		{T_CHECK, 1, DATA + 0x2000}, {T_CHECK, 2, RSI_ACCEPT},
		{T_STR, 5, SHARED | DATA, 8},
		SET_RIPAS(DATA, DATA + 0x2000, RSI_RIPAS_RAM), {T_CHECK, 0, RSI_SUCCESS},
		{T_CHECK, 1, DATA + 0x2000}, {T_LDR, 6, DATA, 8}, {T_CHECK, 6, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_ripas_exit(f, DATA, 0x2000, 0);
	assert_int_equal(fx_set_private(f, DATA, 0x2000, false), 0);
	assert_ripas_exit(f, DATA, 0x2000, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	assert_int_equal(*(uint64_t *)(f->ram + (DATA - RAM)), 99);
	assert_int_equal(fx_set_private(f, DATA, 0x2000, true), 0);
	assert_off(f, 0);
}

static void a_ripas_change_without_attributes_is_committed_all_the_same(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SET_RIPAS(RAM, RAM + RAM_SIZE, RSI_RIPAS_RAM), {T_CHECK, 0, RSI_SUCCESS},
		SYSTEM_OFF);
	fx_realm(f, 1);
	assert_ripas_exit(f, RAM, RAM_SIZE, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	assert_off(f, 0);
}

static void a_page_given_up_loses_its_data_even_if_nothing_is_converted(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 5, 99}, {T_STR, 5, DATA, 8},
		SET_RIPAS(DATA, DATA + 0x1000, RSI_RIPAS_EMPTY),
		SET_RIPAS(DATA, DATA + 0x1000, RSI_RIPAS_RAM), {T_LDR, 6, DATA, 8},
		{T_CHECK, 6, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_ripas_exit(f, DATA, 0x1000, 0);
	assert_ripas_exit(f, DATA, 0x1000, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	assert_off(f, 0);
}

static void a_signal_between_does_not_commit_twice(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SET_RIPAS(DATA, DATA + 0x1000, RSI_RIPAS_EMPTY), {T_CHECK, 0, RSI_SUCCESS},
		{T_CHECK, 1, DATA + 0x1000}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_ripas_exit(f, DATA, 0x1000, 0);
	inproc_signal(f->p, f->vcpu[0]);
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	f->run[0]->immediate_exit = 1;
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	f->run[0]->immediate_exit = 0;
	assert_off(f, 0);
}

static bool faults_repeat(void *arg)
{
	return fx_exits("PRIVATE_FAULT", false) > 100;
}

static void a_punched_page_faults_for_ever_inside_the_run(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, {T_LDR, 1, DATA, 8}, {T_LDR, 1, SHARED | UART, 4}, {T_LDR, 1, DATA, 8},
		SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					  DATA - RAM, PAGE), 0);
	fx_start(&t, f, 0);
	fx_wait_until(faults_repeat, NULL);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
}

static void a_slot_deleted_while_active_makes_the_run_enxio(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | UART, 4}, {T_LDR, 1, DATA, 8});
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, 0, NULL, -1, 0), 0);
	GIVES(-ENXIO, f->vcpu[0], KVM_RUN, 0);
}

static void private_memory_whose_slot_or_file_is_gone(void **state)
{
	struct fx *f = *state;
	struct kvm_create_guest_memfd g = {.size = 0x10000};
	int second;

	PROGRAM(0, CODE, {T_LDR, 1, 0x1000, 8});
	fx_realm(f, 1);
	second = (int)CALL(f->vm, KVM_CREATE_GUEST_MEMFD, &g);
	assert_int_equal(fx_set_slot(f, 1, 0, 0, 0x10000, NULL, second, 0), 0);
	assert_int_equal(fx_set_private(f, 0, 0x10000, true), 0);
	f->run[0]->immediate_exit = 1;
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0); /* RIPAS RAM over both slots */
	f->run[0]->immediate_exit = 0;
	fx_close(f, &second);
	REFUSED(EFAULT, kvm_fault_gmem_gone, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_MEMORY_FAULT);
	assert_int_equal(f->run[0]->memory_fault.flags, 0);
	assert_int_equal(fx_set_slot(f, 1, 0, 0, 0, NULL, -1, 0), 0);
	REFUSED(ENXIO, kvm_fault_private_no_slot, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(fx_set_slot(f, 1, 0, 0, 0x10000, f->source, -1, 0), 0);
	REFUSED(EINVAL, kvm_fault_private_no_gmem, f->vcpu[0], KVM_RUN, 0);
	inproc_forget(f->p, f->source, RAM_SIZE);
}

/* ---- hypercalls and PSCI ---- */

static void host_calls_are_answered_in_the_kernel(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 0, 0xc4001234}, {T_HOST, 0, RAM + 0x800}, {T_CHECK, 0, 0},
		{T_LDR, 2, RAM + 0x808, 8}, {T_CHECK, 2, UINT64_MAX},
		{T_MOV, 0, 0x8600ff01}, {T_HOST, 0, RAM + 0x800}, {T_LDR, 2, RAM + 0x808, 8},
		{T_CHECK, 2, 0xb66fb428}, {T_LDR, 2, RAM + 0x820, 8}, {T_CHECK, 2, 0x743a004d},
		{T_MOV, 0, 0x80000000}, {T_HOST, 0, RAM + 0x800}, {T_LDR, 2, RAM + 0x808, 8},
		{T_CHECK, 2, 0x10001}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_off(f, 0);
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
	assert_exit(f, 0, KVM_EXIT_HYPERCALL);
	assert_int_equal(f->run[0]->hypercall.nr, 0xc6000001);
	assert_int_equal(f->run[0]->hypercall.flags, KVM_HYPERCALL_EXIT_16BIT);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM_CORE_X(5)), 55);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(0), 123), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_X(2), 456), 0);
	assert_off(f, 0);
}

#define CPU_ON(mpidr, entry, context)                                                              \
	{T_MOV, 0, PSCI_CPU_ON_64}, {T_MOV, 1, mpidr}, {T_MOV, 2, entry}, {T_MOV, 3, context},     \
		{T_SMC}

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
	assert_off(f, 0);
}

static void every_vcpu_sleeps_after_system_off(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	PROGRAM(0, CODE, CPU_ON(1, CODE + 0x800, 0), SYSTEM_OFF);
	PROGRAM(1, CODE + 0x800, {T_HALT});
	fx_realm(f, 2);
	fx_start(&t, f, 1);
	assert_off(f, 0);
	inproc_signal(f->p, f->vcpu[1]);
	assert_int_equal(fx_join(&t), -EINTR);
	for (unsigned int i = 0; i < 2; i++) {
		fx_start(&t, f, i);
		inproc_signal(f->p, f->vcpu[i]);
		assert_int_equal(fx_join(&t), -EINTR);
		assert_exit(f, i, KVM_EXIT_INTR);
	}
	/* Forced to run all the same, it meets a realm that is off. */
	fx_set_mp_state(f, 0, KVM_MP_STATE_RUNNABLE);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_SHUTDOWN);
}

static void system_reset_is_an_event_of_its_own(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC0(PSCI_SYSTEM_RESET));
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
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

	PROGRAM(0, CODE, CPU_ON(1, CODE + 0x800, 0x55), {T_CHECK, 0, 0}, {T_LDR, 1, SHARED | UART, 4},
		SMC0(PSCI_SYSTEM_OFF));
	PROGRAM(1, CODE + 0x800, {T_CHECK, 0, 0x55}, {T_LDR, 1, SHARED | (UART + 4), 4});
	fx_realm(f, 2);
	forward_psci(f);
	assert_int_equal(psci_complete(f, 0, 1, 0), -EINVAL); /* no REC yet */
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_HYPERCALL);
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
	assert_exit(f, 0, KVM_EXIT_MMIO);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(f->run[0]->hypercall.nr, PSCI_SYSTEM_OFF);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_SHUTDOWN);
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
	assert_off(f, 0);
}

static void an_sgi_reaches_the_other_vcpu(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;
	const uint64_t sgi = SHARED | (REDIST + 0x10000);

	PROGRAM(0, CODE, {T_MOV, 1, 0x12}, {T_STR, 1, SHARED | DIST, 4},
		{T_MOV, 1, UINT32_MAX}, {T_STR, 1, sgi + 0x80, 4}, {T_STR, 1, sgi + 0x100, 4},
		CPU_ON(1, CODE + 0x800, 0x77), {T_CHECK, 0, 0}, {T_IRQ, 1}, {T_CHECK, 1, 3},
		SYSTEM_OFF);
	PROGRAM(1, CODE + 0x800, {T_CHECK, 0, 0x77}, {T_SGI, 0, UINT64_C(3) << 24 | 1}, {T_HALT});
	fx_realm(f, 2);
	fx_start(&t, f, 1);
	assert_off(f, 0);
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
	fx_wait_until(engine_ran, NULL);
	GIVES(0, f->vm, KVM_IRQ_LINE, &l);
	assert_int_equal(fx_join(&t), 0);
	assert_exit(f, 0, KVM_EXIT_MMIO);
}

static void cpu_suspend_waits_and_returns(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_TIMER, 0, 1}, SMC0(PSCI_CPU_SUSPEND_64), {T_CHECK, 0, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_off(f, 0);
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
	assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[0]->system_event.type, 4); /* WAKEUP */
}

/* ---- the end ---- */

static void a_lost_engine_is_an_internal_error(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LOSE});
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_exit(f, 0, KVM_EXIT_INTERNAL_ERROR);
	GIVES(0, f->vcpu[0], KVM_RUN, 0); /* and again, no hang */
	assert_exit(f, 0, KVM_EXIT_INTERNAL_ERROR);
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
	assert_off(f, 0);
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
	g.sys = inproc_open(g.p);
	fx_realm(&g, 1);
	fx_start(&t, f, 0);
	fx_start(&u, &g, 0);
	assert_int_equal(fx_join(&t), 0);
	assert_int_equal(fx_join(&u), 0);
	assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	assert_exit(&g, 0, KVM_EXIT_SYSTEM_EVENT);
	inproc_forget(f->p, g.ram, RAM_SIZE);
	inproc_munmap(g.p, g.run[0], KVM_VCPU_MMAP_SIZE);
}

static void fifty_realms_in_a_row_leave_nothing(void **state)
{
	struct fx *f = *state;

	for (int i = 0; i < 50; i++) {
		PROGRAM(0, CODE, {T_STR, 1, DATA, 8}, {T_STR, 1, SHARED | DATA, 8}, SYSTEM_OFF);
		fx_realm(f, 1);
		assert_off(f, 0);
		fx_restart(f, NULL);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_run(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(before_vcpu_init_is_enoexec),
		TEST(an_ordinary_vm_is_refused_by_name),
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
		TEST(stores_tell_address_size_and_value),
		TEST(loads_get_the_low_bytes_of_the_answer),
		TEST(a_clobbered_exit_reason_repeats_the_store),
		TEST(an_mmio_completion_can_become_an_abort),
		TEST(an_access_without_syndrome_is_an_abort_in_the_realm),
		TEST(ioeventfds_take_matching_stores),
		TEST(coalesced_stores_wait_in_the_ring),
		TEST(a_hostile_ring_only_makes_stores_exit),
		TEST(the_gic_answers_in_the_kernel),
		TEST(private_pages_come_by_themselves_and_read_zero),
		TEST(a_shared_attribute_makes_a_private_access_exit),
		TEST(neighbours_that_are_shared_do_not_come_along),
		TEST(the_shared_alias_is_user_memory),
		TEST(a_shared_page_that_goes_away_is_forgotten),
		TEST(a_readonly_slot_cannot_be_read_by_a_realm),
		TEST(a_page_is_shared_and_made_private_again),
		TEST(a_ripas_change_without_attributes_is_committed_all_the_same),
		TEST(a_page_given_up_loses_its_data_even_if_nothing_is_converted),
		TEST(a_signal_between_does_not_commit_twice),
		TEST(a_punched_page_faults_for_ever_inside_the_run),
		TEST(a_slot_deleted_while_active_makes_the_run_enxio),
		TEST(private_memory_whose_slot_or_file_is_gone),
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
		TEST(a_lost_engine_is_an_internal_error),
		TEST(a_vm_lives_as_long_as_any_of_its_files),
		TEST(two_realms_run_side_by_side),
		TEST(fifty_realms_in_a_row_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
