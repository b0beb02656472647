// SPDX-License-Identifier: BSD-3-Clause
/*
 * main.c - the EL2 monitor: brings the CPUs up, then does what the mailbox says.
 *
 * The monitor decides nothing about the guest: every exit goes to the host, except a doorbell
 * that came late, the end of a timer's interrupt, and a trap that the monitor has set for itself.
 */
#include "engine/monitor/monitor.h"

#define PSCI_CPU_ON  UINT64_C(0xc4000003)
#define LOOPS_PER_US 125 /* of the spin, as QEMU translates it */

static uint32_t turn(struct mailbox *m)
{
	return __atomic_load_n(&m->turn, __ATOMIC_ACQUIRE);
}

static bool spin(struct mailbox *m)
{
	for (uint32_t n = m->spin * LOOPS_PER_US; n; n--)
		if (turn(m) == MAILBOX_MONITOR)
			return true;
	return false;
}

static bool spin_for_turn(struct cpu *c)
{
	struct mailbox *m = cpu_mailbox(c);
	bool yes;

	if (!spin_is_worth_it(&c->spin))
		return turn(m) == MAILBOX_MONITOR;
	yes = spin(m);
	spin_ended(&c->spin, yes);
	return yes;
}

/* Sleep until something wakes the CPU; a doorbell that did is taken. */
static void sleep_once(struct cpu *c)
{
	struct mailbox *m = cpu_mailbox(c);

	__atomic_store_n(&m->monitor_sleeping, 1, __ATOMIC_RELAXED);
	dmb_ish();
	if (turn(m) != MAILBOX_MONITOR)
		wfi();
	__atomic_store_n(&m->monitor_sleeping, 0, __ATOMIC_RELAXED);
	gic_take_doorbell(c);
}

/* Mostly the host's answer is what wakes the CPU. All else is silenced only if it does come. */
static void sleep_for_turn(struct cpu *c)
{
	struct mailbox *m = cpu_mailbox(c);
	uint64_t start = read_sysreg(cntpct_el0);

	sleep_once(c);
	if (turn(m) != MAILBOX_MONITOR) {
		guest_quiesce(c);
		gic_mask_all_but_doorbell(true);
		while (turn(m) != MAILBOX_MONITOR)
			sleep_once(c);
		gic_mask_all_but_doorbell(false);
	}
	c->spin.slept_short = (read_sysreg(cntpct_el0) - start) * 1000000 <
			      read_sysreg(cntfrq_el0) * m->spin * SPIN_SHORT_SLEEP;
}

static void give_turn(struct cpu *c, uint32_t answer)
{
	struct mailbox *m = cpu_mailbox(c);

	m->answer = answer;
	__atomic_store_n(&m->turn, MAILBOX_HOST, __ATOMIC_RELEASE);
	dmb_ish();
	if (__atomic_load_n(&m->host_sleeping, __ATOMIC_RELAXED))
		gic_ring_host(c);
}

/* A store by a CPU makes QEMU forget what it translated from these bytes; OR with zero is one. */
void monitor_touch(uint64_t pa, uint64_t len)
{
	for (uint64_t end = pa + len; pa < end; pa += 8)
		__asm__ volatile("stset xzr, [%0]" : : "r"(pa) : "memory");
}

static void obey(struct cpu *c)
{
	struct mailbox *m = cpu_mailbox(c);

	switch (m->command) {
	case MAILBOX_RESET:
		guest_reset(c);
		break;
	case MAILBOX_SYSREGS_GET:
		guest_get_sysregs(c);
		break;
	case MAILBOX_SYSREGS_SET:
		guest_set_sysregs(c);
		break;
	case MAILBOX_STATE_GET:
		guest_get_state(c);
		break;
	case MAILBOX_STATE_SET:
		guest_set_state(c);
		break;
	case MAILBOX_SVE_GET:
		sve_get(c);
		break;
	case MAILBOX_SVE_SET:
		sve_set(c);
		break;
	case MAILBOX_DEBUG_GET:
		debug_get(c);
		break;
	case MAILBOX_DEBUG_SET:
		debug_set(c);
		break;
	case MAILBOX_WHOLE_GET:
		guest_get_sysregs(c);
		guest_get_state(c);
		debug_get(c);
		break;
	case MAILBOX_WHOLE_SET:
		guest_set_sysregs(c);
		guest_set_state(c);
		debug_set(c);
		break;
	case MAILBOX_TLBI:
		guest_tlbi(c, m->arg[0]);
		break;
	case MAILBOX_TOUCH:
		monitor_touch(m->arg[0], m->arg[1]);
		break;
	}
}

/* Give the answer, then obey commands until one of them is to run the guest. */
static void serve(struct cpu *c, uint32_t answer)
{
	struct mailbox *m = cpu_mailbox(c);

	for (;;) {
		give_turn(c, answer);
		if (!spin_for_turn(c))
			sleep_for_turn(c);
		if (m->command != MAILBOX_RUN) {
			obey(c);
			answer = MAILBOX_DONE;
		} else if (__atomic_load_n(&m->kick, __ATOMIC_ACQUIRE)) {
			answer = MAILBOX_NOT_RUN;
		} else {
			guest_load(c);
			return;
		}
	}
}

/* Each CPU enters at the image's first byte, which is the window's. */
static void start_cpu(unsigned int i, uint64_t window)
{
	monitor_smc(PSCI_CPU_ON, (i / 16) << 8 | i % 16, window, 0);
}

/* CPU 0 starts the owners of the other doorbell devices; each owner, once its device is there,
 * those that share it. */
void monitor_boot(unsigned int index, struct mailbox *m, uint64_t window)
{
	struct cpu *c = (struct cpu *)((char *)m + MAILBOX_PRIVATE);

	c->index = index;
	c->cpus = m->cpus;
	c->window = window;
	if (index == 0) {
		gic_init_distributor(m->cpus);
		for (unsigned int i = 1; i < m->cpus && i < DOORBELL_DEVICES; i++)
			start_cpu(i, window);
	}
	guest_init(c);
	gic_init_cpu(c);
	gic_init_doorbell(c);
	if (index < DOORBELL_DEVICES)
		for (unsigned int i = index + DOORBELL_DEVICES; i < m->cpus; i += DOORBELL_DEVICES)
			start_cpu(i, window);
	serve(c, MAILBOX_DONE);
}

void monitor_exit(struct mailbox *m, uint32_t exit)
{
	struct cpu *c = (struct cpu *)((char *)m + MAILBOX_PRIVATE);

	if (exit == MAILBOX_IRQ) {
		guest_end_timers(c);
		if (!gic_take_doorbell(c) && !__atomic_load_n(&m->kick, __ATOMIC_ACQUIRE))
			return;
	}
	if (exit == MAILBOX_SYNC && guest_emulate(c))
		return;
	guest_save(c, exit);
	serve(c, exit);
}

void monitor_fault(struct mailbox *m, uint64_t esr, uint64_t far, uint64_t elr)
{
	struct cpu *c = (struct cpu *)((char *)m + MAILBOX_PRIVATE);

	m->frame.esr = esr;
	m->frame.far = far;
	m->frame.pc = elr - c->window;
	give_turn(c, MAILBOX_FAULT);
}
