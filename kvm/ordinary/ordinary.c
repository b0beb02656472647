// SPDX-License-Identifier: BSD-3-Clause
/*
 * ordinary.c - the life of an ordinary VM's CPUs, and what each exit of one means.
 *
 * v->rec.exit holds what an exit told, as a REC's would: timers, MMIO and the run loop look at one
 * place for both kinds of VM.
 */
#include "kvm/ordinary/ordinary.h"

#include <string.h>

#include "abi/arm.h"
#include "abi/kvm.h"
#include "base/bits.h"
#include "base/log.h"
#include "base/trace.h"
#include "engine/engine.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/rules.h"
#include "kvm/vcpu/esr.h"
#include "kvm/vcpu/pmu.h"
#include "kvm/vcpu/smccc.h"
#include "kvm/vcpu/sysreg.h"
#include "kvm/vcpu/timer.h"
#include "kvm/vcpu/user_irq.h"
#include "kvm/vcpu/vcpu.h"

#define HCR_ORDINARY                                                                               \
	(HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_BSU_IS | HCR_TID3 |       \
	 HCR_TSC | HCR_TPU | HCR_RW | HCR_APK | HCR_API | HCR_FWB)

/* Without a GIC its registers trap: all, the common ones and ICC_DIR_EL1. */
#define ICH_HCR_NO_GIC (ICH_HCR_TC | ICH_HCR_TALL0 | ICH_HCR_TALL1 | ICH_HCR_TDIR)

#define ESR_UNDEF BIT(25) /* class 0, a 32-bit instruction */
#define ESR_WFE	  BIT(0)

/* ---- life ---- */

result ordinary_activate(struct kvm_vm *vm)
{
	const struct engine_ops *ops = vm->host->engine;
	struct engine *e;
	result why;

	lock_assert_held(&vm->config_lock);
	if (vm->ordinary.engine)
		return OK; /* another vCPU ran first */
	if (!ops || ops->create(vm->host->machine, atomic_load(&vm->num_vcpus), &e))
		return &rule_kvm_run_ordinary_vm;
	lock_take(&vm->mmu_lock);
	why = stage2_create(vm);
	if (!why)
		vm->ordinary.engine = e;
	lock_drop(&vm->mmu_lock);
	if (why)
		ops->destroy(e);
	return why;
}

void ordinary_destroy(struct kvm_vm *vm)
{
	if (!vm->ordinary.engine)
		return;
	vm->host->engine->destroy(vm->ordinary.engine);
	vm->ordinary.engine = NULL;
	lock_take(&vm->mmu_lock);
	stage2_destroy(vm);
	lock_drop(&vm->mmu_lock);
}

/* ---- exits ---- */

static void report_exit(struct kvm_vcpu *v, const char *name)
{
	struct trace_event e = {.kind = TRACE_EXIT, .name = name};

	history_note(&v->history, (struct kvm_exit_view){.name = name});
	trace_event(&e);
}

/* The ID registers are the VM's; trace and the rest that traps read as zero. */
static uint64_t read_sysreg(const struct kvm_vcpu *v, uint64_t esr)
{
	const uint64_t *id = idreg_of_vm_by_id(v->vm, esr_sysreg_id(esr));
	unsigned int index =
		(unsigned int)(FIELD_GET(MASK(4, 1), esr) << 3 | FIELD_GET(MASK(19, 17), esr));

	if (id)
		return *id;
	if ((esr & (MASK(21, 20) | MASK(16, 10))) == ESR_SYS(3, 0, 0, 0, 0) && index >= 8)
		return v->vm->idregs.val[index];
	return 0;
}

/* The CPU interface of a GICv3. */
static bool is_icc(uint64_t esr)
{
	unsigned int crn = FIELD_GET(MASK(13, 10), esr), crm = FIELD_GET(MASK(4, 1), esr);

	return (crn == 12 && crm >= 8 && crm < 13) || (crn == 4 && crm == 6);
}

/* The engine answers for counters that the guest has, and nobody for others. */
static bool is_pmu(uint64_t esr)
{
	unsigned int crn = FIELD_GET(MASK(13, 10), esr), crm = FIELD_GET(MASK(4, 1), esr);

	return FIELD_GET(MASK(21, 20), esr) == 3 &&
	       ((crn == 9 && crm >= 12 && crm <= 14) || (crn == 14 && crm >= 8));
}

