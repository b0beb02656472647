// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_run.c - entries and exits of a guest, and what a reset leaves behind.
 */
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "machine/memory.h"
#include "tests/engine/rig.h"

#define ESR_EC(esr)		   ((unsigned int)((esr) >> 26))
#define EC_DATA_ABORT_LOWER	   0x24
#define EC_INSTRUCTION_ABORT_LOWER 0x20
#define ESR_ISV			   BIT(24)
#define ESR_WNR			   BIT(6)
#define CTR_DIC			   BIT(29)
#define DFSC(esr)		   ((esr)&0x3f)
#define DFSC_TRANSLATION_L_1	   0x2b
#define DFSC_TRANSLATION_L0	   0x04
#define DFSC_TRANSLATION_L2	   0x06
#define DFSC_TRANSLATION_L3	   0x07

static void hvc_carries_registers_both_ways(void **state)
{
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_ADD);
	for (uint64_t i = 0; i < 1000; i++) {
		f->x[0] = i;
		f->x[1] = i << 32;
		f->x[30] = ~i;
		rig_run_hvc(&r, 0, 1);
		assert_int_equal(f->x[0], (i << 32) + i + 1);
		assert_int_equal(f->x[30], ~i);
		assert_int_equal(f->pc, RIG_CODE + GUEST_ADD + 12);
	}
	rig_stop(&r);
}

static void stage_2_fault_tells_address_and_access(void **state)
{
	struct rig r;
	struct engine_frame *f;
	uint64_t ipa = RIG_DATA + 5 * GRANULE_SIZE + 0x120;

	rig_start(&r, 1);
	rig_map(&r, 5, 0);

	f = rig_enter(&r, 0, GUEST_STORE);
	f->x[0] = ipa;
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(ESR_EC(f->esr), EC_DATA_ABORT_LOWER);
	assert_int_equal(DFSC(f->esr), DFSC_TRANSLATION_L3);
	assert_true(f->esr & ESR_ISV);
	assert_true(f->esr & ESR_WNR);
	assert_int_equal((f->esr >> 22) & 3, 2);  /* SAS: 4 bytes */
	assert_int_equal((f->esr >> 16) & 31, 1); /* SRT */
	assert_int_equal(f->hpfar << 8, ALIGN_DOWN(ipa, GRANULE_SIZE));
	assert_int_equal(f->far, ipa);
	assert_int_equal(f->pc, RIG_CODE + GUEST_STORE);

	/* Mapped after the fault: an invalid entry is not cached, the access is done. */
	rig_map(&r, 5, r.data + 5 * GRANULE_SIZE);
	f->x[1] = 0x1234;
	rig_run_hvc(&r, 0, 3);
	assert_int_equal(*(uint32_t *)((char *)rig_data(&r, 5) + 0x120), 0x1234);

	f->pc = RIG_DATA + 0x400000;
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(ESR_EC(f->esr), EC_INSTRUCTION_ABORT_LOWER);
	assert_int_equal(DFSC(f->esr), DFSC_TRANSLATION_L2);
	rig_stop(&r);
}

#define TABLE	     UINT64_C(3)
#define TABLE_ADDR   MASK(47, 12)
#define SHARED	     MASK(9, 8)
#define TOP	     BIT(51)
/* 52 bits, DS, 52-bit PA; SL0 2, or SL2 */
#define VTCR_LEVEL_0 UINT64_C(0x18006358c)
#define VTCR_ABOVE   UINT64_C(0x38006350c)

static uint64_t *table_at(struct rig *r, uint64_t pa)
{
	return machine_va(r->machine, pa & TABLE_ADDR, GRANULE_SIZE);
}

/* The rig's tables in LPA2's form: what was the shareability is address now. */
static void widen_pages(struct rig *r)
{
	uint64_t *l2 = table_at(r, table_at(r, r->root)[RIG_CODE >> 30]);

	table_at(r, l2[(RIG_CODE >> 21) & 511])[0] &= ~SHARED;
	for (unsigned int i = 0; i < RIG_DATA_PAGES; i++)
		r->pages[i] &= ~SHARED;
}

/* All that the rig maps once at its place, once more with bit 51 set. */
static uint64_t wide_root(struct rig *r, bool from_minus_one)
{
	uint64_t l0 = machine_alloc(r->machine, 16, 16 * GRANULE_SIZE), above;
	uint64_t *t = machine_va(r->machine, l0, 16 * GRANULE_SIZE);

	assert_true(l0 != 0);
	t[0] = t[TOP >> 39] = r->root | TABLE;
	if (!from_minus_one)
		return l0;
	above = machine_alloc(r->machine, 1, GRANULE_SIZE);
	assert_true(above != 0);
	table_at(r, above)[0] = table_at(r, above)[TOP >> 48] = l0 | TABLE;
	return above;
}

