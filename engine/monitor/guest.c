// SPDX-License-Identifier: BSD-3-Clause
/*
 * guest.c - the guest's registers: what is loaded at an entry, saved at an exit, reset at a start.
 *
 * EL1 and FP state stays in the CPU between runs. What the monitor loads is remembered in
 * struct cpu, and only changes are written.
 */
#include "engine/monitor/monitor.h"

#define LOAD(c, field, reg, val)                                                                   \
	do {                                                                                       \
		uint64_t want_ = (val);                                                            \
                                                                                                   \
		if ((c)->has.field != want_) {                                                     \
			(c)->has.field = want_;                                                    \
			write_sysreg(reg, want_);                                                  \
		}                                                                                  \
	} while (0)

/* What the monitor itself needs, whatever the RMM asks for. */
#define HCR_OURS (HCR_RW | HCR_IMO | HCR_FMO | HCR_AMO | HCR_TID2)

#define PAGE_SIZE     UINT64_C(4096)
#define IMINLINE_PAGE 10 /* log2 of the words of a page */
#define PAR_F	      UINT64_C(1)
#define PAR_PAGE      UINT64_C(0x0000fffffffff000)

#define LIST_REGISTERS(F) F(0) F(1) F(2) F(3)
_Static_assert(ENGINE_NUM_LRS == 4, "LIST_REGISTERS");

/* Nothing of the guest is known to the CPU yet: make has.* true of the registers. */
void guest_init(struct cpu *c)
{
	c->has.hcr = HCR_OURS;
	write_sysreg(hcr_el2, c->has.hcr);
	c->has.vmpidr = read_sysreg(mpidr_el1);
	write_sysreg(vmpidr_el2, c->has.vmpidr);
	c->has.vpidr = read_sysreg(midr_el1);
	write_sysreg(vpidr_el2, c->has.vpidr);
	write_sysreg(vttbr_el2, 0);
	write_sysreg(vtcr_el2, 0);

	sve_init(c);
	/* The debug registers are the guest's, but for the locks: nobody else has this CPU. */
	pmu_init(c);
	debug_init(c);
	write_sysreg(hstr_el2, 0);
	write_sysreg(vsesr_el2, 0);
	c->has.cnthctl = CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN;
	write_sysreg(cnthctl_el2, c->has.cnthctl);
	write_sysreg(cntvoff_el2, 0);

	write_sysreg(ich_hcr_el2, 0);
#define ZERO_LR(n) write_sysreg(ich_lr##n##_el2, 0);
	LIST_REGISTERS(ZERO_LR)
#undef ZERO_LR
	isb();
}

