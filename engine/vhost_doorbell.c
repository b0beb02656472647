// SPDX-License-Identifier: BSD-3-Clause
/*
 * vhost_doorbell.c - the back-end of vhost-user devices that are used for their eventfds only.
 *
 * QEMU gives a vhost-user back-end, for each queue, an eventfd that it writes when the driver
 * notifies the queue (kick) and one that raises the device's interrupt (call). The monitor is the
 * driver; the queues stay empty. Each is the doorbell of one CPU (mailbox.h), or nobody's.
 *
 * QEMU gives a call eventfd when the device is made, which goes nowhere yet, and the real one when
 * the driver is ready. Whatever comes takes the place, and the number, of what was there, and the
 * one that goes is rung: who sleeps on the old kick looks again and finds the new one; a ring that
 * went the old call's way is given once more.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/pass.h"
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

#define VHOST_HEADER offsetof(struct vhost_message, u64)

/* Take what is there of the next `want` bytes of the message; false: hung up. */
static bool receive(struct doorbell_device *d, size_t want)
{
	unsigned int nfds = VHOST_MAX_FDS - d->num_fds;
	ssize_t n = pass_recv(d->sock, (char *)&d->message + d->have, want - d->have,
			      d->fds + d->num_fds, &nfds, MSG_DONTWAIT);

	if (n <= 0)
		return n == -EAGAIN;
	d->have += n;
	d->num_fds += nfds;
	return true;
}

/* The device waits for each reply before it asks again, so there is room for it. */
static bool reply(int sock, struct vhost_message *m)
{
	m->flags = VHOST_USER_VERSION | VHOST_USER_REPLY;
	m->size = sizeof(uint64_t);
	return send(sock, m, VHOST_HEADER + m->size, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)(VHOST_HEADER + m->size);
}

static void ring(int fd)
{
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n; /* EAGAIN: the counter is full, it is ringing */
}

/* Let the message's descriptor take the place of `fd`. With none left to ring the old one by, who
 * sleeps on it looks again before long. */
static void replace(struct doorbell_device *d, int fd)
{
	int old = fcntl(fd, F_DUPFD_CLOEXEC, 0), new = d->fds[--d->num_fds];

	dup3(new, fd, O_CLOEXEC);
	close(new);
	if (old < 0)
		return;
	ring(old);
	close(old);
}

static bool obey(struct doorbell_device *d)
{
	struct vhost_message *m = &d->message;
	unsigned int q = m->u64 & VRING_INDEX_MASK;
	struct doorbell *b = q < DOORBELL_MAX_QUEUES ? d->doorbell[q] : NULL;

	switch (m->request) {
	case VHOST_USER_GET_FEATURES:
		m->u64 = VIRTIO_F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES;
		return reply(d->sock, m);
	case VHOST_USER_GET_PROTOCOL_FEATURES:
		m->u64 = VHOST_USER_PROTOCOL_F_MQ;
		return reply(d->sock, m);
	case VHOST_USER_GET_QUEUE_NUM:
		m->u64 = DOORBELL_MAX_QUEUES;
		return reply(d->sock, m);
	case VHOST_USER_GET_VRING_BASE:
		m->vring.num = 0;
		return reply(d->sock, m);
	case VHOST_USER_SET_VRING_CALL:
		if (b && d->num_fds) {
			replace(d, b->call);
			ring(b->call);
		}
		return true;
	case VHOST_USER_SET_VRING_KICK:
		if (b && d->num_fds)
			replace(d, b->kick);
		return true;
	}
	return true;
}

static void next_message(struct doorbell_device *d)
{
	while (d->num_fds)
		close(d->fds[--d->num_fds]);
	d->have = 0;
	memset(&d->message, 0, sizeof(d->message));
}

bool doorbell_serve(struct doorbell_device *d)
{
	size_t want = VHOST_HEADER;
	bool ok;

	if (d->have >= VHOST_HEADER)
		want += d->message.size;
	if (d->have < want && !receive(d, want))
		return false;
	if (d->have < VHOST_HEADER)
		return true;
	if (d->message.size > VHOST_MAX_PAYLOAD)
		return false;
	if (d->have < VHOST_HEADER + d->message.size)
		return true;
	ok = obey(d);
	next_message(d);
	return ok;
}

bool doorbell_open(struct doorbell *d)
{
	d->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return d->kick >= 0 && d->call >= 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void doorbell_close(struct doorbell *d)
{
	close_fd(d->kick);
	close_fd(d->call);
}

void doorbell_device_close(struct doorbell_device *d)
{
	next_message(d);
	close_fd(d->sock);
}

void doorbell_ring(const struct doorbell *d)
{
	ring(d->call);
}
