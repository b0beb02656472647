/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * registers.h - the registers that GDB knows of, by its numbers, and their description in XML.
 *
 *	0..30 X0..X30, 31 SP, 32 PC, 33 CPSR	org.gnu.gdb.aarch64.core
 *	34..65 V0..V31, 66 FPSR, 67 FPCR	org.gnu.gdb.aarch64.fpu
 *	68..71 masks of pointer authentication	org.gnu.gdb.aarch64.pauth_v2
 *	72.. the system registers of EL1	org.softrealm.sysregs
 */
#ifndef DEBUG_REGISTERS_H
#define DEBUG_REGISTERS_H

#include "debug/answer.h"
#include "debug/parts.h"

#define REGISTER_MAX_SIZE 16

/* The registers of the packets g and G: the general ones and those of FP. NULL for v: zeros. */
bool registers_read_all(struct vcpu *v, struct answer *a);
/* One; false: there is none of that number, or it cannot be reached now. */
bool registers_read(struct vcpu *v, uint64_t n, struct answer *a);
/* `len` bytes must be its size. False also for one that cannot be written. */
bool registers_write(struct vcpu *v, uint64_t n, const void *bytes, size_t len);
/* Writes what is in hex, as G does. */
bool registers_write_all(struct vcpu *v, const char *hex, size_t len);

/* target.xml, which belongs to nobody. */
const char *registers_description(void);

#endif
