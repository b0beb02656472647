// SPDX-License-Identifier: BSD-3-Clause
/* test_ordinary.c - ordinary VMs on the real engine: memory, devices, CPUs, registers. */
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/qemu.h"
#include "kvm/vcpu/vcpu.h"
#include "tests/kvm/ordinary_fixture.h"

static void it_runs_from_memory_and_reaches_devices(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, 0);
	ordinary_expect_store(f, 0, 4, 42);
	assert_int_equal(*(uint64_t *)(f->ram + DATA_OFF), 42);
	ordinary_expect_load(f, 1, 1, 0x80);
	ordinary_expect_store(f, 8, 8, -UINT64_C(0x80)); /* sign-extended */
	fx_assert_off(f, 0);
}

/* No user memory is named: its memory is the file's, which the VMM maps. */
static void it_runs_from_a_guest_memfd(void **state)
{
	struct fx *f = *state;
	uint8_t *file;

	ordinary_make(f, 1, 0);
	fx_create_gmem(f, RAM_SIZE, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	file = inproc_mmap(f->p, f->gmem, RAM_SIZE);
	assert_non_null(file);
	memcpy(file, f->ram, RAM_SIZE);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, 0, NULL, -1, 0), 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, NULL, f->gmem, 0), 0);
	ordinary_expect_store(f, 0, 4, 42);
	assert_int_equal(*(uint64_t *)(file + DATA_OFF), 42);
	assert_int_equal(*(uint64_t *)(f->ram + DATA_OFF), 0);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, 3, DATA_OFF, PAGE), 0);
	assert_int_equal(*(uint64_t *)(file + DATA_OFF), 0);
	ordinary_expect_load(f, 1, 1, 0x80);
	inproc_munmap(f->p, file, RAM_SIZE);
	fx_close(f, &f->gmem);
	REFUSED(EFAULT, kvm_fault_no_user_page, f->vcpu[0], KVM_RUN, 0); /* nor instructions */
}

static void its_registers_are_seen_and_set_between_runs(void **state)
{
	const uint64_t tpidr_el1 = ARM64_SYS_REG(3, 0, 13, 0, 4);
	struct fx *f = *state;

	ordinary_make(f, 1, 0);
	ordinary_expect_store(f, 0, 4, 42);
	assert_int_equal(fx_get_reg(f, 0, tpidr_el1), 42);
	assert_int_equal(fx_get_reg(f, 0, KVM_REG_ARM_CORE_PC), RAM + 0x18);
	assert_int_equal(fx_set_reg(f, 0, tpidr_el1, 43), 0);
	/* x2 again, stored once more: the program goes back by two instructions. */
	assert_int_equal(fx_set_reg(f, 0, X(2), 44), 0);
	ordinary_expect_load(f, 1, 1, 1);
	assert_int_equal(fx_get_reg(f, 0, tpidr_el1), 43);
	assert_int_equal(fx_get_reg(f, 0, X(2)), 44);
	ordinary_expect_store(f, 8, 8, 1);
	fx_assert_off(f, 0);
}

static void a_second_cpu_is_started_by_psci(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	ordinary_make(f, 2, 0x100);
	fx_start(&t, f, 1);
	ordinary_expect_store(f, 0, 4, 0); /* PSCI SUCCESS */
	ordinary_expect_store(f, 4, 4, 7); /* what the other was started with */
	fx_assert_off(f, 0);
	inproc_signal(f->p, f->vcpu[1]);
	assert_int_equal(fx_join(&t), -EINTR);
}

static uint64_t dirty_pages(struct fx *f)
{
	uint64_t bits[RAM_SIZE / PAGE / 64] = {0};
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = (uintptr_t)bits};

	GIVES(0, f->vm, KVM_GET_DIRTY_LOG, &log);
	return bits[DATA_OFF / PAGE / 64];
}

