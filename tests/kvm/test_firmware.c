// SPDX-License-Identifier: BSD-3-Clause
/* test_firmware.c - what guests of ordinary VMs find of firmware, and what user space chooses. */
#include <sys/mman.h>

#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#define BMAP(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW_FEAT_BMAP | (n))

#define NOT_SUPPORTED UINT64_MAX
#define INVALID	      (-UINT64_C(2))
#define ID_REG(n)     ARM64_SYS_REG(3, 0, 0, n, 0)

/* x0 = fid, x1 = arg; the call. */
#define SMC1(fid, arg)                                                                             \
	{T_MOV, 0, fid}, {T_MOV, 1, arg},                                                          \
	{                                                                                          \
		T_SMC                                                                              \
	}

static void boot(struct fx *f)
{
	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	f->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
}

static void run_to_the_end(struct fx *f)
{
	fx_assert_off(f, 0);
	assert_int_equal(atomic_load(&toy_failed_checks), 0);
}

/* Numbers are in DATA: two of each width. */
static void random_numbers_come_by_trng(void **state)
{
	struct fx *f = *state;
	const uint64_t *n;

	PROGRAM(0, CODE, SMC0(TRNG_VERSION), {T_CHECK, 0, 0x10000}, SMC1(TRNG_FEATURES, TRNG_RND64),
		{T_CHECK, 0, 0}, SMC1(TRNG_FEATURES, 0x84000054), {T_CHECK, 0, NOT_SUPPORTED},
		SMC0(TRNG_GET_UUID), {T_CHECK, 0, 0x00e0210d}, {T_CHECK, 3, 0x4c5a4e55},
		SMC1(TRNG_RND64, 193), {T_CHECK, 0, INVALID}, SMC1(TRNG_RND32, 97),
		{T_CHECK, 0, INVALID}, SMC1(TRNG_RND64, 100), {T_CHECK, 0, 0}, {T_CHECK, 1, 0},
		{T_STR, 2, DATA, 8}, {T_STR, 3, DATA + 8, 8}, SMC1(TRNG_RND64, 192),
		{T_STR, 1, DATA + 16, 8}, {T_STR, 2, DATA + 24, 8}, SMC1(TRNG_RND32, 40),
		{T_CHECK, 1, 0}, {T_STR, 2, DATA + 32, 8}, {T_STR, 3, DATA + 40, 8}, SYSTEM_OFF);
	boot(f);
	run_to_the_end(f);
	n = (const uint64_t *)(f->ram + (DATA - RAM));
	assert_int_equal(n[0] >> 36, 0);
	assert_int_not_equal(n[1] >> 32, 0);
	assert_int_not_equal(n[2], n[3]);
	assert_int_equal(n[4] >> 8, 0);
	assert_int_equal(n[5] >> 32, 0);
	assert_int_not_equal(n[5], 0);
}

static void what_user_space_takes_away_is_not_supported(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC0(TRNG_VERSION), {T_CHECK, 0, NOT_SUPPORTED}, SMC0(0x8600ff01),
		{T_CHECK, 0, NOT_SUPPORTED}, SMC1(0x86000001, 1), {T_CHECK, 0, NOT_SUPPORTED},
		{T_LDR, 3, UART, 4}, SYSTEM_OFF);
	boot(f);
	assert_int_equal(fx_get_reg(f, 0, BMAP(0)), 1);
	assert_int_equal(fx_get_reg(f, 0, BMAP(2)), 3);
	assert_int_equal(fx_set_reg(f, 0, BMAP(0), 2), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, BMAP(0), 0), 0);
	assert_int_equal(fx_set_reg(f, 0, BMAP(2), 0), 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(fx_set_reg(f, 0, BMAP(2), 3), -EBUSY);
	assert_string_equal(fx_last_rule(), "kvm_reg_fw_late");
	assert_int_equal(fx_set_reg(f, 0, BMAP(2), 0), 0);
	run_to_the_end(f);
}

