// SPDX-License-Identifier: BSD-3-Clause
/*
 * vhost_doorbell.c - the back-end of a vhost-user device that is used for its two eventfds only.
 *
 * QEMU gives a vhost-user back-end, for each queue, an eventfd that it writes when the driver
 * notifies the queue (kick) and one that raises the device's interrupt (call). The monitor is the
 * driver; the queues stay empty. Queue 0 is ours, the others are ignored.
 *
 * QEMU gives a call eventfd when the device is made, which goes nowhere yet, and the real one when
 * the driver is ready: a new one takes the place, and the number, of the old one, and is rung once
 * in case a ring went the old way. The kick eventfd comes last.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bits.h"
#include "engine/qemu_parts.h"

enum vhost_user_request {
	VHOST_USER_GET_FEATURES = 1,
	VHOST_USER_GET_VRING_BASE = 11,
	VHOST_USER_SET_VRING_KICK = 12,
	VHOST_USER_SET_VRING_CALL = 13,
	VHOST_USER_GET_PROTOCOL_FEATURES = 15,
	VHOST_USER_GET_QUEUE_NUM = 17,
};

#define VHOST_USER_VERSION	       1u
#define VHOST_USER_REPLY	       (1u << 2)
#define VIRTIO_F_VERSION_1	       BIT(32)
#define VHOST_USER_F_PROTOCOL_FEATURES BIT(30)
#define VHOST_USER_PROTOCOL_F_MQ       BIT(0)
#define VRING_INDEX_MASK	       MASK(7, 0)
#define QUEUES			       2
#define MAX_FDS			       8 /* SET_MEM_TABLE has the most: one a region */

struct vhost_message {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of what follows */
	union {
		uint64_t u64;
		struct {
			uint32_t index, num;
		} vring;
		uint8_t bytes[512];
	};
} __attribute__((packed));

#define VHOST_HEADER offsetof(struct vhost_message, u64)

static bool read_all(int fd, void *buf, size_t len)
{
	while (len) {
		ssize_t n = read(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf = (char *)buf + n;
		len -= n;
	}
	return true;
}

/* Returns the number of descriptors that came along, or -1. */
static int receive(int sock, struct vhost_message *m, int fds[MAX_FDS])
{
	char control[CMSG_SPACE(sizeof(int) * MAX_FDS)];
	struct iovec iov = {.iov_base = m, .iov_len = VHOST_HEADER};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	int num = 0;

	if (recvmsg(sock, &h, MSG_CMSG_CLOEXEC | MSG_WAITALL) != (ssize_t)VHOST_HEADER)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		num = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), num * sizeof(int));
	}
	memset(m->bytes, 0, sizeof(m->bytes));
	if (m->size > sizeof(m->bytes) || !read_all(sock, m->bytes, m->size)) {
		while (num)
			close(fds[--num]);
		return -1;
	}
	return num;
}

static bool reply(int sock, struct vhost_message *m)
{
	m->flags = VHOST_USER_VERSION | VHOST_USER_REPLY;
	m->size = sizeof(uint64_t);
	return send(sock, m, VHOST_HEADER + m->size, MSG_NOSIGNAL) ==
	       (ssize_t)(VHOST_HEADER + m->size);
}

/* Take over `fd` as the descriptor `slot`, which keeps its number once it has one. */
static void take_eventfd(atomic_int *slot, int fd)
{
	int have = atomic_load(slot);

	if (have < 0) {
		atomic_store(slot, fd);
		return;
	}
	dup3(fd, have, O_CLOEXEC);
	close(fd);
}

bool doorbell_serve(struct doorbell *d)
{
	struct vhost_message m;
	int fds[MAX_FDS];
	int num = receive(d->sock, &m, fds);
	bool ok = true;

	if (num < 0)
		return false;
	switch (m.request) {
	case VHOST_USER_GET_FEATURES:
		m.u64 = VIRTIO_F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES;
		ok = reply(d->sock, &m);
		break;
	case VHOST_USER_GET_PROTOCOL_FEATURES:
		m.u64 = VHOST_USER_PROTOCOL_F_MQ;
		ok = reply(d->sock, &m);
		break;
	case VHOST_USER_GET_QUEUE_NUM:
		m.u64 = QUEUES;
		ok = reply(d->sock, &m);
		break;
	case VHOST_USER_GET_VRING_BASE:
		m.vring.num = 0;
		ok = reply(d->sock, &m);
		break;
	case VHOST_USER_SET_VRING_CALL:
		if ((m.u64 & VRING_INDEX_MASK) == 0 && num) {
			take_eventfd(&d->call, fds[--num]);
			doorbell_ring(d);
		}
		break;
	case VHOST_USER_SET_VRING_KICK:
		if ((m.u64 & VRING_INDEX_MASK) == 0 && num)
			take_eventfd(&d->kick, fds[--num]);
		break;
	}
	while (num)
		close(fds[--num]);
	return ok;
}

bool doorbell_connected(const struct doorbell *d)
{
	return atomic_load(&d->kick) >= 0 && atomic_load(&d->call) >= 0;
}

void doorbell_ring(const struct doorbell *d)
{
	uint64_t one = 1;
	ssize_t n = write(atomic_load(&d->call), &one, sizeof(one));

	(void)n; /* EAGAIN: the counter is full, it is ringing */
}
