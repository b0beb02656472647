/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devices.h - the devices of the realm but for its console, which belongs to the run: what answers
 * at which address, and which function lies in which slot of the PCI bus.
 */
#ifndef VMM_DEVICES_H
#define VMM_DEVICES_H

#include "vmm/blk.h"
#include "vmm/fs.h"
#include "vmm/mmio.h"
#include "vmm/net.h"
#include "vmm/vmm_options.h"
#include "vmm/passt.h"
#include "vmm/pci.h"
#include "vmm/realm.h"
#include "vmm/rng.h"
#include "vmm/rtc.h"
#include "vmm/uart.h"
#include "vmm/vhost_blk.h"
#include "vmm/vhost_fs.h"
#include "vmm/virtio_pci.h"
#include "vmm/vsock.h"

enum devices_slot {
	SLOT_CONSOLE = 1,
	SLOT_DISKS,
	SLOT_RNG = SLOT_DISKS + VMM_MAX_DISKS,
	SLOT_NET,
	SLOT_SHARES,
	SLOT_VSOCK = SLOT_SHARES + VMM_MAX_SHARES,
	SLOT_END,
};
_Static_assert(SLOT_END <= LAYOUT_PCI_SLOTS, "each device has a slot");

struct devices {
	int vm_fd;
	bool its;
	struct mmio_map mmio;
	struct pci_host pci;
	struct uart uart;
	struct rtc rtc;
	struct rng rng;
	struct virtio_pci rng_pci;
	struct fs shares[VMM_MAX_SHARES];
	struct vhost served[VMM_MAX_SHARES + VMM_MAX_DISKS]; /* by other processes */
	struct virtio_pci shares_pci[VMM_MAX_SHARES];
	unsigned int nshares, nserved; /* initialised ones */
	struct net net;
	struct virtio_pci net_pci;
	bool has_net;
	struct helper passt;
	struct vsock vsock;
	struct virtio_pci vsock_pci;
	bool has_vsock;
	struct blk disks[VMM_MAX_DISKS];
	struct virtio_pci disks_pci[VMM_MAX_DISKS];
	unsigned int ndisks; /* initialised ones */
};

/*
 * Create what the options ask for; what the UART prints goes to uart_output(arg). 0 or a positive
 * enum vmm_status, message printed; devices_destroy in any case.
 */
int devices_create(struct devices *d, const struct vmm_options *o, const struct realm *r,
		   void (*uart_output)(void *arg, const void *data, size_t len), void *arg);
/* Put a device of the caller's into a slot. */
void devices_plug(struct devices *d, struct virtio_pci *vp, struct virtio_device *dev,
		  unsigned int slot);
/* After the last vCPU. False: one of them still works on a request, and so memory must stay. */
bool devices_destroy(struct devices *d);

#endif
