// SPDX-License-Identifier: BSD-3-Clause
/* endpoint.c - files, sockets and terminals that consoles end at. */
#include "vmm/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "vmm/console.h"
#include "vmm/end.h"
#include "vmm/listen.h"

#define UNIX_PREFIX "unix:"
#define DRAIN_MS    1000 /* without progress */

/* ---- to the peer; the lock is held ---- */

static void keep(struct endpoint *e, const uint8_t *p, size_t len)
{
	size_t skip = len > ENDPOINT_KEPT ? len - ENDPOINT_KEPT : 0;

	for (size_t i = skip; i < len; i++)
		e->kept[e->head++ % ENDPOINT_KEPT] = p[i];
	if (e->head - e->tail > ENDPOINT_KEPT)
		e->tail = e->head - ENDPOINT_KEPT;
}

static void want(struct endpoint *e)
{
	bool waits = e->listens && e->head != e->tail;

	io_want(&e->peer, (e->reading ? EPOLLIN : 0) | (waits ? EPOLLOUT : 0));
}

/* As much as goes now. One who does not listen any more may still have something to say. */
static void flush(struct endpoint *e)
{
	while (e->listens && e->head != e->tail) {
		size_t at = e->tail % ENDPOINT_KEPT;
		size_t len = MIN(e->head - e->tail, ENDPOINT_KEPT - at);
		ssize_t n = write(e->peer.fd, e->kept + at, len);

		if (n > 0)
			e->tail += (uint64_t)n;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			e->listens = false;
	}
}

static void write_file(struct endpoint *e, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = write(e->peer.fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			end_run(VMM_HOST, "cannot write the console: %s", strerror(errno));
			return;
		}
		p += n;
		len -= (size_t)n;
	}
}

void endpoint_output(void *endpoint, const void *data, size_t len)
{
	struct endpoint *e = endpoint;

	pthread_mutex_lock(&e->lock);
	if (e->kind == ENDPOINT_FILE) {
		write_file(e, data, len);
	} else {
		keep(e, data, len);
		flush(e);
		if (e->listens && e->head != e->tail)
			want(e);
	}
	pthread_mutex_unlock(&e->lock);
}

/* ---- from the peer; on the main thread ---- */

static void set_reading(struct endpoint *e, bool on)
{
	pthread_mutex_lock(&e->lock);
	e->reading = on;
	if (e->peer.fd >= 0)
		want(e);
	pthread_mutex_unlock(&e->lock);
}

int endpoint_give(struct endpoint *e)
{
	ssize_t n;

	if (!e->ntyped)
		return 0;
	n = console_input(e->con, e->port, e->typed, e->ntyped);
	if (n < 0)
		return (int)n;
	e->ntyped -= (size_t)n;
	memmove(e->typed, e->typed + n, e->ntyped);
	if (!e->ntyped)
		set_reading(e, true);
	return e->ntyped ? 1 : 0;
}

/* The next one may come. */
static void lose_peer(struct endpoint *e)
{
	pthread_mutex_lock(&e->lock);
	e->listens = false;
	io_close(&e->peer);
	pthread_mutex_unlock(&e->lock);
	io_want(&e->listener, EPOLLIN);
}

static void peer_ready(struct io_watch *w, uint32_t events)
{
	struct endpoint *e = container_of(w, struct endpoint, peer);
	ssize_t n;

	if (events & EPOLLOUT) {
		pthread_mutex_lock(&e->lock);
		flush(e);
		want(e);
		pthread_mutex_unlock(&e->lock);
	}
	if (e->ntyped || !(events & ~(uint32_t)EPOLLOUT))
		return;
	n = read(w->fd, e->typed, sizeof(e->typed));
	if (n > 0) {
		e->ntyped = (size_t)n;
		set_reading(e, false);
		endpoint_give(e);
	} else if (e->kind == ENDPOINT_UNIX && (!n || (errno != EAGAIN && errno != EINTR))) {
		lose_peer(e);
	}
}

