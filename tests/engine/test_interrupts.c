// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_interrupts.c - list registers, and the timers' rule: a change of output is an exit, an
 * output that has been reported is not.
 */
#include <pthread.h>
#include <unistd.h>

#include "base/bits.h"
#include "machine/pe.h"
#include "tests/engine/rig.h"

#define LR_STATE(lr) ((lr) >> 62)
#define LR_ENDED(id) ((RIG_LR(id) & ~BIT(62)) | RIG_LR_EOI)
#define MISR_EOI     1
#define INTID_VTIMER 27
#define INTID_PTIMER 30
#define CTL_MASK     7
#define CTL_ASSERTED 5 /* enabled, not masked, status */

static void *kick_later(void *arg)
{
	usleep(50000);
	pe_kick(arg);
	return NULL;
}

/* Run until the guest exits by itself, which it must not: the kick must be what ends it. */
static void runs_until_kicked(struct rig *r)
{
	struct pe *pe = pe_create();
	enum engine_exit exit;
	pthread_t t;

	pthread_create(&t, NULL, kick_later, pe);
	exit = engine_qemu.run(r->engine, 0, pe);
	assert_true(exit == ENGINE_EXIT_IRQ || exit == ENGINE_EXIT_NOT_RUN);
	assert_true(pe_kicked(pe));
	pthread_join(t, NULL);
	pe_destroy(pe);
}

static void list_register_reaches_the_guest(void **state)
{
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_IRQ);
	rig_run_hvc(&r, 0, 5);
	for (unsigned int i = 0; i < 2000; i++) {
		unsigned int n = i % ENGINE_NUM_LRS;
		uint64_t intid = 32 + i % 64;

		f->lr[n] = RIG_LR(intid) | RIG_LR_EOI;
		assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_IRQ);
		assert_true(f->ich_misr & MISR_EOI);
		assert_int_equal(LR_STATE(f->lr[n]), 0);
		assert_int_equal(f->x[GUEST_HANDLED], i + 1);
		assert_int_equal(f->x[GUEST_HANDLED + 1], intid);
		f->lr[n] = 0;
	}
	rig_stop(&r);
}

static void list_register_stays_pending_while_the_guest_masks_it(void **state)
{
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_HVC);
	f->lr[2] = RIG_LR(40);
	rig_run_hvc(&r, 0, 0);
	assert_int_equal(f->lr[2], RIG_LR(40));
	rig_run_hvc(&r, 0, 0);
	assert_int_equal(f->lr[2], RIG_LR(40));
	rig_stop(&r);
}

/* A guest whose timer has fired, and been reported. Returns its control register. */
static const uint64_t *fired_timer(struct rig *r, unsigned int physical)
{
	struct engine_frame *f;
	const uint64_t *ctl;

	rig_start(r, 1);
	f = rig_enter(r, 0, GUEST_TIMER);
	ctl = physical ? &f->cntp_ctl : &f->cntv_ctl;
	f->x[0] = physical;
	f->x[1] = 1000000; /* 16 ms, or 1 ms where the counter is faster: later than the HVC */
	rig_run_hvc(r, 0, 6);
	assert_int_equal(*ctl & 3, 1);

	if ((*ctl & CTL_MASK) != CTL_ASSERTED) /* a slow machine */
		assert_int_equal(engine_qemu.run(r->engine, 0, NULL), ENGINE_EXIT_IRQ);
	assert_int_equal(*ctl & CTL_MASK, CTL_ASSERTED);
	return ctl;
}

static void timer_fires(unsigned int physical)
{
	unsigned int intid = physical ? INTID_PTIMER : INTID_VTIMER;
	struct rig r;
	const uint64_t *ctl = fired_timer(&r, physical);
	struct engine_frame *f = engine_qemu.frame(r.engine, 0);

	/* Reported, not injected: no further exit. */
	runs_until_kicked(&r);
	assert_int_equal(*ctl & CTL_MASK, CTL_ASSERTED);
	assert_int_equal(f->x[GUEST_HANDLED], 0);

	/* Injected: the guest stops the timer, and its EOI makes the exit that shows it. */
	f->lr[0] = RIG_LR(intid) | RIG_LR_EOI;
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_IRQ);
	assert_int_equal(f->x[GUEST_HANDLED], 1);
	assert_int_equal(f->x[GUEST_HANDLED + 1], intid);
	assert_int_equal(*ctl & CTL_MASK & ~CTL_ASSERTED, 0);
	assert_int_equal(*ctl & 1, 0);
	f->lr[0] = 0;
	runs_until_kicked(&r);
	rig_stop(&r);
}

