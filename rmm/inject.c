// SPDX-License-Identifier: BSD-3-Clause
/* inject.c - synchronous exceptions that the RMM takes to EL1 on the realm's behalf. */
#include "abi/arm.h"
#include "base/bits.h"
#include "engine/el1.h"
#include "rmm/entry.h"
#include "rmm/rmi_rec.h"

/* With a lost engine nothing is injected: the next run says that it is lost. */
static void inject(struct rec_entry *e, uint64_t esr, const uint64_t *far)
{
	const struct engine_ops *ops = e->rmm->engine;
	uint64_t sys[ENGINE_NUM_SYSREGS], pc = e->rec->pc, pstate = e->rec->pstate;
	struct rec *rec = e->rec;

	if (ops->sysregs_get(rd_engine(e->rmm, e->rd), rec->index, sys))
		return;
	el1_take_exception(sys, &pc, &pstate, esr, far);
	if (ops->sysregs_set(rd_engine(e->rmm, e->rd), rec->index, sys))
		return;
	rec->pc = pc;
	rec->pstate = pstate;
}

void inject_abort(struct rec_entry *e, uint64_t esr, uint64_t far, unsigned int fsc)
{
	const uint64_t not_ours = ESR_EC | ESR_FSC | BIT(10) | BIT(7); /* FnV, S1PTW */
	bool data = FIELD_GET(ESR_EC, esr) == EC_DABT_LOW;
	unsigned int ec = data ? EC_DABT_CUR : EC_IABT_CUR;

	if (el1_is_from_el0(e->rec->pstate))
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
