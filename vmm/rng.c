// SPDX-License-Identifier: BSD-3-Clause
/*
 * rng.c - the virtio entropy device (virtio 1.2, 5.4): each request is a buffer to fill. Requests
 * are answered on the vCPU that notifies. A buffer may be as large as RAM, so it gets a limited
 * number of bytes, which the specification allows.
 */
#include "vmm/rng.h"

#include <sys/random.h>

#define QUEUE_SIZE 8
#define MOST_BYTES 4096u /* for one request */

/* The number of bytes, at least one unless the buffer has no room. */
static size_t fill(const struct vq_chain *c)
{
	uint8_t bytes[MOST_BYTES];
	ssize_t n = getrandom(bytes, MIN(c->write_len, sizeof(bytes)), 0);

	return n > 0 ? vq_write(c, 0, bytes, (size_t)n) : 0;
}

static void notify(struct virtio_device *dev, unsigned int n)
{
	struct virtqueue *q = &dev->queues[n];
	unsigned int budget = q->size; /* what comes later is notified later */
	struct vq_chain c;
	int ret = 0;

	while (budget-- && (ret = vq_pop(q, &c)) > 0) {
		vq_push(q, c.head, (uint32_t)fill(&c));
		virtio_done(dev, q);
	}
	if (ret < 0)
		virtio_fail(dev);
}

static const struct virtio_class rng_class = {
	.id = VIRTIO_ID_RNG,
	.pci_class = 0x00ff00, /* unclassified: virtio 1.2 has none for it */
	.queue_size = QUEUE_SIZE,
	.notify = notify,
};

void rng_init(struct rng *r, const struct guest_memory *mem)
{
	virtio_init(&r->dev, &rng_class, mem, 0, 1);
}
