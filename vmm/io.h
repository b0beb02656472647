/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * io.h - descriptors that devices wait for: one set, served by the main thread (loop.c).
 *
 * A watch is its owner's and stays where it is until the process ends. It is closed and called on
 * the main thread; io_want may be called on any.
 */
#ifndef VMM_IO_H
#define VMM_IO_H

#include <stdint.h>
#include <sys/epoll.h>

struct io_watch {
	int fd; /* -1: none */
	/* What is wanted, or an error, has come. Must not wait for anything. */
	void (*ready)(struct io_watch *w, uint32_t events);
};

/* Make the set; again: nothing happens. 0 or -errno. */
int io_init(void);
/* Readable when somebody is ready. */
int io_fd(void);
/* Call those that are ready. */
void io_dispatch(void);

/*
 * Watch for EPOLLIN, EPOLLOUT or both from now on; EPOLLHUP: for the end alone; 0: for nothing, not
 * even errors.
 */
void io_want(struct io_watch *w, uint32_t events);
/* Close the descriptor, which is not watched any more. */
void io_close(struct io_watch *w);

#endif
