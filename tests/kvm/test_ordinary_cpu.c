// SPDX-License-Identifier: BSD-3-Clause
/* test_ordinary_cpu.c - what a guest finds of its CPU: who it is, the byte order, walks of its own
 * tables. On the real engine. */
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "abi/arm.h"
#include "base/schedstat.h"
#include "engine/qemu.h"
#include "kvm/vcpu/pvtime.h"
#include "tests/kvm/ordinary_fixture.h"

#define SYS(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)
#define MIDR			     SYS(3, 0, 0, 0, 0)
#define REVIDR			     SYS(3, 0, 0, 0, 6)
#define AIDR			     SYS(3, 1, 0, 0, 7)
#define CTR			     SYS(3, 3, 0, 0, 1)
#define SCTLR			     SYS(3, 0, 1, 0, 0)
#define TTBR0			     SYS(3, 0, 2, 0, 0)
#define TCR			     SYS(3, 0, 2, 0, 2)
#define MAIR			     SYS(3, 0, 10, 2, 0)
#define VBAR			     SYS(3, 0, 12, 0, 0)

#define WHO	    0xc00
#define ICC	    0xc80
#define SIGN	    0xd00
#define WALK	    0xd80
#define TIMER_FIRES 0x1300
#define WHAT_PENDS  0x1340

/* ISR_EL1 */
#define ISR_F 0x40
#define ISR_I 0x80

#define PFR0_GIC(val) ((val) >> 24 & 15)

static void the_guest_reads_who_user_space_says_that_it_is(void **state)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_ARM_WRITABLE_IMP_ID_REGS};
	const struct {
		uint64_t id, val;
	} rows[] = {
		{MIDR, 0x410fd0f1},
		{REVIDR, 0x1234},
		{AIDR, 0x5678},
		{CTR, 0x8444c003},
		{KVM_REG_CLIDR_EL1, 0x0a200123},
		{KVM_REG_MPIDR_EL1, 0x80000102},
	};
	struct fx *f = *state;

	fx_create_vm(f, 0);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	ordinary_fill(f, 1, WHO);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(fx_set_reg(f, 0, rows[i].id, rows[i].val), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		ordinary_expect_store(f, 0, 8, rows[i].val);
	ordinary_expect_store(f, 0, 8, fx_get_reg(f, 0, KVM_REG_ID_AA64PFR0_EL1));
	assert_int_equal(PFR0_GIC(fx_get_reg(f, 0, KVM_REG_ID_AA64PFR0_EL1)), 1);
	fx_assert_off(f, 0);
}

/* Its registers are undefined then, and the guest is not told of them. */
static void a_vm_without_a_gic_has_no_interface_to_one(void **state)
{
	struct fx *f = *state;

	ordinary_make_without_gic(f, ICC);
	assert_int_equal(fx_set_reg(f, 0, VBAR, RAM + 0x800), 0);
	assert_int_equal(PFR0_GIC(fx_get_reg(f, 0, KVM_REG_ID_AA64PFR0_EL1)), 1);
	ordinary_expect_store(f, 0, 8, BIT(25)); /* the class of what is unknown */
	assert_int_equal(PFR0_GIC(fx_get_reg(f, 0, KVM_REG_ID_AA64PFR0_EL1)), 0);
}

static void no_gic_is_created_once_a_cpu_has_run(void **state)
{
	struct kvm_create_device cd = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	struct fx *f = *state;

	ordinary_make_without_gic(f, 0);
	ordinary_expect_store(f, 0, 4, 42);
	REFUSED(EBUSY, kvm_create_device_late, f->vm, KVM_CREATE_DEVICE, &cd);
	cd.flags = KVM_CREATE_DEVICE_TEST;
	GIVES(0, f->vm, KVM_CREATE_DEVICE, &cd);
	ordinary_expect_load(f, 1, 1, 0x80); /* it goes on as it was */
}

static void a_device_sees_the_bytes_in_the_guests_order(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, SIGN);
	ordinary_expect_load(f, 2, 2, 0x8001);
	ordinary_expect_store(f, 0, 8, UINT64_C(0xffffffffffff8001));
	ordinary_expect_store(f, 0, 4, 0xffff8001);
	assert_int_equal(fx_set_reg(f, 0, SCTLR, 0x00c50078 | BIT(25)), 0); /* EE */
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, RAM + SIGN), 0);
	ordinary_expect_load(f, 2, 2, 0x0180);
	ordinary_expect_store(f, 0, 8, UINT64_C(0x0180ffffffffffff));
	ordinary_expect_store(f, 0, 4, 0x0180ffff);
}

/* ---- the guest's tables ---- */

