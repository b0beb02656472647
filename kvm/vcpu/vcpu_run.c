// SPDX-License-Identifier: BSD-3-Clause
/*
 * vcpu_run.c - KVM_RUN.
 *
 * The first run of a vCPU makes what cannot be changed afterwards (vGIC map, timer PPIs, the
 * realm's activation) and is where most errors of a VMM surface. Every run then pays an MMIO
 * completion, looks at immediate_exit as it was when the call began, and loops:
 *
 *	pe_clear -> signal pending? -> stopped? sleep -> REC_ENTER -> handle the exit
 *
 * A kick after pe_clear makes sleep or REC_ENTER return at once, so whoever changes something and
 * kicks is always heard. kvm_run is shared with user space: each input field is read once.
 */
#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/trace.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/mmio.h"
#include "kvm/vcpu/sysreg.h"
#include "kvm/vcpu/timer.h"
#include "kvm/vcpu/user_irq.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/pe.h"

#define KVM_SYSTEM_EVENT_WAKEUP 4

/* ---- the first run ---- */

static result enable_pmu(const struct kvm_vcpu *v)
{
	if (vm_has_feature(v->vm, KVM_ARM_VCPU_PMU_V3) && !v->pmu_created)
		return &rule_kvm_run_pmu_not_inited;
	return OK;
}

/* What later revisions look for before anything starts. */
static result check_irqchip(const struct kvm_vm *vm)
{
	struct vgic *vgic = atomic_load(&vm->vgic);

	if (!vm->is_realm || !vm->rev->checks_irqchip_early)
		return OK;
	if (!vgic)
		return vm->rev->run_no_irqchip;
	return vgic_initialized(vgic) ? OK : vm->rev->run_vgic_not_ready;
}

/* config_lock held. */
static result make_runnable(struct kvm_vcpu *v)
{
	struct vgic *vgic = atomic_load(&v->vm->vgic);
	result why = check_irqchip(v->vm);

	lock_assert_held(&v->vm->config_lock);
	if (why)
		return why;
	why = vgic ? vgic_map_resources(vgic) : OK;
	if (why) {
		atomic_store(&v->vm->dead, true); /* as the recorded kernel: EIO from now on */
		return why;
	}
	why = timer_enable(v);
	if (!why)
		why = enable_pmu(v);
	if (!why)
		why = v->vm->kind->activate(v->vm);
	return why;
}

static result first_run(struct kvm_vcpu *v)
{
	struct kvm_vm *vm = v->vm;
	result why;

	if (!v->initialized)
		return &rule_kvm_run_not_initialized;
	if (vm_has_feature(vm, KVM_ARM_VCPU_SVE) && !v->sve_finalized)
		return &rule_kvm_run_not_finalized;
	if (v->first_run_done)
		return OK;
	lock_take(&vm->config_lock);
	why = make_runnable(v);
	if (!why && !vm->has_ran)
		idregs_settle(vm);
	if (!why)
		vm->has_ran = v->first_run_done = true;
	lock_drop(&vm->config_lock);
	return why;
}

/* ---- the loop ---- */

static result interrupted(struct kvm_vcpu *v)
{
	stats_add(&v->stats, STAT_SIGNAL_EXITS, 1);
	v->run->exit_reason = KVM_EXIT_INTR;
	return &rule_kvm_run_interrupted;
}

static unsigned int bits_of(uint64_t n)
{
	return n ? 64 - (unsigned int)__builtin_clzll(n) : 0;
}

/* Sleep as a CPU in WFI does, for timeout_ms at most, and count it. */
static void halt(struct kvm_vcpu *v, struct kvm_caller *c, int timeout_ms)
{
	uint64_t start = trace_now(), ns;

	if (pe_kicked(v->pe) || !timeout_ms)
		return;
	stats_set(&v->stats, STAT_BLOCKING, 1);
	pe_wait(v->pe, -1, timeout_ms);
	stats_set(&v->stats, STAT_BLOCKING, 0);
	ns = trace_now() - start;
	stats_add(&v->stats, STAT_HALT_WAIT_NS, ns);
	stats_add(&v->stats, STAT_HALT_WAIT_HIST + MIN(bits_of(ns), STATS_HIST - 1), 1);
	if (!c->ops->interrupted(c))
		stats_add(&v->stats, STAT_HALT_WAKEUP, 1);
}

static bool interrupt_pending(const struct kvm_vcpu *v)
{
	struct vgic *vgic = atomic_load(&v->vm->vgic);

	return vgic ? vgic_pending(vgic, v->index) : user_irq_lines(v);
}

/* MP_STATE SUSPENDED: sleep; an interrupt makes it a SYSTEM_EVENT, the state stays. */
static void suspended(struct kvm_vcpu *v, struct kvm_caller *c, bool *leave)
{
	bool fired;
	int timeout = timer_watch(v, &v->rec.exit, &fired);

	if (!interrupt_pending(v)) {
		halt(v, c, timeout);
		return;
	}
	memset(&v->run->system_event, 0, sizeof(v->run->system_event));
	v->run->system_event.type = KVM_SYSTEM_EVENT_WAKEUP;
	v->run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	*leave = true;
}

