// SPDX-License-Identifier: BSD-3-Clause
/*
 * dirty.c - the dirty log: KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG.
 *
 * A realm's shared pages are mapped writable for good (v12 cannot write-protect them), so a page
 * is marked when it is mapped. Those of an ordinary VM are write-protected whenever they are
 * cleared, and marked by the fault of the next store.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/rules.h"
#include "kvm/core/vm.h"
#include "kvm/mem/dirty_ring.h"
#include "machine/memory.h"

static result find_log(struct kvm_vm *vm, uint32_t slot, struct memslot **out)
{
	if (!dirty_bitmap_used(vm))
		return &rule_kvm_dirty_log_ring;
	if (slot >> 16 || slot >= MEMSLOT_MAX)
		return &rule_kvm_dirty_log_slot;
	*out = memslot_by_id(&vm->slots, slot);
	return *out && (*out)->dirty ? OK : &rule_kvm_dirty_log_absent;
}

static size_t log_words(uint64_t pages)
{
	return (pages + 63) / 64;
}

static result get_log(struct kvm_call *c, const struct kvm_dirty_log *arg)
{
	struct kvm_vm *vm = c->vm;
	uint64_t *copy;
	struct memslot *m;
	size_t bytes;
	result why;

	why = find_log(vm, arg->slot, &m);
	if (why)
		return why;
	bytes = log_words(m->size / GRANULE_SIZE) * sizeof(uint64_t);
	copy = malloc(bytes);
	if (!copy)
		return &rule_kvm_no_memory;
	lock_take(&vm->mmu_lock);
	memcpy(copy, m->dirty, bytes);
	if (!vm->manual_dirty_log) {
		memset(m->dirty, 0, bytes);
		vm->kind->write_protect(vm, m->gpa, m->gpa + m->size);
	}
	lock_drop(&vm->mmu_lock);
	why = call_write_at(c, arg->dirty_bitmap, copy, bytes);
	free(copy);
	return why;
}

result vm_get_dirty_log(struct kvm_call *c)
{
	struct kvm_dirty_log arg;
	result why = call_read(c, &arg, sizeof(arg));

	if (why)
		return why;
	lock_take(&c->vm->slots_lock);
	why = get_log(c, &arg);
	lock_drop(&c->vm->slots_lock);
	return why;
}

static result clear_log(struct kvm_call *c, const struct kvm_clear_dirty_log *arg)
{
	struct kvm_vm *vm = c->vm;
	struct memslot *m;
	uint64_t pages, *clear;
	size_t words;
	result why;

	why = find_log(vm, arg->slot, &m);
	if (why)
		return why;
	pages = m->size / GRANULE_SIZE;
	if (arg->first_page % 64 || arg->first_page > pages ||
	    arg->num_pages > pages - arg->first_page ||
	    (arg->num_pages < pages - arg->first_page && arg->num_pages % 64))
		return &rule_kvm_dirty_log_range;
	words = log_words(arg->num_pages);
	clear = malloc(words * sizeof(*clear) + 1);
	if (!clear)
		return &rule_kvm_no_memory;
	why = call_read_at(c, clear, arg->dirty_bitmap, words * sizeof(*clear));
	lock_take(&vm->mmu_lock);
	for (size_t i = 0; !why && i < words; i++)
		m->dirty[arg->first_page / 64 + i] &= ~clear[i];
	if (!why)
		vm->kind->write_protect(vm, m->gpa + arg->first_page * GRANULE_SIZE,
					m->gpa + (arg->first_page + arg->num_pages) * GRANULE_SIZE);
	lock_drop(&vm->mmu_lock);
	free(clear);
	return why;
}

result vm_clear_dirty_log(struct kvm_call *c)
{
	struct kvm_clear_dirty_log arg;
	result why = call_read(c, &arg, sizeof(arg));

	if (why)
		return why;
	lock_take(&c->vm->slots_lock);
	why = clear_log(c, &arg);
	lock_drop(&c->vm->slots_lock);
	return why;
}
