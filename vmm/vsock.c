// SPDX-License-Identifier: BSD-3-Clause
/*
 * vsock.c - the virtio socket device (virtio 1.2, 5.10): the device, and what the guest sends.
 *
 * What the guest sends is handled on the vCPU that notifies.
 */
#include "vmm/vsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/listen.h"

#define QUEUE_SIZE  128
#define RX	    VSOCK_RX
#define TX	    VSOCK_TX
#define NQUEUES	    3 /* the third one tells of a migration, which there is none of */
#define HEADER	    sizeof(struct virtio_vsock_hdr)
#define DRAIN_STEPS 100	  /* without progress */
#define DRAIN_US    10000 /* each */

_Static_assert(sizeof(struct virtio_vsock_config) == 8, "virtio 1.2, 5.10.4");

/* ---- from the guest ---- */

static struct vsock_stream *find(struct vsock *v, const struct virtio_vsock_hdr *h)
{
	for (unsigned int i = 0; i < VSOCK_STREAMS; i++) {
		struct vsock_stream *s = &v->streams[i];

		if ((s->state == VSOCK_OPEN || s->state == VSOCK_ASKED) &&
		    s->host_port == h->dst_port && s->guest_port == h->src_port)
			return s;
	}
	return NULL;
}

static void refuse(struct vsock *v, const struct virtio_vsock_hdr *h)
{
	if (h->op != VIRTIO_VSOCK_OP_RST)
		v->strays[v->nstrays++] = (struct vsock_stray){h->dst_port, h->src_port, h->type};
}

/* A program in the realm connects to PATH_PORT. */
static struct vsock_stream *open_stream(struct vsock *v, const struct virtio_vsock_hdr *h)
{
	struct vsock_stream *s = NULL;
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s_%u", v->path, h->dst_port);
	fd = v->used < VSOCK_STREAMS ? connect_to(path) : -EMFILE;
	if (fd >= 0)
		s = vsock_stream_new(v, fd, VSOCK_OPEN);
	if (!s) {
		refuse(v, h);
		return NULL;
	}
	s->host_port = h->dst_port;
	s->guest_port = h->src_port;
	s->owed = BIT(VIRTIO_VSOCK_OP_RESPONSE);
	return s;
}

/* More than its window: the guest does not keep to the rules of this stream. */
static int take_data(struct vsock_stream *s, const struct virtio_vsock_hdr *h,
		     const struct vq_chain *c)
{
	struct vsock *v = s->vsock;
	uint32_t done = 0, part;
	int ret = 0;

	if (s->state != VSOCK_OPEN || s->guest_ended ||
	    h->len > VSOCK_WINDOW - (s->got - s->handed))
		return -EPROTO;
	for (; !ret && done < h->len; done += part) {
		part = MIN(h->len - done, sizeof(v->data));
		vq_read(c, HEADER + done, v->data, part);
		ret = vsock_stream_keep(s, part);
	}
	vsock_stream_flush(s);
	return ret;
}

static int take_shutdown(struct vsock_stream *s, uint32_t flags)
{
	if (s->state != VSOCK_OPEN)
		return -EPROTO;
	s->guest_ended |= !!(flags & VIRTIO_VSOCK_SHUTDOWN_SEND);
	s->guest_deaf |= !!(flags & VIRTIO_VSOCK_SHUTDOWN_RCV);
	if (s->guest_ended && s->guest_deaf) {
		s->owed = BIT(VIRTIO_VSOCK_OP_RST);
		vsock_pay(s);
		vsock_stream_leave(s);
		return 0;
	}
	if (s->guest_deaf && s->peer.fd >= 0)
		shutdown(s->peer.fd, SHUT_RD);
	vsock_stream_flush(s);
	return 0;
}

static int take_packet(struct vsock_stream *s, const struct virtio_vsock_hdr *h,
		       const struct vq_chain *c)
{
	s->asked &= s->room == h->buf_alloc && s->taken == h->fwd_cnt;
	s->room = h->buf_alloc;
	s->taken = h->fwd_cnt;
	switch (h->op) {
	case VIRTIO_VSOCK_OP_REQUEST:
		return s->owed & BIT(VIRTIO_VSOCK_OP_RESPONSE) ? 0 : -EPROTO;
	case VIRTIO_VSOCK_OP_RESPONSE:
		if (s->state != VSOCK_ASKED || (s->owed & BIT(VIRTIO_VSOCK_OP_REQUEST)))
			return -EPROTO;
		vsock_stream_opened(s);
		return 0;
	case VIRTIO_VSOCK_OP_RST:
		vsock_stream_end(s, false);
		return 0;
	case VIRTIO_VSOCK_OP_SHUTDOWN:
		return take_shutdown(s, h->flags);
	case VIRTIO_VSOCK_OP_RW:
		return take_data(s, h, c);
	case VIRTIO_VSOCK_OP_CREDIT_UPDATE:
		return 0;
	case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
		s->owed |= s->state == VSOCK_OPEN ? BIT(VIRTIO_VSOCK_OP_CREDIT_UPDATE) : 0;
		return 0;
	default:
		return -EPROTO;
	}
}

/* What is no packet at all, or another one's, gets no answer. */
static void take(struct vsock *v, const struct vq_chain *c)
{
	struct virtio_vsock_hdr h;
	struct vsock_stream *s;

	if (vq_read(c, 0, &h, HEADER) != HEADER || h.len > c->read_len - HEADER ||
	    h.src_cid != VSOCK_GUEST_CID || h.dst_cid != VSOCK_HOST_CID)
		return;
	s = h.type == VIRTIO_VSOCK_TYPE_STREAM ? find(v, &h) : NULL;
	if (!s && h.type == VIRTIO_VSOCK_TYPE_STREAM && h.op == VIRTIO_VSOCK_OP_REQUEST)
		s = open_stream(v, &h);
	else if (!s)
		refuse(v, &h);
	if (!s)
		return;
	if (take_packet(s, &h, c))
		vsock_stream_end(s, true);
	vsock_pay(s);
	vsock_stream_want(s);
	vsock_stream_check(s);
}

