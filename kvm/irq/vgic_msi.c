// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_msi.c - MSIs on their way to an LPI, and the cache of translations.
 *
 * A hit in the cache takes the vGIC's lock only, so that an MSI does not wait behind commands that
 * read guest memory. The cache is emptied whenever an entry, a device or a collection is unmapped
 * or moved, an ITS or a redistributor's LPIs are disabled; so what it holds needs no other check.
 */
#include <string.h>

#include "kvm/irq/its_internal.h"

static struct vgic_translation *slot(struct vgic *v, const struct its *its, uint32_t devid,
				     uint32_t eventid)
{
	uint64_t h = ((uint64_t)devid << 32 | eventid) ^ (uintptr_t)its >> 4;

	return &v->cache[(h * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (VGIC_CACHE_SIZE - 1)];
}

void vgic_cache_clear(struct vgic *v)
{
	lock_assert_held(&v->lock);
	if (v->cached)
		memset(v->cache, 0, sizeof(v->cache));
	v->cached = false;
}

void vgic_cache_add(struct vgic *v, const struct vgic_translation *t)
{
	*slot(v, t->its, t->devid, t->eventid) = *t;
	v->cached = true;
}

static void make_pending(struct vgic *v, struct vgic_irq *lpi)
{
	lpi->latch = true;
	vgic_irq_update(v, lpi);
}

/* Lock held. */
static bool inject_cached(struct vgic *v, const struct its *its, uint32_t devid, uint32_t eventid)
{
	const struct vgic_translation *t = slot(v, its, devid, eventid);

	if (!t->lpi || t->its != its || t->devid != devid || t->eventid != eventid)
		return false;
	make_pending(v, t->lpi);
	return true;
}

bool vgic_has_its(struct vgic *v)
{
	bool has;

	lock_take(&v->lock);
	has = v->itses;
	lock_drop(&v->lock);
	return has;
}

result vgic_msi(struct vgic *v, const struct kvm_msi *m, bool *delivered)
{
	uint64_t doorbell = (uint64_t)m->address_hi << 32 | m->address_lo;
	struct its *its;
	bool none;
	result r;

	*delivered = false;
	lock_take(&v->lock);
	none = !v->itses;
	its = its_at(v, doorbell);
	if (its && (m->flags & KVM_MSI_VALID_DEVID))
		*delivered = inject_cached(v, its, m->devid, m->data);
	lock_drop(&v->lock);
	if (*delivered)
		return OK;
	if (none)
		return &rule_kvm_msi_no_its;
	if (!(m->flags & KVM_MSI_VALID_DEVID))
		return &rule_kvm_msi_devid;
	if (!its)
		return &rule_kvm_msi_doorbell;
	lock_take(&v->its_lock);
	r = its_inject(its, m->devid, m->data, delivered);
	lock_drop(&v->its_lock);
	return r;
}

result its_inject(struct its *its, uint32_t devid, uint32_t eventid, bool *delivered)
{
	struct vgic *v = its->v;
	const struct its_ite *ite;
	result r = OK;
	int cpu;

	*delivered = false;
	if (!its->enabled)
		return &rule_kvm_msi_its_disabled;
	ite = its_ite_find(its, devid, eventid);
	cpu = ite ? its_collection_cpu(its, ite->collection) : VGIC_NO_VCPU;
	if (cpu == VGIC_NO_VCPU)
		return OK;
	lock_take(&v->lock);
	if (!v->cpus[cpu].lpis_enabled) {
		r = &rule_kvm_msi_lpis_disabled;
	} else {
		vgic_cache_add(v, &(struct vgic_translation){its, devid, eventid, ite->lpi});
		make_pending(v, ite->lpi);
		*delivered = true;
	}
	lock_drop(&v->lock);
	return r;
}
