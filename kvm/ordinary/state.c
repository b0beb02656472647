// SPDX-License-Identifier: BSD-3-Clause
/*
 * state.c - the registers of an ordinary VM's vCPU, between the shadow that user space sees and the
 * engine's CPU; and exceptions that the kernel takes to EL1 on the guest's behalf.
 */
#include <errno.h>
#include <string.h>

#include "abi/arm.h"
#include "base/bits.h"
#include "engine/engine.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/ordinary/ordinary.h"
#include "kvm/vcpu/sysreg.h"
#include "kvm/vcpu/timer.h"
#include "kvm/vcpu/vcpu.h"

#define CNTP_CVAL		     REG(3, 3, 14, 2, 2)
#define REG(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)

/* Those that user space knows as core registers have no id here. */
static const uint64_t id_of[ENGINE_NUM_SYSREGS] = {
	[ENGINE_SCTLR_EL1] = REG(3, 0, 1, 0, 0),       [ENGINE_TTBR0_EL1] = REG(3, 0, 2, 0, 0),
	[ENGINE_TTBR1_EL1] = REG(3, 0, 2, 0, 1),       [ENGINE_TCR_EL1] = REG(3, 0, 2, 0, 2),
	[ENGINE_MAIR_EL1] = REG(3, 0, 10, 2, 0),       [ENGINE_AMAIR_EL1] = REG(3, 0, 10, 3, 0),
	[ENGINE_VBAR_EL1] = REG(3, 0, 12, 0, 0),       [ENGINE_ESR_EL1] = REG(3, 0, 5, 2, 0),
	[ENGINE_FAR_EL1] = REG(3, 0, 6, 0, 0),	       [ENGINE_AFSR0_EL1] = REG(3, 0, 5, 1, 0),
	[ENGINE_AFSR1_EL1] = REG(3, 0, 5, 1, 1),       [ENGINE_TPIDR_EL0] = REG(3, 3, 13, 0, 2),
	[ENGINE_TPIDRRO_EL0] = REG(3, 3, 13, 0, 3),    [ENGINE_TPIDR_EL1] = REG(3, 0, 13, 0, 4),
	[ENGINE_CPACR_EL1] = REG(3, 0, 1, 0, 2),       [ENGINE_CNTKCTL_EL1] = REG(3, 0, 14, 1, 0),
	[ENGINE_CONTEXTIDR_EL1] = REG(3, 0, 13, 0, 1), [ENGINE_PAR_EL1] = REG(3, 0, 7, 4, 0),
	[ENGINE_CSSELR_EL1] = REG(3, 2, 0, 0, 0),      [ENGINE_MDSCR_EL1] = REG(2, 0, 0, 2, 2),
};

static const uint64_t state_id_of[ENGINE_NUM_STATE_REGS] = {
	[ENGINE_APIAKEYLO_EL1] = REG(3, 0, 2, 1, 0),
	[ENGINE_APIAKEYHI_EL1] = REG(3, 0, 2, 1, 1),
	[ENGINE_APIBKEYLO_EL1] = REG(3, 0, 2, 1, 2),
	[ENGINE_APIBKEYHI_EL1] = REG(3, 0, 2, 1, 3),
	[ENGINE_APDAKEYLO_EL1] = REG(3, 0, 2, 2, 0),
	[ENGINE_APDAKEYHI_EL1] = REG(3, 0, 2, 2, 1),
	[ENGINE_APDBKEYLO_EL1] = REG(3, 0, 2, 2, 2),
	[ENGINE_APDBKEYHI_EL1] = REG(3, 0, 2, 2, 3),
	[ENGINE_APGAKEYLO_EL1] = REG(3, 0, 2, 3, 0),
	[ENGINE_APGAKEYHI_EL1] = REG(3, 0, 2, 3, 1),
	[ENGINE_CNTV_CVAL_EL0] = KVM_REG_ARM_TIMER_CVAL,
	[ENGINE_CNTV_CTL_EL0] = KVM_REG_ARM_TIMER_CTL,
	[ENGINE_CNTP_CVAL_EL0] = CNTP_CVAL,
	[ENGINE_CNTP_CTL_EL0] = REG(3, 3, 14, 2, 1),
	[ENGINE_VDISR_EL2] = REG(3, 0, 12, 1, 1), /* DISR_EL1 */
};

#define PMREG(crm, op2) REG(3, 3, 9, crm, op2)
#define PMINTENSET	REG(3, 0, 9, 14, 1)
#define PMEVCNTR(n)	REG(3, 3, 14, 8 + (n) / 8, (n) % 8)
#define PMEVTYPER(n)	REG(3, 3, 14, 12 + (n) / 8, (n) % 8)
#define PMCCFILTR	REG(3, 3, 14, 15, 7)

