// SPDX-License-Identifier: BSD-3-Clause
/* test_enter.c - REC_ENTER: what it checks, how a realm's exits look to the host, completion. */
#include <errno.h>

#include "machine/idregs.h"
#include "rmm/call.h"
#include "rmm/state.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define B		 IPA_B
#define U		 IPA_U
#define EC(n)		 ((uint64_t)(n) << 26)
#define IL		 (UINT64_C(1) << 25)
#define ISV		 (UINT64_C(1) << 24)
#define WNR		 0x40
#define SEA_FROM_EL1(ec) (EC(ec) | IL | 0x210)

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

/* ---- scripts ---- */

static uint64_t sync_esr, sync_far, sync_ipa;
static unsigned int faults;	 /* how often the realm faults before it waits */
static struct engine_frame seen; /* as the last run found it */

static enum engine_exit fault_then_wait(struct engine *e, unsigned int cpu)
{
	seen = e->frame[cpu];
	if (!faults)
		return ENGINE_EXIT_IRQ;
	faults--;
	return script_sync(e, cpu, sync_esr, sync_far, sync_ipa);
}

static const struct rmi_rec_exit *realm_faults(uint64_t esr, uint64_t far, uint64_t ipa)
{
	sync_esr = esr;
	sync_far = far;
	sync_ipa = ipa;
	faults = 1;
	script = fault_then_wait;
	return realm_run(&r, 0);
}

/* ---- checks ---- */

static void addresses_are_checked_before_all_else(void **state)
{
	uint64_t rec = r.rec[0], run = r.run[0];

	REFUSED(rmi_rec_state, h, REC_ENTER, r.rd, run);
	REFUSED(rmi_rec_state, h, REC_ENTER, rec + 8, run);
	REFUSED(rmi_run_not_ns, h, REC_ENTER, rec, r.rd);
	REFUSED(rmi_run_not_ns, h, REC_ENTER, rec, run + 8);
	REFUSED(rmi_run_not_ns, h, REC_ENTER, rec, 0);
	REFUSED(rmi_enter_not_runnable, h, REC_ENTER, r.rec[1], r.run[1]);
}

#define LR(n)	enter->gicv3_lrs[n]
#define PENDING (UINT64_C(1) << 62)
#define BAD_LR(rule, value)                                                                        \
	do {                                                                                       \
		LR(1) = value;                                                                     \
		REFUSED(rule, h, REC_ENTER, r.rec[0], r.run[0]);                                   \
		assert_int_equal(h->x[0], RMI_ERROR_REC);                                          \
		LR(1) = 0;                                                                         \
	} while (0)

