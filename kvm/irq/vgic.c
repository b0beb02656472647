// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic.c - the in-kernel GICv3: the state of its interrupts, and who has to take them.
 *
 * Theory of operation
 *
 * An interrupt is PENDING (edge: its latch is set; level: its latch is set or its line is high),
 * ACTIVE (a vCPU took it and has not deactivated it), both, or neither. It concerns one vCPU:
 *
 *	active			the vCPU that took it, or if none did (user space set the bit) its
 *				target
 *	pending and enabled	its target, if the distributor is enabled
 *	otherwise		nobody
 *
 * That vCPU is its `home`, and it is on the home's list: flush need look at nothing else.
 * vgic_irq_update restores this after each change of state; every writer calls it.
 *
 * While a vCPU is in the guest (flush to sync) the interrupts in its list registers (`in_lr`) are
 * the guest's: `active`, and the latch that flush moved into the register, are stale here, and the
 * interrupt stays at home whatever happens to it. A new edge meanwhile sets the latch anew; a
 * line may rise and fall. Sync takes the registers back, and only then does the interrupt move.
 * Whoever must see or change `active` halts all vCPUs first (vgic_halt).
 *
 * Invariants (lock held): home == h iff it is on cpus[h].list, for one h at most; in_lr implies
 * home's in_guest; a private interrupt's target is its own vCPU.
 *
 * Life: created -> initialized (CTRL_INIT: numbers of interrupts and vCPUs fixed) -> ready (first
 * KVM_RUN: addresses checked, the distributor answers). Never back.
 *
 * One lock for all: each call is short. It is a leaf: while it is held nothing is called but
 * owner.kick. LPIs (vgic_lpi.c) have tables in guest memory, which is never looked at under it:
 * its_lock, outside of it, is theirs.
 */
#include "kvm/irq/its_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct vgic_irq *vgic_irq(struct vgic *v, unsigned int cpu, unsigned int intid)
{
	if (!v->initialized)
		return NULL;
	if (intid < VGIC_NR_PRIVATE)
		return cpu < v->num_cpus ? &v->cpus[cpu].private[intid] : NULL;
	if (intid - VGIC_NR_PRIVATE < v->num_spis)
		return &v->spis[intid - VGIC_NR_PRIVATE];
	if (intid >= VGIC_MIN_LPI && intid - VGIC_MIN_LPI < v->lpi_top)
		return v->lpis[intid - VGIC_MIN_LPI];
	return NULL;
}

struct vgic_irq *vgic_irq_known(struct vgic *v, unsigned int cpu, unsigned int intid)
{
	struct vgic_irq *irq = vgic_irq(v, cpu, intid);

	lock_assert_held(&v->lock);
	if (!irq)
		abort(); /* the caller has checked its number, and it never goes away */
	return irq;
}

bool vgic_irq_pending(const struct vgic_irq *irq)
{
	return irq->latch || (!irq->edge && irq->line);
}

/* The vCPU that the interrupt concerns, from its state alone. */
static int irq_home(const struct vgic *v, const struct vgic_irq *irq)
{
	if (irq->active)
		return irq->home != VGIC_NO_VCPU ? irq->home : irq->target;
	if (irq->enabled && vgic_irq_pending(irq) && v->enabled)
		return irq->target;
	return VGIC_NO_VCPU;
}

static void unlist(struct vgic_irq *irq)
{
	*irq->link = irq->next;
	if (irq->next)
		irq->next->link = irq->link;
}

static void enlist(struct vgic_irq **list, struct vgic_irq *irq)
{
	irq->next = *list;
	irq->link = list;
	if (irq->next)
		irq->next->link = &irq->next;
	*list = irq;
}

int vgic_irq_move(struct vgic *v, struct vgic_irq *irq)
{
	int home = irq_home(v, irq);

	lock_assert_held(&v->lock);
	if (irq->in_lr || home == irq->home)
		return home;
	if (irq->home != VGIC_NO_VCPU)
		unlist(irq);
	if (home != VGIC_NO_VCPU)
		enlist(&v->cpus[home].list, irq);
	irq->home = home;
	return home;
}

void vgic_irq_update(struct vgic *v, struct vgic_irq *irq)
{
	int home = vgic_irq_move(v, irq);

	/* Also when it was listed already: an edge that came while the last one was in a list
	 * register has no maintenance interrupt that would bring the vCPU out. */
	if (home != VGIC_NO_VCPU)
		v->owner.kick(v->owner.arg, home);
}

void vgic_update_all(struct vgic *v)
{
	for (unsigned int i = 0; i < v->num_cpus; i++)
		for (unsigned int n = 0; n < VGIC_NR_PRIVATE; n++)
			vgic_irq_update(v, &v->cpus[i].private[n]);
	for (unsigned int n = 0; n < v->num_spis; n++)
		vgic_irq_update(v, &v->spis[n]);
	for (unsigned int n = 0; n < v->lpi_top; n++)
		if (v->lpis[n])
			vgic_irq_update(v, v->lpis[n]);
}

int vgic_cpu_by_mpidr(const struct vgic *v, uint64_t mpidr)
{
	/* Aff3 does not exist for vCPUs. */
	for (unsigned int i = 0; i < v->num_cpus; i++)
		if ((v->cpus[i].mpidr & MASK(23, 0)) == (mpidr & MASK(23, 0)))
			return i;
	return VGIC_NO_VCPU;
}

int vgic_cpu_by_number(const struct vgic *v, uint64_t number)
{
	/* The ITS may ask before. */
	for (unsigned int i = 0; vgic_initialized(v) && i < v->num_cpus; i++)
		if (vgic_processor_number(v->cpus[i].mpidr) == number)
			return i;
	return VGIC_NO_VCPU;
}

