// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_pmu.c - performance counters of a guest: what it is told of, what they count, and their
 * interrupt.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "abi/arm.h"
#include "base/bits.h"
#include "machine/memory.h"
#include "tests/engine/rig.h"

#define ESR_EC(esr)  ((unsigned int)((esr) >> 26))
#define PMCR_N(pmcr) ((pmcr) >> 11 & 0x1f)
#define CYCLES	     BIT(31)
#define EVENTS	     (BIT(0x11) | BIT(0)) /* cycles, software increments */
#define ALL	     (ENGINE_NUM_COUNTERS + 1)

static struct engine_frame *start(struct rig *r, uint64_t guest, uint32_t pmu)
{
	struct engine_frame *f;

	rig_start_with(r, 1, MACHINE_CPU_PMU);
	f = rig_enter(r, 0, guest);
	f->pmu = pmu;
	return f;
}

static void the_guest_finds_as_many_counters_as_it_has(void **state)
{
	for (uint32_t pmu = 1; pmu <= ALL; pmu += 3) {
		struct engine_frame *f;
		struct rig r;

		f = start(&r, GUEST_PMU, pmu);
		rig_run_hvc(&r, 0, 0x14);
		assert_int_equal(PMCR_N(f->x[1]), pmu - 1);
		assert_int_equal(f->x[1] & 0xff, 0x40); /* LC, and nothing runs */
		assert_int_equal(f->x[2], EVENTS);
		assert_int_equal(f->x[3], 0);
		rig_stop(&r);
	}
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A cycle is a nanosecond; the time of others is not the guest's. */
static void cycles_are_counted_while_the_guest_runs(void **state)
{
	struct engine_frame *f;
	uint64_t begin, took;
	struct rig r;

	f = start(&r, GUEST_PMU, ALL);
	rig_run_hvc(&r, 0, 0x14);
	f->x[0] = 20000000;
	begin = now();
	rig_run_hvc(&r, 0, 0x15);
	took = now() - begin;
	assert_true(f->x[4] > 1000000 && f->x[4] <= took);
	usleep(100000);
	rig_run_hvc(&r, 0, 0x16);
	assert_true(f->x[5] >= f->x[4] && f->x[5] - f->x[4] < 90000000);
	rig_stop(&r);
}

/* Told once; it goes away with its cause. */
static void an_overflow_is_an_interrupt(void **state)
{
	struct engine_frame *f;
	struct rig r;

	f = start(&r, GUEST_PMU, ALL);
	rig_run_hvc(&r, 0, 0x14);
	f->x[0] = 1000;
	rig_run_hvc(&r, 0, 0x15);
	rig_run_hvc(&r, 0, 0x16);
	assert_int_equal(f->pmu_overflow, 0);
	f->x[0] = 2000000;
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_IRQ);
	assert_int_equal(f->pmu_overflow, 1);
	f->pc = RIG_CODE + GUEST_HVC;
	rig_run_hvc(&r, 0, 0); /* no exit by itself a second time */
	assert_int_equal(f->pmu_overflow, 1);
	f->pc = RIG_CODE + GUEST_PMU_END;
	rig_run_hvc(&r, 0, 0x17);
	assert_int_equal(f->x[1], CYCLES);
	assert_int_equal(f->pmu_overflow, 0);
	rig_stop(&r);
}

static void software_increments_are_counted(void **state)
{
	struct engine_frame *f;
	struct rig r;

	f = start(&r, GUEST_PMU_SWINC, ALL);
	f->x[0] = 100;
	f->x[1] = 0xfffffff0;
	rig_run_hvc(&r, 0, 0x18);
	assert_int_equal(f->x[1], UINT64_C(0x100000054));
	rig_run_hvc(&r, 0, 0x19);
	f->pc = RIG_CODE + GUEST_PMU_END;
	rig_run_hvc(&r, 0, 0x17);
	assert_int_equal(f->x[1], BIT(1));
	rig_stop(&r);
}

