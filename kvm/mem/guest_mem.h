/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guest_mem.h - guest memory by guest physical address, for devices that the kernel emulates
 * (an ITS reads its tables and its command queue so).
 *
 * What is reached is the user memory behind the memslot: the memory that the VMM sees, and that a
 * realm sees through its shared alias. The private pages of a realm are never reached: where an
 * address is private now, user memory is read or written all the same, as the kernel's
 * kvm_read_guest and kvm_write_guest do. An address with the realm's shared bit has no slot.
 *
 * Ranges may cross pages and slots. A copy is not atomic, but no page is used after the client has
 * unmapped it. A write marks its pages in the dirty log, or in the ring of the vCPU for which it is
 * made (NULL: for none).
 *
 * Locks: slots_rw and mmu_lock are taken inside and the client's address space is asked, so the
 * caller may hold any lock that stands further out than host->lock (kvm/core/vm.h), or one of its
 * own under which nobody asks for these; never host->lock, slots_rw or mmu_lock.
 */
#ifndef KVM_GUEST_MEM_H
#define KVM_GUEST_MEM_H

#include <stddef.h>
#include <stdint.h>

struct dirty_ring;
struct kvm_vm;

/*
 * Copy len bytes from, or to, guest memory at gpa. 0, or -EFAULT: a page of the range has no slot,
 * is in a read-only slot (write), has no user memory behind it that may be accessed so, or backs a
 * page of a realm. The pages before that one have been copied.
 */
int guest_mem_read(struct kvm_vm *vm, uint64_t gpa, void *dst, size_t len);
int guest_mem_write(struct kvm_vm *vm, uint64_t gpa, const void *src, size_t len,
		    struct dirty_ring *ring);

#endif
