// SPDX-License-Identifier: BSD-3-Clause
/* test_enter_engine.c - REC_ENTER and the engine: one that fails, what happens while it runs, what
 * it must forget. */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "rmm/rmm_inspect.h"
#include "rmm/state.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define B	IPA_B
#define EC(n)	((uint64_t)(n) << 26)
#define IL	(UINT64_C(1) << 25)
#define PENDING (UINT64_C(1) << 62)

static struct host *h;
static struct realm r;
static struct rmi_rec_enter *enter;

static int setup(void **state)
{
	host_setup(state);
	h = *state;
	realm_create(&r, h);
	realm_add_page(&r, B);
	realm_add_rec(&r, true, B);
	realm_add_rec(&r, false, 0);
	realm_activate(&r);
	enter = realm_enter_args(&r, 0);
	return 0;
}

static int teardown(void **state)
{
	realm_destroy(&r);
	return host_teardown(state);
}

/* ---- engines that fail ---- */

static enum engine_exit serror(struct engine *e, unsigned int cpu)
{
	e->frame[cpu].esr = EC(0x2f) | IL | 1 << 24 | 2 << 10 | 0x200 | 0x11;
	return ENGINE_EXIT_SERROR;
}

static enum engine_exit lost(struct engine *e, unsigned int cpu)
{
	e->frame[cpu].pc = 0xdead;
	return ENGINE_EXIT_LOST;
}

static void serror_and_a_lost_engine_are_serror_exits(void **state)
{
	struct rec *rec = host_va(h, r.rec[0]);
	const struct rmi_rec_exit *x;

	script = serror;
	x = realm_run(&r, 0);
	assert_int_equal(x->exit_reason, RMI_EXIT_SERROR);
	assert_int_equal(x->esr, EC(0x2f) | 1 << 24 | 2 << 10 | 0x200 | 0x11);
	script = lost;
	enter->gicv3_lrs[0] = PENDING | 27;
	for (int i = 0; i < 2; i++) {
		x = realm_run(&r, 0);
		assert_int_equal(x->exit_reason, RMI_EXIT_SERROR);
		assert_int_equal(x->gicv3_lrs[0], PENDING | 27);
		assert_int_equal(rec->pc, B);
	}
	enter->gicv3_lrs[0] = 0;
}

static void an_engine_that_cannot_reset_is_lost(void **state)
{
	fake_io_error = -EIO;
	assert_int_equal(realm_run(&r, 0)->exit_reason, RMI_EXIT_SERROR);
	fake_io_error = 0;
	assert_int_equal(realm_run(&r, 0)->exit_reason, RMI_EXIT_IRQ);
	assert_int_equal(fake->resets, 1);
}

static void a_kick_while_the_engine_comes_up_is_an_exit_like_any_other(void **state)
{
	fake_io_error = -EINTR;
	assert_int_equal(realm_run(&r, 0)->exit_reason, RMI_EXIT_IRQ);
	assert_int_equal(fake->runs, 0);
	fake_io_error = 0;
	assert_int_equal(realm_run(&r, 0)->exit_reason, RMI_EXIT_IRQ);
	assert_int_equal(fake->resets, 1);
	assert_int_equal(fake->runs, 1);
}

static void a_realm_whose_engine_does_not_start_stays_new(void **state)
{
	struct realm first = r;

	realm_create(&r, h);
	realm_add_rec(&r, true, 0);
	fake_create_error = -ENOENT;
	REFUSED(rmi_realm_no_engine, h, REALM_ACTIVATE, r.rd);
	REFUSED(rmi_enter_realm_new, h, REC_ENTER, r.rec[0], r.run[0]);
	fake_create_error = 0;
	realm_activate(&r);
	realm_run(&r, 0);
	realm_destroy(&r);
	r = first;
}

/* ---- while it runs ---- */

/* The host, on another PE, tries what it must not while the REC runs; on its way out the realm
 * makes the run page somebody else's. */
static enum engine_exit host_interferes(struct engine *e, unsigned int cpu)
{
	uint64_t x[RMM_NUM_REGS] = {RMI_REC_ENTER, r.rec[0], r.run[1]};