static void load_at(struct rig *r, struct engine_frame *f, uint64_t ipa, uint64_t want)
{
	f->pc = RIG_CODE + GUEST_LOAD;
	f->x[0] = ipa;
	f->x[1] = 0;
	rig_run_hvc(r, 0, 2);
	assert_int_equal(f->x[1], want);
}

static void fault_at(struct rig *r, struct engine_frame *f, uint64_t ipa, unsigned int dfsc)
{
	f->pc = RIG_CODE + GUEST_LOAD;
	f->x[0] = ipa;
	assert_int_equal(engine_qemu.run(r->engine, 0, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(ESR_EC(f->esr), EC_DATA_ABORT_LOWER);
	assert_int_equal(DFSC(f->esr), dfsc);
	assert_int_equal(f->hpfar << 8, ALIGN_DOWN(ipa, GRANULE_SIZE));
}

static void stage_2_with_lpa2_has_52_bits(void **state)
{
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 1);
	widen_pages(&r);
	*(uint64_t *)rig_data(&r, 7) = 0x1234567;
	for (int above = 0; above < 2; above++) {
		f = rig_enter(&r, 0, GUEST_LOAD);
		f->vttbr = wide_root(&r, above) | BIT(48);
		f->vtcr = above ? VTCR_ABOVE : VTCR_LEVEL_0;
		load_at(&r, f, RIG_DATA + 7 * GRANULE_SIZE, 0x1234567);
		load_at(&r, f, TOP | (RIG_DATA + 7 * GRANULE_SIZE), 0x1234567);
		fault_at(&r, f, TOP | (RIG_DATA + BIT(21)), DFSC_TRANSLATION_L2);
		fault_at(&r, f, TOP - GRANULE_SIZE,
			 above ? DFSC_TRANSLATION_L_1 : DFSC_TRANSLATION_L0);
	}
	rig_stop(&r);
}

static void reset_clears_what_a_guest_left(void **state)
{
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_DIRTY);
	rig_run_hvc(&r, 0, 8);
	assert_int_equal(f->cntv_ctl & 3, 3);
	assert_int_equal(f->cntp_ctl & 3, 3);
	f->pc = RIG_CODE + GUEST_REGS;
	rig_run_hvc(&r, 0, 7);
	assert_int_equal(f->x[0], 0x55);
	assert_int_equal(f->x[2], 0x55);
	assert_int_not_equal(f->x[6], 0);

	f = rig_enter(&r, 0, GUEST_REGS);
	rig_run_hvc(&r, 0, 7);
	for (unsigned int i = 0; i <= 6; i++)
		assert_int_equal(f->x[i], 0);
	rig_stop(&r);
}

static void system_registers_move_out_and_in(void **state)
{
	uint64_t sys[ENGINE_NUM_SYSREGS], again[ENGINE_NUM_SYSREGS];
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_DIRTY);
	rig_run_hvc(&r, 0, 8);
	assert_int_equal(engine_qemu.sysregs_get(r.engine, 0, sys), 0);
	assert_int_equal(sys[ENGINE_VBAR_EL1], RIG_CODE + GUEST_VECTORS);

	sys[ENGINE_VBAR_EL1] = 0x12345800;
	sys[ENGINE_TPIDR_EL0] = 0x1111;
	sys[ENGINE_SP_EL1] = 0x2220;
	assert_int_equal(engine_qemu.sysregs_set(r.engine, 0, sys), 0);
	assert_int_equal(engine_qemu.sysregs_get(r.engine, 0, again), 0);
	assert_memory_equal(sys, again, sizeof(sys));
	f->pc = RIG_CODE + GUEST_REGS;
	rig_run_hvc(&r, 0, 7);
	assert_int_equal(f->x[6], 0x12345800);
	rig_stop(&r);
}

static void each_cpu_reads_its_own_mpidr(void **state)
{
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, ENGINE_MAX_CPUS);
	for (unsigned int i = 0; i < r.cpus; i++) {
		f = rig_enter(&r, i, GUEST_MPIDR);
		f->vmpidr = BIT(31) | (i * 0x101);
		rig_run_hvc(&r, i, 10);
		assert_int_equal(f->x[0], BIT(31) | (i * 0x101));
	}
	rig_stop(&r);
}

