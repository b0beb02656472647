// SPDX-License-Identifier: BSD-3-Clause
/*
 * talk.c - the client's end of a conversation: a descriptor of ours, far up in the VMM's table, and
 * where the conversation stands (wire/wire.h: seq, step).
 *
 * The VMM does not know the descriptor, but it may close it, or have another under its number: so
 * it is known by device and inode, and looked at before each request.
 */
#include "client/client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

bool own_valid(const struct own *o)
{
	struct stat st;

	return o->fd >= 0 && o->ino && !sys(fstat, o->fd, &st) && st.st_ino == o->ino &&
	       st.st_dev == o->dev;
}

void own_close(struct own *o)
{
	if (own_valid(o))
		sys(close, o->fd);
	*o = (struct own){.fd = -1};
}

/* The VMM's next descriptor gets the number that the kernel would have given. */
static int move_high(int fd)
{
	static const int from[] = {500, 200, 60};
	long high;

	for (unsigned int i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		high = sys(fcntl, fd, F_DUPFD_CLOEXEC, from[i]);
		if (high >= 0) {
			sys(close, fd);
			return high;
		}
	}
	return fd;
}

int own_take(struct own *o, int fd)
{
	struct stat st;

	if (sys(fstat, fd, &st)) {
		sys(close, fd);
		return -EBADF;
	}
	*o = (struct own){.fd = move_high(fd), .dev = st.st_dev, .ino = st.st_ino};
	return 0;
}

bool own_move(struct own *o)
{
	long fd = sys(fcntl, o->fd, F_DUPFD_CLOEXEC, o->fd + 1);

	if (fd < 0)
		return false;
	sys(close, o->fd);
	o->fd = fd;
	return true;
}

/* ---- messages in their order ---- */

void talk_begin(struct talk *t)
{
	t->seq = t->seq + 1 ? t->seq + 1 : 1;
	t->step = 0;
}

int talk_send(struct talk *t, struct wire_msg *m, const void *data, const int *fds, int nfds)
{
	m->seq = t->seq;
	m->step = t->step;
	return wire_send(t->own.fd, m, data, fds, nfds);
}

ssize_t talk_recv(struct talk *t, struct wire_msg *m, void *data, size_t size, int *fds, int *nfds)
{
	ssize_t n = wire_recv(t->own.fd, m, data, size, fds, nfds);

	t->step++;
	if (n == -EFAULT || (n < 0 && n != -EMFILE))
		return n; /* lost, or the end */
	if (m->seq == t->seq && m->step == t->step)
		return n;
	while (nfds && *nfds)
		sys(close, fds[--*nfds]);
	sys(shutdown, t->own.fd, SHUT_RDWR);
	return -EPIPE;
}

bool talk_hung_up(const struct talk *t)
{
	struct pollfd pfd = {t->own.fd, 0, 0};
	const struct timespec now = {0, 0};

	return sys(ppoll, &pfd, 1, &now, NULL, 0) > 0;
}