static void a_counter_that_the_guest_has_not_traps(void **state)
{
	struct engine_frame *f;
	struct rig r;

	f = start(&r, GUEST_PMU_SWINC, 1 + 2);
	f->x[0] = 1;
	f->x[1] = 0;
	rig_run_hvc(&r, 0, 0x18);
	assert_int_equal(f->x[1], 1);
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(ESR_EC(f->esr), EC_SYS64);
	rig_stop(&r);
}

static void a_guest_without_a_pmu_traps(void **state)
{
	struct engine_frame *f;
	struct rig r;

	f = start(&r, GUEST_PMU, 0);
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(ESR_EC(f->esr), EC_SYS64);
	assert_int_equal(f->pc, RIG_CODE + GUEST_PMU);
	rig_stop(&r);
	rig_start(&r, 1); /* and so on a machine that has none */
	f = rig_enter(&r, 0, GUEST_PMU);
	f->pmu = ALL;
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(ESR_EC(f->esr), EC_SYS64);
	rig_stop(&r);
}

static void counters_move_out_and_in(void **state)
{
	struct engine_state in, out;
	struct engine_frame *f;
	struct rig r;

	f = start(&r, GUEST_HVC, ALL);
	rig_run_hvc(&r, 0, 0);
	assert_int_equal(engine_qemu.state_get(r.engine, 0, &in), 0);
	in.pmu = (struct engine_pmu){.pmcr = 0xc1, /* LP, LC, E */
				     .cntenset = 0x15,
				     .intenset = CYCLES | 2,
				     .ovsset = CYCLES | 0x21,
				     .selr = 3,
				     .userenr = 9,
				     .ccntr = UINT64_C(0x123456789a),
				     .ccfiltr = BIT(31)};
	for (unsigned int n = 0; n < ENGINE_NUM_COUNTERS; n++) {
		in.pmu.evcntr[n] = UINT64_C(0x1234567800) + n;
		in.pmu.evtyper[n] = BIT(30) | 0x300 | n;
	}
	assert_int_equal(engine_qemu.state_set(r.engine, 0, &in), 0);
	assert_int_equal(engine_qemu.state_get(r.engine, 0, &out), 0);
	assert_memory_equal(&in.pmu, &out.pmu, sizeof(in.pmu));
	rig_run_hvc(&r, 0, 0);
	assert_int_equal(f->pmu_overflow, 1);
	f = rig_enter(&r, 0, GUEST_HVC);
	f->pmu = ALL;
	assert_int_equal(engine_qemu.state_get(r.engine, 0, &out), 0);
	in.pmu = (struct engine_pmu){.pmcr = 0x40};
	assert_memory_equal(&in.pmu, &out.pmu, sizeof(in.pmu));
	rig_stop(&r);
}

static void what_is_denied_is_not_listed(void **state)
{
	struct engine_state s;
	struct engine_frame *f;
	struct rig r;

	f = start(&r, GUEST_PMU, ALL);
	assert_int_equal(engine_qemu.state_get(r.engine, 0, &s), 0);
	s.pmu.denied = ENGINE_PMU_NO_CYCLES;
	assert_int_equal(engine_qemu.state_set(r.engine, 0, &s), 0);
	rig_run_hvc(&r, 0, 0x14);
	assert_int_equal(f->x[2], BIT(0));
	f->x[0] = 1000000;
	rig_run_hvc(&r, 0, 0x15);
	assert_int_equal(f->x[4], 0);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guest_finds_as_many_counters_as_it_has),
		cmocka_unit_test(cycles_are_counted_while_the_guest_runs),
		cmocka_unit_test(an_overflow_is_an_interrupt),
		cmocka_unit_test(software_increments_are_counted),
		cmocka_unit_test(a_counter_that_the_guest_has_not_traps),
		cmocka_unit_test(a_guest_without_a_pmu_traps),
		cmocka_unit_test(counters_move_out_and_in),
		cmocka_unit_test(what_is_denied_is_not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
