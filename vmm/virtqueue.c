// SPDX-License-Identifier: BSD-3-Clause
/* virtqueue.c - takes requests off a split ring that it does not trust. */
#include "vmm/virtqueue.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rings are little-endian");

/*
 * Sequentially consistent, both: each side writes its index or flag, then looks at the other's,
 * and at least one of the two must see what the other wrote.
 */
static uint16_t load16(const uint16_t *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void store16(uint16_t *p, uint16_t v)
{
	__atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

void vq_reset(struct virtqueue *q, const struct guest_memory *mem, uint16_t max)
{
	*q = (struct virtqueue){.mem = mem, .size = max};
}

static int broken(struct virtqueue *q)
{
	q->broken = true;
	return -EPROTO;
}

int vq_enable(struct virtqueue *q)
{
	uint16_t n = q->size;

	if (q->enabled)
		return 0;
	if (!n || n > VQ_MAX_SIZE || (n & (n - 1)))
		return broken(q);
	if (!IS_ALIGNED(q->desc_addr, 16) || !IS_ALIGNED(q->avail_addr, 2) ||
	    !IS_ALIGNED(q->used_addr, 4))
		return broken(q);
	q->desc = memory_at(q->mem, q->desc_addr, n * sizeof(struct vring_desc));
	q->avail = memory_at(q->mem, q->avail_addr, sizeof(struct vring_avail) + n * 2u);
	q->used = memory_at(q->mem, q->used_addr,
			    sizeof(struct vring_used) + n * sizeof(struct vring_used_elem));
	if (!q->desc || !q->avail || !q->used)
		return broken(q);
	q->enabled = true;
	return 0;
}

bool vq_pending(const struct virtqueue *q)
{
	return q->enabled && !q->broken && load16(&q->avail->idx) != q->next_avail;
}

/* Add one buffer; device-readable ones come first. */
static int add_buffer(struct virtqueue *q, struct vq_chain *c, const struct vring_desc *d)
{
	bool write = d->flags & VRING_DESC_F_WRITE;
	unsigned int n = c->nread + c->nwrite;
	void *p = memory_at(q->mem, d->addr, d->len);

	if (!p || n == VQ_MAX_SEGMENTS || (!write && c->nwrite))
		return -EPROTO;
	c->iov[n] = (struct iovec){p, d->len};
	if (write) {
		c->nwrite++;
		c->write_len += d->len;
	} else {
		c->nread++;
		c->read_len += d->len;
	}
	return 0;
}

/*
 * Walk a chain of descriptors in a table of n, from index i. A chain can be no longer than its
 * table: a longer one is a loop. (An indirect table may be huge, its chain may not: add_buffer.)
 */
static int walk(struct virtqueue *q, struct vq_chain *c, const struct vring_desc *table,
		unsigned int n, unsigned int i, bool indirect)
{
	for (unsigned int steps = 0; steps < n; steps++) {
		struct vring_desc d;
		const struct vring_desc *inner;
		int ret;

		if (i >= n)
			return -EPROTO;
		memcpy(&d, &table[i], sizeof(d));
		__asm__ volatile("" : : : "memory"); /* d is the only copy that counts */
		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (indirect || (d.flags & VRING_DESC_F_NEXT) || d.len % sizeof(d))
				return -EPROTO;
			inner = memory_at(q->mem, d.addr, d.len);
			return inner ? walk(q, c, inner, d.len / sizeof(d), 0, true) : -EPROTO;
		}
		ret = add_buffer(q, c, &d);
		if (ret || !(d.flags & VRING_DESC_F_NEXT))
			return ret;
		i = d.next;
	}
	return -EPROTO;
}

int vq_pop(struct virtqueue *q, struct vq_chain *c)
{
	uint16_t ready;

	if (q->broken)
		return -EPROTO;
	if (!q->enabled)
		return 0;
	ready = load16(&q->avail->idx) - q->next_avail;
	if (!ready)
		return 0;
	if (ready > q->size)
		return broken(q);
	c->head = load16(&q->avail->ring[q->next_avail % q->size]);
	c->nread = c->nwrite = 0;
	c->read_len = c->write_len = 0;
	if (walk(q, c, q->desc, q->size, c->head, false))
		return broken(q);
	q->next_avail++;
	return 1;
}

void vq_unpop(struct virtqueue *q)
{
	q->next_avail--;
}

void vq_push(struct virtqueue *q, uint16_t head, uint32_t written)
{
	struct vring_used_elem *e = &q->used->ring[q->next_used % q->size];

	e->id = head;
	e->len = written;
	q->next_used++;
	store16(&q->used->idx, q->next_used);
}

bool vq_wants_interrupt(const struct virtqueue *q)
{
	return !(load16(&q->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

void vq_set_notify(struct virtqueue *q, bool wanted)
{
	if (q->enabled)
		store16(&q->used->flags, wanted ? 0 : VRING_USED_F_NO_NOTIFY);
}

/* Find the part of one buffer that belongs to [offset, offset + len) and move it. */
static size_t copy(const struct iovec *iov, unsigned int n, size_t offset, uint8_t *buf, size_t len,
		   bool to_guest)
{
	size_t done = 0;

	for (unsigned int i = 0; i < n && done < len; i++) {
		size_t part;

		if (offset >= iov[i].iov_len) {
			offset -= iov[i].iov_len;
			continue;
		}
		part = MIN(iov[i].iov_len - offset, len - done);
		if (to_guest)
			memcpy((uint8_t *)iov[i].iov_base + offset, buf + done, part);
		else
			memcpy(buf + done, (uint8_t *)iov[i].iov_base + offset, part);
		done += part;
		offset = 0;
	}
	return done;
}

size_t vq_read(const struct vq_chain *c, size_t offset, void *buf, size_t len)
{
	return copy(c->iov, c->nread, offset, buf, len, false);
}

size_t vq_write(const struct vq_chain *c, size_t offset, const void *buf, size_t len)
{
	return copy(c->iov + c->nread, c->nwrite, offset, (uint8_t *)buf, len, true);
}
