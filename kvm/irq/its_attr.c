// SPDX-License-Identifier: BSD-3-Clause
/*
 * its_attr.c - the device attributes of KVM_DEV_TYPE_ARM_VGIC_ITS: address, control, registers.
 * Order of checks as Linux's vgic-its.c.
 */
#include "kvm/irq/its_internal.h"

#define REG_TYPER 0x0008
#define REG_PIDR4 0xffd0

/* ---- ADDR ---- */

static result set_addr(struct its *its, uint64_t base)
{
	struct vgic *v = its->v;
	result r;

	lock_take(&v->its_lock);
	if (its->base != VGIC_UNDEF)
		r = &rule_kvm_vgic_addr_set;
	else
		r = vgic_check_range(v, base, ITS_FRAME_SIZE);
	if (!r) {
		lock_take(&v->lock);
		its->base = base;
		lock_drop(&v->lock);
	}
	lock_drop(&v->its_lock);
	return r;
}

static uint64_t get_addr(struct its *its)
{
	uint64_t base;

	lock_take(&its->v->its_lock);
	base = its->base;
	lock_drop(&its->v->its_lock);
	return base;
}

static result attr_addr(struct its *its, struct kvm_caller *c, const struct kvm_device_attr *attr,
			bool set)
{
	uint64_t val;
	result r;

	if (attr->attr != KVM_VGIC_ITS_ADDR_TYPE)
		return &rule_kvm_its_addr_type;
	if (!set) {
		val = get_addr(its);
		return vgic_put(c, attr->addr, &val, sizeof(val));
	}
	r = vgic_get(c, attr->addr, &val, sizeof(val));
	return r ? r : set_addr(its, val);
}

/* ---- CTRL ---- */

static result control(struct its *its, uint64_t what)
{
	switch (what) {
	case KVM_DEV_ARM_ITS_CTRL_RESET:
		its_reset(its);
		return OK;
	case KVM_DEV_ARM_ITS_SAVE_TABLES:
		return its_save_tables(its);
	case KVM_DEV_ARM_ITS_RESTORE_TABLES:
		return its_restore_tables(its);
	default:
		return &rule_kvm_vgic_attr_unknown;
	}
}

static result attr_control(struct its *its, uint64_t what)
{
	result r;

	if (what == KVM_DEV_ARM_VGIC_CTRL_INIT) /* nothing is left to do */
		return OK;
	if (!vgic_lock_vcpus(its->v))
		return &rule_kvm_vgic_attr_running;
	lock_take(&its->v->its_lock);
	r = control(its, what);
	lock_drop(&its->v->its_lock);
	vgic_unlock_vcpus(its->v);
	return r;
}

/* ---- ITS_REGS ---- */

/* Registers of 64 bits are accessed as a whole. */
static bool reg_aligned(uint64_t offset)
{
	return IS_ALIGNED(offset, offset < REG_TYPER || offset >= REG_PIDR4 ? 4 : 8);
}

static result access_reg(struct its *its, uint64_t offset, bool set, uint64_t *val)
{
	const struct its_reg *reg = its_reg_find(offset);
	result r;

	if (!reg_aligned(offset))
		return &rule_kvm_its_reg_align;
	if (get_addr(its) == VGIC_UNDEF)
		return &rule_kvm_its_no_address;
	if (!reg)
		return &rule_kvm_its_reg_unknown;
	if (!vgic_lock_vcpus(its->v))
		return &rule_kvm_vgic_attr_running;
	lock_take(&its->v->its_lock);
	r = its_reg_access(its, reg, offset, set, val);
	lock_drop(&its->v->its_lock);
	vgic_unlock_vcpus(its->v);
	return r;
}

static result attr_reg(struct its *its, struct kvm_caller *c, const struct kvm_device_attr *attr,
		       bool set)
{
	uint64_t val = 0;
	result r = set ? vgic_get(c, attr->addr, &val, sizeof(val)) : OK;

	if (!r)
		r = access_reg(its, attr->attr, set, &val);
	return r || set ? r : vgic_put(c, attr->addr, &val, sizeof(val));
}

static result has_reg(uint64_t offset)
{
	if (!reg_aligned(offset))
		return &rule_kvm_its_reg_align;
	return its_reg_find(offset) ? OK : &rule_kvm_its_reg_unknown;
}

/* ---- */

result its_set_attr(struct its *its, struct kvm_caller *c, const struct kvm_device_attr *attr)
{
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return attr_addr(its, c, attr, true);
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		return attr_control(its, attr->attr);
	case KVM_DEV_ARM_VGIC_GRP_ITS_REGS:
		return attr_reg(its, c, attr, true);
	default:
		return &rule_kvm_vgic_attr_unknown;
	}
}

result its_get_attr(struct its *its, struct kvm_caller *c, const struct kvm_device_attr *attr)
{
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return attr_addr(its, c, attr, false);
	case KVM_DEV_ARM_VGIC_GRP_ITS_REGS:
		return attr_reg(its, c, attr, false);
	default:
		return &rule_kvm_vgic_attr_unknown;
	}
}

result its_has_attr(struct its *its, const struct kvm_device_attr *attr)
{
	bool has = false;

	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		has = attr->attr == KVM_VGIC_ITS_ADDR_TYPE;
		break;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		has = attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ||
		      attr->attr == KVM_DEV_ARM_ITS_CTRL_RESET ||
		      attr->attr == KVM_DEV_ARM_ITS_SAVE_TABLES ||
		      attr->attr == KVM_DEV_ARM_ITS_RESTORE_TABLES;
		break;
	case KVM_DEV_ARM_VGIC_GRP_ITS_REGS:
		return has_reg(attr->attr);
	}
	return has ? OK : &rule_kvm_vgic_attr_unknown;
}
