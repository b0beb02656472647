// SPDX-License-Identifier: BSD-3-Clause
/*
 * rec_enter.c - REC_ENTER: from the host's RmiRecRun into the realm and back.
 *
 * Order: check everything; complete what the last exit left; run until something is the host's
 * business; fill the exit record. A failed check writes nothing and consumes nothing.
 */
#include <errno.h>
#include <string.h>

#include "abi/arm.h"
#include "abi/stage2.h"
#include "base/bits.h"
#include "base/log.h"
#include "base/trace.h"
#include "rmm/entry.h"
#include "rmm/rmi_realm.h"
#include "rmm/rmi_rec.h"
#include "rmm/rtt.h"
#include "rmm/rules.h"

/* HCR_EL2 while a realm runs. No E2H: the engine's monitor is a plain EL2. */
#define HCR_REALM                                                                                  \
	(HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_BSU_IS | HCR_TID3 |       \
	 HCR_TSC | HCR_RW | HCR_TEA | HCR_APK | HCR_API | HCR_FWB)

#define VTTBR_VMID MASK(63, 48)

#define SCTLR_RESET UINT64_C(0x00c50878)
#define SCTLR_EE    BIT(25)
#define MDSCR_RESET UINT64_C(0x1000) /* TDCC */

#define ESR_HOST_SERROR (BIT(24) | MASK(12, 10) | ESR_EA | ESR_FSC) /* IDS, AET, EA, DFSC */

/* ---- running ---- */

static void load_frame(const struct rec_entry *e, struct engine_frame *f)
{
	const struct rec *rec = e->rec;
	const struct rd *rd = e->rd;

	memcpy(f->x, rec->x, sizeof(f->x));
	f->pc = rec->pc;
	f->pstate = rec->pstate;
	memcpy(f->lr, rec->lr, sizeof(f->lr));
	f->ich_hcr = rec->ich_hcr | ICH_HCR_EN | ICH_HCR_VSGIEOI | ICH_HCR_DVIM;
	f->hcr = HCR_REALM | (e->enter.flags & RMI_ENTER_TRAP_WFI ? HCR_TWI : 0) |
		 (e->enter.flags & RMI_ENTER_TRAP_WFE ? HCR_TWE : 0);
	f->vttbr = rd->rtt_base | FIELD_PUT(VTTBR_VMID, rd->vmid);
	f->vtcr = vtcr_make(rd->ipa_bits, rd->start_level, rd_lpa2(rd)) | VTCR_HA;
	f->vmpidr = rec_mpidr_el1(rec);
	f->sve_vq = rd->sve_vq;
	f->pmu = rd->pmu;
}

/* The frame may be shared with the CPU: each field is read once, here. */
static void save_frame(struct rec *rec, const struct engine_frame *f, struct rec_fault *fault)
{
	memcpy(rec->x, f->x, sizeof(rec->x));
	rec->pc = f->pc;
	rec->pstate = f->pstate;
	memcpy(rec->lr, f->lr, sizeof(rec->lr));
	rec->ich_hcr = f->ich_hcr_out & (ICH_HCR_EOICOUNT | GIC_HOST_HCR);
	rec->ich_misr = f->ich_misr;
	rec->ich_vmcr = f->ich_vmcr;
	rec->cntp_ctl = f->cntp_ctl;
	rec->cntp_cval = f->cntp_cval;
	rec->cntv_ctl = f->cntv_ctl;
	rec->cntv_cval = f->cntv_cval;
	rec->pmu_overflow = f->pmu_overflow;
	*fault = (struct rec_fault){f->esr, f->far, f->hpfar};
}

static enum engine_exit run(struct rec_entry *e, struct rec_fault *fault)
{
	const struct engine_ops *ops = e->rmm->engine;
	struct engine_frame *frame = ops->frame(rd_engine(e->rmm, e->rd), e->rec->index);
	enum engine_exit x;

