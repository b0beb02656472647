// SPDX-License-Identifier: BSD-3-Clause
/*
 * talk.c - the client's end of a conversation: a descriptor of ours, and where the conversation
 * stands (wire/wire.h: seq, step).
 */
#include <poll.h>
#include <sys/socket.h>

#include "client/parts.h"

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
