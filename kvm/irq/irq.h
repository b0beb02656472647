/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * irq.h - how user space drives interrupts into a VM: KVM_IRQ_LINE(_STATUS), KVM_IRQFD,
 * KVM_SET_GSI_ROUTING, KVM_SIGNAL_MSI.
 *
 * One `struct irqs` per VM. It knows nothing of VMs: the owner tells it where the vGIC is (a VM
 * gets one late, or never). Thread-safe. The first irqfd starts one background thread, which
 * irqs_destroy ends.
 *
 * The structures have been copied from the caller already (EFAULT is the dispatcher's), except
 * the entries of the routing table. A call answers OK or the rule it broke; the order of checks
 * is the kernel's (arch/arm64/kvm/arm.c, virt/kvm/core/eventfd.c, virt/kvm/irqchip.c).
 */
#ifndef KVM_IRQ_H
#define KVM_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/kvm.h"
#include "base/rule.h"
#include "kvm/caller.h"

struct irqs;
struct vgic;

struct irqs_owner {
	/* The VM's vGIC; NULL: it has none (yet). Once given it stays until irqs_destroy. */
	struct vgic *(*vgic)(void *arg);
	/* The index of the vCPU whose vcpu_id is `id`; -1: there is none. */
	int (*vcpu_by_id)(void *arg, unsigned int id);
	/* Without a vGIC: a vCPU's own line, by its index. */
	void (*cpu_line)(void *arg, int vcpu, bool fiq, bool level);
	void *arg;
};

/* NULL: out of memory. */
struct irqs *irqs_create(const struct irqs_owner *owner);
/* Before the vGIC is destroyed: drops every irqfd and ends the thread. */
void irqs_destroy(struct irqs *q);

/* KVM_IRQ_LINE and KVM_IRQ_LINE_STATUS (which gives the structure back unchanged on arm64). */
result irqs_line(struct irqs *q, const struct kvm_irq_level *l);

/* KVM_IRQFD: the descriptors are taken from the caller here. */
result irqs_irqfd(struct irqs *q, struct kvm_caller *c, const struct kvm_irqfd *f);

/* KVM_SET_GSI_ROUTING: `r` is the fixed part; the entries are read from `entries` (user address:
 * argument + sizeof(struct kvm_irq_routing)). */
result irqs_set_routing(struct irqs *q, struct kvm_caller *c, const struct kvm_irq_routing *r,
			uint64_t entries);

/* KVM_SIGNAL_MSI: *delivered, or the guest has blocked it. */
result irqs_signal_msi(struct irqs *q, const struct kvm_msi *m, bool *delivered);

#endif
