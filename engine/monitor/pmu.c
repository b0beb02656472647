// SPDX-License-Identifier: BSD-3-Clause
/*
 * pmu.c - the guest's performance counters: QEMU's own, as many of them as the guest is told of.
 *
 * QEMU counts cycles (nanoseconds of its clock) and software increments; instructions it counts
 * only with -icount, which no engine has. All accesses trap: the guest must find the number of
 * counters that it has, and only those events that count. Nothing counts at EL2.
 *
 * The overflow interrupt is told as the timers' are (timer.c).
 */
#include "engine/monitor/monitor.h"

#define PMCR_E	 UINT64_C(0x1)
#define PMCR_P	 UINT64_C(0x2) /* reset the event counters; reads as zero */
#define PMCR_C	 UINT64_C(0x4) /* reset the cycle counter; the same */
#define PMCR_LC	 UINT64_C(0x40)
#define PMCR_LP	 UINT64_C(0x80)
#define PMCR_ALL UINT64_C(0xff)

#define EVENT_SW_INCR	 0x00
#define EVENT_CPU_CYCLES 0x11
#define SW_INCR		 (UINT64_C(1) << EVENT_SW_INCR)
#define CPU_CYCLES	 (UINT64_C(1) << EVENT_CPU_CYCLES)
#define PMCEID0		 (SW_INCR | CPU_CYCLES)

/* Of an event's type: which one, and where it does not count. */
#define EVTYPER_P     UINT64_C(0x80000000)
#define EVTYPER_U     UINT64_C(0x40000000)
#define EVTYPER_NSK   UINT64_C(0x20000000)
#define EVTYPER_NSU   UINT64_C(0x10000000)
#define EVTYPER_EVENT UINT64_C(0xffff)
#define EVTYPER_ALL   (EVTYPER_P | EVTYPER_U | EVTYPER_EVENT)

#define CYCLES	    31 /* the cycle counter's index */
#define USERENR_ALL UINT64_C(0xf)
#define SELR_ALL    UINT64_C(0x1f)

/* The guest's counters, as bits; the last one counts cycles. */
static uint64_t counters(struct cpu *c)
{
	return UINT64_C(1) << CYCLES | ((UINT64_C(1) << (cpu_mailbox(c)->frame.pmu - 1)) - 1);
}

static bool is_counter(struct cpu *c, unsigned int n)
{
	return counters(c) >> n & 1;
}

void pmu_init(struct cpu *c)
{
	uint64_t mdcr = MDCR_TPM | MDCR_TPMCR | PMCR_N(read_sysreg(pmcr_el0));

	c->pmu = cpu_mailbox(c)->pmu;
	write_sysreg(mdcr_el2, c->pmu ? mdcr | MDCR_HPMD | MDCR_HCCD : mdcr);
	write_sysreg(pmcntenclr_el0, 0xffffffff);
	write_sysreg(pmintenclr_el1, 0xffffffff);
}

/* ---- one counter, by way of PMSELR_EL0, which is the guest's ---- */

static uint64_t get_raw(unsigned int n, bool type)
{
	uint64_t sel = read_sysreg(pmselr_el0), val;

	if (n == CYCLES)
		return type ? read_sysreg(pmccfiltr_el0) : read_sysreg(pmccntr_el0);
	write_sysreg(pmselr_el0, n);
	isb();
	val = type ? read_sysreg(pmxevtyper_el0) : read_sysreg(pmxevcntr_el0);
	write_sysreg(pmselr_el0, sel);
	return val;
}

static void set_raw(unsigned int n, bool type, uint64_t val)
{
	uint64_t sel = read_sysreg(pmselr_el0);

	if (n == CYCLES && type) {
		write_sysreg(pmccfiltr_el0, val);
		return;
	}
	if (n == CYCLES) {
		write_sysreg(pmccntr_el0, val);
		return;
	}
	write_sysreg(pmselr_el0, n);
	isb();
	if (type)
		write_sysreg(pmxevtyper_el0, val);
	else
		write_sysreg(pmxevcntr_el0, val);
	write_sysreg(pmselr_el0, sel);
}

static bool is_denied(const struct cpu *c, unsigned int n, uint64_t type)
{
	return (c->pmu_denied & ENGINE_PMU_NO_CYCLES) &&
	       (n == CYCLES || (type & EVTYPER_EVENT) == EVENT_CPU_CYCLES);
}

/* What is denied counts nowhere; what the guest has said stays in bits that QEMU does not look at
 * without EL3. */
static uint64_t get_counter(const struct cpu *c, unsigned int n, bool type)
{
	uint64_t val = get_raw(n, type);

	if (!type || !is_denied(c, n, val))
		return val;
	return (val & EVTYPER_EVENT) | (val & EVTYPER_NSK ? EVTYPER_P : 0) |
	       (val & EVTYPER_NSU ? EVTYPER_U : 0);
}

