/* SPDX-License-Identifier: BSD-3-Clause */
/* start.S - the reset entry, vectors, the SMC instruction, and the way to the kernel. */
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
	.global	smc
smc:
	mov	x9, x0
	ldp	x0, x1, [x9]
	ldp	x2, x3, [x9, #16]
	ldp	x4, x5, [x9, #32]
	ldp	x6, x7, [x9, #48]
	ldr	x8, [x9, #64]
	smc	#0
	stp	x0, x1, [x9]
	stp	x2, x3, [x9, #16]
	stp	x4, x5, [x9, #32]
	stp	x6, x7, [x9, #48]
	str	x8, [x9, #64]
	ret

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