/* The PMU's registers, but the event counters. */
static const struct {
	uint64_t id;
	size_t offset;
} pmu_regs[] = {
	{KVM_REG_PMCR_EL0, offsetof(struct engine_pmu, pmcr)},
	{PMREG(12, 1), offsetof(struct engine_pmu, cntenset)},
	{PMREG(14, 3), offsetof(struct engine_pmu, ovsset)},
	{PMREG(12, 5), offsetof(struct engine_pmu, selr)},
	{PMREG(14, 0), offsetof(struct engine_pmu, userenr)},
	{PMREG(13, 0), offsetof(struct engine_pmu, ccntr)},
	{PMINTENSET, offsetof(struct engine_pmu, intenset)},
	{PMCCFILTR, offsetof(struct engine_pmu, ccfiltr)},
};

static uint64_t *pmu_field(struct engine_pmu *p, size_t i)
{
	return (uint64_t *)((char *)p + pmu_regs[i].offset);
}

static void store_pmu(struct kvm_vcpu *v, struct engine_pmu *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(pmu_regs); i++)
		*sysreg_shadow(v, pmu_regs[i].id) = *pmu_field(p, i);
	for (unsigned int n = 0; n < ENGINE_NUM_COUNTERS; n++) {
		*sysreg_shadow(v, PMEVCNTR(n)) = p->evcntr[n];
		*sysreg_shadow(v, PMEVTYPER(n)) = p->evtyper[n];
	}
}

static void collect_pmu(struct kvm_vcpu *v, struct engine_pmu *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(pmu_regs); i++)
		*pmu_field(p, i) = *sysreg_shadow(v, pmu_regs[i].id);
	for (unsigned int n = 0; n < ENGINE_NUM_COUNTERS; n++) {
		p->evcntr[n] = *sysreg_shadow(v, PMEVCNTR(n));
		p->evtyper[n] = *sysreg_shadow(v, PMEVTYPER(n));
	}
	p->denied = v->vm->pmu_denied;
}

static void store_state(struct kvm_vcpu *v, struct engine_state *s)
{
	struct vgic *vgic = atomic_load(&v->vm->vgic);

	for (unsigned int i = 0; i < ENGINE_NUM_STATE_REGS; i++)
		if (state_id_of[i])
			*sysreg_shadow(v, state_id_of[i]) = s->reg[i];
	*sysreg_shadow(v, CNTP_CVAL) -= atomic_load(&v->vm->cntpoff);
	if (vm_has_feature(v->vm, KVM_ARM_VCPU_PMU_V3))
		store_pmu(v, &s->pmu);
	memcpy(v->regs.v, s->v, sizeof(v->regs.v));
	v->regs.fpcr = (uint32_t)s->reg[ENGINE_FPCR];
	v->regs.fpsr = (uint32_t)s->reg[ENGINE_FPSR];
	if (vgic)
		vgic_icc_store(vgic, v->index, s->reg[ENGINE_ICH_VMCR_EL2],
			       &s->reg[ENGINE_ICH_AP0R0_EL2]);
}

/* What an exit would say of the timers. */
static void tell_timers(struct kvm_vcpu *v, const struct engine_state *s)
{
	struct rmi_rec_exit *x = &v->rec.exit;

	x->cntv_ctl = s->reg[ENGINE_CNTV_CTL_EL0];
	x->cntv_cval = s->reg[ENGINE_CNTV_CVAL_EL0];
	x->cntp_ctl = s->reg[ENGINE_CNTP_CTL_EL0];
	x->cntp_cval = s->reg[ENGINE_CNTP_CVAL_EL0];
}

static void collect_state(struct kvm_vcpu *v, struct engine_state *s)
{
	struct vgic *vgic = atomic_load(&v->vm->vgic);

	for (unsigned int i = 0; i < ENGINE_NUM_STATE_REGS; i++)
		if (state_id_of[i])
			s->reg[i] = *sysreg_shadow(v, state_id_of[i]);
	s->reg[ENGINE_CNTP_CVAL_EL0] += atomic_load(&v->vm->cntpoff);
	if (vm_has_feature(v->vm, KVM_ARM_VCPU_PMU_V3))
		collect_pmu(v, &s->pmu);
	memcpy(s->v, v->regs.v, sizeof(s->v));
	s->reg[ENGINE_FPCR] = v->regs.fpcr;
	s->reg[ENGINE_FPSR] = v->regs.fpsr;
	s->v_kept = v->sve ? UINT32_MAX : 0; /* load_sve */
	if (vgic)
		vgic_icc_load(vgic, v->index, &s->reg[ENGINE_ICH_VMCR_EL2],
			      &s->reg[ENGINE_ICH_AP0R0_EL2]);
}
_Static_assert(ENGINE_ICH_AP1R0_EL2 == ENGINE_ICH_AP0R0_EL2 + 1, "both active priorities");