static void breakpoints_watchpoints_and_steps_are_the_guests(void **state)
{
	/* From the same exception level: breakpoint, watchpoint (of a load, or unknown), step. */
	static const unsigned int classes[] = {0x31, 0x35, 0x33};
	uint64_t sys[ENGINE_NUM_SYSREGS];
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 1);
	for (uint64_t i = 0; i < 3; i++) {
		f = rig_enter(&r, 0, GUEST_DEBUG);
		f->x[0] = i;
		rig_run_hvc(&r, 0, 0xff);
		assert_int_equal(engine_qemu.sysregs_get(r.engine, 0, sys), 0);
		assert_int_equal(ESR_EC(sys[ENGINE_ESR_EL1]), classes[i]);
	}
	/* A reset ends them all: the OS lock is set. */
	f = rig_enter(&r, 0, GUEST_HVC);
	rig_run_hvc(&r, 0, 0);
	rig_stop(&r);
}

/* And no exit tells of the lock's registers. */
static void the_os_lock_silences_breakpoints_watchpoints_and_steps(void **state)
{
	struct engine_debug d;
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 1);
	for (uint64_t i = 0; i < 3; i++) {
		f = rig_enter(&r, 0, GUEST_DEBUG);
		f->x[0] = i;
		f->x[2] = 1;
		rig_run_hvc(&r, 0, 0x11);
		assert_int_equal(f->x[2], 0xa); /* OSLM, OSLK */
		assert_int_equal(f->x[3], 0);
		assert_int_equal(engine_qemu.debug_get(r.engine, 0, &d), 0);
		assert_true(d.os_lock == 1 && d.osdlr == 0);
		d.os_lock = 0;
		assert_int_equal(engine_qemu.debug_set(r.engine, 0, &d), 0);
		f->pc = RIG_CODE + GUEST_DEBUG;
		f->x[2] = 0;
		rig_run_hvc(&r, 0, 0xff);
	}
	rig_stop(&r);
}

#define EC_SYSREG     0x18
#define EC_BREAKPOINT 0x30
#define EC_STEP	      0x32
#define EC_WATCHPOINT 0x34
#define BCR_EL10      UINT64_C(0x1e7)  /* EL1 and EL0, all bytes, enabled */
#define WCR_EL10      UINT64_C(0x1fff) /* loads and stores, any of 8 bytes */
#define MDSCR_MDE     BIT(15)
#define PSTATE_SS     BIT(21)

/* A CPU that the host debugs, at a guest. */
static struct engine_frame *debugged(struct rig *r, uint64_t guest, struct engine_debug *d)
{
	struct engine_frame *f = rig_enter(r, 0, guest);

	assert_int_equal(engine_qemu.debug_get(r->engine, 0, d), 0);
	assert_int_equal(d->os_lock, 1);
	d->os_lock = 0;
	d->mdscr |= MDSCR_MDE;
	d->traps = ENGINE_DEBUG_EXCEPTIONS;
	return f;
}

static unsigned int run_class(struct rig *r)
{
	assert_int_equal(engine_qemu.run(r->engine, 0, NULL), ENGINE_EXIT_SYNC);
	return ESR_EC(engine_qemu.frame(r->engine, 0)->esr);
}

static void breakpoints_of_the_host_end_a_run_before_the_instruction(void **state)
{
	struct engine_debug d;
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 1);
	f = debugged(&r, GUEST_ADD, &d);
	d.bvr[5] = RIG_CODE + GUEST_ADD + 4;
	d.bcr[5] = BCR_EL10;
	assert_int_equal(engine_qemu.debug_set(r.engine, 0, &d), 0);
	f->x[0] = 40;
	f->x[1] = 1;
	assert_int_equal(run_class(&r), EC_BREAKPOINT);
	assert_int_equal(f->pc, RIG_CODE + GUEST_ADD + 4);
	assert_int_equal(f->x[0], 41);
	assert_int_equal(run_class(&r), EC_BREAKPOINT); /* for as long as it is there */
	d.bcr[5] = 0;
	assert_int_equal(engine_qemu.debug_set(r.engine, 0, &d), 0);
	rig_run_hvc(&r, 0, 1);
	assert_int_equal(f->x[0], 42);
	rig_stop(&r);
}

static void a_step_of_the_host_is_one_instruction(void **state)
{
	struct engine_debug d;
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 1);
	f = debugged(&r, GUEST_ADD, &d);
	d.mdscr |= 1;
	assert_int_equal(engine_qemu.debug_set(r.engine, 0, &d), 0);
	for (unsigned int i = 1; i <= 2; i++) {
		f->pstate |= PSTATE_SS;
		assert_int_equal(run_class(&r), EC_STEP);
		assert_int_equal(f->pc, RIG_CODE + GUEST_ADD + 4 * i);
		assert_false(f->pstate & PSTATE_SS);
	}
	rig_stop(&r);
}

