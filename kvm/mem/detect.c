// SPDX-License-Identifier: BSD-3-Clause
/*
 * detect.c - digests of the user memory behind private pages, and what differs from them later.
 *
 * Pages are kept in blocks of 2 MiB, made when the first page of one is looked at. A page that
 * user memory has never touched is not read, so nothing is allocated for it.
 */
#include "kvm/mem/detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/bits.h"
#include "base/log.h"
#include "kvm/core/vm.h"
#include "kvm/mem/guest_mem.h"
#include "kvm/mem/memslot.h"
#include "machine/memory.h"

#define BLOCK_PAGES 512
#define BLOCK_SIZE  (BLOCK_PAGES * GRANULE_SIZE)
#define NAMED	    16 /* pages of a VM that get a line of their own */
#define NOT_KEPT    0
#define ZERO	    1 /* digest of a page of zeros */

struct detect_block {
	uint64_t gpa;
	uint64_t digest[BLOCK_PAGES];
};

void detect_init(struct kvm_vm *vm)
{
	lock_init(&vm->detect.lock, RANK_DETECT, "detect");
}

void detect_destroy(struct kvm_vm *vm)
{
	for (size_t i = 0; i < vm->detect.count; i++)
		free(vm->detect.blocks[i]);
	free(vm->detect.blocks);
}

static bool wanted(const struct kvm_vm *vm)
{
	return vm->host->detect && vm->is_realm;
}

/* ---- one page ---- */

