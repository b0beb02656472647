// SPDX-License-Identifier: BSD-3-Clause
/* test_ordinary_debug.c - KVM_SET_GUEST_DEBUG and SErrors of ordinary VMs, on the real engine. */
#include "abi/arm.h"
#include "tests/kvm/ordinary_fixture.h"

#define PC	     KVM_REG_ARM_CORE_PC
#define EC(hsr)	     ((hsr) >> 26)
#define BCR_EL1	     (0xf << 5 | 1 << 1 | 1)	       /* four bytes, EL1, enabled */
#define WCR_EL1	     (0xff << 5 | 3 << 3 | 1 << 1 | 1) /* eight bytes, loads and stores */
#define STEPPED	     UINT64_C(0x500)
#define BRK	     UINT64_C(0x580)
#define WATCHES	     UINT64_C(0x600)
#define TAKES_SERROR UINT64_C(0x680)
#define LOOP	     (RAM + STEPPED + 12)
#define LOOP_INSNS   9

static void debug(struct fx *f, uint32_t control, const struct kvm_guest_debug *regs)
{
	struct kvm_guest_debug d = regs ? *regs : (struct kvm_guest_debug){0};

	d.control = control;
	GIVES(0, f->vcpu[0], KVM_SET_GUEST_DEBUG, &d);
}

static void expect_debug(struct fx *f, uint32_t class, uint64_t pc)
{
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_DEBUG);
	assert_int_equal(EC(f->run[0]->debug.hsr), class);
	assert_int_equal(fx_get_reg(f, 0, PC), pc);
}

/* Every instruction of the loop once, in order, the emulated ones too. */
static void each_step_is_one_instruction(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, STEPPED);
	assert_int_equal(fx_set_reg(f, 0, X(10), 200), 0);
	debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP, NULL);
	for (uint64_t pc = RAM + STEPPED + 4; pc <= LOOP; pc += 4)
		expect_debug(f, EC_SOFTSTP_LOW, pc);
	for (uint64_t n = 1; n <= 130; n++) {
		expect_debug(f, EC_SOFTSTP_LOW, LOOP + 4);
		assert_int_equal(fx_get_reg(f, 0, X(11)), n);
		expect_debug(f, EC_SOFTSTP_LOW, LOOP + 8);
		ordinary_expect_store(f, 0, 4, n);
		for (uint64_t i = 3; i < LOOP_INSNS; i++)
			expect_debug(f, EC_SOFTSTP_LOW, LOOP + 4 * i);
		assert_int_equal(fx_get_reg(f, 0, X(4)), n);
		assert_int_equal(fx_get_reg(f, 0, X(0)), 0x10003);
		expect_debug(f, EC_SOFTSTP_LOW, LOOP);
	}
	debug(f, 0, NULL);
	ordinary_expect_store(f, 0, 4, 131);
}

static void a_breakpoint_stops_before_its_instruction(void **state)
{
	struct kvm_guest_debug d = {.arch[KVM_GUEST_DEBUG_BVR + 5] = LOOP + 16,
				    .arch[KVM_GUEST_DEBUG_BCR + 5] = BCR_EL1};
	struct fx *f = *state;

	ordinary_make(f, 1, STEPPED);
	assert_int_equal(fx_set_reg(f, 0, X(10), 3), 0);
	debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW, &d);
	ordinary_expect_store(f, 0, 4, 1);
	expect_debug(f, EC_BREAKPT_LOW, LOOP + 16);
	expect_debug(f, EC_BREAKPT_LOW, LOOP + 16);
	debug(f, 0, NULL);
	ordinary_expect_store(f, 0, 4, 2);
}

static void a_watchpoint_tells_the_address(void **state)
{
	struct kvm_guest_debug d = {.arch[KVM_GUEST_DEBUG_WVR + 3] = RAM + DATA_OFF,
				    .arch[KVM_GUEST_DEBUG_WCR + 3] = WCR_EL1};
	struct fx *f = *state;

	ordinary_make(f, 1, STEPPED);
	assert_int_equal(fx_set_reg(f, 0, X(10), 3), 0);
	debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW, &d);
	ordinary_expect_store(f, 0, 4, 1);
	expect_debug(f, EC_WATCHPT_LOW, LOOP + 12);
	assert_int_equal(f->run[0]->debug.far, RAM + DATA_OFF);
	assert_int_equal(*(uint64_t *)(f->ram + DATA_OFF), 0);
	debug(f, 0, NULL);
	ordinary_expect_store(f, 0, 4, 2);
	assert_int_equal(*(uint64_t *)(f->ram + DATA_OFF), 1);
}

static void a_brk_is_user_spaces_only_if_it_debugs(void **state)
{
	struct fx *f = *state;

	ordinary_make(f, 1, BRK);
	debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP, NULL);
	expect_debug(f, EC_BRK64, RAM + BRK + 12);
	assert_int_equal(f->run[0]->debug.hsr & 0xffff, 5);
	debug(f, 0, NULL);
	ordinary_expect_store(f, 0, 8, UINT64_C(0x3c) << 26 | BIT(25) | 5);
}

/* The registers that the guest has set are there while user space has those of the CPU, and work
 * again afterwards. */
static void the_guests_own_watchpoint_is_kept(void **state)
{
	const uint64_t dbgwvr1 = ARM64_SYS_REG(2, 0, 0, 1, 6);
	struct kvm_guest_debug d = {.arch[KVM_GUEST_DEBUG_BVR] = 1};
	struct fx *f = *state;

	ordinary_make(f, 1, WATCHES);
	debug(f, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW, &d);
	ordinary_expect_store(f, 0, 8, RAM + DATA_OFF);
	assert_int_equal(fx_get_reg(f, 0, dbgwvr1), RAM + DATA_OFF);
	debug(f, 0, NULL);
	ordinary_expect_store(f, 0, 8, UINT64_C(0x35) << 26 | BIT(25) | BIT(6) | 0x22);
	ordinary_expect_store(f, 0, 8, RAM + DATA_OFF);
	assert_int_equal(fx_get_reg(f, 0, dbgwvr1), RAM + DATA_OFF);
}

static bool serror_pending(struct fx *f)
{
	struct kvm_vcpu_events e = {0};

	GIVES(0, f->vcpu[0], KVM_GET_VCPU_EVENTS, &e);
	assert_int_equal(e.exception.serror_has_esr, 1);
	return e.exception.serror_pending;
}

static void an_serror_waits_until_the_guest_takes_it(void **state)
{
	const uint64_t iss = 0x1d1ed;
	struct kvm_vcpu_events e = {
		.exception = {.serror_pending = 1, .serror_has_esr = 1, .serror_esr = iss}};
	struct fx *f = *state;

	ordinary_make(f, 1, TAKES_SERROR);
	GIVES(0, f->vcpu[0], KVM_SET_VCPU_EVENTS, &e);
	ordinary_expect_store(f, 0, 4, 0x80000800); /* masked */
	assert_true(serror_pending(f));
	ordinary_expect_store(f, 0, 8, UINT64_C(0x2f) << 26 | BIT(25) | iss);
	assert_false(serror_pending(f));
	fx_assert_off(f, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ordinary_setup, fx_teardown)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_step_is_one_instruction),
		TEST(a_breakpoint_stops_before_its_instruction),
		TEST(a_watchpoint_tells_the_address),
		TEST(a_brk_is_user_spaces_only_if_it_debugs),
		TEST(the_guests_own_watchpoint_is_kept),
		TEST(an_serror_waits_until_the_guest_takes_it),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
