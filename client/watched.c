// SPDX-License-Identifier: BSD-3-Clause
/*
 * watched.c - what lies in the VMM's address space where memslots are, for the backend to know.
 *
 * A range that a memslot named is watched for the rest of the process's life. Whenever a hook sees
 * it change, the truth is read from /proc/self/maps and reported mapping by mapping, so nothing
 * depends on the order or completeness of what the hooks saw: a range that malloc unmapped behind
 * their back is right again after the next report. Mappings that may be accessed and belong to
 * this process alone are moved onto physical memory on that occasion: contents copied, then
 * mapped over at the same address with the same protection. PROT_NONE reservations are left
 * alone until they are opened.
 *
 * `memory_lock` is held through a report until the backend has applied it, so the last report
 * that is applied is the latest truth. Nothing the backend does before it answers APPLIED waits
 * for this process.
 */
#include "client/client.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define MAX_RANGES 256

struct range {
	uint64_t start, end;
};

static struct range watched[MAX_RANGES];
static unsigned int num_watched;
static uint64_t lowest = ~UINT64_C(0), highest; /* of all watched: a quick no */
static struct lock memory_lock;
static uint32_t changing; /* threads between memory_change_begin and _end, of no watched range */

void memory_forget_all(void)
{
	num_watched = 0;
	lowest = ~UINT64_C(0);
	highest = 0;
	memory_lock.word = 0;
	changing = 0;
	guard_open(0, ~UINT64_C(0));
	fault_forget();
}

bool memory_watched(uint64_t addr, uint64_t size)
{
	if (addr >= __atomic_load_n(&highest, __ATOMIC_ACQUIRE) ||
	    addr + size <= __atomic_load_n(&lowest, __ATOMIC_ACQUIRE))
		return false;
	for (unsigned int i = 0; i < __atomic_load_n(&num_watched, __ATOMIC_ACQUIRE); i++)
		if (addr < watched[i].end && watched[i].start < addr + size)
			return true;
	return false;
}

static void watch(uint64_t addr, uint64_t size)
{
	struct range *r = watched, *last = watched + num_watched;

	while (r < last && !(addr >= r->start && addr + size <= r->end))
		r++;
	if (r < last)
		return;
	if (num_watched < MAX_RANGES) {
		*r = (struct range){addr, addr + size};
		__atomic_store_n(&num_watched, num_watched + 1, __ATOMIC_RELEASE);
	} else { /* watching too much costs time, nothing else */
		r--;
		r->start = addr < r->start ? addr : r->start;
		r->end = addr + size > r->end ? addr + size : r->end;
	}
	if (addr < lowest)
		__atomic_store_n(&lowest, addr, __ATOMIC_RELEASE);
	if (addr + size > highest)
		__atomic_store_n(&highest, addr + size, __ATOMIC_RELEASE);
}

void memory_watch(uint64_t addr, uint64_t size)
{
	sigmask_t mask;

	signals_block(&mask);
	lock_take(&memory_lock);
	watch(addr, size);
	lock_drop(&memory_lock);
	signals_restore(&mask);
}

/* ---- reports ---- */

static uint32_t area_kind(const struct area *a)
{
	if (client_is_physical(a->dev, a->ino))
		return WIRE_AREA_PHYSICAL;
	if (!strncmp(a->name, "/memfd:" WIRE_NAME_DELEGATED,
		     sizeof("/memfd:" WIRE_NAME_DELEGATED) - 1))
		return WIRE_AREA_HIDDEN;
	if (!a->shared)
		return strcmp(a->name, "[stack]") && strncmp(a->name, "[v", 2) ? WIRE_AREA_PRIVATE
									       : WIRE_AREA_FIXED;
	if (!strncmp(a->name, "/dev/zero", 9))
		return WIRE_AREA_SHARED;
	if (!strncmp(a->name, "/memfd:", 7))
		return WIRE_AREA_MEMFD;
	return WIRE_AREA_FIXED;
}

/* A reservation, private pages of a guest_memfd, or a vCPU mapped where a memslot once was. */
static bool is_inaccessible(const struct area *a)
{
	return !(a->prot & (PROT_READ | PROT_WRITE)) ||
	       !strncmp(a->name, "/memfd:" WIRE_NAME_PRIVATE,
			sizeof("/memfd:" WIRE_NAME_PRIVATE) - 1) ||
	       !strncmp(a->name, "/memfd:" WIRE_NAME_VCPU, sizeof("/memfd:" WIRE_NAME_VCPU) - 1);
}

/* Guarded memory has the protection that the VMM gave it. */
static int prot_of(const struct area *a, uint64_t start)
{
	uint64_t ipa;
	int prot;

	return !a->prot && guard_find(start, &ipa, &prot) ? prot : a->prot;
}

static int report_area(struct talk *t, const struct area *a, uint64_t start, uint64_t end)
{
	struct wire_msg m = {
		.type = WIRE_AREA,
		.area = {start, end - start, a->offset + (start - a->start), prot_of(a, start),
			 area_kind(a)},
	};
	bool ours = m.area.kind == WIRE_AREA_PHYSICAL || m.area.kind == WIRE_AREA_HIDDEN;
	bool place = !ours && m.area.kind != WIRE_AREA_FIXED;
	int memory = -1, nfds = 1, r;

	if (!ours && is_inaccessible(a))
		return 0;
	if (m.area.kind == WIRE_AREA_MEMFD || m.area.kind == WIRE_AREA_FIXED) {
		r = shared_report(t, a, &m);
		if (r <= 0)
			return r;
	}
	if (talk_send(t, &m, NULL, NULL, 0))
		return -EPIPE;
	if (!place)
		return 0;
	if (talk_recv(t, &m, NULL, 0, &memory, &nfds) < 0 || m.type != WIRE_PLACE) {
		r = -EPIPE;
		goto out;
	}
	m.type = WIRE_MOVED;
	m.answer.value = nfds ? memory_move(a, start, end, memory, m.area.offset) : 0;
	r = talk_send(t, &m, NULL, NULL, 0);
out:
	if (nfds)
		sys(close, memory);
	return r;
}

