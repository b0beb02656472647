// SPDX-License-Identifier: BSD-3-Clause
/* vgic_look.c - copies the interrupts that something can be said of, for who looks in. */
#include "kvm/irq/vgic_internal.h"

struct look {
	struct vgic_irq_view *out;
	size_t room, num;
};

static void look_at(struct look *l, const struct vgic_irq *irq, int vcpu)
{
	bool pending = vgic_irq_pending(irq);

	if (!irq->enabled && !pending && !irq->active && !irq->in_lr)
		return;
	if (l->num < l->room)
		l->out[l->num] = (struct vgic_irq_view){
			.intid = irq->intid,
			.vcpu = vcpu,
			.priority = irq->priority,
			.edge = irq->edge,
			.enabled = irq->enabled,
			.line = irq->line,
			.pending = pending,
			.active = irq->active,
			.in_lr = irq->in_lr,
		};
	l->num++;
}

size_t vgic_look(struct vgic *v, struct vgic_irq_view *out, size_t room, bool *enabled)
{
	struct look l = {out, room, 0};

	lock_take(&v->lock);
	*enabled = v->enabled;
	for (unsigned int c = 0; c < v->num_cpus; c++)
		for (unsigned int i = 0; i < VGIC_NR_PRIVATE; i++)
			look_at(&l, &v->cpus[c].private[i], (int)c);
	for (unsigned int i = 0; i < v->num_spis; i++)
		look_at(&l, &v->spis[i], v->spis[i].target);
	for (unsigned int i = 0; v->lpis && i < v->lpi_top; i++)
		if (v->lpis[i])
			look_at(&l, v->lpis[i], v->lpis[i]->target);
	lock_drop(&v->lock);
	return l.num;
}
