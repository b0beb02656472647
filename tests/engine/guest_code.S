/* SPDX-License-Identifier: BSD-3-Clause */
/* guest_code.S - small EL1 guests for the tests of the engine, MMU off, position independent. */
#include "tests/engine/guest_code.h"

	.arch armv8.5-a
	.macro at offset
	.org \offset
	.endm

	/* Interrupts through the GIC's CPU interface, vectors, all priorities, group 1. */
	.macro gic_on
	adr	x9, vectors
	msr	vbar_el1, x9
	mov	x9, #7
	msr	icc_sre_el1, x9
	isb
	mov	x9, #0xff
	msr	icc_pmr_el1, x9
	mov	x9, #1
	msr	icc_igrpen1_el1, x9
	isb
	mov	x20, #0
	.endm

	.text
	at GUEST_HVC
1:	hvc	#0
	b	1b

	at GUEST_ADD
1:	add	x0, x0, x1
	add	x0, x0, #1
	hvc	#1
	b	1b

	at GUEST_LOAD
1:	ldr	x1, [x0]
	hvc	#2
	b	1b

	at GUEST_STORE
1:	str	w1, [x0]
	hvc	#3
	b	1b

	at GUEST_SPIN
1:	add	x0, x0, #1
	b	1b

	at GUEST_WFI
1:	wfi
	add	x0, x0, #1
	b	1b

	at GUEST_CALL
1:	blr	x19
	hvc	#4
	b	1b

	at GUEST_IRQ
	gic_on
	hvc	#5
	msr	daifclr, #2
1:	wfi
	b	1b

	at GUEST_TIMER
	mov	x10, x0
	gic_on
	mrs	x2, cntpct_el0
	add	x2, x2, x1
	mov	x3, #1
	cbnz	x10, 2f
	msr	cntv_cval_el0, x2
	msr	cntv_ctl_el0, x3
	b	3f
2:	msr	cntp_cval_el0, x2
	msr	cntp_ctl_el0, x3
3:	isb
	msr	daifclr, #2
	hvc	#6
1:	wfi
	b	1b

	at GUEST_REGS
	fmov	x0, d8
	fmov	x1, d31
	mrs	x2, apiakeylo_el1
	mrs	x3, cntv_ctl_el0
	mrs	x4, cntp_ctl_el0
	mrs	x5, icc_pmr_el1
	mrs	x6, vbar_el1
	hvc	#7

	at GUEST_DIRTY
	mov	x0, #0x55
	fmov	d8, x0
	fmov	d31, x0
	msr	apiakeylo_el1, x0
	msr	icc_pmr_el1, x0
	msr	vbar_el1, xzr
	mov	x1, #3
	msr	cntv_ctl_el0, x1
	msr	cntp_ctl_el0, x1
	adr	x1, vectors
	msr	vbar_el1, x1
	hvc	#8

	at GUEST_CTR
	mrs	x0, ctr_el0
	mov	x9, #2			/* level 2, data */
	msr	csselr_el1, x9
	isb
	mrs	x1, csselr_el1
	mrs	x2, clidr_el1
	mrs	x3, ccsidr_el1
	hvc	#9

	at GUEST_MPIDR
	mrs	x0, mpidr_el1
	hvc	#10
	mrs	x1, mpidr_el1
	hvc	#10

	at GUEST_REARM
	gic_on
1:	mov	x4, x20
	mrs	x2, cntvct_el0
	add	x2, x2, x1
	msr	cntv_cval_el0, x2
	mov	x3, #1
	msr	cntv_ctl_el0, x3
	isb
2:	wfi			/* interrupts are masked: one that comes before it ends it */
	msr	daifclr, #2
	isb
	msr	daifset, #2
	cmp	x4, x20
	b.eq	2b
	b	1b

	/* x2: the OS lock. At EL1: KDE and MDE, or SS; D clear. The
	 * exception is the vector's, with its ESR_EL1. */
	at GUEST_DEBUG
	adr	x9, vectors
	msr	vbar_el1, x9
	msr	oslar_el1, x2
	adr	x9, 2f
	msr	dbgbvr0_el1, x9
	mov	x9, #0x1e7		/* EL1 and EL0, all bytes */
	cmp	x0, #0
	csel	x9, x9, xzr, eq
	msr	dbgbcr0_el1, x9
	adr	x10, vectors
	msr	dbgwvr0_el1, x10
	mov	x9, #0x1fff		/* loads and stores, any of 8 bytes */
	cmp	x0, #1
	csel	x9, x9, xzr, eq
	msr	dbgwcr0_el1, x9
	mrs	x9, mdscr_el1
	orr	x9, x9, #0x8000
	orr	x9, x9, #0x2000
	cmp	x0, #2
	cinc	x9, x9, eq
	msr	mdscr_el1, x9
	isb
	mov	x11, #0x05		/* EL1h; D clear */
	mov	x12, #0x1c5
	orr	x12, x12, #0x200000	/* SS */
	cmp	x0, #2
	csel	x11, x12, x11, eq
	msr	spsr_el1, x11
	adr	x11, 1f
	msr	elr_el1, x11
	eret