static void list_registers_are_checked(void **state)
{
	static const uint64_t good[] = {0, 15, 31, 1019, 8192, 65535};
	static const uint64_t bad[] = {1020, 1023, 1024, 4096, 8191, 65536, 0xffffffff};

	LR(0) = PENDING | 27;
	BAD_LR(rmi_enter_lr_hw, PENDING | UINT64_C(1) << 61 | 30);
	BAD_LR(rmi_enter_lr_pintid, PENDING | UINT64_C(1) << 32 | 30);
	BAD_LR(rmi_enter_lr_pintid, PENDING | UINT64_C(1) << 44 | 30);
	BAD_LR(rmi_enter_lr_reserved, PENDING | UINT64_C(1) << 45 | 30);
	BAD_LR(rmi_enter_lr_reserved, PENDING | UINT64_C(1) << 59 | 30);
	BAD_LR(rmi_enter_lr_priority, PENDING | UINT64_C(1) << 48 | 30);
	BAD_LR(rmi_enter_lr_twice, PENDING | 27);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		BAD_LR(rmi_enter_lr_vintid, PENDING | bad[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		LR(1) = PENDING | UINT64_C(1) << 60 | UINT64_C(1) << 41 | UINT64_C(0xf8) << 48 |
			good[i];
		realm_run(&r, 0);
	}
	/* Not valid, or beyond the implemented ones: not looked at. */
	LR(1) = UINT64_C(1) << 61 | 0xffffffff;
	LR(4) = ~UINT64_C(0);
	realm_run(&r, 0);
	memset(enter, 0, sizeof(*enter));
}

static void only_the_hosts_bits_of_hcr_are_taken(void **state)
{
	for (int bit = 0; bit < 64; bit++) {
		enter->gicv3_hcr = UINT64_C(1) << bit;
		if (enter->gicv3_hcr & 0x40fe)
			realm_run(&r, 0);
		else
			REFUSED(rmi_enter_gic_hcr, h, REC_ENTER, r.rec[0], r.run[0]);
	}
	enter->gicv3_hcr = 0;
}

static void the_realms_state_decides(void **state)
{
	struct rd *rd = host_va(h, r.rd);

	rd->state = RD_NEW;
	REFUSED(rmi_enter_realm_new, h, REC_ENTER, r.rec[0], r.run[0]);
	assert_int_equal(h->x[0], RMI_ERROR_REALM);
	rd->state = RD_SYSTEM_OFF;
	REFUSED(rmi_enter_system_off, h, REC_ENTER, r.rec[0], r.run[0]);
	assert_int_equal(h->x[0], RMI_ERROR_REALM | 1 << 8);
	rd->state = RD_ACTIVE;
}

/* ---- the frame ---- */

static void the_first_run_starts_from_reset(void **state)
{
	script = fault_then_wait;
	faults = 0;
	realm_run(&r, 0);
	assert_int_equal(fake->resets, 1);
	assert_int_equal(fake->sys[0][ENGINE_SCTLR_EL1], 0x00c50878);
	assert_int_equal(fake->sys[0][ENGINE_VBAR_EL1], 0);
	assert_int_equal(seen.pc, B);
	assert_int_equal(seen.pstate, 0x3c5);
	assert_int_equal(seen.vttbr & 0xffffffffffff, r.rtt_base);
	/* 48 bits, start level 0: T0SZ 16, SL0 2, 4 KiB, 48-bit PA, WBWA inner shareable, HA,
	 * RES1 */
	assert_int_equal(seen.vtcr, 0x80253590);
	assert_int_equal(seen.vmpidr, UINT64_C(1) << 31);
	/* SWIO PTW VM, FMO IMO AMO, BSU, TID3 TSC, RW, TEA, APK API, FWB */
	assert_int_equal(seen.hcr, UINT64_C(0x4320800c043f));
	assert_true(seen.ich_hcr & 1);
	realm_run(&r, 0);
	assert_int_equal(fake->resets, 1);
}

static void wfx_traps_are_the_hosts_choice(void **state)
{
	script = fault_then_wait;
	realm_run(&r, 0);
	assert_int_equal(seen.hcr & 0x6000, 0);
	enter->flags = RMI_ENTER_TRAP_WFI;
	realm_run(&r, 0);
	assert_int_equal(seen.hcr & 0x6000, 0x2000);
	enter->flags = RMI_ENTER_TRAP_WFE;
	realm_run(&r, 0);
	assert_int_equal(seen.hcr & 0x6000, 0x4000);
	enter->flags = 0;
}

static enum engine_exit change_all(struct engine *e, unsigned int cpu)
{
	struct engine_frame *f = &e->frame[cpu];

	for (int i = 0; i < 31; i++)
		f->x[i] = 0x1111 * i;
	f->lr[0] = 0xabc;
	f->lr[3] = 0xdef;
	f->ich_hcr_out = UINT64_C(0xf8000000) | 0x40fe | 0x8101;
	f->ich_misr = 3;
	f->ich_vmcr = 0x1234;
	f->cntp_ctl = 5;
	f->cntp_cval = 6;
	f->cntv_ctl = 7;
	f->cntv_cval = 8;
	return ENGINE_EXIT_IRQ;
}

static void an_exit_tells_gic_and_timers_and_no_registers(void **state)
{
	const struct rmi_rec_exit *x;

	memset((void *)realm_exit(&r, 0), 0x77, sizeof(*x));
	script = change_all;
	x = realm_run(&r, 0);
	assert_int_equal(x->exit_reason, RMI_EXIT_IRQ);
	assert_int_equal(x->gicv3_lrs[0], 0xabc);
	assert_int_equal(x->gicv3_lrs[3], 0xdef);
	assert_int_equal(x->gicv3_lrs[4], 0);
	assert_int_equal(x->gicv3_hcr, 0xf80040fe);
	assert_int_equal(x->gicv3_misr, 3);
	assert_int_equal(x->gicv3_vmcr, 0x1234);
	assert_int_equal(x->cntp_ctl, 5);
	assert_int_equal(x->cntp_cval, 6);
	assert_int_equal(x->cntv_ctl, 7);
	assert_int_equal(x->cntv_cval, 8);
	assert_int_equal(x->esr | x->far | x->hpfar | x->ripas_base | x->imm, 0);
	for (int i = 0; i < 31; i++)
		assert_int_equal(x->gprs[i], 0);
}

static void a_kick_ends_the_run(void **state)
{
	script = fault_then_wait;
	pe_kick(h->pe);
	assert_int_equal(realm_run(&r, 0)->exit_reason, RMI_EXIT_IRQ);
	pe_clear(h->pe);
}

static enum engine_exit lost(struct engine *e, unsigned int cpu)
{
	e->frame[cpu].pc = 0xdead;
	return ENGINE_EXIT_LOST;
}

/* What the last run left: EOIcount and MISR are told once, or the host ends interrupts twice. */
static void nothing_has_ended(const struct rmi_rec_exit *x)
{
	assert_int_equal(x->gicv3_lrs[0], PENDING | 27);
	assert_int_equal(x->gicv3_lrs[3], 0);
	assert_int_equal(x->gicv3_hcr, 0x4);
	assert_int_equal(x->gicv3_misr, 0);
	/* These stay true while the realm does not run. */
	assert_int_equal(x->gicv3_vmcr, 0x1234);
	assert_int_equal(x->cntp_ctl, 5);
	assert_int_equal(x->cntv_cval, 8);
}

static void an_exit_without_a_run_ends_no_interrupt_again(void **state)
{
	const struct rmi_rec_exit *x;

	script = change_all;
	realm_run(&r, 0);
	enter->gicv3_lrs[0] = PENDING | 27;
	enter->gicv3_hcr = 0x4;
	pe_kick(h->pe);
	x = realm_run(&r, 0);
	pe_clear(h->pe);
	assert_int_equal(x->exit_reason, RMI_EXIT_IRQ);
	nothing_has_ended(x);
	script = lost;
	nothing_has_ended(realm_run(&r, 0));
	enter->gicv3_lrs[0] = enter->gicv3_hcr = 0;
}

/* A run ended by a call that the RMM answers, then a kick: the first run's count is not lost. */
static enum engine_exit ends_two_and_calls_then_is_kicked(struct engine *e, unsigned int cpu)
{
	e->frame[cpu].ich_hcr_out |= UINT64_C(2) << 27;
	pe_kick(h->pe);
	return SMC(e, cpu, RSI_VERSION, RSI_ABI_VERSION);
}

static void an_exit_after_a_run_that_was_answered_tells_what_ended_there(void **state)
{
	const struct rmi_rec_exit *x;

	script = ends_two_and_calls_then_is_kicked;
	x = realm_run(&r, 0);
	pe_clear(h->pe);
	assert_int_equal(x->exit_reason, RMI_EXIT_IRQ);
	assert_int_equal(x->gicv3_hcr, UINT64_C(2) << 27);
}

/* ---- aborts at unprotected addresses ---- */

static void an_emulatable_read_is_completed(void **state)
{
	/* {SAS, SSE, SF} and what X5 becomes from 0x8899aabbccddeeff */
	static const struct {
		uint64_t iss, x5;
	} reads[] = {
		{0, 0xff},
		{1 << 22, 0xeeff},
		{2 << 22, 0xccddeeff},
		{3 << 22 | 1 << 15, 0x8899aabbccddeeff},
		{1 << 21, 0xffffffff},
		{1 << 21 | 1 << 15, 0xffffffffffffffff},
		{1 << 22 | 1 << 21, 0xffffeeff},
		{2 << 22 | 1 << 21 | 1 << 15, 0xffffffffccddeeff},
	};
	const struct rmi_rec_exit *x;

	for (unsigned int i = 0; i < ARRAY_SIZE(reads); i++) {
		uint64_t pc, esr = EC(0x24) | IL | ISV | reads[i].iss | 5 << 16 | 7;

		x = realm_faults(esr, 0xffff00001234, U + 0x9000);
		assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
		assert_int_equal(x->esr, esr & 0xfdc09e7f);
		assert_int_equal(x->far, 0x234);
		assert_int_equal(x->hpfar, (U + 0x9000) >> 8);
		assert_int_equal(x->gprs[0], 0);
		pc = seen.pc;
		enter->flags = RMI_ENTER_EMUL_MMIO;
		enter->gprs[0] = UINT64_C(0x8899aabbccddeeff);
		realm_run(&r, 0);
		assert_int_equal(seen.x[5], reads[i].x5);
		assert_int_equal(seen.pc, pc + 4);
		/* Once only. */
		REFUSED(rmi_enter_emul_mmio, h, REC_ENTER, r.rec[0], r.run[0]);
		enter->flags = 0;
	}
}

static void an_emulatable_write_shows_its_value_only(void **state)
{
	struct rec *rec = host_va(h, r.rec[0]);
	const struct rmi_rec_exit *x;

	rec->x[5] = UINT64_C(0x8899aabbccddeeff);
	x = realm_faults(EC(0x24) | IL | ISV | WNR | 1 << 22 | 5 << 16 | 7, 0, U);
	assert_int_equal(x->gprs[0], 0xeeff);
	x = realm_faults(EC(0x24) | IL | ISV | WNR | 2 << 22 | 31 << 16 | 7, 0, U);
	assert_int_equal(x->gprs[0], 0);
	enter->flags = RMI_ENTER_EMUL_MMIO;
	enter->gprs[0] = 1;
	realm_run(&r, 0);
	assert_int_equal(seen.x[5], UINT64_C(0x8899aabbccddeeff));
	assert_int_equal(seen.pc, B + 4);
	enter->flags = 0;
}

static void an_access_without_syndrome_shows_nothing(void **state)
{
	const struct rmi_rec_exit *x = realm_faults(EC(0x24) | IL | WNR | 7, 0xfff, U);

	assert_int_equal(x->esr, EC(0x24) | IL | 7);
	assert_int_equal(x->far | x->gprs[0], 0);
	enter->flags = RMI_ENTER_EMUL_MMIO;
	REFUSED(rmi_enter_emul_mmio, h, REC_ENTER, r.rec[0], r.run[0]);
	enter->flags = 0;
}

static void the_host_may_answer_with_an_external_abort(void **state)
{
	realm_faults(EC(0x24) | IL | ISV | 3 << 22 | 5 << 16 | 1 << 10 | 1 << 7 | 7, 0xabcd, U);
	fake->sys[0][ENGINE_VBAR_EL1] = 0x10000;
	enter->flags = RMI_ENTER_INJECT_SEA | RMI_ENTER_EMUL_MMIO;
	realm_run(&r, 0);
	assert_int_equal(seen.pc, 0x10200);
	assert_int_equal(fake->sys[0][ENGINE_ELR_EL1], B);
	assert_int_equal(fake->sys[0][ENGINE_SPSR_EL1], 0x3c5);
	assert_int_equal(fake->sys[0][ENGINE_FAR_EL1], 0xabcd);
	assert_int_equal(fake->sys[0][ENGINE_ESR_EL1],
			 SEA_FROM_EL1(0x25) | ISV | 3 << 22 | 5 << 16);
	enter->flags = 0;
}

static void the_vector_depends_on_where_the_realm_was(void **state)
{
	static const struct {
		uint64_t pstate, vector, ec;
	} from[] = {
		{0x5, 0x200, 0x25},
		{0x4, 0x000, 0x25},
		{0x0, 0x400, 0x24},
		{0x10, 0x600, 0x24},
	};
	struct rec *rec = host_va(h, r.rec[0]);

	realm_faults(EC(0x24) | IL | 7, 0, U);
	for (unsigned int i = 0; i < ARRAY_SIZE(from); i++) {
		rec->pstate = from[i].pstate;
		fake->sys[0][ENGINE_SCTLR_EL1] = i % 2 ? UINT64_C(1) << 23 : UINT64_C(1) << 44;
		fake->sys[0][ENGINE_VBAR_EL1] = 0x8000;
		realm_faults(EC(0x24) | IL | 7, 0, U);
		enter->flags = RMI_ENTER_INJECT_SEA;
		realm_run(&r, 0);
		enter->flags = 0;
		assert_int_equal(seen.pc, 0x8000 + from[i].vector);
		assert_int_equal(FIELD_GET(MASK(31, 26), fake->sys[0][ENGINE_ESR_EL1]), from[i].ec);
		/* SPAN clear: PAN set; DSSBS: SSBS */
		assert_int_equal(seen.pstate, 0x3c5 | (i % 2 ? 0 : 1 << 22 | 1 << 12));
	}
}

/* ---- aborts at protected addresses ---- */

static void ram_without_a_page_is_the_hosts_business(void **state)
{
	const struct rmi_rec_exit *x;

	EXPECT(0, h, DATA_DESTROY, r.rd, B); /* DESTROYED, for ever */
	for (unsigned int ec = 0x20; ec <= 0x24; ec += 4) {
		x = realm_faults(EC(ec) | IL | ISV | WNR | 5 << 16 | 7, 0xffff0123, B);
		assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
		assert_int_equal(x->esr, EC(ec) | 7);
		assert_int_equal(x->far | x->gprs[0], 0);
		assert_int_equal(x->hpfar, B >> 8);
		/* Never to be answered by the host: the memory is the realm's. */
		enter->flags = RMI_ENTER_EMUL_MMIO;
		REFUSED(rmi_enter_emul_mmio, h, REC_ENTER, r.rec[0], r.run[0]);
		enter->flags = RMI_ENTER_INJECT_SEA;
		realm_run(&r, 0);
		assert_int_equal(fake->sys[0][ENGINE_ESR_EL1], 0);
		enter->flags = 0;
	}
}

static void sea_to_realm(uint64_t ec_el2, uint64_t ipa, uint64_t ec_el1, uint64_t fsc)
{
	fake->sys[0][ENGINE_ESR_EL1] = 0;
	assert_int_equal(realm_faults(EC(ec_el2) | IL | 7, 0xabc, ipa)->exit_reason, RMI_EXIT_IRQ);
	assert_int_equal(faults, 0);
	assert_int_equal(fake->sys[0][ENGINE_ESR_EL1], EC(ec_el1) | IL | fsc);
	assert_int_equal(fake->sys[0][ENGINE_FAR_EL1], 0xabc);
}

static void what_nobody_can_repair_goes_to_the_realm(void **state)
{
	realm_run(&r, 0);
	sea_to_realm(0x24, B + 0x1000, 0x25, 0x210);	/* EMPTY */
	sea_to_realm(0x20, B + 0x1000, 0x21, 0x210);	/* fetch from EMPTY */
	sea_to_realm(0x20, U, 0x21, 0x210);		/* fetch from shared memory */
	sea_to_realm(0x24, UINT64_C(1) << 48, 0x25, 0); /* beyond the IPA space */
	realm_tables(&r, U, 3);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, r.rd | 0xd8);
	sea_to_realm(0x24, U, 0x25, 0x28); /* the granule protection fault */
}

