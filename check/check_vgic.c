// SPDX-License-Identifier: BSD-3-Clause
/* check_vgic.c - the in-kernel GICv3 of a realm: creation, addresses, INIT, lines. */
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check/check.h"

static const struct script_op end[] = {{SCRIPT_END, {0}}};

static int64_t create(struct realm *r, uint32_t type, uint32_t flags)
{
	struct kvm_create_device d = {.type = type, .flags = flags};
	int64_t ret = call(r->vm, KVM_CREATE_DEVICE, &d);

	r->vgic = d.fd;
	return ret;
}

static int64_t attr(struct realm *r, unsigned long nr, uint32_t group, uint64_t a, void *val)
{
	struct kvm_device_attr d = {.group = group, .attr = a, .addr = (uintptr_t)val};

	return call(r->vgic, nr, &d);
}

static int64_t set64(struct realm *r, uint32_t group, uint64_t a, uint64_t val)
{
	return attr(r, KVM_SET_DEVICE_ATTR, group, a, &val);
}

static int64_t set_irqs(struct realm *r, uint32_t n)
{
	return attr(r, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &n);
}

static void vgic_create(void)
{
	struct realm r;

	realm_open(&r);
	WANT(create(&r, KVM_DEV_TYPE_ARM_VGIC_V3, KVM_CREATE_DEVICE_TEST), 0);
	WANT(create(&r, KVM_DEV_TYPE_ARM_VGIC_V3, 0), 0);
	WANT(create(&r, KVM_DEV_TYPE_ARM_VGIC_V3, 0), -EEXIST);
	WANT(create(&r, 99, 0), -ENODEV);
	WANT(call(r.vm, KVM_CREATE_DEVICE, BAD_POINTER), -EFAULT);
}

static void vgic_addresses(void)
{
	struct realm r;

	realm_open(&r);
	WANT(create(&r, KVM_DEV_TYPE_ARM_VGIC_V3, 0), 0);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x8000001), -EINVAL);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, SHARED_BIT << 1),
	     -E2BIG);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x8000000), 0);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x8000000), -EEXIST);
	WANT(attr(&r, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST,
		  (void *)8),
	     -EFAULT);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_CPU, 0x8010000), -ENXIO);
	WANT(set64(&r, 99, 0, 0), -ENXIO);
	WANT(attr(&r, KVM_HAS_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, NULL), 0);
	WANT(attr(&r, KVM_HAS_DEVICE_ATTR, 99, 0, NULL), -ENXIO);
}

static void vgic_nr_irqs(void)
{
	struct realm r;
	uint32_t val = 0;

	realm_open(&r);
	realm_vcpus(&r, 1);
	WANT(create(&r, KVM_DEV_TYPE_ARM_VGIC_V3, 0), 0);
	WANT(set_irqs(&r, 32), -EINVAL);
	WANT(set_irqs(&r, 65), -EINVAL);
	WANT(set_irqs(&r, 1056), -EINVAL);
	WANT(set_irqs(&r, 128), 0);
	WANT(set_irqs(&r, 128), -EBUSY);
	WANT(attr(&r, KVM_GET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &val), 0);
	WANT(val, 128);
}

static void vgic_vcpu_after(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	realm_vgic(&r);
	WANT(call_n(r.vm, KVM_CREATE_VCPU, 1), -EBUSY);
}

static int64_t line(struct realm *r, uint32_t type, uint32_t vcpu, uint32_t num, uint32_t level)
{
	struct kvm_irq_level l = {.irq = type << KVM_ARM_IRQ_TYPE_SHIFT |
					 vcpu << KVM_ARM_IRQ_VCPU_SHIFT | num,
				  .level = level};

	return call(r->vm, KVM_IRQ_LINE, &l);
}

/* An ITS makes MSIs name their device; its frame is 128 KiB. */
static void its(void)
{
	struct kvm_msi m = {.address_lo = 0x8090040, .flags = KVM_MSI_VALID_DEVID};
	struct realm r;

	realm_open(&r);
	WANT(create(&r, KVM_DEV_TYPE_ARM_VGIC_ITS, KVM_CREATE_DEVICE_TEST), 0);
	WANT(call_n(r.vm, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID), 0);
	WANT(create(&r, KVM_DEV_TYPE_ARM_VGIC_V3, 0), 0);
	WANT(call(r.vm, KVM_SIGNAL_MSI, &m), -ENODEV);
	WANT(create(&r, KVM_DEV_TYPE_ARM_VGIC_ITS, 0), 0);
	WANT(call_n(r.vm, KVM_CHECK_EXTENSION, KVM_CAP_MSI_DEVID), 1);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, 0x8080000), -ENODEV);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_ITS_ADDR_TYPE, 0x8081000), -EINVAL);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_ITS_ADDR_TYPE, 0x8080000), 0);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_ITS_ADDR_TYPE, 0x8080000), -EEXIST);
	WANT(attr(&r, KVM_SET_DEVICE_ATTR, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT,
		  NULL),
	     0);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, 0x84, 0), -EINVAL);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, 0x98, 0), -ENXIO);
	WANT(set64(&r, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, 4, 0x4b00143b), -EINVAL);
	m.flags = 0;
	WANT(call(r.vm, KVM_SIGNAL_MSI, &m), -EINVAL);
	m.flags = KVM_MSI_VALID_DEVID;
	WANT(call(r.vm, KVM_SIGNAL_MSI, &m), -EBUSY); /* the ITS is off */
	m.address_lo = 0x80a0000;
	WANT(call(r.vm, KVM_SIGNAL_MSI, &m), -EINVAL);
}

