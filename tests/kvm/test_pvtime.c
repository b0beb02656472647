// SPDX-License-Identifier: BSD-3-Clause
/* test_pvtime.c - stolen time, as counted from what the caller's thread has waited. */
#include <sys/mman.h>
#include <unistd.h>

#include "kvm/vcpu/pvtime.h"
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#define BMAP_STANDARD_HYP (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW_FEAT_BMAP | 1)
#define NOT_SUPPORTED	  UINT64_MAX
#define SMCCC_FEATURES	  0x80000001
#define OFFSET		  UINT64_C(0x300040)
#define STRUCTURE	  (RAM + OFFSET)

/* x0 = fid, x1 = arg; the call. */
#define SMC1(fid, arg)                                                                             \
	{T_MOV, 0, fid}, {T_MOV, 1, arg},                                                          \
	{                                                                                          \
		T_SMC                                                                              \
	}
#define TO_THE_DEVICE                                                                              \
	{                                                                                          \
		T_LDR, 3, UART, 4                                                                  \
	}

static uint64_t waited;

static uint64_t run_delay(void)
{
	return waited;
}

/* The structure's page has other contents before. */
static void boot(struct fx *f, uint32_t slot_flags)
{
	waited = 5000000;
	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	f->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(f->ram + ALIGN_DOWN(OFFSET, PAGE), 0xff, PAGE);
	assert_int_equal(fx_set_slot(f, 0, slot_flags, RAM, RAM_SIZE, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
}

static void place(struct fx *f)
{
	uint64_t ipa = STRUCTURE;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PVTIME_CTRL, .addr = (uintptr_t)&ipa};

	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
}

static uint64_t word(const struct fx *f, unsigned int i)
{
	return ((const uint64_t *)(f->ram + OFFSET))[i];
}

/* An entry so soon after the last might leave the structure alone. */
static void wait(uint64_t ns)
{
	usleep(2000);
	waited += ns;
}

static void run_to_the_device(struct fx *f)
{
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(atomic_load(&toy_failed_checks), 0);
}

static void run_to_the_end(struct fx *f)
{
	fx_assert_off(f, 0);
	assert_int_equal(atomic_load(&toy_failed_checks), 0);
}

/* From the guest's call on; each KVM_RUN brings it up to date before the guest goes on. */
static void what_the_caller_waited_is_stolen_from_the_guest(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC1(SMCCC_FEATURES, PV_TIME_FEATURES), {T_CHECK, 0, 0},
		SMC1(PV_TIME_FEATURES, PV_TIME_FEATURES), {T_CHECK, 0, 0},
		SMC1(PV_TIME_FEATURES, PV_TIME_ST), {T_CHECK, 0, 0},
		SMC1(PV_TIME_FEATURES, 0x84000050), {T_CHECK, 0, NOT_SUPPORTED}, SMC0(PV_TIME_ST),
		{T_CHECK, 0, STRUCTURE}, TO_THE_DEVICE, {T_LDR, 3, STRUCTURE + 8, 8},
		{T_CHECK, 3, 1234}, TO_THE_DEVICE, SYSTEM_OFF);
	boot(f, 0);
	place(f);
	run_to_the_device(f);
	assert_int_equal(word(f, 0), 0); /* revision, attributes */
	assert_int_equal(word(f, 1), 0);
	assert_int_equal(word(f, 2), UINT64_MAX);
	wait(1234);
	run_to_the_device(f);
	assert_int_equal(word(f, 1), 1234);
	waited = 0; /* unknown now: nothing is counted, and nothing is lost */
	run_to_the_end(f);
	assert_int_equal(word(f, 1), 1234);
}

static void without_a_place_the_calls_are_not_there(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC1(SMCCC_FEATURES, PV_TIME_FEATURES), {T_CHECK, 0, 0},
		SMC1(PV_TIME_FEATURES, PV_TIME_ST), {T_CHECK, 0, NOT_SUPPORTED}, SMC0(PV_TIME_ST),
		{T_CHECK, 0, NOT_SUPPORTED}, SYSTEM_OFF);
	boot(f, 0);
	run_to_the_end(f);
	assert_int_equal(word(f, 1), UINT64_MAX);
}