static void a_hidden_page_that_the_host_has_again_becomes_visible(void **state)
{
	uint64_t pa = host_granule(h);

	realm_tables(&r, U, 3);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, U, 3, pa | 0xd8);
	EXPECT(0, h, GRANULE_UNDELEGATE, pa);
	fake->sys[0][ENGINE_ESR_EL1] = 0;
	realm_faults(EC(0x24) | IL | 7, 0, U);
	assert_int_equal(faults, 0); /* it ran on */
	assert_int_equal(fake->sys[0][ENGINE_ESR_EL1], 0);
	/* What S2AP denies is not repaired by that. */
	assert_int_equal(realm_faults(EC(0x24) | IL | ISV | WNR | 0xf, 0, U)->exit_reason,
			 RMI_EXIT_SYNC);
}

static void a_fault_on_an_entry_that_is_right_runs_again_but_not_for_ever(void **state)
{
	assert_int_equal(realm_faults(EC(0x24) | 7, 0, B)->exit_reason, RMI_EXIT_IRQ);
	sync_esr = EC(0x24) | 7;
	sync_ipa = B;
	faults = 1000000;
	assert_int_equal(realm_run(&r, 0)->exit_reason, RMI_EXIT_SYNC);
	faults = 0;
}

static void an_external_abort_shows_its_syndrome_only(void **state)
{
	const struct rmi_rec_exit *x = realm_faults(EC(0x24) | IL | ISV | 0x210, 0x123, B);

	assert_int_equal(x->esr, EC(0x24) | 0x210);
	assert_int_equal(x->hpfar | x->far, 0);
}

