/* SPDX-License-Identifier: BSD-3-Clause */
/* vm_irq.h - a VM's user space interrupts and vGIC: how they see the VM. */
#ifndef KVM_VM_IRQ_H
#define KVM_VM_IRQ_H

#include "base/rule.h"

struct irqs;
struct kvm_vm;

struct irqs *vm_irqs_create(struct kvm_vm *vm); /* NULL: out of memory */
/* vm->gic, which nobody sees yet. */
result vm_vgic_create(struct kvm_vm *vm);

#endif