/* Where the shadow has register r. */
static uint64_t *shadow(struct kvm_vcpu *v, unsigned int r)
{
	switch (r) {
	case ENGINE_SP_EL0:
		return &v->regs.sp;
	case ENGINE_SP_EL1:
		return &v->regs.sp_el1;
	case ENGINE_ELR_EL1:
		return &v->regs.elr_el1;
	case ENGINE_SPSR_EL1:
		return &v->regs.spsr[0];
	}
	return sysreg_shadow(v, id_of[r]);
}

/* An engine without whole_get (a test's) has nothing but system registers. */
void ordinary_fetch(struct kvm_vcpu *v)
{
	const struct engine_ops *ops = v->vm->host->engine;
	struct engine *e = v->vm->ordinary.engine;
	struct engine_whole w;

	lock_assert_held(&v->mutex);
	if (!v->in_engine)
		return;
	v->in_engine = false;
	if (ops->whole_get ? ops->whole_get(e, v->index, &w) : ops->sysregs_get(e, v->index, w.sys))
		return; /* lost: the next run says so */
	for (unsigned int i = 0; i < ENGINE_NUM_SYSREGS; i++)
		if (i != ENGINE_MDSCR_EL1) /* debug_store */
			*shadow(v, i) = w.sys[i];
	if (!ops->whole_get)
		return;
	store_state(v, &w.state);
	debug_store(v, &w.debug);
}

void ordinary_fetch_sve(struct kvm_vcpu *v)
{
	const struct engine_ops *ops = v->vm->host->engine;

	lock_assert_held(&v->mutex);
	if (!v->sve_in_engine)
		return;
	v->sve_in_engine = false;
	if (!ops->sve_get(v->vm->ordinary.engine, v->index, v->sve))
		*sysreg_shadow(v, KVM_REG_ZCR_EL1) = v->sve->zcr;
}

/* 0 or -EIO (lost). */
static int load_sve(struct kvm_vcpu *v)
{
	const struct engine_ops *ops = v->vm->host->engine;
	int ret;

	if (!v->sve || v->sve_in_engine || !ops->sve_set)
		return 0;
	v->sve->zcr = *sysreg_shadow(v, KVM_REG_ZCR_EL1);
	ret = ops->sve_set(v->vm->ordinary.engine, v->index, v->sve);
	v->sve_in_engine = !ret;
	return ret;
}

bool ordinary_load(struct kvm_vcpu *v, bool *kicked)
{
	const struct engine_ops *ops = v->vm->host->engine;
	struct engine *e = v->vm->ordinary.engine;
	struct engine_whole w = {0};
	int ret = 0;

	*kicked = false;
	if (v->in_engine)
		return true;
	for (unsigned int i = 0; i < ENGINE_NUM_SYSREGS; i++)
		w.sys[i] = *shadow(v, i);
	collect_state(v, &w.state);
	tell_timers(v, &w.state);
	timer_settle(v, &v->rec.exit);
	debug_collect(v, &w.debug);
	if (!v->engine_reset)
		ret = ops->reset(e, v->index, v->pe, w.sys);
	*kicked = ret == -EINTR;
	if (!ret)
		ret = ops->whole_set ? ops->whole_set(e, v->index, &w)
				     : ops->sysregs_set(e, v->index, w.sys);
	if (!ret)
		ret = load_sve(v);
	v->in_engine = v->engine_reset = v->engine_reset || !ret;
	return !ret;
}

#define PSTATE_KEPT (BIT(22) | BIT(24)) /* PAN, DIT */
#define SCTLR_SPAN  BIT(23)
#define SCTLR_DSSBS BIT(44)

static uint64_t vector(uint64_t pstate)
{
	if (pstate & PSTATE_AARCH32)
		return 0x600;
	if (!(pstate & PSTATE_MODE))
		return 0x400;
	return (pstate & PSTATE_MODE) == PSTATE_EL1H ? 0x200 : 0;
}

/* Arm ARM, AArch64.TakeException. */
void ordinary_inject(struct kvm_vcpu *v, uint64_t esr, const uint64_t *far)
{
	struct kvm_regs *r = &v->regs;
	uint64_t sctlr, old = r->pstate;

	ordinary_fetch(v);
	sctlr = *shadow(v, ENGINE_SCTLR_EL1);
	*shadow(v, ENGINE_ESR_EL1) = esr;
	if (far)
		*shadow(v, ENGINE_FAR_EL1) = *far;
	r->elr_el1 = r->pc;
	r->spsr[0] = old;
	r->pc = *shadow(v, ENGINE_VBAR_EL1) + vector(old);
	r->pstate = PSTATE_RESET | (old & PSTATE_KEPT) | (sctlr & SCTLR_SPAN ? 0 : PSTATE_PAN) |
		    (sctlr & SCTLR_DSSBS ? PSTATE_SSBS : 0);
}
