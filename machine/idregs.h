/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idregs.h - the feature ID registers (op0 3, op1 0, CRn 0) of the machine's CPU, and what is shown
 * of them: to a realm by the RMM, to an ordinary VM and to user space by the kernel. Numbers that a
 * realm or VM has of its own (breakpoints, watchpoints, PMU, SVE) are not in them.
 */
#ifndef MACHINE_IDREGS_H
#define MACHINE_IDREGS_H

#include <stdint.h>

#define IDREG_AA64PFR0	(4 * 8 + 0)
#define IDREG_AA64PFR1	(4 * 8 + 1)
#define IDREG_AA64ZFR0	(4 * 8 + 4)
#define IDREG_AA64DFR0	(5 * 8 + 0)
#define IDREG_AA64ISAR0 (6 * 8 + 0)
#define IDREG_AA64ISAR1 (6 * 8 + 1)
#define IDREG_AA64MMFR0 (7 * 8 + 0)
#define IDREG_AA64MMFR1 (7 * 8 + 1)
#define IDREG_AA64MMFR2 (7 * 8 + 2)

/* ID_AA64DFR0_EL1.PMUVer of a guest that has a PMU: PMUv3p5 */
#define IDREG_PMUVER 6

/* index: CRm * 8 + op2, any number. Registers that are not named above are zero. */
uint64_t idreg_cpu(unsigned int index);
uint64_t idreg_of_realm(unsigned int index);
uint64_t idreg_of_vm(unsigned int index);
/* What SVE adds to each of them, where CPU and guest have it. */
uint64_t idreg_of_sve(unsigned int index);
/* One of the two with FEAT_LPA2, which both hide: what a realm or VM with 52-bit IPAs is shown. */
uint64_t idreg_with_lpa2(unsigned int index, uint64_t val);

#endif
