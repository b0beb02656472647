// SPDX-License-Identifier: BSD-3-Clause
/* vgic_sgi.c - interrupts from one vCPU to others: ICC_SGI1R, ICC_ASGI1R, ICC_SGI0R. */
#include "kvm/irq/vgic_internal.h"

#define SGI_TARGETS MASK(15, 0)
#define SGI_AFF1    MASK(23, 16)
#define SGI_INTID   MASK(27, 24)
#define SGI_AFF2    MASK(39, 32)
#define SGI_IRM	    BIT(40) /* all but the sender */
#define SGI_AFF3    MASK(55, 48)

static bool targets(uint64_t value, uint64_t mpidr)
{
	/* Aff0 is a bit in a list of 16 (GICD_TYPER.RSS is 0); no vCPU has an Aff3. */
	return !(value & SGI_AFF3) &&
	       FIELD_GET(SGI_AFF2, value) == FIELD_GET(MASK(23, 16), mpidr) &&
	       FIELD_GET(SGI_AFF1, value) == FIELD_GET(MASK(15, 8), mpidr) && (mpidr & 0xff) < 16 &&
	       (value & SGI_TARGETS & BIT(mpidr & 0xff));
}

void vgic_sgi(struct vgic *v, unsigned int vcpu, uint64_t value, bool group1)
{
	struct vgic_irq *irq;

	lock_take(&v->lock);
	for (unsigned int i = 0; i < v->num_cpus; i++) {
		if (value & SGI_IRM ? i == vcpu : !targets(value, v->cpus[i].mpidr))
			continue;
		irq = vgic_irq_known(v, i, FIELD_GET(SGI_INTID, value));
		/* A group 0 register cannot raise an SGI that is in group 1. */
		if (irq->group1 && !group1)
			continue;
		irq->latch = true;
		vgic_irq_update(v, irq);
	}
	lock_drop(&v->lock);
}