	load_frame(e, frame);
	atomic_fetch_add(&e->rd->inside, 1);
	rtt_catch_up(e->rmm, e->rd, (int)e->rec->index);
	x = ops->run(rd_engine(e->rmm, e->rd), e->rec->index, e->pe);
	atomic_fetch_sub(&e->rd->inside, 1);
	if (x != ENGINE_EXIT_NOT_RUN && x != ENGINE_EXIT_LOST)
		save_frame(e->rec, frame, fault);
	return x;
}

static bool exit_serror(struct rec_entry *e, uint64_t esr)
{
	e->exit.exit_reason = RMI_EXIT_SERROR;
	e->exit.esr = FIELD_PUT(ESR_EC, EC_SERROR) | (esr & ESR_HOST_SERROR);
	return true;
}

static bool exit_lost(struct rec_entry *e)
{
	if (!atomic_exchange(&e->rd->engine_lost, true)) {
		log_error("realm %u: its engine is gone", trace_context_.vm);
		realm_report(e->rd, "engine lost");
	}
	return exit_serror(e, 0);
}

/* The architectural reset state: SCTLR and MDSCR, everything else zero. False: it was not reached,
 * and e->exit says why. */
static bool reset_cpu(struct rec_entry *e)
{
	uint64_t sys[ENGINE_NUM_SYSREGS] = {
		[ENGINE_SCTLR_EL1] = SCTLR_RESET | (e->rec->big_endian ? SCTLR_EE : 0),
		[ENGINE_MDSCR_EL1] = MDSCR_RESET,
	};
	int ret = e->rmm->engine->reset(rd_engine(e->rmm, e->rd), e->rec->index, e->pe, sys);

	if (!ret)
		e->rec->fresh = false;
	else if (ret == -EINTR)
		e->exit.exit_reason = RMI_EXIT_IRQ;
	else
		exit_lost(e);
	return !ret;
}

/* One run; true if the host has to know. */
static bool run_once(struct rec_entry *e)
{
	struct rec_fault fault;

	switch (run(e, &fault)) {
	case ENGINE_EXIT_SYNC:
		return rec_handle_sync(e, &fault);
	case ENGINE_EXIT_IRQ:
	case ENGINE_EXIT_NOT_RUN:
		e->exit.exit_reason = RMI_EXIT_IRQ;
		return true;
	case ENGINE_EXIT_SERROR:
		return exit_serror(e, fault.esr);
	case ENGINE_EXIT_LOST:
		break;
	}
	return exit_lost(e);
}

static void run_until_exit(struct rec_entry *e)
{
	if (!rd_engine(e->rmm, e->rd) || !e->pe) {
		exit_serror(e, 0);
		return;
	}
	if (e->rec->fresh && !reset_cpu(e))
		return;
	e->rec->spurious = 0;
	while (!run_once(e))
		;
}

/* ---- entry and exit ---- */

static result check_enter(const struct rec_entry *e)
{
	const struct rec *rec = e->rec;
	result r;

	if (e->rd->state == RD_SYSTEM_OFF)
		return &rule_rmi_enter_system_off;
	if (e->rd->state == RD_NEW)
		return &rule_rmi_enter_realm_new;
	if (!rec->runnable)
		return &rule_rmi_enter_not_runnable;
	if (rec->psci != REC_PSCI_NONE)
		return &rule_rmi_enter_psci_pending;
	r = gic_check_enter(e);
	if (r)
		return r;
	if ((e->enter.flags & RMI_ENTER_EMUL_MMIO) && !(e->enter.flags & RMI_ENTER_INJECT_SEA) &&
	    !rec->last.emulatable)
		return &rule_rmi_enter_emul_mmio;
	return OK;
}

