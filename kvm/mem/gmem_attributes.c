// SPDX-License-Identifier: BSD-3-Clause
/*
 * gmem_attributes.c - attributes of a guest_memfd's pages: KVM_SET_MEMORY_ATTRIBUTES2, and who asks
 * for them.
 *
 * They change under slots_lock and slots_rw, as the VM's do, and under host->gmem_lock, by which
 * the transports ask whether a page that a client maps has become private.
 */
#include "kvm/mem/gmem_attributes.h"

#include <errno.h>
#include <string.h>

#include "abi/realm.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/mem/gmem.h"
#include "kvm/realm/realm.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "machine/memory.h"

bool memory_in_place(const struct kvm_vm *vm, const struct memslot *s)
{
	return (vm->rev->gmem_attributes || !vm->is_realm) && s->gmem &&
	       (s->gmem->flags & GUEST_MEMFD_FLAG_MMAP);
}

bool memory_private(const struct kvm_vm *vm, const struct memslot *s, uint64_t gpa)
{
	if (!vm->rev->gmem_attributes)
		return attributes_private(&vm->attrs, gpa);
	return !memory_in_place(vm, s) ||
	       attributes_private(&s->gmem->attrs, s->gmem_offset + (gpa - s->gpa));
}

static bool slot_range_is(const struct memslot *s, uint64_t start, uint64_t end, bool private)
{
	uint64_t from = MAX(start, s->gpa) - s->gpa + s->gmem_offset;
	uint64_t to = MIN(end, s->gpa + s->size) - s->gpa + s->gmem_offset;

	return attributes_private(&s->gmem->attrs, from) == private &&
	       attributes_run(&s->gmem->attrs, from, to) == to;
}

bool memory_range_is(struct kvm_vm *vm, uint64_t start, uint64_t end, bool private)
{
	for (size_t i = memslot_first(&vm->slots, start); i < vm->slots.count; i++) {
		const struct memslot *s = vm->slots.by_gpa[i];

		if (s->gpa >= end)
			break;
		if (memory_in_place(vm, s) && !slot_range_is(s, start, end, private))
			return false;
	}
	return true;
}

/* ---- which pages clients may not touch ---- */

int gmem_attributes_init(struct kvm_gmem *g)
{
	struct kvm_host *h = g->vm->host;

	if (!(g->flags & GUEST_MEMFD_FLAG_INIT_SHARED) &&
	    attributes_set(&g->attrs, 0, g->size, true))
		return -ENOMEM;
	lock_take(&h->gmem_lock);
	g->next = h->gmems;
	h->gmems = g;
	lock_drop(&h->gmem_lock);
	return 0;
}

void gmem_attributes_destroy(struct kvm_gmem *g)
{
	struct kvm_host *h = g->vm->host;
	struct kvm_gmem **p;

	lock_take(&h->gmem_lock);
	for (p = &h->gmems; *p && *p != g; p = &(*p)->next)
		;
	if (*p)
		*p = g->next;
	lock_drop(&h->gmem_lock);
	attributes_destroy(&g->attrs);
}

bool kvm_page_withheld(struct kvm_host *h, uint64_t pa)
{
	bool withheld = false;

	lock_take(&h->gmem_lock);
	for (struct kvm_gmem *g = h->gmems; g; g = g->next)
		if (pa >= g->pa && pa - g->pa < g->size) {
			withheld = g->vm->rev->gmem_attributes &&
				   attributes_private(&g->attrs, pa - g->pa);
			break;
		}
	lock_drop(&h->gmem_lock);
	return withheld;
}

uint64_t kvm_withheld_changes(struct kvm_host *h)
{
	return atomic_load(&h->gmem_changes);
}

/* ---- KVM_SET_MEMORY_ATTRIBUTES2 ---- */

static void unmap(struct kvm_gmem *g, uint64_t start, uint64_t end, bool private)
{
	for (struct memslot *s = g->bindings; s; s = s->gmem_next) {
		uint64_t from = MAX(start, s->gmem_offset);
		uint64_t to = MIN(end, s->gmem_offset + s->size);
		uint64_t gpa = s->gpa + (from - s->gmem_offset);

		if (from >= to)
			continue;
		g->vm->kind->unmap_shared(g->vm, gpa, gpa + (to - from));
		if (!private)
			g->vm->kind->unmap_private(g->vm, gpa, gpa + (to - from));
	}
}

/* slots_lock held. */
static result convert(struct kvm_gmem *g, uint64_t start, uint64_t end, bool private)
{
	struct kvm_vm *vm = g->vm;
	int err;

	if (attributes_private(&g->attrs, start) == private &&
	    attributes_run(&g->attrs, start, end) == end)
		return OK; /* nothing changes, nothing is unmapped */
	rwlock_write(&vm->slots_rw);
	lock_take(&vm->mmu_lock);
	vm->mmu_seq++;
	lock_take(&vm->host->gmem_lock);
	err = attributes_set(&g->attrs, start, end, private);
	lock_drop(&vm->host->gmem_lock);
	if (!err)
		unmap(g, start, end, private);
	lock_drop(&vm->mmu_lock);
	rwlock_drop(&vm->slots_rw);
	atomic_fetch_add(&vm->host->gmem_changes, 1);
	return err ? &rule_kvm_no_memory : OK;
}

static result check(const struct kvm_gmem *g, const struct kvm_memory_attributes2 *a)
{
	static const uint64_t zero[ARRAY_SIZE(a->reserved)];
	uint64_t supported = g->vm->is_realm ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;

	if (a->flags || a->error_offset || memcmp(a->reserved, zero, sizeof(zero)))
		return &rule_kvm_gmem_attr_flags;
	if (a->attributes & ~supported)
		return &rule_kvm_gmem_attr_unknown;
	if (!a->size || a->offset + a->size < a->offset || a->offset + a->size > g->size)
		return &rule_kvm_gmem_attr_range;
	if (!IS_ALIGNED(a->offset | a->size, GRANULE_SIZE))
		return &rule_kvm_gmem_attr_align;
	if (!a->attributes && g->vm->is_realm && !(g->flags & GUEST_MEMFD_FLAG_MMAP))
		return &rule_kvm_gmem_attr_for_life;
	return OK;
}

result gmem_set_memory_attributes(struct kvm_call *c)
{
	struct kvm_gmem *g = c->file->gmem;
	struct kvm_memory_attributes2 a;
	result why = call_read(c, &a, sizeof(a));

	if (!why)
		why = check(g, &a);
	if (why)
		return why;
	lock_take(&g->vm->slots_lock);
	why = convert(g, a.offset, a.offset + a.size, a.attributes);
	lock_drop(&g->vm->slots_lock);
	return why;
}
