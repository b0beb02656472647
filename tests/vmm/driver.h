/* SPDX-License-Identifier: BSD-3-Clause */
/* driver.h - the guest's side of a virtio device, as little of it as the tests need. */
#ifndef TESTS_VMM_DRIVER_H
#define TESTS_VMM_DRIVER_H

#include "vmm/virtio.h"

#define RAM	 UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x100000)
#define ALIAS	 UINT64_C(0x100000000)

/* A ring in guest memory, and a page for its buffers behind it. */
struct ring {
	struct guest_memory *mem;
	uint16_t size;
	uint64_t at; /* IPA of the descriptor table; avail, used and data follow */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
};

struct guest_memory *driver_memory(void); /* fresh RAM, until driver_memory_free */
void driver_memory_free(struct guest_memory *m);

/* Lay out ring n of `size` entries, all zero. */
void ring_make(struct ring *r, struct guest_memory *m, unsigned int n, uint16_t size);
uint64_t ring_avail_addr(const struct ring *r);
uint64_t ring_used_addr(const struct ring *r);
/* IPA and pointer of the data area. */
uint64_t ring_data(const struct ring *r);
void *ring_data_ptr(const struct ring *r);

void ring_desc(struct ring *r, unsigned int i, uint64_t addr, uint32_t len, uint16_t flags,
	       uint16_t next);
/* Offer the chain that starts at descriptor i. */
void ring_offer(struct ring *r, uint16_t i);

/* Give the ring to q directly, through the alias, as a driver gives its addresses. */
int ring_attach(struct ring *r, struct virtqueue *q);
/* Bring a device up with the features it offers (but for those in `without`). */
void driver_start(struct virtio_device *dev, uint64_t without);

#endif
