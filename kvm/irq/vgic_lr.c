// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_lr.c - what a vCPU takes into the guest and what it brings back: list registers.
 *
 * Flush fills the list registers from the vCPU's list, in this order: interrupts that can be
 * taken (pending, not active) by priority, then active ones by priority; within a priority the
 * lower INTID first. What does not fit has a way to bring the vCPU out in time:
 *
 *	pending outside: UIE, an exit when at most one list register is still in use;
 *	active outside:	 the guest's EOI finds no list register and is counted in EOIcount; LRENPIE
 *			 makes that an exit, and sync deactivates as many, highest priority first
 *			 (interrupts are deactivated in reverse order of activation). A write to
 *			 ICC_DIR names the interrupt: TDIR traps it (vgic_deactivate).
 *
 * A level interrupt goes in with HW = 0 and EOI = 1: its deactivation raises the maintenance
 * interrupt, which makes the exit that looks at the line again (the engine leaves it out for a
 * timer that the guest has set anew). It is never pending and active at once, as the line may have
 * fallen when the guest is done with it. An edge goes in without; a second edge may be pending
 * while the first is active.
 */
#include "kvm/irq/vgic_internal.h"

#include <string.h>

struct lr_choice {
	struct vgic_irq *irq[VGIC_MAX_LRS];
	unsigned int num;
	bool pending_outside, active_outside;
};

static bool lr_before(const struct vgic_irq *a, const struct vgic_irq *b)
{
	if (a->active != b->active)
		return b->active;
	return a->priority != b->priority ? a->priority < b->priority : a->intid < b->intid;
}

/* Keep the best `max` interrupts, in order. */
static void choose(struct lr_choice *ch, unsigned int max, struct vgic_irq *irq)
{
	struct vgic_irq *out = irq; /* who gets no list register */
	unsigned int i = ch->num;

	if (ch->num < max) {
		ch->num++;
		out = NULL;
	} else if (max && lr_before(irq, ch->irq[max - 1])) {
		i = max - 1;
		out = ch->irq[i];
	}
	if (out != irq) {
		for (; i && lr_before(irq, ch->irq[i - 1]); i--)
			ch->irq[i] = ch->irq[i - 1];
		ch->irq[i] = irq;
	}
	if (out && out->active)
		ch->active_outside = true;
	else if (out)
		ch->pending_outside = true;
}

static uint64_t fill_lr(struct vgic_irq *irq)
{
	uint64_t lr = irq->intid | FIELD_PUT(LR_PRIORITY, irq->priority);

	if (irq->group1)
		lr |= LR_GROUP1;
	if (irq->active)
		lr |= LR_ACTIVE;
	if (irq->edge) {
		if (irq->latch)
			lr |= LR_PENDING;
		irq->latch = false;
	} else {
		lr |= LR_EOI;
		if (!irq->active)
			lr |= LR_PENDING;
	}
	return lr;
}

void vgic_flush(struct vgic *v, unsigned int vcpu, uint64_t *lrs, uint64_t *hcr)
{
	struct lr_choice ch = {.num = 0};
	struct vgic_cpu *c = &v->cpus[vcpu];

	memset(lrs, 0, v->owner.num_lrs * sizeof(*lrs));
	*hcr = 0;
	lock_take(&v->lock);
	while (v->halting)
		lock_wait(&v->lock, &v->resumed);
	for (struct vgic_irq *irq = c->list; irq; irq = irq->next)
		choose(&ch, v->owner.num_lrs, irq);
	for (unsigned int i = 0; i < ch.num; i++) {
		lrs[i] = fill_lr(ch.irq[i]);
		ch.irq[i]->in_lr = true;
		c->lr_irq[i] = ch.irq[i];
	}
	c->used_lrs = ch.num;
	c->in_guest = true;
	lock_drop(&v->lock);
	if (ch.pending_outside)
		*hcr |= ICH_HCR_UIE;
	if (ch.active_outside)
		*hcr |= ICH_HCR_LRENPIE | ICH_HCR_TDIR;
	/* An SPI that another vCPU has taken may be deactivated here. (The kernel asks for the trap
	 * when there is an SPI, and tells every vCPU then; a Linux guest never writes ICC_DIR.) */
	if (v->num_cpus > 1)
		*hcr |= ICH_HCR_TDIR;
}

/* Level SPIs whose end somebody may wait for, collected under the lock. */
struct eois {
	uint16_t intid[VGIC_MAX_LRS + 32];
	unsigned int num;
};

