// SPDX-License-Identifier: BSD-3-Clause
/*
 * watch.c - one thread that notices what channel threads cannot: they are inside KVM_RUN.
 *
 * That a client has hung up kicks the vCPU (what it sends meanwhile, CANCEL, is seen by who sleeps
 * in the run). The same thread learns from process descriptors that a client's process has ended.
 * Events carry names (an object's id, the serial of an address space), not pointers: what they name
 * may be gone by then. No name is used twice.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/channel.h"
#include "base/bits.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define NAME_WAKE    UINT64_C(0)
#define NAME_LIFE    BIT(62) /* something for life.c */
#define NAME_PROCESS BIT(63) /* and the serial of its mm */

static void hung_up(struct server *s, uint32_t id)
{
	struct channel *ch;

	pthread_mutex_lock(&s->lock);
	for (ch = s->channels; ch && ch->id != id; ch = ch->next)
		;
	if (ch)
		atomic_store(&ch->hung_up, true);
	if (ch && ch->file)
		kvm_vcpu_kick(ch->file);
	pthread_mutex_unlock(&s->lock);
}

static void *watch_main(void *arg)
{
	struct server *s = arg;
	struct epoll_event ev;

	while (!atomic_load(&s->stopping)) {
		if (epoll_wait(s->epoll_fd, &ev, 1, -1) != 1 || ev.data.u64 == NAME_WAKE)
			continue;
		if (ev.data.u64 & NAME_PROCESS)
			mm_process_ended(s, ev.data.u64 & ~NAME_PROCESS);
		else if (ev.data.u64 == NAME_LIFE)
			life_collect(s);
		else
			hung_up(s, ev.data.u64);
	}
	return NULL;
}

static int control(struct server *s, int op, int fd, uint32_t events, uint64_t name)
{
	struct epoll_event ev = {.events = events, .data.u64 = name};

	return epoll_ctl(s->epoll_fd, op, fd, &ev) ? -errno : 0;
}

int watch_start(struct server *s)
{
	int r;

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (s->epoll_fd < 0 || s->wake_fd < 0)
		r = -EMFILE;
	else
		r = control(s, EPOLL_CTL_ADD, s->wake_fd, EPOLLIN, NAME_WAKE);
	if (!r)
		r = control(s, EPOLL_CTL_ADD, s->life_fd, EPOLLIN, NAME_LIFE);
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

int watch_vcpu(struct channel *ch)
{
	return control(ch->srv, EPOLL_CTL_ADD, ch->fd, EPOLLRDHUP | EPOLLONESHOT, ch->id);
}

/* The number may be another process's by now, or mean nothing to us (another namespace's): where
 * the kernel tells of the process behind a socket (Linux 6.5), it knows better. */
static int open_process(int socket, pid_t pid)
{
	socklen_t len = sizeof(int);
	int fd = -1;

	if (socket >= 0 && !getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &len))
		return fd;
	return pid > 0 ? syscall(SYS_pidfd_open, pid, 0) : -1;
}

int watch_process(struct server *s, int socket, pid_t pid, uint32_t mm)
{
	int fd = open_process(socket, pid);

	if (fd >= 0 && control(s, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT, NAME_PROCESS | mm)) {
		close(fd);
		fd = -1;
	}
	return fd;
}