static void the_dirty_log_has_each_store_since_the_last_look(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, 0x200);
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, f->ram, -1, 0),
			 0);
	for (uint64_t n = 1; n < 6; n++) {
		assert_int_equal(fx_set_reg(f, 0, X(0), n), 0);
		ordinary_expect_load(f, 0, 4, 0);
		assert_int_equal(dirty_pages(f), MASK(n - 1, 0));
		assert_int_equal(dirty_pages(f), 0);
	}
}

/* The first 255 pages of DATA are in one table, with those that the program comes from. */
static void neighbours_come_along_with_a_page(void **state)
{
	struct fx *f = *state;
	unsigned int before;

	ordinary_make(f, 1, 0x200);
	assert_int_equal(fx_set_reg(f, 0, X(0), 256), 0);
	ordinary_expect_load(f, 0, 4, 0);
	assert_in_range(fx_exits("SHARED_FAULT", false), 1, 4); /* the device's is one */
	for (unsigned int i = 1; i < 256; i++)
		assert_int_equal(*(uint64_t *)(f->ram + DATA_OFF + i * PAGE), 256 - i);
	/* A log would miss them. */
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, f->ram, -1, 0),
			 0);
	before = fx_exits("SHARED_FAULT", false);
	ordinary_expect_load(f, 0, 4, 0);
	assert_true(fx_exits("SHARED_FAULT", false) - before >= 256);
}

#define WRITES	    UINT64_C(0x780)
#define WRITE_PAGES 256

/* As a migration does it: what the log says is copied. */
static void copy_dirty(struct fx *f, uint8_t *copy, bool manual)
{
	uint64_t bits[RAM_SIZE / PAGE / 64] = {0};
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = (uintptr_t)bits};
	struct kvm_clear_dirty_log clear = {
		.slot = 0, .num_pages = RAM_SIZE / PAGE, .dirty_bitmap = (uintptr_t)bits};

	GIVES(0, f->vm, KVM_GET_DIRTY_LOG, &log);
	if (manual)
		GIVES(0, f->vm, KVM_CLEAR_DIRTY_LOG, &clear);
	for (uint64_t i = 0; i < RAM_SIZE / PAGE; i++)
		if (bits[i / 64] & BIT(i % 64))
			memcpy(copy + i * PAGE, f->ram + i * PAGE, PAGE);
}

/* Four CPUs write while the log is read; when they have stopped, the copy is the memory. */
static void check_dirty_log(struct fx *f, bool manual)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = {1}};
	struct fx_thread t[4];
	uint8_t *copy = malloc(RAM_SIZE);
	unsigned int written = 0;

	ordinary_make(f, 4, WRITES);
	if (manual)
		GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	memcpy(copy, f->ram, RAM_SIZE);
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, f->ram, -1, 0),
			 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(fx_set_reg(f, i, KVM_REG_ARM_CORE_PC, RAM + WRITES), 0);
		assert_int_equal(fx_set_reg(f, i, X(1), i), 0);
		assert_int_equal(fx_set_reg(f, i, X(9), 8 * i), 0);
		fx_set_mp_state(f, i, KVM_MP_STATE_RUNNABLE);
		fx_start(&t[i], f, i);
	}
	while (fx_exits("SHARED_FAULT", false) < 100)
		; /* they run */
	for (int i = 0; i < 20000 && fx_exits("SHARED_FAULT", false) < 2000; i++)
		copy_dirty(f, copy, manual);
	for (unsigned int i = 0; i < 4; i++) {
		inproc_signal(f->p, f->vcpu[i]);
		assert_int_equal(fx_join(&t[i]), -EINTR);
	}
	copy_dirty(f, copy, manual);
	assert_memory_equal(copy, f->ram, RAM_SIZE);
	for (unsigned int i = 0; i < WRITE_PAGES; i++)
		written += *(uint64_t *)(f->ram + DATA_OFF + i * PAGE) != 0;
	assert_true(written > WRITE_PAGES / 8);
	free(copy);
}

