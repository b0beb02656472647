/* SPDX-License-Identifier: BSD-3-Clause */
/* start.S - the reset entry, vectors, and the way to the kernel. */
	.section .text.head, "ax"
	.global _start
_start:
	b	1f
	.balign	64
1:	msr	daifset, #0xf
	mov	x20, x0
	adrp	x0, stack
	add	x0, x0, #4096 * 4
	mov	sp, x0
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el1, x0
	isb
	mov	x0, x20
	bl	firmware_main
2:	wfi
	b	2b

	.text
	.global	start_kernel
start_kernel:
	mov	x4, x1
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	br	x4

	.balign	2048
vectors:
	.rept	16
	.balign	128
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	b	bad_exception
	.endr

	.bss
	.balign	4096
stack:
	.skip	4096 * 4
