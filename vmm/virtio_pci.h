/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio_pci.h - the modern virtio transport over PCI (virtio 1.2, 4.1), with a level-triggered
 * interrupt pin and, where there is an ITS, MSI-X.
 */
#ifndef VMM_VIRTIO_PCI_H
#define VMM_VIRTIO_PCI_H

#include "vmm/msix.h"
#include "vmm/pci.h"
#include "vmm/virtio.h"

/* Where the parts lie in the one page of BAR 0. */
#define VIRTIO_PCI_BAR_SIZE  0x1000
#define VIRTIO_PCI_COMMON    0x000
#define VIRTIO_PCI_ISR_AT    0x080
#define VIRTIO_PCI_NOTIFY_AT 0x100 /* queue n: + 4 n */
#define VIRTIO_PCI_DEVICE_AT 0x200
#define VIRTIO_PCI_MSIX_AT   0x800
#define VIRTIO_PCI_PBA_AT    0xc00

struct virtio_pci {
	struct pci_device pci;
	struct virtio_device *dev;
	unsigned int window_cap; /* offset of the capability that gives access to the BAR */
	/* the driver's selectors, under dev->lock */
	uint32_t offered_select, accepted_select;
	uint16_t queue_select;
	struct msix msix;
	uint16_t config_vector, queue_vector[VIRTIO_MAX_QUEUES];
};

/* Make dev a PCI device and plug it; its interrupt pin is the slot's. msi: it has MSI-X too. All
 * must outlive the vCPUs. */
void virtio_pci_plug(struct virtio_pci *vp, struct virtio_device *dev, struct pci_host *host,
		     unsigned int slot, int vm_fd, bool msi);

#endif