/* ---- other classes ---- */

static void wfi_leaves_past_the_instruction(void **state)
{
	struct rec *rec = host_va(h, r.rec[0]);
	const struct rmi_rec_exit *x = realm_faults(EC(1) | IL | 0xe << 20 | 1, 0, 0);

	assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
	assert_int_equal(x->esr, EC(1) | 1);
	assert_int_equal(rec->pc, B + 4);
	rec->x[9] = 0x55;
	x = realm_faults(EC(1) | IL | 9 << 5 | 2, 0, 0);
	assert_int_equal(x->esr, EC(1) | 2);
	assert_int_equal(x->gprs[0], 0x55);
}

static void hvc_is_undefined(void **state)
{
	struct rec *rec = host_va(h, r.rec[0]);

	realm_run(&r, 0);
	rec->pc = B + 0x104; /* as the CPU reports it */
	realm_faults(EC(0x16) | IL, 0, 0);
	assert_int_equal(fake->sys[0][ENGINE_ESR_EL1], IL);
	assert_int_equal(fake->sys[0][ENGINE_ELR_EL1], B + 0x100);
}

/* MRS/MSR syndrome */
static uint64_t sysreg(int op0, int op1, int crn, int crm, int op2, int rt, int read)
{
	return EC(0x18) | IL | op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1 |
	       read;
}