static void watchpoints_of_the_host_end_a_run_before_the_access(void **state)
{
	struct engine_debug d;
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 1);
	f = debugged(&r, GUEST_STORE, &d);
	d.wvr[3] = RIG_DATA + 0x40;
	d.wcr[3] = WCR_EL10;
	assert_int_equal(engine_qemu.debug_set(r.engine, 0, &d), 0);
	f->x[0] = RIG_DATA + 0x44;
	f->x[1] = 77;
	assert_int_equal(run_class(&r), EC_WATCHPOINT);
	assert_int_equal(f->pc, RIG_CODE + GUEST_STORE);
	assert_int_equal(f->far, RIG_DATA + 0x44);
	assert_int_equal(*(uint32_t *)((char *)rig_data(&r, 0) + 0x44), 0);
	rig_stop(&r);
}

static void debug_registers_of_a_debugged_guest_are_the_hosts_to_answer(void **state)
{
	struct engine_debug d;
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 1);
	f = debugged(&r, GUEST_DEBUG, &d);
	for (int i = ENGINE_DEBUG_EXCEPTIONS; i >= ENGINE_DEBUG_REGISTERS; i--) {
		d.traps = i;
		assert_int_equal(engine_qemu.debug_set(r.engine, 0, &d), 0);
		f->pc = RIG_CODE + GUEST_DEBUG;
		assert_int_equal(run_class(&r), EC_SYSREG);
		/* oslar_el1 */
		assert_int_equal(f->esr & 0x3ffc1f, 2u << 20 | 4u << 17 | 0u << 14 | 1u << 10);
	}
	d.traps = ENGINE_DEBUG_NONE;
	d.os_lock = 1;
	assert_int_equal(engine_qemu.debug_set(r.engine, 0, &d), 0);
	f->x[0] = 0;
	rig_run_hvc(&r, 0, 0xff); /* its own breakpoint, to its own vector */
	rig_stop(&r);
}

/* MDCCINT_EL1 is one that QEMU's CPU has not: a read of it leaves what was in the register. */
static void debug_registers_of_a_new_cpu_are_zero(void **state)
{
	struct engine_debug d;
	struct rig r;

	rig_start(&r, 1);
	rig_enter(&r, 0, GUEST_DEBUG);
	memset(&d, 0xff, sizeof(d));
	assert_int_equal(engine_qemu.debug_get(r.engine, 0, &d), 0);
	for (unsigned int i = 0; i < ENGINE_NUM_BPS; i++)
		assert_true(!d.bvr[i] && !d.bcr[i]);
	for (unsigned int i = 0; i < ENGINE_NUM_WPS; i++)
		assert_true(!d.wvr[i] && !d.wcr[i]);
	assert_true(!d.mdscr && !d.osdlr && d.os_lock == 1);
	assert_int_equal(d.mdccint, 0);
	d.mdscr = BIT(15);
	assert_int_equal(engine_qemu.debug_set(r.engine, 0, &d), 0);
	assert_int_equal(engine_qemu.debug_get(r.engine, 0, &d), 0);
	assert_int_equal(d.mdscr, BIT(15));
	assert_int_equal(d.mdccint, 0);
	rig_stop(&r);
}

static void cache_registers_are_read_without_an_exit(void **state)
{
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_CTR);
	rig_run_hvc(&r, 0, 9);
	assert_int_not_equal(f->x[0], 0);
	assert_false(f->x[0] & CTR_DIC);
	assert_int_equal(f->x[1], 2);
	assert_int_not_equal(f->x[2], 0);
	assert_int_not_equal(f->x[3], 0);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hvc_carries_registers_both_ways),
		cmocka_unit_test(stage_2_fault_tells_address_and_access),
		cmocka_unit_test(stage_2_with_lpa2_has_52_bits),
		cmocka_unit_test(reset_clears_what_a_guest_left),
		cmocka_unit_test(system_registers_move_out_and_in),
		cmocka_unit_test(each_cpu_reads_its_own_mpidr),
		cmocka_unit_test(breakpoints_watchpoints_and_steps_are_the_guests),
		cmocka_unit_test(the_os_lock_silences_breakpoints_watchpoints_and_steps),
		cmocka_unit_test(breakpoints_of_the_host_end_a_run_before_the_instruction),
		cmocka_unit_test(a_step_of_the_host_is_one_instruction),
		cmocka_unit_test(watchpoints_of_the_host_end_a_run_before_the_access),
		cmocka_unit_test(debug_registers_of_a_debugged_guest_are_the_hosts_to_answer),
		cmocka_unit_test(debug_registers_of_a_new_cpu_are_zero),
		cmocka_unit_test(cache_registers_are_read_without_an_exit),
	};

	alarm(60); /* a hang fails, and ends QEMU */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
