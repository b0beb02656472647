/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * its.h - the in-kernel GICv3 ITS (KVM_DEV_TYPE_ARM_VGIC_ITS): translates a device's MSI to an LPI.
 *
 * Any number of them belong to one vGIC, whether that is initialised yet or not; they end with it.
 * MSIs come by vgic_msi, the guest's accesses by vgic_mmio.
 */
#ifndef KVM_ITS_H
#define KVM_ITS_H

#include "base/rule.h"
#include "kvm/caller.h"

struct its;
struct vgic;
struct kvm_device_attr;

int its_create(struct vgic *v, struct its **out); /* 0, -ENOMEM */

/* Device attributes: order of checks, errnos and effects as the kernel's vgic-its.c; the value at
 * attr->addr is read or written through the caller here. */
result its_set_attr(struct its *its, struct kvm_caller *c, const struct kvm_device_attr *attr);
result its_get_attr(struct its *its, struct kvm_caller *c, const struct kvm_device_attr *attr);
result its_has_attr(struct its *its, const struct kvm_device_attr *attr);

#endif
