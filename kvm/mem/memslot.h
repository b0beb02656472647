/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memslot.h - memslots: which user memory and which guest_memfd back which guest addresses.
 *
 * Two orders are kept, because both are visible: by GPA for look-ups, and the kernel's hash of
 * ids, whose walk order decides the order of RIPAS descriptors in the RIM: 128 buckets in
 * ascending order, bucket = top 7 bits of the 32-bit product id * 0x61C88647, newest first.
 */
#ifndef KVM_MEMSLOT_H
#define KVM_MEMSLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rule.h"

struct dirty_ring;
struct kvm_gmem;
struct kvm_vm;

#define MEMSLOT_BUCKETS 128
#define MEMSLOT_MAX	32767

struct memslot {
	struct memslot *hash_next; /* next in its bucket (older) */
	uint32_t id, flags;
	uint64_t gpa, size; /* bytes */
	uint64_t uaddr;
	struct kvm_gmem *gmem; /* not counted: NULL once the file is gone */
	uint64_t gmem_offset;
	struct memslot *gmem_next; /* gmem->bindings */
	uint64_t *dirty;	   /* bitmap, with KVM_MEM_LOG_DIRTY_PAGES; or rings are used */
};

struct memslots {
	struct memslot *bucket[MEMSLOT_BUCKETS];
	struct memslot **by_gpa; /* ascending, disjoint */
	size_t count, room;
};

static inline unsigned int memslot_bucket(uint32_t id)
{
	return (uint32_t)(id * UINT32_C(0x61C88647)) >> 25;
}

/* slots_rw held for reading at least. NULL: none. */
struct memslot *memslot_by_id(struct memslots *s, uint32_t id);
struct memslot *memslot_at(struct memslots *s, uint64_t gpa);
/* The first slot that ends above gpa: where a walk over [gpa, ...) starts; index into by_gpa. */
size_t memslot_first(const struct memslots *s, uint64_t gpa);

/* The slot of a page, as it was when mmu_seq had the value `seq`. */
struct memslot_view {
	struct memslot *slot; /* to be used only under mmu_lock, and only if seq still holds */
	uint64_t gpa, size, uaddr;
	uint64_t
		gmem_pa; /* of gpa, where a guest_memfd backs an ordinary VM; 0: user memory does */
	bool readonly, logging;
	uint64_t seq;
};
/* What one level 3 table maps: of a slot without a dirty log, which would tell, this much is mapped
 * with a page. */
#define MEMSLOT_WINDOW UINT64_C(0x200000)
/* The part of it around gpa that is the slot's: [*lo, *hi). */
void memslot_window(const struct memslot_view *view, uint64_t gpa, uint64_t *lo, uint64_t *hi);
/* False: there is no slot. Takes slots_rw and mmu_lock. */
bool memslot_look(struct kvm_vm *vm, uint64_t gpa, struct memslot_view *view);

/* The guest may have written to the page at gpa: into the vCPU's ring, or (NULL, or a VM without
 * rings) the bitmap, if the slot is logged; mmu_lock held. */
void memslot_mark_dirty(struct memslot *s, uint64_t gpa, struct dirty_ring *ring);

void memslots_destroy(struct kvm_vm *vm);

/* Call fn for the part of each slot inside [gpa, end); slots_rw held. */
void memslots_for_range(struct kvm_vm *vm, uint64_t gpa, uint64_t end,
			void (*fn)(struct kvm_vm *vm, struct memslot *s, uint64_t from,
				   uint64_t to));

#endif
