/* SPDX-License-Identifier: BSD-3-Clause */
/* gmem.h - guest_memfd: a contiguous extent of physical memory behind private guest pages. */
#ifndef KVM_GMEM_H
#define KVM_GMEM_H

#include <stdint.h>

#include "kvm/call.h"
#include "kvm/mem/attributes.h"

struct memslot;

struct kvm_gmem {
	struct kvm_vm *vm;
	uint64_t pa, size, flags;
	struct memslot *bindings; /* slots that use it; slots_lock, and slots_rw to change them */
	struct attributes attrs;  /* private pages, by offset, where they are the file's */
	struct kvm_gmem *next;	  /* host->gmems */
};

/* KVM_SET_USER_MEMORY_REGION2: tie slot to the caller's descriptor; slots_lock held. */
result gmem_bind(struct kvm_call *c, struct memslot *s, uint32_t fd, uint64_t offset);
void gmem_unbind(struct memslot *s);

#endif
