/* SPDX-License-Identifier: BSD-3-Clause */
/* inproc_pull.h - copies in the background, for inproc.c: one thread, one copy at a time. */
#ifndef BACKEND_INPROC_PULL_H
#define BACKEND_INPROC_PULL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/ranks.h"

struct inproc_mm;
struct rmm;

/* inproc_mm_pull, with its result. */
struct inproc_copy {
	struct inproc_mm *mm;
	const struct rmm *rmm;
	void *dst;
	uint64_t uaddr;
	size_t len;
	size_t done;
	bool pending;
};

struct inproc_puller {
	struct lock lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool started, stop;
	struct inproc_copy *job; /* NULL: the thread has nothing to do */
};

void inproc_puller_init(struct inproc_puller *p);
void inproc_puller_destroy(struct inproc_puller *p);
/* Begin a copy; where the thread is busy with another caller's (or cannot be had) it is done here
 * and now. The struct must stay until inproc_copy_finish. */
void inproc_copy_start(struct inproc_puller *p, struct inproc_copy *c);
size_t inproc_copy_finish(struct inproc_puller *p, struct inproc_copy *c);

#endif
