// SPDX-License-Identifier: BSD-3-Clause
/*
 * link.c - who this process is to the backend, and how it gets there.
 *
 * The process keeps one talk for calls on /dev/kvm and reports about memory, from the first open()
 * on; when it is in use, another is made for the moment, and when there is no descriptor for that,
 * it is waited for.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "client/parts.h"

#define PATIENCE_MS 2000 /* with a backend that says nothing, while a signal waits */

bool link_start(const char *name)
{
	return name && wire_address(name, &client.link.name, &client.link.name_len);
}

static uint64_t new_token(void)
{
	uint64_t token = 0;

	while (!token)
		if (sys(getrandom, &token, sizeof(token), 0) != sizeof(token))
			token = (uint64_t)sys(getpid) << 32 | (uintptr_t)&token >> 4;
	return token;
}

void link_reset(void)
{
	own_close(&client.link.talk.own);
	client.link.talk = (struct talk){0};
	client.link.latch = (struct latch){0};
	client.link.token = new_token();
}

static bool peer_is_ours(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	uid_t self = sys(geteuid);

	if (sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || peer.uid != self)
		return false;
	client.link.backend_pid = peer.pid;
	return true;
}

/* Signals are blocked, but a backend that has stopped must not block the caller for ever. */
static int await(int fd, sigmask_t mask)
{
	const struct timespec ts = {PATIENCE_MS / 1000, PATIENCE_MS % 1000 * 1000000l};
	struct pollfd pfd = {fd, POLLIN, 0};
	long r;

	do
		r = sys(ppoll, &pfd, 1, &ts, NULL, 0);
	while (r == -EINTR || (!r && !signals_pending(mask)));
	return r > 0 ? 0 : r ? r : -EINTR;
}

static int reach(int fd, sigmask_t mask)
{
	const struct timeval tv = {PATIENCE_MS / 1000, PATIENCE_MS % 1000 * 1000}, ever = {0, 0};
	long r;

	sys(setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	do
		r = sys(connect, fd, &client.link.name, client.link.name_len);
	while (r == -EINTR || (r == -EAGAIN && !signals_pending(mask)));
	sys(setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &ever, sizeof(ever));
	if (r == -EAGAIN)
		return -EINTR;
	return r || !peer_is_ours(fd) ? -ENOENT : 0;
}

/* What the backend says of itself: 0 or -errno for the caller of open(). */
static int be_welcomed(int fd, enum wire_role role, sigmask_t mask)
{
	struct wire_msg m = {.type = WIRE_HELLO, .hello = {WIRE_VERSION, role, client.link.token}};
	int r;

	if (wire_send(fd, &m, NULL, NULL, 0))
		return -ENOENT;
	r = await(fd, mask);
	if (r)
		return r;
	if (wire_recv(fd, &m, NULL, 0, NULL, NULL) < 0 || m.type != WIRE_WELCOME)
		return -ENOENT;
	if (m.welcome.status)
		return m.welcome.status == -EPROTO ? -ENOENT : m.welcome.status;
	client.link.rmi_cap = m.welcome.rmi_cap;
	client.link.physical_dev = m.welcome.dev;
	client.link.physical_ino = m.welcome.ino;
	return 0;
}

int link_open(enum wire_role role, sigmask_t mask)
{
	long fd = sys(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return fd;
	r = reach(fd, mask);
	if (!r)
		r = be_welcomed(fd, role, mask);
	if (!r)
		return fd;
	sys(close, fd);
	return r;
}

static int connect_talk(struct talk *t, sigmask_t mask)
{
	int fd = link_open(WIRE_ROLE_REQUEST, mask);

	*t = (struct talk){0};
	return fd < 0 ? fd : own_take(&t->own, fd);
}

/* The latch is held: 0 or -errno, and it is dropped. */
static int use_shared(sigmask_t mask)
{
	int r = own_valid(&client.link.talk.own) && !talk_hung_up(&client.link.talk)
			? 0
			: connect_talk(&client.link.talk, mask);

	if (r)
		latch_drop(&client.link.latch);
	return r;
}

struct talk *link_talk(struct talk *spare, sigmask_t mask, int *r)
{
	if (latch_try(&client.link.latch, LATCH_LINK)) {
		*r = use_shared(mask);
		return *r ? NULL : &client.link.talk;
	}
	*r = connect_talk(spare, mask);
	if (!*r)
		return spare;
	if (*r != -EMFILE && *r != -ENFILE)
		return NULL;
	latch_take(&client.link.latch, LATCH_LINK);
	*r = use_shared(mask);
	return *r ? NULL : &client.link.talk;
}

void link_talk_end(struct talk *t)
{
	if (t == &client.link.talk)
		latch_drop(&client.link.latch);
	else
		own_close(&t->own);
}

int link_prepare(sigmask_t mask)
{
	int r;

	latch_take(&client.link.latch, LATCH_LINK);
	r = use_shared(mask);
	if (!r)
		latch_drop(&client.link.latch);
	return r;
}

/* Whatever the backend says of itself is known after a request. */
static void ask(void)
{
	struct talk spare;
	sigmask_t mask;
	struct talk *t;
	int r;

	signals_block(&mask);
	t = link_talk(&spare, mask, &r);
	if (t)
		link_talk_end(t);
	signals_restore(&mask);
}

uint32_t link_rmi_cap(void)
{
	if (!client.link.rmi_cap)
		ask();
	return client.link.rmi_cap;
}

pid_t link_backend_pid(void)
{
	if (!client.link.backend_pid)
		ask();
	return client.link.backend_pid;
}

bool link_is_backend_name(int fd)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(name);

	return !sys(getpeername, fd, &name, &len) && len == client.link.name_len &&
	       !memcmp(&name, &client.link.name, len);
}

bool link_is_physical(uint64_t dev, uint64_t ino)
{
	return ino && ino == client.link.physical_ino && dev == client.link.physical_dev;
}

void link_physical(uint64_t *dev, uint64_t *ino)
{
	*dev = client.link.physical_dev;
	*ino = client.link.physical_ino;
}

struct own *link_own(void)
{
	return &client.link.talk.own;
}
