// SPDX-License-Identifier: BSD-3-Clause
/*
 * rec_run.c - RECs: creation, entry, and what each exit means.
 *
 * The run page belongs to the host; the RMM reads `enter` and fills `exit`. Between two entries a
 * REC may be: plain; owing an MMIO completion (kvm_run tells, mmio.c); owing x0..x30 (host call,
 * PSCI: gprs_pending); owing a RIPAS commit (ripas_pending). Each debt is paid by the next entry
 * that the RMM accepts.
 */
#include <string.h>

#include "abi/kvm.h"
#include "abi/rmi.h"
#include "base/bits.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/trace.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/realm/rmi.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/esr.h"
#include "kvm/vcpu/mmio.h"
#include "kvm/vcpu/pmu.h"
#include "kvm/vcpu/timer.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/memory.h"

/* ---- creation ---- */

static void free_granules(struct kvm_vcpu *v)
{
	struct kvm_host *h = v->vm->host;
	struct kvm_rec *r = &v->rec;

	smc_granule_free(h, r->pa);
	for (unsigned int i = 0; i < r->num_aux; i++)
		smc_granule_free(h, r->aux[i]);
	if (r->run_pa)
		machine_free(h->machine, r->run_pa, 1);
	r->pa = 0;
	memset(r->aux, 0, sizeof(*r) - offsetof(struct kvm_rec, aux));
}

/* The run page, then the REC, then its auxiliary granules. */
static result alloc_granules(struct kvm_vcpu *v)
{
	struct kvm_host *h = v->vm->host;
	struct kvm_rec *r = &v->rec;
	bool refused;

	r->run_pa = machine_alloc(h->machine, 1, GRANULE_SIZE);
	if (!r->run_pa)
		return &rule_kvm_no_memory;
	r->run = machine_va(h->machine, r->run_pa, GRANULE_SIZE);
	r->pa = smc_granule_alloc(h, &refused);
	if (!r->pa)
		return refused ? &rule_kvm_rec_create_failed : &rule_kvm_no_memory;
	while (r->num_aux < v->vm->realm.num_aux) {
		r->aux[r->num_aux] = smc_granule_alloc(h, &refused);
		if (!r->aux[r->num_aux])
			return refused ? &rule_kvm_rec_create_failed : &rule_kvm_no_memory;
		r->num_aux++;
	}
	return OK;
}

static void fill_params(const struct kvm_vcpu *v, struct rmi_rec_params *p)
{
	if (v->id == 0)
		p->flags = RMI_REC_FLAG_RUNNABLE;
	p->mpidr = vcpu_mpidr(v) & MPIDR_AFFINITY;
	p->pc = v->regs.pc;
	memcpy(p->gprs, v->regs.x, sizeof(p->gprs));
	p->num_aux = v->rec.num_aux;
	memcpy(p->aux, v->rec.aux, v->rec.num_aux * sizeof(p->aux[0]));
}

static result create_from_params(struct kvm_vcpu *v)
{
	struct kvm_host *h = v->vm->host;
	uint64_t page = machine_alloc(h->machine, 1, GRANULE_SIZE);
	uint64_t x0;

	if (!page)
		return &rule_kvm_no_memory;
	fill_params(v, machine_va(h->machine, page, GRANULE_SIZE));
	x0 = smc_rec_create(h, v->vm->realm.rd, v->rec.pa, page);
	machine_free(h->machine, page, 1);
	return x0 ? &rule_kvm_rec_create_failed : OK;
}

result rec_create(struct kvm_vcpu *v)
{
	result why;

	if (!vm_has_feature(v->vm, KVM_ARM_VCPU_PSCI_0_2) || !v->initialized)
		return &rule_kvm_rec_no_psci;
	why = alloc_granules(v);
	if (!why)
		why = create_from_params(v);
	if (why)
		free_granules(v);
	return why;
}

