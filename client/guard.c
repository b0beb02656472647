// SPDX-License-Identifier: BSD-3-Clause
/*
 * guard.c - user memory behind private pages, which --detect lets nobody touch unnoticed.
 *
 * A page is
 *
 *	OPEN --the backend says that its page is private--> GUARDED (PROT_NONE, in the table)
 *	GUARDED --a thread touches it--> OPEN: the backend is told who it was, the access is made
 *	GUARDED --its page is shared, or the VMM maps something else there--> OPEN
 *
 * so each is told of once for each time that it becomes private. A system call that is given such
 * memory fails with EFAULT: the kernel asks no handler. They are under watched_lock, in no order;
 * what has no room there is not guarded.
 */
#include <sys/mman.h>

#include "client/parts.h"

static struct client_guards *const guards = &client.guards;

static void add(uint64_t start, uint64_t end, uint64_t ipa, int prot)
{
	if (start < end && guards->num < CLIENT_MAX_GUARDS)
		guards->table[guards->num++] = (struct guard){start, end, ipa, prot};
	else if (start < end)
		sys(mprotect, start, end - start, prot);
}

/* Take [start, end) out of the i-th. */
static void cut(unsigned int i, uint64_t start, uint64_t end)
{
	struct guard g = guards->table[i];

	guards->table[i] = guards->table[--guards->num];
	add(g.start, start, g.ipa, g.prot);
	add(end, g.end, g.ipa + (end - g.start), g.prot);
}

/* With `open` the memory is still what it was, and is given back. */
static void drop(uint64_t addr, uint64_t size, bool open)
{
	for (unsigned int i = guards->num; i-- > 0;) {
		struct guard g = guards->table[i];
		uint64_t start = addr > g.start ? addr : g.start;
		uint64_t end = addr + size < g.end ? addr + size : g.end;

		if (start >= end)
			continue;
		if (open)
			sys(mprotect, start, end - start, g.prot);
		cut(i, start, end);
	}
}

void guard_reset(void)
{
	drop(0, ~UINT64_C(0), true);
}

void guard_forget(uint64_t addr, uint64_t size)
{
	watched_assert_locked();
	drop(addr, size, false);
}

void guard_open(uint64_t addr, uint64_t size)
{
	watched_assert_locked();
	drop(addr, size, true);
}

void guard_area(uint64_t start, uint64_t end, uint64_t ipa, int prot)
{
	watched_assert_locked();
	if (guards->num == CLIENT_MAX_GUARDS || !(prot & (PROT_READ | PROT_WRITE)) ||
	    sys(mprotect, start, end - start, PROT_NONE))
		return;
	add(start, end, ipa, prot);
}

bool guard_find(uint64_t addr, uint64_t *ipa, int *prot)
{
	watched_assert_locked();
	for (unsigned int i = 0; i < guards->num; i++) {
		if (addr < guards->table[i].start || addr >= guards->table[i].end)
			continue;
		*ipa = guards->table[i].ipa + (addr - guards->table[i].start);
		*prot = guards->table[i].prot;
		return true;
	}
	return false;
}

bool guard_any(void)
{
	return __atomic_load_n(&guards->num, __ATOMIC_RELAXED);
}
