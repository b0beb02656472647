// SPDX-License-Identifier: BSD-3-Clause
/*
 * vhost.c - what is said to the process that serves a device: vhost-user messages, in the order
 * that docs/interop/vhost-user of QEMU tells.
 */
#include "vmm/vhost.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/pass.h"
#include "vmm/listen.h"

enum {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	GET_VRING_BASE = 11,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	GET_PROTOCOL_FEATURES = 15,
	SET_PROTOCOL_FEATURES = 16,
	SET_VRING_ENABLE = 18,
	GET_CONFIG = 24,
};

#define VERSION	   1u
#define IS_REPLY   BIT(2)
#define NEED_REPLY BIT(3)

#define F_PROTOCOL_FEATURES  BIT(30)
#define PROTOCOL_F_REPLY_ACK BIT(3)
#define PROTOCOL_F_CONFIG    BIT(9)

/* Features of the rings that the other side's driver may have: it is between those two. */
#define PASSED_ON (BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_RING_F_EVENT_IDX))

/* Above the addresses that a process has. */
#define NOBODYS BIT(56)

struct message {
	uint32_t request, flags, size;
	union {
		uint64_t u64;
		struct {
			uint32_t index, num;
		} state;
		struct {
			uint32_t index, flags;
			uint64_t desc, used, avail, log;
		} addr;
		struct {
			uint32_t n, pad;
			struct {
				uint64_t gpa, size, va, offset;
			} region[2];
		} memory;
		struct {
			uint32_t offset, size, flags;
			uint8_t data[VHOST_CONFIG_MAX];
		} config;
	};
} __attribute__((packed));

#define HEADER offsetof(struct message, u64)
_Static_assert(HEADER == 12, "vhost-user header");
_Static_assert(sizeof(((struct message *)0)->addr) == 40, "vhost-user vring address");
_Static_assert(sizeof(((struct message *)0)->memory) == 8 + 64, "vhost-user memory table");
_Static_assert(offsetof(struct message, config.data) == 12 + 12, "vhost-user configuration");

static struct vhost *vhost_of(struct virtio_device *dev)
{
	return container_of(dev, struct vhost, dev);
}

/* ---- one message ---- */

static int wait_for(struct vhost *v, short events)
{
	struct pollfd p = {.fd = v->sock.fd, .events = events};
	int n;

	do
		n = poll(&p, 1, VHOST_PATIENCE * 1000);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : -ETIMEDOUT;
}

static int say(struct vhost *v, const struct message *m, const int *fds, unsigned int nfds)
{
	struct iovec iov = {(void *)m, HEADER + m->size};
	ssize_t n = wait_for(v, POLLOUT);

	if (!n)
		n = pass_send(v->sock.fd, &iov, 1, fds, nfds, 0);
	return n == (ssize_t)iov.iov_len ? 0 : -EPIPE;
}

