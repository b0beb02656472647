/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * monitor.h - the EL2 monitor: what its files know of each other.
 *
 * One instance of everything per CPU, nothing shared; the memory is the CPU's half page beside
 * its mailbox. Interrupts stay masked at EL2.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/mailbox.h"
#include "engine/monitor/sysreg.h"
#include "engine/spin.h"

struct cpu {
	unsigned int index, cpus;
	uint64_t window;    /* PA */
	uint64_t rd;	    /* redistributor, its SGI and PPI page */
	uint64_t doorbell;  /* virtio-mmio registers of this CPU's device */
	unsigned int intid; /* by which its doorbell comes */
	struct spin spin;
	/* With CNTPOFF: what the guest's CNTP_CVAL_EL0 and the offset add up to, modulo 2^64. */
	uint64_t cntp_sum;
	uint32_t dlk;	     /* OSDLR_EL1.DLK as the guest has set it */
	uint32_t reported;   /* timer outputs as last reported; their PPIs are disabled */
	bool sve, pmu;	     /* this CPU has it */
	uint32_t pmu_denied; /* ENGINE_PMU_* */
	/* List registers that guest_end_timers emptied; the next exit tells of them. */
	uint64_t ended[ENGINE_NUM_LRS];

	/* What the registers hold now, so that a register is written only when it changes:
	 * writing some of these flushes QEMU's TLB or takes its global lock. */
	struct {
		uint64_t hcr, vttbr, vtcr, vmpidr, vpidr, cntvoff, cntpoff, cnthctl, vsesr, ich_hcr;
		uint64_t cptr, zcr;
		uint64_t lr[ENGINE_NUM_LRS];
	} has;
};

static inline struct mailbox *cpu_mailbox(struct cpu *c)
{
	return (struct mailbox *)((char *)c - MAILBOX_PRIVATE);
}

static inline struct mailbox *mailbox_of(uint64_t window, unsigned int cpu)
{
	return (struct mailbox *)(window + WINDOW_MAILBOXES + (uint64_t)cpu * MAILBOX_SIZE);
}

/* start.S */
void monitor_zero_fp(void); /* V0..V31, FPCR, FPSR */
void monitor_save_fp(uint64_t v[32][2]);
void monitor_load_fp(uint64_t v[32][2], uint64_t kept);
/* SVE with vectors of 2048 bits: 16 of Z from the first one on, P0..P15 with FFR; all zero. */
void monitor_save_z0(void *page);
void monitor_save_z16(void *page);
void monitor_save_p(void *page);
void monitor_load_z0(const void *page);
void monitor_load_z16(const void *page);
void monitor_load_p(const void *page);
void monitor_zero_sve(void);
uint64_t monitor_smc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3);

/* main.c: [pa, pa + len) was rewritten by others: QEMU forgets what it translated from it. */
void monitor_touch(uint64_t pa, uint64_t len);

/* main.c; called by start.S. The first two return when the guest is to be entered from the frame.
 */
void monitor_boot(unsigned int index, struct mailbox *m, uint64_t window);
void monitor_exit(struct mailbox *m, uint32_t exit);
/* The monitor itself took an exception; the CPU stops when this returns. */
void monitor_fault(struct mailbox *m, uint64_t esr, uint64_t far, uint64_t elr);

/* gic.c: the physical GIC and the doorbell */
void gic_init_distributor(unsigned int cpus);
void gic_init_cpu(struct cpu *c);
void gic_init_doorbell(struct cpu *c); /* of the device that the CPU owns, if any */
void gic_ring_host(const struct cpu *c);
/* Takes the doorbell interrupt if it is the pending one; true if another one is. */
bool gic_take_doorbell(const struct cpu *c);
/* While the CPU sleeps at EL2 only the doorbell wakes it. */
void gic_mask_all_but_doorbell(bool mask);
/* Disable the PPIs of the timers (TIMER_*) whose bit is set in `asserted`, enable the others. */
void gic_set_timer_masks(const struct cpu *c, uint32_t asserted);

/* timer.c. The guest's timers have the same numbers, unless its host has given them others. */
#define PPI_VTIMER 27
#define PPI_PTIMER 30

void timers_report(struct cpu *c);
/* The timers, or the counter, are others now: an output that is asserted is told of by an exit,
 * as if none had been. */
void timers_forget(struct cpu *c);
/* The timer (TIMER_*) whose interrupt `intid` is, if its output alone was reported as asserted and
 * the guest has set it anew; or 0. Alone: a host may have swapped the numbers of the two. */
uint32_t timer_set_anew(const struct cpu *c, uint64_t intid);
/* The outputs of these timers have fallen, which is not reported yet: when they rise the guest is
 * left. */
void timers_watch(struct cpu *c, uint32_t timers);
/* The counters' offsets, from the frame. */
void timers_load(struct cpu *c);
/* The physical timer's comparator, in terms of the engine's counter. */
uint64_t timer_cntp(const struct cpu *c);
void timer_set_cntp(struct cpu *c, uint64_t sum);
/* An access to the physical counter or timer, which trap with an offset; false: something else. */
bool timer_emulate(struct cpu *c, uint64_t op, unsigned int rt, bool read);

/* guest.c: the guest's registers */
#define TIMER_VIRTUAL  1u
#define TIMER_PHYSICAL 2u
#define TIMER_PMU      4u /* no timer, but told as they are */

void guest_init(struct cpu *c);
void guest_load(struct cpu *c);
void guest_save(struct cpu *c, uint32_t exit);
/* Empty the list registers of timers that the guest set anew before it ended their interrupt: the
 * host need not look at them, so that is no exit. */
void guest_end_timers(struct cpu *c);
/* Silence what would keep WFI from sleeping; guest_load undoes it. */
void guest_quiesce(struct cpu *c);
/* A trap that the monitor has set for itself: emulate and return true. */
bool guest_emulate(struct cpu *c);
void guest_reset(struct cpu *c);
void guest_get_sysregs(struct cpu *c);
void guest_set_sysregs(struct cpu *c);
void guest_get_state(struct cpu *c);
void guest_set_state(struct cpu *c);
void guest_tlbi(struct cpu *c, uint64_t vttbr);

/* sve.c: vectors; nothing where the CPU has no SVE */
void sve_init(struct cpu *c);
void sve_load(struct cpu *c); /* what the frame says that the guest has */
void sve_reset(struct cpu *c);
void sve_get(struct cpu *c);
void sve_set(struct cpu *c);

/* pmu.c: performance counters; nothing where guests have none */
void pmu_init(struct cpu *c);
void pmu_reset(struct cpu *c);
void pmu_get(struct cpu *c);
void pmu_set(struct cpu *c);
/* The overflow interrupt is. */
bool pmu_asserted(struct cpu *c);
/* False: it is no register of the guest's PMU. */
bool pmu_emulate(struct cpu *c, uint64_t op, unsigned int rt, bool read);

/* debug_regs.c: the mailbox's debug registers */
void debug_init(struct cpu *c);
void debug_get(struct cpu *c);
void debug_set(struct cpu *c);
/* As by a cold reset: the OS lock is set. */
void debug_reset_locks(struct cpu *c);
/* An access to the registers of the locks; false: something else, or the host's business. */
bool debug_emulate(struct cpu *c, uint64_t op, unsigned int rt, bool read);

#endif
