// SPDX-License-Identifier: BSD-3-Clause
/*
 * memslot.c - KVM_SET_USER_MEMORY_REGION(2) and the two orders in which slots are kept.
 *
 * Whatever takes a slot away or changes it unmaps both aliases of its range first, under the same
 * mmu_lock in which the slot changes, so no vCPU can map a page by what it saw before. A slot that
 * changes is never missing: a vCPU that looked meanwhile would take its memory for a device.
 */
#include "kvm/mem/memslot.h"

#include <stdlib.h>
#include <string.h>

#include "abi/kvm.h"
#include "base/array.h"
#include "base/bits.h"
#include "kvm/mem/dirty_ring.h"
#include "kvm/mem/gmem.h"
#include "kvm/mem/gmem_attributes.h"
#include "kvm/rules.h"
#include "kvm/core/vm.h"
#include "machine/memory.h"

#define USER_SPACE_END	  (UINT64_C(1) << 48)
#define MEMSLOT_MAX_PAGES ((UINT64_C(1) << 31) - 1)
#define V1_FLAGS	  (KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY)

struct memslot *memslot_by_id(struct memslots *s, uint32_t id)
{
	struct memslot *m = s->bucket[memslot_bucket(id)];

	while (m && m->id != id)
		m = m->hash_next;
	return m;
}