static void id_registers_are_the_rmms_table(void **state)
{
	struct rec *rec = host_va(h, r.rec[0]);

	realm_faults(sysreg(3, 0, 0, 4, 0, 7, 1), 0, 0); /* ID_AA64PFR0_EL1 */
	assert_int_equal(rec->pc, B + 4);
	assert_int_equal(rec->x[7] & 0xffff, 0x1111);		 /* EL0 to EL3, AArch64 only */
	assert_int_equal(FIELD_GET(MASK(35, 32), rec->x[7]), 0); /* no SVE */
	realm_faults(sysreg(3, 0, 0, 5, 0, 7, 1), 0, 0);	 /* ID_AA64DFR0_EL1 */
	assert_int_equal(FIELD_GET(MASK(11, 8), rec->x[7]), 0);	 /* no PMU */
	assert_int_equal(FIELD_GET(MASK(15, 12), rec->x[7]), 5); /* 6 breakpoints */
	assert_int_equal(FIELD_GET(MASK(23, 20), rec->x[7]), 3); /* 4 watchpoints */
	realm_faults(sysreg(3, 0, 0, 7, 0, 7, 1), 0, 0);	 /* ID_AA64MMFR0_EL1 */
	assert_int_equal(FIELD_GET(MASK(3, 0), rec->x[7]), 5);	 /* 48-bit PA */
	realm_faults(sysreg(3, 0, 0, 7, 7, 7, 1), 0, 0);	 /* nothing there */
	assert_int_equal(rec->x[7], 0);
	realm_faults(sysreg(3, 0, 0, 4, 0, 31, 1), 0, 0); /* XZR */
}

