// SPDX-License-Identifier: BSD-3-Clause
/*
 * window.c - memory that is just being moved: a thread that stores to it waits until it has been.
 *
 * A fault in a watched range is ours once: the thread waits for the move that is under way and
 * tries again. The same fault of the same thread with no move in between is the VMM's.
 */
#include <linux/futex.h>
#include <sys/mman.h>

#include "client/parts.h"

void window_open(uint64_t start, uint64_t end, int prot)
{
	watched_assert_locked();
	client.window.start = start;
	client.window.end = end;
	client.window.prot = prot;
	__atomic_fetch_add(&client.window.moves, 1, __ATOMIC_SEQ_CST);
}

static void close_it(void)
{
	__atomic_fetch_add(&client.window.moves, 1, __ATOMIC_SEQ_CST);
	sys(futex, &client.window.moves, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void window_close(void)
{
	watched_assert_locked();
	close_it();
}

/* The thread that has protected the window is not here. */
void window_reset(void)
{
	const struct client_window *w = &client.window;

	if (!(w->moves & 1))
		return;
	sys(mprotect, w->start, w->end - w->start, w->prot);
	close_it();
}

static bool covers(uint64_t addr, uint32_t at)
{
	return (at & 1) && addr >= client.window.start && addr < client.window.end;
}

bool window_covers(uint64_t addr)
{
	return covers(addr, __atomic_load_n(&client.window.moves, __ATOMIC_SEQ_CST));
}

uint32_t window_wait(uint64_t addr)
{
	uint32_t at = __atomic_load_n(&client.window.moves, __ATOMIC_SEQ_CST);

	while (covers(addr, at)) {
		sys(futex, &client.window.moves, FUTEX_WAIT_PRIVATE, at, NULL, NULL, 0);
		at = __atomic_load_n(&client.window.moves, __ATOMIC_SEQ_CST);
	}
	return at;
}

bool window_retry(uint64_t addr, uint32_t moves)
{
	int tid = sys(gettid);
	unsigned int i = tid % CLIENT_RETRIED;

	if (client.window.retried[i].tid == tid && client.window.retried[i].addr == addr &&
	    client.window.retried[i].moves == moves)
		return false;
	client.window.retried[i].tid = tid;
	client.window.retried[i].addr = addr;
	client.window.retried[i].moves = moves;
	return true;
}