static bool any_in_guest(const struct vgic *v)
{
	for (unsigned int i = 0; i < v->num_cpus; i++)
		if (v->cpus[i].in_guest)
			return true;
	return false;
}

void vgic_halt(struct vgic *v)
{
	lock_assert_held(&v->lock);
	v->halting++;
	for (unsigned int i = 0; i < v->num_cpus; i++)
		if (v->cpus[i].in_guest)
			v->owner.kick(v->owner.arg, i);
	while (any_in_guest(v))
		lock_wait(&v->lock, &v->synced);
}

void vgic_resume(struct vgic *v)
{
	lock_assert_held(&v->lock);
	if (!--v->halting)
		pthread_cond_broadcast(&v->resumed);
}

int vgic_create(const struct vgic_owner *owner, struct vgic **out)
{
	struct vgic *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->owner = *owner;
	v->owner.num_lrs = MIN(owner->num_lrs, VGIC_MAX_LRS);
	v->dist_base = VGIC_UNDEF;
	lock_init(&v->its_lock, RANK_ITS, "vgic->its_lock");
	lock_init(&v->lock, RANK_VGIC, "vgic->lock");
	pthread_cond_init(&v->synced, NULL);
	pthread_cond_init(&v->resumed, NULL);
	*out = v;
	return 0;
}

void vgic_destroy(struct vgic *v)
{
	if (!v)
		return;
	its_destroy_all(v);
	free(v->lpis);
	pthread_cond_destroy(&v->resumed);
	pthread_cond_destroy(&v->synced);
	lock_destroy(&v->lock);
	lock_destroy(&v->its_lock);
	free(v);
}

static void init_irq(struct vgic_irq *irq, unsigned int intid, int target)
{
	*irq = (struct vgic_irq){
		.intid = intid,
		.target = target,
		.home = VGIC_NO_VCPU,
		.edge = intid < VGIC_NR_SGIS,
		.enabled = intid < VGIC_NR_SGIS,
		.group1 = true,
	};
}

static void init_cpu(struct vgic_cpu *c, unsigned int index, uint64_t mpidr)
{
	c->mpidr = mpidr;
	for (unsigned int n = 0; n < VGIC_NR_PRIVATE; n++) {
		init_irq(&c->private[n], n, index);
		c->private[n].mpidr = mpidr & MASK(23, 0);
	}
	vgic_icc_reset(c);
}

void vgic_init(struct vgic *v)
{
	unsigned int num_cpus = v->owner.num_vcpus(v->owner.arg);
	uint64_t mpidr[VGIC_MAX_VCPUS];

	num_cpus = MIN(num_cpus, VGIC_MAX_VCPUS);
	for (unsigned int i = 0; i < num_cpus; i++)
		mpidr[i] = v->owner.mpidr(v->owner.arg, i);
	lock_take(&v->lock);
	if (!v->initialized) {
		v->num_cpus = num_cpus;
		for (unsigned int i = 0; i < num_cpus; i++)
			init_cpu(&v->cpus[i], i, mpidr[i]);
		if (!v->num_spis)
			v->num_spis = VGIC_DEFAULT_SPIS;
		for (unsigned int n = 0; n < v->num_spis; n++)
			init_irq(&v->spis[n], n + VGIC_NR_PRIVATE, num_cpus ? 0 : VGIC_NO_VCPU);
		if (!v->revision)
			v->revision = VGIC_REV_LATEST;
		__atomic_store_n(&v->initialized, true, __ATOMIC_RELEASE);
	}
	lock_drop(&v->lock);
}

bool vgic_initialized(const struct vgic *v)
{
	return __atomic_load_n(&v->initialized, __ATOMIC_ACQUIRE);
}

unsigned int vgic_num_spis(const struct vgic *v)
{
	return vgic_initialized(v) ? v->num_spis : 0;
}

bool vgic_set_line(struct vgic *v, unsigned int vcpu, unsigned int intid, bool level)
{
	struct vgic_irq *irq;

	lock_take(&v->lock);
	irq = vgic_irq(v, vcpu, intid);
	if (irq && irq->edge && level) {
		irq->latch = true;
		vgic_irq_update(v, irq);
	} else if (irq && !irq->edge && irq->line != level) {
		irq->line = level;
		vgic_irq_update(v, irq);
	}
	lock_drop(&v->lock);
	return irq;
}

bool vgic_set_owner(struct vgic *v, unsigned int vcpu, unsigned int intid, const void *device)
{
	struct vgic_irq *irq;
	bool ok;

	lock_take(&v->lock);
	irq = intid >= VGIC_NR_SGIS ? vgic_irq(v, vcpu, intid) : NULL;
	ok = irq && (!irq->owner || irq->owner == device);
	if (ok)
		irq->owner = device;
	lock_drop(&v->lock);
	return ok;
}

bool vgic_is_owned(struct vgic *v, unsigned int vcpu, unsigned int intid)
{
	const struct vgic_irq *irq;
	bool owned;

	lock_take(&v->lock);
	irq = vgic_irq(v, vcpu, intid);
	owned = irq && irq->owner;
	lock_drop(&v->lock);
	return owned;
}

void vgic_set_eoi_notifier(struct vgic *v, void (*eoi)(void *arg, unsigned int intid), void *arg)
{
	lock_take(&v->lock);
	v->eoi = eoi;
	v->eoi_arg = arg;
	lock_drop(&v->lock);
}