static void breakpoints_are_as_many_as_the_realm_was_made_with(void **state)
{
	struct realm first = r;
	struct rmi_realm_params *p;
	uint64_t pa;

	realm_prepare(&r, h, 48, 0, 1);
	p = realm_params(&r, &pa);
	p->vmid = 200;
	p->num_bps = 2;
	p->num_wps = 1;
	EXPECT(0, h, REALM_CREATE, r.rd, pa);
	realm_add_rec(&r, true, B);
	realm_activate(&r);
	realm_faults(sysreg(3, 0, 0, 5, 0, 7, 1), 0, 0);
	assert_int_equal(((struct rec *)host_va(h, r.rec[0]))->x[7], 9 | 2 << 12 | 1 << 20);
	realm_destroy(&r);
	r = first;
}

static enum engine_exit overflow(struct engine *e, unsigned int cpu)
{
	e->frame[cpu].pmu_overflow = 1;
	return fault_then_wait(e, cpu);
}

/* A realm that is made with vectors of 512 bits and 4 event counters. */
static void vectors_and_counters_are_those_of_the_parameters(void **state)
{
	const uint64_t f0 = rmm_default_features(NULL) | RMI_FEATURE0_SVE_EN |
			    FIELD_PUT(RMI_FEATURE0_SVE_VL, 15) | RMI_FEATURE0_PMU_EN |
			    FIELD_PUT(RMI_FEATURE0_PMU_NUM_CTRS, 6);
	struct rmi_realm_params *p;
	struct rec *rec;
	uint64_t pa;

	realm_destroy(&r);
	host_stop(h);
	host_start(h, f0);
	realm_prepare(&r, h, 48, 0, 1);
	p = realm_params(&r, &pa);
	p->flags = RMI_REALM_FLAG_SVE | RMI_REALM_FLAG_PMU;
	p->sve_vl = 3;
	p->pmu_num_ctrs = 4;
	EXPECT(0, h, REALM_CREATE, r.rd, pa);
	realm_add_rec(&r, true, B);
	realm_activate(&r);
	rec = host_va(h, r.rec[0]);
	realm_faults(sysreg(3, 0, 0, 4, 0, 7, 1), 0, 0); /* ID_AA64PFR0_EL1 */
	assert_int_equal(FIELD_GET(MASK(35, 32), rec->x[7]), 1);
	assert_int_equal(seen.sve_vq, 4);
	assert_int_equal(seen.pmu, 5);
	realm_faults(sysreg(3, 0, 0, 4, 4, 7, 1), 0, 0); /* ID_AA64ZFR0_EL1 */
	assert_int_equal(rec->x[7], idreg_of_sve(IDREG_AA64ZFR0));
	realm_faults(sysreg(3, 0, 0, 5, 0, 7, 1), 0, 0); /* ID_AA64DFR0_EL1 */
	assert_int_equal(FIELD_GET(MASK(11, 8), rec->x[7]), IDREG_PMUVER);
	assert_int_equal(realm_exit(&r, 0)->pmu_ovf_status, 0);
	/* PMEVCNTR4_EL0, which no realm of 4 has. */
	realm_faults(sysreg(3, 3, 14, 8, 4, 7, 1), 0, 0);
	assert_int_equal(fake->sys[0][ENGINE_ESR_EL1], IL);
	script = overflow;
	realm_run(&r, 0);
	assert_int_equal(realm_exit(&r, 0)->pmu_ovf_status, 1);
}