size_t memslot_first(const struct memslots *s, uint64_t gpa)
{
	size_t lo = 0, hi = s->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->by_gpa[mid]->gpa + (s->by_gpa[mid]->size - 1) >= gpa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

struct memslot *memslot_at(struct memslots *s, uint64_t gpa)
{
	size_t i = memslot_first(s, gpa);

	return i < s->count && s->by_gpa[i]->gpa <= gpa ? s->by_gpa[i] : NULL;
}

void memslots_for_range(struct kvm_vm *vm, uint64_t gpa, uint64_t end,
			void (*fn)(struct kvm_vm *vm, struct memslot *s, uint64_t from,
				   uint64_t to))
{
	struct memslots *s = &vm->slots;

	rwlock_assert_held(&vm->slots_rw);
	for (size_t i = memslot_first(s, gpa); i < s->count && s->by_gpa[i]->gpa < end; i++) {
		struct memslot *m = s->by_gpa[i];

		fn(vm, m, MAX(gpa, m->gpa), MIN(end, m->gpa + m->size));
	}
}

bool memslot_look(struct kvm_vm *vm, uint64_t gpa, struct memslot_view *view)
{
	struct memslot *s;

	rwlock_read(&vm->slots_rw);
	s = memslot_at(&vm->slots, gpa);
	if (s) {
		*view = (struct memslot_view){.slot = s,
					      .gpa = s->gpa,
					      .size = s->size,
					      .uaddr = s->uaddr,
					      .readonly = s->flags & KVM_MEM_READONLY,
					      .logging = s->flags & KVM_MEM_LOG_DIRTY_PAGES};
		if (!vm->is_realm && memory_in_place(vm, s))
			view->gmem_pa = s->gmem->pa + s->gmem_offset;
		lock_take(&vm->mmu_lock);
		view->seq = vm->mmu_seq;
		lock_drop(&vm->mmu_lock);
	}
	rwlock_drop(&vm->slots_rw);
	return s;
}

void memslot_window(const struct memslot_view *view, uint64_t gpa, uint64_t *lo, uint64_t *hi)
{
	uint64_t size = view->logging ? GRANULE_SIZE : MEMSLOT_WINDOW;

	*lo = MAX(view->gpa, ALIGN_DOWN(gpa, size));
	*hi = MIN(view->gpa + view->size, ALIGN_DOWN(gpa, size) + size);
}

void memslot_mark_dirty(struct memslot *s, uint64_t gpa, struct dirty_ring *ring)
{
	uint64_t page = (gpa - s->gpa) / GRANULE_SIZE;

	if (!(s->flags & KVM_MEM_LOG_DIRTY_PAGES))
		return;
	if (ring && ring->gfns)
		dirty_ring_push(ring, s->id, page);
	else if (s->dirty)
		s->dirty[page / 64] |= BIT(page % 64);
}

static void link_slot(struct memslots *s, struct memslot *m)
{
	struct memslot **head = &s->bucket[memslot_bucket(m->id)];
	size_t i = memslot_first(s, m->gpa);

	m->hash_next = *head;
	*head = m;
	memmove(&s->by_gpa[i + 1], &s->by_gpa[i], (s->count - i) * sizeof(m));
	s->by_gpa[i] = m;
	s->count++;
}

static void unlink_slot(struct memslots *s, struct memslot *m)
{
	struct memslot **p = &s->bucket[memslot_bucket(m->id)];
	size_t i = memslot_first(s, m->gpa);

	while (*p != m)
		p = &(*p)->hash_next;
	*p = m->hash_next;
	s->count--;
	memmove(&s->by_gpa[i], &s->by_gpa[i + 1], (s->count - i) * sizeof(m));
}

static void free_slot(struct memslot *m)
{
	if (!m)
		return;
	gmem_unbind(m);
	free(m->dirty);
	free(m);
}

void memslots_destroy(struct kvm_vm *vm)
{
	for (size_t i = 0; i < vm->slots.count; i++)
		free_slot(vm->slots.by_gpa[i]);
	free(vm->slots.by_gpa);
	memset(&vm->slots, 0, sizeof(vm->slots));
}

/* ---- checks, in the kernel's order ---- */

static result check_flags(uint32_t flags)
{
	if (!(flags & KVM_MEM_GUEST_MEMFD))
		return flags & ~V1_FLAGS ? &rule_kvm_memslot_flags : OK;
	if (flags & V1_FLAGS)
		return &rule_kvm_memslot_gmem_flags;
	return flags & ~KVM_MEM_GUEST_MEMFD ? &rule_kvm_memslot_flags : OK;
}

static result check_region(const struct kvm_userspace_memory_region2 *r)
{
	result why = check_flags(r->flags);

	if (why)
		return why;
	if (!IS_ALIGNED(r->memory_size | r->guest_phys_addr | r->userspace_addr, GRANULE_SIZE))
		return &rule_kvm_memslot_align;
	if (r->userspace_addr >= USER_SPACE_END ||
	    r->memory_size > USER_SPACE_END - r->userspace_addr)
		return &rule_kvm_memslot_user_address;
	if ((r->flags & KVM_MEM_GUEST_MEMFD) &&
	    (!IS_ALIGNED(r->guest_memfd_offset, GRANULE_SIZE) ||
	     r->guest_memfd_offset + r->memory_size < r->guest_memfd_offset))
		return &rule_kvm_memslot_gmem_offset;
	if (r->slot >> 16)
		return &rule_kvm_memslot_address_space;
	if (r->guest_phys_addr + r->memory_size < r->guest_phys_addr)
		return &rule_kvm_memslot_wrap;
	if (r->memory_size / GRANULE_SIZE > MEMSLOT_MAX_PAGES)
		return &rule_kvm_memslot_too_big;
	return OK;
}

/* What may change in a slot that exists. *same: nothing does. */
static result check_change(const struct memslot *old, const struct kvm_userspace_memory_region2 *r,
			   bool *same)
{
	if (r->flags & KVM_MEM_GUEST_MEMFD)
		return &rule_kvm_memslot_gmem_change;
	if (r->userspace_addr != old->uaddr || r->memory_size != old->size ||
	    ((r->flags ^ old->flags) & (KVM_MEM_READONLY | KVM_MEM_GUEST_MEMFD)))
		return &rule_kvm_memslot_change;
	*same = r->guest_phys_addr == old->gpa && r->flags == old->flags;
	return OK;
}

static bool overlaps_other(struct memslots *s, const struct kvm_userspace_memory_region2 *r)
{
	for (size_t i = memslot_first(s, r->guest_phys_addr); i < s->count; i++) {
		if (s->by_gpa[i]->gpa >= r->guest_phys_addr + r->memory_size)
			return false;
		if (s->by_gpa[i]->id != (r->slot & 0xffff))
			return true;
	}
	return false;
}

/* ---- changes; slots_lock held ---- */

/* Room for one more: the array may move, so that no reader may be at it. */
static bool reserve_slot(struct kvm_vm *vm)
{
	struct memslots *s = &vm->slots;
	int err;

	lock_assert_held(&vm->slots_lock);
	if (s->count < s->room)
		return true;
	rwlock_write(&vm->slots_rw);
	err = array_reserve(&s->by_gpa, &s->room, s->count + 1, sizeof(struct memslot *));
	rwlock_drop(&vm->slots_rw);
	return !err;
}

/* The slot's range is unmapped and the slot taken out of both orders, in one step; `changed`, if
 * there is one, is what it becomes in the same step. */
static void replace(struct kvm_vm *vm, struct memslot *m, const struct memslot *changed)
{
	lock_assert_held(&vm->slots_lock);
	rwlock_write(&vm->slots_rw);
	lock_take(&vm->mmu_lock);
	vm->mmu_seq++;
	vm->kind->unmap_shared(vm, m->gpa, m->gpa + m->size);
	vm->kind->unmap_private(vm, m->gpa, m->gpa + m->size);
	unlink_slot(&vm->slots, m);
	if (changed) {
		*m = *changed;
		link_slot(&vm->slots, m);
	}
	lock_drop(&vm->mmu_lock);
	rwlock_drop(&vm->slots_rw);
}

static void put_in(struct kvm_vm *vm, struct memslot *m)
{
	lock_assert_held(&vm->slots_lock);
	rwlock_write(&vm->slots_rw);
	link_slot(&vm->slots, m);
	rwlock_drop(&vm->slots_rw);
}

/* A log for the slot, as the VM wants it to begin. */
static result make_log(const struct kvm_vm *vm, struct memslot *m)
{
	uint64_t pages = m->size / GRANULE_SIZE;

	if (!dirty_bitmap_used(vm))
		return OK;
	m->dirty = calloc((pages + 63) / 64, sizeof(uint64_t));
	if (!m->dirty)
		return &rule_kvm_no_memory;
	if (vm->manual_dirty_log & 2) /* KVM_DIRTY_LOG_INITIALLY_SET */
		for (uint64_t i = 0; i < pages; i++)
			m->dirty[i / 64] |= BIT(i % 64);
	return OK;
}

static result check_placement(const struct kvm_vm *vm, const struct kvm_userspace_memory_region2 *r)
{
	if (r->guest_phys_addr + r->memory_size > BIT(vm->ipa_bits))
		return &rule_kvm_memslot_ipa;
	return OK;
}

static result create_slot(struct kvm_call *c, const struct kvm_userspace_memory_region2 *r)
{
	struct kvm_vm *vm = c->vm;
	struct memslot *m = calloc(1, sizeof(*m));
	result why = OK;

	if (!m || !reserve_slot(vm)) {
		free(m);
		return &rule_kvm_no_memory;
	}
	m->id = r->slot;
	m->flags = r->flags;
	m->gpa = r->guest_phys_addr;
	m->size = r->memory_size;
	m->uaddr = r->userspace_addr;
	if (r->flags & KVM_MEM_GUEST_MEMFD)
		why = gmem_bind(c, m, r->guest_memfd, r->guest_memfd_offset);
	if (!why && (r->flags & KVM_MEM_LOG_DIRTY_PAGES))
		why = make_log(vm, m);
	if (!why)
		why = check_placement(vm, r);
	if (!why && !vm->is_realm && m->gmem && !(m->gmem->flags & GUEST_MEMFD_FLAG_MMAP))
		why = &rule_kvm_memslot_gmem_ordinary;
	/* Nothing is ever mapped at address 0. */
	if (!why && m->uaddr && vm->mm->ops->attach(vm->mm, c->caller, m->uaddr, m->size))
		why = &rule_kvm_memslot_no_memory;
	if (why) {
		free_slot(m);
		return why;
	}
	put_in(vm, m);
	return OK;
}

/* Another address, other flags: the slot counts as new in its hash bucket. */
static result change_slot(struct kvm_vm *vm, struct memslot *m,
			  const struct kvm_userspace_memory_region2 *r)
{
	bool logs = r->flags & KVM_MEM_LOG_DIRTY_PAGES;
	uint64_t *old_log = m->dirty;
	struct memslot new = *m;
	result why = check_placement(vm, r);

	if (!why && logs && !old_log)
		why = make_log(vm, &new);
	if (why)
		return why;
	if (!logs)
		new.dirty = NULL;
	new.gpa = r->guest_phys_addr;
	new.flags = r->flags;
	replace(vm, m, &new);
	if (!logs)
		free(old_log);
	return OK;
}

static result set_region(struct kvm_call *c, const struct kvm_userspace_memory_region2 *r)
{
	struct kvm_vm *vm = c->vm;
	struct memslot *old;
	bool same = false;
	result why = check_region(r);

	if (why)
		return why;
	old = memslot_by_id(&vm->slots, r->slot);
	if (!r->memory_size) {
		if (!old)
			return &rule_kvm_memslot_absent;
		replace(vm, old, NULL);
		detect_released(vm, c->caller, old->uaddr, old->size);
		free_slot(old);
		return OK;
	}
	if (old) {
		why = check_change(old, r, &same);
		if (why || same)
			return why;
	}
	if ((!old || r->guest_phys_addr != old->gpa) && overlaps_other(&vm->slots, r))
		return &rule_kvm_memslot_overlap;
	return old ? change_slot(vm, old, r) : create_slot(c, r);
}

static result set_region_locked(struct kvm_call *c, const struct kvm_userspace_memory_region2 *r)
{
	result why;

	if ((r->slot & 0xffff) >= MEMSLOT_MAX)
		return &rule_kvm_memslot_id;
	lock_take(&c->vm->slots_lock);
	why = set_region(c, r);
	lock_drop(&c->vm->slots_lock);
	return why;
}

result vm_set_memory_region(struct kvm_call *c)
{
	struct kvm_userspace_memory_region2 r = {0};
	result why = call_read(c, &r, sizeof(struct kvm_userspace_memory_region));

	if (why)
		return why;
	if (r.flags & ~V1_FLAGS)
		return &rule_kvm_memslot_flags;
	return set_region_locked(c, &r);
}

result vm_set_memory_region2(struct kvm_call *c)
{
	struct kvm_userspace_memory_region2 r;
	result why = call_read(c, &r, sizeof(r));

	return why ? why : set_region_locked(c, &r);
}