static void note_eoi(struct eois *e, const struct vgic_irq *irq)
{
	if (!irq->edge && irq->intid >= VGIC_NR_PRIVATE) /* an LPI is an edge */
		e->intid[e->num++] = irq->intid;
}

/* An interrupt that left the list register of `vcpu`, or was deactivated: maybe another's now. */
static void irq_returned(struct vgic *v, unsigned int vcpu, struct vgic_irq *irq)
{
	int home = vgic_irq_move(v, irq);

	if (home != VGIC_NO_VCPU && home != (int)vcpu)
		v->owner.kick(v->owner.arg, home);
}

static void fold_lr(struct vgic *v, unsigned int vcpu, struct vgic_irq *irq, uint64_t lr,
		    struct eois *e)
{
	if ((lr & (LR_STATE | LR_EOI | LR_HW)) == LR_EOI)
		note_eoi(e, irq);
	irq->active = lr & LR_ACTIVE;
	if (irq->edge && (lr & LR_PENDING))
		irq->latch = true;
	/* Pending by software ends when the guest is done with it. */
	if (!irq->edge && !(lr & LR_STATE))
		irq->latch = false;
	irq->in_lr = false;
	irq_returned(v, vcpu, irq);
}

/* The guest ended an interrupt that was in no list register: as if it had left one. */
static void end_outside(struct vgic_irq *irq, struct eois *e)
{
	irq->active = false;
	if (!irq->edge)
		irq->latch = false;
	note_eoi(e, irq);
}

/* The guest ended `count` interrupts that were in no list register. */
static void fold_eoicount(struct vgic *v, unsigned int vcpu, unsigned int count, struct eois *e)
{
	while (count--) {
		struct vgic_irq *best = NULL;

		for (struct vgic_irq *irq = v->cpus[vcpu].list; irq; irq = irq->next)
			if (irq->active && !irq->in_lr && (!best || lr_before(irq, best)))
				best = irq;
		if (!best)
			return;
		end_outside(best, e);
		irq_returned(v, vcpu, best);
	}
}

void vgic_sync(struct vgic *v, unsigned int vcpu, const uint64_t *lrs, uint64_t hcr, uint64_t vmcr)
{
	struct vgic_cpu *c = &v->cpus[vcpu];
	void (*eoi)(void *arg, unsigned int intid);
	struct eois e = {.num = 0};
	void *arg;

	lock_take(&v->lock);
	/* Before the registers are taken back: what is in them did not miss its list register. */
	fold_eoicount(v, vcpu, FIELD_GET(ICH_HCR_EOICOUNT, hcr), &e);
	for (unsigned int i = 0; i < c->used_lrs; i++)
		fold_lr(v, vcpu, c->lr_irq[i], lrs[i], &e);
	c->used_lrs = 0;
	c->vmcr = vmcr;
	c->in_guest = false;
	if (v->halting)
		pthread_cond_broadcast(&v->synced);
	eoi = v->eoi;
	arg = v->eoi_arg;
	lock_drop(&v->lock);
	for (unsigned int i = 0; eoi && i < e.num; i++)
		eoi(arg, e.intid[i]);
}

void vgic_deactivate(struct vgic *v, unsigned int vcpu, unsigned int intid)
{
	void (*eoi)(void *arg, unsigned int intid);
	struct eois e = {.num = 0};
	struct vgic_irq *irq;
	void *arg;

	lock_take(&v->lock);
	/* It may be in a list register of another vCPU. */
	vgic_halt(v);
	irq = vgic_irq(v, vcpu, intid);
	if (irq && irq->active) {
		end_outside(irq, &e);
		vgic_irq_update(v, irq);
	}
	vgic_resume(v);
	eoi = v->eoi;
	arg = v->eoi_arg;
	lock_drop(&v->lock);
	if (eoi && e.num)
		eoi(arg, intid);
}

bool vgic_pending(struct vgic *v, unsigned int vcpu)
{
	struct vgic_cpu *c = &v->cpus[vcpu];
	bool pending = false;

	lock_take(&v->lock);
	for (struct vgic_irq *irq = v->enabled ? c->list : NULL; irq && !pending; irq = irq->next)
		pending = irq->enabled && vgic_irq_pending(irq) && !irq->active &&
			  irq->priority < FIELD_GET(VMCR_PMR, c->vmcr);
	lock_drop(&v->lock);
	return pending;
}
