// SPDX-License-Identifier: BSD-3-Clause
/*
 * pmu.c - a vCPU's performance counters: attributes, and the overflow interrupt driven from exits.
 *
 * The counters are the engine's; what user space reads and writes of them are system registers
 * (sysreg.c).
 */
#include "kvm/vcpu/pmu.h"

#include "abi/kvm.h"
#include "base/bits.h"
#include "engine/engine.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"

static bool is_ppi_or_spi(uint32_t irq)
{
	return irq >= 16 && irq < VGIC_MIN_RESERVED_INTID;
}

_Static_assert(PLATFORM_PMU_COUNTERS == ENGINE_NUM_COUNTERS, "what the RMM offers");

/* A PPI is that of all vCPUs, an SPI that of one. */
static bool fits_others(const struct kvm_vm *vm, uint32_t irq)
{
	unsigned int n = atomic_load(&((struct kvm_vm *)vm)->num_vcpus);

	for (unsigned int i = 0; i < n; i++) {
		uint32_t other = atomic_load(&vm->vcpus[i]->pmu_irq);

		if (other && (irq < 32) != (other == irq))
			return false;
	}
	return true;
}

static result set_pmu_irq(struct kvm_vcpu *v, struct kvm_caller *c, uint64_t addr)
{
	uint32_t irq;

	if (!atomic_load(&v->vm->vgic))
		return &rule_kvm_pmu_no_irqchip;
	if (c->ops->read(c, &irq, addr, sizeof(irq)))
		return &rule_kvm_arg_fault;
	if (!is_ppi_or_spi(irq))
		return &rule_kvm_pmu_irq;
	if (!fits_others(v->vm, irq))
		return &rule_kvm_pmu_irq_others;
	if (v->pmu_irq)
		return &rule_kvm_pmu_fixed;
	v->pmu_irq = irq;
	return OK;
}

static result init_pmu(struct kvm_vcpu *v)
{
	struct vgic *vgic = atomic_load(&v->vm->vgic);

	if (vgic && !vgic_initialized(vgic))
		return &rule_kvm_pmu_vgic;
	if (vgic && !v->pmu_irq)
		return &rule_kvm_pmu_no_irq;
	if (vgic && !vgic_set_owner(vgic, v->index, v->pmu_irq, &v->pmu_irq))
		return &rule_kvm_pmu_irq_taken;
	v->pmu_created = true;
	return OK;
}

/* The number names a PMU in the sysfs of the host, which has none. */
static result choose_pmu(struct kvm_caller *c, uint64_t addr)
{
	int32_t id;

	return c->ops->read(c, &id, addr, sizeof(id)) ? &rule_kvm_arg_fault : &rule_kvm_pmu_none;
}

static result set_counters(struct kvm_vcpu *v, struct kvm_caller *c, uint64_t addr)
{
	struct kvm_vm *vm = v->vm;
	uint32_t n;

	if (c->ops->read(c, &n, addr, sizeof(n)))
		return &rule_kvm_arg_fault;
	if (n > FIELD_GET(RMI_FEATURE0_PMU_NUM_CTRS, vm->host->feature0))
		return &rule_kvm_pmu_counters;
	lock_take(&vm->config_lock);
	if (!vm->has_ran && realm_state(&vm->realm) == REALM_NONE)
		vm->pmu_counters = n;
	lock_drop(&vm->config_lock);
	return OK;
}

#define NUM_EVENTS	 0x10000 /* of PMUv3p5 */
#define EVENT_SW_INCR	 0x00
#define EVENT_CPU_CYCLES 0x11

static bool covers(const struct kvm_pmu_event_filter *f, unsigned int event)
{
	return event >= f->base_event && event - f->base_event < f->nevents;
}