	assert_ptr_equal(rmm_smc(h->rmm, NULL, x), &rule_rmi_enter_rec_running);
	x[0] = RMI_REC_DESTROY;
	x[1] = r.rec[0];
	assert_ptr_equal(rmm_smc(h->rmm, NULL, x), &rule_rmi_rec_running);
	x[0] = RMI_RTT_SET_RIPAS;
	x[1] = r.rd;
	x[2] = r.rec[0];
	x[3] = B;
	x[4] = B + 0x1000;
	assert_ptr_equal(rmm_smc(h->rmm, NULL, x), &rule_rmi_rec_running);
	x[0] = RMI_PSCI_COMPLETE;
	x[1] = r.rec[0];
	x[2] = r.rec[1];
	x[3] = 0;
	assert_ptr_equal(rmm_smc(h->rmm, NULL, x), &rule_rmi_psci_caller_running);
	x[0] = RMI_GRANULE_DELEGATE;
	x[1] = r.run[0];
	assert_null(rmm_smc(h->rmm, NULL, x));
	return ENGINE_EXIT_IRQ;
}

static void a_running_rec_is_out_of_reach_and_a_lost_run_page_is_an_error(void **state)
{
	uint64_t x[RMM_NUM_REGS] = {RMI_REC_ENTER, r.rec[0], r.run[0]};

	script = host_interferes;
	assert_ptr_equal(rmm_smc(h->rmm, h->pe, x), &rule_rmi_run_lost);
	assert_int_equal(x[0], RMI_ERROR_INPUT);
	EXPECT(0, h, GRANULE_UNDELEGATE, r.run[0]);
	script = NULL;
	realm_run(&r, 0);
}

/* ---- what the engine must forget ---- */

static void a_destroyed_page_is_forgotten_and_touched_before_it_is_used_again(void **state)
{
	uint64_t pa;

	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	pa = h->x[1];
	assert_int_equal(fake->touches, 0);
	/* It was this realm's, code may have been translated from it. */
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, pa, B);
	assert_int_equal(fake->touches, 1);
	assert_int_equal(fake->touch_pa, pa);
	/* A page that never was needs nothing. */
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, host_granule(h), B + 0x1000);
	assert_int_equal(fake->touches, 1);
}

static enum engine_exit destroys_a_page_meanwhile(struct engine *e, unsigned int cpu)
{
	uint64_t x[RMM_NUM_REGS] = {RMI_DATA_DESTROY, r.rd, B};

	assert_null(rmm_smc(h->rmm, NULL, x));
	assert_int_equal(fake->tlbis, 1);
	assert_int_equal(fake->tlbi_ipa, B);
	assert_int_equal(fake->tlbi_size, GRANULE_SIZE);
	return ENGINE_EXIT_IRQ;
}

static void translations_are_forgotten_at_once_while_a_cpu_is_inside(void **state)
{
	script = destroys_a_page_meanwhile;
	realm_run(&r, 0);
	assert_int_equal(fake->tlbis, 1);
}

static enum engine_exit has_forgotten_all(struct engine *e, unsigned int cpu)
{
	assert_int_equal(fake->tlbis, 1);
	assert_int_equal(fake->tlbi_cpu, 0);
	assert_int_equal(fake->tlbi_ipa, 0);
	return ENGINE_EXIT_IRQ;
}

static void translations_are_forgotten_at_the_next_entry_when_no_cpu_is_inside(void **state)
{
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	assert_int_equal(fake->tlbis, 0);
	script = has_forgotten_all;
	realm_run(&r, 0);
	realm_run(&r, 0); /* once is enough */
}

static void a_page_that_was_never_valid_leaves_no_translation(void **state)
{
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, host_granule(h), B + 0x1000);
	EXPECT(0, h, DATA_DESTROY, r.rd, B + 0x1000); /* EMPTY */
	script = NULL;
	realm_run(&r, 0);
	assert_int_equal(fake->tlbis, 0);
}

static void a_page_of_a_dead_realm_needs_no_touch(void **state)
{
	struct realm dead;
	uint64_t pa;

	realm_create(&dead, h);
	pa = realm_add_page(&dead, B);
	EXPECT(0, h, DATA_DESTROY, dead.rd, B);
	/* Two live realms have had it: nobody knows whose code is left. */
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, pa, B + 0x1000);
	assert_int_equal(fake->touches, 1);
	EXPECT(0, h, DATA_DESTROY, r.rd, B + 0x1000);
	realm_destroy(&dead);

	realm_create(&dead, h);
	pa = realm_add_page(&dead, B);
	EXPECT(0, h, DATA_DESTROY, dead.rd, B);
	realm_destroy(&dead);
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, pa, B + 0x1000);
	assert_int_equal(fake->touches, 1);
}

