// SPDX-License-Identifier: BSD-3-Clause
/*
 * vsock_stream.c - the host's end of each virtio socket: a unix socket that never makes anybody
 * wait. Sockets are closed on the main thread alone (vmm/io.h); another one shuts them down, which
 * the main thread sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/vsock.h"

#define FIRST_PORT 0x40000000u /* of the host's for its callers; below are those that listen */

_Static_assert(!(VSOCK_WINDOW & (VSOCK_WINDOW - 1)), "positions wrap at 2^32");

static void peer_ready(struct io_watch *w, uint32_t events);

struct vsock_stream *vsock_stream_new(struct vsock *v, int fd, enum vsock_state state)
{
	for (unsigned int i = 0; i < VSOCK_STREAMS; i++) {
		struct vsock_stream *s = &v->streams[i];

		if (s->state != VSOCK_FREE)
			continue;
		*s = (struct vsock_stream){.vsock = v, .peer = {fd, peer_ready}, .state = state};
		v->used++;
		return s;
	}
	return NULL;
}

/* A level stays until somebody sees to it: nothing is wanted that nobody would. */
void vsock_stream_want(struct vsock_stream *s)
{
	uint32_t events = s->got != s->handed ? EPOLLOUT : 0;

	if (s->peer.fd < 0)
		return;
	if (s->state == VSOCK_CALLING || s->state == VSOCK_ENDING)
		events = EPOLLIN;
	else if (s->state == VSOCK_ASKED || (s->state == VSOCK_OPEN && s->host_ended))
		events |= EPOLLHUP;
	else if (s->state == VSOCK_OPEN && !s->guest_deaf && !s->vsock->starved && vsock_credit(s))
		events |= EPOLLIN;
	io_want(&s->peer, events);
}

void vsock_stream_check(struct vsock_stream *s)
{
	struct vsock *v = s->vsock;

	if (s->state == VSOCK_LEFT && s->got == s->handed)
		vsock_stream_end(s, false);
	if (s->state != VSOCK_ENDING || s->owed || s->peer.fd >= 0)
		return;
	free(s->kept);
	s->kept = NULL;
	s->state = VSOCK_FREE;
	if (v->used-- == VSOCK_STREAMS)
		io_want(&v->listener, EPOLLIN);
}

void vsock_stream_end(struct vsock_stream *s, bool tell)
{
	if (s->state == VSOCK_ENDING)
		return;
	s->state = VSOCK_ENDING;
	/* After its last goodbye the guest still waits for the RST that was promised. */
	s->owed = tell ? BIT(VIRTIO_VSOCK_OP_RST) : s->owed & BIT(VIRTIO_VSOCK_OP_RST);
	s->handed = s->got;
	if (s->peer.fd >= 0)
		shutdown(s->peer.fd, SHUT_RDWR);
	vsock_stream_want(s);
	vsock_pay(s);
}

void vsock_stream_leave(struct vsock_stream *s)
{
	s->state = VSOCK_LEFT;
	s->guest_ended = s->guest_deaf = true;
	vsock_stream_flush(s);
	vsock_stream_check(s);
}

void vsock_stream_close(struct vsock_stream *s)
{
	io_close(&s->peer);
	s->handed = s->got;
	vsock_stream_check(s);
}

/* ---- from the guest ---- */

/* The peer reads nothing more: what is left is for nobody. */
static void go_deaf(struct vsock_stream *s)
{
	s->handed = s->got;
	if (!s->host_deaf && s->state == VSOCK_OPEN)
		s->owed |= BIT(VIRTIO_VSOCK_OP_SHUTDOWN);
	s->host_deaf = true;
}

static void tell_room(struct vsock_stream *s)
{
	if (s->state == VSOCK_OPEN && s->handed - s->told >= VSOCK_WINDOW / 2)
		s->owed |= BIT(VIRTIO_VSOCK_OP_CREDIT_UPDATE);
}

void vsock_stream_flush(struct vsock_stream *s)
{
	while (s->got != s->handed && s->peer.fd >= 0) {
		uint32_t at = s->handed % VSOCK_WINDOW;
		size_t len = MIN(s->got - s->handed, VSOCK_WINDOW - at);
		ssize_t n = send(s->peer.fd, s->kept + at, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			s->handed += (uint32_t)n;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			go_deaf(s);
	}
	if (s->got == s->handed && s->guest_ended && s->peer.fd >= 0)
		shutdown(s->peer.fd, SHUT_WR);
	tell_room(s);
}

int vsock_stream_keep(struct vsock_stream *s, uint32_t len)
{
	uint32_t at = s->got % VSOCK_WINDOW, first = MIN(len, VSOCK_WINDOW - at);

	if (s->host_deaf || s->peer.fd < 0) {
		s->got += len;
		s->handed = s->got;
		return 0;
	}
	if (!s->kept)
		s->kept = malloc(VSOCK_WINDOW);
	if (!s->kept)
		return -ENOMEM;
	memcpy(s->kept + at, s->vsock->data, first);
	memcpy(s->kept, s->vsock->data + first, len - first);
	s->got += len;
	return 0;
}

/* A caller's socket has taken nothing yet, so it has room for this. */
void vsock_stream_opened(struct vsock_stream *s)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "OK %u\n", s->host_port);

	s->state = VSOCK_OPEN;
	if (send(s->peer.fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) != n)
		vsock_stream_end(s, true);
}

