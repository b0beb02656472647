// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_uaccess.c - GIC registers as device attributes: DIST_REGS, REDIST_REGS, LEVEL_INFO (32 bits
 * each) and CPU_SYSREGS (64 bits). Order of checks as Linux's vgic-kvm-device.c.
 */
#include "kvm/irq/vgic_internal.h"

#define ATTR_MPIDR  MASK(63, 32)
#define ATTR_OFFSET MASK(31, 0)
#define ATTR_SYSREG MASK(15, 0)
#define GICD_IIDR   0x8
#define GICD_TYPER2 0xc

result vgic_put(struct kvm_caller *c, uint64_t uaddr, const void *val, size_t len)
{
	return c->ops->write(c, uaddr, val, len) ? &rule_kvm_vgic_attr_fault : OK;
}

result vgic_get(struct kvm_caller *c, uint64_t uaddr, void *val, size_t len)
{
	return c->ops->read(c, val, uaddr, len) ? &rule_kvm_vgic_attr_fault : OK;
}

bool vgic_lock_vcpus(struct vgic *v)
{
	return !v->owner.lock_vcpus || v->owner.lock_vcpus(v->owner.arg);
}

void vgic_unlock_vcpus(struct vgic *v)
{
	if (v->owner.unlock_vcpus)
		v->owner.unlock_vcpus(v->owner.arg);
}

bool vgic_is_reg_group(uint32_t group)
{
	return group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS ||
	       group == KVM_DEV_ARM_VGIC_GRP_REDIST_REGS ||
	       group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS ||
	       group == KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO;
}

/* The vCPU that the attribute is about: by affinity, or 0 for the distributor; -1: none. */
static int attr_vcpu(struct vgic *v, const struct kvm_device_attr *attr)
{
	unsigned int n = MIN(v->owner.num_vcpus(v->owner.arg), VGIC_MAX_VCPUS);
	uint64_t mpidr = FIELD_GET(ATTR_MPIDR, attr->attr);

	if (attr->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS)
		return n ? 0 : -1;
	/* The attribute has Aff3 in its top byte; no vCPU has one. */
	for (unsigned int i = 0; i < n; i++)
		if ((v->owner.mpidr(v->owner.arg, i) & MASK(23, 0)) == mpidr)
			return i;
	return -1;
}

static bool allowed_before_init(const struct kvm_device_attr *attr)
{
	uint64_t offset = attr->attr & ATTR_OFFSET;

	return attr->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS &&
	       (offset == GICD_IIDR || offset == GICD_TYPER2);
}

/* False: the vCPU was created while CTRL_INIT was under way, and missed it. */
static bool has_redist(struct vgic *v, const struct kvm_device_attr *attr, unsigned int cpu)
{
	return attr->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS || cpu < v->num_cpus;
}

static result access_level_info(struct vgic *v, unsigned int cpu, uint64_t attr, bool set,
				uint32_t *val)
{
	unsigned int intid = attr & VGIC_LEVEL_INTID;

	if (attr & VGIC_LEVEL_INFO || intid % 32)
		return &rule_kvm_vgic_level_info;
	if (set)
		vgic_write_lines(v, cpu, intid, *val);
	else
		*val = vgic_read_lines(v, cpu, intid);
	return OK;
}

static result access_sysreg(struct vgic *v, struct kvm_caller *c, unsigned int cpu,
			    const struct kvm_device_attr *attr, bool set)
{
	uint64_t id = attr->attr & ATTR_SYSREG;
	uint64_t val = 0;
	result r;

	if (set && (r = vgic_get(c, attr->addr, &val, sizeof(val))))
		return r;
	lock_take(&v->lock);
	r = set ? vgic_icc_set(&v->cpus[cpu], id, val) : vgic_icc_get(&v->cpus[cpu], id, &val);
	lock_drop(&v->lock);
	return r || set ? r : vgic_put(c, attr->addr, &val, sizeof(val));
}

static result access_reg(struct vgic *v, unsigned int cpu, const struct kvm_device_attr *attr,
			 bool set, uint32_t *val)
{
	struct vgic_access a = {.v = v, .cpu = cpu, .offset = attr->attr & ATTR_OFFSET, .len = 4};
	result r;

	lock_take(&v->lock);
	if (attr->group == KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO)
		r = access_level_info(v, cpu, attr->attr, set, val);
	else if (attr->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS)
		r = vgic_uaccess(&a, VGIC_FRAME_DIST, set, val);
	else
		r = vgic_uaccess(&a, VGIC_FRAME_REDIST, set, val);
	lock_drop(&v->lock);
	vgic_lpi_after(&a);
	return r;
}

result vgic_attr_regs(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr,
		      bool set)
{
	bool sysreg = attr->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS;
	int cpu = attr_vcpu(v, attr);
	uint32_t val = 0;
	result r = OK;

	if (cpu < 0)
		return &rule_kvm_vgic_attr_vcpu;
	if (set && !sysreg && (r = vgic_get(c, attr->addr, &val, sizeof(val))))
		return r;
	if (!vgic_lock_vcpus(v))
		return &rule_kvm_vgic_attr_running;
	if (!vgic_initialized(v) && !allowed_before_init(attr))
		r = &rule_kvm_vgic_attr_uninit;
	else if (!has_redist(v, attr, cpu))
		r = &rule_kvm_vgic_attr_vcpu;
	else if (sysreg)
		r = access_sysreg(v, c, cpu, attr, set);
	else
		r = access_reg(v, cpu, attr, set, &val);
	vgic_unlock_vcpus(v);
	return r || set || sysreg ? r : vgic_put(c, attr->addr, &val, sizeof(val));
}

result vgic_has_regs(struct vgic *v, const struct kvm_device_attr *attr)
{
	uint32_t offset = attr->attr & ATTR_OFFSET;
	bool exists;

	if (attr_vcpu(v, attr) < 0)
		return &rule_kvm_vgic_attr_vcpu;
	lock_take(&v->lock);
	if (attr->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS)
		exists = vgic_icc_exists(attr->attr & ATTR_SYSREG);
	else if (attr->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS)
		exists = vgic_uaccess_exists(v, VGIC_FRAME_DIST, offset);
	else
		exists = vgic_uaccess_exists(v, VGIC_FRAME_REDIST, offset);
	lock_drop(&v->lock);
	return exists ? OK : &rule_kvm_vgic_attr_unknown;
}
