/* SPDX-License-Identifier: BSD-3-Clause */
/* device.h - a device file: only the GICv3 exists. */
#ifndef KVM_DEVICE_H
#define KVM_DEVICE_H

#include "kvm/irq/vgic.h"

struct kvm_device {
	struct vgic *vgic; /* the VM's */
};

#endif
