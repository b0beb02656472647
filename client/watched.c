// SPDX-License-Identifier: BSD-3-Clause
/*
 * watched.c - which ranges of the VMM's address space are watched: those that a memslot has named
 * or a guest_memfd is mapped in, until the backend says that nothing there concerns it any more.
 *
 * The table is read without a lock, by each hook that changes memory. So an entry is never moved:
 * what is given up shrinks it, by one store, or leaves it free.
 */
#include <time.h>

#include "client/parts.h"

void watched_lock(void)
{
	latch_take(&client.watched.latch, LATCH_WATCHED);
}

void watched_unlock(void)
{
	latch_drop(&client.watched.latch);
}

void watched_assert_locked(void)
{
	latch_assert_held(&client.watched.latch);
}

void watched_reset(void)
{
	client.watched.used = 0;
	client.watched.lowest = client.watched.highest = 0;
	client.watched.latch = (struct latch){0};
	client.watched.changing = 0;
}

bool watched_covers(uint64_t addr, uint64_t size)
{
	const struct client_watched *w = &client.watched;

	if (addr >= __atomic_load_n(&w->highest, __ATOMIC_ACQUIRE) ||
	    addr + size <= __atomic_load_n(&w->lowest, __ATOMIC_ACQUIRE))
		return false;
	for (unsigned int i = 0; i < __atomic_load_n(&w->used, __ATOMIC_ACQUIRE); i++)
		if (addr < __atomic_load_n(&w->table[i].end, __ATOMIC_ACQUIRE) &&
		    __atomic_load_n(&w->table[i].start, __ATOMIC_RELAXED) < addr + size)
			return true;
	return false;
}

/* ---- what is watched, under the latch ---- */

static struct watched_range *entry_around(uint64_t start, uint64_t end)
{
	struct watched_range *r = client.watched.table;

	for (; r < client.watched.table + client.watched.used; r++)
		if (start >= r->start && end <= r->end)
			return r;
	return NULL;
}

static struct watched_range *free_entry(void)
{
	struct watched_range *r = client.watched.table;

	while (r < client.watched.table + client.watched.used && r->end)
		r++;
	return r < client.watched.table + CLIENT_MAX_WATCHED ? r : NULL;
}

/* False: there is no entry left. */
static bool put(uint64_t start, uint64_t end)
{
	struct watched_range *r = free_entry();

	if (!r)
		return false;
	__atomic_store_n(&r->start, start, __ATOMIC_RELAXED);
	__atomic_store_n(&r->end, end, __ATOMIC_RELEASE);
	if (r == client.watched.table + client.watched.used)
		__atomic_store_n(&client.watched.used, client.watched.used + 1, __ATOMIC_RELEASE);
	return true;
}

static void set_bounds(void)
{
	uint64_t lowest = ~UINT64_C(0), highest = 0;

	for (unsigned int i = 0; i < client.watched.used; i++) {
		const struct watched_range *r = &client.watched.table[i];

		lowest = r->end && r->start < lowest ? r->start : lowest;
		highest = r->end > highest ? r->end : highest;
	}
	__atomic_store_n(&client.watched.lowest, lowest, __ATOMIC_RELEASE);
	__atomic_store_n(&client.watched.highest, highest, __ATOMIC_RELEASE);
}

void watched_add(uint64_t addr, uint64_t size)
{
	uint64_t end = addr + size;
	struct watched_range *r = &client.watched.table[CLIENT_MAX_WATCHED - 1];

	watched_assert_locked();
	client.watched.count++;
	if (!entry_around(addr, end) && !put(addr, end)) {
		/* Watching too much costs time, nothing else. */
		if (addr < r->start)
			__atomic_store_n(&r->start, addr, __ATOMIC_RELEASE);
		if (end > r->end)
			__atomic_store_n(&r->end, end, __ATOMIC_RELEASE);
	}
	set_bounds();
}

uint64_t watched_count(void)
{
	watched_assert_locked();
	return client.watched.count;
}

/* What has no room as an entry of its own stays watched. */
static void cut(struct watched_range *r, uint64_t start, uint64_t end)
{
	uint64_t new_end = start > r->start ? start : 0;

	if (start >= r->end || end <= r->start)
		return;
	if (start <= r->start && end < r->end)
		__atomic_store_n(&r->start, end, __ATOMIC_RELEASE);
	else if (end >= r->end || put(end, r->end))
		__atomic_store_n(&r->end, new_end, __ATOMIC_RELEASE);
}

void watched_remove(uint64_t addr, uint64_t size, uint64_t count)
{
	unsigned int used;

	watched_lock();
	used = client.watched.used;
	for (unsigned int i = 0; i < used && client.watched.count == count; i++)
		cut(&client.watched.table[i], addr, addr + size);
	set_bounds();
	watched_unlock();
}

/* ---- changes of the address space ---- */

bool watched_change_begin(uint64_t addr, uint64_t size, sigmask_t *mask)
{
	__atomic_fetch_add(&client.watched.changing, 1, __ATOMIC_SEQ_CST);
	if (!watched_covers(addr & -PAGE_SIZE, size + PAGE_SIZE))
		return false;
	__atomic_fetch_sub(&client.watched.changing, 1, __ATOMIC_SEQ_CST);
	signals_block(mask);
	watched_lock();
	return true;
}

void watched_change_end(bool watched, const sigmask_t *mask)
{
	if (!watched) {
		__atomic_fetch_sub(&client.watched.changing, 1, __ATOMIC_SEQ_CST);
		return;
	}
	watched_unlock();
	signals_restore(mask);
}

/* A handler may have jumped out of one. */
void watched_await_changes(void)
{
	const struct timespec ms = {0, 1000000};

	for (int i = 0; i < 100 && __atomic_load_n(&client.watched.changing, __ATOMIC_SEQ_CST); i++)
		sys(nanosleep, &ms, NULL);
}
