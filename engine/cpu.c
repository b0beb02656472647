// SPDX-License-Identifier: BSD-3-Clause
/*
 * cpu.c - the host's side of the mailbox: commands, runs, spinning and sleeping (mailbox.h tells
 * the protocol).
 */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/qemu_parts.h"
#include "machine/pe.h"

#define SPIN_PAUSES 16	/* between two looks at the clock */
#define PATIENCE_MS 300 /* with a CPU that has no guest to run; then QEMU may have been stopped */

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static uint64_t now_ns(void)
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
	uint64_t end = now_ns() + c->engine->spin * UINT64_C(1000);

	do {
		for (unsigned int i = 0; i < SPIN_PAUSES; i++) {
			if (answered(c))
				return true;
			cpu_relax();
		}
	} while (now_ns() < end);
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

/* Sleep until the CPU rings, the engine is lost, or the PE is kicked; then
 * poke, and look at the PE no more (its kick stays until the owner clears it). Where an answer is
 * due soon a QEMU that somebody has stopped goes on: who waits here cannot be interrupted. */
static void sleep_for_answer(struct engine_cpu *c, struct pe **pe)
{
	enum { KICK, LOST, PE, NUM = PE + PE_NUM_POLL };
	struct pollfd p[NUM] = {
		[KICK] = {.fd = c->doorbell.kick, .events = POLLIN},
		[LOST] = {.fd = c->engine->lost_fd, .events = POLLIN},
	};
	uint64_t count;
	int ready;
	ssize_t n;

	if (*pe)
		pe_poll_begin(*pe, p + PE);
	ready = poll(p, *pe ? NUM : PE, *pe ? -1 : PATIENCE_MS);
	if (ready == 0)
		process_continue(c->engine);
	if (ready <= 0)
		return;
	if (p[KICK].revents) {
		n = read(p[KICK].fd, &count, sizeof(count));
		(void)n; /* EAGAIN: none */
	}
	if (*pe && pe_poll_end(*pe, p + PE)) {
		poke(c);
		*pe = NULL;
	}
}

/* 0, or -EIO: the engine is lost. */
static int wait_for_answer(struct engine_cpu *c, struct pe *pe)
{
	struct mailbox *m = c->mailbox;
	uint64_t start;

	if (spin_for_answer(c))
		return 0;
	start = now_ns();
	for (;;) {
		__atomic_store_n(&m->host_sleeping, 1, __ATOMIC_SEQ_CST);
		if (answered(c) || is_lost(c))
			break;
		sleep_for_answer(c, &pe);
	}
	__atomic_store_n(&m->host_sleeping, 0, __ATOMIC_RELAXED);
	c->spin.slept_short =
		now_ns() - start < c->engine->spin * (SPIN_SHORT_SLEEP * UINT64_C(1000));
	return is_lost(c) ? -EIO : 0;
}

static void report_fault(struct engine_cpu *c)
{
	const struct engine_frame *f = &c->mailbox->frame;

	log_error("engine: the monitor of CPU %u failed: esr %#llx far %#llx at %#llx",
		  (unsigned int)(c - c->engine->cpu), (unsigned long long)f->esr,
		  (unsigned long long)f->far, (unsigned long long)f->pc);
	engine_set_lost(c->engine);
}

static void wait_for_doorbell(struct engine_cpu *c)
{
	struct engine *e = c->engine;
	struct timespec until;

	pthread_mutex_lock(&e->lock);
	while (!doorbell_connected(&c->doorbell) && !is_lost(c)) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		if (pthread_cond_clockwait(&e->connected, &e->lock, CLOCK_MONOTONIC, &until))
			process_continue(e);
	}
	pthread_mutex_unlock(&e->lock);
}

/* The first answer says that the monitor is there; the doorbell must be, before one can wait. */
bool cpu_bring_up(struct engine_cpu *c)
{
	if (is_lost(c))
		return false;
	if (c->up)
		return true;
	wait_for_doorbell(c);
	if (is_lost(c) || wait_for_answer(c, NULL))
		return false;
	c->up = true;
	return true;
}

int cpu_command(struct engine_cpu *c, enum mailbox_command cmd, uint64_t arg0, uint64_t arg1)
{
	if (!cpu_bring_up(c))
		return -EIO;
	c->mailbox->arg[0] = arg0;
	c->mailbox->arg[1] = arg1;
	give_turn(c, cmd);
	if (wait_for_answer(c, NULL))
		return -EIO;
	if (c->mailbox->answer == MAILBOX_DONE)
		return 0;
	report_fault(c);
	return -EIO;
}

static enum engine_exit run_once(struct engine_cpu *c, struct pe *pe)
{
	/* A kick that came before pe_enter did not poke. */
	if (pe && pe_kicked(pe))
		return ENGINE_EXIT_NOT_RUN;
	give_turn(c, MAILBOX_RUN);
	if (wait_for_answer(c, pe))
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

	if (!cpu_bring_up(c))
		return ENGINE_EXIT_LOST;
	__atomic_store_n(&c->mailbox->kick, 0, __ATOMIC_SEQ_CST);
	if (pe)
		pe_enter(pe, poke, c);
	exit = run_once(c, pe);
	if (pe)
		pe_leave(pe);
	return exit;
}