static void exit_sysreg(struct kvm_vcpu *v)
{
	uint64_t esr = v->rec.exit.esr, val;
	struct vgic *vgic = atomic_load(&v->vm->vgic);

	if ((!vgic && is_icc(esr)) || (vm_has_feature(v->vm, KVM_ARM_VCPU_PMU_V3) && is_pmu(esr))) {
		ordinary_inject(v, ESR_UNDEF, NULL);
		return;
	}
	vcpu_skip(v);
	if (debug_access(v, esr))
		return;
	if (esr & ESR_SYS_READ) {
		vcpu_set_reg(v, ESR_SYS_RT(esr), read_sysreg(v, esr));
		return;
	}
	val = vcpu_get_reg(v, ESR_SYS_RT(esr));
	switch (esr & ESR_SYS_REG) {
	case ESR_SYS_ICC_SGI1R:
		vgic_sgi(vgic, v->index, val, true);
		break;
	case ESR_SYS_ICC_SGI0R:
	case ESR_SYS_ICC_ASGI1R:
		vgic_sgi(vgic, v->index, val, false);
		break;
	case ESR_SYS_ICC_DIR:
		vgic_deactivate(vgic, v->index, (unsigned int)(val & 0xffffff));
		break;
	}
}

static void exit_smccc(struct kvm_vcpu *v, bool *leave)
{
	if (ESR_EC(v->rec.exit.esr) == EC_HVC64)
		stats_add(&v->stats, STAT_HVC_EXIT, 1);
	else
		vcpu_skip(v); /* an HVC has moved it already */
	report_exit(v, "PSCI");
	smccc_call(v, leave);
}

static result exit_sync(struct kvm_vcpu *v, bool *leave)
{
	switch (ESR_EC(v->rec.exit.esr)) {
	case EC_WFX:
		stats_add(&v->stats, v->rec.exit.esr & ESR_WFE ? STAT_WFE_EXIT : STAT_WFI_EXIT, 1);
		vcpu_skip(v);
		return OK;
	case EC_SMC64:
	case EC_HVC64:
		exit_smccc(v, leave);
		return OK;
	case EC_SYS64:
		report_exit(v, "SYSREG");
		exit_sysreg(v);
		return OK;
	case EC_IABT_LOW:
	case EC_DABT_LOW:
		report_exit(v, "SHARED_FAULT");
		return ordinary_abort(v, leave);
	case EC_BREAKPT_LOW:
	case EC_SOFTSTP_LOW:
	case EC_WATCHPT_LOW:
	case EC_BRK64:
		report_exit(v, "DEBUG");
		debug_exit(v, leave);
		return OK;
	default:
		ordinary_inject(v, ESR_UNDEF, NULL);
		return OK;
	}
}

static result exit_lost(struct kvm_vcpu *v, bool *leave)
{
	log_error("VM %u: its engine is gone", v->vm->serial);
	v->run->internal.suberror = 0;
	v->run->internal.ndata = 0;
	v->run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	*leave = true;
	return OK;
}

/* ---- entry ---- */

static void load_frame(struct kvm_vcpu *v, struct engine_frame *f)
{
	const struct idregs *ids = &v->vm->idregs;

	memcpy(f->x, v->regs.x, sizeof(f->x));
	f->pc = v->regs.pc;
	f->pstate = debug_enter(v);
	f->hcr = HCR_ORDINARY | (v->serror_pending ? HCR_VSE : 0) |
		 (ids->revidr || ids->aidr ? HCR_TID1 : 0) | user_irq_lines(v);
	f->vsesr = v->serror_esr;
	f->sve_vq = v->sve_finalized ? v->sve_max_vq : 0;
	f->pmu = vm_has_feature(v->vm, KVM_ARM_VCPU_PMU_V3) ? v->vm->pmu_counters + 1 : 0;
	f->vttbr = stage2_vttbr(v->vm);
	f->vtcr = stage2_vtcr(v->vm);
	f->vmpidr = *sysreg_shadow(v, KVM_REG_MPIDR_EL1);
	f->midr = ids->midr;
	f->ctr = ids->ctr != IDREG_CTR_RESET ? ids->ctr : 0;
	f->clidr = *sysreg_shadow(v, KVM_REG_CLIDR_EL1);
	f->cntvoff = atomic_load(&v->vm->cntvoff);
	f->cntpoff = atomic_load(&v->vm->cntpoff);
}

