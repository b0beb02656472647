// SPDX-License-Identifier: BSD-3-Clause
/* test_faults.c - stage 2 faults of a realm, and its RIPAS changes. */
#include "base/fault.h"
#include "rmm/rmm_inspect.h"
#include "rmm/state.h"
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <linux/falloc.h>

static void private_pages_come_by_themselves_and_read_zero(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, DATA, 8}, {T_CHECK, 1, 0}, {T_MOV, 1, 42},
		{T_STR, 1, DATA + 0x1000, 8}, {T_LDR, 2, DATA + 0x1000, 8}, {T_CHECK, 2, 42},
		SYSTEM_OFF);
	fx_realm(f, 1);
	fx_assert_off(f, 0);
	assert_int_equal(fx_exits("PRIVATE_FAULT", false), 1); /* the neighbour lay ready */
}

/* The realm reads one page; its neighbour goes shared and back, and is as fresh as before. */
static void an_untouched_page_survives_a_conversion_of_the_host(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, DATA, 8}, {T_LDR, 1, SHARED | UART, 4},
		{T_LDR, 1, DATA + PAGE, 8}, {T_CHECK, 1, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(fx_set_private(f, DATA + PAGE, PAGE, false), 0);
	assert_int_equal(fx_set_private(f, DATA + PAGE, PAGE, true), 0);
	fx_assert_off(f, 0);
}

/* The RD of the only realm. */
static uint64_t find_rd(struct fx *f)
{
	struct rmm *rmm = inproc_rmm(f->p);
	unsigned int vmid = 0;

	while (!atomic_load(&rmm->realms[vmid]))
		vmid++;
	return atomic_load(&rmm->realms[vmid]);
}

/* Of all that anybody can see. */
static void a_private_fault_assigns_one_page(void **state)
{
	struct fx *f = *state;
	struct rmm_range range;

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | UART, 4}, {T_LDR, 1, DATA, 8}, {T_LDR, 1, DATA + 8, 8},
		{T_LDR, 1, SHARED | UART, 4});
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_true(rmm_inspect_range(inproc_rmm(f->p), find_rd(f), DATA, &range));
	assert_string_equal(range.hipas, "ASSIGNED");
	assert_int_equal(range.end, DATA + PAGE);
	assert_true(rmm_inspect_range(inproc_rmm(f->p), find_rd(f), DATA + PAGE, &range));
	assert_string_equal(range.hipas, "UNASSIGNED");
	assert_string_equal(range.ripas, "RAM");
}

static void a_shared_attribute_makes_a_private_access_exit(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, DATA + 8, 8}, {T_CHECK, 1, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
	for (int i = 0; i < 2; i++) {
		REFUSED(EFAULT, kvm_run_memory_fault, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_MEMORY_FAULT);
		assert_int_equal(f->run[0]->memory_fault.flags, KVM_MEMORY_EXIT_FLAG_PRIVATE);
		assert_int_equal(f->run[0]->memory_fault.gpa, DATA);
		assert_int_equal(f->run[0]->memory_fault.size, PAGE);
	}
	assert_int_equal(fx_set_private(f, DATA, PAGE, true), 0);
	fx_assert_off(f, 0);
}

static void neighbours_that_are_shared_do_not_come_along(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 1, DATA + PAGE, 8}, {T_LDR, 1, DATA, 8},
		{T_LDR, 1, DATA + 2 * PAGE, 8});
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
	fx_assert_off(f, 0);
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
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
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
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(f->run[0]->mmio.phys_addr, 0x1000);
	REFUSED(EFAULT, kvm_fault_readonly_slot, f->vcpu[0], KVM_RUN, 0);
	inproc_forget(f->p, f->source, RAM_SIZE);
}

/* RSI_IPA_STATE_SET of [base, top) to `ripas`; result in x0, new base in x1. */
#define SET_RIPAS(base, top, ripas)                                                                \
	{T_MOV, 0, RSI_IPA_STATE_SET}, {T_MOV, 1, base}, {T_MOV, 2, top}, {T_MOV, 3, ripas},       \
		{T_MOV, 4, RSI_CHANGE_DESTROYED},                                                  \
	{                                                                                          \
		T_SMC                                                                              \
	}

static void assert_ripas_exit(struct fx *f, uint64_t base, uint64_t size, uint64_t flags)
{
	REFUSED(EFAULT, kvm_run_memory_fault, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MEMORY_FAULT);
	assert_int_equal(f->run[0]->memory_fault.gpa, base);
	assert_int_equal(f->run[0]->memory_fault.size, size);
	assert_int_equal(f->run[0]->memory_fault.flags, flags);
}

