// SPDX-License-Identifier: BSD-3-Clause
/* dirty_ring.c - rings of dirty pages: the switches, what a vCPU pushes, KVM_RESET_DIRTY_RINGS. */
#include "kvm/mem/dirty_ring.h"

#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/memfile.h"
#include "kvm/core/vm.h"
#include "kvm/mem/memslot.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/memory.h"

/* ---- the memory ---- */

result dirty_ring_init(struct dirty_ring *r, uint32_t bytes)
{
	void *at;

	*r = (struct dirty_ring){.fd = -1};
	if (!bytes)
		return OK;
	r->fd = memfile_create(VCPU_MEMFD_NAME, bytes, 0, &at);
	if (r->fd < 0)
		return &rule_kvm_no_memory;
	r->gfns = at;
	r->entries = bytes / sizeof(struct kvm_dirty_gfn);
	return OK;
}

void dirty_ring_destroy(struct dirty_ring *r)
{
	if (r->gfns)
		munmap(r->gfns, r->entries * sizeof(struct kvm_dirty_gfn));
	if (r->fd >= 0)
		close(r->fd);
}

/* ---- the vCPU's end ---- */

void dirty_ring_push(struct dirty_ring *r, uint32_t slot, uint64_t offset)
{
	unsigned int n = atomic_load_explicit(&r->pushed, memory_order_relaxed);
	struct kvm_dirty_gfn *e = &r->gfns[n % r->entries];

	__atomic_store_n(&e->slot, slot, __ATOMIC_RELAXED);
	__atomic_store_n(&e->offset, offset, __ATOMIC_RELAXED);
	__atomic_store_n(&e->flags, KVM_DIRTY_GFN_F_DIRTY, __ATOMIC_RELEASE);
	atomic_store_explicit(&r->pushed, n + 1, memory_order_release);
}

bool dirty_ring_full(const struct dirty_ring *r)
{
	if (!r->gfns)
		return false;
	return atomic_load(&r->pushed) - atomic_load(&r->reset) >= r->entries - DIRTY_RING_RESERVED;
}

/* ---- switches ---- */

static result check_size(uint32_t bytes)
{
	if (!bytes || (bytes & (bytes - 1)) || bytes < GRANULE_SIZE)
		return &rule_kvm_dirty_ring_size;
	if (bytes > DIRTY_RING_MAX_ENTRIES * sizeof(struct kvm_dirty_gfn))
		return &rule_kvm_dirty_ring_large;
	return OK;
}

result dirty_ring_enable(struct kvm_vm *vm, uint32_t bytes)
{
	result why = check_size(bytes);

	if (why)
		return why;
	lock_take(&vm->lock);
	if (vm->dirty_ring_bytes)
		why = &rule_kvm_dirty_ring_again;
	else if (atomic_load(&vm->num_vcpus))
		why = &rule_kvm_dirty_ring_late;
	else
		atomic_store(&vm->dirty_ring_bytes, bytes);
	lock_drop(&vm->lock);
	return why;
}

result dirty_ring_enable_bitmap(struct kvm_vm *vm, const struct kvm_enable_cap *cap)
{
	result why = OK;

	if (!atomic_load(&vm->dirty_ring_bytes) || cap->flags)
		return &rule_kvm_dirty_ring_bitmap;
	lock_take(&vm->slots_lock);
	if (vm->slots.count)
		why = &rule_kvm_dirty_ring_bitmap_late;
	else
		vm->dirty_ring_with_bitmap = true;
	lock_drop(&vm->slots_lock);
	return why;
}

bool dirty_bitmap_used(const struct kvm_vm *vm)
{
	lock_assert_held(&vm->slots_lock);
	return !atomic_load((atomic_uint *)&vm->dirty_ring_bytes) || vm->dirty_ring_with_bitmap;
}

/* ---- KVM_RESET_DIRTY_RINGS ---- */

/* Pages of one slot that are watched again in one step: `mask` from `offset` on. */
struct batch {
	uint32_t slot;
	uint64_t offset, mask;
};

/* User space may have named anything. */
static void watch_again(struct kvm_vm *vm, const struct batch *b)
{
	struct memslot *m = b->slot < MEMSLOT_MAX ? memslot_by_id(&vm->slots, b->slot) : NULL;
	uint64_t pages = m ? m->size / GRANULE_SIZE : 0;

	if (!b->mask || b->offset >= pages ||
	    b->offset + (63 - (unsigned int)__builtin_clzll(b->mask)) >= pages)
		return;
	lock_take(&vm->mmu_lock);
	vm->kind->write_protect_pages(vm, m->gpa + b->offset * GRANULE_SIZE, b->mask);
	lock_drop(&vm->mmu_lock);
}

/* False: it does not fit. Guests go through pages upwards or downwards. */
static bool add(struct batch *b, uint32_t slot, uint64_t offset)
{
	uint64_t ahead = offset - b->offset, back = b->offset - offset;

	if (!b->mask || slot != b->slot)
		return false;
	if (ahead < 64) {
		b->mask |= BIT(ahead);
		return true;
	}
	if (back >= 64 || b->mask << back >> back != b->mask)
		return false;
	b->mask = b->mask << back | 1;
	b->offset = offset;
	return true;
}

/* False: the ring has no more harvested entry, or the caller is interrupted. */
static bool take_harvested(struct dirty_ring *r, struct kvm_caller *c, uint32_t *slot,
			   uint64_t *offset)
{
	unsigned int n = atomic_load_explicit(&r->reset, memory_order_relaxed);
	struct kvm_dirty_gfn *e = &r->gfns[n % r->entries];

	if (!(__atomic_load_n(&e->flags, __ATOMIC_ACQUIRE) & KVM_DIRTY_GFN_F_RESET) ||
	    c->ops->interrupted(c))
		return false;
	*slot = __atomic_load_n(&e->slot, __ATOMIC_RELAXED);
	*offset = __atomic_load_n(&e->offset, __ATOMIC_RELAXED);
	__atomic_store_n(&e->flags, 0, __ATOMIC_RELEASE);
	atomic_store(&r->reset, n + 1);
	return true;
}

static void reset_ring(struct kvm_vm *vm, struct dirty_ring *r, struct kvm_caller *c, int *done)
{
	struct batch b = {0};
	uint64_t offset;
	uint32_t slot;

	lock_assert_held(&vm->slots_lock);
	while (*done < INT_MAX && take_harvested(r, c, &slot, &offset)) {
		++*done;
		if (add(&b, slot, offset))
			continue;
		watch_again(vm, &b);
		b = (struct batch){slot, offset, 1};
	}
	watch_again(vm, &b);
}

result vm_reset_dirty_rings(struct kvm_call *c)
{
	struct kvm_vm *vm = c->vm;
	unsigned int n = atomic_load(&vm->num_vcpus);
	int done = 0;

	if (!atomic_load(&vm->dirty_ring_bytes))
		return &rule_kvm_dirty_ring_absent;
	lock_take(&vm->slots_lock);
	for (unsigned int i = 0; i < n; i++)
		reset_ring(vm, &vm->vcpus[i]->ring, c->caller, &done);
	if (done) {
		lock_take(&vm->mmu_lock);
		vm->kind->flush(vm);
		lock_drop(&vm->mmu_lock);
	}
	lock_drop(&vm->slots_lock);
	c->value = done;
	return OK;
}
