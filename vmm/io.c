// SPDX-License-Identifier: BSD-3-Clause
/* io.c - the set is an epoll one, so that other threads can change what is wanted. */
#include "vmm/io.h"

#include <errno.h>
#include <unistd.h>

#define BATCH 16

static int set = -1;

int io_init(void)
{
	if (set < 0)
		set = epoll_create1(EPOLL_CLOEXEC);
	return set < 0 ? -errno : 0;
}

int io_fd(void)
{
	return set;
}

/* One that was closed by another one's function has no descriptor any more. */
void io_dispatch(void)
{
	struct epoll_event events[BATCH];
	int n = epoll_wait(set, events, BATCH, 0);

	for (int i = 0; i < n; i++) {
		struct io_watch *w = events[i].data.ptr;

		if (w->fd >= 0)
			w->ready(w, events[i].events);
	}
}

/* The kernel has no memory for it: nothing can be done, and nothing comes from there. */
void io_want(struct io_watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	if (!events)
		epoll_ctl(set, EPOLL_CTL_DEL, w->fd, NULL);
	else if (epoll_ctl(set, EPOLL_CTL_MOD, w->fd, &e) && errno == ENOENT)
		epoll_ctl(set, EPOLL_CTL_ADD, w->fd, &e);
}

void io_close(struct io_watch *w)
{
	if (w->fd >= 0)
		close(w->fd); /* which takes it out of the set */
	w->fd = -1;
}