static void set_counter(const struct cpu *c, unsigned int n, bool type, uint64_t val)
{
	if (type)
		val &= n == CYCLES ? EVTYPER_P | EVTYPER_U : EVTYPER_ALL;
	if (type && is_denied(c, n, val))
		val = (val & EVTYPER_EVENT) | EVTYPER_P | EVTYPER_U |
		      (val & EVTYPER_P ? EVTYPER_NSK : 0) | (val & EVTYPER_U ? EVTYPER_NSU : 0);
	set_raw(n, type, val);
}

/* ---- accesses of the guest ---- */

/* QEMU would look whether the event counts here, at EL2. */
static void increment(struct cpu *c, unsigned int n)
{
	uint64_t type = get_counter(c, n, true), pmcr = read_sysreg(pmcr_el0), val;
	bool el0 = !(cpu_mailbox(c)->frame.pstate & PSTATE_MODE);

	if (!(pmcr & PMCR_E) || !(read_sysreg(pmcntenset_el0) >> n & 1) ||
	    (type & EVTYPER_EVENT) != EVENT_SW_INCR || (type & (el0 ? EVTYPER_U : EVTYPER_P)))
		return;
	val = get_counter(c, n, false) + 1;
	set_counter(c, n, false, val);
	if (!(pmcr & PMCR_LP ? val : (uint32_t)val))
		write_sysreg(pmovsset_el0, UINT64_C(1) << n);
}

/* PMEVCNTR<n>, PMEVTYPER<n>, PMCCFILTR, and by way of PMSELR. */
static bool find_counter(struct cpu *c, uint64_t op, unsigned int *n, bool *type)
{
	unsigned int crm = op >> 1 & 0xf, op2 = op >> 17 & 7;

	if (op == ESR_SYSREG(3, 3, 9, 13, 1) || op == ESR_SYSREG(3, 3, 9, 13, 2)) {
		*n = read_sysreg(pmselr_el0) & SELR_ALL;
		*type = op2 == 1;
		return is_counter(c, *n);
	}
	if ((op & ~UINT64_C(0xe001e)) != ESR_SYSREG(3, 3, 14, 0, 0) || crm < 8)
		return false;
	*n = (crm & 3) << 3 | op2;
	*type = crm & 4;
	return is_counter(c, *n) && (*type || *n != CYCLES);
}

static bool read_pmu(struct cpu *c, uint64_t op, uint64_t *val)
{
	unsigned int n;
	bool type;

	switch (op) {
	case ESR_SYSREG(3, 3, 9, 12, 0):
		*val = (read_sysreg(pmcr_el0) & (PMCR_ALL & ~(PMCR_P | PMCR_C))) |
		       (uint64_t)(cpu_mailbox(c)->frame.pmu - 1) << PMCR_N_SHIFT;
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 1): /* PMCNTENSET_EL0, PMCNTENCLR_EL0 */
	case ESR_SYSREG(3, 3, 9, 12, 2):
		*val = read_sysreg(pmcntenset_el0);
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 3): /* PMOVSCLR_EL0, PMOVSSET_EL0 */
	case ESR_SYSREG(3, 3, 9, 14, 3):
		*val = read_sysreg(pmovsset_el0);
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 5):
		*val = read_sysreg(pmselr_el0);
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 6): /* PMCEID0_EL0, PMCEID1_EL0, PMMIR_EL1 */
		*val = PMCEID0 & ~(c->pmu_denied & ENGINE_PMU_NO_SW_INCR ? SW_INCR : 0) &
		       ~(c->pmu_denied & ENGINE_PMU_NO_CYCLES ? CPU_CYCLES : 0);
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 7):
	case ESR_SYSREG(3, 0, 9, 14, 6):
		*val = 0;
		return true;
	case ESR_SYSREG(3, 3, 9, 13, 0):
		*val = read_sysreg(pmccntr_el0);
		return true;
	case ESR_SYSREG(3, 3, 9, 14, 0):
		*val = read_sysreg(pmuserenr_el0);
		return true;
	case ESR_SYSREG(3, 0, 9, 14, 1): /* PMINTENSET_EL1, PMINTENCLR_EL1 */
	case ESR_SYSREG(3, 0, 9, 14, 2):
		*val = read_sysreg(pmintenset_el1);
		return true;
	}
	if (!find_counter(c, op, &n, &type))
		return false;
	*val = get_counter(c, n, type);
	return true;
}

