// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_addr.c - where the GIC's frames are: the distributor's base, the redistributor regions, and
 * which vCPU's redistributor lies where.
 *
 * vCPU n gets the n-th place of all regions in the order of their indices. A region that was set
 * by its base alone (count 0) is the only one and has as many places as there are vCPUs.
 */
#include "kvm/irq/vgic_internal.h"

#define FRAME_ALIGN UINT64_C(0x10000)
#define RDIST_INDEX MASK(7, 0) /* as an 8-bit variable holds it: bits 11:8 are lost */
#define RDIST_FLAGS MASK(15, 12)
#define RDIST_BASE  MASK(51, 16)
#define RDIST_COUNT MASK(63, 52)

static uint64_t region_size(const struct vgic_region *r, unsigned int num_cpus)
{
	return (r->count ? r->count : num_cpus) * (uint64_t)KVM_VGIC_V3_REDIST_SIZE;
}

static bool overlap(uint64_t a, uint64_t asize, uint64_t b, uint64_t bsize)
{
	return a + asize > b && a < b + bsize;
}

static bool overlaps_region(const struct vgic *v, uint64_t base, uint64_t size,
			    unsigned int num_cpus)
{
	for (unsigned int i = 0; i < v->num_regions; i++)
		if (overlap(base, size, v->regions[i].base, region_size(&v->regions[i], num_cpus)))
			return true;
	return false;
}

result vgic_check_range(const struct vgic *v, uint64_t base, uint64_t size)
{
	if (!IS_ALIGNED(base, FRAME_ALIGN) || !IS_ALIGNED(size, FRAME_ALIGN))
		return &rule_kvm_vgic_addr_align;
	if (base + size < base)
		return &rule_kvm_vgic_addr_wrap;
	if (base >= BIT(v->owner.ipa_bits) || base + size > BIT(v->owner.ipa_bits))
		return &rule_kvm_vgic_addr_ipa;
	return OK;
}

/* All that is set lies inside the IPA space and apart from each other. */
static bool bases_fit(const struct vgic *v, unsigned int num_cpus)
{
	for (unsigned int i = 0; i < v->num_regions; i++) {
		const struct vgic_region *r = &v->regions[i];

		if (vgic_check_range(v, r->base, region_size(r, num_cpus)))
			return false;
	}
	return v->dist_base == VGIC_UNDEF ||
	       !overlaps_region(v, v->dist_base, KVM_VGIC_V3_DIST_SIZE, num_cpus);
}

uint64_t vgic_redist_base(const struct vgic *v, unsigned int cpu, unsigned int num_cpus)
{
	for (unsigned int i = 0; i < v->num_regions; i++) {
		uint32_t places = v->regions[i].count ? v->regions[i].count : num_cpus;

		if (cpu < places)
			return v->regions[i].base + cpu * (uint64_t)KVM_VGIC_V3_REDIST_SIZE;
		cpu -= places;
	}
	return VGIC_UNDEF;
}

/* The last of its region, and no redistributor follows at once in another region. One that has no
 * place yet is none. */
bool vgic_redist_is_last(const struct vgic *v, unsigned int cpu)
{
	uint64_t base = vgic_redist_base(v, cpu, v->num_cpus);
	uint64_t end = base + KVM_VGIC_V3_REDIST_SIZE;

	if (base == VGIC_UNDEF)
		return false;
	for (unsigned int i = 0; i < v->num_cpus; i++)
		if (vgic_redist_base(v, i, v->num_cpus) == end)
			return false;
	return true;
}

static result check_region(const struct vgic *v, unsigned int index, uint64_t base, uint32_t count,
			   unsigned int num_cpus)
{
	/* One that is set by its base alone holds the vCPUs that there are now. */
	uint64_t size = (count ? count : num_cpus) * (uint64_t)KVM_VGIC_V3_REDIST_SIZE;

	if (base + size < base)
		return &rule_kvm_vgic_addr_wrap;
	if (v->num_regions && !count != !v->regions[0].count)
		return &rule_kvm_vgic_region_mixed;
	if (v->num_regions && !count)
		return &rule_kvm_vgic_addr_set;
	if (index != v->num_regions)
		return &rule_kvm_vgic_region_index;
	/* A region with a count is compared with the distributor when vCPUs are placed in it. */
	if (!count && v->dist_base != VGIC_UNDEF &&
	    overlap(base, size, v->dist_base, KVM_VGIC_V3_DIST_SIZE))
		return &rule_kvm_vgic_region_overlap;
	if (overlaps_region(v, base, size, num_cpus))
		return &rule_kvm_vgic_region_overlap;
	return vgic_check_range(v, base, size);
}

