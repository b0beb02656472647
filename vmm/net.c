// SPDX-License-Identifier: BSD-3-Clause
/*
 * net.c - the virtio network device (virtio 1.2, 5.1): one pair of queues, no offloads.
 *
 * What the realm sends goes to the socket on the vCPU that notifies; a frame that does not fit is
 * kept, and then no more are taken from the queue until it has gone. What the peer sends is read on
 * the main thread, and no more once the guest has no buffer. So neither side can make the other
 * lose frames, or us wait.
 */
#include "vmm/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_SIZE 64
#define RX	   0
#define TX	   1
#define HEADER	   sizeof(struct virtio_net_hdr_v1)
#define LENGTH	   4u
#define MIN_FRAME  14u

/* Locally administered; each realm is alone on its cable. */
static const uint8_t mac[6] = {0x02, 0x53, 0x52, 0x4c, 0x4d, 0x01};

/* ---- from the realm ---- */

static void want(struct net *n)
{
	if (n->peer.fd >= 0)
		io_want(&n->peer, (n->waits ? 0 : EPOLLIN) | (n->nout ? EPOLLOUT : 0));
}

/* That the peer is gone is found out by reading. */
static void flush(struct net *n)
{
	while (n->nout) {
		ssize_t done =
			send(n->peer.fd, n->out + n->out_at, n->nout, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno != EAGAIN)
			n->nout = 0;
		if (done <= 0)
			return;
		n->out_at += (size_t)done;
		n->nout -= (size_t)done;
	}
}

/* Length and frame in one piece, which is kept whole if there is no room. */
static void send_frame(struct net *n, const struct vq_chain *c)
{
	size_t len = c->read_len - HEADER;
	uint32_t be = htonl((uint32_t)len);

	memcpy(n->out, &be, LENGTH);
	n->nout = LENGTH + vq_read(c, HEADER, n->out + LENGTH, len);
	n->out_at = 0;
	flush(n);
}

static void transmit(struct net *n)
{
	struct virtqueue *q = &n->dev.queues[TX];
	unsigned int budget = q->size; /* what comes later is notified later */
	struct vq_chain c;
	bool any = false;
	int ret = 0;

	if (!virtio_is_ready(&n->dev))
		return;
	while (!n->nout && budget-- && (ret = vq_pop(q, &c)) > 0) {
		if (n->peer.fd >= 0 && c.read_len >= HEADER + MIN_FRAME &&
		    c.read_len <= HEADER + NET_MAX_LEN)
			send_frame(n, &c);
		else
			n->dropped++;
		vq_push(q, c.head, 0);
		any = true;
	}
	if (any)
		virtio_done(&n->dev, q);
	if (ret < 0)
		virtio_fail(&n->dev);
	if (n->nout)
		want(n);
}

/* ---- from the peer ---- */

static void go_down(struct net *n, const char *why)
{
	struct virtio_net_config cfg;

	io_close(&n->peer);
	n->nin = n->nout = 0;
	memcpy(&cfg, n->dev.config, n->dev.config_len);
	cfg.status = 0;
	memcpy(n->dev.config, &cfg, n->dev.config_len);
	virtio_config_changed(&n->dev);
	n->down(n, why);
}

/* Give one frame to the guest: false if it has no buffer. A buffer that is too short is wasted. */
static bool receive(struct net *n, const uint8_t *frame, size_t len)
{
	static const struct virtio_net_hdr_v1 h = {.num_buffers = 1};
	struct virtqueue *q = &n->dev.queues[RX];
	struct vq_chain c;
	size_t done;
	int ret;

	if (!virtio_is_ready(&n->dev) || !q->enabled || len < MIN_FRAME) {
		n->dropped++;
		return true;
	}
	ret = vq_pop(q, &c);
	if (ret < 0)
		virtio_fail(&n->dev);
	if (ret <= 0)
		return ret < 0;
	done = vq_write(&c, 0, &h, sizeof(h));
	if (c.write_len >= sizeof(h) + len)
		done += vq_write(&c, sizeof(h), frame, len);
	else
		n->dropped++;
	vq_push(q, c.head, (uint32_t)done);
	return true;
}

