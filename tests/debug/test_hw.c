// SPDX-License-Identifier: BSD-3-Clause
/* test_hw.c - how a guest and its debugger share the debug registers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/arm.h"
#include "base/bits.h"
#include "debug/hw.h"

#define BCR_OURS UINT64_C(0x1e7)
#define EL1	 PSTATE_EL1H
#define ESR(ec)	 ((uint64_t)(ec) << 26)
#define SYS(write, crn, crm, op2, rt)                                                              \
	(ESR(EC_SYS64) | 2u << 20 | (op2) << 17 | (crn) << 10 | (rt) << 5 | (crm) << 1 | !(write))

static struct hw hw;
static struct points points;
static struct engine_debug out;

static int begin(void **state)
{
	memset(&hw, 0, sizeof(hw));
	memset(&points, 0, sizeof(points));
	hw.armed = true;
	hw.own.os_lock = 1;
	return 0;
}

static int add(enum point_type type, uint64_t addr, uint64_t len)
{
	return points_add(&points, &(struct point){type, addr, len});
}

/* The guest uses debug registers: breakpoint n at addr, from EL1 too. */
static void guest_breaks(unsigned int n, uint64_t addr)
{
	hw.own.os_lock = 0;
	hw.own.mdscr = MDSCR_MDE | MDSCR_KDE;
	hw.own.bvr[n] = addr;
	hw.own.bcr[n] = BCR_OURS;
}

static enum hw_whose judge(unsigned int ec, uint64_t pc, uint64_t far, uint64_t pstate)
{
	const struct point *p;

	return hw_judge(&hw, &points, ESR(ec), pc, far, pstate, &p);
}

static void without_a_debugger_all_is_the_guests(void **state)
{
	hw.armed = false;
	guest_breaks(0, 0x1000);
	assert_int_equal(hw_merge(&hw, &points, false, &out), 0);
	assert_int_equal(out.traps, ENGINE_DEBUG_NONE);
	assert_int_equal(out.mdscr, hw.own.mdscr);
	assert_int_equal(out.bcr[0], BCR_OURS);
}

static void a_debuggers_breakpoint_works_under_the_os_lock(void **state)
{
	assert_int_equal(add(POINT_BREAK, 0xffff800080001234, 4), 0);
	assert_int_equal(hw_merge(&hw, &points, false, &out), 0);
	assert_int_equal(out.traps, ENGINE_DEBUG_EXCEPTIONS);
	assert_int_equal(out.os_lock, 0);
	assert_int_equal(out.mdscr, MDSCR_MDE);
	assert_int_equal(out.bvr[5], 0xffff800080001234);
	assert_int_equal(out.bcr[5], BCR_OURS);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(out.bcr[i], 0);
}

static void the_guests_keep_their_numbers_and_come_first(void **state)
{
	guest_breaks(5, 0x5000);
	guest_breaks(3, 0x3000);
	for (uint64_t i = 0; i < ENGINE_NUM_BPS; i++)
		assert_int_equal(add(POINT_BREAK, 0x1000 * (10 + i), 4), 0);
	assert_int_equal(hw_merge(&hw, &points, false, &out), 2); /* without a place */
	assert_int_equal(out.bvr[5], 0x5000);
	assert_int_equal(out.bvr[3], 0x3000);
	assert_int_equal(out.bvr[4], 0xa000);
	assert_int_equal(out.bvr[2], 0xb000);
	assert_int_equal(out.bvr[0], 0xd000);
	assert_false(out.mdscr & MDSCR_KDE); /* EL2 is not to be stopped */
	/* ... but only those that can fire */
	hw.own.mdscr = 0;
	assert_int_equal(hw_merge(&hw, &points, false, &out), 0);
	assert_int_equal(out.bvr[5], 0xa000);
}

static void a_guest_that_steps_has_all_the_registers(void **state)
{
	guest_breaks(0, 0x1000);
	hw.own.mdscr |= MDSCR_SS;
	add(POINT_BREAK, 0x2000, 4);
	assert_int_equal(hw_merge(&hw, &points, true, &out), 1);
	assert_int_equal(out.traps, ENGINE_DEBUG_REGISTERS);
	assert_int_equal(out.mdscr, hw.own.mdscr);
	assert_int_equal(out.bcr[5], 0);
	hw.own.os_lock = 1;
	assert_int_equal(hw_merge(&hw, &points, true, &out), 0);
	assert_int_equal(out.mdscr & MDSCR_SS, MDSCR_SS);
}

