/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - the monitor's first instructions on each CPU, and the way to and from the guest.
 *
 * Every CPU starts at monitor_start, at EL2 with the MMU off, wherever the window is. TPIDR_EL2
 * holds the CPU's mailbox from then on; SP is the top of its stack page whenever the guest runs.
 */
#include "engine/mailbox.h"

#define MAIR 0xff04		/* attribute 0: Device-nGnRE, 1: Normal Write-Back */
#define TCR 0x80853519		/* 39 bits, 4 KiB granule, cacheable walks, 48 bit PA */
#define SCTLR 0x30c5183d	/* MMU, caches, stack alignment check */

	.section .text.start, "ax"
	.global monitor_start
monitor_start:
	msr	daifset, #0xf
	adr	x2, monitor_start

	/* Identity map: the MMU is on because memory is Device, thus slow, without it. */
	ldr	x3, =MAIR
	msr	mair_el2, x3
	ldr	x3, =TCR
	msr	tcr_el2, x3
	add	x3, x2, #WINDOW_TABLE
	msr	ttbr0_el2, x3
	isb
	ldr	x3, =SCTLR
	msr	sctlr_el2, x3
	isb

	/* QEMU numbers its CPUs in clusters of 16. */
	mrs	x3, mpidr_el1
	and	x0, x3, #0xff
	ubfx	x3, x3, #8, #8
	add	x0, x0, x3, lsl #4

	add	x1, x2, #WINDOW_MAILBOXES
	add	x1, x1, x0, lsl #12
	msr	tpidr_el2, x1
	add	x3, x2, #(WINDOW_STACKS + STACK_SIZE)
	add	x3, x3, x0, lsl #12
	mov	sp, x3
	adr	x3, vectors
	msr	vbar_el2, x3
	isb
	bl	monitor_boot

	/* Restore the guest's registers from the frame and go. */
enter:
	mrs	x0, tpidr_el2
	ldp	x2, x3, [x0, #MAILBOX_PC]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	eret

	/* The guest has been left: save its registers in the frame. */
	.macro from_guest exit
	.balign 128
	stp	x0, x1, [sp, #-16]!
	mrs	x0, tpidr_el2
	mov	x1, #\exit
	b	leave
	.endm

	/* The monitor itself has taken an exception. */
	.macro from_monitor
	.balign 128
	b	fault
	.endm

	.balign 2048
vectors:
	.rept 8
	from_monitor
	.endr
	from_guest MAILBOX_EXIT_SYNC
	from_guest MAILBOX_EXIT_IRQ
	from_guest MAILBOX_EXIT_IRQ
	from_guest MAILBOX_EXIT_SERROR
	from_guest MAILBOX_EXIT_SYNC	/* AArch32 EL0 */
	from_guest MAILBOX_EXIT_IRQ
	from_guest MAILBOX_EXIT_IRQ
	from_guest MAILBOX_EXIT_SERROR

leave:
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #240]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #MAILBOX_PC]
	bl	monitor_exit
	b	enter

	/* Tell the host where it went wrong, and stop. The host polls nothing, so it is told by
	 * the mailbox first; that QEMU goes on running does no harm. */
fault:
	mov	x19, x30
	mrs	x0, tpidr_el2
	mrs	x1, esr_el2
	mrs	x2, far_el2
	mrs	x3, elr_el2
	bl	monitor_fault
1:	wfi
	b	1b

	/* V0..V31 to the 512 bytes at x0, and from there. */
	.global monitor_save_fp
monitor_save_fp:
	stp	q0, q1, [x0, #0]
	stp	q2, q3, [x0, #32]
	stp	q4, q5, [x0, #64]
	stp	q6, q7, [x0, #96]
	stp	q8, q9, [x0, #128]
	stp	q10, q11, [x0, #160]
	stp	q12, q13, [x0, #192]
	stp	q14, q15, [x0, #224]
	stp	q16, q17, [x0, #256]
	stp	q18, q19, [x0, #288]
	stp	q20, q21, [x0, #320]
	stp	q22, q23, [x0, #352]
	stp	q24, q25, [x0, #384]
	stp	q26, q27, [x0, #416]
	stp	q28, q29, [x0, #448]
	stp	q30, q31, [x0, #480]
	ret

	/* But not those whose bit is set in x1. */
	.global monitor_load_fp
monitor_load_fp:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	tbnz	x1, #\n, 1f
	ldr	q\n, [x0, #16 * \n]
1:
	.endr
	.irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	tbnz	x1, #\n, 1f
	ldr	q\n, [x0, #16 * \n]
1:
	.endr
	ret

	.global monitor_zero_fp
monitor_zero_fp:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	movi	v\n\().2d, #0
	.endr
	.irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	movi	v\n\().2d, #0
	.endr
	msr	fpcr, xzr
	msr	fpsr, xzr
	ret

	/* Parts of the vectors, of 2048 bits each, to and from the page at x0. */
	.arch_extension sve
	.macro z_part op, first
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	z_one	\op, %(\first + \n), \n
	.endr
	ret
	.endm
	.macro z_one op, reg, n
	\op	z\reg, [x0, #\n, mul vl]
	.endm
	.macro p_part op
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	\op	p\n, [x0, #\n, mul vl]
	.endr
	.endm

	.altmacro
	.global monitor_save_z0
monitor_save_z0:
	z_part	str, 0
	.global monitor_save_z16
monitor_save_z16:
	z_part	str, 16
	.global monitor_load_z0
monitor_load_z0:
	z_part	ldr, 0
	.global monitor_load_z16
monitor_load_z16:
	z_part	ldr, 16
	.noaltmacro

	/* FFR is read and written by way of P0. */
	.global monitor_save_p
monitor_save_p:
	p_part	str
	rdffr	p0.b
	str	p0, [x0, #16, mul vl]
	ldr	p0, [x0]
	ret

	.global monitor_load_p
monitor_load_p:
	ldr	p0, [x0, #16, mul vl]
	wrffr	p0.b
	p_part	ldr
	ret

	.global monitor_zero_sve
monitor_zero_sve:
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	mov	z\n\().d, #0
	pfalse	p\n\().b
	.endr
	.irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	mov	z\n\().d, #0
	.endr
	wrffr	p0.b
	ret

	.global monitor_smc
monitor_smc:
	smc	#0
	ret
