// SPDX-License-Identifier: BSD-3-Clause
/*
 * guard.c - user memory behind private pages, which --detect lets nobody touch unnoticed.
 *
 * A page is
 *
 *	OPEN --the backend says that its page is private--> GUARDED (PROT_NONE, in `guards`)
 *	GUARDED --a thread touches it--> OPEN: the backend is told who it was, the access is made
 *	GUARDED --its page is shared, or the VMM maps something else there--> OPEN
 *
 * so each is told of once for each time that it becomes private. A system call that is given such
 * memory fails with EFAULT: the kernel asks no handler. `guards` is under memory_lock, in no order;
 * what has no room there is not guarded.
 */
#include "client/client.h"

#include <sys/mman.h>

#define MAX_GUARDS 512

struct guard {
	uint64_t start, end, ipa;
	int prot; /* to be given back */
};

static struct guard guards[MAX_GUARDS];
static unsigned int num_guards;

static void add(uint64_t start, uint64_t end, uint64_t ipa, int prot)
{
	if (start < end && num_guards < MAX_GUARDS)
		guards[num_guards++] = (struct guard){start, end, ipa, prot};
	else if (start < end)
		sys(mprotect, start, end - start, prot);
}

/* Take [start, end) out of the i-th. */
static void cut(unsigned int i, uint64_t start, uint64_t end)
{
	struct guard g = guards[i];

	guards[i] = guards[--num_guards];
	add(g.start, start, g.ipa, g.prot);
	add(end, g.end, g.ipa + (end - g.start), g.prot);
}

/* With `open` the memory is still what it was, and is given back. */
static void drop(uint64_t addr, uint64_t size, bool open)
{
	for (unsigned int i = num_guards; i-- > 0;) {
		struct guard g = guards[i];
		uint64_t start = addr > g.start ? addr : g.start;
		uint64_t end = addr + size < g.end ? addr + size : g.end;

		if (start >= end)
			continue;
		if (open)
			sys(mprotect, start, end - start, g.prot);
		cut(i, start, end);
	}
}

void guard_forget(uint64_t addr, uint64_t size)
{
	drop(addr, size, false);
}

void guard_open(uint64_t addr, uint64_t size)
{
	drop(addr, size, true);
}

void guard_area(uint64_t start, uint64_t end, uint64_t ipa, int prot)
{
	if (num_guards == MAX_GUARDS || !(prot & (PROT_READ | PROT_WRITE)) ||
	    sys(mprotect, start, end - start, PROT_NONE))
		return;
	add(start, end, ipa, prot);
}

bool guard_find(uint64_t addr, uint64_t *ipa, int *prot)
{
	for (unsigned int i = 0; i < num_guards; i++) {
		if (addr < guards[i].start || addr >= guards[i].end)
			continue;
		*ipa = guards[i].ipa + (addr - guards[i].start);
		*prot = guards[i].prot;
		return true;
	}
	return false;
}

bool guard_any(void)
{
	return __atomic_load_n(&num_guards, __ATOMIC_RELAXED);
}