static void irq_line(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_SPI, 0, 40, 1), -ENXIO);
	realm_vgic(&r);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_SPI, 0, 40, 1), 0);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_SPI, 0, 40, 0), 0);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_SPI, 0, 16, 1), -EINVAL);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_PPI, 0, 20, 1), 0);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_PPI, 0, 40, 1), -EINVAL);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_PPI, 0, 3, 1), -EINVAL);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_PPI, 5, 20, 1), -EINVAL);
	WANT(line(&r, KVM_ARM_IRQ_TYPE_CPU, 0, 0, 1), -ENXIO);
	WANT(line(&r, 7, 0, 40, 1), -EINVAL);
}

static void irqfd(void)
{
	struct kvm_irqfd f = {.fd = eventfd(0, EFD_CLOEXEC), .gsi = 4}, bad = {.fd = -1, .gsi = 4};
	struct realm r;

	REALM_NEW(&r, 1, end);
	WANT(call(r.vm, KVM_IRQFD, &bad), -EBADF);
	WANT(call(r.vm, KVM_IRQFD, &f), 0);
	WANT(call(r.vm, KVM_IRQFD, &f), -EBUSY);
	f.flags = 1 << 7;
	WANT(call(r.vm, KVM_IRQFD, &f), -EINVAL);
	f.flags = KVM_IRQFD_FLAG_DEASSIGN;
	WANT(call(r.vm, KVM_IRQFD, &f), 0);
}

static void ioeventfd(void)
{
	static const struct script_op script[] = {
		{SCRIPT_WRITE, {SHARED_BIT | 0x0a000000, SCRIPT_U32, 3}},
		{SCRIPT_REPORT, {1}},
		{SCRIPT_END, {0}}};
	struct kvm_ioeventfd f = {.addr = 0x0a000000,
				  .len = 4,
				  .datamatch = 3,
				  .flags = KVM_IOEVENTFD_FLAG_DATAMATCH};
	struct realm r;
	uint64_t n = 0;

	REALM_NEW(&r, 1, script);
	f.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	WANT(call(r.vm, KVM_IOEVENTFD, &f), 0);
	WANT(call(r.vm, KVM_IOEVENTFD, &f), -EEXIST);
	WANT(realm_report(&r, 0), 1);
	WANT(read(f.fd, &n, 8), 8);
	WANT(n, 1);
	f.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	WANT(call(r.vm, KVM_IOEVENTFD, &f), 0);
	WANT(call(r.vm, KVM_IOEVENTFD, &f), -ENOENT);
}

static void timer_attributes(void)
{
	uint32_t irq = 20;
	struct kvm_device_attr a = {.group = KVM_ARM_VCPU_TIMER_CTRL, .addr = (uintptr_t)&irq};
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	WANT(call(r.vcpu[0], KVM_HAS_DEVICE_ATTR, &a), 0);
	WANT(call(r.vcpu[0], KVM_SET_DEVICE_ATTR, &a), -EINVAL);
	realm_vgic_create(&r);
	WANT(call(r.vcpu[0], KVM_SET_DEVICE_ATTR, &a), 0);
	irq = 40;
	WANT(call(r.vcpu[0], KVM_SET_DEVICE_ATTR, &a), -EINVAL);
	WANT(call(r.vcpu[0], KVM_GET_DEVICE_ATTR, &a), 0);
	WANT(irq, 20);
	a.group = 77;
	WANT(call(r.vcpu[0], KVM_SET_DEVICE_ATTR, &a), -ENXIO);
}

static const struct check checks[] = {
	{"vgic-create", "one GICv3; TEST creates nothing; unknown types ENODEV", vgic_create},
	{"vgic-addresses", "addresses: aligned, inside the width, once", vgic_addresses},
	{"vgic-nr-irqs", "NR_IRQS: 64 to 1024 in steps of 32, once", vgic_nr_irqs},
	{"vgic-its", "an ITS: address once, registers, MSIs with their device", its},
	{"vgic-vcpu-after", "a vCPU after the vGIC's INIT: EBUSY", vgic_vcpu_after},
	{"irq-line", "IRQ_LINE: SPIs, PPIs and what it refuses", irq_line},
	{"irqfd", "IRQFD: assign once, deassign, bad fd and flags", irqfd},
	{"ioeventfd", "IOEVENTFD: a matching store signals and does not exit", ioeventfd},
	{"timer-attributes", "the timers' PPIs can be chosen", timer_attributes},
};

const struct check_group check_vgic = {"vgic", checks, sizeof(checks) / sizeof(checks[0])};
