/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pci.h - a PCI host bridge with one bus: configuration space through ECAM, one memory window.
 * Each device is a single function with one 32-bit memory BAR.
 *
 * Lock order: the host's lock, then a device's own. A device must not call back into the host.
 */
#ifndef VMM_PCI_H
#define VMM_PCI_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/layout.h"

#define PCI_CONFIG_SIZE 256

struct pci_device {
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE]; /* bits that the guest may change */
	uint32_t bar_size;		   /* of BAR 0; a power of two, at least 16 */
	void (*bar_access)(struct pci_device *dev, uint64_t offset, void *data, unsigned int len,
			   bool write);
	/* The guest is about to read there; may be NULL. Host's lock is held. */
	void (*config_reading)(struct pci_device *dev, unsigned int offset, unsigned int len);
	/* The guest wrote to [offset, offset + len) of config. Host's lock is held. */
	void (*config_written)(struct pci_device *dev, unsigned int offset, unsigned int len);
};

struct pci_host {
	pthread_mutex_t lock; /* config spaces of all devices */
	struct pci_device *slots[LAYOUT_PCI_SLOTS];
};

void pci_host_init(struct pci_host *h);

/* Fill in the parts of the header that every device has; the caller adds capabilities. */
void pci_device_init(struct pci_device *dev, uint16_t vendor, uint16_t device, uint32_t class,
		     uint32_t bar_size);
/* Append a capability (cap[1], the link, is filled in): its offset in config. */
unsigned int pci_add_capability(struct pci_device *dev, const void *cap, unsigned int len);
/* Before the first vCPU runs. The device stays the caller's. */
void pci_plug(struct pci_host *h, unsigned int slot, struct pci_device *dev);

/* mmio_handlers; arg is the struct pci_host. */
void pci_ecam_access(void *arg, uint64_t offset, void *data, unsigned int len, bool write);
void pci_window_access(void *arg, uint64_t offset, void *data, unsigned int len, bool write);

#endif
