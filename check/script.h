/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * script.h - the operations of guest.S: { op, a0 .. a6 }, 64 bytes each, in a populated page.
 */
#ifndef CHECK_SCRIPT_H
#define CHECK_SCRIPT_H

/* Results come as 8-byte stores here: the shared alias (IPA width 33) of an address in no slot. */
#define SCRIPT_REPORT_GPA 0x09000000
#define SCRIPT_REPORT_IPA 0x109000000
#define SCRIPT_EXCEPTION  0xE500000000000000 /* | ESR_EL1 */

#define SCRIPT_END    0 /* loop for ever */
#define SCRIPT_SMC    1 /* x0..x6 = a0..a6; reports x0, x1, x2, x3 */
#define SCRIPT_READ   2 /* address, width; reports the register afterwards */
#define SCRIPT_WRITE  3 /* address, width, value */
#define SCRIPT_REPORT 4 /* value */
#define SCRIPT_WFI    5 /* for ever */
#define SCRIPT_CALL   6 /* address; reports x0 (which was the address) */
#define SCRIPT_HVC    7
#define SCRIPT_MPIDR  8 /* reports MPIDR_EL1 */
#define SCRIPT_OPS    9

/* widths */
#define SCRIPT_U8   0
#define SCRIPT_U16  1
#define SCRIPT_U32  2
#define SCRIPT_U64  3
#define SCRIPT_S8   4 /* sign-extended to 64 bits */
#define SCRIPT_S16  5
#define SCRIPT_S32  6
#define SCRIPT_S8W  7 /* sign-extended to 32 bits */
#define SCRIPT_PAIR 8 /* ldp: no valid syndrome */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct script_op {
	uint64_t op;
	uint64_t a[7];
};

_Static_assert(sizeof(struct script_op) == 64, "guest.S steps by 64");
#endif

#endif
