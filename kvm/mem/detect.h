/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * detect.h - finds user memory that is written while the page that it stands for is private.
 *
 * A realm does not see such a store: its private page is another one. The store is lost until the
 * page is shared, and stale then. No kernel tells; with kvm_config.detect this one compares, so it
 * finds the stores of every process; and a thread of the VMM that touches such memory is named,
 * where its address space can be guarded (kvm_mm_ops.guard). What a VMM writes before the realm's
 * first run is its images, and nobody's mistake.
 *
 * Only memory behind KVM_SET_MEMORY_ATTRIBUTES: a private page of a guest_memfd that can be mapped
 * is SIGBUS by itself. Without kvm_config.detect all of these do nothing. They take a lock that is
 * outer to slots_lock; a vCPU's mutex may be held.
 */
#ifndef KVM_DETECT_H
#define KVM_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"

struct kvm_caller;
struct kvm_vm;
struct detect_block;

struct detect {
	struct lock lock;
	bool begun;
	struct detect_block **blocks; /* ascending */
	size_t count, room;
	uint64_t found; /* pages that were named, or would have been */
};

void detect_init(struct kvm_vm *vm);
void detect_destroy(struct kvm_vm *vm);
/* A vCPU is about to run: at the first one, all that is private now is looked at. */
void detect_begin(struct kvm_vm *vm, struct kvm_caller *c);
/* [gpa, end) has become private, or shared: look at it, or compare and name what differs. */
void detect_converted(struct kvm_vm *vm, struct kvm_caller *c, uint64_t gpa, uint64_t end,
		      bool private);
/* User memory that was a slot's is the VMM's alone; takes no lock. */
void detect_released(struct kvm_vm *vm, struct kvm_caller *c, uint64_t uaddr, uint64_t size);
/* The realm has come to an end: compare what is still private. */
void detect_end(struct kvm_vm *vm);

#endif
