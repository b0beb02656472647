// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_mmio.c - from an address to a register: the guest's MMIO accesses, and user space's access
 * to the same registers by attribute.
 *
 * What is no register, has not this width, is unaligned, or belongs to interrupts that do not
 * exist reads as zero and ignores writes. In the distributor the fields of private interrupts are
 * such: they live in the redistributors.
 */
#include "kvm/irq/its_internal.h"

static const struct vgic_reg *find_reg(enum vgic_frame f, uint32_t offset)
{
	const struct vgic_reg *r = f == VGIC_FRAME_DIST ? vgic_dist_regs : vgic_redist_regs;
	unsigned int n = f == VGIC_FRAME_DIST ? vgic_num_dist_regs : vgic_num_redist_regs;

	for (; n--; r++)
		if (offset >= r->offset && offset - r->offset < r->len)
			return r;
	return NULL;
}

/* The register that the access is for, and the interrupts in it; NULL: none. */
static const struct vgic_reg *resolve(struct vgic_access *a, enum vgic_frame f)
{
	const struct vgic_reg *r = find_reg(f, a->offset);

	if (!r || !(r->widths & a->len) || !IS_ALIGNED(a->offset, a->len))
		return NULL;
	if (!r->bits)
		return r;
	a->intid = (a->offset - r->offset) * 8 / r->bits;
	a->count = MAX(a->len * 8 / r->bits, 1);
	return a->intid < a->v->num_spis + VGIC_NR_PRIVATE ? r : NULL;
}

static bool is_private_in_dist(enum vgic_frame f, const struct vgic_reg *r,
			       const struct vgic_access *a)
{
	return f == VGIC_FRAME_DIST && r->bits && a->intid < VGIC_NR_PRIVATE;
}

static void access_guest(struct vgic_access *a, enum vgic_frame f, bool is_write, uint64_t *val)
{
	const struct vgic_reg *r = resolve(a, f);

	lock_assert_held(&a->v->lock);
	if (r && is_private_in_dist(f, r, a))
		r = NULL;
	if (is_write && r)
		r->write(a, *val & MASK(a->len * 8 - 1, 0));
	else if (!is_write)
		*val = r ? r->read(a) : 0;
}

bool vgic_mmio(struct vgic *v, unsigned int vcpu, uint64_t ipa, bool is_write, unsigned int len,
	       uint64_t *val)
{
	struct vgic_access a = {.v = v, .cpu = vcpu, .len = len};
	enum vgic_frame f = VGIC_FRAME_DIST;
	struct its *its = NULL;
	bool found;

	if (!len || len > 8)
		return false;
	lock_take(&v->lock);
	found = v->ready && ipa >= v->dist_base &&
		ipa - v->dist_base <= KVM_VGIC_V3_DIST_SIZE - len;
	if (found)
		a.offset = ipa - v->dist_base;
	for (unsigned int i = 0; v->ready && !found && i < v->num_cpus; i++) {
		uint64_t base = vgic_redist_base(v, i, v->num_cpus);

		if (ipa < base || ipa - base > KVM_VGIC_V3_REDIST_SIZE - len)
			continue;
		found = true;
		f = VGIC_FRAME_REDIST;
		a.cpu = i;
		a.offset = ipa - base;
	}
	if (found)
		access_guest(&a, f, is_write, val);
	else
		its = its_at(v, ipa);
	lock_drop(&v->lock);
	vgic_lpi_after(&a);
	if (its)
		its_mmio(its, ipa, is_write, len, val);
	return found || its;
}

bool vgic_uaccess_exists(struct vgic *v, enum vgic_frame f, uint32_t offset)
{
	struct vgic_access a = {.v = v, .offset = offset, .len = 4};

	return resolve(&a, f);
}

result vgic_uaccess(struct vgic_access *a, enum vgic_frame f, bool is_write, uint32_t *val)
{
	const struct vgic_reg *r = resolve(a, f);

	if (!r || is_private_in_dist(f, r, a)) {
		if (!is_write)
			*val = 0;
		return OK;
	}
	if (is_write && r->uwrite)
		return r->uwrite(a, *val);
	if (is_write)
		r->write(a, *val);
	else
		*val = r->uread ? r->uread(a) : r->read(a);
	return OK;
}

uint64_t vgic_read_id(struct vgic_access *a)
{
	return (a->offset & 0xffff) == 0xffe8 ? 0x3b : 0; /* PIDR2: architecture revision 3 */
}