static int hear_bytes(struct vhost *v, void *to, size_t len)
{
	uint8_t *p = to;
	ssize_t n;

	for (; len; p += n, len -= (size_t)n) {
		n = wait_for(v, POLLIN) ? -1 : recv(v->sock.fd, p, len, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			n = 0;
		else if (n <= 0)
			return -EPIPE;
	}
	return 0;
}

/* The answer to `request`, which has a payload of this size. */
static int hear(struct vhost *v, struct message *m, uint32_t request, uint32_t size)
{
	if (hear_bytes(v, m, HEADER) || m->request != request || !(m->flags & IS_REPLY) ||
	    m->size != size)
		return -EPROTO;
	return hear_bytes(v, &m->u64, size);
}

static int ask(struct vhost *v, uint32_t request, uint64_t *value)
{
	struct message m = {.request = request, .flags = VERSION};
	int r = say(v, &m, NULL, 0);

	if (!r)
		r = hear(v, &m, request, sizeof(m.u64));
	*value = r ? 0 : m.u64;
	return r;
}

/* Returns when it has been done, if the other side can say so. */
static int tell(struct vhost *v, struct message *m, uint32_t request, uint32_t size, const int *fds,
		unsigned int nfds)
{
	struct message answer;
	int r;

	m->request = request;
	m->flags = VERSION | (v->acks ? NEED_REPLY : 0);
	m->size = size;
	r = say(v, m, fds, nfds);
	if (r || !v->acks)
		return r;
	r = hear(v, &answer, request, sizeof(answer.u64));
	return r ? r : answer.u64 ? -EPROTO : 0;
}

static int tell_number(struct vhost *v, uint32_t request, uint64_t value, int fd)
{
	struct message m = {.u64 = value};

	return tell(v, &m, request, sizeof(m.u64), &fd, fd >= 0);
}

static int tell_state(struct vhost *v, uint32_t request, unsigned int queue, uint32_t num)
{
	struct message m = {.state = {queue, num}};

	return tell(v, &m, request, sizeof(m.state), NULL, 0);
}

/* ---- set-up ---- */

/* Both ranges of guest addresses show the same memory; our addresses are names of it, no more. */
static int tell_memory(struct vhost *v)
{
	const struct guest_memory *mem = v->dev.mem;
	int fds[2] = {mem->fd, mem->fd};
	struct message m = {.memory.n = 2};

	for (unsigned int i = 0; i < 2; i++) {
		m.memory.region[i].gpa = mem->base | (i ? mem->alias_bit : 0);
		m.memory.region[i].size = mem->size;
		m.memory.region[i].va = (uintptr_t)mem->host + (i ? NOBODYS : 0);
	}
	return tell(v, &m, SET_MEM_TABLE, sizeof(m.memory), fds, 2);
}

/* Without that feature they are from the beginning. */
static int enable(struct vhost *v, unsigned int i)
{
	return v->features & F_PROTOCOL_FEATURES ? tell_state(v, SET_VRING_ENABLE, i, 1) : 0;
}

static int tell_queue(struct vhost *v, unsigned int i)
{
	const struct virtqueue *q = &v->dev.queues[i];
	struct message m = {.addr = {.index = i,
				     .desc = (uintptr_t)q->desc,
				     .used = (uintptr_t)q->used,
				     .avail = (uintptr_t)q->avail}};

	return tell_state(v, SET_VRING_NUM, i, q->size)
		       ?: tell_state(v, SET_VRING_BASE, i, q->next_avail)
		       ?: tell(v, &m, SET_VRING_ADDR, sizeof(m.addr), NULL, 0)
		       ?: tell_number(v, SET_VRING_CALL, i, v->queue[i].call.fd)
		       ?: tell_number(v, SET_VRING_KICK, i, v->queue[i].kick)
		       ?: enable(v, i);
}

static void lose(struct vhost *v, const char *why)
{
	if (!v->gone)
		log_warn("unix:%s: %s: the realm's device does not work any more", v->path, why);
	v->gone = true;
	v->served = false;
	io_want(&v->sock, 0);
	virtio_fail(&v->dev);
}

void vhost_ready(struct virtio_device *dev)
{
	struct vhost *v = vhost_of(dev);
	/* Addresses are ours to translate, so it is not told that there is something to it; nor of
	 * what is between the driver and us. */
	uint64_t accepted = dev->accepted & v->features & ~BIT(VIRTIO_F_ACCESS_PLATFORM);
	int r = v->gone ? -EPIPE : 0;

	if (!r)
		r = tell_number(v, SET_FEATURES, accepted | (v->features & F_PROTOCOL_FEATURES), -1)
			    ?: tell_memory(v);
	for (unsigned int i = 0; i < dev->nqueues && !r; i++)
		if (dev->queues[i].enabled)
			r = tell_queue(v, i);
	v->served = !r;
	if (r)
		lose(v, "it does not answer as vhost-user does");
}

/* What it has taken is written before it has answered; after that it writes no more. */
void vhost_reset(struct virtio_device *dev)
{
	struct vhost *v = vhost_of(dev);
	int r = 0;

	for (unsigned int i = 0; i < dev->nqueues && v->served && !r; i++) {
		struct message m = {.request = GET_VRING_BASE,
				    .flags = VERSION,
				    .size = sizeof(m.state),
				    .state = {i, 0}};

		if (!dev->queues[i].enabled)
			continue;
		r = say(v, &m, NULL, 0) ?: hear(v, &m, GET_VRING_BASE, sizeof(m.state));
	}
	if (r)
		lose(v, "it does not stop");
	v->served = false;
}

/* ---- while it is served ---- */

void vhost_notify(struct virtio_device *dev, unsigned int n)
{
	struct vhost *v = vhost_of(dev);

	if (v->served)
		eventfd_write(v->queue[n].kick, 1);
}

static void called(struct io_watch *w, uint32_t events)
{
	struct vhost_queue *q = container_of(w, struct vhost_queue, call);
	struct vhost *v = q->vhost;
	eventfd_t count;

	(void)events;
	if (eventfd_read(w->fd, &count))
		return;
	pthread_mutex_lock(&v->dev.lock);
	if (v->served && virtio_is_ready(&v->dev))
		virtio_interrupt(&v->dev, (unsigned int)(q - v->queue));
	pthread_mutex_unlock(&v->dev.lock);
}

static void hung_up(struct io_watch *w, uint32_t events)
{
	struct vhost *v = container_of(w, struct vhost, sock);

	(void)events;
	pthread_mutex_lock(&v->dev.lock);
	lose(v, "it has ended");
	pthread_mutex_unlock(&v->dev.lock);
}

/* ---- life ---- */

static int agree(struct vhost *v)
{
	uint64_t protocol = 0;
	struct message m = {0};
	int r = ask(v, GET_FEATURES, &v->features) ?: tell(v, &m, SET_OWNER, 0, NULL, 0);

	if (!r && (v->features & F_PROTOCOL_FEATURES)) {
		r = ask(v, GET_PROTOCOL_FEATURES, &protocol);
		protocol &= PROTOCOL_F_REPLY_ACK | PROTOCOL_F_CONFIG;
		if (!r)
			r = tell_number(v, SET_PROTOCOL_FEATURES, protocol, -1);
		v->acks = !r && (protocol & PROTOCOL_F_REPLY_ACK);
		v->has_config = !r && (protocol & PROTOCOL_F_CONFIG);
	}
	if (!r && !(v->features & BIT(VIRTIO_F_VERSION_1)))
		r = -EPROTO;
	return r;
}

int vhost_get_config(struct vhost *v, void *config, uint32_t len)
{
	struct message m = {.request = GET_CONFIG,
			    .flags = VERSION,
			    .size = (uint32_t)sizeof(m.config) - VHOST_CONFIG_MAX + len,
			    .config.size = len};
	int r;

	if (!v->has_config)
		return -EPROTO;
	r = say(v, &m, NULL, 0) ?: hear(v, &m, GET_CONFIG, m.size);
	if (!r)
		memcpy(config, m.config.data, len);
	return r;
}

static int open_queues(struct vhost *v)
{
	for (unsigned int i = 0; i < v->dev.nqueues; i++) {
		struct vhost_queue *q = &v->queue[i];

		q->vhost = v;
		q->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		q->call.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		q->call.ready = called;
		if (q->kick < 0 || q->call.fd < 0)
			return -errno;
		io_want(&q->call, EPOLLIN);
	}
	return 0;
}

int vhost_init(struct vhost *v, const struct virtio_class *class, const struct guest_memory *mem,
	       const char *path, unsigned int nqueues)
{
	int r = io_init();

	memset(v, 0, sizeof(*v));
	v->path = path;
	virtio_init(&v->dev, class, mem, 0, nqueues);
	for (unsigned int i = 0; i < VHOST_MAX_QUEUES; i++)
		v->queue[i].kick = v->queue[i].call.fd = -1;
	v->sock.ready = hung_up;
	v->sock.fd = r ? r : connect_to(path);
	r = v->sock.fd < 0 ? v->sock.fd : agree(v) ?: open_queues(v);
	if (r) {
		log_errno(-r, "unix:%s", path);
		return r;
	}
	v->dev.offered |= v->features & PASSED_ON;
	io_want(&v->sock, EPOLLHUP);
	return 0;
}

void vhost_destroy(struct vhost *v)
{
	pthread_mutex_lock(&v->dev.lock);
	vhost_reset(&v->dev);
	pthread_mutex_unlock(&v->dev.lock);
	io_close(&v->sock);
	for (unsigned int i = 0; i < v->dev.nqueues; i++) {
		io_close(&v->queue[i].call);
		if (v->queue[i].kick >= 0)
			close(v->queue[i].kick);
		v->queue[i].kick = -1;
	}
}
