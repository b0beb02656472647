// SPDX-License-Identifier: BSD-3-Clause
/*
 * vsock_packet.c - packets of virtio sockets for the guest (virtio 1.2, 5.10.6).
 *
 * What peers send is read on the main thread, and only while the guest has a buffer and the stream
 * has room at the guest's end. What a stream owes the guest (an answer, an end) is a set of flags
 * until there is a buffer, so a guest that gives none makes nothing grow.
 */
#include <errno.h>
#include <sys/socket.h>

#include "vmm/vsock.h"

#define RX     VSOCK_RX
#define HEADER sizeof(struct virtio_vsock_hdr)
#define BATCH  16 /* packets of one stream before the next one's turn */

_Static_assert(HEADER == 44, "virtio 1.2, 5.10.6");

/*
 * The guest's next buffer with room for a header: false, and starved, if there is none. It tells
 * when it has; else its notifications would be for nothing.
 */
static bool take_buffer(struct vsock *v, struct vq_chain *c)
{
	struct virtqueue *q = &v->dev.queues[RX];
	unsigned int budget = q->size;
	int ret = 0;

	if (v->starved || !virtio_is_ready(&v->dev))
		return false;
	while (budget--) {
		ret = vq_pop(q, c);
		if (!ret) {
			vq_set_notify(q, true);
			ret = vq_pending(q) ? vq_pop(q, c) : 0;
		}
		if (ret <= 0)
			break;
		if (c->write_len >= HEADER)
			return true;
		vq_push(q, c->head, 0);
		v->pushed = true;
	}
	v->starved = true;
	if (ret < 0)
		virtio_fail(&v->dev);
	return false;
}

static void push(struct vsock *v, const struct vq_chain *c, const struct virtio_vsock_hdr *h)
{
	vq_write(c, 0, h, HEADER);
	vq_push(&v->dev.queues[RX], c->head, (uint32_t)(HEADER + h->len));
	v->pushed = true;
}

static struct virtio_vsock_hdr make_header(uint32_t host_port, uint32_t guest_port, uint16_t op)
{
	return (struct virtio_vsock_hdr){.src_cid = VSOCK_HOST_CID,
					 .dst_cid = VSOCK_GUEST_CID,
					 .src_port = host_port,
					 .dst_port = guest_port,
					 .type = VIRTIO_VSOCK_TYPE_STREAM,
					 .op = op};
}

static void push_packet(struct vsock_stream *s, const struct vq_chain *c, uint16_t op, uint32_t len)
{
	struct virtio_vsock_hdr h = make_header(s->host_port, s->guest_port, op);

	h.len = len;
	h.buf_alloc = VSOCK_WINDOW;
	h.fwd_cnt = s->told = s->handed;
	if (op == VIRTIO_VSOCK_OP_SHUTDOWN)
		h.flags = (s->host_ended ? VIRTIO_VSOCK_SHUTDOWN_SEND : 0) |
			  (s->host_deaf ? VIRTIO_VSOCK_SHUTDOWN_RCV : 0);
	push(s->vsock, c, &h);
}

void vsock_pay(struct vsock_stream *s)
{
	static const uint8_t order[] = {
		VIRTIO_VSOCK_OP_REQUEST,       VIRTIO_VSOCK_OP_RESPONSE,
		VIRTIO_VSOCK_OP_CREDIT_UPDATE, VIRTIO_VSOCK_OP_CREDIT_REQUEST,
		VIRTIO_VSOCK_OP_SHUTDOWN,      VIRTIO_VSOCK_OP_RST,
	};
	struct vq_chain c;

	for (unsigned int i = 0; s->owed && i < ARRAY_SIZE(order); i++) {
		if (!(s->owed & BIT(order[i])))
			continue;
		if (!take_buffer(s->vsock, &c))
			return;
		s->owed &= ~(unsigned int)BIT(order[i]);
		push_packet(s, &c, order[i], 0);
	}
}

uint32_t vsock_credit(const struct vsock_stream *s)
{
	uint32_t used = s->sent - s->taken;

	return used < s->room ? s->room - used : 0;
}

/* One packet. False: nothing more for now. */
static bool receive_one(struct vsock_stream *s)
{
	struct vsock *v = s->vsock;
	struct vq_chain c;
	size_t most = MIN(vsock_credit(s), sizeof(v->data));
	ssize_t n;

	if (!most || !take_buffer(v, &c))
		return false;
	most = MIN(most, c.write_len - HEADER);
	n = most ? recv(s->peer.fd, v->data, most, MSG_DONTWAIT) : 0;
	if (n > 0) {
		vq_write(&c, HEADER, v->data, (size_t)n);
		s->sent += (uint32_t)n;
		push_packet(s, &c, VIRTIO_VSOCK_OP_RW, (uint32_t)n);
		return true;
	}
	if (!most) { /* a buffer for no data at all */
		push_packet(s, &c, VIRTIO_VSOCK_OP_CREDIT_UPDATE, 0);
		return true;
	}
	vq_unpop(&v->dev.queues[RX]);
	if (!n) {
		s->host_ended = true;
		s->owed |= BIT(VIRTIO_VSOCK_OP_SHUTDOWN);
	} else if (errno != EAGAIN && errno != EINTR) {
		vsock_stream_end(s, true);
	}
	return false;
}

/* A guest without room is asked once; it tells by itself when it has read much. */
void vsock_receive(struct vsock_stream *s)
{
	unsigned int budget = BATCH;

	while (budget-- && receive_one(s))
		;
	if (s->state != VSOCK_OPEN || vsock_credit(s) || s->asked)
		return;
	s->asked = true;
	s->owed |= BIT(VIRTIO_VSOCK_OP_CREDIT_REQUEST);
}

void vsock_finish(struct vsock *v)
{
	if (v->pushed)
		virtio_done(&v->dev, &v->dev.queues[RX]);
	v->pushed = false;
}

void vsock_pay_strays(struct vsock *v)
{
	struct vq_chain c;

	while (v->nstrays && take_buffer(v, &c)) {
		const struct vsock_stray *s = &v->strays[--v->nstrays];
		struct virtio_vsock_hdr h =
			make_header(s->host_port, s->guest_port, VIRTIO_VSOCK_OP_RST);

		h.type = s->type;
		push(v, &c, &h);
	}
}
