/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ordinary.S - what the vCPUs of test_ordinary.c run; each program begins at an offset of its own.
 * x20 is the device's address, x21 memory.
 */
#define UART 0x09000000
#define DATA 0x80100000

	.text
	.global _start
_start:
	.org 0x000	/* memory, EL1 registers, a store and a load of the device */
	mov	x20, #UART
	ldr	x21, =DATA
	mov	x1, #42
	str	x1, [x21]
	ldr	x2, [x21]
	msr	tpidr_el1, x2
	str	w2, [x20]
	ldrsb	x3, [x20, #1]
	str	x3, [x20, #8]
	b	off

	.org 0x100	/* the other CPU is started, and answers */
	mov	x20, #UART
	ldr	x21, =DATA
	ldr	x0, =0xc4000003
	mov	x1, #1
	ldr	x2, =0x80000180
	mov	x3, #7
	hvc	#0
	str	w0, [x20]
1:	ldar	x4, [x21]
	cbz	x4, 1b
	str	w4, [x20, #4]
	b	off

	.org 0x180
	ldr	x21, =DATA
	stlr	x0, [x21]
2:	wfi
	b	2b

	.org 0x200	/* x0 pages are written, again after each answer of the device */
	mov	x20, #UART
3:	ldr	x21, =DATA
	mov	x1, x0
4:	str	x1, [x21]
	add	x21, x21, #4096
	subs	x1, x1, #1
	b.ne	4b
	ldr	w2, [x20]
	b	3b

	.org 0x280	/* the fields of ID_AA64DFR0_EL1 and MPIDR_EL1 */
	mov	x20, #UART
	mrs	x1, id_aa64dfr0_el1
	str	x1, [x20]
	mrs	x1, mpidr_el1
	str	x1, [x20]
	b	off

	.org 0x300	/* an access that no syndrome describes */
	mov	x20, #UART
	ldp	x1, x2, [x20]
	b	off

	.org 0x380	/* no memory where the instructions should be: the vector tells */
	ldr	x0, =0x80000800
	msr	vbar_el1, x0
	isb
	mov	x1, #UART
	br	x1

	.org 0x400	/* spins until it is stopped */
5:	b	5b

	.org 0x480	/* code that the VMM writes is run, twice */
	mov	x20, #UART
	ldr	x21, =DATA
6:	ic	ivau, x21
	dsb	ish
	isb
	blr	x21
	str	w1, [x20]
	b	6b
	.ltorg

	.org 0x500	/* to be stepped over: trap, device, memory, call, branch; x10 times */
	mov	x20, #UART
	ldr	x21, =DATA
	mov	x11, #0
7:	add	x11, x11, #1
	mrs	x3, id_aa64dfr0_el1
	str	w11, [x20]
	str	x11, [x21]
	ldr	x4, [x21]
	ldr	w0, =0x84000000
	hvc	#0
	subs	x10, x10, #1
	b.ne	7b
	b	off
	.ltorg

	.org 0x580	/* a breakpoint instruction, of user space or of the guest */
	ldr	x0, =0x80000800
	msr	vbar_el1, x0
	isb
	brk	#5
	b	off
	.ltorg

	.org 0x600	/* the guest sets a watchpoint of its own at x21 and runs into it */
	ldr	x0, =0x80000800
	msr	vbar_el1, x0
	ldr	x21, =DATA
	msr	oslar_el1, xzr
	msr	dbgwvr1_el1, x21
	ldr	x0, =0x1ffb
	msr	dbgwcr1_el1, x0
	mov	x0, #0xa000
	msr	mdscr_el1, x0
	msr	daifclr, #8
	isb
	mov	x20, #UART
	mrs	x1, dbgwvr1_el1
	str	x1, [x20]
	str	x1, [x21]
	b	off
	.ltorg

	.org 0x680	/* SErrors are let through */
	mov	x20, #UART
	ldr	x0, =0x80000800
	msr	vbar_el1, x0
	str	w0, [x20]
	msr	daifclr, #4
	isb
	str	w0, [x20, #4]
	b	off
	.ltorg

	.org 0x700	/* both counters and the physical timer's comparator */
	mov	x20, #UART
	mrs	x1, cntpct_el0
	str	x1, [x20]
	mrs	x1, cntvct_el0
	str	x1, [x20]
	mrs	x1, cntp_cval_el0
	str	x1, [x20]
	mov	x1, #1000
	msr	cntp_tval_el0, x1
	mrs	x1, cntp_cval_el0
	str	x1, [x20]
	msr	cntp_cval_el0, x2
	mov	x1, #1
	msr	cntp_ctl_el0, x1
8:	mrs	x1, cntp_ctl_el0
	tbz	x1, #2, 8b
	mrs	x1, cntpct_el0
	str	x1, [x20]
	b	off

	.org 0x780	/* pages are written at random: x1 is the seed, x9 where in a page */
	ldr	x21, =DATA
	ldr	x2, =0x5851f42d4c957f2d
	mov	x6, #256
9:	mul	x1, x1, x2
	add	x1, x1, #1
	lsr	x4, x1, #40
	udiv	x5, x4, x6
	msub	x4, x5, x6, x4
	add	x4, x21, x4, lsl #12
	str	x1, [x4, x9]
	b	9b
	.ltorg

off:	ldr	x0, =0x84000008
	hvc	#0
	.ltorg

	.org 0xa00	/* the vector of a synchronous exception from EL1h */
	mov	x20, #UART
	mrs	x1, esr_el1
	str	x1, [x20]
	mrs	x1, far_el1
	str	x1, [x20]
	b	off

	.org 0xb80	/* of an SError */
	mov	x20, #UART
	mrs	x1, esr_el1
	str	x1, [x20]
	b	off

	.org 0xc00	/* who the CPU is */
	mov	x20, #UART
	mrs	x1, midr_el1
	str	x1, [x20]
	mrs	x1, revidr_el1
	str	x1, [x20]
	mrs	x1, aidr_el1
	str	x1, [x20]
	mrs	x1, ctr_el0
	str	x1, [x20]
	mrs	x1, clidr_el1
	str	x1, [x20]
	mrs	x1, mpidr_el1
	str	x1, [x20]
	mrs	x1, id_aa64pfr0_el1
	str	x1, [x20]
	b	off

	.org 0xc80	/* the CPU interface of a GIC */
	mov	x1, #1
	msr	S3_0_C12_C12_7, x1
	b	off

	.org 0xd00	/* a load that extends the sign, and a store of what it has loaded */
	mov	x20, #UART
	ldrsh	x1, [x20, #2]
	str	x1, [x20]
	str	w1, [x20]
	b	off

	.org 0xd40	/* x0 goes to memory at x21, and the device is told what is there */
	mov	x20, #UART
12:	str	x0, [x21]
	ldr	x1, [x21]
	str	x1, [x20]
	b	12b

	.org 0xd80	/* a load at x21, by the guest's tables */
	mov	x20, #UART
	ldr	x1, [x21]
	str	x1, [x20]
	b	off

	.org 0xe00	/* both timers, again and again */
	mov	x20, #UART
10:	mrs	x1, cntp_ctl_el0
	str	x1, [x20]
	mrs	x1, cntp_cval_el0
	str	x1, [x20]
	b	10b

	.org 0xe80	/* an interrupt that is pending, again and again */
	mov	x20, #UART
	mov	x1, #0xff
	msr	S3_0_C4_C6_0, x1	/* ICC_PMR_EL1, ICC_IGRPEN1_EL1 */
	mov	x1, #1
	msr	S3_0_C12_C12_7, x1
	isb
11:	str	wzr, [x20, #4]
	mrs	x1, isr_el1
	str	x1, [x20]
	b	11b

	.org 0xf00	/* vectors: their length, what SVE is, Z4 = 2 * Z3 by bytes */
	.arch_extension sve
	mov	x20, #UART
	mov	x1, #0x330000	/* CPACR_EL1: FPEN, ZEN */
	msr	cpacr_el1, x1
	isb
	rdvl	x1, #1
	str	x1, [x20]
	mrs	x1, id_aa64pfr0_el1
	str	x1, [x20]
	mrs	x1, S3_0_C0_C4_4	/* ID_AA64ZFR0_EL1 */
	str	x1, [x20]
	add	z4.b, z3.b, z3.b
	b	off

	.org 0xf80	/* the call in x0 and x1, and what it has answered, again and again */
	mov	x20, #UART
12:	hvc	#0
	str	x0, [x20]
	b	12b

	/* test_ordinary_both.c: a realm and an ordinary VM over the same user memory. x20 is the
	 * device, x21 a page that stays shared, x22 one that is converted. */
	.org 0x1000	/* the realm */
	ldr	x20, =0x109000000
	ldr	x21, =0x180003000
	ldr	x22, =0x180200000
	ldr	x23, =0x80200000	/* the same, private */
	ldr	x1, [x21]
	str	x1, [x20]
	mov	x1, #78
	str	x1, [x21, #8]
	str	x1, [x23]
	str	x1, [x20]
	ldr	x1, [x22]
	str	x1, [x20]
	mov	x1, #56
	str	x1, [x22]
	str	x1, [x20]
	ldr	x1, [x23, #4096]
	str	x1, [x20]
13:	ldr	x1, [x21, #16]		/* until the other has counted so far */
	cmp	x1, #1000
	b.lo	13b
	str	x1, [x20]
	ldr	x0, =0x84000008
	smc	#0
	.ltorg

	.org 0x1100	/* the other */
	ldr	x20, =0x0a000000
	ldr	x21, =0xc0003000
	ldr	x22, =0xc0200000
	mov	x1, #77
	str	x1, [x21]
	str	x1, [x20]
	ldr	x1, [x21, #8]
	str	x1, [x20]
	ldr	x1, [x22]
	str	x1, [x20]
	mov	x1, #55
	str	x1, [x22]
	str	x1, [x20]
	ldr	x1, [x22]
	str	x1, [x20]
	ldr	x1, [x22]
	str	x1, [x20]
	mov	x1, #0
14:	add	x1, x1, #1
	str	x1, [x21, #16]
	b	14b
	.ltorg

	.org 0x1180	/* what the PMU has; then an overflow's interrupt, and its end */
	mov	x20, #UART
	mrs	x1, pmcr_el0
	str	x1, [x20]
	ldr	x2, =0x08000000
	mov	w1, #0x12		/* GICD_CTLR: affinity routing, group 1 */
	str	w1, [x2]
	ldr	x2, =0x080b0000
	mov	w1, #0xffffffff
	str	w1, [x2, #0x80]		/* GICR_IGROUPR0 */
	mov	w1, #1 << 23
	str	w1, [x2, #0x100]	/* GICR_ISENABLER0 */
	mov	x1, #0xff
	msr	S3_0_C4_C6_0, x1
	mov	x1, #1
	msr	S3_0_C12_C12_7, x1
	mov	x1, #0x80000000
	msr	pmcntenset_el0, x1
	msr	pmintenset_el1, x1
	ldr	x2, =-2000000
	msr	pmccntr_el0, x2
	mov	x2, #0x41
	msr	pmcr_el0, x2
15:	mrs	x2, isr_el1
	cbz	x2, 15b
	mrs	x3, S3_0_C12_C12_0	/* ICC_IAR1_EL1 */
	str	x3, [x20]
	msr	pmovsclr_el0, x1
	msr	S3_0_C12_C12_1, x3	/* ICC_EOIR1_EL1 */
	str	x3, [x20]
	mrs	x2, isr_el1
	str	x2, [x20]
	mrs	x1, pmccntr_el0
	str	x1, [x20]
	b	off
	.ltorg

	.org 0x1300	/* a timer fires; the next program tells what comes of it */
	mov	x1, #1
	msr	cntv_cval_el0, xzr
	msr	cntv_ctl_el0, x1
	isb
	b	16f

	.org 0x1340	/* which interrupts are pending, as soon as one is, and when none is */
16:	mov	x20, #UART
17:	mrs	x2, isr_el1
	cbz	x2, 17b
	msr	cntv_ctl_el0, xzr
	isb
	str	x2, [x20]
18:	mrs	x2, isr_el1
	cbnz	x2, 18b
	str	x2, [x20]
	b	off
	.ltorg