static void virtual_timer_fires_once_and_is_sampled_again_at_eoi(void **state)
{
	timer_fires(0);
}

static void physical_timer_fires_once_and_is_sampled_again_at_eoi(void **state)
{
	timer_fires(1);
}

/* The guest sets the timer anew, then ends its interrupt. */
static void timer_is_set_anew(unsigned int physical)
{
	unsigned int intid = physical ? INTID_PTIMER : INTID_VTIMER;
	struct rig r;
	const uint64_t *ctl = fired_timer(&r, physical);
	struct engine_frame *f = engine_qemu.frame(r.engine, 0);

	/* Far ahead: no exit, until there is another reason for one. */
	f->x[GUEST_AHEAD] = INT32_MAX;
	f->lr[0] = RIG_LR(intid) | RIG_LR_EOI;
	while (!f->x[GUEST_HANDLED])
		runs_until_kicked(&r);
	assert_int_equal(f->lr[0], LR_ENDED(intid));
	assert_true(f->ich_misr & MISR_EOI);
	assert_int_equal(*ctl & CTL_MASK, 1);

	/* Told once. An interrupt of that number which is not the timer's is an exit. */
	f->x[GUEST_AHEAD] = 1000000;
	f->lr[0] = 0;
	runs_until_kicked(&r);
	assert_int_equal(f->ich_misr, 0);
	f->lr[0] = RIG_LR(intid) | RIG_LR_EOI;
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_IRQ);
	assert_int_equal(f->x[GUEST_HANDLED], 2);
	assert_true(f->ich_misr & MISR_EOI);

	/* It fires again, and that is an exit. */
	f->lr[0] = 0;
	if ((*ctl & CTL_MASK) != CTL_ASSERTED)
		assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_IRQ);
	assert_int_equal(*ctl & CTL_MASK, CTL_ASSERTED);
	f->lr[0] = RIG_LR(intid) | RIG_LR_EOI;
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_IRQ);
	assert_int_equal(f->x[GUEST_HANDLED], 3);
	assert_int_equal(f->lr[0], LR_ENDED(intid));
	assert_int_equal(*ctl & CTL_MASK, CTL_ASSERTED);
	rig_stop(&r);
}

static void virtual_timer_set_anew_ends_without_an_exit(void **state)
{
	timer_is_set_anew(0);
}

static void physical_timer_set_anew_ends_without_an_exit(void **state)
{
	timer_is_set_anew(1);
}

/* Whether the deadline passes in the guest, in the monitor or at the host: none is lost. */
static void rearmed_timer_never_stops(void **state)
{
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_REARM);
	for (uint64_t handled = 0; handled < 500;) {
		f->x[1] = 100 + handled * 40;
		assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_IRQ);
		if (handled % 16 == 0)
			usleep(200);
		handled = f->x[GUEST_HANDLED];
		if (LR_STATE(f->lr[0]) == 0)
			f->lr[0] = 0;
		if ((f->cntv_ctl & CTL_MASK) == CTL_ASSERTED && !f->lr[0])
			f->lr[0] = RIG_LR(INTID_VTIMER) | RIG_LR_EOI;
	}
	rig_stop(&r);
}

/* The deadline passes while nobody runs the CPU: the next run says so at once. */
static void timer_that_fires_between_runs_is_reported(void **state)
{
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_TIMER);
	f->x[1] = 1000000;
	rig_run_hvc(&r, 0, 6);
	usleep(100000);
	if ((f->cntv_ctl & CTL_MASK) != CTL_ASSERTED) {
		assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_IRQ);
		assert_int_equal(f->cntv_ctl & CTL_MASK, CTL_ASSERTED);
	}
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_register_reaches_the_guest),
		cmocka_unit_test(list_register_stays_pending_while_the_guest_masks_it),
		cmocka_unit_test(virtual_timer_fires_once_and_is_sampled_again_at_eoi),
		cmocka_unit_test(physical_timer_fires_once_and_is_sampled_again_at_eoi),
		cmocka_unit_test(virtual_timer_set_anew_ends_without_an_exit),
		cmocka_unit_test(physical_timer_set_anew_ends_without_an_exit),
		cmocka_unit_test(rearmed_timer_never_stops),
		cmocka_unit_test(timer_that_fires_between_runs_is_reported),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
