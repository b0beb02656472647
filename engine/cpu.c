// SPDX-License-Identifier: BSD-3-Clause
/*
 * cpu.c - the host's side of the mailbox: commands, runs, spinning and sleeping (mailbox.h tells
 * the protocol).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/schedstat.h"
#include "engine/qemu_parts.h"
#include "engine/starter.h"
#include "machine/pe.h"

#define COUNTER_HZ  62500000 /* CNTFRQ_EL0 of QEMU's CPUs */
#define SPIN_PAUSES 16	     /* between two looks at the clock */
/* How long one sleeps for an answer that is due before one looks whether somebody has stopped QEMU.
 */
#define LOOK_MS	    300

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

uint64_t cpu_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static bool is_lost(const struct engine_cpu *c)
{
	return atomic_load_explicit(&c->engine->lost, memory_order_acquire);
}

static bool answered(const struct engine_cpu *c)
{
	return __atomic_load_n(&c->mailbox->turn, __ATOMIC_SEQ_CST) == MAILBOX_HOST;
}

static void give_turn(struct engine_cpu *c, enum mailbox_command cmd)
{
	struct mailbox *m = c->mailbox;

	m->command = cmd;
	__atomic_store_n(&m->turn, MAILBOX_MONITOR, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&m->monitor_sleeping, __ATOMIC_SEQ_CST))
		doorbell_ring(&c->doorbell);
}

static bool spin(const struct engine_cpu *c)
{
	uint64_t end = cpu_clock() + c->engine->spin * UINT64_C(1000);

	do {
		for (unsigned int i = 0; i < SPIN_PAUSES; i++) {
			if (answered(c))
				return true;
			cpu_relax();
		}
	} while (cpu_clock() < end);
	return false;
}

static bool spin_for_answer(struct engine_cpu *c)
{
	bool yes;

	if (!spin_is_worth_it(&c->spin))
		return answered(c);
	yes = spin(c);
	spin_ended(&c->spin, yes);
	return yes;
}

/* On any thread: make the CPU leave the guest, or not enter it. */
static void poke(void *arg)
{
	struct engine_cpu *c = arg;

	__atomic_store_n(&c->mailbox->kick, 1, __ATOMIC_SEQ_CST);
	doorbell_ring(&c->doorbell);
}

/* Sleep until the CPU rings, the engine is lost, or the PE (if any) is kicked: then true. If `due`,
 * for a while only, and a QEMU that somebody has stopped goes on. */
static bool sleep_for_answer(struct engine_cpu *c, struct pe *pe, bool due)
{
	enum { KICK, LOST, PE, NUM = PE + PE_NUM_POLL };
	struct pollfd p[NUM] = {
		[KICK] = {.fd = c->doorbell.kick, .events = POLLIN},
		[LOST] = {.fd = c->engine->lost_fd, .events = POLLIN},
	};
	uint64_t count;
	int ready;
	ssize_t n;

	if (pe)
		pe_poll_begin(pe, p + PE);
	ready = poll(p, pe ? NUM : PE, due ? LOOK_MS : -1);
	if (ready == 0)
		process_continue(c->engine);
	if (ready <= 0)
		return false;
	if (p[KICK].revents) {
		n = read(p[KICK].fd, &count, sizeof(count));
		(void)n; /* EAGAIN: none */
	}
	return pe && pe_poll_end(pe, p + PE);
}

/* What a wait is for, and what a kick does to it. */
struct wait {
	struct pe *pe; /* or NULL */
	bool is_run;   /* the guest may run for ever; a kick pokes it, and then an answer is due */
	uint64_t overdue; /* when the engine is given up; of a run: from the poke on */
};

static bool give_up(struct engine_cpu *c)
{
	log_error("engine: CPU %u has not answered for %u seconds",
		  (unsigned int)(c - c->engine->cpu), c->engine->patience / 1000);
	engine_set_lost(c->engine);
	return true;
}

static uint64_t from_now(const struct engine_cpu *c)
{
	return cpu_clock() + c->engine->patience * UINT64_C(1000000);
}

/* 0, -EIO (lost) or -EINTR (kicked, and no run). */
static int sleep_until_answered(struct engine_cpu *c, struct wait *w)
{
	bool due = !w->is_run;

	for (;;) {
		__atomic_store_n(&c->mailbox->host_sleeping, 1, __ATOMIC_SEQ_CST);
		if (answered(c))
			return 0;
		if (is_lost(c) || (due && cpu_clock() >= w->overdue && give_up(c)))
			return -EIO;
		if (!sleep_for_answer(c, w->pe, due))
			continue;
		if (!w->is_run)
			return -EINTR;
		/* The kick stays until the owner clears it: look at the PE no more. */
		poke(c);
		w->pe = NULL;
		w->overdue = from_now(c);
		due = true;
	}
}