static uint64_t digest_of(const uint64_t *page)
{
	uint64_t h = 0, any = 0;

	for (size_t i = 0; i < GRANULE_SIZE / 8; i++) {
		any |= page[i];
		h = (h ^ page[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return !any ? ZERO : h <= ZERO ? h + 2 : h;
}

/* NOT_KEPT: there is no user memory that could be read. */
static uint64_t look(struct kvm_vm *vm, uint64_t gpa)
{
	uint64_t page[GRANULE_SIZE / 8], pa;
	struct memslot_view view;

	if (!memslot_look(vm, gpa, &view))
		return NOT_KEPT;
	pa = vm->mm->ops->lookup(vm->mm, view.uaddr + (gpa - view.gpa), false);
	if (!pa)
		return NOT_KEPT;
	if (machine_page_is_hole(vm->host->machine, pa))
		return ZERO;
	return guest_mem_read(vm, gpa, page, sizeof(page)) ? NOT_KEPT : digest_of(page);
}

/* Where a page's digest is kept; NULL: nowhere. `make` makes room for it if there is memory. */
static uint64_t *slot_of(struct detect *d, uint64_t gpa, bool make)
{
	uint64_t base = gpa & -(uint64_t)BLOCK_SIZE;
	struct detect_block *b;
	size_t lo = 0, hi = d->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->blocks[mid]->gpa < base)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < d->count && d->blocks[lo]->gpa == base)
		return &d->blocks[lo]->digest[(gpa - base) / GRANULE_SIZE];
	b = make && !array_reserve(&d->blocks, &d->room, d->count + 1, sizeof(b))
		    ? calloc(1, sizeof(*b))
		    : NULL;
	if (!b)
		return NULL;
	b->gpa = base;
	memmove(&d->blocks[lo + 1], &d->blocks[lo], (d->count++ - lo) * sizeof(b));
	d->blocks[lo] = b;
	return &b->digest[(gpa - base) / GRANULE_SIZE];
}

static void keep(struct kvm_vm *vm, uint64_t gpa)
{
	uint64_t digest = look(vm, gpa), *at = slot_of(&vm->detect, gpa, digest != NOT_KEPT);

	if (at && *at == NOT_KEPT)
		*at = digest;
}

static void name(struct kvm_vm *vm, uint64_t gpa, const char *what)
{
	if (vm->detect.found++ < NAMED)
		log_warn("realm %u: %s: IPA %#llx", vm->serial, what, (unsigned long long)gpa);
	else if (vm->detect.found == NAMED + 1)
		log_warn("realm %u: there are more such pages", vm->serial);
}

static void compare(struct kvm_vm *vm, uint64_t gpa, bool shared)
{
	uint64_t *kept = slot_of(&vm->detect, gpa, false), now;

	if (!kept || *kept == NOT_KEPT)
		return;
	now = look(vm, gpa);
	if (now != NOT_KEPT && now != *kept)
		name(vm, gpa, "user memory was written while the page was private");
	else if (now != NOT_KEPT && now != ZERO && shared)
		name(vm, gpa, "a page becomes shared with what it held before it was private");
	*kept = shared ? NOT_KEPT : now;
}

/* ---- ranges ---- */

struct part {
	uint64_t from, to, uaddr;
};

struct parts {
	struct part *part;
	size_t count, room;
};

static void collect(struct kvm_vm *vm, struct parts *parts, uint64_t gpa, uint64_t end)
{
	rwlock_read(&vm->slots_rw);
	for (size_t i = memslot_first(&vm->slots, gpa); i < vm->slots.count; i++) {
		const struct memslot *s = vm->slots.by_gpa[i];

		if (s->gpa >= end || array_reserve(&parts->part, &parts->room, parts->count + 1,
						   sizeof(*parts->part)))
			break;
		parts->part[parts->count++] =
			(struct part){MAX(gpa, s->gpa), MIN(end, s->gpa + s->size),
				      s->uaddr + (MAX(gpa, s->gpa) - s->gpa)};
	}
	rwlock_drop(&vm->slots_rw);
}

static void guard(struct kvm_vm *vm, struct kvm_caller *c, uint64_t uaddr, uint64_t gpa,
		  uint64_t end, bool on)
{
	if (vm->mm->ops->guard)
		vm->mm->ops->guard(vm->mm, c, uaddr, end - gpa, gpa, on);
}

/* The run of pages from gpa that are all private, or all shared. */
static uint64_t run_of(struct kvm_vm *vm, uint64_t gpa, uint64_t end, bool *private)
{
	rwlock_read(&vm->slots_rw);
	*private = attributes_private(&vm->attrs, gpa);
	end = attributes_run(&vm->attrs, gpa, end);
	rwlock_drop(&vm->slots_rw);
	return end;
}

static void walk_part(struct kvm_vm *vm, struct kvm_caller *c, const struct part *p, bool private)
{
	uint64_t gpa, end, page;
	bool is;

	if (!private)
		guard(vm, c, p->uaddr, p->from, p->to, false);
	for (gpa = p->from; gpa < p->to; gpa = end) {
		end = run_of(vm, gpa, p->to, &is);
		for (page = gpa; page < end && is == private; page += GRANULE_SIZE) {
			if (private)
				keep(vm, page);
			else
				compare(vm, page, true);
		}
		if (private && is)
			guard(vm, c, p->uaddr + (gpa - p->from), gpa, end, true);
	}
}

/* Only pages that slots hold, however large the range is. */
static void walk(struct kvm_vm *vm, struct kvm_caller *c, uint64_t gpa, uint64_t end, bool private)
{
	struct parts parts = {0};

	collect(vm, &parts, gpa, end);
	for (size_t i = 0; i < parts.count; i++)
		walk_part(vm, c, &parts.part[i], private);
	free(parts.part);
}

void detect_begin(struct kvm_vm *vm, struct kvm_caller *c)
{
	if (!wanted(vm))
		return;
	lock_take(&vm->detect.lock);
	if (!vm->detect.begun)
		walk(vm, c, 0, UINT64_MAX, true);
	vm->detect.begun = true;
	lock_drop(&vm->detect.lock);
}

void detect_converted(struct kvm_vm *vm, struct kvm_caller *c, uint64_t gpa, uint64_t end,
		      bool private)
{
	if (!wanted(vm))
		return;
	lock_take(&vm->detect.lock);
	if (vm->detect.begun)
		walk(vm, c, gpa, end, private);
	lock_drop(&vm->detect.lock);
}

void detect_released(struct kvm_vm *vm, struct kvm_caller *c, uint64_t uaddr, uint64_t size)
{
	if (wanted(vm) && uaddr)
		guard(vm, c, uaddr, 0, size, false);
}

void detect_end(struct kvm_vm *vm)
{
	if (!wanted(vm))
		return;
	lock_take(&vm->detect.lock);
	for (size_t i = 0; i < vm->detect.count; i++)
		for (size_t page = 0; page < BLOCK_PAGES; page++)
			compare(vm, vm->detect.blocks[i]->gpa + page * GRANULE_SIZE, false);
	lock_drop(&vm->detect.lock);
}