void rec_destroy(struct kvm_vcpu *v)
{
	if (!v->rec.pa)
		return;
	if (smc_rec_destroy(v->vm->host, v->rec.pa)) {
		log_warn("REC %u cannot be destroyed: its granules are leaked", v->index);
		return;
	}
	free_granules(v);
}

/* ---- exits ---- */

static void report_exit(struct kvm_vcpu *v, const char *name)
{
	struct trace_event e = {.kind = TRACE_EXIT, .name = name, .realm = v->vm->serial};
	const struct rmi_rec_exit *x = &v->rec.exit;
	struct kvm_exit_view note = {.name = name};

	if (x->exit_reason == RMI_EXIT_SYNC && ESR_EC(x->esr) == EC_DABT_LOW) {
		note.addr = (FIELD_GET(HPFAR_FIPA, x->hpfar) << GRANULE_SHIFT |
			     (x->far & (GRANULE_SIZE - 1))) &
			    ~realm_shared_bit(v->vm);
		note.is_write = ESR_ABT_WRITE(x->esr);
	} else if (x->exit_reason == RMI_EXIT_PSCI || x->exit_reason == RMI_EXIT_HOST_CALL) {
		note.addr = x->gprs[0];
	}
	history_note(&v->history, note);
	trace_event(&e);
}

void vcpu_memory_fault(struct kvm_vcpu *v, uint64_t gpa, uint64_t size, bool private)
{
	v->run->exit_reason = KVM_EXIT_MEMORY_FAULT;
	v->run->memory_fault.flags = private ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0;
	v->run->memory_fault.gpa = gpa;
	v->run->memory_fault.size = size;
}

static result exit_data_abort(struct kvm_vcpu *v, bool *leave)
{
	const struct rmi_rec_exit *x = &v->rec.exit;
	uint64_t ipa = FIELD_GET(HPFAR_FIPA, x->hpfar) << GRANULE_SHIFT;
	uint64_t bit = realm_shared_bit(v->vm);
	bool is_write = ESR_ABT_WRITE(x->esr), mmio;
	result why;

	/* As the kernel does: the stored value lands in the shadow of the register named by the
	 * syndrome, which the RMM has blanked. */
	if (is_write && (x->esr & ESR_ISS_ISV))
		vcpu_set_reg(v, ESR_ABT_SRT(x->esr), x->gprs[0]);
	if (!(ipa & bit)) {
		report_exit(v, "PRIVATE_FAULT");
		return fault_private(v, ipa);
	}
	why = fault_shared(v, ipa & ~bit, is_write, &mmio);
	if (!mmio) {
		report_exit(v, "SHARED_FAULT");
		return why;
	}
	mmio_abort(v, (ipa & ~bit) | (x->far & (GRANULE_SIZE - 1)), leave);
	if (!*leave)
		report_exit(v, "MMIO_KERNEL");
	return OK;
}

/* A trapped write to the GIC's CPU interface: all that the RMM forwards. */
static result exit_sysreg(struct kvm_vcpu *v)
{
	const struct rmi_rec_exit *x = &v->rec.exit;
	struct vgic *vgic = atomic_load(&v->vm->vgic);
	bool is_write = !(x->esr & ESR_SYS_READ);

	report_exit(v, "SYSREG");
	if (is_write)
		vcpu_set_reg(v, ESR_SYS_RT(x->esr), x->gprs[0]);
	else
		v->rec.run->enter.gprs[0] = 0;
	if (!is_write || !vgic)
		return OK;
	switch (x->esr & ESR_SYS_REG) {
	case ESR_SYS_ICC_SGI1R:
		vgic_sgi(vgic, v->index, x->gprs[0], true);
		break;
	case ESR_SYS_ICC_SGI0R:
	case ESR_SYS_ICC_ASGI1R:
		vgic_sgi(vgic, v->index, x->gprs[0], false);
		break;
	case ESR_SYS_ICC_DIR:
		vgic_deactivate(vgic, v->index, (unsigned int)(x->gprs[0] & 0xffffff));
		break;
	}
	return OK;
}