/* Else the realm would run one more instruction before its step exception. */
static void a_single_step_over_what_the_rmm_does_is_done(void **state)
{
	struct rec *rec = host_va(h, r.rec[0]);
	const uint64_t ss = BIT(21);

	rec->pstate |= ss;
	realm_faults(sysreg(3, 0, 0, 4, 0, 7, 1), 0, 0);
	assert_int_equal(rec->pstate & ss, 0);
	rec->pstate |= ss;
	realm_run(&r, 0);
	assert_int_equal(rec->pstate & ss, ss);
}

static void other_registers_read_as_zero_and_ignore_writes(void **state)
{
	struct rec *rec = host_va(h, r.rec[0]);

	rec->x[7] = 5;
	realm_faults(sysreg(2, 0, 0, 2, 2, 7, 1), 0, 0); /* MDSCR_EL1 */
	assert_int_equal(rec->x[7], 0);
	realm_faults(sysreg(2, 0, 0, 2, 2, 7, 0), 0, 0);
	realm_faults(sysreg(3, 3, 9, 12, 0, 7, 0), 0, 0);
	assert_int_equal(rec->pc, B + 12);
}

static void sgis_are_the_hosts_work(void **state)
{
	static const int op2s[] = {1, 5, 7}; /* DIR, SGI1R, SGI0R */
	struct rec *rec = host_va(h, r.rec[0]);

	for (int i = 0; i < 3; i++) {
		uint64_t esr = sysreg(3, 0, 12, 11, op2s[i], 3, 0);
		const struct rmi_rec_exit *x;

		rec->x[3] = 0x1000001;
		x = realm_faults(esr, 0, 0);
		assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
		assert_int_equal(x->esr, esr);
		assert_int_equal(x->gprs[0], 0x1000001);
		assert_int_equal(rec->pc, B + 4 * (i + 1));
	}
}

