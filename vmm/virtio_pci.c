// SPDX-License-Identifier: BSD-3-Clause
/* virtio_pci.c - the registers of a modern virtio PCI device. */
#include "vmm/virtio_pci.h"

#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include <stddef.h>
#include <string.h>

#define VENDOR_VIRTIO 0x1af4
#define DEVICE_MODERN 0x1040 /* + virtio id */

#define COMMON_SIZE   sizeof(struct virtio_pci_common_cfg)
#define AT(field)     offsetof(struct virtio_pci_common_cfg, field)
#define NOTIFY_STRIDE 4

static struct virtqueue *selected(struct virtio_pci *vp)
{
	return vp->queue_select < vp->dev->nqueues ? &vp->dev->queues[vp->queue_select] : NULL;
}

static uint32_t half(uint64_t features, uint32_t select)
{
	return select > 1 ? 0 : (uint32_t)(features >> (32 * select));
}

static void read_common(struct virtio_pci *vp, struct virtio_pci_common_cfg *c)
{
	const struct virtio_device *dev = vp->dev;
	const struct virtqueue *q = selected(vp);

	memset(c, 0, sizeof(*c));
	c->device_feature_select = vp->offered_select;
	c->device_feature = half(dev->offered, vp->offered_select);
	c->guest_feature_select = vp->accepted_select;
	c->guest_feature = half(dev->accepted, vp->accepted_select);
	c->msix_config = vp->config_vector;
	c->num_queues = (uint16_t)dev->nqueues;
	c->device_status = dev->status;
	c->config_generation = dev->generation;
	c->queue_select = vp->queue_select;
	c->queue_msix_vector = MSIX_NO_VECTOR;
	if (!q)
		return;
	c->queue_msix_vector = vp->queue_vector[vp->queue_select];
	c->queue_size = q->size;
	c->queue_enable = q->enabled;
	c->queue_notify_off = vp->queue_select;
	c->queue_desc_lo = (uint32_t)q->desc_addr;
	c->queue_desc_hi = (uint32_t)(q->desc_addr >> 32);
	c->queue_avail_lo = (uint32_t)q->avail_addr;
	c->queue_avail_hi = (uint32_t)(q->avail_addr >> 32);
	c->queue_used_lo = (uint32_t)q->used_addr;
	c->queue_used_hi = (uint32_t)(q->used_addr >> 32);
}

static void set_half(uint64_t *v, uint32_t bits, unsigned int high)
{
	unsigned int shift = high ? 32 : 0;

	*v = (*v & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)bits << shift;
}

/* A queue's fields are fixed while it is enabled. */
static void write_queue(struct virtio_pci *vp, uint64_t offset, uint32_t v)
{
	struct virtqueue *q = selected(vp);

	if (!q || q->enabled || !(vp->dev->status & VIRTIO_CONFIG_S_FEATURES_OK))
		return;
	if (offset == AT(queue_size))
		q->size = (uint16_t)v;
	else if (offset == AT(queue_enable) && v == 1 && vq_enable(q))
		virtio_fail(vp->dev);
	else if (offset == AT(queue_desc_lo) || offset == AT(queue_desc_hi))
		set_half(&q->desc_addr, v, offset == AT(queue_desc_hi));
	else if (offset == AT(queue_avail_lo) || offset == AT(queue_avail_hi))
		set_half(&q->avail_addr, v, offset == AT(queue_avail_hi));
	else if (offset == AT(queue_used_lo) || offset == AT(queue_used_hi))
		set_half(&q->used_addr, v, offset == AT(queue_used_hi));
}

/* ---- messages ---- */

static void forget_vectors(struct virtio_pci *vp)
{
	vp->config_vector = MSIX_NO_VECTOR;
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++)
		vp->queue_vector[i] = MSIX_NO_VECTOR;
}

/* One that does not exist reads back as none, which tells the driver. */
static uint16_t vector(const struct virtio_pci *vp, uint32_t v)
{
	return vp->msix.cap && v < MSIX_VECTORS ? (uint16_t)v : MSIX_NO_VECTOR;
}

static bool send_message(struct virtio_device *dev, int queue)
{
	struct virtio_pci *vp = dev->transport;

	if (vp->msix.enabled)
		msix_send(&vp->msix, queue < 0 ? vp->config_vector : vp->queue_vector[queue]);
	return vp->msix.enabled;
}

