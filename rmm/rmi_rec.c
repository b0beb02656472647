// SPDX-License-Identifier: BSD-3-Clause
/*
 * rmi_rec.c - REC_CREATE, REC_DESTROY, PSCI_COMPLETE: Realm Execution Contexts from outside.
 *
 *	none -> READY		REC_CREATE, while the realm is NEW
 *	READY <-> RUNNING	REC_ENTER (rec_enter.c): `running`
 *	READY -> none		REC_DESTROY
 *
 * Beside that it is `runnable` or not: as created; PSCI CPU_OFF ends it, PSCI_COMPLETE of another's
 * CPU_ON begins it. And it may owe its realm something, which the next entry pays: the answer of a
 * PSCI call (`psci`: it cannot even be entered before PSCI_COMPLETE), of a RIPAS change (`ripas`),
 * of a host call (`host_call`), an MMIO emulation (`last`).
 *
 * Invariant: rd->num_recs is the number of RECs that name the RD as owner, rd->rec_index that of
 * RECs ever created; both grow only while the realm is NEW.
 */
#include "rmm/rmi_rec.h"
#include "abi/arm.h"

#include <string.h>

#include "base/bits.h"
#include "rmm/measurements.h"
#include "rmm/rules.h"

/* RmiRecMpidr: Aff0 3:0, Aff1 15:8, Aff2 23:16, Aff3 31:24, the rest zero. */
#define MPIDR_AFF0     MASK(3, 0)
#define MPIDR_AFF1     MASK(15, 8)
#define MPIDR_AFF2     MASK(23, 16)
#define MPIDR_AFF3_RMI MASK(31, 24)
#define MPIDR_AFF3_EL1 MASK(39, 32)
#define MPIDR_RES1     BIT(31)

static uint64_t mpidr_low_index(uint64_t mpidr)
{
	return FIELD_GET(MPIDR_AFF0, mpidr) | FIELD_GET(MPIDR_AFF1, mpidr) << 4 |
	       FIELD_GET(MPIDR_AFF2, mpidr) << 12;
}

static uint64_t rmi_mpidr_index(uint64_t mpidr)
{
	return mpidr_low_index(mpidr) | FIELD_GET(MPIDR_AFF3_RMI, mpidr) << 20;
}

uint64_t rec_mpidr_index(uint64_t mpidr)
{
	return mpidr_low_index(mpidr) | FIELD_GET(MPIDR_AFF3_EL1, mpidr) << 20;
}

uint64_t rec_mpidr_el1(const struct rec *rec)
{
	uint64_t aff3 = FIELD_GET(MPIDR_AFF3_RMI, rec->mpidr);

	return (rec->mpidr & ~MPIDR_AFF3_RMI) | FIELD_PUT(MPIDR_AFF3_EL1, aff3) | MPIDR_RES1;
}

void rec_skip(struct rec *rec)
{
	rec->pc += 4;
	rec->pstate &= ~PSTATE_SS;
}

void rec_set_answer(struct rec *rec, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	rec->x[0] = x0;
	rec->x[1] = x1;
	rec->x[2] = x2;
	rec->x[3] = x3;
}

/* ---- REC_CREATE ---- */

static void rec_init(struct rmm *rmm, struct rd *rd, const struct rmi_call *c,
		     const struct rmi_rec_params *p)
{
	struct rec *rec = rec_map(rmm, c->x[2]);

	*rec = (struct rec){
		.owner = c->x[1],
		.index = rd->rec_index,
		.runnable = p->flags & RMI_REC_FLAG_RUNNABLE,
		.fresh = true,
		.mpidr = p->mpidr,
		.pc = p->pc,
		.pstate = PSTATE_RESET,
	};
	memcpy(rec->x, p->gprs, sizeof(p->gprs));
	for (unsigned int i = 0; i < RMM_NUM_AUX; i++) {
		rec->aux[i] = p->aux[i];
		granule_set(rmm, granule_find(rmm, p->aux[i]), GRANULE_REC_AUX);
	}
	granule_set(rmm, granule_find(rmm, c->x[2]), GRANULE_REC);
	if (rd->rec_index < RMM_NUM_RECS)
		rd->recs[rd->rec_index] = c->x[2];
	rd->rec_index++;
	rd->num_recs++;
	if (rec->runnable)
		measure_extend_rec(rd, p);
}

static result rec_create(struct rmi_call *c, struct rd *rd, const struct rmi_rec_params *p)
{
	unsigned int order = FIELD_GET(RMI_FEATURE0_MAX_RECS_ORDER, c->rmm->feature_reg0);
	const uint64_t all = MPIDR_AFF0 | MPIDR_AFF1 | MPIDR_AFF2 | MPIDR_AFF3_RMI;

	if (rd->num_recs >= (1u << order) - 1)
		return &rule_rmi_rec_too_many;
	if (rd->state != RD_NEW)
		return &rule_rmi_realm_not_new;
	if (p->mpidr & ~all)
		return &rule_rmi_rec_mpidr_reserved;
	if (rmi_mpidr_index(p->mpidr) != rd->rec_index)
		return &rule_rmi_rec_mpidr_order;
	if (p->num_aux != RMM_NUM_AUX)
		return &rule_rmi_rec_num_aux;
	rec_init(c->rmm, rd, c, p);
	return OK;
}

