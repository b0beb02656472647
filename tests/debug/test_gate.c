// SPDX-License-Identifier: BSD-3-Clause
/* test_gate.c - what an engine under a debugger answers, and what the guest runs with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "abi/arm.h"
#include "abi/rsi.h"
#include "base/bits.h"
#include "machine/pe.h"
#include "tests/debug/toy.h"

#define ESR(ec) ((uint64_t)(ec) << 26)

static struct session s;
static struct answer a;
static struct pe *pe;
static struct engine_frame seen; /* as the last run found it */
static unsigned int runs;

static int begin(void **state)
{
	toy_begin(&s);
	assert_false(session_look(&s, &a));
	pe = pe_create();
	toy_frames[0].pstate = PSTATE_EL1H;
	toy_frames[0].ich_hcr = ICH_HCR_EN;
	runs = 0;
	return 0;
}

static int end(void **state)
{
	toy_end(&s);
	pe_destroy(pe);
	toy_run = NULL;
	return 0;
}

static bool send(const char *packet)
{
	a.len = 0;
	return commands_answer(&s, packet, strlen(packet), &a);
}

static enum engine_exit run(void)
{
	return engine_debug.run(toy_engine, 0, pe);
}

static enum engine_exit note(struct engine_frame *f, enum engine_exit x)
{
	seen = *f;
	runs++;
	return x;
}

/* The guest's own BRK, and then a kick. */
static enum engine_exit brk_then_kick(struct engine_frame *f)
{
	f->esr = ESR(EC_BRK64);
	f->pc = runs ? f->pc : 0x1000;
	return note(f, runs ? ENGINE_EXIT_NOT_RUN : ENGINE_EXIT_SYNC);
}

static void a_guest_that_has_run_in_a_call_did_run(void **state)
{
	toy_sysregs[0][ENGINE_VBAR_EL1] = 0x8000;
	toy_run = brk_then_kick;
	send("vCont;c");
	assert_int_equal(run(), ENGINE_EXIT_IRQ);
	assert_int_equal(runs, 2);
	assert_int_equal(toy_frames[0].pc, 0x8200); /* its vector */
	assert_int_equal(toy_sysregs[0][ENGINE_ELR_EL1], 0x1000);
}

static enum engine_exit not_run(struct engine_frame *f)
{
	return note(f, ENGINE_EXIT_NOT_RUN);
}

static enum engine_exit interrupt(struct engine_frame *f)
{
	return note(f, ENGINE_EXIT_IRQ);
}

static void what_was_written_is_loaded_until_the_guest_has_run_with_it(void **state)
{
	assert_true(send("P5=2a00000000000000"));
	send("vCont;c");
	for (unsigned int i = 0; i < 3; i++) {
		toy_frames[0].x[5] = 7; /* as the caller has it */
		toy_run = i ? interrupt : not_run;
		run();
		assert_int_equal(seen.x[5], i < 2 ? 42 : 7);
	}
}

static enum engine_exit step(struct engine_frame *f)
{
	seen = *f;
	runs++;
	f->pc += 4;
	f->pstate &= ~PSTATE_SS;
	f->esr = ESR(EC_SOFTSTP_LOW);
	pe_kick(pe); /* or the gate would not let us out */
	return ENGINE_EXIT_SYNC;
}

static void a_step_is_one_instruction_without_interrupts(void **state)
{
	toy_run = step;
	send("vCont;s:1");
	assert_int_equal(run(), ENGINE_EXIT_IRQ);
	assert_int_equal(runs, 1);
	assert_true(seen.pstate & PSTATE_SS);
	assert_false(seen.ich_hcr & ICH_HCR_EN);
	assert_true(toy_frames[0].ich_hcr & ICH_HCR_EN);
	assert_true(session_look(&s, &a));
	assert_memory_equal(a.data, "T05thread:1;", 12);
	pe_clear(pe);
	toy_run = interrupt;
	send("vCont;c");
	run();
	assert_false(seen.pstate & PSTATE_SS);
	assert_true(seen.ich_hcr & ICH_HCR_EN);
}

/* One that the host emulates (its rec_skip ends the step), or that a kick came before. */
static void a_step_that_leaves_the_realm_ends_when_its_vcpu_comes_back(void **state)
{
	toy_run = interrupt;
	send("vCont;s:1");
	assert_int_equal(run(), ENGINE_EXIT_IRQ); /* nothing was done yet */
	assert_int_equal(run(), ENGINE_EXIT_IRQ);
	assert_true(seen.pstate & PSTATE_SS);
	toy_frames[0].pstate &= ~PSTATE_SS;
	pe_kick(pe);
	assert_int_equal(run(), ENGINE_EXIT_NOT_RUN);
	assert_int_equal(runs, 2);
	assert_true(session_look(&s, &a));
}

static enum engine_exit call(struct engine_frame *f)
{
	f->esr = ESR(EC_SMC64);
	f->x[0] = RSI_IPA_STATE_SET;
	if (!runs++)
		pe_kick(pe);
	return ENGINE_EXIT_SYNC;
}

static void a_caught_call_is_passed_on_once(void **state)
{
	assert_true(send("qRcmd,6361746368207269706173")); /* catch ripas */
	toy_run = call;
	toy_frames[0].pc = 0x1000;
	send("vCont;c");
	assert_int_equal(run(), ENGINE_EXIT_IRQ); /* the RMM does not see it */
	a.len = 0;
	assert_true(session_look(&s, &a)); /* what it is */
	assert_int_equal(a.data[0], 'O');
	a.len = 0;
	assert_true(session_look(&s, &a));
	pe_clear(pe);
	send("vCont;c");
	assert_int_equal(run(), ENGINE_EXIT_SYNC);
	assert_int_equal(runs, 2);
}

#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_guest_that_has_run_in_a_call_did_run),
		T(what_was_written_is_loaded_until_the_guest_has_run_with_it),
		T(a_step_is_one_instruction_without_interrupts),
		T(a_step_that_leaves_the_realm_ends_when_its_vcpu_comes_back),
		T(a_caught_call_is_passed_on_once),
	};

	alarm(60); /* a hang fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
