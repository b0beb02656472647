// SPDX-License-Identifier: BSD-3-Clause
/*
 * memory_change.c - tells the backend of what the VMM does to memory that is watched or guarded.
 */
#include <sys/mman.h>

#include "client/parts.h"

void memory_watch(uint64_t addr, uint64_t size)
{
	sigmask_t mask;

	signals_block(&mask);
	watched_lock();
	watched_add(addr, size);
	watched_unlock();
	signals_restore(&mask);
}

/* Under the same lock as the report: what is added later is not given up (watched_remove). */
static int report(struct talk *t, uint64_t addr, uint64_t size, uint64_t *count)
{
	int r;

	watched_lock();
	*count = watched_count();
	guard_forget(addr, size);
	r = memory_report(t, addr, size);
	watched_unlock();
	return r;
}

/* One request on a system channel. An error means that the backend is gone: nothing to report. */
static void request(struct wire_msg *m, uint64_t addr, uint64_t size)
{
	struct call c = {.done_fd = -1};
	struct talk spare;
	uint64_t count = 0;
	int r;

	signals_block(&c.mask);
	c.talk = link_talk(&spare, c.mask, &r);
	if (!c.talk)
		goto out;
	talk_begin(c.talk);
	r = talk_send(c.talk, m, NULL, NULL, 0);
	if (!r && m->type == WIRE_SYNC)
		r = report(c.talk, addr, size, &count);
	if (!r && needs_serve(&c) == WIRE_SYNC_UNUSED && m->type == WIRE_SYNC)
		watched_remove(addr, size, count);
	link_talk_end(c.talk);
out:
	signals_restore(&c.mask);
}

static void tell(uint32_t type, uint64_t addr, uint64_t size)
{
	struct wire_msg m = {.type = type, .user = {addr, size}};

	request(&m, addr, size);
}

bool memory_touched(uint64_t addr, uint64_t pc)
{
	struct wire_msg m = {.type = WIRE_TOUCHED, .touched = {addr, pc, 0, sys(gettid), 0}};
	sigmask_t mask;
	bool found;
	int prot;

	signals_block(&mask);
	watched_lock();
	found = guard_find(addr, &m.touched.ipa, &prot);
	if (found)
		guard_open(addr & -PAGE_SIZE, PAGE_SIZE);
	watched_unlock();
	signals_restore(&mask);
	if (found)
		request(&m, 0, 0);
	return found;
}

static bool page_align(uint64_t *addr, uint64_t *size)
{
	uint64_t end = (*addr + *size + PAGE_SIZE - 1) & -PAGE_SIZE;

	*addr &= -PAGE_SIZE;
	*size = end - *addr;
	return end > *addr;
}

void memory_changed(uint64_t addr, uint64_t size)
{
	if (page_align(&addr, &size) && watched_covers(addr, size))
		tell(WIRE_SYNC, addr, size);
}

void memory_discarded(uint64_t addr, uint64_t size, int advice)
{
	if (page_align(&addr, &size) && watched_covers(addr, size))
		tell(WIRE_DISCARD, addr, size | (advice == MADV_REMOVE));
}
