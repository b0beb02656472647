// SPDX-License-Identifier: BSD-3-Clause
/*
 * watcher.c - one thread that notices what channel threads cannot: they are inside KVM_RUN.
 *
 * That a client has hung up kicks the vCPU (what it sends meanwhile, CANCEL, is seen by who sleeps
 * in the run). The same thread learns from process descriptors that a client's process has ended.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/channel.h"

static void hung_up(struct server *s, uint32_t id)
{
	struct channel *ch;

	lock_take(&s->lock);
	for (ch = s->channels; ch && ch->id != id; ch = ch->next)
		;
	if (ch)
		atomic_store(&ch->hung_up, true);
	if (ch && ch->file)
		kvm_vcpu_kick(ch->file);
	lock_drop(&s->lock);
}

static void *watch_main(void *arg)
{
	struct server *s = arg;
	struct epoll_event ev;

	while (!atomic_load(&s->stopping)) {
		if (epoll_wait(s->epoll_fd, &ev, 1, -1) != 1 || ev.data.u64 == WATCH_WAKE)
			continue;
		if (ev.data.u64 & WATCH_PROCESS)
			mm_process_ended(s, ev.data.u64 & ~WATCH_PROCESS);
		else if (ev.data.u64 == WATCH_LIFE)
			life_collect(s);
		else
			hung_up(s, ev.data.u64);
	}
	return NULL;
}

int watch_start(struct server *s)
{
	int r;

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (s->epoll_fd < 0 || s->wake_fd < 0)
		r = -EMFILE;
	else
		r = watch_add(s, s->wake_fd, EPOLLIN, WATCH_WAKE);
	if (!r)
		r = watch_add(s, s->life_fd, EPOLLIN, WATCH_LIFE);
	if (!r && pthread_create(&s->watcher, NULL, watch_main, s))
		r = -EAGAIN;
	if (!r)
		return 0;
	close(s->epoll_fd);
	close(s->wake_fd);
	return r;
}

void watch_stop(struct server *s)
{
	const uint64_t one = 1;

	atomic_store(&s->stopping, true);
	if (write(s->wake_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(s->watcher, NULL);
	close(s->epoll_fd);
	close(s->wake_fd);
}