static void user_space_takes_the_calls_away(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC1(SMCCC_FEATURES, PV_TIME_FEATURES), {T_CHECK, 0, NOT_SUPPORTED},
		SMC1(PV_TIME_FEATURES, PV_TIME_ST), {T_CHECK, 0, NOT_SUPPORTED}, SMC0(PV_TIME_ST),
		{T_CHECK, 0, NOT_SUPPORTED}, SYSTEM_OFF);
	boot(f, 0);
	place(f);
	assert_int_equal(fx_get_reg(f, 0, BMAP_STANDARD_HYP), 1);
	assert_int_equal(fx_set_reg(f, 0, BMAP_STANDARD_HYP, 3), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, BMAP_STANDARD_HYP, 0), 0);
	run_to_the_end(f);
}

static void a_change_of_stolen_time_is_in_the_dirty_log(void **state)
{
	uint64_t bits[RAM_SIZE / PAGE / 64] = {0};
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = (uintptr_t)bits};
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC0(PV_TIME_ST), TO_THE_DEVICE, SYSTEM_OFF);
	boot(f, KVM_MEM_LOG_DIRTY_PAGES);
	place(f);
	run_to_the_device(f);
	GIVES(0, f->vm, KVM_GET_DIRTY_LOG, &log);
	wait(1);
	run_to_the_end(f);
	GIVES(0, f->vm, KVM_GET_DIRTY_LOG, &log);
	assert_true(bits[OFFSET / PAGE / 64] & BIT(OFFSET / PAGE % 64));
}

/* Its slot goes, and comes back. */
static void stolen_time_without_memory_is_told_later(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC0(PV_TIME_ST), TO_THE_DEVICE, TO_THE_DEVICE, SYSTEM_OFF);
	boot(f, 0);
	place(f);
	run_to_the_device(f);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, 0, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, PAGE, f->ram, -1, 0), 0);
	wait(77);
	run_to_the_device(f);
	assert_int_equal(word(f, 1), 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, 0, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, -1, 0), 0);
	wait(1);
	run_to_the_end(f);
	assert_int_equal(word(f, 1), 78);
}

static void there_is_none_where_nobody_counts_it(void **state)
{
	const struct inproc_config cfg = {.engine = &engine_toy, .no_steal_time = true};
	uint64_t ipa = RAM;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PVTIME_CTRL, .addr = (uintptr_t)&ipa};
	struct fx *f = *state;

	GIVES(1, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_STEAL_TIME);
	fx_create_vm(f, REALM_TYPE);
	GIVES(0, f->vm, KVM_CHECK_EXTENSION, KVM_CAP_STEAL_TIME);
	fx_restart(f, &cfg);
	GIVES(0, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_STEAL_TIME);
	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	REFUSED(ENXIO, kvm_pvtime_absent, f->vcpu[0], KVM_HAS_DEVICE_ATTR, &a);
	REFUSED(ENXIO, kvm_pvtime_absent, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	REFUSED(ENXIO, kvm_pvtime_absent, f->vcpu[0], KVM_GET_DEVICE_ATTR, &a);
}

static void its_place_can_be_written(void **state)
{
	uint64_t ipa = STRUCTURE;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PVTIME_CTRL, .addr = (uintptr_t)&ipa};
	struct fx *f = *state;

	boot(f, KVM_MEM_READONLY);
	REFUSED(EINVAL, kvm_pvtime_slot, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
}

static int setup(void **state)
{
	const struct inproc_config cfg = {.engine = &engine_toy, .run_delay = run_delay};

	fx_setup(state);
	fx_restart(*state, &cfg);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fx_teardown)

int test_pvtime(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_the_caller_waited_is_stolen_from_the_guest),
		TEST(without_a_place_the_calls_are_not_there),
		TEST(user_space_takes_the_calls_away),
		TEST(a_change_of_stolen_time_is_in_the_dirty_log),
		TEST(stolen_time_without_memory_is_told_later),
		TEST(there_is_none_where_nobody_counts_it),
		TEST(its_place_can_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
