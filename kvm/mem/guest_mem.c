// SPDX-License-Identifier: BSD-3-Clause
/*
 * guest_mem.c - copies from and to guest memory, a page at a time.
 *
 * Each page is looked up with no lock held and copied under mmu_lock if nothing has changed since:
 * the client's pages are given away only after kvm_mm_invalidate has had that lock.
 */
#include "kvm/mem/guest_mem.h"

#include <errno.h>
#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/mem/memslot.h"
#include "machine/memory.h"
#include "rmm/rmm.h"

struct copy {
	uint64_t gpa;
	uint8_t *buf;
	size_t len; /* within one page */
	bool is_write;
	struct dirty_ring *ring; /* of whom a write is; NULL: of no vCPU */
};

/* mmu_lock held, pa is what backs the page now. */
static int copy_at(struct kvm_vm *vm, const struct memslot_view *view, const struct copy *c,
		   uint64_t pa)
{
	struct kvm_host *h = vm->host;
	uint8_t *page = machine_va(h->machine, pa, GRANULE_SIZE);

	/* A guest_memfd that a realm uses may be the user memory of a slot. */
	if (!page || (h->rmm && rmm_granule_protected(h->rmm, pa)))
		return -EFAULT;
	page += c->gpa % GRANULE_SIZE;
	if (c->is_write) {
		memcpy(page, c->buf, c->len);
		memslot_mark_dirty(view->slot, c->gpa, c->ring);
	} else {
		memcpy(c->buf, page, c->len);
	}
	return 0;
}

static int copy_page(struct kvm_vm *vm, const struct copy *c)
{
	struct memslot_view view;
	bool fresh;
	int ret = 0;

	do {
		uint64_t pa;

		if (!memslot_look(vm, c->gpa, &view) || (c->is_write && view.readonly))
			return -EFAULT;
		pa = vm->mm->ops->lookup(vm->mm, view.uaddr + (c->gpa - view.gpa), c->is_write);
		if (!pa)
			return -EFAULT;
		lock_take(&vm->mmu_lock);
		fresh = vm->mmu_seq == view.seq;
		if (fresh)
			ret = copy_at(vm, &view, c, pa);
		lock_drop(&vm->mmu_lock);
	} while (!fresh);
	return ret;
}

static int copy_range(struct kvm_vm *vm, uint64_t gpa, void *buf, size_t len, bool is_write,
		      struct dirty_ring *ring)
{
	int ret = 0;

	if (gpa + len < gpa)
		return -EFAULT;
	for (size_t done = 0; !ret && done < len;) {
		struct copy c = {.gpa = gpa + done,
				 .buf = (uint8_t *)buf + done,
				 .len = MIN(len - done, GRANULE_SIZE - (gpa + done) % GRANULE_SIZE),
				 .is_write = is_write,
				 .ring = ring};

		ret = copy_page(vm, &c);
		done += c.len;
	}
	return ret;
}

int guest_mem_read(struct kvm_vm *vm, uint64_t gpa, void *dst, size_t len)
{
	return copy_range(vm, gpa, dst, len, false, NULL);
}

int guest_mem_write(struct kvm_vm *vm, uint64_t gpa, const void *src, size_t len,
		    struct dirty_ring *ring)
{
	return copy_range(vm, gpa, (void *)src, len, true, ring);
}