static void write_common(struct virtio_pci *vp, uint64_t offset, uint32_t v)
{
	struct virtio_device *dev = vp->dev;

	switch (offset) {
	case AT(device_feature_select):
		vp->offered_select = v;
		break;
	case AT(guest_feature_select):
		vp->accepted_select = v;
		break;
	case AT(guest_feature):
		if (vp->accepted_select <= 1 && !(dev->status & VIRTIO_CONFIG_S_FEATURES_OK))
			set_half(&dev->accepted, v, vp->accepted_select);
		break;
	case AT(msix_config):
		vp->config_vector = vector(vp, v);
		break;
	case AT(queue_msix_vector):
		if (selected(vp))
			vp->queue_vector[vp->queue_select] = vector(vp, v);
		break;
	case AT(device_status):
		virtio_set_status(dev, (uint8_t)v);
		if (!v)
			forget_vectors(vp);
		break;
	case AT(queue_select):
		vp->queue_select = (uint16_t)v;
		break;
	default:
		write_queue(vp, offset, v);
	}
}

/* Each field has one width. An access of another width is a driver's bug, and has no effect. */
static unsigned int common_width(uint64_t offset)
{
	if (offset == AT(device_status) || offset == AT(config_generation))
		return 1;
	if (offset >= AT(msix_config) && offset < AT(queue_desc_lo))
		return 2;
	return 4;
}

static void access_common(struct virtio_pci *vp, uint64_t offset, void *data, unsigned int len,
			  bool write)
{
	struct virtio_pci_common_cfg c;
	uint32_t v = 0;

	if (write && len == common_width(offset)) {
		memcpy(&v, data, len);
		write_common(vp, offset, v);
	} else if (!write) {
		read_common(vp, &c);
		memcpy(data, (uint8_t *)&c + offset, len);
	}
}

static bool within(uint64_t offset, unsigned int len, uint64_t start, uint64_t size)
{
	return offset >= start && offset - start + len <= size;
}

static void bar_access(struct pci_device *pci, uint64_t offset, void *data, unsigned int len,
		       bool write)
{
	struct virtio_pci *vp = container_of(pci, struct virtio_pci, pci);
	struct virtio_device *dev = vp->dev;
	uint64_t at;

	if (!write)
		memset(data, 0, len);
	pthread_mutex_lock(&dev->lock);
	if (within(offset, len, VIRTIO_PCI_COMMON, COMMON_SIZE)) {
		access_common(vp, offset - VIRTIO_PCI_COMMON, data, len, write);
	} else if (offset == VIRTIO_PCI_ISR_AT && !write) {
		*(uint8_t *)data = virtio_take_isr(dev);
	} else if (offset >= VIRTIO_PCI_NOTIFY_AT && offset < VIRTIO_PCI_DEVICE_AT && write) {
		virtio_notify(dev, (unsigned int)(offset - VIRTIO_PCI_NOTIFY_AT) / NOTIFY_STRIDE);
	} else if (within(offset, len, VIRTIO_PCI_DEVICE_AT, dev->config_len) && !write) {
		at = offset - VIRTIO_PCI_DEVICE_AT;
		memcpy(data, dev->config + at, len);
	} else if (vp->msix.cap && within(offset, len, VIRTIO_PCI_MSIX_AT, MSIX_TABLE_SIZE)) {
		msix_table_access(&vp->msix, offset - VIRTIO_PCI_MSIX_AT, data, len, write);
	} else if (vp->msix.cap && !write &&
		   within(offset, len, VIRTIO_PCI_PBA_AT, MSIX_PBA_SIZE)) {
		msix_pba_read(&vp->msix, offset - VIRTIO_PCI_PBA_AT, data, len);
	}
	pthread_mutex_unlock(&dev->lock);
}

/* The window capability: an access to its last four bytes is one to the BAR (4.1.4.9). */
static void window_access(struct virtio_pci *vp, bool write)
{
	struct virtio_pci_cfg_cap cap;
	uint8_t *data =
		vp->pci.config + vp->window_cap + offsetof(struct virtio_pci_cfg_cap, pci_cfg_data);

	memcpy(&cap, vp->pci.config + vp->window_cap, sizeof(cap));
	if (cap.cap.bar || (cap.cap.length != 1 && cap.cap.length != 2 && cap.cap.length != 4) ||
	    cap.cap.offset > VIRTIO_PCI_BAR_SIZE - cap.cap.length)
		return;
	bar_access(&vp->pci, cap.cap.offset, data, cap.cap.length, write);
}