/* False: the realm cannot run on yet; e->exit tells the host why. */
static bool complete_last_exit(struct rec_entry *e)
{
	struct rec *rec = e->rec;

	/* Those beyond the feature register's number are no list registers, whatever is in them. */
	memset(rec->lr, 0, sizeof(rec->lr));
	memcpy(rec->lr, e->enter.gicv3_lrs, rmm_num_lrs(e->rmm) * sizeof(rec->lr[0]));
	/* What the last exit told of them has been told: without a run nothing has ended since. */
	rec->ich_hcr = e->enter.gicv3_hcr;
	rec->ich_misr = 0;
	/* inject_sea after any other exit is ignored (specification; TF-RMM refuses it). */
	if ((e->enter.flags & RMI_ENTER_INJECT_SEA) && rec->last.ns_abort)
		inject_abort(e, rec->last.esr, rec->last.far, FSC_SEA);
	else if (e->enter.flags & RMI_ENTER_EMUL_MMIO)
		abort_complete_mmio(e);
	rec->last = (struct rec_last_exit){0};
	if (rec->ripas.pending)
		rsi_complete_ripas(e);
	return !rec->host_call || rsi_complete_host_call(e);
}

static void fill_exit(struct rec_entry *e)
{
	const struct rec *rec = e->rec;

	memcpy(e->exit.gicv3_lrs, rec->lr, sizeof(rec->lr));
	e->exit.gicv3_hcr = rec->ich_hcr;
	e->exit.gicv3_misr = rec->ich_misr;
	e->exit.gicv3_vmcr = rec->ich_vmcr;
	e->exit.cntp_ctl = rec->cntp_ctl;
	e->exit.cntp_cval = rec->cntp_cval;
	e->exit.cntv_ctl = rec->cntv_ctl;
	e->exit.cntv_cval = rec->cntv_cval;
	e->exit.pmu_ovf_status = rec->pmu_overflow;
}

static result enter(struct rec_entry *e, struct rmi_call *c)
{
	result r = check_enter(e);

	if (r) {
		c->index = r == &rule_rmi_enter_system_off;
		return r;
	}
	if (complete_last_exit(e))
		run_until_exit(e);
	fill_exit(e);
	return OK;
}

/* Lock run and rec, take the REC for this entry, copy the host's part of run. */
static result claim(struct rec_entry *e, uint64_t rec_pa, uint64_t run_pa)
{
	struct granule_arg a[] = {
		{rec_pa, GRANULE_REC, &rule_rmi_rec_state, NULL},
		{run_pa, GRANULE_UNDELEGATED, &rule_rmi_run_not_ns, NULL},
	};
	result r = granules_lock(e->rmm, a, ARRAY_SIZE(a));

	if (r)
		return r;
	e->rec = rec_map(e->rmm, rec_pa);
	if (e->rec->running) {
		r = &rule_rmi_enter_rec_running;
	} else {
		e->rec->running = true;
		e->rd = rd_map(e->rmm, e->rec->owner);
		memcpy(&e->enter, granule_map(e->rmm, run_pa), sizeof(e->enter));
	}
	granules_unlock(a, ARRAY_SIZE(a));
	return r;
}

static void unclaim(struct rec_entry *e, uint64_t rec_pa)
{
	struct granule *g = granule_find(e->rmm, rec_pa);

	granule_lock(g);
	e->rec->running = false;
	if (e->rec->sample.state == REC_SAMPLE_WANTED)
		rec_take_sample(e->rmm, e->rec);
	granule_unlock(g);
}

static result write_exit(const struct rec_entry *e, uint64_t run_pa)
{
	struct granule *g = granule_lock_as(e->rmm, run_pa, GRANULE_UNDELEGATED);

	if (!g)
		return &rule_rmi_run_lost;
	memcpy((char *)granule_map(e->rmm, run_pa) + sizeof(e->enter), &e->exit, sizeof(e->exit));
	granule_unlock(g);
	return OK;
}

result rmi_rec_enter(struct rmi_call *c)
{
	struct rec_entry e = {.rmm = c->rmm, .pe = c->pe};
	uint64_t rec_pa = c->x[1], run_pa = c->x[2];
	result r = claim(&e, rec_pa, run_pa);

	if (r)
		return r;
	r = enter(&e, c);
	if (!r)
		r = write_exit(&e, run_pa);
	unclaim(&e, rec_pa);
	return r;
}
