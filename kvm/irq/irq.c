// SPDX-License-Identifier: BSD-3-Clause
/* irq.c - KVM_IRQ_LINE, KVM_SIGNAL_MSI, and the life of a VM's user space interrupts. */
#include "kvm/irq/irq_internal.h"

#include <stdlib.h>

#define IRQ_NUM	  MASK(15, 0)
#define IRQ_VCPU  MASK(23, 16)
#define IRQ_TYPE  MASK(27, 24)
#define IRQ_VCPU2 MASK(31, 28)
#define CPU_FIQ	  1
#define NR_SGIS	  16

struct irqs *irqs_create(const struct irqs_owner *owner)
{
	struct irqs *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->owner = *owner;
	q->epoll = q->stop = -1;
	lock_init(&q->lock, RANK_IRQS, "irqs->lock");
	return q;
}

void irqs_destroy(struct irqs *q)
{
	if (!q)
		return;
	irqfd_release_all(q);
	lock_destroy(&q->lock);
	free(q->routes);
	free(q);
}

/* For a VM without in-kernel irqchip, in which a realm's vCPU cannot run. */
static result cpu_line(struct irqs *q, unsigned int id, unsigned int num, bool level)
{
	int vcpu;

	if (irq_vgic(q))
		return &rule_kvm_irq_line_chip;
	vcpu = q->owner.vcpu_by_id(q->owner.arg, id);
	if (vcpu < 0)
		return &rule_kvm_irq_line_vcpu;
	if (num > CPU_FIQ)
		return &rule_kvm_irq_line_number;
	q->owner.cpu_line(q->owner.arg, vcpu, num == CPU_FIQ, level);
	return OK;
}

static result ppi_line(struct irqs *q, unsigned int id, unsigned int num, bool level)
{
	struct vgic *v = irq_vgic(q);
	int vcpu;

	if (!v)
		return &rule_kvm_irq_line_chip;
	if (!vgic_initialized(v))
		return &rule_kvm_irq_line_uninit;
	vcpu = q->owner.vcpu_by_id(q->owner.arg, id);
	if (vcpu < 0)
		return &rule_kvm_irq_line_vcpu;
	if (num < NR_SGIS || num >= VGIC_NR_PRIVATE)
		return &rule_kvm_irq_line_number;
	/* A line that an in-kernel device drives cannot be moved, and that is no error. */
	if (!vgic_is_owned(v, vcpu, num))
		vgic_set_line(v, vcpu, num, level);
	return OK;
}

static result spi_line(struct irqs *q, unsigned int num, bool level)
{
	struct vgic *v = irq_vgic(q);

	if (!v)
		return &rule_kvm_irq_line_chip;
	if (!vgic_initialized(v))
		return &rule_kvm_irq_line_uninit;
	if (num < VGIC_NR_PRIVATE || num - VGIC_NR_PRIVATE >= vgic_num_spis(v))
		return &rule_kvm_irq_line_number;
	if (!vgic_is_owned(v, 0, num))
		vgic_set_line(v, 0, num, level);
	return OK;
}

result irqs_line(struct irqs *q, const struct kvm_irq_level *l)
{
	unsigned int num = FIELD_GET(IRQ_NUM, l->irq);
	unsigned int id = FIELD_GET(IRQ_VCPU, l->irq) + FIELD_GET(IRQ_VCPU2, l->irq) * 256;

	switch (FIELD_GET(IRQ_TYPE, l->irq)) {
	case KVM_ARM_IRQ_TYPE_CPU:
		return cpu_line(q, id, num, l->level);
	case KVM_ARM_IRQ_TYPE_PPI:
		return ppi_line(q, id, num, l->level);
	case KVM_ARM_IRQ_TYPE_SPI:
		return spi_line(q, num, l->level);
	default:
		return &rule_kvm_irq_line_type;
	}
}

result irqs_signal_msi(struct irqs *q, const struct kvm_msi *m, bool *delivered)
{
	struct vgic *v = irq_vgic(q);

	if (!v || (m->flags & ~KVM_MSI_VALID_DEVID))
		return &rule_kvm_msi_flags;
	return vgic_msi(v, m, delivered);
}