/* KVM_EXIT_INTERNAL_ERROR; in later revisions it is the last thing that the VM does. */
static result internal_error(struct kvm_vcpu *v, bool *leave)
{
	v->run->internal.suberror = 0;
	v->run->internal.ndata = 0;
	v->run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	if (v->vm->rev->unknown_exit_kills_vm)
		atomic_store(&v->vm->dead, true);
	*leave = true;
	return OK;
}

/* What KVM does not know what to do with: the rule, or the end of the VM. */
static result unhandled(struct kvm_vcpu *v, result why, bool *leave)
{
	return v->vm->rev->unknown_exit_kills_vm ? internal_error(v, leave) : why;
}

/*
 * An SError that the realm caused is none of the host's business in later revisions. One without a
 * syndrome is how the RMM tells that what ran the realm is gone: that ends in every revision.
 */
static result exit_serror(struct kvm_vcpu *v, bool *leave)
{
	if (!v->vm->rev->serror_runs_on || !(v->rec.exit.esr & MASK(24, 0)))
		return internal_error(v, leave);
	report_exit(v, "SERROR");
	return OK;
}

static result exit_sync(struct kvm_vcpu *v, bool *leave)
{
	switch (ESR_EC(v->rec.exit.esr)) {
	case EC_DABT_LOW:
		return exit_data_abort(v, leave);
	case EC_SYS64:
		return exit_sysreg(v);
	case EC_IABT_LOW:
		return unhandled(v, &rule_kvm_run_instruction_abort, leave);
	default:
		return unhandled(v, &rule_kvm_run_unhandled_exit, leave);
	}
}

static result tell_ripas_change(struct kvm_vcpu *v)
{
	const struct rmi_rec_exit *x = &v->rec.exit;

	vcpu_memory_fault(v, x->ripas_base, x->ripas_top - x->ripas_base,
			  x->ripas_value == RMI_RIPAS_RAM);
	return &rule_kvm_run_memory_fault;
}

static result exit_ripas_change(struct kvm_vcpu *v)
{
	const struct rmi_rec_exit *x = &v->rec.exit;
	uint64_t bit = realm_shared_bit(v->vm);

	if ((x->ripas_base & bit) || ((x->ripas_top - 1) & bit)) {
		v->rec.run->enter.flags = RMI_ENTER_RIPAS_REJECT;
		return &rule_kvm_run_ripas_range;
	}
	v->rec.ripas_pending = true;
	switch (fault_conversion()) {
	case CONVERSION_MISSING:
		report_exit(v, "RIPAS_CHANGE");
		return OK;
	case CONVERSION_TWICE:
		v->rec.ripas_tell_again = true;
		break;
	case CONVERSION_TOLD:
		break;
	}
	return tell_ripas_change(v);
}

static result exit_hypercall(struct kvm_vcpu *v, const char *name, bool *leave)
{
	memcpy(v->regs.x, v->rec.exit.gprs, sizeof(v->regs.x));
	v->rec.gprs_pending = true;
	smccc_call(v, leave);
	if (!*leave)
		report_exit(v, name);
	return OK;
}

static result handle_exit(struct kvm_vcpu *v, bool *leave)
{
	switch (v->rec.exit.exit_reason) {
	case RMI_EXIT_SYNC:
		return exit_sync(v, leave);
	case RMI_EXIT_IRQ:
		report_exit(v, "IRQ");
		return OK;
	case RMI_EXIT_FIQ:
		report_exit(v, "FIQ");
		return OK;
	case RMI_EXIT_PSCI:
		v->rec.psci_pending = true;
		return exit_hypercall(v, "PSCI", leave);
	case RMI_EXIT_RIPAS_CHANGE:
		return exit_ripas_change(v);
	case RMI_EXIT_HOST_CALL:
		return exit_hypercall(v, "HOST_CALL", leave);
	case RMI_EXIT_SERROR:
		return exit_serror(v, leave);
	default:
		return internal_error(v, leave);
	}
}