/* Who does not take the answers gets no further ones: the packets wait in the queue. */
static void transmit(struct vsock *v)
{
	struct virtqueue *q = &v->dev.queues[TX];
	unsigned int budget = q->size; /* what comes later is notified later */
	struct vq_chain c;
	bool any = false;
	int ret = 0;

	while (v->nstrays < VSOCK_STRAYS && budget-- && (ret = vq_pop(q, &c)) > 0) {
		take(v, &c);
		vq_push(q, c.head, 0);
		any = true;
		vsock_pay_strays(v);
	}
	if (any)
		virtio_done(&v->dev, q);
	if (ret < 0)
		virtio_fail(&v->dev);
}

/* ---- the device ---- */

/* There are buffers again: what was owed first, then what peers have. */
static void refill(struct vsock *v)
{
	v->starved = false;
	vq_set_notify(&v->dev.queues[RX], false);
	vsock_pay_strays(v);
	for (unsigned int i = 0; i < VSOCK_STREAMS; i++) {
		struct vsock_stream *s = &v->streams[i];

		if (s->state == VSOCK_FREE)
			continue;
		vsock_pay(s);
		vsock_stream_want(s);
		vsock_stream_check(s);
	}
	transmit(v);
}

static void notify(struct virtio_device *dev, unsigned int n)
{
	struct vsock *v = container_of(dev, struct vsock, dev);

	if (n == TX)
		transmit(v);
	else if (n == RX && v->starved)
		refill(v);
	vsock_finish(v);
}

static void ready(struct virtio_device *dev)
{
	struct vsock *v = container_of(dev, struct vsock, dev);

	refill(v);
	vsock_finish(v);
}

/* What the guest has written before goes on to those who read it. A caller whom it has not seen
 * yet waits for the next driver. */
static void reset(struct virtio_device *dev)
{
	struct vsock *v = container_of(dev, struct vsock, dev);

	transmit(v);
	for (unsigned int i = 0; i < VSOCK_STREAMS; i++) {
		struct vsock_stream *s = &v->streams[i];
		bool unseen = s->owed & BIT(VIRTIO_VSOCK_OP_REQUEST);

		if (s->state == VSOCK_FREE || s->state == VSOCK_CALLING || unseen)
			continue;
		s->owed = 0;
		if (s->state == VSOCK_OPEN)
			vsock_stream_leave(s);
		else if (s->state == VSOCK_ASKED)
			vsock_stream_end(s, false);
		vsock_stream_want(s);
		vsock_stream_check(s);
	}
	v->nstrays = 0;
	v->starved = v->pushed = false;
}

static const struct virtio_class vsock_class = {
	.id = VIRTIO_ID_VSOCK,
	.pci_class = 0x028000, /* network controller, other */
	.queue_size = QUEUE_SIZE,
	.notify = notify,
	.reset = reset,
	.ready = ready,
};

int vsock_init(struct vsock *v, const struct guest_memory *mem, const char *path)
{
	static const struct virtio_vsock_config cfg = {.guest_cid = VSOCK_GUEST_CID};
	size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof("_4294967295");
	int fd = strlen(path) > most ? -ENAMETOOLONG : listen_at(path);

	memset(v, 0, sizeof(*v));
	v->spare = v->listener.fd = -1;
	for (unsigned int i = 0; i < VSOCK_STREAMS; i++)
		v->streams[i].peer.fd = -1;
	if (fd < 0) {
		log_errno(-fd, "--vsock unix:%s", path);
		return fd;
	}
	virtio_init(&v->dev, &vsock_class, mem, BIT(VIRTIO_RING_F_INDIRECT_DESC), NQUEUES);
	v->dev.config_len = sizeof(cfg);
	memcpy(v->dev.config, &cfg, sizeof(cfg));
	v->path = path;
	v->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	v->listener = (struct io_watch){fd, vsock_stream_caller};
	io_want(&v->listener, EPOLLIN);
	return 0;
}

/* How many bytes wait for their readers. */
static uint64_t flush_all(struct vsock *v)
{
	uint64_t left = 0;

	for (unsigned int i = 0; i < VSOCK_STREAMS; i++) {
		struct vsock_stream *s = &v->streams[i];

		if (s->state == VSOCK_FREE)
			continue;
		vsock_stream_flush(s);
		left += s->got - s->handed;
	}
	return left;
}

static void drain(struct vsock *v)
{
	uint64_t left = flush_all(v), before = left;

	for (int i = 0; left && i < DRAIN_STEPS; i++) {
		usleep(DRAIN_US);
		left = flush_all(v);
		if (left != before)
			i = 0;
		before = left;
	}
}

void vsock_destroy(struct vsock *v)
{
	if (v->listener.fd < 0)
		return;
	pthread_mutex_lock(&v->dev.lock);
	if (virtio_is_ready(&v->dev))
		transmit(v);
	io_close(&v->listener);
	unlink(v->path);
	drain(v);
	for (unsigned int i = 0; i < VSOCK_STREAMS; i++) {
		struct vsock_stream *s = &v->streams[i];

		if (s->state == VSOCK_FREE)
			continue;
		s->owed = 0;
		s->state = VSOCK_ENDING;
		vsock_stream_close(s);
	}
	if (v->spare >= 0)
		close(v->spare);
	pthread_mutex_unlock(&v->dev.lock);
}
