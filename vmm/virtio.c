// SPDX-License-Identifier: BSD-3-Clause
/*
 * virtio.c - device status, features and interrupts (virtio 1.2, 2.1, 2.2, 3.1).
 *
 *	RESET -ACKNOWLEDGE, DRIVER-> negotiating -FEATURES_OK-> fixed -DRIVER_OK-> ready
 *	any -0-> RESET		ready -broken ring-> NEEDS_RESET (until 0 is written)
 *
 * Only the driver moves it, by writing the status; the device refuses FEATURES_OK by leaving the
 * bit clear, and sets NEEDS_RESET.
 */
#include "vmm/virtio.h"

#include <string.h>

/* The class first: it may still have to answer requests. */
static void reset(struct virtio_device *dev)
{
	dev->status = 0;
	if (dev->class->reset)
		dev->class->reset(dev);
	dev->status = 0;
	dev->accepted = 0;
	dev->isr = 0;
	for (unsigned int i = 0; i < dev->nqueues; i++)
		vq_reset(&dev->queues[i], dev->mem, dev->class->queue_size);
	irq_set(&dev->irq, false);
}

void virtio_init(struct virtio_device *dev, const struct virtio_class *class,
		 const struct guest_memory *mem, uint64_t features, unsigned int nqueues)
{
	memset(dev, 0, sizeof(*dev));
	pthread_mutex_init(&dev->lock, NULL);
	dev->class = class;
	dev->mem = mem;
	dev->irq.vm_fd = -1;
	dev->offered = features | VIRTIO_DEMANDED;
	dev->nqueues = nqueues;
	for (unsigned int i = 0; i < nqueues; i++)
		vq_reset(&dev->queues[i], mem, class->queue_size);
}

#define CONFIG_CHANGE (-1) /* in place of a queue */

static void raise_irq(struct virtio_device *dev, int queue)
{
	if (dev->send_message && dev->send_message(dev, queue))
		return;
	dev->isr |= queue == CONFIG_CHANGE ? VIRTIO_ISR_CONFIG : VIRTIO_ISR_QUEUE;
	irq_set(&dev->irq, !dev->irq_masked);
}

uint8_t virtio_take_isr(struct virtio_device *dev)
{
	uint8_t isr = dev->isr;

	dev->isr = 0;
	irq_set(&dev->irq, false);
	return isr;
}

void virtio_mask_irq(struct virtio_device *dev, bool masked)
{
	dev->irq_masked = masked;
	irq_set(&dev->irq, dev->isr && !masked);
}

bool virtio_is_ready(const struct virtio_device *dev)
{
	return (dev->status & VIRTIO_CONFIG_S_DRIVER_OK) &&
	       !(dev->status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

void virtio_fail(struct virtio_device *dev)
{
	dev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	if (dev->status & VIRTIO_CONFIG_S_DRIVER_OK)
		raise_irq(dev, CONFIG_CHANGE);
}

static bool features_acceptable(const struct virtio_device *dev)
{
	return !(dev->accepted & ~dev->offered) &&
	       (dev->accepted & VIRTIO_DEMANDED) == VIRTIO_DEMANDED;
}

void virtio_set_status(struct virtio_device *dev, uint8_t status)
{
	uint8_t set = status & ~dev->status;

	if (!status) {
		reset(dev);
		return;
	}
	if ((set & VIRTIO_CONFIG_S_FEATURES_OK) && !features_acceptable(dev))
		set &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	if (!((dev->status | set) & VIRTIO_CONFIG_S_FEATURES_OK))
		set &= ~VIRTIO_CONFIG_S_DRIVER_OK;
	/* Bits are only ever added, and the device's own bit is not the driver's to set. */
	dev->status |= set & ~VIRTIO_CONFIG_S_NEEDS_RESET;
	if ((set & VIRTIO_CONFIG_S_DRIVER_OK) && dev->class->ready)
		dev->class->ready(dev);
}

void virtio_notify(struct virtio_device *dev, unsigned int n)
{
	if (n < dev->nqueues && virtio_is_ready(dev) && dev->queues[n].enabled)
		dev->class->notify(dev, n);
}

void virtio_done(struct virtio_device *dev, const struct virtqueue *q)
{
	if (vq_wants_interrupt(q))
		raise_irq(dev, (int)(q - dev->queues));
}

void virtio_interrupt(struct virtio_device *dev, unsigned int n)
{
	raise_irq(dev, (int)n);
}

void virtio_config_changed(struct virtio_device *dev)
{
	dev->generation++;
	if (virtio_is_ready(dev))
		raise_irq(dev, CONFIG_CHANGE);
}
