/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - the Image header, entry of each CPU, and vectors.
 *
 * X18 holds the CPU's number throughout (the C code is compiled with -ffixed-x18).
 */
#include "guest/payload/payload.h"

	.section .text.head, "ax"
	.global _start
_start:
	b	primary
	.long	0
	.quad	0			/* text_offset; image_size follows (payload.ld) */
#define HEAD_SIZE 24

	.section .text.start, "ax"
	.quad	0xa			/* little endian, 4 KiB pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.org	PAYLOAD_PARAMS - HEAD_SIZE
	.global	params
params:
	.quad	PAYLOAD_ALL		/* commands */
	.quad	20			/* ticks */
	.quad	0x09000000		/* uart */
	.quad	0x08000000		/* gicd */
	.quad	0x080a0000		/* gicr */

primary:
	mov	x18, #0
	mov	x20, x1
	mov	x21, x2
	mov	x22, x3
	bl	set_up_cpu
	mov	x0, x20
	mov	x1, x21
	mov	x2, x22
	bl	payload_main
1:	wfi
	b	1b

	/* PSCI CPU_ON: X0 is the context, the CPU's number. */
	.global	secondary_start
secondary_start:
	mov	x18, x0
	bl	set_up_cpu
	mov	x0, x18
	bl	secondary_main
1:	wfi
	b	1b

set_up_cpu:
	msr	daifset, #0xf
	adrp	x0, stacks
	add	x0, x0, #4096
	add	x0, x0, x18, lsl #12
	mov	sp, x0
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el1, x0
	isb
	ret

	.text
	.global	wait_for_interrupt
wait_for_interrupt:
	dsb	sy
	wfi
	.global	take_interrupts
take_interrupts:
	msr	daifclr, #2
	isb
	msr	daifset, #2
	ret

	.macro	unexpected n
	.balign	128
	mov	x0, #\n
	b	bad_exception
	.endm

	.balign	2048
vectors:
	unexpected 0
	unexpected 1
	unexpected 2
	unexpected 3
	unexpected 4
	.balign	128
	b	interrupt
	unexpected 6
	unexpected 7
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	unexpected \n
	.endr

interrupt:
	stp	x0, x1, [sp, #-176]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x29, x30, [sp, #144]
	bl	interrupt_handler
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x29, x30, [sp, #144]
	ldp	x0, x1, [sp], #176
	eret

bad_exception:
	mrs	x1, esr_el1
	orr	x1, x1, x0, lsl #32
	adrp	x0, exception_name
	add	x0, x0, :lo12:exception_name
	bl	fail
exception_name:
	.asciz	"exception"

	.bss
	.balign	4096
stacks:
	.skip	4096 * 64
