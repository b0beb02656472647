// SPDX-License-Identifier: BSD-3-Clause
/*
 * mm_report.c - takes a client's report of what lies in a range, and gives pages to what it can
 * move.
 *
 * A report replaces all that was known of its range. The order is: areas changed (look-ups see
 * the new state), the client told (its own locks are free again), VMs made to forget the old
 * pages, and only then pages that no area shows any more given back. While another report is
 * under way its pages may not be in `areas` yet, so whichever report ends last collects for all.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/mm.h"
#include "base/bits.h"
#include "base/log.h"
#include "machine/memory.h"

#define HUGE_SIZE UINT64_C(0x200000)

struct report {
	struct mm *mm;
	struct channel *ch;
	uint64_t start, end; /* what it is about */
	struct ranges areas, hidden;
	bool moved; /* the client maps pages that were found for it */
};

static void warn_once(struct mm *mm, const struct wire_msg *m)
{
	unsigned long long from = m->area.addr, to = m->area.addr + m->area.size;

	if (m->area.kind == WIRE_AREA_FIXED && !mm->warned_fixed) {
		mm->warned_fixed = true;
		log_warn("memslot_not_movable: memory at 0x%llx-0x%llx is shared with other "
			 "processes, and the VMM does not hold its file open for reading and "
			 "writing: the realm cannot reach it",
			 from, to);
	} else if (m->area.kind == WIRE_AREA_MEMFD && !mm->warned_memfd) {
		mm->warned_memfd = true;
		log_warn(
			"memslot_memfd_moved: memory at 0x%llx-0x%llx is a mapping of a memfd that "
			"the VMM does not hold open for reading and writing: other mappings of it "
			"no longer see what the realm writes",
			from, to);
	}
}

/* Pages for an area that the client can move; 0: it stays where it is. */
static uint64_t choose_place(struct mm *mm, uint64_t size)
{
	uint64_t align = size >= HUGE_SIZE ? HUGE_SIZE : GRANULE_SIZE, pa;

	if (!mm_has_vms(mm))
		return 0;
	pa = machine_alloc_client(mm->srv->cfg.machine, size / GRANULE_SIZE, align);
	if (!pa)
		log_error("no physical memory is left for %llu KiB of memslots (see --ram)",
			  (unsigned long long)size >> 10);
	return pa;
}

static int own_area(struct report *r, const struct wire_msg *area, uint64_t pa, uint64_t size)
{
	uint64_t addr = area->area.addr;
	int n;

	lock_take(&r->mm->lock);
	n = ranges_set(&r->mm->owned, pa, pa + size, pa, area->area.kind);
	lock_drop(&r->mm->lock);
	return n ? n : ranges_set(&r->areas, addr, addr + size, pa, area->area.prot);
}

static int place_area(struct report *r, const struct wire_msg *area)
{
	struct machine *ram = r->mm->srv->cfg.machine;
	uint64_t size = area->area.size, pa = choose_place(r->mm, size);
	struct wire_msg m = {.type = WIRE_PLACE};
	int memfd = machine_client_memfd(ram), n = -EPIPE;
	uint64_t moved = size; /* for all that is known */

	m.area.offset = pa ? pa - machine_client_base(ram) : 0;
	if (!channel_say(r->ch, &m, NULL, &memfd, pa != 0) &&
	    channel_hear(r->ch, &m, NULL, 0, NULL) >= 0 && m.type == WIRE_MOVED) {
		moved = m.answer.value;
		n = moved <= size && IS_ALIGNED(moved, GRANULE_SIZE) ? 0 : -EPIPE;
	}
	if (!pa)
		return n;
	if (n)
		moved = size;
	r->moved |= moved > 0;
	if (moved < size)
		machine_free(ram, pa + moved, (size - moved) / GRANULE_SIZE);
	return (moved ? own_area(r, area, pa, moved) : 0) ? -ENOMEM : n;
}

/* A mapping of physical memory is believed if the pages are this address space's to map. */
static int note_area(struct report *r, const struct wire_msg *m)
{
	uint64_t base = machine_client_base(r->mm->srv->cfg.machine);
	uint64_t pa = m->area.offset + base, size = m->area.size;
	uint64_t end = m->area.addr + size;
	uint32_t tag = m->area.prot;
	bool ours;

	lock_take(&r->mm->lock);
	ours = pa >= base && pa + size > pa && ranges_cover(&r->mm->owned, pa, pa + size);
	lock_drop(&r->mm->lock);
	if (!ours && !channel_gmem_holds(r->mm->srv, pa, size))
		return 0;
	if (!ours)
		tag |= MM_AREA_GMEM;
	if (m->area.kind == WIRE_AREA_HIDDEN && ranges_set(&r->hidden, m->area.addr, end, pa, 0))
		return -ENOMEM;
	return ranges_set(&r->areas, m->area.addr, end, pa, tag);
}

