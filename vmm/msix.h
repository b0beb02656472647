/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * msix.h - MSI-X of a PCI device (PCI 3.0, 6.8.2): its table and pending bits, in BAR 0 of the
 * device, and its capability. A message goes to the kernel's ITS by KVM_SIGNAL_MSI.
 *
 * The device's lock covers all of it.
 */
#ifndef VMM_MSIX_H
#define VMM_MSIX_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/pci.h"

#define MSIX_VECTORS	16 /* of every device that has it */
#define MSIX_ENTRY_SIZE 16
#define MSIX_TABLE_SIZE (MSIX_VECTORS * MSIX_ENTRY_SIZE)
#define MSIX_PBA_SIZE	8
#define MSIX_NO_VECTOR	0xffff

struct msix {
	int vm_fd;	  /* -1: nobody listens (tests read `sent`) */
	uint32_t devid;	  /* what the ITS knows the device by: its requester id */
	unsigned int cap; /* offset of the capability; 0: the device has no MSI-X */
	bool enabled, masked;
	uint32_t table[MSIX_VECTORS][4]; /* address, address high, data, control */
	uint64_t pending;
	unsigned int sent; /* messages */
};

/* Give the device the capability; table and pending bits lie at these offsets of BAR 0. */
void msix_init(struct msix *m, struct pci_device *dev, unsigned int slot, int vm_fd, uint32_t table,
	       uint32_t pba);
/* The guest accessed the table, or the pending bits (which are read-only). */
void msix_table_access(struct msix *m, uint64_t offset, void *data, unsigned int len, bool write);
void msix_pba_read(const struct msix *m, uint64_t offset, void *data, unsigned int len);
/* The guest wrote to the device's configuration space. */
void msix_config_written(struct msix *m, const struct pci_device *dev);

/* Send the vector's message, or remember to while it is masked. MSIX_NO_VECTOR sends nothing. */
void msix_send(struct msix *m, uint16_t vector);

#endif