/* The whole frames that have come. False: the stream is broken. */
static bool deliver(struct net *n)
{
	struct virtqueue *q = &n->dev.queues[RX];
	uint16_t before = q->next_used;
	size_t at = 0;
	uint32_t len = 0;

	n->waits = false;
	while (n->nin - at >= LENGTH) {
		memcpy(&len, n->in + at, LENGTH);
		len = ntohl(len);
		if (!len || len > NET_MAX_LEN)
			return false;
		if (n->nin - at < LENGTH + len)
			break;
		n->waits = !receive(n, n->in + at + LENGTH, len);
		if (n->waits)
			break;
		at += LENGTH + len;
	}
	n->nin -= at;
	memmove(n->in, n->in + at, n->nin);
	if (q->next_used != before)
		virtio_done(&n->dev, q);
	return true;
}

/*
 * A guest that has no buffers tells when it has; else its notifications would be for nothing. This
 * may be a vCPU: the main thread sees the end of a broken stream.
 */
static void refill(struct net *n)
{
	struct virtqueue *q = &n->dev.queues[RX];
	bool good = deliver(n);

	vq_set_notify(q, n->waits);
	if (good && n->waits && vq_pending(q))
		good = deliver(n);
	if (good)
		return;
	n->broken = true;
	shutdown(n->peer.fd, SHUT_RDWR);
}

/* False: nothing will come any more. */
static bool read_more(struct net *n)
{
	ssize_t got;

	if (n->waits)
		return true;
	got = recv(n->peer.fd, n->in + n->nin, sizeof(n->in) - n->nin, MSG_DONTWAIT);
	if (got > 0)
		n->nin += (size_t)got;
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void peer_ready(struct io_watch *w, uint32_t events)
{
	struct net *n = container_of(w, struct net, peer);

	pthread_mutex_lock(&n->dev.lock);
	if (events & EPOLLOUT) {
		flush(n);
		transmit(n);
	}
	if (!read_more(n))
		go_down(n, n->broken ? "a frame's length is wrong" : NULL);
	else
		refill(n);
	want(n);
	pthread_mutex_unlock(&n->dev.lock);
}

/* ---- the device ---- */

static void notify(struct virtio_device *dev, unsigned int i)
{
	struct net *n = container_of(dev, struct net, dev);

	if (i == TX)
		transmit(n);
	else if (n->waits)
		refill(n);
	want(n);
}

/* Frames that wait for a buffer of a driver that is gone are not for the next one. */
static void reset(struct virtio_device *dev)
{
	struct net *n = container_of(dev, struct net, dev);

	if (n->waits)
		refill(n);
	want(n);
}

static void ready(struct virtio_device *dev)
{
	vq_set_notify(&dev->queues[RX], false);
}

static const struct virtio_class net_class = {
	.id = VIRTIO_ID_NET,
	.pci_class = 0x020000, /* network controller, Ethernet */
	.queue_size = QUEUE_SIZE,
	.notify = notify,
	.reset = reset,
	.ready = ready,
};

void net_init(struct net *n, const struct guest_memory *mem, int fd,
	      void (*down)(struct net *, const char *))
{
	struct virtio_net_config cfg = {.status = fd >= 0 ? VIRTIO_NET_S_LINK_UP : 0};

	memset(n, 0, sizeof(*n));
	virtio_init(&n->dev, &net_class, mem, BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS), 2);
	memcpy(cfg.mac, mac, sizeof(mac));
	n->dev.config_len = offsetof(struct virtio_net_config, max_virtqueue_pairs);
	memcpy(n->dev.config, &cfg, n->dev.config_len);
	n->down = down;
	n->peer = (struct io_watch){fd, peer_ready};
	want(n);
}

void net_destroy(struct net *n)
{
	io_close(&n->peer);
}
