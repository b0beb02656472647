/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * start.S - the loader's first instructions, and the way from a patched `svc` to loader_call().
 *
 * A program's `svc #0` is replaced by a branch to a stub of its own. The stub looks whether the
 * call is one that may be about realms. If not, it makes the call itself, with every register and
 * the stack as they were: so clone, vfork and rt_sigreturn need no care. Like the kernel, no way
 * through here changes anything but x0.
 */
#include <asm/unistd.h>

#include "loader/loader.h"

	.text

	.globl _start
_start:
	mov	x0, sp
	bl	loader_main
	mov	x17, x0
	mov	x0, xzr
	br	x17

/* In front of the stubs, near enough for their branches. In: x8; x17: where to return. Out: x16. */
	.globl loader_near, loader_near_dispatch, loader_near_end
loader_near:
	lsr	x16, x8, #9
	cbnz	x16, 1f
	ldr	x16, 2f
	ldrb	w16, [x16, x8]
	br	x17
1:	mov	x16, xzr
	br	x17
loader_near_dispatch:
	stp	x16, x17, [sp, #-16]!
	ldr	x16, 3f
	br	x16
	.balign	8
2:	.quad	loader_table
3:	.quad	dispatch
loader_near_end:

/* patch.c sets the branches, by their index. Go's functions keep a word below the stack pointer. */
	.globl loader_stub, loader_stub_end
loader_stub:
	stp	x16, x17, [sp, #-48]!
	adr	x17, 1f
	b	.				/* 2: loader_near */
1:	cbz	x16, 2f
	ldp	x16, x17, [sp], #48
	str	x30, [sp, #-48]!
	bl	.				/* 6: loader_near_dispatch */
	ldr	x30, [sp], #48
	b	.				/* 8: behind the svc */
2:	ldp	x16, x17, [sp], #48
	svc	#0
	b	.				/* 11: behind the svc */
loader_stub_end:

/* The program's x16 and x17 are on the stack. */
dispatch:
	sub	sp, sp, #176
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x18, x30, [sp, #128]
	mrs	x16, nzcv
	str	x16, [sp, #144]
	mov	x0, sp
	ldr	x9, =loader_stacks
	ldr	x9, [x9]
	cbnz	x9, 1f
	bl	loader_call
	b	2f
1:	stp	x19, x20, [sp, #152]
	bl	call_on_a_stack_of_its_own
	ldp	x19, x20, [sp, #152]
2:	str	x0, [sp]
	ldr	x16, [sp, #144]
	msr	nzcv, x16
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x18, x30, [sp, #128]
	add	sp, sp, #176
	ldp	x16, x17, [sp], #16
	ret

/*
 * x0: as loader_call() has it; x9: loader_stacks; x19 and x20 are free. With all stacks in use it
 * waits for one. A handler that runs in the middle takes another.
 */
call_on_a_stack_of_its_own:
	str	x30, [sp, #-16]!
	mov	x19, x0
1:	mov	x10, xzr
	ldr	x11, =loader_stack_used
2:	add	x20, x11, x10
3:	ldaxrb	w12, [x20]
	cbnz	w12, 4f
	mov	w12, #1
	stxrb	w13, w12, [x20]
	cbnz	w13, 3b
	b	5f
4:	clrex
	add	x10, x10, #1
	cmp	x10, #LOADER_STACKS
	b.ne	2b
	mov	x8, #__NR_sched_yield
	svc	#0
	b	1b
5:	add	x10, x10, #1
	mov	x12, #LOADER_STACK_SIZE
	madd	x12, x10, x12, x9
	mov	x0, x19
	mov	x19, sp
	mov	sp, x12
	bl	loader_call
	mov	sp, x19
	stlrb	wzr, [x20]
	ldr	x30, [sp], #16
	ret

	.section .note.GNU-stack, "", %progbits
