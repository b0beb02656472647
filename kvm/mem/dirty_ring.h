/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dirty_ring.h - a vCPU's ring of the pages that it has written to
 * (KVM_CAP_DIRTY_LOG_RING_ACQ_REL).
 *
 * The entries lie in memory that user space maps and writes: nothing is believed of them but that a
 * page shall be watched again. Where the ring ends and begins is known here only. A vCPU that is
 * about to run with less than DIRTY_RING_RESERVED entries left leaves instead; from one entry to
 * the next it pushes two pages at most (what it wrote to, and where its stolen time is told), so
 * the ring never overflows.
 */
#ifndef KVM_DIRTY_RING_H
#define KVM_DIRTY_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/rule.h"

struct kvm_dirty_gfn;
struct kvm_enable_cap;
struct kvm_vm;

#define DIRTY_RING_RESERVED    64
#define DIRTY_RING_MAX_ENTRIES 65536

struct dirty_ring {
	struct kvm_dirty_gfn *gfns; /* hostile; NULL: there is no ring */
	uint32_t entries;	    /* a power of two */
	int fd;			    /* a sealed memfd; -1 */
	atomic_uint pushed;	    /* ever, modulo 2^32: by the vCPU, mmu_lock held */
	atomic_uint reset;	    /* by KVM_RESET_DIRTY_RINGS, slots_lock held */
};

/* bytes 0: no ring. OK or kvm_no_memory (destroy it all the same). */
result dirty_ring_init(struct dirty_ring *r, uint32_t bytes);
void dirty_ring_destroy(struct dirty_ring *r);
/* The page `offset` of a slot was written to; by the vCPU, mmu_lock held. */
void dirty_ring_push(struct dirty_ring *r, uint32_t slot, uint64_t offset);
/* The vCPU must not run. */
bool dirty_ring_full(const struct dirty_ring *r);

/* KVM_ENABLE_CAP of the ring (with this size), and of the bitmap beside it. */
result dirty_ring_enable(struct kvm_vm *vm, uint32_t bytes);
result dirty_ring_enable_bitmap(struct kvm_vm *vm, const struct kvm_enable_cap *cap);
/* Slots have a bitmap; slots_lock held. */
bool dirty_bitmap_used(const struct kvm_vm *vm);

#endif
