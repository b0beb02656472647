/* SPDX-License-Identifier: BSD-3-Clause */
/* device.h - a device file: the GICv3 or an ITS of it. */
#ifndef KVM_DEVICE_H
#define KVM_DEVICE_H

#include "kvm/irq/its.h"
#include "kvm/irq/vgic.h"

struct kvm_device {
	struct vgic *vgic; /* the VM's */
	struct its *its;   /* NULL: it is the vGIC */
};

#endif