static void the_hosts_time_comes_with_the_counter(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_TIMER, 0, 0}, SMC0(0x86000000), {T_CHECK, 0, 3}, {T_CHECK, 2, 1},
		SMC1(0x86000001, 2), {T_CHECK, 0, NOT_SUPPORTED}, SMC1(0x86000001, 1),
		{T_STR, 0, DATA, 8}, {T_STR, 3, DATA + 8, 8}, SYSTEM_OFF);
	boot(f);
	assert_int_equal(fx_get_reg(f, 0, BMAP(3)), 0);
	assert_int_equal(fx_set_reg(f, 0, BMAP(3), 4), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, BMAP(3), 1), 0); /* a guest is told of it, no more */
	run_to_the_end(f);
	assert_in_range(*(uint32_t *)(f->ram + (DATA - RAM)), 1, UINT32_MAX);
	assert_in_range(*(uint32_t *)(f->ram + (DATA - RAM) + 8), 1000000, UINT32_MAX);
}

static void an_older_psci_knows_fewer_functions(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC0(PSCI_VERSION), {T_CHECK, 0, 0x10000},
		SMC1(PSCI_FEATURES, PSCI_SYSTEM_RESET2), {T_CHECK, 0, NOT_SUPPORTED},
		SMC1(PSCI_SYSTEM_RESET2, 0), {T_CHECK, 0, NOT_SUPPORTED}, SYSTEM_OFF);
	boot(f);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_PSCI_VERSION, 0x10004), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_PSCI_VERSION, 3), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_PSCI_VERSION, 0x10000), 0);
	run_to_the_end(f);
}

static void system_off2_tells_of_the_hibernation(void **state)
{
	struct fx *f = *state;

	PROGRAM(0, CODE, SMC1(PSCI_FEATURES, PSCI_SYSTEM_OFF2_64), {T_CHECK, 0, 1},
		SMC1(PSCI_SYSTEM_OFF2_64, 2), {T_CHECK, 0, INVALID}, {T_MOV, 2, 1},
		SMC1(PSCI_SYSTEM_OFF2_64, 1), {T_CHECK, 0, INVALID}, {T_MOV, 2, 0},
		SMC1(PSCI_SYSTEM_OFF2_64, 1));
	boot(f);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(atomic_load(&toy_failed_checks), 0);
	fx_assert_exit(f, 0, KVM_EXIT_SYSTEM_EVENT);
	assert_int_equal(f->run[0]->system_event.type, KVM_SYSTEM_EVENT_SHUTDOWN);
	assert_int_equal(f->run[0]->system_event.data[0], KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2);
}