/* A file that others share: said again as another kind if it cannot be. */
static int share_area(struct report *r, const struct wire_msg *area, const uint64_t id[2], int fd)
{
	struct wire_msg m = {.type = WIRE_SHARED};
	uint64_t addr = area->area.addr, size = area->area.size, pa = 0;

	if (mm_has_vms(r->mm))
		m.answer.value = mm_share(r->mm, fd, id, area->area.offset, size, &pa);
	if (channel_say(r->ch, &m, NULL, NULL, 0))
		return -EPIPE;
	return pa ? ranges_set(&r->areas, addr, addr + size, pa, area->area.prot) : 0;
}

static int take_area(struct report *r, const struct wire_msg *m, const uint64_t id[2], int fd)
{
	uint64_t addr = m->area.addr, size = m->area.size;

	if (!IS_ALIGNED(addr | size | m->area.offset, GRANULE_SIZE) || !size || addr < r->start ||
	    addr >= r->end || size > r->end - addr ||
	    (m->area.prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)))
		return -EPIPE;
	warn_once(r->mm, m);
	switch (m->area.kind) {
	case WIRE_AREA_PHYSICAL:
	case WIRE_AREA_HIDDEN:
		return note_area(r, m);
	case WIRE_AREA_PRIVATE:
	case WIRE_AREA_SHARED:
	case WIRE_AREA_MEMFD:
		return place_area(r, m);
	case WIRE_AREA_FILE:
		return share_area(r, m, id, fd);
	case WIRE_AREA_FIXED:
		return 0;
	}
	return -EPIPE;
}

static bool same_as_before(const struct mm *mm, const struct report *r)
{
	size_t i = ranges_first(&mm->areas, r->start);

	for (; i < mm->areas.n && mm->areas.v[i].start < r->end; i++) {
		const struct range *old = &mm->areas.v[i];
		const struct range *new = ranges_find(&r->areas, MAX(old->start, r->start));

		if (!new || new->end < MIN(old->end, r->end) || new->tag != old->tag ||
		    new->to - new->start != old->to - old->start)
			return false;
	}
	return true;
}

/* Areas of guest_memfds that lie in the report's range or touch it: no other is cut by it. */
static unsigned int count_gmem(const struct mm *mm, const struct report *r)
{
	size_t i = ranges_first(&mm->areas, r->start ? r->start - 1 : 0);
	unsigned int n = 0;

	for (; i < mm->areas.n && mm->areas.v[i].start <= r->end; i++)
		n += (mm->areas.v[i].tag & MM_AREA_GMEM) != 0;
	return n;
}

/* True in *changed when a VM may have pages mapped that are not there any more. */
static int apply(struct report *r, bool *changed)
{
	struct mm *mm = r->mm;
	unsigned int num_gmem;
	int n;

	lock_take(&mm->lock);
	num_gmem = mm->num_gmem - count_gmem(mm, r);
	*changed = !same_as_before(mm, r);
	n = ranges_clear(&mm->areas, r->start, r->end);
	for (size_t i = 0; i < r->areas.n && !n; i++) {
		const struct range *a = &r->areas.v[i];

		n = ranges_set(&mm->areas, a->start, a->end, a->to, a->tag);
	}
	if (!n)
		n = ranges_clear(&mm->hidden, r->start, r->end);
	for (size_t i = 0; i < r->hidden.n && !n; i++)
		n = ranges_set(&mm->hidden, r->hidden.v[i].start, r->hidden.v[i].end,
			       r->hidden.v[i].to, 0);
	atomic_store(&mm->num_gmem, num_gmem + count_gmem(mm, r));
	atomic_store(&mm->look_again, true);
	lock_drop(&mm->lock);
	return n;
}

