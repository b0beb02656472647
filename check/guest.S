/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guest.S - what a check runs inside a realm: an interpreter of a script of 64-byte operations.
 *
 * Position independent; one page. Entered at offset 0 on every CPU with x0 = address of the
 * script (the VMM sets it for vCPU 0, PSCI CPU_ON's context for others), MMU off. Each result
 * leaves as an 8-byte store to REPORT, which no memslot backs: KVM_EXIT_MMIO. script.h has the
 * operations. An exception reports EXCEPTION | ESR_EL1 and goes on behind the instruction.
 */
#include "check/script.h"

	.arch	armv8-a
	.text
	.globl	_start
_start:
	mov	x19, x0
	ldr	x28, =SCRIPT_REPORT_IPA
	adr	x1, vectors
	msr	vbar_el1, x1
	isb
next:
	ldr	x20, [x19]
	ldp	x0, x1, [x19, #8]
	ldp	x2, x3, [x19, #24]
	ldp	x4, x5, [x19, #40]
	ldr	x6, [x19, #56]
	add	x19, x19, #64
	adr	x21, table
	cmp	x20, #SCRIPT_OPS
	b.hs	.
	ldrsw	x22, [x21, x20, lsl #2]
	add	x21, x21, x22
	br	x21
	.balign	4
table:
	.word	op_end - table
	.word	op_smc - table
	.word	op_read - table
	.word	op_write - table
	.word	op_report - table
	.word	op_wfi - table
	.word	op_call - table
	.word	op_hvc - table
	.word	op_mpidr - table

op_end:
	b	.
op_smc:
	smc	#0
	str	x0, [x28]
	str	x1, [x28]
	str	x2, [x28]
	str	x3, [x28]
	b	next
op_report:
	str	x0, [x28]
	b	next
op_wfi:
	wfi
	b	op_wfi
op_call:
	blr	x0
	str	x0, [x28]
	b	next
op_hvc:
	hvc	#0
	b	next
op_mpidr:
	mrs	x0, mpidr_el1
	str	x0, [x28]
	b	next
	/* x0 address, x1 width code */
op_read:
	mov	x2, x0
	mov	x0, #-1
	adr	x3, 1f
	add	x3, x3, x1, lsl #3
	br	x3
1:	ldrb	w0, [x2]
	b	2f
	ldrh	w0, [x2]
	b	2f
	ldr	w0, [x2]
	b	2f
	ldr	x0, [x2]
	b	2f
	ldrsb	x0, [x2]
	b	2f
	ldrsh	x0, [x2]
	b	2f
	ldrsw	x0, [x2]
	b	2f
	ldrsb	w0, [x2]
	b	2f
	ldp	x0, x4, [x2]
	b	2f
2:	str	x0, [x28]
	b	next
	/* x0 address, x1 width code, x2 value */
op_write:
	adr	x3, 1f
	add	x3, x3, x1, lsl #3
	br	x3
1:	strb	w2, [x0]
	b	next
	strh	w2, [x0]
	b	next
	str	w2, [x0]
	b	next
	str	x2, [x0]
	b	next

exception:
	mrs	x24, esr_el1
	movz	x25, #(SCRIPT_EXCEPTION >> 48), lsl #48
	orr	x24, x24, x25
	str	x24, [x28]
	mrs	x24, elr_el1
	add	x24, x24, #4
	msr	elr_el1, x24
	eret
	.ltorg
	.balign	2048
vectors:
	.rept	16
	.balign	128
	b	exception
	.endr
	.balign	4096
