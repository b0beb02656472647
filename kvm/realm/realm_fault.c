// SPDX-License-Identifier: BSD-3-Clause
/*
 * realm_fault.c - stage 2 faults of a realm.
 *
 * A private fault maps its page and no other: a page that was ever mapped is DESTROYED when it is
 * unmapped, and one that is mapped cannot be touched by user space. Its neighbours within the same
 * level 3 table are only laid ready (rmm_make_ready), which nobody can tell from not mapped. With a
 * shared page its neighbours are mapped (one exit of a vCPU costs as much as a few hundred RMI
 * calls), unless the slot has a dirty log, where they would be seen.
 *
 * The caller's memory map is asked with no lock held; mmu_seq, read before, tells under mmu_lock
 * whether the answer may still be used.
 */
#include "abi/kvm.h"
#include "base/bits.h"
#include "base/trace.h"
#include "kvm/core/vm.h"
#include "kvm/mem/gmem.h"
#include "kvm/mem/gmem_attributes.h"
#include "kvm/realm/realm.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/memory.h"
#include "rmm/rmm.h"

#define WINDOW_PAGES (MEMSLOT_WINDOW / GRANULE_SIZE)

/* Of what is private in the slot: what is shared must not be the realm's, and what both may touch
 * has no fresh pages. */
static void make_ready_around(struct kvm_vm *vm, const struct memslot *s, uint64_t gpa)
{
	uint64_t table = realm_level_size(2);
	uint64_t at = MAX(s->gpa, ALIGN_DOWN(gpa, table));
	uint64_t end = MIN(s->gpa + s->size, ALIGN_DOWN(gpa, table) + table), next;

	if (memory_in_place(vm, s))
		return;
	for (; at < end; at = next) {
		next = vm->rev->gmem_attributes ? end : attributes_run(&vm->attrs, at, end);
		if (memory_private(vm, s, at))
			rmm_make_ready(vm->host->rmm, vm->realm.rd, at,
				       s->gmem->pa + s->gmem_offset + (at - s->gpa),
				       (unsigned int)((next - at) / GRANULE_SIZE));
	}
}

result fault_private(struct kvm_vcpu *v, uint64_t gpa)
{
	struct kvm_vm *vm = v->vm;
	const struct memslot *s;
	result why;

	gpa = ALIGN_DOWN(gpa, GRANULE_SIZE);
	rwlock_read(&vm->slots_rw);
	s = memslot_at(&vm->slots, gpa);
	if (!s) {
		why = &rule_kvm_fault_private_no_slot;
	} else if (!(s->flags & KVM_MEM_GUEST_MEMFD)) {
		why = &rule_kvm_fault_private_no_gmem;
	} else if (!memory_private(vm, s, gpa)) {
		vcpu_memory_fault(v, gpa, GRANULE_SIZE, true);
		why = &rule_kvm_run_memory_fault;
	} else if (!s->gmem) {
		vcpu_memory_fault(v, gpa, GRANULE_SIZE, false);
		why = &rule_kvm_fault_gmem_gone;
	} else {
		lock_take(&vm->mmu_lock);
		why = realm_map_private(vm, gpa, s->gmem->pa + s->gmem_offset + (gpa - s->gpa));
		if (!why)
			make_ready_around(vm, s, gpa);
		lock_drop(&vm->mmu_lock);
	}
	rwlock_drop(&vm->slots_rw);
	return why;
}

static result map_page(struct kvm_vcpu *v, struct memslot *s, uint64_t gpa, uint64_t pa)
{
	struct kvm_vm *vm = v->vm;
	result why = realm_map_shared(vm, gpa | realm_shared_bit(vm), pa);

	if (!why)
		memslot_mark_dirty(s, gpa, &v->ring);
	return why;
}

/* Map gpa, and around it whatever user memory is there. Where the view is stale nothing is mapped:
 * the guest faults again, after a look at signals. */
static result map_shared_around(struct kvm_vcpu *v, const struct memslot_view *view, uint64_t gpa)
{
	struct kvm_vm *vm = v->vm;
	uint64_t pa[WINDOW_PAGES], lo, hi;
	struct kvm_mm *mm = vm->mm;
	result why = OK;

	memslot_window(view, gpa, &lo, &hi);
	for (uint64_t g = lo; g < hi; g += GRANULE_SIZE)
		pa[(g - lo) / GRANULE_SIZE] =
			mm->ops->lookup(mm, view->uaddr + (g - view->gpa), true);
	lock_take(&vm->mmu_lock);
	if (vm->mmu_seq == view->seq && !pa[(gpa - lo) / GRANULE_SIZE]) {
		why = &rule_kvm_fault_no_user_page;
	} else if (vm->mmu_seq == view->seq) {
		why = map_page(v, view->slot, gpa, pa[(gpa - lo) / GRANULE_SIZE]);
		for (uint64_t g = lo; !why && g < hi; g += GRANULE_SIZE)
			if (g != gpa && pa[(g - lo) / GRANULE_SIZE] &&
			    map_page(v, view->slot, g, pa[(g - lo) / GRANULE_SIZE]))
				break;
	}
	lock_drop(&vm->mmu_lock);
	return why;
}

/* A slot whose shared pages are its guest_memfd's. False: it is no such slot. */
static bool fault_in_place(struct kvm_vcpu *v, uint64_t gpa, result *why)
{
	struct kvm_vm *vm = v->vm;
	struct memslot *s;
	bool ours;

	rwlock_read(&vm->slots_rw);
	s = memslot_at(&vm->slots, gpa);
	ours = s && memory_in_place(vm, s);
	if (ours && memory_private(vm, s, gpa)) {
		vcpu_memory_fault(v, gpa, GRANULE_SIZE, false);
		*why = &rule_kvm_run_memory_fault;
	} else if (ours) {
		lock_take(&vm->mmu_lock);
		*why = map_page(v, s, gpa, s->gmem->pa + s->gmem_offset + (gpa - s->gpa));
		lock_drop(&vm->mmu_lock);
	}
	rwlock_drop(&vm->slots_rw);
	return ours;
}

result fault_shared(struct kvm_vcpu *v, uint64_t gpa, bool is_write, bool *mmio)
{
	struct kvm_vm *vm = v->vm;
	struct memslot_view view;
	result why;

	if (vm->rev->gmem_attributes && fault_in_place(v, ALIGN_DOWN(gpa, GRANULE_SIZE), &why)) {
		*mmio = false;
		return why;
	}
	*mmio = !memslot_look(vm, gpa, &view) || (view.readonly && is_write);
	if (*mmio)
		return OK;
	if (view.readonly)
		return &rule_kvm_fault_readonly_slot;
	return map_shared_around(v, &view, ALIGN_DOWN(gpa, GRANULE_SIZE));
}
