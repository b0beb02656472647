// SPDX-License-Identifier: BSD-3-Clause
/* test_ordinary_state.c - registers and counters of ordinary VMs, on the real engine. */
#include <stdlib.h>

#include "abi/arm.h"
#include "kvm/vcpu/vcpu.h"
#include "tests/kvm/ordinary_fixture.h"

#define SYS(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)
#define CORE(size, field)                                                                          \
	(KVM_REG_ARM64 | (size) | KVM_REG_ARM_CORE | offsetof(struct kvm_regs, field) / 4)
#define U64	 KVM_REG_SIZE_U64
#define CNTPCT	 SYS(3, 3, 14, 0, 1)
#define CNTVCT	 KVM_REG_ARM_TIMER_CNT
#define ONE_HOUR (UINT64_C(3600) * 62500000)
#define COUNTERS UINT64_C(0x700)

static uint64_t dice(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

/* Registers whose bits are not all there, or would let the guest run on; the bits that are set at
 * random. The rest of those that are listed take any value. */
static const struct {
	uint64_t id, bits;
} some_bits[] = {
	{CORE(U64, pc), 0},			  /* nothing is fetched from there */
	{CORE(U64, pstate), UINT64_C(0xf) << 28}, /* masked, at EL1 */
	{CORE(U64, spsr[0]), 0xffffffff},
	{CORE(KVM_REG_SIZE_U32, fpsr), 0x0800009f},
	{CORE(KVM_REG_SIZE_U32, fpcr), 0x07c80000},
	{SYS(3, 0, 1, 0, 0), 0xcc80f014}, /* SCTLR_EL1: the MMU stays off */
	{SYS(3, 0, 1, 0, 2), 3 << 20},	  /* CPACR_EL1 */
	{SYS(3, 0, 5, 1, 0), 0},	  /* AFSR0_EL1, AFSR1_EL1, AMAIR_EL1: QEMU's are zero */
	{SYS(3, 0, 5, 1, 1), 0},
	{SYS(3, 0, 10, 3, 0), 0},
	{SYS(3, 0, 5, 2, 0), 0xffffffff},    /* ESR_EL1 */
	{SYS(3, 0, 12, 0, 0), ~MASK(10, 0)}, /* VBAR_EL1 */
	{SYS(3, 0, 12, 1, 1), 0x81ffffff},   /* DISR_EL1 */
	{SYS(3, 0, 13, 0, 1), 0xffffffff},   /* CONTEXTIDR_EL1 */
	{SYS(3, 0, 14, 1, 0), 0x3ff},	     /* CNTKCTL_EL1 */
	{SYS(3, 2, 0, 0, 0), 0xf},	     /* CSSELR_EL1 */
	{SYS(2, 0, 0, 2, 2), 0xb000},	     /* MDSCR_EL1 */
	{SYS(2, 0, 1, 1, 4), 2},	     /* OSLSR_EL1 */
	{SYS(3, 3, 14, 2, 1), 3},	     /* CNTP_CTL_EL0 */
	{KVM_REG_ARM_TIMER_CTL, 3},
	{CNTPCT, 0},
	{CNTVCT, 0},
	{KVM_REG_MPIDR_EL1, 0},
	{SYS(3, 0, 0, 0, 0), 0}, /* MIDR_EL1, REVIDR_EL1, AIDR_EL1, CLIDR_EL1, CTR_EL0 */
	{SYS(3, 0, 0, 0, 6), 0},
	{SYS(3, 1, 0, 0, 7), 0},
	{SYS(3, 1, 0, 0, 1), 0},
	{SYS(3, 3, 0, 0, 1), 0},
};

static uint64_t random_bits(uint64_t id)
{
	bool debug = (id & ~UINT64_C(0x7f)) == SYS(2, 0, 0, 0, 0);

	if ((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_FW ||
	    (id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_FW_FEAT_BMAP ||
	    (id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_DEMUX)
		return 0;
	if (id >= SYS(3, 0, 0, 1, 0) && id < SYS(3, 0, 1, 0, 0))
		return 0; /* features */
	for (size_t i = 0; i < ARRAY_SIZE(some_bits); i++)
		if (some_bits[i].id == id)
			return some_bits[i].bits;
	if (debug && (id & 7) == 4)
		return MASK(48, 2);
	if (debug && (id & 7) == 5)
		return 0xffe0a7; /* BAS is in pairs */
	if (debug && (id & 7) == 6)
		return MASK(48, 3);
	if (debug && (id & 7) == 7)
		return 0x1f1fffff;
	return UINT64_MAX;
}

struct list {
	uint64_t n, id[512];
};

static void access_reg(struct fx *f, uint32_t nr, uint64_t id, void *val)
{
	struct kvm_one_reg r = {.id = id, .addr = (uintptr_t)val};

	GIVES(0, f->vcpu[0], nr, &r);
}

static void put(struct fx *f, uint64_t id, uint64_t val[2])
{
	uint64_t bits = random_bits(id);

	access_reg(f, (uint32_t)KVM_GET_ONE_REG, id, val);
	val[0] = (val[0] & ~bits) | (dice() & bits);
	val[1] = dice();
	access_reg(f, (uint32_t)KVM_SET_ONE_REG, id, val);
}

static void expect(struct fx *f, uint64_t id, const uint64_t val[2])
{
	uint64_t bits = random_bits(id), got[2] = {0};
	size_t size = 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);

	access_reg(f, (uint32_t)KVM_GET_ONE_REG, id, got);
	if (size < 8)
		bits &= MASK(8 * size - 1, 0);
	if ((got[0] ^ val[0]) & bits)
		fail_msg("%#llx: %#llx, was %#llx", (unsigned long long)id,
			 (unsigned long long)got[0], (unsigned long long)val[0]);
	if (size == 16)
		assert_int_equal(got[1], val[1]);
}

/* What is set goes into the CPU, and is what the CPU has. The guest does not get to run: there is
 * no memory under its first instruction. */
static void every_register_goes_round(void **state)
{
	struct list list = {.n = ARRAY_SIZE(list.id)};
	uint64_t val[ARRAY_SIZE(list.id)][2];
	struct fx *f = *state;

	srandom(7);
	ordinary_make(f, 1, 0);
	GIVES(0, f->vcpu[0], KVM_GET_REG_LIST, &list);
	assert_true(list.n > 200);
	for (int round = 0; round < 20; round++) {
		for (uint64_t i = 0; i < list.n; i++)
			put(f, list.id[i], val[i]);
		inproc_forget(f->p, f->ram, PAGE);
		REFUSED(EFAULT, kvm_fault_no_user_page, f->vcpu[0], KVM_RUN, 0);
		for (uint64_t i = 0; i < list.n; i++)
			expect(f, list.id[i], val[i]);
	}
}

/* The guest's counters and its physical timer are behind by the offset, and user space sees the
 * same. */
static void both_counters_have_the_offset(void **state)
{
	struct kvm_arm_counter_offset off = {.counter_offset = -(UINT64_C(1) << 60)};
	const uint64_t set = UINT64_C(1) << 60, cval = SYS(3, 3, 14, 2, 2);
	struct fx *f = *state;

	ordinary_make(f, 1, COUNTERS);
	GIVES(0, f->vm, KVM_ARM_SET_COUNTER_OFFSET, &off);
	assert_int_equal(fx_set_reg(f, 0, cval, 1234), 0);
	assert_int_equal(fx_set_reg(f, 0, X(2), set + 1), 0);
	assert_in_range(ordinary_next_store(f), set, set + ONE_HOUR);
	assert_in_range(ordinary_next_store(f), set, set + ONE_HOUR);
	assert_int_equal(ordinary_next_store(f), 1234);
	assert_int_equal(fx_get_reg(f, 0, cval), 1234);
	assert_in_range(ordinary_next_store(f), set + 1000, set + 1000 + ONE_HOUR);
	assert_in_range(fx_get_reg(f, 0, CNTPCT), set, set + ONE_HOUR);
	assert_in_range(fx_get_reg(f, 0, CNTVCT), set, set + ONE_HOUR);
	assert_int_equal(fx_set_reg(f, 0, CNTVCT, 0), 0); /* ignored: there is an offset */
	assert_in_range(fx_get_reg(f, 0, CNTVCT), set, set + ONE_HOUR);
	assert_in_range(ordinary_next_store(f), set + 1,
			set + ONE_HOUR); /* the timer's condition was met */
	assert_int_equal(fx_get_reg(f, 0, cval), set + 1);
	fx_assert_off(f, 0);
}

static void each_counter_is_set_and_runs_on(void **state)
{
	const uint64_t p = UINT64_C(1) << 50, v = UINT64_C(1) << 49;
	struct fx *f = *state;

	ordinary_make(f, 1, COUNTERS);
	assert_in_range(ordinary_next_store(f), 0, ONE_HOUR);
	assert_int_equal(fx_set_reg(f, 0, CNTPCT, p), 0);
	assert_int_equal(fx_set_reg(f, 0, CNTVCT, v), 0);
	assert_in_range(ordinary_next_store(f), v, v + ONE_HOUR);
	assert_in_range(fx_get_reg(f, 0, CNTPCT), p, p + ONE_HOUR);
	assert_in_range(fx_get_reg(f, 0, CNTVCT), v, v + ONE_HOUR);
}

#define CNTP_CTL  SYS(3, 3, 14, 2, 1)
#define CNTP_CVAL SYS(3, 3, 14, 2, 2)
#define TIMERS	  0xe00
#define PENDING	  0xe80

/* Beside an offset the sum is beyond 64 bits, which is no time that has passed. */
static void a_comparator_far_ahead_does_not_fire(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, TIMERS);
	assert_int_equal(fx_set_reg(f, 0, CNTPCT, 0), 0);
	assert_int_equal(fx_set_reg(f, 0, CNTP_CVAL, UINT64_MAX), 0);
	assert_int_equal(fx_set_reg(f, 0, CNTP_CTL, 1), 0);
	ordinary_expect_store(f, 0, 8, 1);
	ordinary_expect_store(f, 0, 8, UINT64_MAX);
	assert_int_equal(fx_get_reg(f, 0, CNTP_CVAL), UINT64_MAX);
	/* The counter is there, too, or has just begun again. */
	assert_int_equal(fx_set_reg(f, 0, CNTPCT, UINT64_MAX - ONE_HOUR), 0);
	assert_int_equal(fx_set_reg(f, 0, CNTP_CVAL, UINT64_MAX - 2 * ONE_HOUR), 0);
	ordinary_expect_store(f, 0, 8, 5);
	ordinary_expect_store(f, 0, 8, UINT64_MAX - 2 * ONE_HOUR);
	assert_int_equal(fx_set_reg(f, 0, CNTPCT, 0), 0);
	ordinary_expect_store(f, 0, 8, 1);
}

static void enable_ppi(struct fx *f, unsigned int irq)
{
	const struct {
		uint32_t group;
		uint64_t attr;
		uint32_t val;
	} rows[] = {
		{KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0, 2},
		{KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 0x10080, UINT32_MAX},
		{KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, 0x10100, (uint32_t)BIT(irq)},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kvm_device_attr a = {.group = rows[i].group,
					    .attr = rows[i].attr,
					    .addr = (uintptr_t)&rows[i].val};

		GIVES(0, f->gic, KVM_SET_DEVICE_ATTR, &a);
	}
}

#define ISR_I 0x80

/* User space goes back with the counter: what had fired is ahead again, and is told of then. */
static void a_counter_that_goes_back_takes_the_interrupt_with_it(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, PENDING);
	enable_ppi(f, 27);
	assert_int_equal(fx_set_reg(f, 0, CNTVCT, 2 * ONE_HOUR), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_TIMER_CVAL, ONE_HOUR), 0);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_TIMER_CTL, 1), 0);
	ordinary_expect_store(f, 4, 4, 0);
	ordinary_expect_store(f, 0, 8, ISR_I);
	ordinary_expect_store(f, 4, 4, 0);
	assert_int_equal(fx_set_reg(f, 0, CNTVCT, 0), 0);
	ordinary_expect_store(f, 0, 8, 0);
	ordinary_expect_store(f, 4, 4, 0);
	assert_int_equal(fx_set_reg(f, 0, CNTVCT, ONE_HOUR), 0);
	ordinary_expect_store(f, 0, 8, ISR_I);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ordinary_setup, fx_teardown)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_register_goes_round),
		TEST(both_counters_have_the_offset),
		TEST(each_counter_is_set_and_runs_on),
		TEST(a_comparator_far_ahead_does_not_fire),
		TEST(a_counter_that_goes_back_takes_the_interrupt_with_it),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