/* ---- entry ---- */

static result pay_debts(struct kvm_vcpu *v)
{
	const struct kvm_revision *rev = v->vm->rev;

	if (v->rec.ripas_tell_again) {
		v->rec.ripas_tell_again = false;
		return tell_ripas_change(v);
	}
	if (v->rec.ripas_pending && rev->ripas_waits_for_attributes && !ripas_is_prepared(v))
		return tell_ripas_change(v);
	if (v->rec.psci_pending && rev->psci_completes_at_entry && !psci_complete_by_x0(v))
		return rev->run_rec_refused;
	v->rec.psci_pending = false;
	if (v->rec.ripas_pending)
		ripas_commit(v);
	if (v->rec.gprs_pending)
		memcpy(v->rec.run->enter.gprs, v->regs.x, sizeof(v->regs.x));
	v->rec.gprs_pending = false;
	return OK;
}

static uint64_t enter(struct kvm_vcpu *v)
{
	struct rmi_rec_run *run = v->rec.run;
	struct rmi_rec_exit *x = &v->rec.exit;
	struct vgic *vgic = atomic_load(&v->vm->vgic);
	uint64_t x0;

	if (vgic)
		vgic_flush(vgic, v->index, run->enter.gicv3_lrs, &run->enter.gicv3_hcr);
	x0 = smc_rec_enter(v->vm->host, v->pe, v->rec.pa, v->rec.run_pa);
	if (!x0) {
		memcpy(x, &run->exit, sizeof(*x));
		stats_add(&v->stats, STAT_EXITS, 1);
	}
	if (!vgic)
		return x0;
	if (x0)
		vgic_sync(vgic, v->index, run->enter.gicv3_lrs, 0, x->gicv3_vmcr);
	else
		vgic_sync(vgic, v->index, x->gicv3_lrs, x->gicv3_hcr, x->gicv3_vmcr);
	return x0;
}

static result refuse_entry(struct kvm_vcpu *v, uint64_t x0, bool *leave)
{
	const struct kvm_revision *rev = v->vm->rev;

	if (RMI_STATUS(x0) == RMI_ERROR_REALM &&
	    (RMI_INDEX(x0) == 1 || rev->realm_errors_shut_down)) {
		v->run->exit_reason = KVM_EXIT_SHUTDOWN;
		*leave = true;
		return OK;
	}
	if (RMI_STATUS(x0) == RMI_ERROR_REC)
		return rev->run_rec_refused;
	return unhandled(v, &rule_kvm_run_rmi_failed, leave);
}

result rec_run(struct kvm_vcpu *v, bool *leave)
{
	uint64_t x0;
	result why;

	if (realm_state(&v->vm->realm) != REALM_ACTIVE)
		return v->vm->rev->run_dead;
	why = pay_debts(v);
	if (why)
		return why;
	x0 = enter(v);
	if (x0)
		return refuse_entry(v, x0, leave);
	v->rec.run->enter.flags = 0;
	timer_update(v, &v->rec.exit);
	pmu_update(v, &v->rec.exit);
	return handle_exit(v, leave);
}

/*
 * A realm can be given an external abort only in place of an MMIO completion that is staged: at
 * KVM_EXIT_MMIO itself nothing is staged yet, so the kernel refuses; after a KVM_RUN with
 * immediate_exit it does not.
 */
result rec_abort_access(struct kvm_vcpu *v)
{
	struct rmi_rec_run *run = v->rec.run;

	if (!run || !(run->enter.flags & RMI_ENTER_EMUL_MMIO))
		return &rule_kvm_events_realm_dabt;
	run->enter.flags &= ~RMI_ENTER_EMUL_MMIO;
	run->enter.flags |= RMI_ENTER_INJECT_SEA;
	return OK;
}
