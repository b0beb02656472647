/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtio.h - what all virtio devices have in common, apart from the transport (virtio_pci.h).
 *
 * A device embeds struct virtio_device and gives it a class. `lock` covers all of it and the
 * device around it; the class's functions are called with it held, on the thread of the vCPU that
 * made the access. VERSION_1 and ACCESS_PLATFORM are offered and demanded: without the latter a
 * realm's driver would place its rings in private memory, which nobody here can read.
 */
#ifndef VMM_VIRTIO_H
#define VMM_VIRTIO_H

#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <pthread.h>

#include "base/bits.h"
#include "vmm/irq.h"
#include "vmm/virtqueue.h"

#define VIRTIO_MAX_QUEUES 16
#define VIRTIO_CONFIG_MAX 64
#define VIRTIO_DEMANDED	  (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM))

/* Bits of the interrupt status register. */
#define VIRTIO_ISR_QUEUE  1
#define VIRTIO_ISR_CONFIG 2

struct virtio_device;

struct virtio_class {
	uint16_t id;	     /* VIRTIO_ID_* */
	uint32_t pci_class;  /* base class, subclass, interface */
	uint16_t queue_size; /* offered for every queue */
	/* The driver told of new requests in queue n (which is enabled). */
	void (*notify)(struct virtio_device *dev, unsigned int n);
	/*
	 * The driver resets the device (its queues are still as they were; this may wait, without
	 * the lock), or is done with its set-up (DRIVER_OK). May be NULL.
	 */
	void (*reset)(struct virtio_device *dev);
	void (*ready)(struct virtio_device *dev);
};

struct virtio_device {
	const struct virtio_class *class;
	const struct guest_memory *mem;
	pthread_mutex_t lock;
	struct irq_line irq;
	bool irq_masked; /* by the transport */
	/* The transport sends a message in place of the line: for a queue, or for the
	 * configuration (-1). False: it does not now. May be NULL. */
	bool (*send_message)(struct virtio_device *dev, int queue);
	void *transport;
	uint8_t isr;
	uint8_t status; /* VIRTIO_CONFIG_S_* */
	uint8_t generation;
	uint64_t offered, accepted; /* features */
	unsigned int nqueues;
	struct virtqueue queues[VIRTIO_MAX_QUEUES];
	uint8_t config[VIRTIO_CONFIG_MAX]; /* read-only for the driver */
	unsigned int config_len;
};

void virtio_init(struct virtio_device *dev, const struct virtio_class *class,
		 const struct guest_memory *mem, uint64_t features, unsigned int nqueues);

/* For transports; the lock is held. */
void virtio_set_status(struct virtio_device *dev, uint8_t status);
void virtio_notify(struct virtio_device *dev, unsigned int n);
uint8_t virtio_take_isr(struct virtio_device *dev);
void virtio_mask_irq(struct virtio_device *dev, bool masked);

/* For devices; the lock is held. */
bool virtio_is_ready(const struct virtio_device *dev);
/* Requests of q were answered: interrupt the driver if it wants that. */
void virtio_done(struct virtio_device *dev, const struct virtqueue *q);
/* The same of queue n, and it wants that. */
void virtio_interrupt(struct virtio_device *dev, unsigned int n);
/* config was changed. */
void virtio_config_changed(struct virtio_device *dev);
/* The driver broke the rules: nothing goes on until it resets the device. */
void virtio_fail(struct virtio_device *dev);

#endif
