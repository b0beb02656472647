// SPDX-License-Identifier: BSD-3-Clause
/* inject.c - synchronous exceptions that the RMM takes to EL1 on the realm's behalf. */
#include "abi/arm.h"
#include "base/bits.h"
#include "rmm/entry.h"
#include "rmm/rec.h"

#define PSTATE_KEPT (PSTATE_PAN | BIT(24)) /* PAN, DIT */

#define SCTLR_SPAN  BIT(23)
#define SCTLR_DSSBS BIT(44)

#define VECTOR_CURRENT_SP0 0x000
#define VECTOR_CURRENT_SPX 0x200
#define VECTOR_LOWER_A64   0x400
#define VECTOR_LOWER_A32   0x600

static bool from_el0(const struct rec *rec)
{
	return rec->pstate & PSTATE_AARCH32 || (rec->pstate & PSTATE_MODE) == PSTATE_EL0;
}

static uint64_t vector_offset(const struct rec *rec)
{
	if (rec->pstate & PSTATE_AARCH32)
		return VECTOR_LOWER_A32;
	if (from_el0(rec))
		return VECTOR_LOWER_A64;
	return (rec->pstate & PSTATE_MODE) == PSTATE_EL1H ? VECTOR_CURRENT_SPX : VECTOR_CURRENT_SP0;
}

/* PSTATE on entry to EL1 (Arm ARM, AArch64.TakeException). */
static uint64_t exception_pstate(uint64_t old, uint64_t sctlr)
{
	uint64_t p = PSTATE_RESET | (old & PSTATE_KEPT);

	if (!(sctlr & SCTLR_SPAN))
		p |= PSTATE_PAN;
	if (sctlr & SCTLR_DSSBS)
		p |= PSTATE_SSBS;
	return p;
}

/* With a lost engine nothing is injected: the next run says that it is lost. */
static void inject(struct rec_entry *e, uint64_t esr, const uint64_t *far)
{
	const struct engine_ops *ops = e->rmm->engine;
	uint64_t sys[ENGINE_NUM_SYSREGS];
	struct rec *rec = e->rec;

	if (ops->sysregs_get(rd_engine(e->rmm, e->rd), rec->index, sys))
		return;
	sys[ENGINE_ESR_EL1] = esr;
	sys[ENGINE_ELR_EL1] = rec->pc;
	sys[ENGINE_SPSR_EL1] = rec->pstate;
	if (far)
		sys[ENGINE_FAR_EL1] = *far;
	if (ops->sysregs_set(rd_engine(e->rmm, e->rd), rec->index, sys))
		return;
	rec->pc = sys[ENGINE_VBAR_EL1] + vector_offset(rec);
	rec->pstate = exception_pstate(rec->pstate, sys[ENGINE_SCTLR_EL1]);
}

void inject_abort(struct rec_entry *e, uint64_t esr, uint64_t far, unsigned int fsc)
{
	const uint64_t not_ours = ESR_EC | ESR_FSC | BIT(10) | BIT(7); /* FnV, S1PTW */
	bool data = FIELD_GET(ESR_EC, esr) == EC_DABT_LOW;
	unsigned int ec = data ? EC_DABT_CUR : EC_IABT_CUR;

	if (from_el0(e->rec))
		ec--; /* ..._LOW */
	esr = (esr & ~not_ours) | FIELD_PUT(ESR_EC, ec) | fsc;
	if (fsc == FSC_SEA)
		esr |= ESR_EA;
	inject(e, esr, &far);
}

void inject_undefined(struct rec_entry *e)
{
	inject(e, FIELD_PUT(ESR_EC, EC_UNKNOWN) | ESR_IL, NULL);
}
