// SPDX-License-Identifier: BSD-3-Clause
/*
 * rsi_psci.c - PSCI 1.1 as the RMM answers it (DEN0137 B6), and SMCCC_VERSION.
 *
 * CPU_ON and AFFINITY_INFO concern another REC, which only the host can name by its granule: the
 * REC waits (rec->psci) until the host has called RMI_PSCI_COMPLETE.
 */
#include "base/bits.h"
#include "rmm/rmi_realm.h"
#include "rmm/rmi_rec.h"
#include "rmm/rsi.h"
#include "rmm/rules.h"

#define SMCCC_VERSION_1_2 0x10002
#define SCTLR_EE	  BIT(25)

static void exit_psci(struct rsi_call *c, enum rsi_then then)
{
	c->e->exit.exit_reason = RMI_EXIT_PSCI;
	c->e->exit.gprs[0] = c->x[0];
	c->then = then;
}

static result psci_version(struct rsi_call *c)
{
	c->out[0] = PSCI_VERSION_1_1;
	return OK;
}

static result smccc_version(struct rsi_call *c)
{
	c->out[0] = SMCCC_VERSION_1_2;
	return OK;
}

/* Every state is a standby: the realm goes on after the call. */
static result psci_cpu_suspend(struct rsi_call *c)
{
	exit_psci(c, RSI_THEN_ANSWER_AND_EXIT);
	return OK;
}

static result psci_cpu_off(struct rsi_call *c)
{
	c->e->rec->runnable = false;
	exit_psci(c, RSI_THEN_EXIT);
	return OK;
}

/* The host learns whom the call is about, not where it starts. */
static void exit_pending(struct rsi_call *c, enum rec_psci what)
{
	c->e->rec->psci = what;
	exit_psci(c, RSI_THEN_EXIT);
	c->e->exit.gprs[1] = c->x[1];
}

/* The CPU that is started has the caller's endianness. */
static bool caller_is_big_endian(struct rec_entry *e)
{
	uint64_t sys[ENGINE_NUM_SYSREGS];

	return !e->rmm->engine->sysregs_get(rd_engine(e->rmm, e->rd), e->rec->index, sys) &&
	       (sys[ENGINE_SCTLR_EL1] & SCTLR_EE);
}

static result psci_cpu_on(struct rsi_call *c)
{
	uint64_t index = rec_mpidr_index(c->x[1]), entry = c->x[2];
	struct rec_entry *e = c->e;

	if (!rd_in_par(e->rd, entry))
		return &rule_psci_entry_address;
	if (index >= e->rd->rec_index)
		return &rule_psci_no_such_cpu;
	if (index == e->rec->index)
		return &rule_psci_already_on;
	e->rec->caller_big_endian = caller_is_big_endian(e);
	exit_pending(c, REC_PSCI_CPU_ON);
	return OK;
}

/* As RMM 2.0 knows it by itself. The REC may go away meanwhile: then it is off. */
static bool is_on(const struct rec_entry *e, uint64_t index)
{
	uint64_t pa = index < RMM_NUM_RECS ? e->rd->recs[index] : 0;
	struct granule *g = pa ? granule_lock_as(e->rmm, pa, GRANULE_REC) : NULL;
	bool on;

	if (!g)
		return false;
	on = rec_map(e->rmm, pa)->running || rec_map(e->rmm, pa)->runnable;
	granule_unlock(g);
	return on;
}

static result psci_affinity_info(struct rsi_call *c)
{
	uint64_t index = rec_mpidr_index(c->x[1]);

	if (c->x[2] != 0)
		return &rule_psci_affinity_level;
	if (index >= c->e->rd->rec_index)
		return &rule_psci_no_such_cpu;
	if (index == c->e->rec->index) {
		c->out[0] = PSCI_AFFINITY_ON;
		return OK;
	}
	if (c->e->rd->semantics & RMI_SEMANTICS_AFFINITY_INFO)
		c->out[0] = is_on(c->e, index) ? PSCI_AFFINITY_ON : PSCI_AFFINITY_OFF;
	else
		exit_pending(c, REC_PSCI_AFFINITY_INFO);
	return OK;
}

/* SYSTEM_OFF and SYSTEM_RESET: to the RMM both end the realm. */
static result psci_system_off(struct rsi_call *c)
{
	struct granule *g = realm_lock(c->e);

	c->e->rd->state = RD_SYSTEM_OFF;
	granule_unlock(g);
	realm_report(c->e->rd, "realm SYSTEM_OFF");
	exit_psci(c, RSI_THEN_EXIT);
	return OK;
}

static result psci_features(struct rsi_call *c)
{
	uint32_t fid = c->x[1];

	for (size_t i = 0; i < psci_num_rows; i++)
		if (psci_rows[i].fid == fid || (psci_rows[i].fid64 && psci_rows[i].fid64 == fid))
			return OK;
	return &rule_psci_unknown_fid;
}

const struct rsi_row psci_rows[] = {
	{SMCCC_VERSION, 0, "SMCCC_VERSION", smccc_version, 0, 0, {NULL}},
	{PSCI_VERSION, 0, "PSCI_VERSION", psci_version, 0, 0, {NULL}},
	{PSCI_CPU_SUSPEND,
	 PSCI_CPU_SUSPEND_64,
	 "PSCI_CPU_SUSPEND",
	 psci_cpu_suspend,
	 3,
	 0,
	 {"power_state", "entry_point", "context_id"}},
	{PSCI_CPU_OFF, 0, "PSCI_CPU_OFF", psci_cpu_off, 0, 0, {NULL}},
	{PSCI_CPU_ON,
	 PSCI_CPU_ON_64,
	 "PSCI_CPU_ON",
	 psci_cpu_on,
	 3,
	 0,
	 {"target_cpu", "entry_point", "context_id"}},
	{PSCI_AFFINITY_INFO,
	 PSCI_AFFINITY_INFO_64,
	 "PSCI_AFFINITY_INFO",
	 psci_affinity_info,
	 2,
	 0,
	 {"target_affinity", "lowest_affinity_level"}},
	{PSCI_SYSTEM_OFF, 0, "PSCI_SYSTEM_OFF", psci_system_off, 0, 0, {NULL}},
	{PSCI_SYSTEM_RESET, 0, "PSCI_SYSTEM_RESET", psci_system_off, 0, 0, {NULL}},
	{PSCI_FEATURES, 0, "PSCI_FEATURES", psci_features, 1, 0, {"psci_func_id"}},
};
const size_t psci_num_rows = ARRAY_SIZE(psci_rows);
