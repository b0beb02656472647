/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lock.h - mutexes and reader-writer locks with a rank and an owner.
 *
 * Ranks say the order: a thread takes a lock only while all that it holds have a lower rank. A lock
 * of rank 0 has no place in the order and is not checked. With LOCK_CHECK (debug and sanitizer
 * builds) a violation, and a promise that does not hold (lock_assert_held), end the program with
 * both names; without it nothing is recorded.
 *
 * A try (lock_try) cannot deadlock and may come in any order.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Where the ranks of each layer begin; docs/locking.md draws the order. */
enum {
	LOCK_RANKS_CHANNEL = 1, /* of the backend, around calls */
	LOCK_RANKS_KVM = 10,
	LOCK_RANKS_RMM = 100,
	LOCK_RANKS_DEBUG = 150,
	LOCK_RANKS_ENGINE = 200,
	LOCK_RANKS_VGIC = 300,
	LOCK_RANKS_BACKEND = 350, /* what kvm/ is given by it */
	LOCK_RANKS_MACHINE = 400,
	LOCK_RANKS_LEAF = 450,
	LOCK_RANKS_OBSERVER = 500, /* they come under any other */
};

struct lock {
	pthread_mutex_t mutex;
	const char *name;
	unsigned int rank;
	atomic_uint waiters;
};

#define LOCK_INITIALIZER(rank_, name_)                                                             \
	{                                                                                          \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .name = (name_), .rank = (rank_)               \
	}

void lock_init(struct lock *l, unsigned int rank, const char *name);
void lock_destroy(struct lock *l);
void lock_take(struct lock *l);
bool lock_try(struct lock *l);
void lock_drop(struct lock *l);

/* Wait for the condition; l is dropped meanwhile. */
void lock_wait(struct lock *l, pthread_cond_t *changed);

/* The same, but no longer than `until` on the condition's clock: false if that has come. */
bool lock_wait_until(struct lock *l, pthread_cond_t *changed, const struct timespec *until);

/* In the middle of long work under l: let those who wait for it go first, if there are any. True
 * if it was dropped for a while: what l protects may have changed. */
bool lock_breathe(struct lock *l);

/* Waiting writers keep new readers out, so that none of them starves: a thread that reads must not
 * read again. */
struct rwlock {
	pthread_rwlock_t rw;
	const char *name;
	unsigned int rank;
};

void rwlock_init(struct rwlock *l, unsigned int rank, const char *name);
void rwlock_destroy(struct rwlock *l);
void rwlock_read(struct rwlock *l);
void rwlock_write(struct rwlock *l);
void rwlock_drop(struct rwlock *l);

/*
 * For tests that play several threads on one: from lock_play_other to lock_play_on, which gets what
 * it returned, the checks take this thread for another one, which holds nothing yet.
 */
unsigned int lock_play_other(void);
void lock_play_on(unsigned int before);

/*
 * Locks of another make, which tell of themselves: before they are taken, after, and when they are
 * dropped. Those of one rank are taken by ascending `order`.
 */
#ifdef LOCK_CHECK
void lock_note_taking(const void *l, const char *name, unsigned int rank, uintptr_t order);
void lock_note_taken(const void *l, const char *name, unsigned int rank, uintptr_t order);
void lock_note_dropped(const void *l, const char *name);
#else
#define lock_note_taking(l, name, rank, order) ((void)(name), (void)(rank))
#define lock_note_taken(l, name, rank, order)  ((void)(name), (void)(rank))
#define lock_note_dropped(l, name)	       ((void)(name))
#endif

/* This thread holds it: a reader-writer lock in either way, or for writing. */
#ifdef LOCK_CHECK
#define lock_assert_held(l)	lock_check_held(l, (l)->name, false)
#define rwlock_assert_held(l)	lock_check_held(l, (l)->name, false)
#define rwlock_assert_writer(l) lock_check_held(l, (l)->name, true)
void lock_check_held(const void *l, const char *name, bool writer);
#else
#define lock_assert_held(l)	((void)(l))
#define rwlock_assert_held(l)	((void)(l))
#define rwlock_assert_writer(l) ((void)(l))
#endif

#endif
