// SPDX-License-Identifier: BSD-3-Clause
/*
 * irq_route.c - KVM_SET_GSI_ROUTING: which interrupt a GSI drives.
 *
 * CTRL_INIT of the vGIC installs the default table (GSI n drives SPI n), whatever was set before;
 * so a table is checked always but kept only from then on. Before it there are no irqfds, which
 * alone use it.
 */
#include "kvm/irq/irq_internal.h"

#include <stdlib.h>
#include <string.h>

#define SPI_TO_INTID(n) ((n) + VGIC_NR_PRIVATE)

void irq_set_gsi(struct irqs *q, unsigned int gsi, bool level)
{
	struct vgic *v = irq_vgic(q);
	int pin = IRQ_NO_ROUTE;
	bool delivered;

	lock_assert_held(&q->lock);
	if (!q->routes)
		pin = gsi < VGIC_MAX_SPIS ? (int)gsi : IRQ_NO_ROUTE;
	else if (gsi < IRQ_MAX_GSIS)
		pin = q->routes->pin[gsi];
	if (pin == IRQ_MSI_ROUTE) {
		/* What the guest has blocked or disabled is lost, as on a bus. */
		if (level)
			vgic_msi(v, &q->routes->msi[gsi], &delivered);
		return;
	}
	/* A pin beyond the vGIC's SPIs is no error: it drives nothing. */
	if (pin != IRQ_NO_ROUTE && !vgic_is_owned(v, 0, SPI_TO_INTID(pin)))
		vgic_set_line(v, 0, SPI_TO_INTID(pin), level);
}

int irq_gsi_of(const struct irqs *q, unsigned int intid)
{
	unsigned int pin = intid - VGIC_NR_PRIVATE;

	lock_assert_held(&q->lock);
	return q->routes ? q->routes->gsi[pin] : (int)pin;
}

static struct kvm_msi msi_of(const struct kvm_irq_routing_entry *e)
{
	return (struct kvm_msi){
		.address_lo = e->u.msi.address_lo,
		.address_hi = e->u.msi.address_hi,
		.data = e->u.msi.data,
		.flags = e->flags,
		.devid = e->u.msi.devid,
	};
}

static result add_route(struct irq_routes *rt, bool *used, const struct kvm_irq_routing_entry *e)
{
	uint32_t allowed = e->type == KVM_IRQ_ROUTING_MSI ? KVM_MSI_VALID_DEVID : 0;

	if (e->flags & ~allowed)
		return &rule_kvm_routing_entry_flags;
	if (used[e->gsi] && (e->type == KVM_IRQ_ROUTING_MSI || rt->pin[e->gsi] == IRQ_MSI_ROUTE ||
			     e->u.irqchip.irqchip == 0))
		return &rule_kvm_routing_twice;
	if (e->type == KVM_IRQ_ROUTING_IRQCHIP) {
		if (e->u.irqchip.pin >= VGIC_MAX_SPIS || e->u.irqchip.irqchip != 0)
			return &rule_kvm_routing_pin;
		rt->pin[e->gsi] = e->u.irqchip.pin;
		rt->gsi[e->u.irqchip.pin] = e->gsi;
	} else if (e->type == KVM_IRQ_ROUTING_MSI) {
		rt->pin[e->gsi] = IRQ_MSI_ROUTE;
		rt->msi[e->gsi] = msi_of(e);
	} else {
		return &rule_kvm_routing_type;
	}
	used[e->gsi] = true;
	return OK;
}

static result build_routes(struct irq_routes *rt, const struct kvm_irq_routing_entry *e,
			   unsigned int nr)
{
	bool used[IRQ_MAX_GSIS] = {false};
	result r = OK;

	memset(rt, 0xff, offsetof(struct irq_routes, msi)); /* IRQ_NO_ROUTE everywhere */
	for (unsigned int i = 0; i < nr; i++)
		if (e[i].gsi >= IRQ_MAX_GSIS)
			return &rule_kvm_routing_gsi;
	for (unsigned int i = 0; i < nr && !r; i++)
		r = add_route(rt, used, &e[i]);
	return r;
}

result irqs_set_routing(struct irqs *q, struct kvm_caller *c, const struct kvm_irq_routing *r,
			uint64_t entries)
{
	size_t size = r->nr * sizeof(struct kvm_irq_routing_entry);
	struct kvm_irq_routing_entry *e;
	struct irq_routes *rt;
	result why = OK;

	if (r->nr > IRQ_MAX_GSIS)
		return &rule_kvm_routing_nr;
	if (r->flags)
		return &rule_kvm_routing_flags;
	e = malloc(size + 1);
	rt = calloc(1, sizeof(*rt));
	if (!e || !rt)
		why = &rule_kvm_routing_memory;
	else if (size && c->ops->read(c, e, entries, size))
		why = &rule_kvm_routing_fault;
	else
		why = build_routes(rt, e, r->nr);
	if (!why && irq_vgic(q) && vgic_initialized(irq_vgic(q))) {
		struct irq_routes *old;

		lock_take(&q->lock);
		old = q->routes;
		q->routes = rt;
		lock_drop(&q->lock);
		rt = old;
	}
	free(rt);
	free(e);
	return why;
}
