// SPDX-License-Identifier: BSD-3-Clause
/*
 * life.c - the last close of an object, and who waits for it.
 *
 * close(2) of a kernel's file has done its work when it returns, unless another thread is in a call
 * on it. Here the hang-up of the object's life comes on an epoll, so one system call tells a new
 * request all that was closed before it. An object's channel is
 *	idle	no request is under way
 *	BUSY	one is; it keeps the object, as a call in the kernel keeps the file
 *	DONE	the request is over, its last message is on the way
 *	GONE	the client has closed the last descriptor; not BUSY, or as soon as it is not:
 *	closing	counted in mm->closing until its file has been released. Only this is waited for, so
 *		nobody waits for a request.
 */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/channel.h"
#include "backend/mm.h"
#include "base/bits.h"

int life_start(struct server *s)
{
	s->life_fd = epoll_create1(EPOLL_CLOEXEC);
	lock_init(&s->life_lock, RANK_LIFE, "server->life_lock");
	return s->life_fd < 0 ? -errno : 0;
}

void life_stop(struct server *s)
{
	close(s->life_fd);
	lock_destroy(&s->life_lock);
}

int life_watch(struct channel *ch)
{
	struct epoll_event ev = {.events = EPOLLHUP | EPOLLONESHOT, .data.u64 = ch->id};

	return epoll_ctl(ch->srv->life_fd, EPOLL_CTL_ADD, ch->life_fd, &ev) ? -errno : 0;
}

/* srv->lock held. */
static void mark_closing(struct channel *ch)
{
	lock_assert_held(&ch->srv->lock);
	if (!ch->closing)
		ch->mm->closing++;
	ch->closing = true;
}

static void set_gone(struct server *s, uint32_t id)
{
	unsigned int state = CHANNEL_BUSY;
	struct channel *ch;

	lock_take(&s->lock);
	for (ch = s->channels; ch && ch->id != id; ch = ch->next)
		;
	if (ch)
		state = atomic_fetch_or(&ch->state, CHANNEL_GONE);
	if (!(state & CHANNEL_BUSY))
		mark_closing(ch);
	if (!state)
		shutdown(ch->fd, SHUT_RDWR); /* wakes its thread */
	lock_drop(&s->lock);
}

void life_collect(struct server *s)
{
	struct epoll_event ev[32];
	int n;

	lock_take(&s->life_lock);
	do {
		n = epoll_wait(s->life_fd, ev, ARRAY_SIZE(ev), 0);
		for (int i = 0; i < n; i++)
			set_gone(s, ev[i].data.u64);
	} while (n == ARRAY_SIZE(ev));
	lock_drop(&s->life_lock);
}

void life_settle(struct channel *me)
{
	struct server *s = me->srv;

	life_collect(s);
	lock_take(&s->lock);
	while (me->mm->closing)
		lock_wait(&s->lock, &s->closed);
	lock_drop(&s->lock);
}

bool life_begin(struct channel *ch)
{
	return !(atomic_fetch_or(&ch->state, CHANNEL_BUSY) & CHANNEL_GONE);
}

/* Not busy any more, but for what `stays`. */
static void finish(struct channel *ch, unsigned int stays)
{
	atomic_fetch_or(&ch->state, stays);
	if (!(atomic_fetch_and(&ch->state, ~CHANNEL_BUSY) & CHANNEL_GONE))
		return;
	lock_take(&ch->srv->lock);
	mark_closing(ch);
	lock_drop(&ch->srv->lock);
}

void life_finish(struct channel *ch)
{
	finish(ch, CHANNEL_DONE);
}

bool life_end(struct channel *ch)
{
	return !(atomic_fetch_and(&ch->state, ~CHANNEL_DONE) & CHANNEL_GONE);
}

void life_await(struct channel *ch)
{
	struct pollfd pfd = {ch->life_fd, 0, 0};

	if (ch->life_fd < 0)
		return;
	finish(ch, 0);
	while (poll(&pfd, 1, -1) <= 0)
		;
	life_collect(ch->srv);
}

void life_over(struct channel *ch)
{
	struct server *s = ch->srv;

	lock_take(&s->lock);
	if (ch->closing)
		ch->mm->closing--;
	pthread_cond_broadcast(&s->closed);
	lock_drop(&s->lock);
}