/* ---- from the peer, on the main thread ---- */

static uint32_t free_port(struct vsock *v)
{
	if (v->next_port < FIRST_PORT)
		v->next_port = FIRST_PORT;
	return v->next_port++;
}

/* "CONNECT PORT\n", whole. */
static int parse_call(const char *line, size_t n, uint32_t *port)
{
	static const char connect[] = "CONNECT ";
	unsigned long long v = 0;
	size_t i = sizeof(connect) - 1;

	if (n < i + 2 || memcmp(line, connect, i))
		return -EPROTO;
	for (; i < n && line[i] >= '0' && line[i] <= '9' && v <= UINT32_MAX; i++)
		v = v * 10 + (unsigned int)(line[i] - '0');
	if (i != n - 1 || i == sizeof(connect) - 1 || v > UINT32_MAX)
		return -EPROTO;
	*port = (uint32_t)v;
	return 0;
}

/* Byte by byte: what stands behind the line is the stream's, and stays in the socket. */
static void take_call(struct vsock_stream *s)
{
	ssize_t n = 1;

	while (n > 0 && s->nline < VSOCK_MAX_CALL) {
		n = recv(s->peer.fd, s->line + s->nline, 1, MSG_DONTWAIT);
		if (n > 0 && s->line[s->nline++] == '\n')
			break;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || parse_call(s->line, s->nline, &s->guest_port)) {
		vsock_stream_end(s, false);
		return;
	}
	s->host_port = free_port(s->vsock);
	s->state = VSOCK_ASKED;
	s->owed |= BIT(VIRTIO_VSOCK_OP_REQUEST);
}

/* Gone altogether; that it writes nothing more was seen before. */
static void hung_up(struct vsock_stream *s)
{
	if (s->state == VSOCK_ASKED) {
		vsock_stream_end(s, !(s->owed & BIT(VIRTIO_VSOCK_OP_REQUEST)));
		return;
	}
	go_deaf(s);
	io_close(&s->peer);
}

static void open_ready(struct vsock_stream *s, uint32_t events)
{
	if (events & EPOLLOUT)
		vsock_stream_flush(s);
	if (s->host_ended && (events & (EPOLLHUP | EPOLLERR)))
		hung_up(s);
	else if (!s->host_ended && !s->guest_deaf && (events & ~(uint32_t)EPOLLOUT))
		vsock_receive(s);
}

static void peer_ready(struct io_watch *w, uint32_t events)
{
	struct vsock_stream *s = container_of(w, struct vsock_stream, peer);
	struct vsock *v = s->vsock;

	pthread_mutex_lock(&v->dev.lock);
	if (s->state == VSOCK_CALLING)
		take_call(s);
	else if (s->state == VSOCK_ASKED && (events & (EPOLLHUP | EPOLLERR)))
		hung_up(s);
	else if (s->state == VSOCK_OPEN)
		open_ready(s, events);
	else if (s->state == VSOCK_LEFT)
		vsock_stream_flush(s);
	if (s->state == VSOCK_ENDING)
		io_close(&s->peer);
	vsock_pay(s);
	vsock_stream_want(s);
	vsock_stream_check(s);
	vsock_finish(v);
	pthread_mutex_unlock(&v->dev.lock);
}

/* Without a descriptor for him a caller is sent away; else he would call for ever. */
static int accept_one(struct vsock *v)
{
	int fd = accept4(v->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0 || (errno != EMFILE && errno != ENFILE) || v->spare < 0)
		return fd;
	close(v->spare);
	fd = accept4(v->listener.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	v->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return -1;
}

void vsock_stream_caller(struct io_watch *listener, uint32_t events)
{
	struct vsock *v = container_of(listener, struct vsock, listener);
	struct vsock_stream *s;
	int fd = accept_one(v);

	if (fd < 0)
		return;
	pthread_mutex_lock(&v->dev.lock);
	s = vsock_stream_new(v, fd, VSOCK_CALLING);
	if (s)
		vsock_stream_want(s);
	else
		close(fd);
	/* The next one waits for one who goes. */
	if (v->used == VSOCK_STREAMS)
		io_want(listener, 0);
	pthread_mutex_unlock(&v->dev.lock);
}
