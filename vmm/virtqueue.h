/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * virtqueue.h - the device's side of a split virtqueue (virtio 1.2, 2.7).
 *
 * The rings and everything that they name lie in memory that the guest can change at any moment:
 * each index, address and length is copied once, then checked, then used. What breaks the rules
 * breaks the queue: it answers -EPROTO until the driver resets the device.
 */
#ifndef VMM_VIRTQUEUE_H
#define VMM_VIRTQUEUE_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/ram.h"

#define VQ_MAX_SIZE	256 /* entries of a ring */
#define VQ_MAX_SEGMENTS 130 /* buffers of one chain, indirect ones included */

struct virtqueue {
	const struct guest_memory *mem;
	uint16_t size;				   /* chosen by the driver, a power of two */
	uint64_t desc_addr, avail_addr, used_addr; /* as the driver wrote them */
	bool enabled, broken;
	/* valid while enabled: */
	const struct vring_desc *desc;
	const struct vring_avail *avail;
	struct vring_used *used;
	uint16_t next_avail, next_used;
};

/* One request: nread buffers that the device reads, then nwrite that it writes. */
struct vq_chain {
	uint16_t head;
	unsigned int nread, nwrite;
	size_t read_len, write_len;
	struct iovec iov[VQ_MAX_SEGMENTS];
};

/* Back to the state after power-on; max: the size that is offered. */
void vq_reset(struct virtqueue *q, const struct guest_memory *mem, uint16_t max);
/* Check size and addresses and enable: 0 or -EPROTO (then broken). */
int vq_enable(struct virtqueue *q);
/* 1: *c is the next request; 0: there is none; -EPROTO: broken. */
int vq_pop(struct virtqueue *q, struct vq_chain *c);
/* The request that was just taken, and not answered, is the next one again. */
void vq_unpop(struct virtqueue *q);
/* Is a request waiting? */
bool vq_pending(const struct virtqueue *q);
/* Answer a request, with the number of bytes written to its writable buffers. */
void vq_push(struct virtqueue *q, uint16_t head, uint32_t written);
/* Does the driver want an interrupt for what was pushed? */
bool vq_wants_interrupt(const struct virtqueue *q);
/* Tell the driver whether its notifications are wanted (a hint). */
void vq_set_notify(struct virtqueue *q, bool wanted);

/* Copy from the readable or to the writable part, at a byte offset: how many bytes there were. */
size_t vq_read(const struct vq_chain *c, size_t offset, void *buf, size_t len);
size_t vq_write(const struct vq_chain *c, size_t offset, const void *buf, size_t len);

#endif
