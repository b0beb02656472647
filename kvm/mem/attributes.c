// SPDX-License-Identifier: BSD-3-Clause
/*
 * attributes.c - memory attributes, and KVM_SET_MEMORY_ATTRIBUTES.
 *
 * A call may cover the whole 64-bit space, so the set is kept as ranges, not as pages.
 */
#include "kvm/mem/attributes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi/kvm.h"
#include "base/array.h"
#include "base/bits.h"
#include "kvm/rules.h"
#include "kvm/core/vm.h"

/* The first range that ends above gpa. */
static size_t first_above(const struct attributes *a, uint64_t gpa)
{
	size_t lo = 0, hi = a->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (a->range[mid].end > gpa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

bool attributes_private(const struct attributes *a, uint64_t gpa)
{
	size_t i = first_above(a, gpa);

	return i < a->count && a->range[i].start <= gpa;
}

uint64_t attributes_run(const struct attributes *a, uint64_t gpa, uint64_t end)
{
	size_t i = first_above(a, gpa);

	if (i == a->count)
		return end;
	if (a->range[i].start <= gpa)
		return MIN(end, a->range[i].end);
	return MIN(end, a->range[i].start);
}

/* Replace ranges [from, to) by the n ranges of with. */
static void splice(struct attributes *a, size_t from, size_t to, const struct attr_range *with,
		   size_t n)
{
	memmove(&a->range[from + n], &a->range[to], (a->count - to) * sizeof(*with));
	memcpy(&a->range[from], with, n * sizeof(*with));
	a->count = a->count - (to - from) + n;
}

int attributes_set(struct attributes *a, uint64_t start, uint64_t end, bool private)
{
	struct attr_range with[2];
	size_t from, to, n = 0;
	uint64_t lo = start, hi = end;

	if (array_reserve(&a->range, &a->room, a->count + 2, sizeof(*a->range)))
		return -ENOMEM;
	/* Ranges that overlap, and for private those that touch, become one change. */
	from = start && private ? first_above(a, start - 1) : first_above(a, start);
	for (to = from; to < a->count; to++) {
		if (private ? a->range[to].start > end : a->range[to].start >= end)
			break;
		lo = MIN(lo, a->range[to].start);
		hi = MAX(hi, a->range[to].end);
	}
	if (private) {
		with[n++] = (struct attr_range){lo, hi};
	} else {
		if (lo < start)
			with[n++] = (struct attr_range){lo, start};
		if (hi > end)
			with[n++] = (struct attr_range){end, hi};
	}
	splice(a, from, to, with, n);
	return 0;
}

void attributes_destroy(struct attributes *a)
{
	free(a->range);
	memset(a, 0, sizeof(*a));
}

/* A page that becomes private loses its shared alias, one that becomes shared loses both. */
static void unmap_for_private(struct kvm_vm *vm, struct memslot *s, uint64_t from, uint64_t to)
{
	vm->kind->unmap_shared(vm, from, to);
}

static void unmap_for_shared(struct kvm_vm *vm, struct memslot *s, uint64_t from, uint64_t to)
{
	vm->kind->unmap_shared(vm, from, to);
	vm->kind->unmap_private(vm, from, to);
}

static result set_range(struct kvm_vm *vm, uint64_t start, uint64_t end, bool private)
{
	result why = OK;

	lock_take(&vm->slots_lock);
	if (attributes_private(&vm->attrs, start) == private &&
	    attributes_run(&vm->attrs, start, end) == end)
		goto out; /* nothing changes, nothing is unmapped */
	rwlock_write(&vm->slots_rw);
	lock_take(&vm->mmu_lock);
	vm->mmu_seq++;
	if (attributes_set(&vm->attrs, start, end, private))
		why = &rule_kvm_no_memory;
	else
		memslots_for_range(vm, start, end, private ? unmap_for_private : unmap_for_shared);
	lock_drop(&vm->mmu_lock);
	rwlock_drop(&vm->slots_rw);
out:
	lock_drop(&vm->slots_lock);
	return why;
}

result vm_set_memory_attributes(struct kvm_call *c)
{
	uint64_t supported = c->vm->is_realm ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
	struct kvm_memory_attributes a;
	result why = call_read(c, &a, sizeof(a));

	if (why)
		return why;
	if (a.flags)
		return &rule_kvm_attributes_flags;
	if (a.attributes & ~supported)
		return &rule_kvm_attributes_unknown;
	if (!a.size || a.address + a.size < a.address)
		return &rule_kvm_attributes_range;
	if (!IS_ALIGNED(a.address | a.size, 4096))
		return &rule_kvm_attributes_align;
	why = set_range(c->vm, a.address, a.address + a.size,
			a.attributes & KVM_MEMORY_ATTRIBUTE_PRIVATE);
	if (!why)
		detect_converted(c->vm, c->caller, a.address, a.address + a.size,
				 a.attributes & KVM_MEMORY_ATTRIBUTE_PRIVATE);
	return why;
}
