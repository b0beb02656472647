// SPDX-License-Identifier: BSD-3-Clause
/* msix.c - a device's interrupt messages. */
#include "vmm/msix.h"

#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "vmm/end.h"

enum { ADDRESS, ADDRESS_HIGH, DATA, CONTROL };

struct msix_cap {
	uint8_t id, next;
	uint16_t control;
	uint32_t table, pba;
};
_Static_assert(sizeof(struct msix_cap) == PCI_CAP_MSIX_SIZEOF, "a capability has no holes");

void msix_init(struct msix *m, struct pci_device *dev, unsigned int slot, int vm_fd, uint32_t table,
	       uint32_t pba)
{
	struct msix_cap cap = {
		.id = PCI_CAP_ID_MSIX,
		.control = htole16(MSIX_VECTORS - 1),
		.table = htole32(table),
		.pba = htole32(pba),
	};

	*m = (struct msix){.vm_fd = vm_fd, .devid = slot << 3};
	for (unsigned int i = 0; i < MSIX_VECTORS; i++)
		m->table[i][CONTROL] = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	m->cap = pci_add_capability(dev, &cap, sizeof(cap));
	dev->writable[m->cap + offsetof(struct msix_cap, control) + 1] =
		(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8;
}

/*
 * The guest chooses the address: one that is no ITS's is its own affair, and so is an ITS that it
 * has turned off.
 */
static void signal_msi(struct msix *m, const uint32_t *entry)
{
	struct kvm_msi msi = {
		.address_lo = entry[ADDRESS],
		.address_hi = entry[ADDRESS_HIGH],
		.data = entry[DATA],
		.flags = KVM_MSI_VALID_DEVID,
		.devid = m->devid,
	};

	m->sent++;
	if (m->vm_fd < 0 || ioctl(m->vm_fd, KVM_SIGNAL_MSI, &msi) >= 0)
		return;
	if (errno == EIO)
		end_run(VMM_ENGINE_LOST, "KVM_SIGNAL_MSI failed: %s", strerror(errno));
}

static bool is_masked(const struct msix *m, unsigned int vector)
{
	return m->masked || (m->table[vector][CONTROL] & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

void msix_send(struct msix *m, uint16_t vector)
{
	if (vector >= MSIX_VECTORS)
		return;
	if (is_masked(m, vector))
		m->pending |= BIT(vector);
	else
		signal_msi(m, m->table[vector]);
}

/* A mask has gone: what waited behind it goes out. */
static void send_pending(struct msix *m)
{
	for (unsigned int v = 0; m->enabled && v < MSIX_VECTORS; v++) {
		if (!(m->pending & BIT(v)) || is_masked(m, v))
			continue;
		m->pending &= ~BIT(v);
		signal_msi(m, m->table[v]);
	}
}

/* Drivers access whole words. */
void msix_table_access(struct msix *m, uint64_t offset, void *data, unsigned int len, bool write)
{
	uint32_t *word = &m->table[0][0] + offset / 4;

	if (offset % 4 || len % 4 || !len || offset + len > MSIX_TABLE_SIZE)
		return;
	for (unsigned int i = 0; i < len / 4; i++) {
		uint32_t v;

		if (!write) {
			v = htole32(word[i]);
			memcpy((uint8_t *)data + i * 4, &v, sizeof(v));
			continue;
		}
		memcpy(&v, (const uint8_t *)data + i * 4, sizeof(v));
		word[i] = le32toh(v);
	}
	if (write)
		send_pending(m);
}

void msix_pba_read(const struct msix *m, uint64_t offset, void *data, unsigned int len)
{
	uint64_t bits = htole64(m->pending);

	if (offset + len <= sizeof(bits))
		memcpy(data, (const uint8_t *)&bits + offset, len);
}

void msix_config_written(struct msix *m, const struct pci_device *dev)
{
	uint8_t control;

	if (!m->cap)
		return;
	control = dev->config[m->cap + offsetof(struct msix_cap, control) + 1];
	m->enabled = control & PCI_MSIX_FLAGS_ENABLE >> 8;
	m->masked = control & PCI_MSIX_FLAGS_MASKALL >> 8;
	send_pending(m);
}