static void what_the_realm_has_not_is_undefined(void **state)
{
	static const unsigned int classes[] = {0x07, 0x19, 0x1d};

	for (unsigned int i = 0; i < ARRAY_SIZE(classes); i++) {
		fake->sys[0][ENGINE_ESR_EL1] = 0;
		assert_int_equal(realm_faults(EC(classes[i]) | IL | 5, 0, 0)->exit_reason,
				 RMI_EXIT_IRQ);
		assert_int_equal(fake->sys[0][ENGINE_ESR_EL1], IL);
	}
}

static void anything_else_tells_its_class_alone_and_stays(void **state)
{
	struct rec *rec = host_va(h, r.rec[0]);
	const struct rmi_rec_exit *x = realm_faults(EC(0x3c) | IL | 0x1234, 0x123, B);

	assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
	assert_int_equal(x->esr, EC(0x3c));
	assert_int_equal(x->far | x->hpfar, 0);
	assert_int_equal(rec->pc, B);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_enter(void)
{
	const struct CMUnitTest tests[] = {
		T(addresses_are_checked_before_all_else),
		T(list_registers_are_checked),
		T(only_the_hosts_bits_of_hcr_are_taken),
		T(the_realms_state_decides),
		T(the_first_run_starts_from_reset),
		T(wfx_traps_are_the_hosts_choice),
		T(an_exit_tells_gic_and_timers_and_no_registers),
		T(a_kick_ends_the_run),
		T(an_exit_without_a_run_ends_no_interrupt_again),
		T(an_exit_after_a_run_that_was_answered_tells_what_ended_there),
		T(an_emulatable_read_is_completed),
		T(an_emulatable_write_shows_its_value_only),
		T(an_access_without_syndrome_shows_nothing),
		T(the_host_may_answer_with_an_external_abort),
		T(the_vector_depends_on_where_the_realm_was),
		T(ram_without_a_page_is_the_hosts_business),
		T(what_nobody_can_repair_goes_to_the_realm),
		T(a_hidden_page_that_the_host_has_again_becomes_visible),
		T(a_fault_on_an_entry_that_is_right_runs_again_but_not_for_ever),
		T(an_external_abort_shows_its_syndrome_only),
		T(wfi_leaves_past_the_instruction),
		T(hvc_is_undefined),
		T(id_registers_are_the_rmms_table),
		T(breakpoints_are_as_many_as_the_realm_was_made_with),
		T(vectors_and_counters_are_those_of_the_parameters),
		T(a_single_step_over_what_the_rmm_does_is_done),
		T(other_registers_read_as_zero_and_ignore_writes),
		T(sgis_are_the_hosts_work),
		T(what_the_realm_has_not_is_undefined),
		T(anything_else_tells_its_class_alone_and_stays),
	};

	return cmocka_run_group_tests_name("rmm REC_ENTER", tests, NULL, NULL);
}
