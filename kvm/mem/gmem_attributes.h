/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gmem_attributes.h - is a guest page private? The attribute is the VM's for its address (v12 to
 * v14), or the guest_memfd's for its offset (v15 and later).
 *
 * A guest_memfd of the second kind that cannot be mapped is private for life. One with
 * GUEST_MEMFD_FLAG_MMAP is converted in place: its pages are the realm's private memory, or shared
 * memory that the VMM maps and that the shared alias shows.
 */
#ifndef KVM_GMEM_ATTRIBUTES_H
#define KVM_GMEM_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>

struct kvm_gmem;
struct kvm_vm;
struct memslot;

/* slots_rw (or slots_lock) held; s is the slot of gpa and has a guest_memfd. */
bool memory_private(const struct kvm_vm *vm, const struct memslot *s, uint64_t gpa);
/* The same of every page of [start, end) whose attribute can be changed. */
bool memory_range_is(struct kvm_vm *vm, uint64_t start, uint64_t end, bool private);
/* Shared pages of the slot, or all pages of an ordinary VM's, are those of its guest_memfd. */
bool memory_in_place(const struct kvm_vm *vm, const struct memslot *s);

/* A new guest_memfd, and one that is going away. 0 or -ENOMEM. */
int gmem_attributes_init(struct kvm_gmem *g);
void gmem_attributes_destroy(struct kvm_gmem *g);

#endif