1:	nop
	ldr	x11, [x10]
2:	nop
	mrs	x2, oslsr_el1
	mrs	x3, osdlr_el1
	hvc	#0x11			/* nothing has happened */

	at GUEST_VECTORS
vectors:
	/* Synchronous: report by hvc #0xff. */
	.org GUEST_VECTORS + 0x200
	hvc	#0xff
	b	.
	/* IRQ: acknowledge, stop the timers (or with x22: set them that far ahead), end; x20
	 * counts, x21 is the INTID. */
	.org GUEST_VECTORS + 0x280
	mrs	x21, icc_iar1_el1
	cbnz	x22, 1f
	msr	cntv_ctl_el0, xzr
	msr	cntp_ctl_el0, xzr
1:	msr	cntv_tval_el0, x22
	msr	cntp_tval_el0, x22
	isb
	add	x20, x20, #1
	msr	icc_eoir1_el1, x21
	eret

	/* Vectors as long as x0 lets them be: x1 bytes each, all bytes of Z7 w2; hvc #0x12. Then
	 * x3 = the sum of Z7's bytes, x4 = how many elements of P5, x5 of FFR; hvc #0x13. */
	.arch_extension sve
	at GUEST_SVE
	adr	x9, vectors
	msr	vbar_el1, x9
	mrs	x9, cpacr_el1
	orr	x9, x9, #0x30000	/* ZEN */
	msr	cpacr_el1, x9
	isb
	msr	zcr_el1, x0
	isb
	rdvl	x1, #1
	mov	z7.b, w2
	ptrue	p5.b
	setffr
	hvc	#0x12
	ptrue	p0.b
	uaddv	d0, p0, z7.b
	fmov	x3, d0
	cntp	x4, p0, p5.b
	rdffr	p1.b
	cntp	x5, p0, p1.b
	hvc	#0x13

	/* What there is: x1 PMCR_EL0, x2 PMCEID0_EL0, x3 PMCEID1_EL0; hvc #0x14. Cycles of x0
	 * rounds in x4; hvc #0x15; what is counted then in x5; hvc #0x16. */
	at GUEST_PMU
	mrs	x1, pmcr_el0
	mrs	x2, pmceid0_el0
	mrs	x3, pmceid1_el0
	hvc	#0x14
	mov	x10, #0x80000000
	msr	pmcntenset_el0, x10
	mov	x9, #0x45		/* LC, C, E */
	msr	pmcr_el0, x9
	isb
1:	subs	x0, x0, #1
	b.ne	1b
	mrs	x4, pmccntr_el0
	hvc	#0x15
	mrs	x5, pmccntr_el0
	hvc	#0x16
	/* x0 cycles from now on it overflows, which is an interrupt. */
	mov	x10, #0x80000000
	msr	pmintenset_el1, x10
	neg	x0, x0
	msr	pmccntr_el0, x0
1:	b	1b

	at GUEST_PMU_END		/* x1 = what has overflowed, which is done; hvc #0x17 */
	mov	x10, #0xffffffff
	mrs	x1, pmovsset_el0
	msr	pmovsclr_el0, x10
	hvc	#0x17

	/* x1 = PMEVCNTR1 after x0 increments from x1 on; hvc #0x18 */
	at GUEST_PMU_SWINC
	mov	x10, #2
	msr	pmevtyper1_el0, xzr
	msr	pmevcntr1_el0, x1
	msr	pmcntenset_el0, x10
	mov	x9, #0x41
	msr	pmcr_el0, x9
	isb
1:	msr	pmswinc_el0, x10
	subs	x0, x0, #1
	b.ne	1b
	mrs	x1, pmevcntr1_el0
	hvc	#0x18
	mrs	x1, pmevcntr5_el0	/* the last of six */
	hvc	#0x19
	.org GUEST_SIZE
