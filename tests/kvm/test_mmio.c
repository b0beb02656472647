// SPDX-License-Identifier: BSD-3-Clause
/* test_mmio.c - accesses that are emulated: to user space, or in the kernel. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <sys/eventfd.h>
#include <unistd.h>

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
		fx_assert_exit(f, 0, KVM_EXIT_MMIO);
		assert_int_equal(f->run[0]->mmio.phys_addr, UART + sizes[i]);
		assert_int_equal(f->run[0]->mmio.len, sizes[i]);
		assert_int_equal(f->run[0]->mmio.is_write, 1);
		memcpy(&val, f->run[0]->mmio.data, 8);
		assert_int_equal(val, UINT64_C(0x8877665544332211) & MASK(sizes[i] * 8 - 1, 0));
	}
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_off(f, 0);
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
		fx_assert_exit(f, 0, KVM_EXIT_MMIO);
		assert_int_equal(f->run[0]->mmio.is_write, 0);
		memcpy(f->run[0]->mmio.data, &answer, 8);
	}
	fx_assert_off(f, 0);
}

static void a_clobbered_exit_reason_repeats_the_store(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 1, 5}, {T_STR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	f->run[0]->exit_reason = 0;
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	fx_assert_off(f, 0);
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
	struct kvm_ioeventfd b = {.addr = UART + 4,
				  .len = 4,
				  .fd = match,
				  .datamatch = 9,
				  .flags = KVM_IOEVENTFD_FLAG_DATAMATCH};
	uint64_t n;

	PROGRAM(0, CODE, {T_MOV, 1, 9}, {T_STR, 1, SHARED | UART, 4}, {T_STR, 1, SHARED | UART, 4},
		{T_STR, 1, SHARED | (UART + 4), 4}, {T_MOV, 1, 8},
		{T_STR, 1, SHARED | (UART + 4), 4}, {T_STR, 1, SHARED | UART, 2}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vm, KVM_IOEVENTFD, &a);
	GIVES(0, f->vm, KVM_IOEVENTFD, &b);
	GIVES(0, f->vcpu[0], KVM_RUN, 0); /* the value does not match */
	assert_int_equal(f->run[0]->mmio.phys_addr, UART + 4);
	GIVES(0, f->vcpu[0], KVM_RUN, 0); /* the length does not */
	assert_int_equal(f->run[0]->mmio.len, 2);
	fx_assert_off(f, 0);
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
	fx_assert_off(f, 0);
}

static void two_cpus_have_one_ring(void **state)
{
	struct fx *f = *state;
	struct kvm_coalesced_mmio_zone z = {.addr = UART, .size = 16};
	struct kvm_coalesced_mmio_ring *ring, *other;

	PROGRAM(0, CODE, {T_STR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 2);
	ring = (void *)((uint8_t *)f->run[0] + KVM_COALESCED_MMIO_PAGE_OFFSET * 4096);
	other = (void *)((uint8_t *)f->run[1] + KVM_COALESCED_MMIO_PAGE_OFFSET * 4096);
	GIVES(0, f->vm, KVM_REGISTER_COALESCED_MMIO, &z);
	other->first = other->last = 5;
	fx_assert_off(f, 0);
	assert_int_equal(ring->last, 6);
	assert_int_equal(other->last, 6);
	assert_int_equal(other->coalesced_mmio[5].phys_addr, UART);
	/* What is a vCPU's own stays so. */
	f->run[1]->immediate_exit = 1;
	assert_int_equal(f->run[0]->immediate_exit, 0);
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
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	ring->last = 1000000;
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	ring->last = 3;
	ring->first = 4; /* full */
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	fx_assert_off(f, 0);
}

static void the_gic_answers_in_the_kernel(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 1, 0x13}, {T_STR, 1, SHARED | DIST, 4},
		{T_LDR, 2, SHARED | (DIST + 0xffe8), 4}, {T_CHECK, 2, 0x3b}, SYSTEM_OFF);
	fx_realm(f, 1);
	fx_assert_off(f, 0);
	assert_int_equal(fx_exits("MMIO", true), 0);
	assert_int_equal(fx_exits("MMIO_KERNEL", false), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_mmio(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(stores_tell_address_size_and_value),
		TEST(loads_get_the_low_bytes_of_the_answer),
		TEST(a_clobbered_exit_reason_repeats_the_store),
		TEST(an_mmio_completion_can_become_an_abort),
		TEST(an_access_without_syndrome_is_an_abort_in_the_realm),
		TEST(ioeventfds_take_matching_stores),
		TEST(coalesced_stores_wait_in_the_ring),
		TEST(two_cpus_have_one_ring),
		TEST(a_hostile_ring_only_makes_stores_exit),
		TEST(the_gic_answers_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
