/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stress_ordinary.h - an ordinary VM of the process that has the realm, over the same user memory,
 * and the threads of its VMM.
 */
#ifndef STRESS_ORDINARY_H
#define STRESS_ORDINARY_H

#include <stdint.h>

struct inproc;
struct ordinary_vm;

#define ORDINARY_IPA_BITS 36 /* by which an engine knows that it runs one */

/* A VM of /dev/kvm `sys`, whose memory at ipa is [ram, ram + size). It runs at once. */
struct ordinary_vm *ordinary_vm_start(struct inproc *p, int sys, uint64_t ipa, uint8_t *ram,
				      uint64_t size, uint64_t seed);
/* Its descriptors are closed while it runs; nobody uses the memory afterwards. */
void ordinary_vm_stop(struct ordinary_vm *o);

#endif