/* Some vCPU finds its place only in the last region. */
static bool last_region_used(const struct vgic *v, unsigned int num_cpus)
{
	uint64_t before = 0;

	for (unsigned int i = 0; i + 1 < v->num_regions; i++)
		before += v->regions[i].count;
	return num_cpus > before;
}

static result add_region(struct vgic *v, unsigned int index, uint64_t base, uint32_t count,
			 unsigned int num_cpus)
{
	result r = check_region(v, index, base, count, num_cpus);

	if (r)
		return r;
	v->regions[v->num_regions++] = (struct vgic_region){base, count};
	if (last_region_used(v, num_cpus) && !bases_fit(v, num_cpus)) {
		v->num_regions--;
		return &rule_kvm_vgic_region_fit;
	}
	return OK;
}

static result set_dist(struct vgic *v, uint64_t base)
{
	result r;

	if (v->dist_base != VGIC_UNDEF)
		return &rule_kvm_vgic_addr_set;
	r = vgic_check_range(v, base, KVM_VGIC_V3_DIST_SIZE);
	if (!r)
		v->dist_base = base;
	return r;
}

result vgic_addr_set(struct vgic *v, uint64_t type, uint64_t value)
{
	unsigned int num_cpus = v->owner.num_vcpus(v->owner.arg);
	result r;

	lock_take(&v->lock);
	if (type == KVM_VGIC_V3_ADDR_TYPE_DIST)
		r = set_dist(v, value);
	else if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST)
		r = add_region(v, 0, value, 0, num_cpus);
	else if (!(value & RDIST_COUNT) || (value & RDIST_FLAGS))
		r = &rule_kvm_vgic_region_count;
	else
		r = add_region(v, value & RDIST_INDEX, value & RDIST_BASE,
			       FIELD_GET(RDIST_COUNT, value), num_cpus);
	lock_drop(&v->lock);
	return r;
}

result vgic_addr_get(struct vgic *v, uint64_t type, uint64_t *value)
{
	unsigned int index = *value & RDIST_INDEX;
	result r = OK;

	lock_take(&v->lock);
	if (type == KVM_VGIC_V3_ADDR_TYPE_DIST)
		*value = v->dist_base;
	else if (type == KVM_VGIC_V3_ADDR_TYPE_REDIST)
		*value = v->num_regions ? v->regions[0].base : VGIC_UNDEF;
	else if (index >= v->num_regions)
		r = &rule_kvm_vgic_region_unknown;
	else
		*value = index | v->regions[index].base |
			 FIELD_PUT(RDIST_COUNT, v->regions[index].count);
	lock_drop(&v->lock);
	return r;
}

result vgic_vcpu_created(struct vgic *v, unsigned int num_cpus)
{
	result r = OK;

	lock_take(&v->lock);
	/* As in the kernel, the new one does not count yet: the first KVM_RUN looks again. */
	if (num_cpus > 1 && vgic_redist_base(v, num_cpus - 1, num_cpus) != VGIC_UNDEF &&
	    !bases_fit(v, num_cpus - 1))
		r = &rule_kvm_vgic_region_fit;
	lock_drop(&v->lock);
	return r;
}

result vgic_map_resources(struct vgic *v)
{
	unsigned int num_cpus = v->owner.num_vcpus(v->owner.arg);
	result r = OK;

	lock_take(&v->lock);
	if (v->ready)
		r = OK;
	else if (num_cpus && vgic_redist_base(v, num_cpus - 1, num_cpus) == VGIC_UNDEF)
		r = &rule_kvm_vgic_run_redist;
	else if (v->dist_base == VGIC_UNDEF)
		r = &rule_kvm_vgic_run_dist;
	else if (!bases_fit(v, num_cpus))
		r = &rule_kvm_vgic_run_overlap;
	else if (!v->initialized)
		r = &rule_kvm_vgic_run_uninit;
	else
		v->ready = true;
	lock_drop(&v->lock);
	return r;
}
