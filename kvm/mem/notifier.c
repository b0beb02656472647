// SPDX-License-Identifier: BSD-3-Clause
/* notifier.c - the MMU notifier: what a client unmaps goes away from its VMs, too. */
#include "abi/kvm.h"
#include "base/bits.h"
#include "base/trace.h"
#include "kvm/core/vm.h"
#include "machine/memory.h"

static void invalidate_vm(struct kvm_vm *vm, uint64_t uaddr, uint64_t end)
{
	struct trace_context before = trace_enter(vm->serial, -1);

	rwlock_read(&vm->slots_rw);
	lock_take(&vm->mmu_lock);
	vm->mmu_seq++;
	for (size_t i = 0; i < vm->slots.count; i++) {
		const struct memslot *s = vm->slots.by_gpa[i];
		uint64_t from = MAX(uaddr, s->uaddr), to = MIN(end, s->uaddr + s->size);

		if (from >= to)
			continue;
		vm->kind->unmap_shared(vm, s->gpa + (from - s->uaddr), s->gpa + (to - s->uaddr));
	}
	lock_drop(&vm->mmu_lock);
	rwlock_drop(&vm->slots_rw);
	trace_enter(before.vm, before.vcpu);
}

void kvm_mm_invalidate(struct kvm_host *h, struct kvm_mm *mm, uint64_t uaddr, uint64_t size)
{
	uint64_t start = ALIGN_DOWN(uaddr, GRANULE_SIZE);
	uint64_t end = uaddr + size < uaddr ? UINT64_MAX : ALIGN_UP(uaddr + size, GRANULE_SIZE);

	for (struct kvm_vm *vm = vm_walk_next(h, NULL); vm; vm = vm_walk_next(h, vm))
		if (vm->mm == mm)
			invalidate_vm(vm, start, end);
}

static bool vm_uses(struct kvm_vm *vm, uint64_t uaddr, uint64_t end)
{
	bool uses = false;

	rwlock_read(&vm->slots_rw);
	for (size_t i = 0; i < vm->slots.count && !uses; i++) {
		const struct memslot *s = vm->slots.by_gpa[i];

		uses = uaddr < s->uaddr + s->size && s->uaddr < end;
	}
	rwlock_drop(&vm->slots_rw);
	return uses;
}

bool kvm_mm_uses(struct kvm_host *h, struct kvm_mm *mm, uint64_t uaddr, uint64_t size)
{
	bool uses = false;

	for (struct kvm_vm *vm = vm_walk_next(h, NULL); vm; vm = vm_walk_next(h, vm))
		uses = uses || (vm->mm == mm && vm_uses(vm, uaddr, uaddr + size));
	return uses;
}
