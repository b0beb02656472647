/* SPDX-License-Identifier: BSD-3-Clause */
/* vmm_fuse.h - a hostile realm's calls upon a shared folder. */
#ifndef FUZZ_VMM_FUSE_H
#define FUZZ_VMM_FUSE_H

#include "fuzz/input.h"

/* Once: makes a folder, which is removed at exit. */
void vmm_fuse_start(void);
/* Calls; aborts if anything outside of the shared folder has changed. */
void vmm_fuse_try(struct input *in);

#endif
