// SPDX-License-Identifier: BSD-3-Clause
/*
 * memory_report.c - what lies in the VMM's address space where memslots are, for the backend to
 * know, and what the backend does there.
 *
 * Whenever a hook sees a watched range change, the truth is read from /proc/self/maps and reported
 * mapping by mapping, so nothing depends on the order or completeness of what the hooks saw: a
 * range that malloc unmapped behind their back is right again after the next report. Mappings that
 * may be accessed and belong to this process alone are moved onto physical memory on that occasion:
 * contents copied, then mapped over at the same address with the same protection. PROT_NONE
 * reservations are left alone until they are opened.
 *
 * watched_lock is held through a report until the backend has applied it, so the last report that
 * is applied is the latest truth. Nothing the backend does before it answers APPLIED waits for this
 * process.
 */
#include <string.h>
#include <sys/mman.h>

#include "client/parts.h"

static uint32_t area_kind(const struct maps_area *a)
{
	if (link_is_physical(a->dev, a->ino))
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
static bool is_inaccessible(const struct maps_area *a)
{
	return !(a->prot & (PROT_READ | PROT_WRITE)) ||
	       !strncmp(a->name, "/memfd:" WIRE_NAME_PRIVATE,
			sizeof("/memfd:" WIRE_NAME_PRIVATE) - 1) ||
	       !strncmp(a->name, "/memfd:" WIRE_NAME_VCPU, sizeof("/memfd:" WIRE_NAME_VCPU) - 1);
}

/* Guarded memory has the protection that the VMM gave it. */
static int prot_of(const struct maps_area *a, uint64_t start)
{
	uint64_t ipa;
	int prot;

	return !a->prot && guard_find(start, &ipa, &prot) ? prot : a->prot;
}

static uint64_t move(const struct maps_area *a, uint64_t start, uint64_t end, int memory,
		     uint64_t offset)
{
	struct maps_area old;
	bool known = known_find(start, end - start, &old);
	uint64_t moved;

	known_change_begin(start, end - start);
	moved = move_area(a, start, end, memory, offset);
	known_change_end();
	if (known && moved)
		known_moved(start, start + moved, offset, a->prot);
	return moved;
}

static int report_area(struct talk *t, const struct maps_area *a, uint64_t start, uint64_t end)
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
		r = shared_file_report(t, a, &m);
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
	m.answer.value = nfds ? move(a, start, end, memory, m.area.offset) : 0;
	r = talk_send(t, &m, NULL, NULL, 0);
out:
	if (nfds)
		sys(close, memory);
	return r;
}

/* 0 or -EPIPE; *known: of what lies behind it nothing has been said. */
static int look_and_report(struct talk *t, uint64_t addr, uint64_t size, uint64_t *known)
{
	uint64_t start, end;
	struct maps_area a;
	int r = 0, more;

	maps_open();
	while ((more = maps_next(&a, addr, size, &start, &end)) > 0 && !r) {
		r = report_area(t, &a, start, end);
		*known = end;
	}
	maps_close();
	if (more >= 0)
		*known = addr + size;
	return r;
}

int memory_report(struct talk *t, uint64_t addr, uint64_t size)
{
	struct wire_msg m = {.type = WIRE_AREA_END, .user = {addr, 0}};
	struct maps_area a;
	int r;

	watched_assert_locked();
	if (known_find(addr, size, &a)) {
		m.user.addr += size;
		r = report_area(t, &a, addr, addr + size);
	} else {
		r = look_and_report(t, addr, size, &m.user.addr);
	}
	if (r || talk_send(t, &m, NULL, NULL, 0) || talk_recv(t, &m, NULL, 0, NULL, NULL) < 0)
		return -EPIPE;
	return m.type == WIRE_APPLIED ? 0 : -EPIPE;
}

int memory_attach(struct talk *t, uint64_t addr, uint64_t size)
{
	int r;

	watched_lock();
	watched_add(addr, size);
	watched_await_changes();
	r = memory_report(t, addr, size);
	watched_unlock();
	return r;
}

bool memory_is_physical(uint64_t addr)
{
	uint64_t start, end;
	struct maps_area a;
	uint32_t kind;
	int found;

	maps_open();
	found = maps_next(&a, addr & -PAGE_SIZE, PAGE_SIZE, &start, &end);
	kind = found > 0 ? area_kind(&a) : WIRE_AREA_FIXED;
	maps_close();
	return found < 0 || kind == WIRE_AREA_PHYSICAL || kind == WIRE_AREA_HIDDEN;
}

/* Whatever else was mapped there meanwhile is left alone. */
void memory_remap(int fd, uint64_t addr, uint64_t size, uint64_t offset)
{
	uint64_t start, end, at;
	struct maps_area a;

	watched_lock();
	maps_open();
	while (maps_next(&a, addr, size, &start, &end) > 0) {
		uint32_t kind = area_kind(&a);

		at = a.offset + (start - a.start);
		if ((kind == WIRE_AREA_PHYSICAL || kind == WIRE_AREA_HIDDEN) &&
		    at == offset + (start - addr))
			sys(mmap, start, end - start, a.prot, MAP_SHARED | MAP_FIXED, fd, at);
	}
	maps_close();
	watched_unlock();
}

void memory_guard(uint64_t addr, uint64_t size, uint64_t ipa, bool on)
{
	uint64_t start, end;
	struct maps_area a;

	watched_lock();
	guard_open(addr, size);
	if (on) {
		segv_install();
		maps_open();
		while (maps_next(&a, addr, size, &start, &end) > 0)
			if (area_kind(&a) == WIRE_AREA_PHYSICAL)
				guard_area(start, end, ipa + (start - addr), a.prot);
		maps_close();
	}
	watched_unlock();
}

int memory_prepare(void)
{
	int r;

	watched_lock();
	r = maps_open();
	if (!r)
		maps_close();
	watched_unlock();
	return r == -EMFILE || r == -ENFILE ? r : 0;
}