#define TABLES	   UINT64_C(0x200000) /* of the first level, in f->ram; then the others */
#define ONE_GIB	   UINT64_C(0x40000000)
#define BLOCK	   (UINT64_C(1) | BIT(10)) /* accessed, normal memory */
#define TABLE_DESC 3
#define NOWHERE	   UINT64_C(0x0a000000) /* no slot */
#define VA	   (4 * ONE_GIB)
#define NO_FLAG_VA (VA + 0x200000)

static uint64_t *table(struct fx *f, unsigned int n)
{
	return (uint64_t *)(f->ram + TABLES + n * PAGE);
}

/* 39 bits of addresses, 4 KiB pages. The first 4 GiB are what they are; VA's last table is where no
 * memory is, and NO_FLAG_VA is DATA, never accessed yet. */
static void turn_on_the_mmu(struct fx *f)
{
	for (unsigned int i = 0; i < 4; i++)
		table(f, 0)[i] = i * ONE_GIB | BLOCK;
	table(f, 0)[4] = (RAM + TABLES + PAGE) | TABLE_DESC;
	table(f, 1)[0] = NOWHERE | TABLE_DESC;
	table(f, 1)[1] = (RAM + TABLES + 2 * PAGE) | TABLE_DESC;
	table(f, 2)[0] = (RAM + DATA_OFF) | 3;
	assert_int_equal(fx_set_reg(f, 0, MAIR, 0xff), 0);
	assert_int_equal(fx_set_reg(f, 0, TTBR0, RAM + TABLES), 0);
	assert_int_equal(fx_set_reg(f, 0, TCR, 25 | BIT(23) | UINT64_C(5) << 32 | BIT(39)), 0);
	assert_int_equal(fx_set_reg(f, 0, SCTLR, 0x00c50078 | 1), 0);
	assert_int_equal(fx_set_reg(f, 0, VBAR, RAM + 0x800), 0);
}

static void a_table_where_no_memory_is_aborts_the_walk_at_its_level(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, WALK);
	turn_on_the_mmu(f);
	assert_int_equal(fx_set_reg(f, 0, X(21), VA), 0);
	ordinary_expect_store(f, 0, 8, UINT64_C(0x25) << 26 | BIT(25) | 0x17);
	ordinary_expect_store(f, 0, 8, VA);
	fx_assert_off(f, 0);
}

#define NOWHERE_HIGH (BIT(51) | BIT(48) | NOWHERE)

/* The same with 52 bits on both sides: from level -1 on, and the missing table is at level 0. */
static void a_walk_of_52_bits_is_followed_to_its_level(void **state)
{
	const struct inproc_config cfg = {.engine = &engine_qemu, .cpu = MACHINE_CPU_LPA2};
	struct fx *f = *state;

	fx_restart(f, &cfg);
	fx_create_vm(f, 52);
	ordinary_fill(f, 1, WALK);
	turn_on_the_mmu(f);
	table(f, 3)[0] = (RAM + TABLES) | TABLE_DESC;
	table(f, 4)[0] = (RAM + TABLES + 3 * PAGE) | TABLE_DESC;
	table(f, 4)[8] = (NOWHERE_HIGH & MASK(49, 12)) | NOWHERE_HIGH >> 50 << 8 | TABLE_DESC;
	assert_int_equal(fx_set_reg(f, 0, TTBR0, RAM + TABLES + 4 * PAGE), 0);
	assert_int_equal(
		fx_set_reg(f, 0, TCR, 12 | BIT(23) | UINT64_C(6) << 32 | BIT(39) | BIT(59)), 0);
	assert_int_equal(fx_set_reg(f, 0, X(21), BIT(51)), 0);
	ordinary_expect_store(f, 0, 8, UINT64_C(0x25) << 26 | BIT(25) | 0x14);
	ordinary_expect_store(f, 0, 8, BIT(51));
	fx_assert_off(f, 0);
}

/* Its page has been read by walks before; now the walk writes. */
static void a_walk_that_sets_the_access_flag_is_a_write(void **state)
{
	uint64_t bits[RAM_SIZE / PAGE / 64] = {0};
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = (uintptr_t)bits};
	unsigned int page = TABLES / PAGE + 2;
	struct fx *f = *state;

	ordinary_make(f, 1, WALK);
	turn_on_the_mmu(f);
	*(uint64_t *)(f->ram + DATA_OFF) = 42;
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, f->ram, -1, 0),
			 0);
	assert_int_equal(fx_set_reg(f, 0, X(21), NO_FLAG_VA), 0);
	ordinary_expect_store(f, 0, 8, 42);
	assert_true(table(f, 2)[0] & BIT(10));
	GIVES(0, f->vm, KVM_GET_DIRTY_LOG, &log);
	assert_true(bits[page / 64] & BIT(page % 64));
}

