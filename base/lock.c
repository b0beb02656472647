// SPDX-License-Identifier: BSD-3-Clause
/*
 * lock.c - locks with a rank and an owner. What a thread holds is a list of its own, so checks need
 * no lock: a lock is held by this thread, or it is not in the list.
 */
#include "base/lock.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef LOCK_CHECK

#define MAX_HELD 128 /* all vCPUs of a VM, and what is around them */

static _Thread_local struct {
	const void *lock;
	const char *name;
	unsigned int rank;
	uintptr_t order; /* in its rank */
	bool writer;
} held[MAX_HELD];
static _Thread_local unsigned int num_held;
/* Entries before this one are not checked: see lock_play_other. */
static _Thread_local unsigned int first_held;

static _Noreturn void violated(const char *what, const char *name, const char *other)
{
	fprintf(stderr, "softrealm: lock %s: %s%s%s\n", name, what, other ? " " : "",
		other ? other : "");
	abort();
}

void lock_note_taking(const void *l, const char *name, unsigned int rank, uintptr_t order)
{
	for (unsigned int i = first_held; i < num_held; i++) {
		if (held[i].lock == l)
			violated("taken twice", name, NULL);
		if (rank &&
		    (held[i].rank > rank || (held[i].rank == rank && held[i].order >= order)))
			violated("taken under", name, held[i].name);
	}
}

static void add(const void *l, const char *name, unsigned int rank, uintptr_t order, bool writer)
{
	if (num_held == MAX_HELD)
		violated("one too many", name, NULL);
	held[num_held].lock = l;
	held[num_held].name = name;
	held[num_held].rank = rank;
	held[num_held].order = order;
	held[num_held++].writer = writer;
}

void lock_note_taken(const void *l, const char *name, unsigned int rank, uintptr_t order)
{
	add(l, name, rank, order, true);
}

static void check_order(const void *l, const char *name, unsigned int rank)
{
	lock_note_taking(l, name, rank, 0);
}

static void note_taken(const void *l, const char *name, unsigned int rank, bool writer)
{
	add(l, name, rank, 0, writer);
}

void lock_note_dropped(const void *l, const char *name)
{
	for (unsigned int i = num_held; i-- > first_held;) {
		if (held[i].lock != l)
			continue;
		for (num_held--; i < num_held; i++)
			held[i] = held[i + 1];
		return;
	}
	violated("dropped, but not held", name, NULL);
}

static void note_dropped(const void *l, const char *name)
{
	lock_note_dropped(l, name);
}

unsigned int lock_play_other(void)
{
	unsigned int before = first_held;

	first_held = num_held;
	return before;
}

void lock_play_on(unsigned int before)
{
	first_held = before;
}

void lock_check_held(const void *l, const char *name, bool writer)
{
	for (unsigned int i = first_held; i < num_held; i++)
		if (held[i].lock == l && (held[i].writer || !writer))
			return;
	violated(writer ? "not held for writing" : "not held", name, NULL);
}

#else

unsigned int lock_play_other(void)
{
	return 0;
}

void lock_play_on(unsigned int before)
{
}

static void check_order(const void *l, const char *name, unsigned int rank)
{
}

static void note_taken(const void *l, const char *name, unsigned int rank, bool writer)
{
}

static void note_dropped(const void *l, const char *name)
{
}

#endif

void lock_init(struct lock *l, unsigned int rank, const char *name)
{
	pthread_mutex_init(&l->mutex, NULL);
	l->name = name;
	l->rank = rank;
	atomic_init(&l->waiters, 0);
}

void lock_destroy(struct lock *l)
{
	pthread_mutex_destroy(&l->mutex);
}

void lock_take(struct lock *l)
{
	check_order(l, l->name, l->rank);
	if (pthread_mutex_trylock(&l->mutex)) {
		atomic_fetch_add(&l->waiters, 1);
		pthread_mutex_lock(&l->mutex);
		atomic_fetch_sub(&l->waiters, 1);
	}
	note_taken(l, l->name, l->rank, true);
}

bool lock_try(struct lock *l)
{
	if (pthread_mutex_trylock(&l->mutex))
		return false;
	note_taken(l, l->name, l->rank, true);
	return true;
}

void lock_drop(struct lock *l)
{
	note_dropped(l, l->name);
	pthread_mutex_unlock(&l->mutex);
}

void lock_wait(struct lock *l, pthread_cond_t *changed)
{
	note_dropped(l, l->name);
	pthread_cond_wait(changed, &l->mutex);
	note_taken(l, l->name, l->rank, true);
}

bool lock_wait_until(struct lock *l, pthread_cond_t *changed, const struct timespec *until)
{
	int r;

	note_dropped(l, l->name);
	r = pthread_cond_timedwait(changed, &l->mutex, until);
	note_taken(l, l->name, l->rank, true);
	return !r;
}

bool lock_breathe(struct lock *l)
{
	unsigned int waiting = atomic_load(&l->waiters);

	if (!waiting)
		return false;
	pthread_mutex_unlock(&l->mutex);
	/* Mutexes are not fair: whoever was woken needs a moment to get it. */
	for (int i = 0; i < 1000 && atomic_load(&l->waiters) >= waiting; i++)
		sched_yield();
	pthread_mutex_lock(&l->mutex);
	return true;
}

void rwlock_init(struct rwlock *l, unsigned int rank, const char *name)
{
	pthread_rwlockattr_t a;

	pthread_rwlockattr_init(&a);
	pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&l->rw, &a);
	pthread_rwlockattr_destroy(&a);
	l->name = name;
	l->rank = rank;
}

void rwlock_destroy(struct rwlock *l)
{
	pthread_rwlock_destroy(&l->rw);
}

void rwlock_read(struct rwlock *l)
{
	check_order(l, l->name, l->rank);
	pthread_rwlock_rdlock(&l->rw);
	note_taken(l, l->name, l->rank, false);
}

void rwlock_write(struct rwlock *l)
{
	check_order(l, l->name, l->rank);
	pthread_rwlock_wrlock(&l->rw);
	note_taken(l, l->name, l->rank, true);
}

void rwlock_drop(struct rwlock *l)
{
	note_dropped(l, l->name);
	pthread_rwlock_unlock(&l->rw);
}