/* PSCI CPU_SUSPEND: standby until an interrupt, a timer or a kick; waking early is allowed. */
static void standby(struct kvm_vcpu *v, struct kvm_caller *c)
{
	bool fired;
	int timeout = timer_watch(v, &v->rec.exit, &fired);

	v->standby = false;
	/* As in the kernel, a timer wakes even where its interrupt is not enabled. */
	if (!fired && !interrupt_pending(v))
		halt(v, c, timeout);
}

static result run_once(struct kvm_vcpu *v, struct kvm_caller *c, bool *leave)
{
	switch (atomic_load(&v->mp_state)) {
	case KVM_MP_STATE_STOPPED:
		pe_wait(v->pe, -1, -1);
		return OK;
	case KVM_MP_STATE_SUSPENDED:
		suspended(v, c, leave);
		return OK;
	}
	vcpu_settle_reset(v);
	if (v->standby)
		standby(v, c);
	if (dirty_ring_full(&v->ring)) {
		v->run->exit_reason = KVM_EXIT_DIRTY_RING_FULL;
		*leave = true;
		return OK;
	}
	pvtime_enter(v);
	return v->vm->kind->run(v, leave);
}

static result run_loop(struct kvm_vcpu *v, struct kvm_caller *c)
{
	bool leave = false;
	result why = OK;

	while (!why && !leave) {
		pe_clear(v->pe);
		if (c->ops->interrupted(c))
			return interrupted(v);
		why = run_once(v, c, &leave);
		if (!why && !leave && user_irq_changed(v)) {
			v->run->exit_reason = KVM_EXIT_INTR;
			return &rule_kvm_run_levels;
		}
	}
	return why;
}

static const char *exit_name(uint32_t reason)
{
	switch (reason) {
	case KVM_EXIT_HYPERCALL:
		return "HYPERCALL";
	case KVM_EXIT_DEBUG:
		return "DEBUG";
	case KVM_EXIT_MMIO:
		return "MMIO";
	case KVM_EXIT_SHUTDOWN:
		return "SHUTDOWN";
	case KVM_EXIT_INTR:
		return "INTR";
	case KVM_EXIT_INTERNAL_ERROR:
		return "INTERNAL_ERROR";
	case KVM_EXIT_SYSTEM_EVENT:
		return "SYSTEM_EVENT";
	case KVM_EXIT_DIRTY_RING_FULL:
		return "DIRTY_RING_FULL";
	case KVM_EXIT_MEMORY_FAULT:
		return "MEMORY_FAULT";
	default:
		return "UNKNOWN";
	}
}

static void report_exit(struct kvm_vcpu *v)
{
	const struct kvm_run *run = v->run;
	uint32_t reason = run->exit_reason;
	struct kvm_exit_view note = {.name = exit_name(reason), .to_user = true};
	struct trace_event e = {
		.kind = TRACE_EXIT, .name = note.name, .to_user = 1, .realm = v->vm->serial};

	if (reason == KVM_EXIT_MMIO) {
		note.addr = run->mmio.phys_addr;
		note.is_write = run->mmio.is_write;
	} else if (reason == KVM_EXIT_MEMORY_FAULT) {
		note.addr = run->memory_fault.gpa;
		note.size = run->memory_fault.size;
		note.is_ripas = v->rec.ripas_pending;
		note.to_private = run->memory_fault.flags & KVM_MEMORY_EXIT_FLAG_PRIVATE;
	} else if (reason == KVM_EXIT_HYPERCALL) {
		note.addr = run->hypercall.nr;
	}
	history_note(&v->history, note);
	trace_event(&e);
}

result vcpu_run(struct kvm_call *c)
{
	struct kvm_vcpu *v = c->vcpu;
	bool wants_to_run;
	result why;

	if (c->arg)
		return &rule_kvm_arg_not_zero;
	wants_to_run = !*(volatile uint8_t *)&v->run->immediate_exit;
	why = first_run(v);
	if (why)
		return why;
	detect_begin(v->vm, c->caller);
	if (*(volatile uint32_t *)&v->run->exit_reason == KVM_EXIT_MMIO)
		mmio_complete(v);
	if (!wants_to_run)
		return &rule_kvm_run_immediate_exit;
	v->run->exit_reason = KVM_EXIT_UNKNOWN;
	v->run->flags = 0;
	pvtime_begin(v, c->caller);
	history_enter(&v->history);
	why = run_loop(v, c->caller);
	user_irq_tell(v);
	report_exit(v);
	history_leave(&v->history, v->run->exit_reason);
	if (v->run->exit_reason == KVM_EXIT_SYSTEM_EVENT)
		detect_end(v->vm);
	return why;
}