#define SPINS	 UINT64_C(0x400)
#define CALLS	 UINT64_C(0xf80)
#define BUSY_NS	 UINT64_C(300000000)
#define ST_FIELD 8

static void *be_busy(void *arg)
{
	struct timespec ts;
	uint64_t now, end = 0;

	do {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		now = (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
		end = end ? end : now + BUSY_NS;
	} while (now < end);
	return NULL;
}

/* The engine comes to be on the CPU that it is to share. */
static void stay_on_this_cpu(cpu_set_t *before)
{
	cpu_set_t one;

	assert_int_equal(sched_getaffinity(0, sizeof(*before), before), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* It spins meanwhile, beside a busy thread: about half of the time is not its own. */
static void what_the_engine_waited_is_stolen_too(void **state)
{
	uint64_t ipa = RAM + DATA_OFF, stolen;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_PVTIME_CTRL, .addr = (uintptr_t)&ipa};
	struct fx *f = *state;
	struct fx_thread t;
	cpu_set_t before;
	pthread_t hog;

	if (!schedstat_is_there())
		skip();
	stay_on_this_cpu(&before);
	ordinary_make(f, 1, CALLS);
	GIVES(0, f->vcpu[0], KVM_SET_DEVICE_ATTR, &a);
	assert_int_equal(fx_set_reg(f, 0, X(0), PV_TIME_ST), 0);
	ordinary_expect_store(f, 0, 8, ipa);
	/* The store is yet to be completed, which moves the PC. */
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, RAM + SPINS - 4), 0);
	pthread_create(&hog, NULL, be_busy, NULL);
	fx_start(&t, f, 0);
	pthread_join(hog, NULL);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, RAM + CALLS), 0);
	assert_int_equal(fx_set_reg(f, 0, X(0), PV_TIME_FEATURES), 0);
	assert_int_equal(fx_set_reg(f, 0, X(1), PV_TIME_ST), 0);
	ordinary_expect_store(f, 0, 8, 0);
	memcpy(&stolen, f->ram + DATA_OFF + ST_FIELD, sizeof(stolen));
	assert_in_range(stolen, BUSY_NS / 5, 20 * BUSY_NS);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

/* ---- an interrupt controller in user space ---- */

static void drive(struct fx *f, unsigned int line, bool level)
{
	struct kvm_irq_level l = {.irq = KVM_ARM_IRQ_TYPE_CPU << 24 | line, .level = level};

	GIVES(0, f->vm, KVM_IRQ_LINE, &l);
}

static void it_is_told_of_a_timer_and_drives_the_interrupt(void **state)
{
	struct fx *f = *state;

	ordinary_make_without_gic(f, TIMER_FIRES);
	REFUSED(EINTR, kvm_run_levels, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_INTR);
	assert_int_equal(f->run[0]->s.regs.device_irq_level, KVM_ARM_DEV_EL1_VTIMER);
	drive(f, 0, true);
	ordinary_expect_store(f, 0, 8, ISR_I);
	assert_int_equal(f->run[0]->s.regs.device_irq_level, 0);
	drive(f, 0, false);
	ordinary_expect_store(f, 0, 8, 0);
	fx_assert_off(f, 0);
}

static void a_cpu_that_runs_sees_its_line_at_once(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	ordinary_make_without_gic(f, WHAT_PENDS);
	fx_start(&t, f, 0);
	usleep(20000);
	drive(f, 1, true);
	assert_int_equal(fx_join(&t), 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(f->run[0]->mmio.data[0], ISR_F);
}

static void a_vm_with_a_gic_is_told_of_no_levels(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;

	ordinary_make(f, 1, TIMER_FIRES);
	fx_start(&t, f, 0);
	usleep(20000);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	assert_int_equal(f->run[0]->s.regs.device_irq_level, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ordinary_setup, fx_teardown)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_guest_reads_who_user_space_says_that_it_is),
		TEST(a_vm_without_a_gic_has_no_interface_to_one),
		TEST(no_gic_is_created_once_a_cpu_has_run),
		TEST(a_device_sees_the_bytes_in_the_guests_order),
		TEST(a_table_where_no_memory_is_aborts_the_walk_at_its_level),
		TEST(a_walk_of_52_bits_is_followed_to_its_level),
		TEST(a_walk_that_sets_the_access_flag_is_a_write),
		TEST(what_the_engine_waited_is_stolen_too),
		TEST(it_is_told_of_a_timer_and_drives_the_interrupt),
		TEST(a_cpu_that_runs_sees_its_line_at_once),
		TEST(a_vm_with_a_gic_is_told_of_no_levels),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