void guest_load(struct cpu *c)
{
	const struct engine_frame *f = &cpu_mailbox(c)->frame;

	LOAD(c, vttbr, vttbr_el2, f->vttbr);
	LOAD(c, vtcr, vtcr_el2, f->vtcr);
	LOAD(c, vmpidr, vmpidr_el2, f->vmpidr);
	LOAD(c, vpidr, vpidr_el2, f->midr ? f->midr : read_sysreg(midr_el1));
	timers_load(c);
	sve_load(c);
	LOAD(c, cnthctl, cnthctl_el2, f->cntpoff ? 0 : CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	if (f->hcr & HCR_VSE)
		LOAD(c, vsesr, vsesr_el2, f->vsesr);
	LOAD(c, hcr, hcr_el2, (f->hcr & ~(HCR_E2H | HCR_TGE)) | HCR_OURS);
#define LOAD_LR(n) LOAD(c, lr[n], ich_lr##n##_el2, f->lr[n]);
	LIST_REGISTERS(LOAD_LR)
#undef LOAD_LR
	LOAD(c, ich_hcr, ich_hcr_el2, f->ich_hcr);
}

/* It raises the maintenance interrupt: the guest is done with what was in it. */
static bool lr_ended(uint64_t lr)
{
	return (lr & (ICH_LR_STATE | ICH_LR_EOI)) == ICH_LR_EOI;
}

/*
 * Each tick of a timer would be two exits: one when it fires, one when the guest ends the
 * interrupt. With more vCPUs than CPUs, the answer to the second one can take longer than the timer
 * has left, and the guest does nothing but ticks. But if the timer has been set anew by then the
 * host has nothing to do: the list register is emptied, and the next exit tells of it.
 */
void guest_end_timers(struct cpu *c)
{
	uint32_t anew = 0, timer;
	uint64_t lr;

	if (!(read_sysreg(ich_misr_el2) & ICH_MISR_EOI))
		return;
#define END_LR(n)                                                                                  \
	if (c->has.lr[n] & ICH_LR_STATE) {                                                         \
		lr = read_sysreg(ich_lr##n##_el2);                                                 \
		timer = lr_ended(lr) ? timer_set_anew(c, lr & ICH_LR_VINTID) : 0;                  \
		if (timer) {                                                                       \
			c->ended[n] = lr;                                                          \
			LOAD(c, lr[n], ich_lr##n##_el2, 0);                                        \
			anew |= timer;                                                             \
		}                                                                                  \
	}
	LIST_REGISTERS(END_LR)
#undef END_LR
	isb();
	timers_watch(c, anew);
}

/* A list register that was loaded invalid cannot have changed. */
static void interrupts_save(struct cpu *c)
{
	struct engine_frame *f = &cpu_mailbox(c)->frame;
	bool eoi = false;
	uint64_t misr = 0;

#define SAVE_LR(n)                                                                                 \
	if (c->has.lr[n] & ICH_LR_STATE)                                                           \
		f->lr[n] = c->has.lr[n] = read_sysreg(ich_lr##n##_el2);                            \
	if (lr_ended(c->has.lr[n]))                                                                \
		eoi = true;                                                                        \
	if (c->ended[n]) {                                                                         \
		f->lr[n] = c->ended[n];                                                            \
		c->ended[n] = 0;                                                                   \
		misr = ICH_MISR_EOI;                                                               \
	}
	LIST_REGISTERS(SAVE_LR)
#undef SAVE_LR
	f->ich_vmcr = read_sysreg(ich_vmcr_el2);
	f->ich_hcr_out = read_sysreg(ich_hcr_el2);
	if (f->ich_hcr_out & ICH_HCR_EOICOUNT)
		c->has.ich_hcr = f->ich_hcr_out;
	if (eoi || (f->ich_hcr_out & ICH_HCR_MAINTENANCE))
		misr |= read_sysreg(ich_misr_el2);
	f->ich_misr = misr;
}

void guest_save(struct cpu *c, uint32_t exit)
{
	struct engine_frame *f = &cpu_mailbox(c)->frame;

	if (exit != MAILBOX_IRQ) {
		f->esr = read_sysreg(esr_el2);
		f->far = read_sysreg(far_el2);
		f->hpfar = read_sysreg(hpfar_el2);
		f->sctlr = read_sysreg(sctlr_el1);
	}
	if (c->has.hcr & HCR_VSE)
		c->has.hcr = read_sysreg(hcr_el2);
	f->hcr_out = c->has.hcr;
	interrupts_save(c);
	timers_report(c);
}

/* A pending virtual interrupt or SError ends WFI at EL2 too, in QEMU. */
void guest_quiesce(struct cpu *c)
{
	LOAD(c, ich_hcr, ich_hcr_el2, 0);
	LOAD(c, hcr, hcr_el2, c->has.hcr & ~HCR_VSE);
}

/*
 * TID2: newer QEMUs say that instruction caches need no invalidation (DIC), older ones do not; a
 * realm is shown the same in all. The trap catches the other cache type registers too.
 */
static uint64_t cache_type(const struct engine_frame *f)
{
	uint64_t ctr = read_sysreg(ctr_el0) & ~CTR_DIC;

	if (f->ctr)
		return f->ctr;
	return f->hcr & HCR_TPU ? (ctr & ~CTR_IMINLINE) | IMINLINE_PAGE | CTR_IDC : ctr;
}

static bool read_cache_id(const struct engine_frame *f, uint64_t op, uint64_t *val)
{
	switch (op) {
	case ESR_SYSREG(3, 3, 0, 0, 1):
		*val = cache_type(f);
		return true;
	case ESR_SYSREG(3, 1, 0, 0, 0):
		*val = read_sysreg(ccsidr_el1);
		return true;
	case ESR_SYSREG(3, 1, 0, 0, 1):
		*val = f->clidr ? f->clidr : read_sysreg(clidr_el1);
		return true;
	case ESR_SYSREG(3, 2, 0, 0, 0):
		*val = read_sysreg(csselr_el1);
		return true;
	}
	return false;
}

/*
 * TPU: the guest's memory is written by others (a VMM's devices), which QEMU does not see, so what
 * it translated from a page may be old when the guest says that it has new code there (IC IVAU).
 * Lines are pages then, and data caches need no cleaning, so a page of code costs one trap.
 */
static void invalidate_code(uint64_t va, bool el0)
{
	uint64_t saved = read_sysreg(par_el1), par;

	if (el0)
		__asm__ volatile("at s12e0r, %0" : : "r"(va));
	else
		__asm__ volatile("at s12e1r, %0" : : "r"(va));
	isb();
	par = read_sysreg(par_el1);
	write_sysreg(par_el1, saved);
	if (!(par & PAR_F))
		monitor_touch(par & PAR_PAGE, PAGE_SIZE);
}

/* Operations on caches to the point of unification: what TPU traps. */
static bool emulate_cache_op(struct engine_frame *f, uint64_t op, unsigned int rt)
{
	switch (op) {
	case ESR_SYSREG(1, 3, 7, 5, 1): /* IC IVAU */
		invalidate_code(rt == 31 ? 0 : f->x[rt], !(f->pstate & 0xf));
		return true;
	case ESR_SYSREG(1, 0, 7, 1, 0):	 /* IC IALLUIS */
	case ESR_SYSREG(1, 0, 7, 5, 0):	 /* IC IALLU */
	case ESR_SYSREG(1, 3, 7, 11, 1): /* DC CVAU */
		return true;
	}
	return false;
}

/* True: done. */
static bool emulate_sysreg(struct cpu *c, uint64_t esr)
{
	struct engine_frame *f = &cpu_mailbox(c)->frame;
	unsigned int rt = ESR_SYSREG_RT(esr);
	uint64_t op = ESR_SYSREG_OP(esr), val;
	bool read = esr & ESR_SYSREG_READ;

	if ((f->cntpoff && timer_emulate(c, op, rt, read)) || debug_emulate(c, op, rt, read))
		return true;
	if (pmu_emulate(c, op, rt, read))
		return true;
	if (read) {
		if (!read_cache_id(f, op, &val))
			return false;
		if (rt != 31)
			f->x[rt] = val;
		return true;
	}
	if ((f->hcr & HCR_TPU) && emulate_cache_op(f, op, rt))
		return true;
	if (op != ESR_SYSREG(3, 2, 0, 0, 0))
		return false;
	write_sysreg(csselr_el1, rt == 31 ? 0 : f->x[rt]);
	return true;
}

bool guest_emulate(struct cpu *c)
{
	struct engine_frame *f = &cpu_mailbox(c)->frame;
	uint64_t esr = read_sysreg(esr_el2);

	if ((f->hcr & HCR_TID2) || ESR_EC(esr) != ESR_EC_SYSREG || !emulate_sysreg(c, esr))
		return false;
	f->pc += 4;
	f->pstate &= ~PSTATE_SS; /* a step over it is done */
	return true;
}

void guest_get_sysregs(struct cpu *c)
{
	uint64_t *sys = cpu_mailbox(c)->sysregs;

#define GET(reg) sys[ENGINE_##reg] = read_sysreg(reg);
	ENGINE_SYSREGS(GET)
#undef GET
}

void guest_set_sysregs(struct cpu *c)
{
	const uint64_t *sys = cpu_mailbox(c)->sysregs;

#define SET(reg) write_sysreg(reg, sys[ENGINE_##reg]);
	ENGINE_SYSREGS(SET)
#undef SET
	isb();
}

void guest_get_state(struct cpu *c)
{
	struct engine_state *s = &cpu_mailbox(c)->state;

#define GET(r) s->reg[ENGINE_##r] = read_sysreg(r);
	ENGINE_STATE_REGS(GET)
#undef GET
	s->reg[ENGINE_CNTP_CVAL_EL0] = timer_cntp(c);
	monitor_save_fp(s->v);
	pmu_get(c);
}

void guest_set_state(struct cpu *c)
{
	struct engine_state *s = &cpu_mailbox(c)->state;

#define SET(r) write_sysreg(r, s->reg[ENGINE_##r]);
	ENGINE_STATE_REGS(SET)
#undef SET
	timer_set_cntp(c, s->reg[ENGINE_CNTP_CVAL_EL0]);
	monitor_load_fp(s->v, s->v_kept);
	pmu_set(c);
	isb();
	timers_forget(c);
}

#define PAUTH_KEYS(F)                                                                              \
	F(apiakeylo_el1)                                                                           \
	F(apiakeyhi_el1)                                                                           \
	F(apibkeylo_el1)                                                                           \
	F(apibkeyhi_el1)                                                                           \
	F(apdakeylo_el1)                                                                           \
	F(apdakeyhi_el1) F(apdbkeylo_el1) F(apdbkeyhi_el1) F(apgakeylo_el1) F(apgakeyhi_el1)

/* 6 breakpoints and 4 watchpoints, as QEMU's CPU has. */
/* clang-format off */
#define DEBUG_REGISTERS(F)                                                                         \
	F(dbgbcr0_el1) F(dbgbcr1_el1) F(dbgbcr2_el1) F(dbgbcr3_el1) F(dbgbcr4_el1)                 \
	F(dbgbcr5_el1) F(dbgbvr0_el1) F(dbgbvr1_el1) F(dbgbvr2_el1) F(dbgbvr3_el1)                 \
	F(dbgbvr4_el1) F(dbgbvr5_el1) F(dbgwcr0_el1) F(dbgwcr1_el1) F(dbgwcr2_el1)                 \
	F(dbgwcr3_el1) F(dbgwvr0_el1) F(dbgwvr1_el1) F(dbgwvr2_el1) F(dbgwvr3_el1)                 \
	F(mdccint_el1)
/* clang-format on */

void guest_reset(struct cpu *c)
{
	guest_set_sysregs(c);
	monitor_zero_fp();
	sve_reset(c);
	pmu_reset(c);
#define ZERO(reg) write_sysreg(reg, 0);
	PAUTH_KEYS(ZERO)
	DEBUG_REGISTERS(ZERO)
	debug_reset_locks(c);
	ZERO(vdisr_el2)
	ZERO(cntv_ctl_el0)
	ZERO(cntp_ctl_el0)
	ZERO(cntv_cval_el0)
	ZERO(ich_vmcr_el2)
	ZERO(ich_ap0r0_el2)
	ZERO(ich_ap1r0_el2)
#undef ZERO
	timer_set_cntp(c, c->has.cntpoff);
	isb();
	timers_forget(c);
}

/* QEMU's TLB knows neither VMIDs nor addresses of stage 2: it flushes all of EL1 and EL0 for any
 * of these operations, so the widest is as cheap as the others. */
void guest_tlbi(struct cpu *c, uint64_t vttbr)
{
	LOAD(c, vttbr, vttbr_el2, vttbr);
	isb();
	__asm__ volatile("dsb ishst\n\ttlbi vmalls12e1is\n\tdsb ish\n\tisb" : : : "memory");
}