static void the_dirty_log_misses_no_store_of_four_cpus(void **state)
{
	check_dirty_log(*state, false);
}

static void nor_does_the_log_that_user_space_clears(void **state)
{
	check_dirty_log(*state, true);
}

/* A gap would be a device's store, or an abort where the next instruction should be. */
static void a_slot_whose_flags_change_is_never_missing(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	ordinary_make(f, 1, WRITES);
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + 0x800), 0);
	fx_start(&t, f, 0);
	for (uint32_t i = 0; fx_exits("SHARED_FAULT", false) < 1000; i++) {
		assert_int_equal(fx_set_slot(f, 0, i % 2 ? 0 : KVM_MEM_LOG_DIRTY_PAGES, RAM,
					     RAM_SIZE, f->ram, -1, 0),
				 0);
		/* A vCPU that has left runs no more, and faults no more. */
		assert_int_not_equal(f->run[0]->exit_reason, KVM_EXIT_MMIO);
		sched_yield();
	}
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
}

#define STORES UINT64_C(0xd40)
#define HIGH   (BIT(51) | RAM)

static void memory_above_48_bits_is_there_with_lpa2(void **state)
{
	const struct inproc_config cfg = {.engine = &engine_qemu, .cpu = MACHINE_CPU_LPA2};
	struct fx *f = *state;
	uint8_t *high =
		mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	fx_restart(f, &cfg);
	GIVES(52, f->sys, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	REFUSED(EINVAL, kvm_create_vm_ipa, f->sys, KVM_CREATE_VM, 53);
	fx_create_vm(f, 52);
	ordinary_fill(f, 1, STORES);
	assert_int_equal(fx_set_slot(f, 1, 0, HIGH, RAM_SIZE, high, -1, 0), 0);
	assert_int_equal(fx_get_reg(f, 0, ARM64_SYS_REG(3, 0, 0, 7, 0)), 0x10201126);
	for (uint64_t i = 1; i < 10; i++) {
		assert_int_equal(fx_set_reg(f, 0, X(0), i), 0);
		assert_int_equal(fx_set_reg(f, 0, X(21), HIGH + i * 0x31000), 0);
		ordinary_expect_store(f, 0, 8, i);
		assert_int_equal(*(uint64_t *)(high + i * 0x31000), i);
		assert_int_equal(*(uint64_t *)(f->ram + i * 0x31000), 0);
	}
	/* A device up there; and what is gone is one, too. */
	for (int gone = 0; gone < 2; gone++) {
		assert_int_equal(fx_set_reg(f, 0, X(21), gone ? HIGH + 0x31000 : BIT(52) - 8), 0);
		if (gone)
			assert_int_equal(fx_set_slot(f, 1, 0, HIGH, 0, NULL, -1, 0), 0);
		GIVES(0, f->vcpu[0], KVM_RUN, 0);
		fx_assert_exit(f, 0, KVM_EXIT_MMIO);
		assert_int_equal(f->run[0]->mmio.phys_addr, gone ? HIGH + 0x31000 : BIT(52) - 8);
		ordinary_expect_load(f, gone ? HIGH + 0x31000 - UART : BIT(52) - 8 - UART, 8, 7);
		ordinary_expect_store(f, 0, 8, 7);
	}
	inproc_forget(f->p, high, RAM_SIZE);
	munmap(high, RAM_SIZE);
}

static void a_readonly_slot_takes_no_store(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, 0, NULL, -1, 0), 0);
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_READONLY, RAM, RAM_SIZE, f->ram, -1, 0), 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(f->run[0]->mmio.phys_addr, RAM + DATA_OFF);
	ordinary_expect_store(f, 0, 4, 0); /* the load has read memory */
}

static void id_registers_are_those_of_the_vm(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, 0x280);
	ordinary_expect_store(f, 0, 8, fx_get_reg(f, 0, KVM_REG_ID_AA64DFR0_EL1));
	ordinary_expect_store(f, 0, 8, BIT(31));
	fx_assert_off(f, 0);
}