static void caller_ready(struct io_watch *w, uint32_t events)
{
	struct endpoint *e = container_of(w, struct endpoint, listener);
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	io_want(w, 0); /* one at a time: the next one waits */
	pthread_mutex_lock(&e->lock);
	e->peer.fd = fd;
	e->reading = !e->ntyped;
	e->listens = true;
	flush(e);
	want(e);
	pthread_mutex_unlock(&e->lock);
}

/* ---- opening ---- */

bool endpoint_has_input(const char *what)
{
	return !strcmp(what, "pty") || !strncmp(what, UNIX_PREFIX, strlen(UNIX_PREFIX));
}

/* The slave stays raw: what is a line is the realm's affair. */
static int open_pty(struct endpoint *e, const char *console)
{
	struct termios t;
	char name[64];

	e->kind = ENDPOINT_PTY;
	e->peer.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (e->peer.fd < 0 || grantpt(e->peer.fd) || unlockpt(e->peer.fd) ||
	    ptsname_r(e->peer.fd, name, sizeof(name)))
		return -errno;
	e->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (e->slave < 0 || tcgetattr(e->slave, &t))
		return -errno;
	cfmakeraw(&t);
	if (tcsetattr(e->slave, TCSANOW, &t))
		return -errno;
	fprintf(stderr, "softrealm: %s is %s\n", console, name);
	return 0;
}

static int open_unix(struct endpoint *e, const char *path)
{
	int fd = listen_at(path);

	e->kind = ENDPOINT_UNIX;
	if (fd < 0)
		return fd;
	e->path = path;
	e->listener.fd = fd;
	return 0;
}

static int open_file(struct endpoint *e, const char *path)
{
	e->kind = ENDPOINT_FILE;
	e->peer.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return e->peer.fd < 0 ? -errno : 0;
}

int endpoint_open(struct endpoint *e, const char *what, const char *console)
{
	int ret;

	*e = (struct endpoint){
		.listener = {-1, caller_ready}, .peer = {-1, peer_ready}, .slave = -1};
	pthread_mutex_init(&e->lock, NULL);
	if (!strcmp(what, "pty"))
		ret = open_pty(e, console);
	else if (endpoint_has_input(what))
		ret = open_unix(e, what + strlen(UNIX_PREFIX));
	else
		ret = open_file(e, what);
	if (!ret && e->kind != ENDPOINT_FILE) {
		e->kept = malloc(ENDPOINT_KEPT);
		ret = e->kept ? 0 : -ENOMEM;
	}
	if (ret)
		log_errno(-ret, "--console %s", what);
	return ret;
}

void endpoint_start(struct endpoint *e, struct console *con, unsigned int port)
{
	e->con = con;
	e->port = port;
	if (e->kind == ENDPOINT_UNIX)
		io_want(&e->listener, EPOLLIN);
	e->listens = e->kind == ENDPOINT_PTY;
	if (e->listens)
		set_reading(e, true);
}

/* A reader who is there gets the rest, but he has to read it. */
static void drain(struct endpoint *e)
{
	struct pollfd p = {.fd = e->peer.fd, .events = POLLOUT};

	flush(e);
	while (e->listens && e->head != e->tail && poll(&p, 1, DRAIN_MS) > 0)
		flush(e);
}

void endpoint_close(struct endpoint *e)
{
	if (e->kind == ENDPOINT_NONE)
		return;
	pthread_mutex_lock(&e->lock);
	if (e->kind != ENDPOINT_FILE)
		drain(e);
	e->listens = false;
	io_close(&e->peer);
	io_close(&e->listener);
	if (e->path)
		unlink(e->path);
	if (e->slave >= 0)
		close(e->slave);
	free(e->kept);
	pthread_mutex_unlock(&e->lock);
	e->kind = ENDPOINT_NONE;
}