static void a_page_is_shared_and_made_private_again(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 5, 99}, {T_STR, 5, DATA, 8},
		SET_RIPAS(DATA, DATA + 0x2000, RSI_RIPAS_EMPTY), {T_CHECK, 0, RSI_SUCCESS},
		{T_CHECK, 1, DATA + 0x2000}, {T_CHECK, 2, RSI_ACCEPT}, {T_STR, 5, SHARED | DATA, 8},
		SET_RIPAS(DATA, DATA + 0x2000, RSI_RIPAS_RAM), {T_CHECK, 0, RSI_SUCCESS},
		{T_CHECK, 1, DATA + 0x2000}, {T_LDR, 6, DATA, 8}, {T_CHECK, 6, 0}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_ripas_exit(f, DATA, 0x2000, 0);
	assert_int_equal(fx_set_private(f, DATA, 0x2000, false), 0);
	assert_ripas_exit(f, DATA, 0x2000, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	assert_int_equal(*(uint64_t *)(f->ram + (DATA - RAM)), 99);
	assert_int_equal(fx_set_private(f, DATA, 0x2000, true), 0);
	fx_assert_off(f, 0);
}

/* The exit comes twice, once, and not at all; the realm sees its changes all the same. */
static void a_conversion_is_told_twice_or_not_at_all(void **state)
{
	struct fx *f = *state;
	char err[128];

	PROGRAM(0, CODE, SET_RIPAS(DATA, DATA + 0x1000, RSI_RIPAS_EMPTY), {T_CHECK, 0, RSI_SUCCESS},
		SET_RIPAS(DATA, DATA + 0x1000, RSI_RIPAS_RAM), {T_CHECK, 0, RSI_SUCCESS},
		SET_RIPAS(DATA, DATA + 0x1000, RSI_RIPAS_EMPTY), {T_CHECK, 0, RSI_SUCCESS},
		SYSTEM_OFF);
	assert_int_equal(fault_add("conversion:nth=1:twice", err, sizeof(err)), 0);
	assert_int_equal(fault_add("conversion:nth=3:missing", err, sizeof(err)), 0);
	fx_realm(f, 1);
	assert_ripas_exit(f, DATA, 0x1000, 0);
	assert_ripas_exit(f, DATA, 0x1000, 0);
	assert_ripas_exit(f, DATA, 0x1000, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	fx_assert_off(f, 0);
	fault_clear();
}

static void a_ripas_change_without_attributes_is_committed_all_the_same(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SET_RIPAS(RAM, RAM + RAM_SIZE, RSI_RIPAS_RAM), {T_CHECK, 0, RSI_SUCCESS},
		SYSTEM_OFF);
	fx_realm(f, 1);
	assert_ripas_exit(f, RAM, RAM_SIZE, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	fx_assert_off(f, 0);
}

static void a_page_given_up_loses_its_data_even_if_nothing_is_converted(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_MOV, 5, 99}, {T_STR, 5, DATA, 8},
		SET_RIPAS(DATA, DATA + 0x1000, RSI_RIPAS_EMPTY),
		SET_RIPAS(DATA, DATA + 0x1000, RSI_RIPAS_RAM), {T_LDR, 6, DATA, 8}, {T_CHECK, 6, 0},
		SYSTEM_OFF);
	fx_realm(f, 1);
	assert_ripas_exit(f, DATA, 0x1000, 0);
	assert_ripas_exit(f, DATA, 0x1000, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	fx_assert_off(f, 0);
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
	fx_assert_off(f, 0);
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
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					  DATA - RAM, PAGE),
			 0);
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
	fx_assert_exit(f, 0, KVM_EXIT_MEMORY_FAULT);
	assert_int_equal(f->run[0]->memory_fault.flags, 0);
	assert_int_equal(fx_set_slot(f, 1, 0, 0, 0, NULL, -1, 0), 0);
	REFUSED(ENXIO, kvm_fault_private_no_slot, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(fx_set_slot(f, 1, 0, 0, 0x10000, f->source, -1, 0), 0);
	REFUSED(EINVAL, kvm_fault_private_no_gmem, f->vcpu[0], KVM_RUN, 0);
	inproc_forget(f->p, f->source, RAM_SIZE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_faults(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(private_pages_come_by_themselves_and_read_zero),
		TEST(an_untouched_page_survives_a_conversion_of_the_host),
		TEST(a_private_fault_assigns_one_page),
		TEST(a_shared_attribute_makes_a_private_access_exit),
		TEST(neighbours_that_are_shared_do_not_come_along),
		TEST(the_shared_alias_is_user_memory),
		TEST(a_shared_page_that_goes_away_is_forgotten),
		TEST(a_readonly_slot_cannot_be_read_by_a_realm),
		TEST(a_page_is_shared_and_made_private_again),
		TEST(a_conversion_is_told_twice_or_not_at_all),
		TEST(a_ripas_change_without_attributes_is_committed_all_the_same),
		TEST(a_page_given_up_loses_its_data_even_if_nothing_is_converted),
		TEST(a_signal_between_does_not_commit_twice),
		TEST(a_punched_page_faults_for_ever_inside_the_run),
		TEST(a_slot_deleted_while_active_makes_the_run_enxio),
		TEST(private_memory_whose_slot_or_file_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