static void an_access_without_a_syndrome_is_enosys_or_user_spaces(void **state)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_NISV_TO_USER};
	struct fx *f = *state;

	ordinary_make(f, 1, 0x300);
	REFUSED(ENOSYS, kvm_run_no_syndrome, f->vcpu[0], KVM_RUN, 0);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_ARM_NISV);
	assert_int_equal(f->run[0]->arm_nisv.fault_ipa, UART);
}

static void a_jump_into_nothing_is_an_abort_of_the_guest(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, 0x380);
	ordinary_expect_store(f, 0, 8, UINT64_C(0x21) << 26 | BIT(25) | 0x10);
	ordinary_expect_store(f, 0, 8, UART);
	fx_assert_off(f, 0);
}

/* User space answers an access to the device with an abort; nothing is loaded. */
static void user_space_ends_an_access_with_an_abort(void **state)
{
	struct kvm_vcpu_events e = {.exception.ext_dabt_pending = 1};
	struct fx *f = *state;

	ordinary_make(f, 1, 0);
	ordinary_expect_store(f, 0, 4, 42);
	assert_int_equal(fx_set_reg(f, 0, ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + 0x800), 0);
	ordinary_expect_load(f, 1, 1, 0x80);
	GIVES(0, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	ordinary_expect_store(f, 0, 8, UINT64_C(0x25) << 26 | BIT(25) | 0x10);
	ordinary_expect_store(f, 0, 8, UART + 1);
	fx_assert_off(f, 0);
}

static void memory_that_goes_away_is_forgotten(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, 0x200);
	assert_int_equal(fx_set_reg(f, 0, X(0), 2), 0);
	ordinary_expect_load(f, 0, 4, 0);
	inproc_forget(f->p, f->ram + DATA_OFF, PAGE);
	REFUSED(EFAULT, kvm_fault_no_user_page, f->vcpu[0], KVM_RUN, 0);
}

/* mov w1, #n; ret: in the same place, again and again. */
static void code_that_user_space_writes_is_what_runs(void **state)
{
	struct fx *f = *state;
	uint32_t *code;

	ordinary_make(f, 1, 0x480);
	code = (uint32_t *)(f->ram + DATA_OFF);
	for (uint32_t n = 1; n < 20; n++) {
		code[0] = 0x52800001 | n << 5;
		code[1] = 0xd65f03c0;
		ordinary_expect_store(f, 0, 4, n);
	}
}

static void a_signal_ends_a_run(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	ordinary_make(f, 1, 0x400);
	fx_start(&t, f, 0);
	while (fx_exits("SHARED_FAULT", false) < 1)
		;
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ordinary_setup, fx_teardown)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_runs_from_memory_and_reaches_devices),
		TEST(it_runs_from_a_guest_memfd),
		TEST(its_registers_are_seen_and_set_between_runs),
		TEST(a_second_cpu_is_started_by_psci),
		TEST(the_dirty_log_has_each_store_since_the_last_look),
		TEST(neighbours_come_along_with_a_page),
		TEST(the_dirty_log_misses_no_store_of_four_cpus),
		TEST(nor_does_the_log_that_user_space_clears),
		TEST(a_slot_whose_flags_change_is_never_missing),
		TEST(memory_above_48_bits_is_there_with_lpa2),
		TEST(a_readonly_slot_takes_no_store),
		TEST(id_registers_are_those_of_the_vm),
		TEST(an_access_without_a_syndrome_is_enosys_or_user_spaces),
		TEST(a_jump_into_nothing_is_an_abort_of_the_guest),
		TEST(user_space_ends_an_access_with_an_abort),
		TEST(memory_that_goes_away_is_forgotten),
		TEST(code_that_user_space_writes_is_what_runs),
		TEST(a_signal_ends_a_run),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