/* Give back pages that no area shows any more. */
static void collect(struct mm *mm)
{
	struct mm_piece *gone = NULL;
	struct ranges unused = {0};
	int n = 0;

	lock_take(&mm->lock);
	if (mm->reports || !mm->uncollected || mm->keep_all)
		goto out;
	for (size_t i = 0; i < mm->owned.n && !n; i++)
		n = ranges_set(&unused, mm->owned.v[i].start, mm->owned.v[i].end, 0, 0);
	for (size_t i = 0; i < mm->areas.n && !n; i++) {
		const struct range *a = &mm->areas.v[i];

		n = ranges_clear(&unused, a->to, a->to + (a->end - a->start));
	}
	for (size_t i = 0; i < unused.n && !n; i++) {
		n = ranges_clear(&mm->owned, unused.v[i].start, unused.v[i].end);
		if (!n)
			machine_free(mm->srv->cfg.machine, unused.v[i].start,
				     (unused.v[i].end - unused.v[i].start) / GRANULE_SIZE);
	}
	gone = mm_take_unused(mm);
	mm->uncollected = n != 0;
out:
	lock_drop(&mm->lock);
	mm_unshare(mm, gone);
	ranges_destroy(&unused);
}

static void report_begin(struct mm *mm)
{
	lock_take(&mm->lock);
	mm->reports++;
	lock_drop(&mm->lock);
}

static void report_end(struct mm *mm, bool changed)
{
	lock_take(&mm->lock);
	mm->uncollected |= changed;
	mm->reports--;
	lock_drop(&mm->lock);
	collect(mm);
}

/* The client's messages up to AREA_END; then r->end is where its knowledge ends. 0 or -errno. */
static int take_areas(struct report *r)
{
	uint64_t id[2] = {0};
	struct wire_msg m;
	ssize_t heard;
	int n = 0, fd;

	while (!n) {
		heard = channel_hear(r->ch, &m, id, sizeof(id), &fd);
		if (heard < 0 && heard != -EMFILE)
			return -EPIPE;
		if (m.type == WIRE_AREA_END && fd < 0)
			break;
		n = m.type == WIRE_AREA ? take_area(r, &m, id, fd) : -EPIPE;
		if (fd >= 0)
			close(fd);
	}
	if (n || m.user.addr < r->start || m.user.addr > r->end ||
	    !IS_ALIGNED(m.user.addr, GRANULE_SIZE))
		return n ? n : -EPIPE;
	r->end = m.user.addr;
	return 0;
}

/* The client has pages mapped of which we do not know where: none is given back any more. */
static void keep_everything(struct mm *mm)
{
	lock_take(&mm->lock);
	mm->keep_all = true;
	lock_drop(&mm->lock);
}

int mm_take_report(struct mm *mm, struct channel *ch, uint64_t addr, uint64_t size)
{
	struct report r = {.mm = mm, .ch = ch, .start = addr, .end = addr + size};
	struct wire_msg m = {.type = WIRE_APPLIED};
	bool changed = false;
	int n;

	if (!IS_ALIGNED(addr | size, GRANULE_SIZE) || addr + size <= addr)
		return -EPIPE;
	report_begin(mm);
	n = take_areas(&r);
	if (!n)
		n = apply(&r, &changed);
	if (n && r.moved)
		keep_everything(mm);
	if (!n)
		n = channel_say(ch, &m, NULL, NULL, 0);
	if (changed)
		kvm_mm_invalidate(mm->srv->cfg.host, &mm->base, addr, size);
	report_end(mm, changed);
	ranges_destroy(&r.areas);
	ranges_destroy(&r.hidden);
	if (n)
		return -EPIPE;
	if (r.end == addr + size)
		return 0;
	log_error("a client cannot read its /proc/self/maps: a change of its memory is not seen");
	return -ENOMEM;
}

/* madvise(2): of pages that were private and anonymous DONTNEED drops the contents; of shared ones
 * only REMOVE does. */
int mm_discard(struct mm *mm, uint64_t addr, uint64_t size, bool shared_too)
{
	uint64_t end = addr + size;

	if (!IS_ALIGNED(addr | size, GRANULE_SIZE) || end <= addr)
		return -EPIPE;
	kvm_mm_invalidate(mm->srv->cfg.host, &mm->base, addr, size);
	lock_take(&mm->lock);
	for (size_t i = ranges_first(&mm->areas, addr);
	     i < mm->areas.n && mm->areas.v[i].start < end; i++) {
		const struct range *a = &mm->areas.v[i];
		uint64_t from = MAX(a->start, addr), to = MIN(a->end, end);
		uint64_t pa = a->to + (from - a->start);
		const struct range *o = ranges_find(&mm->owned, pa);

		if (o && (o->tag == WIRE_AREA_PRIVATE || shared_too))
			machine_punch(mm->srv->cfg.machine, pa, (to - from) / GRANULE_SIZE);
	}
	lock_drop(&mm->lock);
	return 0;
}
