// SPDX-License-Identifier: BSD-3-Clause
/*
 * channel_talk.c - messages of a channel in their order (wire/wire.h: seq, step).
 *
 * A message that is out of order shuts the channel, so a client never gets the answer of another
 * request.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/channel.h"

int channel_violated(struct channel *ch)
{
	shutdown(ch->fd, SHUT_RDWR);
	return -EPIPE;
}

ssize_t channel_next(struct channel *ch, struct wire_msg *m, void *data, size_t size)
{
	uint32_t next = ch->seq + 1 ? ch->seq + 1 : 1;
	ssize_t n;

	do
		n = wire_recv(ch->fd, m, data, size, NULL, NULL);
	while (n >= 0 && m->type == WIRE_CANCEL); /* of a run that has ended */
	if (n < 0)
		return -EPIPE;
	if (m->seq != next || m->step)
		return channel_violated(ch);
	ch->seq = next;
	ch->step = 0;
	return n;
}

int channel_say(struct channel *ch, struct wire_msg *m, const void *data, const int *fds, int nfds)
{
	m->seq = ch->seq;
	m->step = ++ch->step;
	return wire_send(ch->fd, m, data, fds, nfds) ? -EPIPE : 0;
}

ssize_t channel_hear(struct channel *ch, struct wire_msg *m, void *data, size_t size, int *fd)
{
	int nfds;
	ssize_t n;

	do {
		nfds = fd ? 1 : 0;
		n = wire_recv(ch->fd, m, data, size, fd, &nfds);
	} while (n >= 0 && m->type == WIRE_CANCEL);
	if (fd && !nfds)
		*fd = -1;
	if ((n >= 0 || (n == -EMFILE && fd)) && m->seq == ch->seq && m->step == ch->step)
		return n;
	if (fd && *fd >= 0)
		close(*fd);
	if (fd)
		*fd = -1;
	return channel_violated(ch);
}