static int report(struct talk *t, uint64_t addr, uint64_t size)
{
	struct wire_msg m = {.type = WIRE_AREA_END, .user = {addr + size, 0}};
	uint64_t start, end, known = addr;
	struct area a;
	int r = 0, more;

	maps_open();
	while ((more = maps_next(&a, addr, size, &start, &end)) > 0 && !r) {
		r = report_area(t, &a, start, end);
		known = end;
	}
	maps_close();
	if (more < 0)
		m.user.addr = known; /* of the rest nothing is said */
	if (r || talk_send(t, &m, NULL, NULL, 0) || talk_recv(t, &m, NULL, 0, NULL, NULL) < 0)
		return -EPIPE;
	return m.type == WIRE_APPLIED ? 0 : -EPIPE;
}

bool memory_change_begin(uint64_t addr, uint64_t size, sigmask_t *mask)
{
	__atomic_fetch_add(&changing, 1, __ATOMIC_SEQ_CST);
	if (!memory_watched(addr & -PAGE_SIZE, size + PAGE_SIZE))
		return false;
	__atomic_fetch_sub(&changing, 1, __ATOMIC_SEQ_CST);
	signals_block(mask);
	lock_take(&memory_lock);
	return true;
}

void memory_change_end(bool watched, const sigmask_t *mask)
{
	if (!watched) {
		__atomic_fetch_sub(&changing, 1, __ATOMIC_SEQ_CST);
		return;
	}
	lock_drop(&memory_lock);
	signals_restore(mask);
}

/* Changes that began before the range was watched. A handler may have jumped out of one. */
static void await_changes(void)
{
	const struct timespec ms = {0, 1000000};

	for (int i = 0; i < 100 && __atomic_load_n(&changing, __ATOMIC_SEQ_CST); i++)
		sys(nanosleep, &ms, NULL);
}

int memory_attach(struct talk *t, uint64_t addr, uint64_t size)
{
	int r;

	lock_take(&memory_lock);
	watch(addr, size);
	await_changes();
	r = report(t, addr, size);
	lock_drop(&memory_lock);
	return r;
}

/* Whatever else was mapped there meanwhile is left alone. */
void memory_remap(int fd, uint64_t addr, uint64_t size, uint64_t offset)
{
	uint64_t start, end, at;
	struct area a;

	lock_take(&memory_lock);
	maps_open();
	while (maps_next(&a, addr, size, &start, &end) > 0) {
		uint32_t kind = area_kind(&a);

		at = a.offset + (start - a.start);
		if ((kind == WIRE_AREA_PHYSICAL || kind == WIRE_AREA_HIDDEN) &&
		    at == offset + (start - addr))
			sys(mmap, start, end - start, a.prot, MAP_SHARED | MAP_FIXED, fd, at);
	}
	maps_close();
	lock_drop(&memory_lock);
}

void memory_guard(uint64_t addr, uint64_t size, uint64_t ipa, bool on)
{
	uint64_t start, end;
	struct area a;

	lock_take(&memory_lock);
	guard_open(addr, size);
	if (on) {
		fault_install();
		maps_open();
		while (maps_next(&a, addr, size, &start, &end) > 0)
			if (area_kind(&a) == WIRE_AREA_PHYSICAL)
				guard_area(start, end, ipa + (start - addr), a.prot);
		maps_close();
	}
	lock_drop(&memory_lock);
}

/* One request on a system channel. An error means that the backend is gone: nothing to report. */
static void request(struct wire_msg *m, uint64_t addr, uint64_t size)
{
	struct call c = {.done_fd = -1};
	struct talk spare;
	int r;

	signals_block(&c.mask);
	c.talk = client_talk(&spare, c.mask, &r);
	if (!c.talk)
		goto out;
	talk_begin(c.talk);
	r = talk_send(c.talk, m, NULL, NULL, 0);
	if (!r && m->type == WIRE_SYNC) {
		lock_take(&memory_lock);
		guard_forget(addr, size);
		r = report(c.talk, addr, size);
		lock_drop(&memory_lock);
	}
	if (!r)
		channel_serve(&c);
	client_talk_end(c.talk);
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

	if (!guard_any())
		return false;
	client_enter();
	if (!guard_any())
		return true; /* the child of a fork, where nothing is guarded any more */
	signals_block(&mask);
	lock_take(&memory_lock);
	found = guard_find(addr, &m.touched.ipa, &prot);
	if (found)
		guard_open(addr & -PAGE_SIZE, PAGE_SIZE);
	lock_drop(&memory_lock);
	signals_restore(&mask);
	if (found)
		request(&m, 0, 0);
	return found;
}

int memory_prepare(void)
{
	int r;

	lock_take(&memory_lock);
	r = maps_open();
	if (!r)
		maps_close();
	lock_drop(&memory_lock);
	return r == -EMFILE || r == -ENFILE ? r : 0;
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
	if (page_align(&addr, &size) && memory_watched(addr, size))
		tell(WIRE_SYNC, addr, size);
}

void memory_discarded(uint64_t addr, uint64_t size, int advice)
{
	if (page_align(&addr, &size) && memory_watched(addr, size))
		tell(WIRE_DISCARD, addr, size | (advice == MADV_REMOVE));
}
