// SPDX-License-Identifier: BSD-3-Clause
/*
 * server.c - the thread that a debugger talks to: connections, bytes in and out.
 *
 * One debugger at a time: another that connects is hung up on. While an answer has not gone out,
 * nothing more is read, so a debugger that does not listen costs nothing but the stop that it asked
 * for; when it hangs up, the realm goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "debug/commands.h"

#define LOOK_MS 50 /* between two looks at a realm that is stopping */

struct connection {
	int fd;
	bool over; /* hang up when all has gone out */
	struct packet_reader reader;
	struct session session;
	struct answer answer;
	char in[4096];
	size_t in_len, in_at; /* bytes that have come, and those of them that were looked at */
	size_t out_len, out_at;
	size_t last_len; /* the last packet is at the start of `out`, to be sent again */
	char out[PACKET_SIZE(PACKET_MAX) + 1];
};

/* ---- out ---- */

static bool is_sending(const struct connection *c)
{
	return c->out_at < c->out_len;
}

static void send_more(struct connection *c)
{
	ssize_t n;

	while (is_sending(c)) {
		n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			c->over = true;
			c->out_at = c->out_len;
			return;
		}
		c->out_at += (size_t)n;
	}
}

/* Nothing is being sent. */
static void send_packet(struct connection *c)
{
	c->last_len = packet_write(c->answer.data, c->answer.len, c->out);
	c->out_len = c->last_len;
	c->out_at = 0;
	send_more(c);
}

/* A byte of its own, at the end of the buffer, where it leaves the last packet alone. */
static void send_sign(struct connection *c, char sign)
{
	if (c->session.no_acks)
		return;
	c->out[sizeof(c->out) - 1] = sign;
	c->out_at = sizeof(c->out) - 1;
	c->out_len = sizeof(c->out);
	send_more(c);
}

static void send_again(struct connection *c)
{
	c->out_at = 0;
	c->out_len = c->last_len;
	send_more(c);
}

/* ---- in ---- */

static void take_command(struct connection *c)
{
	c->answer.len = 0;
	send_sign(c, '+');
	if (is_sending(c)) { /* one byte does not fit: nobody listens */
		c->over = true;
		return;
	}
	if (commands_answer(&c->session, c->reader.data, c->reader.len, &c->answer))
		send_packet(c);
	c->reader.no_sums = c->session.no_acks;
}

static void take(struct connection *c, enum packet_kind kind)
{
	switch (kind) {
	case PACKET_DATA:
		take_command(c);
		break;
	case PACKET_BAD:
		send_sign(c, '-');
		break;
	case PACKET_NACK:
		send_again(c);
		break;
	case PACKET_INTERRUPT:
		session_interrupt(&c->session);
		break;
	case PACKET_ACK:
	case PACKET_NONE:
		break;
	}
}

/* Stops that are due, then what has come, for as long as the answers go out. */
static void work(struct connection *c)
{
	enum packet_kind kind;

	send_more(c);
	while (!is_sending(c) && !c->over) {
		c->answer.len = 0;
		if (session_look(&c->session, &c->answer)) {
			send_packet(c);
			continue;
		}
		c->over = c->session.state == SESSION_OVER;
		if (c->in_at == c->in_len || c->over)
			return;
		c->in_at += packet_read(&c->reader, c->in + c->in_at, c->in_len - c->in_at, &kind);
		take(c, kind);
	}
}

static void receive(struct connection *c)
{
	ssize_t n;

	if (c->in_at < c->in_len)
		return;
	n = recv(c->fd, c->in, sizeof(c->in), MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	c->in_at = 0;
	c->in_len = n > 0 ? (size_t)n : 0;
	c->over |= n <= 0;
}

/* ---- connections ---- */

static void hang_up(struct connection **c)
{
	session_end(&(*c)->session);
	close((*c)->fd);
	free(*c);
	*c = NULL;
}

static void take_connection(struct connection **c)
{
	int fd = accept4(debugger.cfg.listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *new = fd >= 0 && !*c ? calloc(1, sizeof(*new)) : NULL;

	if (fd >= 0 && !new)
		close(fd);
	if (!new)
		return;
	new->fd = fd;
	session_begin(&new->session);
	*c = new;
}

static void drain(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n; /* EAGAIN: there was none */
}

static int timeout(const struct connection *c)
{
	return c && c->session.state == SESSION_STOPPING ? LOOK_MS : -1;
}

/* False: the end. */
static bool serve_once(struct connection **c)
{
	enum { STOP, WAKE, LISTEN, PEER, NUM };
	struct pollfd p[NUM] = {
		[STOP] = {debugger.stop, POLLIN, 0},
		[WAKE] = {debugger.wake, POLLIN, 0},
		[LISTEN] = {debugger.cfg.listen, POLLIN, 0},
		[PEER] = {*c ? (*c)->fd : -1, *c && is_sending(*c) ? POLLOUT : POLLIN, 0},
	};

	if (poll(p, NUM, timeout(*c)) < 0)
		return true;
	if (p[STOP].revents)
		return false;
	if (p[WAKE].revents)
		drain(debugger.wake);
	if (*c && p[PEER].revents & (POLLIN | POLLHUP | POLLERR))
		receive(*c);
	if (*c)
		work(*c);
	if (*c && (*c)->over && !is_sending(*c))
		hang_up(c);
	if (p[LISTEN].revents)
		take_connection(c);
	return true;
}

/* The backend ends, and its realms with it: it may be here before they are gone. */
static void end_connection(struct connection **c)
{
	(*c)->answer.len = 0;
	if (!is_sending(*c) && session_tell_end(&(*c)->session, &(*c)->answer))
		send_packet(*c);
	hang_up(c);
}

static void *server_main(void *arg)
{
	struct connection *c = NULL;

	prctl(PR_SET_NAME, "gdb-server");
	while (serve_once(&c))
		;
	if (c)
		end_connection(&c);
	return NULL;
}

/* ---- life ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void debug_free(void)
{
	close_fd(&debugger.wake);
	close_fd(&debugger.stop);
	close_fd(&debugger.cfg.listen);
}

int debug_start(const struct debug_config *cfg)
{
	int r = -EMFILE;

	debugger.cfg = *cfg;
	debugger.hold_first = cfg->wait;
	debugger.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	debugger.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fcntl(cfg->listen, F_SETFL, O_NONBLOCK);
	if (debugger.wake >= 0 && debugger.stop >= 0)
		r = -pthread_create(&debugger.thread, NULL, server_main, NULL);
	debugger.running = !r;
	if (r)
		debug_free();
	return r;
}

/* A realm that waits for a debugger waits no more. */
static void release(void)
{
	struct realm *r;

	lock_take(&debugger.lock);
	debugger.hold_first = false;
	lock_drop(&debugger.lock);
	r = debug_realm_get_oldest();
	for (unsigned int i = 0; r && i < r->vcpus; i++)
		debug_vcpu_order(&r->vcpu[i], ORDER_GO);
	if (r)
		debug_realm_put(r);
}

void debug_stop(void)
{
	uint64_t one = 1;
	ssize_t n;

	if (!debugger.running)
		return;
	n = write(debugger.stop, &one, sizeof(one));
	(void)n;
	pthread_join(debugger.thread, NULL);
	debugger.running = false;
	release();
}
