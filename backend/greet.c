// SPDX-License-Identifier: BSD-3-Clause
/*
 * greet.c - takes connections: who may come, and what they want.
 *
 * Only processes of the same user are served. A connection is
 *	WAITING	it has said nothing yet, and costs a descriptor and nothing else; whoever has waited
 *		longest makes room when there are too many. Its HELLO ->
 *	a channel, which has a thread (channel.c); JSON ->
 *	a visitor of the door (door.c).
 *
 * All of this runs on the thread that calls server_accept. Out of descriptors, one that is kept
 * for it tells a client so; when even that is gone, listening rests for a moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "backend/channel.h"
#include "base/log.h"

#define MAX_WAITING 256u
#define HELLO_MS    50 /* for the HELLO of one that will be turned away */
#define REST_MS	    100

/* Names of epoll's events; below: a place in `waiting`. */
#define NAME_LISTEN MAX_WAITING
#define NAME_REST   (MAX_WAITING + 1)

struct waiting {
	int fd; /* -1: a free place */
	pid_t pid;
	uint64_t came; /* a counter, not a time */
};

struct greeter {
	int epoll_fd, rest_fd, spare_fd;
	uint64_t last;
	struct waiting waiting[MAX_WAITING];
};

static int control(struct greeter *g, int op, int fd, uint32_t events, uint64_t name)
{
	struct epoll_event ev = {.events = events, .data.u64 = name};

	return epoll_ctl(g->epoll_fd, op, fd, &ev) ? -errno : 0;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Any descriptor will do. */
static int take_spare(const struct server *s)
{
	return fcntl(s->listen_fd, F_DUPFD_CLOEXEC, 0);
}

int greet_start(struct server *s)
{
	struct greeter *g = s->greeter = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	for (unsigned int i = 0; i < MAX_WAITING; i++)
		g->waiting[i].fd = -1;
	g->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	g->rest_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	g->spare_fd = take_spare(s);
	if (g->epoll_fd >= 0 && g->rest_fd >= 0 && g->spare_fd >= 0 &&
	    !control(g, EPOLL_CTL_ADD, s->listen_fd, EPOLLIN, NAME_LISTEN) &&
	    !control(g, EPOLL_CTL_ADD, g->rest_fd, EPOLLIN, NAME_REST))
		return 0;
	greet_stop(s);
	return -EMFILE;
}

void greet_stop(struct server *s)
{
	struct greeter *g = s->greeter;

	for (unsigned int i = 0; i < MAX_WAITING; i++)
		close_if(g->waiting[i].fd);
	close_if(g->epoll_fd);
	close_if(g->rest_fd);
	close_if(g->spare_fd);
	free(g);
	s->greeter = NULL;
}

int server_listen_fd(const struct server *s)
{
	return s->greeter->epoll_fd;
}

static void turn_away(const struct server *s, int fd, int status)
{
	channel_welcome(s, fd, status);
	close(fd);
}

static bool is_full(struct server *s)
{
	bool full;

	lock_take(&s->lock);
	full = s->num_channels >= s->max_channels;
	lock_drop(&s->lock);
	return full;
}

/* ---- connections that have not said HELLO yet ---- */

static unsigned int find_place(struct greeter *g)
{
	unsigned int oldest = 0;

	for (unsigned int i = 0; i < MAX_WAITING; i++) {
		if (g->waiting[i].fd < 0)
			return i;
		if (g->waiting[i].came < g->waiting[oldest].came)
			oldest = i;
	}
	close(g->waiting[oldest].fd);
	return oldest;
}

static void let_wait(struct greeter *g, int fd, pid_t pid)
{
	unsigned int place = find_place(g);

	g->waiting[place] = (struct waiting){fd, pid, ++g->last};
	if (control(g, EPOLL_CTL_ADD, fd, EPOLLIN, place)) {
		close(fd);
		g->waiting[place].fd = -1;
	}
}

/* No HELLO begins with a brace. */
static bool is_visitor(int fd)
{
	char c = 0;

	return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && c == '{';
}

static void admit(struct server *s, struct waiting *w)
{
	struct wire_msg m;
	struct channel *ch;
	int fd = w->fd;

	w->fd = -1;
	control(s->greeter, EPOLL_CTL_DEL, fd, 0, 0);
	if (s->cfg.visitor && is_visitor(fd)) {
		s->cfg.visitor(s->cfg.visitor_arg, fd);
		return;
	}
	if (wire_recv(fd, &m, NULL, 0, NULL, NULL) < 0 || m.type != WIRE_HELLO) {
		close(fd);
		return;
	}
	if (is_full(s)) {
		turn_away(s, fd, -EMFILE);
		return;
	}
	ch = channel_create(s, fd, -1, NULL, NULL);
	if (!ch)
		return;
	ch->pid = w->pid;
	ch->hello = m;
	if (!channel_start(ch))
		channel_go(ch);
}

/* ---- new connections ---- */

static bool is_same_user(int fd, pid_t *pid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || peer.uid != geteuid())
		return false;
	*pid = peer.pid;
	return true;
}

static void rest(struct server *s)
{
	const struct itimerspec when = {.it_value.tv_nsec = REST_MS * 1000000};

	if (!timerfd_settime(s->greeter->rest_fd, 0, &when, NULL))
		control(s->greeter, EPOLL_CTL_MOD, s->listen_fd, 0, NAME_LISTEN);
}

static void end_rest(struct server *s)
{
	uint64_t junk;

	if (read(s->greeter->rest_fd, &junk, sizeof(junk)) == sizeof(junk))
		control(s->greeter, EPOLL_CTL_MOD, s->listen_fd, EPOLLIN, NAME_LISTEN);
}

/* The HELLO is read first: what is sent before a close with something unread is lost. */
static void say_out_of_descriptors(struct server *s)
{
	struct greeter *g = s->greeter;
	struct wire_msg m;
	struct pollfd pfd = {.events = POLLIN};
	pid_t pid;

	close_if(g->spare_fd);
	pfd.fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (pfd.fd >= 0) {
		if (is_same_user(pfd.fd, &pid) && poll(&pfd, 1, HELLO_MS) == 1)
			wire_recv(pfd.fd, &m, NULL, 0, NULL, NULL);
		turn_away(s, pfd.fd, -EMFILE);
	}
	g->spare_fd = take_spare(s);
	if (g->spare_fd < 0)
		rest(s);
}

static void take_connection(struct server *s)
{
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	pid_t pid;

	if (fd >= 0 && is_same_user(fd, &pid))
		let_wait(s->greeter, fd, pid);
	else if (fd >= 0)
		close(fd);
	else if (errno == EMFILE && s->greeter->spare_fd >= 0)
		say_out_of_descriptors(s);
	else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		rest(s);
}

void server_accept(struct server *s)
{
	struct greeter *g = s->greeter;
	struct epoll_event ev;

	if (epoll_wait(g->epoll_fd, &ev, 1, 0) != 1)
		return;
	if (ev.data.u64 == NAME_LISTEN)
		take_connection(s);
	else if (ev.data.u64 == NAME_REST)
		end_rest(s);
	else
		admit(s, &g->waiting[ev.data.u64]);
}
