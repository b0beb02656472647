/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vgic_attr.c - the device attributes of KVM_DEV_TYPE_ARM_VGIC_V3, by group; register access is in
 * vgic_uaccess.c's terms below. Order of checks as Linux's vgic-kvm-device.c.
 */
#include "kvm/vgic_internal.h"

#include <errno.h>

#define ATTR_MPIDR MASK(63, 32)
#define ATTR_OFFSET MASK(31, 0)
#define ATTR_SYSREG MASK(15, 0)
#define ATTR_LEVEL_INFO MASK(31, 10)
#define ATTR_LEVEL_INTID MASK(9, 0)
#define GICD_IIDR 0x8
#define GICD_TYPER2 0xc
#define MAX_IRQS 1023 /* so that 992 is the most that a multiple of 32 can be */

static result put(struct kvm_caller *c, uint64_t uaddr, const void *val, size_t len)
{
	return c->ops->write(c, uaddr, val, len) ? &rule_kvm_vgic_attr_fault : OK;
}

static result get(struct kvm_caller *c, uint64_t uaddr, void *val, size_t len)
{
	return c->ops->read(c, val, uaddr, len) ? &rule_kvm_vgic_attr_fault : OK;
}

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
		r = get(c, attr->addr, &val, sizeof(val));
		if (r)
			return r;
	}
	if (!addr_type_known(attr->attr))
		return &rule_kvm_vgic_attr_unknown;
	if (set)
		return vgic_addr_set(v, attr->attr, val);
	r = vgic_addr_get(v, attr->attr, &val);
	return r ? r : put(c, attr->addr, &val, sizeof(val));
}

/* ---- NR_IRQS ---- */
static result set_nr_irqs(struct vgic *v, struct kvm_caller *c, uint64_t uaddr)
{
	uint32_t val;
	result r = get(c, uaddr, &val, sizeof(val));

	if (r)
		return r;
	if (val < VGIC_NR_PRIVATE + 32 || val > MAX_IRQS || val % 32)
		return &rule_kvm_vgic_nr_irqs_value;
	pthread_mutex_lock(&v->lock);
	if (v->num_spis)
		r = &rule_kvm_vgic_nr_irqs_set;
	else
		v->num_spis = val - VGIC_NR_PRIVATE;
	pthread_mutex_unlock(&v->lock);
	return r;
}

static result get_nr_irqs(struct vgic *v, struct kvm_caller *c, uint64_t uaddr)
{
	uint32_t val;

	pthread_mutex_lock(&v->lock);
	val = v->num_spis + VGIC_NR_PRIVATE;
	pthread_mutex_unlock(&v->lock);
	return put(c, uaddr, &val, sizeof(val));
}

/* ---- MAINT_IRQ: matters to nested guests only, but may be set by anybody ---- */
static result set_maint_irq(struct vgic *v, struct kvm_caller *c, uint64_t uaddr)
{
	uint32_t val;
	result r = get(c, uaddr, &val, sizeof(val));

	if (r)
		return r;
	pthread_mutex_lock(&v->lock);
	if (v->initialized)
		r = &rule_kvm_vgic_maint_irq_late;
	else if (val < VGIC_NR_SGIS || val >= VGIC_NR_PRIVATE)
		r = &rule_kvm_vgic_maint_irq_value;
	else
		v->maint_irq = val;
	pthread_mutex_unlock(&v->lock);
	return r;
}

static result get_maint_irq(struct vgic *v, struct kvm_caller *c, uint64_t uaddr)
{
	uint32_t val;

	pthread_mutex_lock(&v->lock);
	val = v->maint_irq;
	pthread_mutex_unlock(&v->lock);
	return put(c, uaddr, &val, sizeof(val));
}

/* ---- CTRL ---- */
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

/* Allowed without vCPUs, as in the kernel; none can be created afterwards. */
static result ctrl_init(struct vgic *v)
{
	unsigned int num_cpus = v->owner.num_vcpus(v->owner.arg);
	uint64_t mpidr[VGIC_MAX_VCPUS];

	num_cpus = MIN(num_cpus, VGIC_MAX_VCPUS);
	for (unsigned int i = 0; i < num_cpus; i++)
		mpidr[i] = v->owner.mpidr(v->owner.arg, i);
	pthread_mutex_lock(&v->lock);
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
	pthread_mutex_unlock(&v->lock);
	return OK;
}

static bool lock_vcpus(struct vgic *v)
{
	return !v->owner.lock_vcpus || v->owner.lock_vcpus(v->owner.arg);
}