static bool write_pmu(struct cpu *c, uint64_t op, uint64_t val)
{
	unsigned int n;
	bool type;

	switch (op) {
	case ESR_SYSREG(3, 3, 9, 12, 0):
		write_sysreg(pmcr_el0, (val & PMCR_ALL) | PMCR_LC);
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 1):
		write_sysreg(pmcntenset_el0, val & counters(c));
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 2):
		write_sysreg(pmcntenclr_el0, val & counters(c));
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 3):
		write_sysreg(pmovsclr_el0, val & counters(c));
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 4): /* PMSWINC_EL0 */
		for (n = 0; n < CYCLES; n++)
			if (val & counters(c) & UINT64_C(1) << n)
				increment(c, n);
		return true;
	case ESR_SYSREG(3, 3, 9, 12, 5):
		write_sysreg(pmselr_el0, val & SELR_ALL);
		return true;
	case ESR_SYSREG(3, 3, 9, 13, 0):
		write_sysreg(pmccntr_el0, val);
		return true;
	case ESR_SYSREG(3, 3, 9, 14, 0):
		write_sysreg(pmuserenr_el0, val & USERENR_ALL);
		return true;
	case ESR_SYSREG(3, 3, 9, 14, 3):
		write_sysreg(pmovsset_el0, val & counters(c));
		return true;
	case ESR_SYSREG(3, 0, 9, 14, 1):
		write_sysreg(pmintenset_el1, val & counters(c));
		return true;
	case ESR_SYSREG(3, 0, 9, 14, 2):
		write_sysreg(pmintenclr_el1, val & counters(c));
		return true;
	}
	if (!find_counter(c, op, &n, &type))
		return false;
	set_counter(c, n, type, val);
	return true;
}

bool pmu_emulate(struct cpu *c, uint64_t op, unsigned int rt, bool read)
{
	struct engine_frame *f = &cpu_mailbox(c)->frame;
	uint64_t val = 0;

	if (!c->pmu || !f->pmu || f->pmu - 1 > ENGINE_NUM_COUNTERS)
		return false;
	if (!read)
		return write_pmu(c, op, rt == 31 ? 0 : f->x[rt]);
	if (!read_pmu(c, op, &val))
		return false;
	if (rt != 31)
		f->x[rt] = val;
	return true;
}

bool pmu_asserted(struct cpu *c)
{
	return c->pmu && cpu_mailbox(c)->frame.pmu && (read_sysreg(pmcr_el0) & PMCR_E) &&
	       (read_sysreg(pmovsset_el0) & read_sysreg(pmintenset_el1));
}

/* ---- all of it ---- */

void pmu_get(struct cpu *c)
{
	struct engine_pmu *p = &cpu_mailbox(c)->state.pmu;

	if (!c->pmu)
		return;
	p->denied = c->pmu_denied;
	p->pmcr = read_sysreg(pmcr_el0) & (PMCR_ALL & ~(PMCR_P | PMCR_C));
	p->cntenset = read_sysreg(pmcntenset_el0);
	p->intenset = read_sysreg(pmintenset_el1);
	p->ovsset = read_sysreg(pmovsset_el0);
	p->selr = read_sysreg(pmselr_el0);
	p->userenr = read_sysreg(pmuserenr_el0);
	p->ccntr = read_sysreg(pmccntr_el0);
	p->ccfiltr = get_counter(c, CYCLES, true);
	for (unsigned int n = 0; n < ENGINE_NUM_COUNTERS; n++) {
		p->evcntr[n] = get_counter(c, n, false);
		p->evtyper[n] = get_counter(c, n, true);
	}
}

/* Stopped meanwhile, or a counter would run on from where it is set. */
void pmu_set(struct cpu *c)
{
	const struct engine_pmu *p = &cpu_mailbox(c)->state.pmu;

	if (!c->pmu)
		return;
	c->pmu_denied = (uint32_t)p->denied;
	write_sysreg(pmcr_el0, PMCR_LC);
	write_sysreg(pmcntenclr_el0, 0xffffffff);
	write_sysreg(pmintenclr_el1, 0xffffffff);
	for (unsigned int n = 0; n < ENGINE_NUM_COUNTERS; n++) {
		set_counter(c, n, true, p->evtyper[n]);
		set_counter(c, n, false, p->evcntr[n]);
	}
	set_counter(c, CYCLES, true, p->ccfiltr);
	set_counter(c, CYCLES, false, p->ccntr);
	write_sysreg(pmovsclr_el0, 0xffffffff);
	write_sysreg(pmovsset_el0, p->ovsset);
	write_sysreg(pmselr_el0, p->selr & SELR_ALL);
	write_sysreg(pmuserenr_el0, p->userenr & USERENR_ALL);
	write_sysreg(pmcntenset_el0, p->cntenset);
	write_sysreg(pmintenset_el1, p->intenset);
	write_sysreg(pmcr_el0, (p->pmcr & (PMCR_ALL & ~(PMCR_P | PMCR_C))) | PMCR_LC);
}

void pmu_reset(struct cpu *c)
{
	volatile uint64_t *p = (uint64_t *)&cpu_mailbox(c)->state.pmu;

	for (unsigned int i = 0; i < sizeof(struct engine_pmu) / sizeof(*p); i++)
		p[i] = 0; /* there is no memset here */
	pmu_set(c);
}
