// SPDX-License-Identifier: BSD-3-Clause
/* user_irq.c - lines that user space drives (vm_irq.c sets them), and levels that it is told. */
#include "kvm/vcpu/user_irq.h"

#include "abi/kvm.h"
#include "kvm/core/vm.h"
#include "kvm/vcpu/vcpu.h"

uint64_t user_irq_lines(const struct kvm_vcpu *v)
{
	return atomic_load(&v->irq_lines);
}

static bool is_told(const struct kvm_vcpu *v)
{
	return !v->vm->is_realm && !atomic_load(&v->vm->vgic);
}

static uint64_t levels(const struct kvm_vcpu *v)
{
	return (v->timer_level[VM_TIMER_VIRT] ? KVM_ARM_DEV_EL1_VTIMER : 0) |
	       (v->timer_level[VM_TIMER_PHYS] ? KVM_ARM_DEV_EL1_PTIMER : 0) |
	       (v->pmu_level ? KVM_ARM_DEV_PMU : 0);
}

bool user_irq_changed(const struct kvm_vcpu *v)
{
	const volatile uint64_t *told = &v->run->s.regs.device_irq_level;

	return is_told(v) && *told != levels(v);
}

void user_irq_tell(struct kvm_vcpu *v)
{
	if (is_told(v))
		v->run->s.regs.device_irq_level = levels(v);
}
