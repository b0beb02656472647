// SPDX-License-Identifier: BSD-3-Clause
/* interrupt.c - the GICv3, both timers, and SGIs. */
#include "guest/payload/internal.h"

#define GICD_CTLR	   0x0000
#define GICD_CTLR_ARE_GRP1 0x12
#define GICR_STRIDE	   0x20000
#define GICR_WAKER	   0x14
#define GICR_IGROUPR0	   0x10080
#define GICR_ISENABLER0	   0x10100
#define GICR_IPRIORITYR	   0x10400

#define INTID_SGI    1
#define INTID_VTIMER 27
#define INTID_PTIMER 30
#define INTID_NONE   1020

#define VIRT_PERIOD_US 1000
#define PHYS_PERIOD_US 1300

struct interrupts interrupts[MAX_CPUS];

static unsigned int this_cpu(void)
{
	uint64_t n;

	__asm__("mov %0, x18" : "=r"(n));
	return n;
}

/* The host can emulate a plain register access only: no writeback, no pairs. */
static void write32(uint64_t addr, uint32_t val)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(val), "r"(addr) : "memory");
}

static uint32_t read32(uint64_t addr)
{
	uint32_t val;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(val) : "r"(addr) : "memory");
	return val;
}

void interrupts_init_distributor(void)
{
	write32(params.gicd + GICD_CTLR, GICD_CTLR_ARE_GRP1);
}

void interrupts_init_cpu(unsigned int cpu)
{
	uint64_t rd = params.gicr + cpu * GICR_STRIDE;

	write32(rd + GICR_WAKER, 0);
	while (read32(rd + GICR_WAKER) & 4)
		;
	write32(rd + GICR_IGROUPR0, ~0u);
	for (unsigned int i = 0; i < 32; i += 4)
		write32(rd + GICR_IPRIORITYR + i, 0xa0a0a0a0);
	write32(rd + GICR_ISENABLER0, 1u << INTID_SGI | 1u << INTID_VTIMER | 1u << INTID_PTIMER);
	write_sysreg(icc_sre_el1, 7);
	isb();
	write_sysreg(icc_pmr_el1, 0xff);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
}

void sgi_send(unsigned int cpu)
{
	dsb();
	write_sysreg(icc_sgi1r_el1,
		     (uint64_t)INTID_SGI << 24 | cpu_aff1(cpu) << 16 | 1u << cpu_aff0(cpu));
	isb();
}

static void arm_virt(uint64_t period)
{
	if (period)
		write_sysreg(cntv_cval_el0, read_sysreg(cntvct_el0) + period);
	write_sysreg(cntv_ctl_el0, period ? 1 : 0);
}

static void arm_phys(uint64_t period)
{
	if (period)
		write_sysreg(cntp_cval_el0, read_sysreg(cntpct_el0) + period);
	write_sysreg(cntp_ctl_el0, period ? 1 : 0);
}

void interrupt_handler(void)
{
	struct interrupts *it = &interrupts[this_cpu()];
	uint64_t id = read_sysreg(icc_iar1_el1);

	if (id >= INTID_NONE)
		return;
	switch (id) {
	case INTID_SGI:
		it->sgi++;
		break;
	case INTID_VTIMER:
		it->virt++;
		arm_virt(it->virt < it->virt_end ? it->virt_period : 0);
		break;
	case INTID_PTIMER:
		it->phys++;
		arm_phys(it->phys < it->phys_end ? it->phys_period : 0);
		break;
	default:
		it->other++;
	}
	isb();
	write_sysreg(icc_eoir1_el1, id);
}

static uint64_t microseconds(uint64_t us)
{
	return read_sysreg(cntfrq_el0) * us / 1000000;
}

/* The handler stops a timer at its last interrupt: on a busy machine one more would come before
 * anybody else could. */
void timers_run(unsigned int cpu, uint64_t virt_ticks, uint64_t phys_ticks, bool busy)
{
	volatile struct interrupts *it = &interrupts[cpu];

	it->virt_end = it->virt + virt_ticks;
	it->phys_end = it->phys + phys_ticks;
	it->virt_period = microseconds(VIRT_PERIOD_US);
	it->phys_period = microseconds(PHYS_PERIOD_US);
	arm_virt(virt_ticks ? it->virt_period : 0);
	arm_phys(phys_ticks ? it->phys_period : 0);
	isb();
	while (it->virt < it->virt_end || it->phys < it->phys_end) {
		if (busy) {
			for (volatile unsigned int n = 0; n < 1000; n++)
				;
			take_interrupts();
		} else {
			wait_for_interrupt();
		}
	}
	if (it->other)
		fail("interrupt", it->other);
}
