// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_idregs.c - the CPU's ID registers and both views of them: as they were when each had a table
 * of its own, and never more than what the CPU has but where the table says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "machine/idregs.h"

static const struct {
	unsigned int index;
	uint64_t cpu, realm, vm;
} want[] = {
	{IDREG_AA64PFR0, 0x1201001021110222, 0x1101000001111111, 0x1100000011110011},
	{IDREG_AA64PFR1, 0x21, 0x21, 0x21},
	{IDREG_AA64DFR0, 0x10305609, 0x9, 0xa},
	{IDREG_AA64ISAR0, 0x1221111110212120, 0x1221111110212120, 0x1021111110212120},
	{IDREG_AA64ISAR1, 0x0011111110211102, 0x0011111110211102, 0x0010111110211002},
	{IDREG_AA64MMFR0, 0x0000032310201126, 0x0000000000100125, 0x0000000000101125},
	{IDREG_AA64MMFR1, 0x0000011010211122, 0x0000001000201002, 0x0000000010211122},
	{IDREG_AA64MMFR2, 0x1021011010011011, 0x1021000010000011, 0x0000000000001011},
};

static void both_views_are_as_recorded(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(idreg_cpu(want[i].index), want[i].cpu);
		assert_int_equal(idreg_of_realm(want[i].index), want[i].realm);
		assert_int_equal(idreg_of_vm(want[i].index), want[i].vm);
	}
}

/* 52 bits of address with 4 and 16 KiB pages, as the CPU has them; nothing else. */
static void lpa2_adds_what_both_views_hide(void **state)
{
	assert_int_equal(idreg_with_lpa2(IDREG_AA64MMFR0, idreg_of_realm(IDREG_AA64MMFR0)),
			 0x10200126);
	assert_int_equal(idreg_with_lpa2(IDREG_AA64MMFR0, idreg_of_vm(IDREG_AA64MMFR0)),
			 0x10201126);
	for (unsigned int index = 0; index < 64; index++)
		if (index != IDREG_AA64MMFR0)
			assert_int_equal(idreg_with_lpa2(index, 0x1234), 0x1234);
}

static void what_is_not_in_the_table_is_zero(void **state)
{
	for (unsigned int index = 0; index < 128; index++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(want) && want[i].index != index)
			i++;
		if (i < ARRAY_SIZE(want))
			continue;
		assert_int_equal(idreg_cpu(index), 0);
		assert_int_equal(idreg_of_realm(index), 0);
		assert_int_equal(idreg_of_vm(index), 0);
	}
}

/* The two that are: EL3, by which a guest finds out that it may be a realm; DebugVer, as a kernel
 * has answered. */
static bool is_known(unsigned int index, unsigned int lsb)
{
	return (index == IDREG_AA64PFR0 && lsb == 12) || (index == IDREG_AA64DFR0 && lsb == 0);
}

static void no_view_has_more_than_the_cpu(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		for (unsigned int lsb = 0; lsb < 64; lsb += 4) {
			uint64_t cpu = want[i].cpu >> lsb & 15;

			if (is_known(want[i].index, lsb))
				continue;
			assert_true((idreg_of_realm(want[i].index) >> lsb & 15) <= cpu);
			assert_true((idreg_of_vm(want[i].index) >> lsb & 15) <= cpu);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_views_are_as_recorded),
		cmocka_unit_test(lpa2_adds_what_both_views_hide),
		cmocka_unit_test(what_is_not_in_the_table_is_zero),
		cmocka_unit_test(no_view_has_more_than_the_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