static unsigned int window_data(const struct virtio_pci *vp)
{
	return vp->window_cap + (unsigned int)offsetof(struct virtio_pci_cfg_cap, pci_cfg_data);
}

static void config_reading(struct pci_device *pci, unsigned int offset, unsigned int len)
{
	struct virtio_pci *vp = container_of(pci, struct virtio_pci, pci);

	if (offset == window_data(vp))
		window_access(vp, false);
}

static void config_written(struct pci_device *pci, unsigned int offset, unsigned int len)
{
	struct virtio_pci *vp = container_of(pci, struct virtio_pci, pci);

	pthread_mutex_lock(&vp->dev->lock);
	msix_config_written(&vp->msix, pci);
	/* A function that sends messages does not drive its pin (PCI 3.0, 6.8.2). */
	virtio_mask_irq(vp->dev, vp->msix.enabled || (pci->config[PCI_COMMAND + 1] &
						      (PCI_COMMAND_INTX_DISABLE >> 8)));
	pthread_mutex_unlock(&vp->dev->lock);
	if (offset == window_data(vp))
		window_access(vp, true);
}

static unsigned int add_part(struct virtio_pci *vp, uint8_t type, uint32_t offset, uint32_t length)
{
	struct virtio_pci_notify_cap cap = {
		.cap = {.cap_vndr = PCI_CAP_ID_VNDR,
			.cap_len = sizeof(struct virtio_pci_cap),
			.cfg_type = type,
			.offset = offset,
			.length = length},
		.notify_off_multiplier = NOTIFY_STRIDE,
	};

	/* Notify has its stride behind the common part, the window its data: both four bytes. */
	if (type == VIRTIO_PCI_CAP_NOTIFY_CFG || type == VIRTIO_PCI_CAP_PCI_CFG)
		cap.cap.cap_len = sizeof(cap);
	if (type == VIRTIO_PCI_CAP_PCI_CFG)
		cap.notify_off_multiplier = 0;
	return pci_add_capability(&vp->pci, &cap, cap.cap.cap_len);
}

void virtio_pci_plug(struct virtio_pci *vp, struct virtio_device *dev, struct pci_host *host,
		     unsigned int slot, int vm_fd, bool msi)
{
	memset(vp, 0, sizeof(*vp));
	vp->dev = dev;
	dev->transport = vp;
	dev->send_message = send_message;
	forget_vectors(vp);
	dev->irq = (struct irq_line){.vm_fd = vm_fd, .spi = layout_pci_spi(slot)};
	pci_device_init(&vp->pci, VENDOR_VIRTIO, DEVICE_MODERN + dev->class->id,
			dev->class->pci_class, VIRTIO_PCI_BAR_SIZE);
	vp->pci.bar_access = bar_access;
	vp->pci.config_reading = config_reading;
	vp->pci.config_written = config_written;
	add_part(vp, VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_COMMON, COMMON_SIZE);
	add_part(vp, VIRTIO_PCI_CAP_ISR_CFG, VIRTIO_PCI_ISR_AT, 1);
	add_part(vp, VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_PCI_NOTIFY_AT, dev->nqueues * NOTIFY_STRIDE);
	if (dev->config_len)
		add_part(vp, VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_PCI_DEVICE_AT, dev->config_len);
	vp->window_cap = add_part(vp, VIRTIO_PCI_CAP_PCI_CFG, 0, 0);
	memset(vp->pci.writable + vp->window_cap + offsetof(struct virtio_pci_cap, bar), 0xff, 1);
	memset(vp->pci.writable + vp->window_cap + offsetof(struct virtio_pci_cap, offset), 0xff,
	       sizeof(struct virtio_pci_cfg_cap) - offsetof(struct virtio_pci_cap, offset));
	if (msi)
		msix_init(&vp->msix, &vp->pci, slot, vm_fd, VIRTIO_PCI_MSIX_AT, VIRTIO_PCI_PBA_AT);
	pci_plug(host, slot, &vp->pci);
}