static void unlock_vcpus(struct vgic *v)
{
	if (v->owner.unlock_vcpus)
		v->owner.unlock_vcpus(v->owner.arg);
}

/* There are no LPIs, so nothing to save. */
static result ctrl_save_pending(struct vgic *v)
{
	result r = vgic_initialized(v) ? OK : &rule_kvm_vgic_save_uninit;

	if (!lock_vcpus(v))
		return &rule_kvm_vgic_attr_running;
	unlock_vcpus(v);
	return r;
}

/* ---- registers ---- */
static bool is_reg_group(uint32_t group)
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

static result access_level_info(struct vgic *v, unsigned int cpu, uint64_t attr, bool set,
				uint32_t *val)
{
	unsigned int intid = attr & ATTR_LEVEL_INTID;

	if (attr & ATTR_LEVEL_INFO || intid % 32)
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

	if (set && (r = get(c, attr->addr, &val, sizeof(val))))
		return r;
	pthread_mutex_lock(&v->lock);
	r = set ? vgic_icc_set(&v->cpus[cpu], id, val) : vgic_icc_get(&v->cpus[cpu], id, &val);
	pthread_mutex_unlock(&v->lock);
	return r || set ? r : put(c, attr->addr, &val, sizeof(val));
}

static result access_reg(struct vgic *v, unsigned int cpu, const struct kvm_device_attr *attr,
			 bool set, uint32_t *val)
{
	uint32_t offset = attr->attr & ATTR_OFFSET;
	result r;

	pthread_mutex_lock(&v->lock);
	if (attr->group == KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO)
		r = access_level_info(v, cpu, attr->attr, set, val);
	else if (attr->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS)
		r = vgic_uaccess(v, VGIC_FRAME_DIST, cpu, offset, set, val);
	else
		r = vgic_uaccess(v, VGIC_FRAME_REDIST, cpu, offset, set, val);
	pthread_mutex_unlock(&v->lock);
	return r;
}

static result attr_regs(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr,
			bool set)
{
	bool sysreg = attr->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS;
	int cpu = attr_vcpu(v, attr);
	uint32_t val = 0;
	result r = OK;

	if (cpu < 0)
		return &rule_kvm_vgic_attr_vcpu;
	if (set && !sysreg && (r = get(c, attr->addr, &val, sizeof(val))))
		return r;
	if (!lock_vcpus(v))
		return &rule_kvm_vgic_attr_running;
	if (!vgic_initialized(v) && !allowed_before_init(attr))
		r = &rule_kvm_vgic_attr_uninit;
	else if (sysreg)
		r = access_sysreg(v, c, cpu, attr, set);
	else
		r = access_reg(v, cpu, attr, set, &val);
	unlock_vcpus(v);
	return r || set || sysreg ? r : put(c, attr->addr, &val, sizeof(val));
}

static result has_regs(struct vgic *v, const struct kvm_device_attr *attr)
{
	uint32_t offset = attr->attr & ATTR_OFFSET;
	bool exists;

	if (attr_vcpu(v, attr) < 0)
		return &rule_kvm_vgic_attr_vcpu;
	pthread_mutex_lock(&v->lock);
	if (attr->group == KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS)
		exists = vgic_icc_exists(attr->attr & ATTR_SYSREG);
	else if (attr->group == KVM_DEV_ARM_VGIC_GRP_DIST_REGS)
		exists = vgic_uaccess_exists(v, VGIC_FRAME_DIST, offset);
	else
		exists = vgic_uaccess_exists(v, VGIC_FRAME_REDIST, offset);
	pthread_mutex_unlock(&v->lock);
	return exists ? OK : &rule_kvm_vgic_attr_unknown;
}

result vgic_set_attr(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr)
{
	if (is_reg_group(attr->group))
		return attr_regs(v, c, attr, true);
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return attr_addr(v, c, attr, true);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return set_nr_irqs(v, c, attr->addr);
	case KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ:
		return set_maint_irq(v, c, attr->addr);
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		if (attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT)
			return ctrl_init(v);
		if (attr->attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES)
			return ctrl_save_pending(v);
	}
	return &rule_kvm_vgic_attr_unknown;
}

result vgic_get_attr(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr)
{
	if (is_reg_group(attr->group))
		return attr_regs(v, c, attr, false);
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
		return has_regs(v, attr);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
	case KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ:
		has = true;
		break;
	case KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO:
		has = !(attr->attr & ATTR_LEVEL_INFO);
		break;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		has = attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT ||
		      attr->attr == KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES;
		break;
	}
	return has ? OK : &rule_kvm_vgic_attr_unknown;
}
