// SPDX-License-Identifier: BSD-3-Clause
/* exit_sync.c - synchronous exits by their class: WFx, HVC, SMC, system registers, aborts. */
#include "base/bits.h"
#include "rmm/entry.h"
#include "rmm/rmi_rec.h"

#define WFX_TI	    MASK(1, 0) /* which of WFI, WFE, WFIT, WFET */
#define WFX_TIMEOUT BIT(1)
#define WFX_RD	    MASK(9, 5)

#define SYS_REG	    MASK(21, 10)
#define SYS_RT	    MASK(9, 5)
#define SYS_OP0	    MASK(21, 20)
#define SYS_CRN	    MASK(13, 10)
#define SYS_CRM	    MASK(4, 1)
#define SYS_OP2	    MASK(19, 17)
#define SYS_IS_READ BIT(0)
/* op0, op2, op1, CRn, CRm as the syndrome has them */
#define SYS_ENC(op0, op1, crn, crm, op2)                                                           \
	((uint64_t)(op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define SYS_KEY	      (SYS_REG | SYS_CRM)
#define ICC_DIR_EL1   SYS_ENC(3, 0, 12, 11, 1)
#define ICC_SGI1R_EL1 SYS_ENC(3, 0, 12, 11, 5)
#define ICC_SGI0R_EL1 SYS_ENC(3, 0, 12, 11, 7)

static bool handle_wfx(struct rec_entry *e, const struct rec_fault *f)
{
	rec_skip(e->rec);
	e->exit.exit_reason = RMI_EXIT_SYNC;
	e->exit.esr = f->esr & (ESR_EC | WFX_TI);
	if (f->esr & WFX_TIMEOUT)
		e->exit.gprs[0] = rec_reg(e->rec, FIELD_GET(WFX_RD, f->esr));
	return true;
}

/* The PC is past the HVC; an undefined instruction is reported where it is. */
static bool handle_hvc(struct rec_entry *e)
{
	e->rec->pc -= 4;
	inject_undefined(e);
	return false;
}

/* SGIs and deactivation are the host's work: its vGIC is the distributor. */
static bool exit_gic_write(struct rec_entry *e, const struct rec_fault *f, unsigned int rt)
{
	e->exit.exit_reason = RMI_EXIT_SYNC;
	e->exit.esr = f->esr;
	e->exit.gprs[0] = rec_reg(e->rec, rt);
	return true;
}

/* The engine answers a PMU's accesses itself; what comes here is a counter that the realm has not,
 * or is read though it can only be written. */
static bool is_pmu(uint64_t key)
{
	unsigned int crn = FIELD_GET(SYS_CRN, key), crm = FIELD_GET(SYS_CRM, key);

	return FIELD_GET(SYS_OP0, key) == 3 &&
	       ((crn == 9 && crm >= 12 && crm <= 14) || (crn == 14 && crm >= 8));
}

static bool handle_sysreg(struct rec_entry *e, const struct rec_fault *f)
{
	const uint64_t id_space = SYS_ENC(3, 0, 0, 0, 0), not_id = SYS_CRM | SYS_OP2;
	unsigned int rt = FIELD_GET(SYS_RT, f->esr);
	uint64_t key = f->esr & SYS_KEY, v = 0;

	if (e->rd->pmu && is_pmu(key)) {
		inject_undefined(e);
		return false;
	}
	rec_skip(e->rec);
	if (f->esr & SYS_IS_READ) {
		/* Whatever else traps (trace, PMU) reads as zero. */
		if ((key & ~not_id) == id_space)
			v = idreg_read(e->rd, FIELD_GET(SYS_CRM, key), FIELD_GET(SYS_OP2, key));
		if (rt < 31)
			e->rec->x[rt] = v;
		return false;
	}
	if (key == ICC_SGI1R_EL1 || key == ICC_SGI0R_EL1 || key == ICC_DIR_EL1)
		return exit_gic_write(e, f, rt);
	return false;
}

bool rec_handle_sync(struct rec_entry *e, const struct rec_fault *f)
{
	switch (FIELD_GET(ESR_EC, f->esr)) {
	case EC_WFX:
		return handle_wfx(e, f);
	case EC_HVC64:
		return handle_hvc(e);
	case EC_SMC64:
		return rsi_handle_smc(e);
	case EC_SYS64:
		return handle_sysreg(e, f);
	case EC_IABT_LOW:
	case EC_DABT_LOW:
		return rec_handle_abort(e, f);
	case EC_FP:
	case EC_SVE:
	case EC_SME:
		/* The CPU has them, the realm has not: the PC is the instruction's. */
		inject_undefined(e);
		return false;
	default:
		/* Nothing that is known to reach EL2: the host learns its class, no more. */
		e->exit.exit_reason = RMI_EXIT_SYNC;
		e->exit.esr = f->esr & ESR_EC;
		return true;
	}
}