/* Of each field less, never more; not the fixed ones; and nothing once it has run. */
static void features_can_be_taken_away(void **state)
{
	uint64_t masks[192], isar0 = ID_REG(6), mmfr0 = ID_REG(7), was;
	struct reg_mask_range r = {.addr = (uintptr_t)masks};
	struct fx *f = *state;

	PROGRAM(0, CODE, {T_LDR, 3, UART, 4}, SYSTEM_OFF);
	boot(f);
	GIVES(0, f->vm, KVM_ARM_GET_REG_WRITABLE_MASKS, &r);
	assert_int_equal(masks[6 * 8], ~UINT64_C(0x0f00000f));
	assert_int_equal(masks[6 * 8 + 3], 0xff0f00f0);	 /* all that this CPU lacks, too */
	assert_int_equal(masks[0], UINT32_MAX);		 /* MIDR_EL1 */
	assert_int_equal(masks[2 * 64 + 1], 0x300fc00f); /* CTR_EL0 */
	was = fx_get_reg(f, 0, isar0);
	assert_int_equal(fx_set_reg(f, 0, isar0, was + (1 << 4)), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_reg_id_more");
	assert_int_equal(fx_set_reg(f, 0, isar0, was - (1 << 4)), 0);
	assert_int_equal(fx_get_reg(f, 0, isar0), was - (1 << 4));
	was = fx_get_reg(f, 0, mmfr0);
	assert_int_equal(fx_set_reg(f, 0, mmfr0, was ^ (1 << 4)), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_reg_id_fixed");
	assert_int_equal(fx_set_reg(f, 0, mmfr0, was | UINT64_C(0xf) << 28), 0); /* no 4K */
	assert_int_equal(fx_set_reg(f, 0, mmfr0, was | UINT64_C(1) << 28), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, mmfr0, was), 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(fx_set_reg(f, 0, mmfr0, was - 1), -EBUSY);
	run_to_the_end(f);
}

/* SpecSEI the other way round, stage 2 granules to "none", and AArch64 itself never. */
static void what_is_less_depends_on_the_field(void **state)
{
	uint64_t pfr0 = KVM_REG_ID_AA64PFR0_EL1, mmfr0 = ID_REG(7), mmfr1 = ID_REG(7) + 1, was;
	struct fx *f = *state;

	boot(f);
	was = fx_get_reg(f, 0, mmfr1);
	assert_int_equal(fx_set_reg(f, 0, mmfr1, was | UINT64_C(1) << 24), 0);
	was = fx_get_reg(f, 0, mmfr0);
	assert_int_equal(fx_set_reg(f, 0, mmfr0, was | UINT64_C(2) << 32), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, mmfr0, was | UINT64_C(1) << 32), 0);
	was = fx_get_reg(f, 0, pfr0);
	assert_int_equal(fx_set_reg(f, 0, pfr0, was & ~UINT64_C(0xf)), -EINVAL);
	assert_int_equal(fx_set_reg(f, 0, pfr0, was & ~UINT64_C(0xf0)), -EINVAL);
}

/* One for all vCPUs; the cache's lines may be smaller, never be said to need no cleaning. */
static void the_cpu_is_who_user_space_says(void **state)
{
	const uint64_t midr = ARM64_SYS_REG(3, 0, 0, 0, 0), ctr = ARM64_SYS_REG(3, 3, 0, 0, 1);
	const uint64_t clidr = KVM_REG_CLIDR_EL1, mpidr = KVM_REG_MPIDR_EL1;
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_WRITABLE_IMP_ID_REGS};
	struct fx *f = *state;
	uint64_t was;

	fx_create_vm(f, 0);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	fx_create_vcpus(f, 2);
	assert_int_equal(fx_set_reg(f, 1, midr, UINT64_C(1) << 32), -EINVAL);
	assert_int_equal(fx_set_reg(f, 1, midr, 0x410fd0f0), 0);
	assert_int_equal(fx_get_reg(f, 0, midr), 0x410fd0f0);
	was = fx_get_reg(f, 0, ctr);
	assert_int_equal(fx_set_reg(f, 0, ctr, was | UINT64_C(1) << 29), -EINVAL); /* DIC */
	assert_int_equal(fx_set_reg(f, 0, ctr, was & ~UINT64_C(0xc000)), -EINVAL); /* L1Ip */
	assert_int_equal(fx_set_reg(f, 0, ctr, was ^ UINT64_C(1) << 24), -EINVAL); /* CWG */
	assert_int_equal(fx_set_reg(f, 0, ctr, was - 1), 0);
	assert_int_equal(fx_get_reg(f, 1, ctr), was - 1);
	assert_int_equal(fx_set_reg(f, 0, clidr, 0), -EINVAL);
	was = fx_get_reg(f, 0, clidr);
	assert_int_equal(fx_set_reg(f, 0, clidr, was | 4 << 6), 0);
	assert_int_equal(fx_set_reg(f, 0, mpidr, UINT64_C(0x80000007)), 0);
	fx_init_vcpu(f, 0, 1u << KVM_ARM_VCPU_PSCI_0_2);
	assert_int_equal(fx_get_reg(f, 0, clidr), was | 4 << 6);
	assert_int_equal(fx_get_reg(f, 0, mpidr), 0x80000007);
	assert_int_equal(fx_get_reg(f, 1, clidr), was);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_firmware(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(random_numbers_come_by_trng),
		TEST(what_user_space_takes_away_is_not_supported),
		TEST(the_hosts_time_comes_with_the_counter),
		TEST(an_older_psci_knows_fewer_functions),
		TEST(system_off2_tells_of_the_hibernation),
		TEST(features_can_be_taken_away),
		TEST(what_is_less_depends_on_the_field),
		TEST(the_cpu_is_who_user_space_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
