// SPDX-License-Identifier: BSD-3-Clause
/*
 * watch.c - what the watcher (watcher.c) is told of. Events carry names (an object's id, the serial
 * of an address space), not pointers: what they name may be gone by then. No name is used twice.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/channel.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int watch_add(struct server *s, int fd, uint32_t events, uint64_t name)
{
	struct epoll_event ev = {.events = events, .data.u64 = name};

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

int watch_vcpu(struct channel *ch)
{
	return watch_add(ch->srv, ch->fd, EPOLLRDHUP | EPOLLONESHOT, ch->id);
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

	if (fd >= 0 && watch_add(s, fd, EPOLLIN | EPOLLONESHOT, WATCH_PROCESS | mm)) {
		close(fd);
		fd = -1;
	}
	return fd;
}