/* The frame may be shared with the CPU: each field is read once. */
static void save_frame(struct kvm_vcpu *v, const struct engine_frame *f)
{
	struct rmi_rec_exit *x = &v->rec.exit;

	memcpy(v->regs.x, f->x, sizeof(v->regs.x));
	v->regs.pc = f->pc;
	v->regs.pstate = debug_leave(v, f->pstate);
	if (!(f->hcr_out & HCR_VSE))
		v->serror_pending = false;
	x->esr = f->esr;
	x->far = f->far;
	x->hpfar = f->hpfar;
	v->exit_sctlr = f->sctlr;
	x->cntv_ctl = f->cntv_ctl;
	x->cntv_cval = f->cntv_cval;
	x->cntp_ctl = f->cntp_ctl;
	x->cntp_cval = f->cntp_cval;
	x->pmu_ovf_status = (uint8_t)f->pmu_overflow;
}

static enum engine_exit enter(struct kvm_vcpu *v)
{
	const struct engine_ops *ops = v->vm->host->engine;
	struct engine_frame *f = ops->frame(v->vm->ordinary.engine, v->index);
	struct vgic *vgic = atomic_load(&v->vm->vgic);
	uint64_t lr[RMI_NUM_LRS] = {0}, hcr = 0, vmcr = v->rec.exit.gicv3_vmcr;
	enum engine_exit exit;
	bool ran;

	if (vgic)
		vgic_flush(vgic, v->index, lr, &hcr);
	load_frame(v, f);
	memcpy(f->lr, lr, sizeof(f->lr));
	f->ich_hcr = vgic ? hcr | ICH_HCR_EN : ICH_HCR_NO_GIC;
	exit = ops->run(v->vm->ordinary.engine, v->index, v->pe);
	ran = exit != ENGINE_EXIT_NOT_RUN && exit != ENGINE_EXIT_LOST;
	hcr = 0;
	if (ran) {
		stats_add(&v->stats, STAT_EXITS, 1);
		save_frame(v, f);
		memcpy(lr, f->lr, sizeof(f->lr));
		hcr = f->ich_hcr_out & ICH_HCR_EOICOUNT;
		vmcr = v->rec.exit.gicv3_vmcr = f->ich_vmcr;
	}
	if (vgic)
		vgic_sync(vgic, v->index, lr, hcr, vmcr);
	if (ran) {
		timer_update(v, &v->rec.exit);
		pmu_update(v, &v->rec.exit);
	}
	return exit;
}

result ordinary_run(struct kvm_vcpu *v, bool *leave)
{
	bool kicked;

	lock_assert_held(&v->mutex);
	if (!ordinary_load(v, &kicked))
		return kicked ? OK : exit_lost(v, leave);
	switch (enter(v)) {
	case ENGINE_EXIT_SYNC:
		return exit_sync(v, leave);
	case ENGINE_EXIT_IRQ:
		report_exit(v, "IRQ");
		return OK;
	case ENGINE_EXIT_NOT_RUN:
	case ENGINE_EXIT_SERROR: /* the host's: nothing of the guest's */
		return OK;
	case ENGINE_EXIT_LOST:
		break;
	}
	return exit_lost(v, leave);
}

/* ---- what the rooms below ask ---- */

/* All its memory is shared. */
static void no_private(struct kvm_vm *vm, uint64_t gpa, uint64_t end)
{
}

/* The kernel itself answered it: there is nobody else to tell. */
static bool psci_is_complete(struct kvm_vcpu *calling, struct kvm_vcpu *target, uint64_t status)
{
	return true;
}

static uint64_t run_delay(struct kvm_vcpu *v)
{
	const struct engine_ops *ops = v->vm->host->engine;

	return ops->run_delay ? ops->run_delay(v->vm->ordinary.engine, v->index) : 0;
}

const struct vm_kind vm_kind_ordinary = {
	.unmap_shared = stage2_unmap,
	.unmap_private = no_private,
	.write_protect = stage2_write_protect,
	.write_protect_pages = stage2_write_protect_pages,
	.flush = stage2_flush,
	.activate = ordinary_activate,
	.run = ordinary_run,
	.fetch = ordinary_fetch,
	.fetch_sve = ordinary_fetch_sve,
	.abort_access = ordinary_abort_access,
	.set_guest_debug = ordinary_set_guest_debug,
	.run_delay = run_delay,
	.psci_complete = psci_is_complete,
	.destroy = ordinary_destroy,
};
