// SPDX-License-Identifier: BSD-3-Clause
/* pci.c - configuration space and BAR decoding of bus 0. */
#include "vmm/pci.h"

#include <assert.h>
#include <endian.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "base/bits.h"

#define ECAM_DEVFN(offset)    ((unsigned int)((offset) >> 12))
#define ECAM_REGISTER(offset) ((unsigned int)((offset)&0xfff))
#define CAPABILITIES_START    0x40

static uint32_t get(const uint8_t *p, unsigned int offset, unsigned int len)
{
	uint32_t v = 0;

	memcpy(&v, p + offset, len);
	return le32toh(v);
}

static void put(uint8_t *p, unsigned int offset, unsigned int len, uint32_t v)
{
	v = htole32(v);
	memcpy(p + offset, &v, len);
}

void pci_host_init(struct pci_host *h)
{
	memset(h, 0, sizeof(*h));
	pthread_mutex_init(&h->lock, NULL);
}

void pci_device_init(struct pci_device *dev, uint16_t vendor, uint16_t device, uint32_t class,
		     uint32_t bar_size)
{
	memset(dev->config, 0, sizeof(dev->config));
	memset(dev->writable, 0, sizeof(dev->writable));
	put(dev->config, PCI_VENDOR_ID, 2, vendor);
	put(dev->config, PCI_DEVICE_ID, 2, device);
	put(dev->config, PCI_CLASS_REVISION, 4, class << 8 | 1);
	put(dev->config, PCI_SUBSYSTEM_VENDOR_ID, 2, vendor);
	put(dev->config, PCI_SUBSYSTEM_ID, 2, device);
	put(dev->config, PCI_INTERRUPT_PIN, 1, 1);
	put(dev->config, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	put(dev->writable, PCI_COMMAND, 2,
	    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	put(dev->writable, PCI_CACHE_LINE_SIZE, 1, 0xff);
	put(dev->writable, PCI_INTERRUPT_LINE, 1, 0xff);
	put(dev->writable, PCI_BASE_ADDRESS_0, 4, ~(bar_size - 1));
	dev->bar_size = bar_size;
}

unsigned int pci_add_capability(struct pci_device *dev, const void *cap, unsigned int len)
{
	unsigned int at = CAPABILITIES_START, link = PCI_CAPABILITY_LIST;

	while (dev->config[link]) {
		at = ALIGN_UP(dev->config[link] + dev->config[dev->config[link] + 2], 4);
		link = dev->config[link] + PCI_CAP_LIST_NEXT;
	}
	assert(at + len <= PCI_CONFIG_SIZE);
	memcpy(dev->config + at, cap, len);
	dev->config[at + PCI_CAP_LIST_NEXT] = 0;
	dev->config[link] = (uint8_t)at;
	return at;
}

void pci_plug(struct pci_host *h, unsigned int slot, struct pci_device *dev)
{
	assert(slot < LAYOUT_PCI_SLOTS && !h->slots[slot]);
	h->slots[slot] = dev;
}

static void config_write(struct pci_device *dev, unsigned int reg, const uint8_t *p,
			 unsigned int len)
{
	for (unsigned int i = 0; i < len; i++) {
		uint8_t mask = dev->writable[reg + i];

		dev->config[reg + i] = (dev->config[reg + i] & ~mask) | (p[i] & mask);
	}
	if (dev->config_written)
		dev->config_written(dev, reg, len);
}

void pci_ecam_access(void *arg, uint64_t offset, void *data, unsigned int len, bool write)
{
	struct pci_host *h = arg;
	unsigned int devfn = ECAM_DEVFN(offset), reg = ECAM_REGISTER(offset);
	struct pci_device *dev = devfn % 8 ? NULL : h->slots[devfn / 8 % LAYOUT_PCI_SLOTS];

	if (!dev || reg + len > PCI_CONFIG_SIZE || len > 4) {
		/* No such function: all ones. Beyond its 256 bytes: nothing there. */
		if (!write)
			memset(data, dev ? 0 : 0xff, len);
		return;
	}
	pthread_mutex_lock(&h->lock);
	if (write) {
		config_write(dev, reg, data, len);
	} else {
		if (dev->config_reading)
			dev->config_reading(dev, reg, len);
		memcpy(data, dev->config + reg, len);
	}
	pthread_mutex_unlock(&h->lock);
}

/* The device whose enabled BAR holds an address; *offset is where in it. */
static struct pci_device *decode(struct pci_host *h, uint64_t addr, unsigned int len,
				 uint64_t *offset)
{
	for (unsigned int i = 0; i < LAYOUT_PCI_SLOTS; i++) {
		struct pci_device *dev = h->slots[i];
		uint64_t bar;

		if (!dev || !(get(dev->config, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
			continue;
		bar = get(dev->config, PCI_BASE_ADDRESS_0, 4);
		if (addr < bar || addr - bar > dev->bar_size - len)
			continue;
		*offset = addr - bar;
		return dev;
	}
	return NULL;
}

void pci_window_access(void *arg, uint64_t offset, void *data, unsigned int len, bool write)
{
	struct pci_host *h = arg;
	struct pci_device *dev;
	uint64_t in_bar;

	pthread_mutex_lock(&h->lock);
	dev = decode(h, LAYOUT_PCI_WINDOW + offset, len, &in_bar);
	pthread_mutex_unlock(&h->lock);
	if (dev)
		dev->bar_access(dev, in_bar, data, len, write);
	else if (!write)
		memset(data, 0xff, len);
}
