// SPDX-License-Identifier: BSD-3-Clause
/*
 * pe.c - kicks: how they are remembered, and how they reach a PE that sleeps or runs a realm.
 *
 * A kick is remembered twice: in `kicked`, for the owner to see without a system call, and in
 * the eventfd, for poll(2). Both are set by pe_kick and reset by pe_clear; a kick from another
 * process sets the eventfd only. The order of the two does not matter: a kick that overlaps a
 * clear may be seen or not, and what it announces is visible to the owner after the clear.
 */
#include "machine/pe.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct pe {
	int efd;
	atomic_bool kicked;
	pthread_mutex_t lock; /* poke, and held while it runs */
	void (*poke)(void *arg);
	void *poke_arg;
};

struct pe *pe_create(void)
{
	struct pe *pe = calloc(1, sizeof(*pe));

	if (!pe)
		return NULL;
	pe->efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pe->efd < 0) {
		free(pe);
		return NULL;
	}
	pthread_mutex_init(&pe->lock, NULL);
	return pe;
}

void pe_destroy(struct pe *pe)
{
	if (!pe)
		return;
	close(pe->efd);
	pthread_mutex_destroy(&pe->lock);
	free(pe);
}

int pe_eventfd(const struct pe *pe)
{
	return pe->efd;
}

void pe_kick(struct pe *pe)
{
	uint64_t one = 1;
	ssize_t n;

	/* A kick on top of one that nobody has cleared adds nothing: the first one writes and
	 * pokes. */
	if (atomic_exchange(&pe->kicked, true))
		return;
	n = write(pe->efd, &one, sizeof(one));
	(void)n; /* EAGAIN: the counter is full, so it is readable */

	pthread_mutex_lock(&pe->lock);
	if (pe->poke)
		pe->poke(pe->poke_arg);
	pthread_mutex_unlock(&pe->lock);
}

bool pe_kicked(struct pe *pe)
{
	struct pollfd p = {.fd = pe->efd, .events = POLLIN};

	return atomic_load(&pe->kicked) || poll(&p, 1, 0) == 1;
}

void pe_clear(struct pe *pe)
{
	uint64_t count;
	ssize_t n;

	atomic_store(&pe->kicked, false);
	n = read(pe->efd, &count, sizeof(count));
	(void)n; /* EAGAIN: there was none */
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

bool pe_wait(struct pe *pe, int fd, int timeout_ms)
{
	struct pollfd p[2] = {
		{.fd = pe->efd, .events = POLLIN},
		{.fd = fd, .events = POLLIN},
	};
	int64_t end = now_ms() + timeout_ms;
	int left = timeout_ms;

	while (!atomic_load(&pe->kicked) && poll(p, 2, left) < 0 && errno == EINTR) {
		if (timeout_ms < 0)
			continue;
		left = end - now_ms();
		if (left <= 0)
			break;
	}
	return pe_kicked(pe);
}

void pe_enter(struct pe *pe, void (*poke)(void *arg), void *arg)
{
	pthread_mutex_lock(&pe->lock);
	pe->poke = poke;
	pe->poke_arg = arg;
	pthread_mutex_unlock(&pe->lock);
}

void pe_leave(struct pe *pe)
{
	pthread_mutex_lock(&pe->lock);
	pe->poke = NULL;
	pthread_mutex_unlock(&pe->lock);
}
