// SPDX-License-Identifier: BSD-3-Clause
/*
 * pe.c - kicks: how they are remembered, and how they reach a PE that sleeps or runs a realm.
 *
 * A kick is remembered twice: in `kicked`, for the owner to see without a system call, and in
 * the eventfd, for poll(2). pe_kick sets both. pe_clear resets the eventfd only if `kicked` was
 * set, so it mostly costs nothing; a kick that overlaps it may leave the eventfd readable alone,
 * and is seen once more by who sleeps next (pe_poll_end sets `kicked`, so that the next clear is
 * a full one). What a kick announces is visible to the owner after the clear that took it.
 */
#include "machine/pe.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"

struct pe {
	int efd;
	int watched; /* a descriptor, or -1; the owner's */
	atomic_bool kicked;
	struct lock lock; /* poke, and held while it runs */
	void (*poke)(void *arg);
	void *poke_arg;
	uint64_t count, hz; /* of the counter at `counted`; hz 0: not known */
	struct timespec counted;
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
	pe->watched = -1;
	lock_init(&pe->lock, LOCK_RANKS_MACHINE, "pe->lock");
	return pe;
}

void pe_destroy(struct pe *pe)
{
	if (!pe)
		return;
	close(pe->efd);
	lock_destroy(&pe->lock);
	free(pe);
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

	lock_take(&pe->lock);
	if (pe->poke)
		pe->poke(pe->poke_arg);
	lock_drop(&pe->lock);
}

bool pe_kicked(const struct pe *pe)
{
	return atomic_load(&pe->kicked);
}

void pe_clear(struct pe *pe)
{
	uint64_t count;
	ssize_t n;

	if (!atomic_exchange(&pe->kicked, false))
		return;
	n = read(pe->efd, &count, sizeof(count));
	(void)n; /* EAGAIN: there was none */
}

void pe_watch(struct pe *pe, int fd)
{
	pe->watched = fd;
}

void pe_poll_begin(const struct pe *pe, struct pollfd p[PE_NUM_POLL])
{
	p[0] = (struct pollfd){.fd = pe->efd, .events = POLLIN};
	p[1] = (struct pollfd){.fd = pe->watched, .events = POLLIN};
}

bool pe_poll_end(struct pe *pe, const struct pollfd p[PE_NUM_POLL])
{
	if (p[1].revents)
		pe->watched = -1;
	if (p[0].revents || p[1].revents)
		atomic_store(&pe->kicked, true);
	return pe_kicked(pe);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

bool pe_wait(struct pe *pe, int fd, int timeout_ms)
{
	struct pollfd p[PE_NUM_POLL + 1] = {[PE_NUM_POLL] = {.fd = fd, .events = POLLIN}};
	int64_t end = now_ms() + timeout_ms;
	int left = timeout_ms;

	pe_poll_begin(pe, p);
	while (!pe_kicked(pe)) {
		if (poll(p, PE_NUM_POLL + 1, left) >= 0)
			return pe_poll_end(pe, p);
		if (timeout_ms < 0)
			continue;
		left = end - now_ms();
		if (left <= 0)
			return false;
	}
	return true;
}

void pe_set_counter(struct pe *pe, uint64_t count, uint64_t hz)
{
	clock_gettime(CLOCK_MONOTONIC, &pe->counted);
	pe->count = count;
	pe->hz = hz;
}

/* 10^9 seconds and more of nanoseconds times hz need more than 64 bits. */
static uint64_t scale(uint64_t n, uint64_t by, uint64_t over)
{
	return (unsigned __int128)n * by / over;
}

uint64_t pe_count(const struct pe *pe)
{
	struct timespec now;
	uint64_t ns;

	if (!pe->hz)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (uint64_t)(now.tv_sec - pe->counted.tv_sec) * UINT64_C(1000000000) +
	     (uint64_t)(now.tv_nsec - pe->counted.tv_nsec);
	return pe->count + scale(ns, pe->hz, UINT64_C(1000000000));
}

int pe_ms_until(const struct pe *pe, uint64_t offset, uint64_t count)
{
	uint64_t at = pe_count(pe) - offset, ms;

	if (!pe->hz || at >= count)
		return 0;
	ms = scale(count - at, 1000, pe->hz);
	return ms < INT_MAX ? (int)ms + 1 : INT_MAX;
}

void pe_enter(struct pe *pe, void (*poke)(void *arg), void *arg)
{
	lock_take(&pe->lock);
	pe->poke = poke;
	pe->poke_arg = arg;
	lock_drop(&pe->lock);
}

void pe_leave(struct pe *pe)
{
	lock_take(&pe->lock);
	pe->poke = NULL;
	lock_drop(&pe->lock);
}
