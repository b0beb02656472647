// SPDX-License-Identifier: BSD-3-Clause
/*
 * gmem.c - guest_memfd: creation, binding to memslots, hole punching, the last close.
 *
 * A slot names its file without holding it: closing the descriptor takes the memory away, and the
 * slot stays with nothing behind it. Order: slots_lock, slots_rw, mmu_lock.
 */
#include "kvm/mem/gmem.h"

#include <errno.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/mem/gmem_attributes.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "machine/memory.h"

#define GMEM_FLAGS (GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)
#define GMEM_ALIGN UINT64_C(0x200000) /* so that whole level 3 tables could fold to blocks */

/* What user space may map lies in the clients' file, all else where no client can reach it. */
static uint64_t alloc_pages(struct machine *m, uint64_t pages, uint64_t align, bool mmap)
{
	return mmap ? machine_alloc_client(m, pages, align) : machine_alloc(m, pages, align);
}

static uint64_t alloc_extent(struct machine *m, uint64_t size, bool mmap)
{
	uint64_t pages = size / GRANULE_SIZE;
	uint64_t pa = 0;

	if (size >= GMEM_ALIGN)
		pa = alloc_pages(m, pages, GMEM_ALIGN, mmap);
	return pa ? pa : alloc_pages(m, pages, GRANULE_SIZE, mmap);
}

static void destroy(struct kvm_gmem *g)
{
	gmem_attributes_destroy(g);
	machine_free(g->vm->host->machine, g->pa, g->size / GRANULE_SIZE);
	free(g);
}

result vm_create_guest_memfd(struct kvm_call *c)
{
	struct kvm_create_guest_memfd arg;
	struct kvm_gmem *g;
	struct kvm_file *f;
	result why = call_read(c, &arg, sizeof(arg));

	if (why)
		return why;
	if (arg.flags & ~GMEM_FLAGS)
		return &rule_kvm_gmem_flags;
	if ((int64_t)arg.size <= 0 || !IS_ALIGNED(arg.size, GRANULE_SIZE))
		return &rule_kvm_gmem_size;
	g = calloc(1, sizeof(*g));
	if (!g)
		return &rule_kvm_no_memory;
	g->vm = c->vm;
	g->size = arg.size;
	g->flags = arg.flags;
	g->pa = alloc_extent(c->host->machine, arg.size, arg.flags & GUEST_MEMFD_FLAG_MMAP);
	if (!g->pa) {
		free(g);
		return &rule_kvm_gmem_no_memory;
	}
	if (!(g->flags & GUEST_MEMFD_FLAG_MMAP))
		machine_hide(c->host->machine, g->pa, g->size / GRANULE_SIZE);
	f = gmem_attributes_init(g) ? NULL : file_create(c->host, &gmem_file_ops, c->vm);
	if (!f) {
		destroy(g);
		return &rule_kvm_no_memory;
	}
	f->gmem = g;
	return call_install(c, f);
}

static bool overlaps_binding(const struct kvm_gmem *g, uint64_t offset, uint64_t size)
{
	for (const struct memslot *s = g->bindings; s; s = s->gmem_next)
		if (offset < s->gmem_offset + s->size && s->gmem_offset < offset + size)
			return true;
	return false;
}

result gmem_bind(struct kvm_call *c, struct memslot *s, uint32_t fd, uint64_t offset)
{
	struct kvm_file *f = c->caller->ops->lookup(c->caller, (int)fd);
	struct kvm_gmem *g;
	int own;

	lock_assert_held(&c->vm->slots_lock);
	if (!f) {
		own = c->caller->ops->take_fd(c->caller, (int)fd);
		if (own < 0)
			return &rule_kvm_memslot_gmem_fd;
		close(own);
		return &rule_kvm_memslot_not_gmem;
	}
	if (f->ops != &gmem_file_ops)
		return &rule_kvm_memslot_not_gmem;
	g = f->gmem;
	if (g->vm != c->vm)
		return &rule_kvm_memslot_gmem_vm;
	if ((int64_t)offset < 0 || offset + s->size > g->size)
		return &rule_kvm_memslot_gmem_range;
	if (overlaps_binding(g, offset, s->size))
		return &rule_kvm_memslot_gmem_bound;
	s->gmem = g;
	s->gmem_offset = offset;
	s->gmem_next = g->bindings;
	g->bindings = s;
	return OK;
}

