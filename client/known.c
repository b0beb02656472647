// SPDX-License-Identifier: BSD-3-Clause
/*
 * known.c - what lies in memory that the VMM has mapped itself, so that a report need not look.
 *
 * Under an emulator each look at /proc/self/maps costs a walk over all pages of the program, so a
 * VMM with many memslots would never get done. An entry is private anonymous memory from an mmap()
 * that a hook has seen, or what of it has been moved onto physical memory since. The C library
 * changes behind the hooks only what it has mapped itself, and that is never in here; every change
 * that hooks see takes its range out before it is made. What is not known is looked up.
 *
 * A new entry is made only if no change was under way at any time during its mmap(). Otherwise a
 * change that was taken out here before might take effect in the kernel after it.
 */
#include <sys/mman.h>

#include "client/parts.h"

#define NOT_MOVED  UINT64_MAX
#define NOT_QUIET  UINT64_MAX
#define FLAGS	   (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE)
#define OTHER_PROT (~(PROT_READ | PROT_WRITE | PROT_EXEC))

static struct client_known *const known = &client.known;

void known_reset(void)
{
	*known = (struct client_known){0};
}

static void take(sigmask_t *mask)
{
	signals_block(mask);
	latch_take(&known->latch, LATCH_KNOWN);
}

static void give(const sigmask_t *mask)
{
	latch_drop(&known->latch);
	signals_restore(mask);
}

/* `n` lies right before `next`, and is of the same kind. */
static bool goes_on(const struct known_range *n, const struct known_range *next)
{
	if (n->end != next->start || n->prot != next->prot)
		return false;
	if (n->offset == NOT_MOVED || next->offset == NOT_MOVED)
		return n->offset == next->offset;
	return n->offset + (n->end - n->start) == next->offset;
}

static uint64_t size_of(const struct known_range *r)
{
	return r->end ? r->end - r->start : 0;
}

/* If the table is full, the smallest entry is dropped. */
static void add(struct known_range n)
{
	struct known_range *smallest = &n;

	for (struct known_range *r = known->table; r < known->table + CLIENT_MAX_KNOWN; r++) {
		if (r->end && goes_on(r, &n)) {
			r->end = n.end;
			return;
		}
		if (size_of(r) < size_of(smallest))
			smallest = r;
	}
	*smallest = n;
}

static void cut(uint64_t start, uint64_t end)
{
	for (struct known_range *r = known->table; r < known->table + CLIENT_MAX_KNOWN; r++) {
		struct known_range old = *r, tail = old;

		if (start >= r->end || end <= r->start)
			continue;
		tail.start = end < old.end ? end : old.end;
		if (old.offset != NOT_MOVED)
			tail.offset += tail.start - old.start;
		r->end = start > old.start ? start : 0;
		if (tail.start < tail.end)
			add(tail);
	}
}

void known_change_begin(uint64_t addr, uint64_t size)
{
	sigmask_t mask;

	if (!client_carried())
		return;
	take(&mask);
	known->begun++;
	cut(addr & -PAGE_SIZE, (addr + size + PAGE_SIZE - 1) & -PAGE_SIZE);
	give(&mask);
}

void known_change_end(void)
{
	if (client_carried())
		__atomic_fetch_add(&known->over, 1, __ATOMIC_SEQ_CST);
}

uint64_t known_before(void)
{
	uint64_t over = __atomic_load_n(&known->over, __ATOMIC_SEQ_CST);

	return over == __atomic_load_n(&known->begun, __ATOMIC_SEQ_CST) ? over : NOT_QUIET;
}

void known_add(uint64_t addr, uint64_t size, int prot, int flags, uint64_t before)
{
	sigmask_t mask;

	if (!client_carried() || (flags & ~FLAGS) || !(flags & MAP_PRIVATE) ||
	    !(flags & MAP_ANONYMOUS) || (prot & OTHER_PROT))
		return;
	take(&mask);
	cut(addr, addr + size);
	if (known->begun == before)
		add((struct known_range){addr, addr + size, NOT_MOVED, prot});
	give(&mask);
}

void known_moved(uint64_t start, uint64_t end, uint64_t offset, int prot)
{
	sigmask_t mask;

	watched_assert_locked();
	take(&mask);
	add((struct known_range){start, end, offset, prot});
	give(&mask);
}

bool known_find(uint64_t addr, uint64_t size, struct maps_area *a)
{
	const struct known_range *r = known->table;
	sigmask_t mask;

	watched_assert_locked();
	if (!client_carried())
		return false;
	take(&mask);
	while (r < known->table + CLIENT_MAX_KNOWN &&
	       (addr < r->start || addr >= r->end || size > r->end - addr))
		r++;
	if (r < known->table + CLIENT_MAX_KNOWN) {
		*a = (struct maps_area){.start = r->start, .end = r->end, .prot = r->prot};
		a->name = "";
		a->shared = r->offset != NOT_MOVED;
		a->offset = a->shared ? r->offset : 0;
		if (a->shared)
			link_physical(&a->dev, &a->ino);
	}
	give(&mask);
	return r < known->table + CLIENT_MAX_KNOWN;
}
