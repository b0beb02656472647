/* SPDX-License-Identifier: BSD-3-Clause */
/* inproc_mm.h - this process's own memory as the address space of a caller (inproc.c's part). */
#ifndef BACKEND_INPROC_MM_H
#define BACKEND_INPROC_MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/kvm.h"

struct inproc_mm;
struct machine;
struct rmm;

int inproc_mm_create(struct machine *m, struct inproc_mm **out); /* 0, -ENOMEM */
/* Every VM is gone: the pages that were given are taken back. */
void inproc_mm_destroy(struct inproc_mm *mm);
struct kvm_mm *inproc_mm_base(struct inproc_mm *mm);

/* Copy to (or from) user memory; bytes done, short at the first bad page. */
size_t inproc_mm_copy(void *buf, uint64_t uaddr, size_t len, bool to_user);
/* Copy in, stopping at pages that the RMM protects, as a kernel's read would fault there. */
size_t inproc_mm_pull(struct inproc_mm *mm, const struct rmm *rmm, void *dst, uint64_t uaddr,
		      size_t len);

/* Map physical memory (a guest_memfd), known to look-ups; MAP_FAILED. */
void *inproc_mm_map(struct inproc_mm *mm, uint64_t pa, size_t size);
void inproc_mm_forget(struct inproc_mm *mm, struct kvm_host *h, uint64_t uaddr, size_t size);

#endif
