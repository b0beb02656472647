// SPDX-License-Identifier: BSD-3-Clause
/* driver.c - builds rings in guest memory for the tests. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

#include "testing.h"

#define RING_SPACE 0x8000
#define AVAIL_AT   0x1000
#define USED_AT	   0x2000
#define DATA_AT	   0x4000

struct guest_memory *driver_memory(void)
{
	struct guest_memory *m = malloc(sizeof(*m));

	assert_int_equal(memory_create(m, RAM, RAM_SIZE, ALIAS, true), 0);
	return m;
}

void driver_memory_free(struct guest_memory *m)
{
	memory_destroy(m);
	free(m);
}

void ring_make(struct ring *r, struct guest_memory *m, unsigned int n, uint16_t size)
{
	*r = (struct ring){.mem = m, .size = size, .at = RAM + n * RING_SPACE};
	r->desc = memory_at(m, r->at, RING_SPACE);
	assert_non_null(r->desc);
	memset(r->desc, 0, RING_SPACE);
	r->avail = memory_at(m, r->at + AVAIL_AT, 1);
	r->used = memory_at(m, r->at + USED_AT, 1);
}

uint64_t ring_avail_addr(const struct ring *r)
{
	return r->at + AVAIL_AT;
}

uint64_t ring_used_addr(const struct ring *r)
{
	return r->at + USED_AT;
}

uint64_t ring_data(const struct ring *r)
{
	return r->at + DATA_AT;
}

void *ring_data_ptr(const struct ring *r)
{
	return memory_at(r->mem, ring_data(r), 1);
}

void ring_desc(struct ring *r, unsigned int i, uint64_t addr, uint32_t len, uint16_t flags,
	       uint16_t next)
{
	r->desc[i] = (struct vring_desc){addr | ALIAS, len, flags, next};
}

void ring_offer(struct ring *r, uint16_t i)
{
	r->avail->ring[r->avail->idx % r->size] = i;
	r->avail->idx++;
}

int ring_attach(struct ring *r, struct virtqueue *q)
{
	q->size = r->size;
	q->desc_addr = r->at | ALIAS;
	q->avail_addr = ring_avail_addr(r) | ALIAS;
	q->used_addr = ring_used_addr(r) | ALIAS;
	return vq_enable(q);
}

void driver_start(struct virtio_device *dev, uint64_t without)
{
	virtio_set_status(dev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	dev->accepted = dev->offered & ~without;
	virtio_set_status(dev, dev->status | VIRTIO_CONFIG_S_FEATURES_OK);
	virtio_set_status(dev, dev->status | VIRTIO_CONFIG_S_DRIVER_OK);
}
