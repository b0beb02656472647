// SPDX-License-Identifier: BSD-3-Clause
/*
 * debug_regs.c - the guest's debug registers, and where its debug exceptions go.
 *
 * EL2 itself is never stopped: its debug exceptions are masked, and what the host loads matches EL1
 * and EL0 only.
 *
 * The OS lock silences breakpoints, watchpoints and steps. QEMU looks for it in a bit of OSLSR_EL1
 * that is never set, but it does look at the OS double lock. So the CPU's double lock is the sum of
 * the guest's two, whose registers trap.
 */
#include "engine/monitor/monitor.h"

#define MDCR_TDE  (UINT64_C(1) << 8)
#define MDCR_TDA  (UINT64_C(1) << 9)
#define MDCR_TDOS (UINT64_C(1) << 10)
#define MDCR_TDR  (UINT64_C(1) << 11)

#define OSLSR_OSLK (UINT64_C(1) << 1)

#define BREAKPOINTS(F) F(0) F(1) F(2) F(3) F(4) F(5)
#define WATCHPOINTS(F) F(0) F(1) F(2) F(3)
_Static_assert(ENGINE_NUM_BPS == 6 && ENGINE_NUM_WPS == 4, "the lists above");

#define OSLAR_EL1   ESR_SYSREG(2, 0, 1, 0, 4)
#define OSLSR_EL1   ESR_SYSREG(2, 0, 1, 1, 4)
#define OSDLR_EL1   ESR_SYSREG(2, 0, 1, 3, 4)
#define DBGPRCR_EL1 ESR_SYSREG(2, 0, 1, 4, 4)

static void set_locks(struct cpu *c, uint64_t os_lock, uint64_t dlk)
{
	c->dlk = dlk & 1;
	write_sysreg(oslar_el1, os_lock & 1);
	write_sysreg(osdlr_el1, (os_lock | dlk) & 1);
}

static uint64_t os_lock(void)
{
	return read_sysreg(oslsr_el1) & OSLSR_OSLK ? 1 : 0;
}

void debug_init(struct cpu *c)
{
	write_sysreg(mdcr_el2, read_sysreg(mdcr_el2) | MDCR_TDOS);
	set_locks(c, 1, 0);
}

void debug_reset_locks(struct cpu *c)
{
	set_locks(c, 1, 0);
}

bool debug_emulate(struct cpu *c, uint64_t op, unsigned int rt, bool read)
{
	struct engine_frame *f = &cpu_mailbox(c)->frame;
	uint64_t val = rt == 31 ? 0 : f->x[rt];

	if (read_sysreg(mdcr_el2) & MDCR_TDA)
		return false; /* all debug registers are the host's business */
	switch (op) {
	case OSLAR_EL1:
		if (!read)
			set_locks(c, val, c->dlk);
		break;
	case OSDLR_EL1:
		if (!read)
			set_locks(c, os_lock(), val);
		val = c->dlk;
		break;
	case OSLSR_EL1:
		val = read_sysreg(oslsr_el1);
		break;
	case DBGPRCR_EL1:
		val = 0;
		break;
	default:
		return false;
	}
	if (read && rt != 31)
		f->x[rt] = val;
	return true;
}

void debug_get(struct cpu *c)
{
	struct engine_debug *d = &cpu_mailbox(c)->debug;

#define GET_BP(n)                                                                                  \
	d->bvr[n] = read_sysreg(dbgbvr##n##_el1);                                                  \
	d->bcr[n] = read_sysreg(dbgbcr##n##_el1);
	BREAKPOINTS(GET_BP)
#undef GET_BP
#define GET_WP(n)                                                                                  \
	d->wvr[n] = read_sysreg(dbgwvr##n##_el1);                                                  \
	d->wcr[n] = read_sysreg(dbgwcr##n##_el1);
	WATCHPOINTS(GET_WP)
#undef GET_WP
	d->mdscr = read_sysreg(mdscr_el1);
	d->mdccint = 0; /* QEMU's CPU has none: a read leaves what the register held before */
	d->osdlr = c->dlk;
	d->os_lock = os_lock();
}

static uint64_t traps(uint64_t which)
{
	const uint64_t registers = MDCR_TDA | MDCR_TDR; /* MDCR_TDOS: always */

	switch (which) {
	case ENGINE_DEBUG_EXCEPTIONS:
		return registers | MDCR_TDE;
	case ENGINE_DEBUG_REGISTERS:
		return registers;
	}
	return 0;
}

void debug_set(struct cpu *c)
{
	const struct engine_debug *d = &cpu_mailbox(c)->debug;

#define SET_BP(n)                                                                                  \
	write_sysreg(dbgbvr##n##_el1, d->bvr[n]);                                                  \
	write_sysreg(dbgbcr##n##_el1, d->bcr[n]);
	BREAKPOINTS(SET_BP)
#undef SET_BP
#define SET_WP(n)                                                                                  \
	write_sysreg(dbgwvr##n##_el1, d->wvr[n]);                                                  \
	write_sysreg(dbgwcr##n##_el1, d->wcr[n]);
	WATCHPOINTS(SET_WP)
#undef SET_WP
	write_sysreg(mdscr_el1, d->mdscr);
	set_locks(c, d->os_lock, d->osdlr);
	write_sysreg(mdcr_el2,
		     (read_sysreg(mdcr_el2) & ~traps(ENGINE_DEBUG_EXCEPTIONS)) | traps(d->traps));
	isb();
}
