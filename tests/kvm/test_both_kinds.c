// SPDX-License-Identifier: BSD-3-Clause
/* test_both_kinds.c - an ordinary VM and a realm in one VMM, over the same user memory. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#define ORDINARY    UINT64_C(0xc0000000) /* where the ordinary VM has what the realm has at RAM */
#define MAIL	    UINT64_C(0x3000)	 /* offsets: a page that stays shared */
#define MOVES	    (DATA - RAM)	 /* one that is converted */
#define OTHERS_UART UINT64_C(0x0a000000)

/* A second VM of the process of *f, in *g. */
static void add_ordinary(const struct fx *f, struct fx *g)
{
	*g = *f;
	fx_create_vm(g, 0);
	fx_create_vcpus(g, 1);
	assert_int_equal(fx_set_slot(g, 0, 0, ORDINARY, RAM_SIZE, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_reg(g, 0, KVM_REG_ARM_CORE_PC, ORDINARY), 0);
}

static void remove_ordinary(struct fx *g)
{
	inproc_munmap(g->p, g->run[0], KVM_VCPU_MMAP_SIZE);
	fx_close(g, &g->vcpu[0]);
	fx_close(g, &g->vm);
}

static void until_device(struct fx *f)
{
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
}

/* The two take turns. What is shared both see; what the realm writes into a private page the other
 * does not, before, between and after conversions. */
static void they_share_what_is_not_private(void **state)
{
	struct fx *f = *state, g;

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | (RAM + MAIL), 8}, {T_CHECK, 1, 77}, {T_MOV, 1, 78},
		{T_STR, 1, SHARED | (RAM + MAIL + 8), 8}, {T_STR, 1, DATA, 8},
		{T_LDR, 1, SHARED | UART, 4}, {T_LDR, 1, SHARED | DATA, 8}, {T_CHECK, 1, 55},
		{T_MOV, 1, 56}, {T_STR, 1, SHARED | DATA, 8}, {T_LDR, 1, SHARED | UART, 4},
		{T_LDR, 1, DATA + PAGE, 8}, {T_CHECK, 1, 0}, SYSTEM_OFF);
	PROGRAM(1, ORDINARY, {T_MOV, 1, 77}, {T_STR, 1, ORDINARY + MAIL, 8},
		{T_LDR, 1, OTHERS_UART, 4}, {T_LDR, 1, ORDINARY + MAIL + 8, 8}, {T_CHECK, 1, 78},
		{T_LDR, 1, ORDINARY + MOVES, 8}, {T_CHECK, 1, 0}, {T_MOV, 1, 55},
		{T_STR, 1, ORDINARY + MOVES, 8}, {T_LDR, 1, OTHERS_UART, 4},
		{T_LDR, 1, ORDINARY + MOVES, 8}, {T_CHECK, 1, 56}, {T_LDR, 1, OTHERS_UART, 4},
		{T_LDR, 1, ORDINARY + MOVES, 8}, {T_CHECK, 1, 56}, SYSTEM_OFF);
	fx_realm(f, 1);
	add_ordinary(f, &g);
	until_device(&g);
	until_device(f);
	until_device(&g);
	assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
	until_device(f);
	until_device(&g);
	assert_int_equal(fx_set_private(f, DATA, PAGE, true), 0);
	fx_assert_off(f, 0);
	fx_assert_off(&g, 0);
	assert_int_equal(atomic_load(&toy_failed_checks), 0);
	remove_ordinary(&g);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_both_kinds(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(they_share_what_is_not_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