static void watchpoints_are_what_a_register_can_hold(void **state)
{
	assert_int_equal(add(POINT_WRITE, 0x1003, 4), 0);
	assert_int_equal(add(POINT_ACCESS, 0x2000, 4096), 0);
	assert_int_equal(add(POINT_READ, 0x1006, 4), -EINVAL);
	assert_int_equal(add(POINT_READ, 0x1000, 0), -EINVAL);
	assert_int_equal(add(POINT_READ, 0x1000, 24), -EINVAL);
	assert_int_equal(add(POINT_READ, 0x1010, 32), -EINVAL);
	assert_int_equal(add(POINT_READ, 0, BIT(32)), -EINVAL);
	assert_int_equal(add(POINT_READ, ~0ull, 2), -EINVAL);
	assert_int_equal(add(POINT_BREAK, 0x1002, 4), -EINVAL);
	assert_int_equal(hw_merge(&hw, &points, false, &out), 0);
	assert_int_equal(out.wvr[3], 0x1000);
	assert_int_equal(FIELD_GET(MASK(12, 5), out.wcr[3]), 0x78);
	assert_int_equal(FIELD_GET(MASK(4, 3), out.wcr[3]), 2);
	assert_int_equal(out.wvr[2], 0x2000);
	assert_int_equal(FIELD_GET(MASK(28, 24), out.wcr[2]), 12);
	assert_int_equal(FIELD_GET(MASK(12, 5), out.wcr[2]), 0xff);
}

static void exceptions_find_whose_they_are(void **state)
{
	guest_breaks(0, 0x1000);
	hw.own.wcr[0] = 1;
	add(POINT_BREAK, 0x2000, 4);
	add(POINT_WRITE, 0x3004, 4);
	assert_int_equal(judge(EC_BREAKPT_LOW, 0x2000, 0, EL1), HW_DEBUGGERS);
	assert_int_equal(judge(EC_BREAKPT_LOW, 0x1000, 0, EL1), HW_GUESTS);
	assert_int_equal(judge(EC_BREAKPT_LOW, 0x1000, 0, EL1 | PSTATE_D), HW_MASKED);
	assert_int_equal(judge(EC_BREAKPT_LOW, 0x1000, 0, PSTATE_EL0 | PSTATE_D), HW_GUESTS);
	assert_int_equal(judge(EC_BREAKPT_LOW, 0x4000, 0, EL1), HW_NOBODYS);
	assert_int_equal(judge(EC_WATCHPT_LOW, 0, 0x3007, EL1), HW_DEBUGGERS);
	assert_int_equal(judge(EC_WATCHPT_LOW, 0, 0x3008, EL1), HW_GUESTS);
	hw.own.mdscr &= ~MDSCR_KDE;
	assert_int_equal(judge(EC_BREAKPT_LOW, 0x1000, 0, EL1), HW_MASKED);
	assert_int_equal(judge(EC_BREAKPT_LOW, 0x1000, 0, PSTATE_EL0), HW_GUESTS);
	/* an access that begins below what is watched */
	hw.own.wcr[0] = 0;
	assert_int_equal(judge(EC_WATCHPT_LOW, 0, 0x3000, EL1), HW_DEBUGGERS);
}

static void an_instruction_can_be_done_without_the_guests_points(void **state)
{
	guest_breaks(0, 0x1000);
	hw.pass = true;
	assert_int_equal(hw_merge(&hw, &points, true, &out), 0);
	assert_int_equal(out.bcr[0], 0);
	assert_true(out.mdscr & MDSCR_SS);
}

static void the_guest_reads_what_it_wrote(void **state)
{
	uint64_t x[31] = {[1] = 0xffff800080000000, [2] = BCR_OURS, [3] = 0};

	assert_true(hw_access(&hw, SYS(false, 1, 1, 4, 4), x)); /* OSLSR_EL1 */
	assert_int_equal(x[4], 0xa);
	assert_true(hw_access(&hw, SYS(true, 1, 0, 4, 3), x)); /* OSLAR_EL1 */
	assert_true(hw_access(&hw, SYS(false, 1, 1, 4, 4), x));
	assert_int_equal(x[4], 8);
	assert_true(hw_access(&hw, SYS(true, 0, 2, 4, 1), x)); /* DBGBVR2_EL1 */
	assert_true(hw_access(&hw, SYS(true, 0, 2, 5, 2), x));
	assert_int_equal(hw.own.bvr[2], x[1]);
	assert_int_equal(hw.own.bcr[2], BCR_OURS);
	assert_true(hw_access(&hw, SYS(false, 0, 2, 4, 5), x));
	assert_int_equal(x[5], x[1]);
	assert_true(hw_access(&hw, SYS(true, 0, 2, 2, 31), x)); /* MDSCR_EL1 = XZR */
	assert_int_equal(hw.own.mdscr, 0);
	/* what there is not */
	x[6] = 1;
	assert_true(hw_access(&hw, SYS(false, 0, 15, 4, 6), x)); /* DBGBVR15_EL1 */
	assert_int_equal(x[6], 0);
	assert_true(hw_access(&hw, SYS(true, 0, 15, 7, 1), x));
	assert_true(hw_access(&hw, SYS(false, 0, 0, 4, 31), x));
	/* no debug register at all */
	assert_false(hw_access(&hw, SYS(false, 0, 0, 4, 6) | 1u << 20, x));
	assert_false(hw_access(&hw, ESR(EC_SMC64), x));
}

#define T(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_a_debugger_all_is_the_guests),
		T(a_debuggers_breakpoint_works_under_the_os_lock),
		T(the_guests_keep_their_numbers_and_come_first),
		T(a_guest_that_steps_has_all_the_registers),
		T(watchpoints_are_what_a_register_can_hold),
		T(exceptions_find_whose_they_are),
		T(an_instruction_can_be_done_without_the_guests_points),
		T(the_guest_reads_what_it_wrote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