static int wait_for_answer(struct engine_cpu *c, struct wait *w)
{
	uint64_t start;
	int ret;

	if (spin_for_answer(c))
		return 0;
	start = cpu_clock();
	ret = sleep_until_answered(c, w);
	__atomic_store_n(&c->mailbox->host_sleeping, 0, __ATOMIC_RELAXED);
	c->spin.slept_short =
		cpu_clock() - start < c->engine->spin * (SPIN_SHORT_SLEEP * UINT64_C(1000));
	return ret;
}

static void report_fault(struct engine_cpu *c)
{
	const struct engine_frame *f = &c->mailbox->frame;

	log_error("engine: the monitor of CPU %u failed: esr %#llx far %#llx at %#llx",
		  (unsigned int)(c - c->engine->cpu), (unsigned long long)f->esr,
		  (unsigned long long)f->far, (unsigned long long)f->pc);
	engine_set_lost(c->engine);
}

int cpu_bring_up(struct engine_cpu *c, struct pe *pe)
{
	struct wait w = {.pe = pe};
	int ret;

	if (is_lost(c))
		return -EIO;
	if (c->up)
		return 0;
	if (pe && pe_kicked(pe))
		return -EINTR;
	w.overdue = c->engine->started + c->engine->patience * UINT64_C(1000000);
	ret = wait_for_answer(c, &w);
	if (!ret)
		ret = files_ready(c->engine);
	__atomic_store_n(&c->up, !ret, __ATOMIC_RELAXED);
	return ret;
}

int cpu_command(struct engine_cpu *c, enum mailbox_command cmd, uint64_t arg0, uint64_t arg1)
{
	struct wait w = {.pe = NULL};
	int ret = cpu_bring_up(c, NULL);

	if (ret)
		return ret;
	c->mailbox->arg[0] = arg0;
	c->mailbox->arg[1] = arg1;
	give_turn(c, cmd);
	w.overdue = from_now(c);
	ret = wait_for_answer(c, &w);
	if (ret)
		return ret;
	if (c->mailbox->answer == MAILBOX_DONE)
		return 0;
	report_fault(c);
	return -EIO;
}

static enum engine_exit run_once(struct engine_cpu *c, struct pe *pe)
{
	struct wait w = {.pe = pe, .is_run = true};

	/* A kick that came before pe_enter did not poke. */
	if (pe && pe_kicked(pe))
		return ENGINE_EXIT_NOT_RUN;
	give_turn(c, MAILBOX_RUN);
	if (wait_for_answer(c, &w))
		return ENGINE_EXIT_LOST;
	switch (c->mailbox->answer) {
	case MAILBOX_SYNC:
		return ENGINE_EXIT_SYNC;
	case MAILBOX_IRQ:
		return ENGINE_EXIT_IRQ;
	case MAILBOX_SERROR:
		return ENGINE_EXIT_SERROR;
	case MAILBOX_NOT_RUN:
		return ENGINE_EXIT_NOT_RUN;
	}
	report_fault(c);
	return ENGINE_EXIT_LOST;
}

enum engine_exit cpu_run(struct engine_cpu *c, struct pe *pe)
{
	enum engine_exit exit;

	switch (cpu_bring_up(c, pe)) {
	case -EIO:
		return ENGINE_EXIT_LOST;
	case -EINTR:
		return ENGINE_EXIT_NOT_RUN;
	}
	__atomic_store_n(&c->mailbox->kick, 0, __ATOMIC_SEQ_CST);
	if (pe)
		pe_enter(pe, poke, c);
	exit = run_once(c, pe);
	if (pe) {
		pe_leave(pe);
		if (exit != ENGINE_EXIT_NOT_RUN && exit != ENGINE_EXIT_LOST)
			pe_set_counter(pe, c->mailbox->frame.cntpct, COUNTER_HZ);
	}
	return exit;
}

/* QEMU gives its threads these names (-name debug-threads=on). Where the vCPUs share one, its
 * delay is that of each. */
uint64_t cpu_run_delay(struct engine_cpu *c)
{
	unsigned int index = (unsigned int)(c - c->engine->cpu);
	int pidfd = atomic_load(&c->engine->pidfd);
	char name[16];

	if (!c->up)
		return 0;
	if (!c->schedstat_sought) {
		if (c->engine->one_thread)
			snprintf(name, sizeof(name), "ALL CPUs/TCG");
		else
			snprintf(name, sizeof(name), "CPU %u/TCG", index);
		c->schedstat = starter_open_schedstat(pidfd, 0, name);
		c->schedstat_sought = true;
	}
	return schedstat_delay(c->schedstat);
}