static void teardown_after_the_recs_forgets_nothing_page_by_page(void **state)
{
	for (unsigned int n = 0; n < r.recs; n++) {
		EXPECT(0, h, REC_DESTROY, r.rec[n]);
		EXPECT(0, h, GRANULE_UNDELEGATE, r.rec[n]);
		for (int i = 0; i < NUM_AUX; i++)
			EXPECT(0, h, GRANULE_UNDELEGATE, r.aux[n][i]);
	}
	r.recs = 0;
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	assert_int_equal(fake->tlbis, 0);
}

/* ---- who looks in ---- */

static unsigned int looks;

/* Nothing is known of a REC that runs until it has left once, having been asked. */
static enum engine_exit is_looked_at(struct engine *e, unsigned int cpu)
{
	struct rmm_rec_view view;

	assert_true(rmm_inspect_rec(h->rmm, r.rec[0], &view));
	assert_true(view.running);
	assert_int_equal(view.has_regs, looks > 0);
	if (looks)
		assert_int_equal(view.pc, B + 4 * looks);
	assert_true(!looks || (view.has_el1 && view.el1.vbar == 0xabc));
	assert_true(rmm_inspect_ask(h->rmm, r.rec[0]));
	assert_true(rmm_inspect_rec(h->rmm, r.rec[0], &view));
	assert_false(view.has_regs);
	e->frame[cpu].pc = B + 4 * ++looks;
	e->sys[cpu][ENGINE_VBAR_EL1] = 0xabc;
	return ENGINE_EXIT_IRQ;
}

static void registers_of_a_rec_that_runs_are_those_of_its_last_exit(void **state)
{
	struct rmm_rec_view view;

	assert_true(rmm_inspect_rec(h->rmm, r.rec[0], &view));
	assert_true(view.has_regs && view.fresh && !view.has_el1 && view.pc == B);
	assert_false(rmm_inspect_ask(h->rmm, r.rec[0]));
	looks = 0;
	script = is_looked_at;
	realm_run(&r, 0);
	realm_run(&r, 0);
	assert_int_equal(looks, 2);
	assert_true(rmm_inspect_rec(h->rmm, r.rec[0], &view));
	assert_true(view.has_regs && !view.running && !view.fresh && view.pc == B + 8);
	assert_false(rmm_inspect_rec(h->rmm, r.rd, &view));
	assert_false(rmm_inspect_ask(h->rmm, r.rd));
	assert_false(rmm_inspect_rec(h->rmm, 1, &view));
}

static void memory_is_read_as_far_as_there_is_some(void **state)
{
	char text[GRANULE_SIZE];
	uint64_t pa = RMI(h, RTT_READ_ENTRY, r.rd, B, 3) ? 0 : h->x[3] & MASK(47, 12);

	strcpy(host_va(h, pa), "hello");
	assert_int_equal(rmm_inspect_read(h->rmm, r.rd, B, text, 6), 6);
	assert_string_equal(text, "hello");
	assert_int_equal(rmm_inspect_read(h->rmm, r.rd, B + 4000, text, sizeof(text)), 96);
	assert_int_equal(rmm_inspect_read(h->rmm, r.rd, B + 0x5000, text, 1), 0);
	assert_int_equal(rmm_inspect_read(h->rmm, r.rd, UINT64_MAX - 3, text, 8), 0);
	assert_int_equal(rmm_inspect_read(h->rmm, r.rec[0], B, text, 1), 0);
	assert_int_equal(rmm_inspect_read(h->rmm, 3, B, text, 1), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_enter_engine(void)
{
	const struct CMUnitTest tests[] = {
		T(serror_and_a_lost_engine_are_serror_exits),
		T(an_engine_that_cannot_reset_is_lost),
		T(a_kick_while_the_engine_comes_up_is_an_exit_like_any_other),
		T(a_realm_whose_engine_does_not_start_stays_new),
		T(a_running_rec_is_out_of_reach_and_a_lost_run_page_is_an_error),
		T(a_destroyed_page_is_forgotten_and_touched_before_it_is_used_again),
		T(translations_are_forgotten_at_once_while_a_cpu_is_inside),
		T(translations_are_forgotten_at_the_next_entry_when_no_cpu_is_inside),
		T(a_page_that_was_never_valid_leaves_no_translation),
		T(a_page_of_a_dead_realm_needs_no_touch),
		T(teardown_after_the_recs_forgets_nothing_page_by_page),
		T(registers_of_a_rec_that_runs_are_those_of_its_last_exit),
		T(memory_is_read_as_far_as_there_is_some),
	};

	return cmocka_run_group_tests_name("rmm REC_ENTER and the engine", tests, NULL, NULL);
}