void gmem_unbind(struct memslot *s)
{
	struct memslot **p;

	if (!s->gmem)
		return;
	for (p = &s->gmem->bindings; *p; p = &(*p)->gmem_next) {
		if (*p == s) {
			*p = s->gmem_next;
			break;
		}
	}
	s->gmem = NULL;
}

/* Unmap g's [offset, offset + len) from every slot; mmu_lock held. */
static void unmap_range(struct kvm_gmem *g, uint64_t offset, uint64_t len)
{
	lock_assert_held(&g->vm->mmu_lock);
	for (struct memslot *s = g->bindings; s; s = s->gmem_next) {
		uint64_t from = MAX(offset, s->gmem_offset);
		uint64_t to = MIN(offset + len, s->gmem_offset + s->size);
		uint64_t gpa = s->gpa + (from - s->gmem_offset);

		if (from >= to)
			continue;
		g->vm->kind->unmap_private(g->vm, gpa, gpa + (to - from));
		if (memory_in_place(g->vm, s))
			g->vm->kind->unmap_shared(g->vm, gpa, gpa + (to - from));
	}
}

/* Last close: private mappings are unmapped, the memory is returned. */
static void release(struct kvm_file *f)
{
	struct kvm_gmem *g = f->gmem;
	struct kvm_vm *vm = g->vm;

	lock_take(&vm->slots_lock);
	rwlock_write(&vm->slots_rw);
	lock_take(&vm->mmu_lock);
	vm->mmu_seq++;
	unmap_range(g, 0, g->size);
	while (g->bindings)
		gmem_unbind(g->bindings);
	lock_drop(&vm->mmu_lock);
	rwlock_drop(&vm->slots_rw);
	lock_drop(&vm->slots_lock);
	destroy(g);
}

const struct kvm_file_ops gmem_file_ops = {
	.kind = KVM_FILE_GMEM,
	.unknown_call = &rule_kvm_unknown_device_call,
	.any_process = true,
	.release = release,
};

void kvm_gmem_info(struct kvm_file *f, struct kvm_gmem_info *info)
{
	info->pa = f->gmem->pa;
	info->size = f->gmem->size;
	info->flags = f->gmem->flags;
	info->has_shared =
		f->gmem->flags & (f->vm->rev->gmem_attributes ? GUEST_MEMFD_FLAG_MMAP
							      : GUEST_MEMFD_FLAG_INIT_SHARED);
}

static void punch_hole(struct kvm_gmem *g, uint64_t offset, uint64_t len)
{
	struct kvm_vm *vm = g->vm;

	lock_take(&vm->slots_lock);
	rwlock_write(&vm->slots_rw); /* no fault maps a page again before it is gone */
	lock_take(&vm->mmu_lock);
	vm->mmu_seq++;
	unmap_range(g, offset, len);
	machine_punch(vm->host->machine, g->pa + offset, len / GRANULE_SIZE);
	lock_drop(&vm->mmu_lock);
	rwlock_drop(&vm->slots_rw);
	lock_drop(&vm->slots_lock);
}

int kvm_gmem_fallocate(struct kvm_file *f, int mode, uint64_t offset, uint64_t len)
{
	struct kvm_gmem *g = f->gmem;

	if ((int64_t)offset < 0 || (int64_t)len <= 0)
		return -EINVAL;
	if (!(mode & FALLOC_FL_KEEP_SIZE) || (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)))
		return -EOPNOTSUPP;
	if ((int64_t)(offset + len) < 0)
		return -EFBIG;
	if (!IS_ALIGNED(offset | len, GRANULE_SIZE))
		return -EINVAL;
	if (!(mode & FALLOC_FL_PUNCH_HOLE)) /* preallocation: every page is there already */
		return offset + len > g->size ? -EINVAL : 0;
	if (offset < g->size)
		punch_hole(g, offset, MIN(len, g->size - offset));
	return 0;
}
