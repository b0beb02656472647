/* SPDX-License-Identifier: BSD-3-Clause */
/* irq_internal.h - what irq.c, irq_route.c and irqfd.c share. */
#ifndef KVM_IRQ_INTERNAL_H
#define KVM_IRQ_INTERNAL_H

#include <pthread.h>

#include "base/bits.h"
#include "kvm/core/ranks.h"
#include "kvm/irq/irq.h"
#include "kvm/irq/vgic.h"
#include "kvm/irq/vgic_rules.h"

#define IRQ_MAX_GSIS  4096 /* KVM_CAP_IRQ_ROUTING */
#define IRQ_NO_ROUTE  (-1)
#define IRQ_MSI_ROUTE (-2)

/* Which SPI a GSI drives, and back, or which MSI it sends. Pin n is SPI n (INTID n + 32). */
struct irq_routes {
	int16_t pin[IRQ_MAX_GSIS]; /* or IRQ_*_ROUTE */
	int16_t gsi[VGIC_MAX_SPIS];
	struct kvm_msi msi[IRQ_MAX_GSIS]; /* of IRQ_MSI_ROUTEs; memory where there are some */
};

struct irqfd;

struct irqs {
	struct irqs_owner owner;
	struct lock lock;	   /* all below; outside of the vGIC's own */
	struct irq_routes *routes; /* NULL: GSI n is SPI n */
	struct irqfd *irqfds;
	uint64_t next_id;
	int epoll, stop; /* -1: no thread yet */
	pthread_t thread;
};

static inline struct vgic *irq_vgic(const struct irqs *q)
{
	return q->owner.vgic(q->owner.arg);
}

/* ---- irq_route.c: with q->lock held ---- */
/* Set the line that the GSI drives, if any; a rising one sends the MSI. */
void irq_set_gsi(struct irqs *q, unsigned int gsi, bool level);
/* The GSI that drives an SPI; IRQ_NO_ROUTE: none. */
int irq_gsi_of(const struct irqs *q, unsigned int intid);

/* ---- irqfd.c ---- */
void irqfd_release_all(struct irqs *q);

#endif
