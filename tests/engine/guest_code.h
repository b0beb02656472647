/* SPDX-License-Identifier: BSD-3-Clause */
/* guest_code.h - where each of the small guests of guest_code.S begins (bytes). */
#ifndef TESTS_ENGINE_GUEST_CODE_H
#define TESTS_ENGINE_GUEST_CODE_H

#define GUEST_HVC	0x000 /* hvc #0, for ever */
#define GUEST_ADD	0x040 /* x0 = x0 + x1 + 1 and hvc #1, for ever */
#define GUEST_LOAD	0x080 /* ldr x1, [x0]; hvc #2 */
#define GUEST_STORE	0x0c0 /* str w1, [x0]; hvc #3 */
#define GUEST_SPIN	0x100 /* x0 counts, for ever, no exit */
#define GUEST_WFI	0x140 /* wfi; x0 counts, for ever */
#define GUEST_CALL	0x180 /* x0 = call x19; hvc #4, for ever */
#define GUEST_IRQ	0x1c0 /* GIC on, hvc #5, then interrupts on and wfi for ever */
#define GUEST_TIMER	0x280 /* x0: 0 virtual, 1 physical; x1: ticks ahead; hvc #6; then wfi */
#define GUEST_REGS	0x340 /* d8..d9, apiakey, cntv/cntp ctl, vbar into x0..x5; hvc #7 */
#define GUEST_DIRTY	0x3c0 /* fill what a reset must clear; hvc #8 */
#define GUEST_CTR	0x440 /* x0 CTR_EL0, x1..x3 CSSELR_EL1, CLIDR_EL1, CCSIDR_EL1; hvc #9 */
#define GUEST_MPIDR	0x480 /* x0 = MPIDR_EL1, x1 = its value again after an hvc #10 */
#define GUEST_REARM	0x4c0 /* in a loop: timer x1 ticks ahead, wait for its interrupt */
#define GUEST_DEBUG	0x540 /* x0: 0 breakpoint, 1 watchpoint, 2 single step; to the vector */
#define GUEST_VECTORS	0x800
#define GUEST_SVE	0xb00 /* x0: ZCR_EL1, w2: a byte; see there; hvc #0x12, hvc #0x13 */
#define GUEST_PMU	0xb80 /* see there; hvc #0x14, #0x15, #0x16; then an overflow */
#define GUEST_PMU_END	0xc00 /* x1 = PMOVSSET_EL0, cleared; hvc #0x17 */
#define GUEST_PMU_SWINC 0xc40 /* x1 = counter 1 after x0 increments; hvc #0x18; a counter; hvc */
#define GUEST_SIZE	0x1000

#define GUEST_HANDLED 20 /* x20: interrupts handled; x21: the last INTID */
#define GUEST_AHEAD   22 /* x22: 0, or what the handler sets the timers to */

#endif
