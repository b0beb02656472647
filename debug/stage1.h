/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stage1.h - a guest's own address translation (VMSAv8-64, EL1&0, stage 1), walked from outside.
 */
#ifndef DEBUG_STAGE1_H
#define DEBUG_STAGE1_H

#include <stdbool.h>
#include <stdint.h>

/* What decides it: the vCPU's registers. */
struct stage1 {
	uint64_t sctlr, tcr, ttbr0, ttbr1;
};

/* Reads 8 bytes at an IPA, as they lie in memory. False: there is no memory. */
typedef bool (*stage1_read)(void *arg, uint64_t ipa, uint64_t *value);

/*
 * The IPA of an address, and how many bytes from there on go on in the same way (1 or more, never
 * beyond the end of a block). Permissions and the access flag are not looked at: a debugger may
 * read what the guest may not. False: it translates to nothing. Any registers and tables will do;
 * at most five descriptors are read.
 */
bool stage1_walk(const struct stage1 *s, stage1_read read, void *arg, uint64_t va, uint64_t *ipa,
		 uint64_t *left);

/* Bits of an address that pointer authentication may use, for data and for code, in the lower and
 * the upper half of the address space. */
struct stage1_pauth {
	uint64_t data, code, data_high, code_high;
};
struct stage1_pauth stage1_pauth_masks(const struct stage1 *s);

#endif