result rmi_rec_create(struct rmi_call *c)
{
	struct granule_arg a[2 + RMI_MAX_REC_AUX];
	struct granule *g = granule_lock_as(c->rmm, c->x[3], GRANULE_UNDELEGATED);
	struct rmi_rec_params p;
	size_t n = 0;
	result r;

	if (!g)
		return &rule_rmi_params_not_ns;
	memcpy(&p, granule_map(c->rmm, c->x[3]), sizeof(p));
	granule_unlock(g);
	if (p.num_aux > RMI_MAX_REC_AUX)
		return &rule_rmi_rec_num_aux_max;

	a[n++] = (struct granule_arg){c->x[1], GRANULE_RD, &rule_rmi_rd_state, NULL};
	a[n++] =
		(struct granule_arg){c->x[2], GRANULE_DELEGATED, &rule_rmi_rec_not_delegated, NULL};
	for (unsigned int i = 0; i < p.num_aux; i++)
		a[n++] = (struct granule_arg){p.aux[i], GRANULE_DELEGATED,
					      &rule_rmi_rec_aux_not_delegated, NULL};
	r = granules_lock(c->rmm, a, n);
	if (r)
		return r;
	r = rec_create(c, rd_map(c->rmm, c->x[1]), &p);
	granules_unlock(a, n);
	return r;
}

/* ---- REC_DESTROY ---- */

result rmi_rec_destroy(struct rmi_call *c)
{
	struct granule *g = granule_lock_as(c->rmm, c->x[1], GRANULE_REC);
	uint64_t owner;
	struct rec *rec;

	if (!g)
		return &rule_rmi_rec_state;
	rec = rec_map(c->rmm, c->x[1]);
	if (rec->running) {
		granule_unlock(g);
		return &rule_rmi_rec_running;
	}
	for (unsigned int i = 0; i < RMM_NUM_AUX; i++)
		granule_release(c->rmm, rec->aux[i], GRANULE_REC_AUX);
	owner = rec->owner;
	granule_set(c->rmm, g, GRANULE_DELEGATED);
	if (rec->index < RMM_NUM_RECS)
		rd_map(c->rmm, owner)->recs[rec->index] = 0;
	/* From here on the RD may go away. */
	atomic_fetch_sub(&rd_map(c->rmm, owner)->num_recs, 1);
	granule_unlock(g);
	return OK;
}

/* ---- PSCI_COMPLETE ---- */

/* The target starts at the entry point that the caller gave, as if just created. */
static void psci_cpu_on(struct rec *target, const struct rec *caller)
{
	memset(target->x, 0, sizeof(target->x));
	target->x[0] = caller->x[3];
	target->pc = caller->x[2];
	target->pstate = PSTATE_RESET;
	target->big_endian = caller->caller_big_endian;
	target->last = (struct rec_last_exit){0};
	target->fresh = true;
	target->runnable = true;
}

static result psci_complete(struct rec *caller, struct rec *target, int64_t status)
{
	bool on = target->running || target->runnable;
	uint64_t x0;

	if (caller->running)
		return &rule_rmi_psci_caller_running;
	if (caller->psci == REC_PSCI_NONE)
		return &rule_rmi_psci_not_pending;
	if (caller->owner != target->owner)
		return &rule_rmi_psci_owner;
	if (rec_mpidr_index(caller->x[1]) != target->index)
		return &rule_rmi_psci_target;
	if (status != PSCI_RET_SUCCESS && status != PSCI_RET_DENIED)
		return &rule_rmi_psci_status;
	if (status == PSCI_RET_DENIED && (caller->psci != REC_PSCI_CPU_ON || on))
		return &rule_rmi_psci_denied;

	if (caller->psci == REC_PSCI_AFFINITY_INFO) {
		x0 = on ? PSCI_AFFINITY_ON : PSCI_AFFINITY_OFF;
	} else if (status == PSCI_RET_DENIED) {
		x0 = PSCI_RET_DENIED;
	} else if (on) {
		x0 = PSCI_RET_ALREADY_ON;
	} else {
		psci_cpu_on(target, caller);
		x0 = PSCI_RET_SUCCESS;
	}
	rec_set_answer(caller, x0, 0, 0, 0);
	caller->psci = REC_PSCI_NONE;
	return OK;
}

result rmi_psci_complete(struct rmi_call *c)
{
	struct granule_arg a[] = {
		{c->x[1], GRANULE_REC, &rule_rmi_rec_state, NULL},
		{c->x[2], GRANULE_REC, &rule_rmi_psci_target_state, NULL},
	};
	result r = granules_lock(c->rmm, a, ARRAY_SIZE(a));

	if (r)
		return r;
	r = psci_complete(rec_map(c->rmm, c->x[1]), rec_map(c->rmm, c->x[2]), c->x[3]);
	granules_unlock(a, ARRAY_SIZE(a));
	return r;
}
