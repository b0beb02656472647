// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_attr.c - the device attributes of KVM_DEV_TYPE_ARM_VGIC_V3 by group, but registers
 * (vgic_uaccess.c). Order of checks as Linux's vgic-kvm-device.c.
 */
#include "kvm/irq/vgic_internal.h"

#define MAX_IRQS 1023 /* so that 992 is the most that a multiple of 32 can be */

/* ---- ADDR ---- */
static bool addr_type_known(uint64_t type)
{
	return type == KVM_VGIC_V3_ADDR_TYPE_DIST || type == KVM_VGIC_V3_ADDR_TYPE_REDIST ||
	       type == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION;
}

static result attr_addr(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr,
			bool set)
{
	uint64_t val;
	result r;

	/* A region is asked for by its index, which is read from the same place. */
	if (set || attr->attr == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION) {
		r = vgic_get(c, attr->addr, &val, sizeof(val));
		if (r)
			return r;
	}
	if (!addr_type_known(attr->attr))
		return &rule_kvm_vgic_attr_unknown;
	if (set)
		return vgic_addr_set(v, attr->attr, val);
	r = vgic_addr_get(v, attr->attr, &val);
	return r ? r : vgic_put(c, attr->addr, &val, sizeof(val));
}

/* ---- NR_IRQS ---- */
static result set_nr_irqs(struct vgic *v, struct kvm_caller *c, uint64_t uaddr)
{
	uint32_t val;
	result r = vgic_get(c, uaddr, &val, sizeof(val));

	if (r)
		return r;
	if (val < VGIC_NR_PRIVATE + 32 || val > MAX_IRQS || val % 32)
		return &rule_kvm_vgic_nr_irqs_value;
	lock_take(&v->lock);
	if (v->num_spis)
		r = &rule_kvm_vgic_nr_irqs_set;
	else
		v->num_spis = val - VGIC_NR_PRIVATE;
	lock_drop(&v->lock);
	return r;
}

static result get_nr_irqs(struct vgic *v, struct kvm_caller *c, uint64_t uaddr)
{
	uint32_t val;

	lock_take(&v->lock);
	val = v->num_spis + VGIC_NR_PRIVATE;
	lock_drop(&v->lock);
	return vgic_put(c, uaddr, &val, sizeof(val));
}

/* ---- MAINT_IRQ: matters to nested guests only, but may be set by anybody ---- */
static result set_maint_irq(struct vgic *v, struct kvm_caller *c, uint64_t uaddr)
{
	uint32_t val;
	result r = vgic_get(c, uaddr, &val, sizeof(val));

	if (r)
		return r;
	lock_take(&v->lock);
	if (v->initialized)
		r = &rule_kvm_vgic_maint_irq_late;
	else if (val < VGIC_NR_SGIS || val >= VGIC_NR_PRIVATE)
		r = &rule_kvm_vgic_maint_irq_value;
	else
		v->maint_irq = val;
	lock_drop(&v->lock);
	return r;
}

static result get_maint_irq(struct vgic *v, struct kvm_caller *c, uint64_t uaddr)
{
	uint32_t val;

	lock_take(&v->lock);
	val = v->maint_irq;
	lock_drop(&v->lock);
	return vgic_put(c, uaddr, &val, sizeof(val));
}

/* ---- CTRL ---- */
static result ctrl_save_pending(struct vgic *v)
{
	result r = &rule_kvm_vgic_save_uninit;

	if (!vgic_lock_vcpus(v))
		return &rule_kvm_vgic_attr_running;
	if (vgic_initialized(v))
		r = vgic_lpi_save_pending(v);
	vgic_unlock_vcpus(v);
	return r;
}

result vgic_set_attr(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr)
{
	if (vgic_is_reg_group(attr->group))
		return vgic_attr_regs(v, c, attr, true);
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return attr_addr(v, c, attr, true);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return set_nr_irqs(v, c, attr->addr);
	case KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ:
		return set_maint_irq(v, c, attr->addr);
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		if (attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT) {
			vgic_init(v);
			return OK;
		}
		if (attr->attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES)
			return ctrl_save_pending(v);
	}
	return &rule_kvm_vgic_attr_unknown;
}

result vgic_get_attr(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr)
{
	if (vgic_is_reg_group(attr->group))
		return vgic_attr_regs(v, c, attr, false);
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return attr_addr(v, c, attr, false);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return get_nr_irqs(v, c, attr->addr);
	case KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ:
		return get_maint_irq(v, c, attr->addr);
	}
	return &rule_kvm_vgic_attr_unknown;
}

result vgic_has_attr(struct vgic *v, const struct kvm_device_attr *attr)
{
	bool has = false;

	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		has = addr_type_known(attr->attr);
		break;
	case KVM_DEV_ARM_VGIC_GRP_DIST_REGS:
	case KVM_DEV_ARM_VGIC_GRP_REDIST_REGS:
	case KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS:
		return vgic_has_regs(v, attr);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
	case KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ:
		has = true;
		break;
	case KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO:
		has = !(attr->attr & VGIC_LEVEL_INFO);
		break;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		has = attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ||
		      attr->attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES;
		break;
	}
	return has ? OK : &rule_kvm_vgic_attr_unknown;
}