/* Of all events two count here. The first filter says what becomes of those that none names. */
static void apply_filter(struct kvm_vm *vm, const struct kvm_pmu_event_filter *f)
{
	uint64_t named = (covers(f, EVENT_SW_INCR) ? ENGINE_PMU_NO_SW_INCR : 0) |
			 (covers(f, EVENT_CPU_CYCLES) ? ENGINE_PMU_NO_CYCLES : 0);

	if (!vm->pmu_filtered && f->action == KVM_PMU_EVENT_ALLOW)
		vm->pmu_denied = ENGINE_PMU_NO_SW_INCR | ENGINE_PMU_NO_CYCLES;
	vm->pmu_filtered = true;
	if (f->action == KVM_PMU_EVENT_ALLOW)
		vm->pmu_denied &= ~named;
	else
		vm->pmu_denied |= named;
}

static result set_filter(struct kvm_vcpu *v, struct kvm_caller *c, uint64_t addr)
{
	struct kvm_vm *vm = v->vm;
	struct kvm_pmu_event_filter f;
	result why = OK;

	if (c->ops->read(c, &f, addr, sizeof(f)))
		return &rule_kvm_arg_fault;
	if (f.base_event + f.nevents > NUM_EVENTS ||
	    (f.action != KVM_PMU_EVENT_ALLOW && f.action != KVM_PMU_EVENT_DENY))
		return &rule_kvm_pmu_filter;
	lock_take(&vm->config_lock);
	if (vm->has_ran)
		why = &rule_kvm_pmu_filter_late;
	else
		apply_filter(vm, &f);
	lock_drop(&vm->config_lock);
	return why;
}

result pmu_set_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a)
{
	if (!vm_has_feature(v->vm, KVM_ARM_VCPU_PMU_V3))
		return &rule_kvm_pmu_absent;
	if (v->pmu_created)
		return &rule_kvm_pmu_fixed;
	switch (a->attr) {
	case KVM_ARM_VCPU_PMU_V3_IRQ:
		return set_pmu_irq(v, c, a->addr);
	case KVM_ARM_VCPU_PMU_V3_INIT:
		return init_pmu(v);
	case KVM_ARM_VCPU_PMU_V3_FILTER:
		return set_filter(v, c, a->addr);
	case KVM_ARM_VCPU_PMU_V3_SET_PMU:
		return choose_pmu(c, a->addr);
	case KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS:
		return set_counters(v, c, a->addr);
	default:
		return &rule_kvm_attr_unknown;
	}
}

result pmu_get_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a)
{
	uint32_t irq = v->pmu_irq;

	if (a->attr != KVM_ARM_VCPU_PMU_V3_IRQ)
		return &rule_kvm_attr_unknown;
	if (!atomic_load(&v->vm->vgic))
		return &rule_kvm_pmu_no_irqchip;
	if (!vm_has_feature(v->vm, KVM_ARM_VCPU_PMU_V3))
		return &rule_kvm_pmu_absent;
	if (!irq)
		return &rule_kvm_pmu_no_irq;
	return c->ops->write(c, a->addr, &irq, sizeof(irq)) ? &rule_kvm_arg_fault : OK;
}

result pmu_has_attr(const struct kvm_vcpu *v, const struct kvm_device_attr *a)
{
	switch (a->attr) {
	case KVM_ARM_VCPU_PMU_V3_IRQ:
	case KVM_ARM_VCPU_PMU_V3_INIT:
	case KVM_ARM_VCPU_PMU_V3_FILTER:
	case KVM_ARM_VCPU_PMU_V3_SET_PMU:
	case KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS:
		if (vm_has_feature(v->vm, KVM_ARM_VCPU_PMU_V3))
			return OK;
	}
	return &rule_kvm_attr_unknown;
}

void pmu_update(struct kvm_vcpu *v, const struct rmi_rec_exit *x)
{
	struct vgic *vgic = atomic_load(&v->vm->vgic);
	bool level = x->pmu_ovf_status;

	if (!v->pmu_created || (vgic && !v->pmu_irq) || level == v->pmu_level)
		return;
	v->pmu_level = level;
	if (vgic)
		vgic_set_line(vgic, v->index, v->pmu_irq, level);
}
