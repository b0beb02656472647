// SPDX-License-Identifier: BSD-3-Clause
/* signals.c - what ends KVM_RUN: any signal, no masked one; immediate_exit loses none. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "check/check.h"

#define KICKS 200

static const struct script_op wfi[] = {{SCRIPT_WFI, {0}}};
static const struct script_op spin[] = {{SCRIPT_END, {0}}};
static struct kvm_run *kicked;
static volatile int handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

static void on_kick(int sig)
{
	(void)sig;
	kicked->immediate_exit = 1;
	handled++;
}

static void handle(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = {.sa_handler = fn, .sa_flags = flags};

	sigaction(sig, &sa, NULL);
}

static void every_10ms(void)
{
	struct itimerval t = {{0, 10000}, {0, 10000}};

	setitimer(ITIMER_REAL, &t, NULL);
}

static void ends_with_signal(const struct script_op *script, int flags)
{
	struct realm r;

	realm_new(&r, 1, script, 1);
	handle(SIGALRM, on_signal, flags);
	every_10ms();
	for (int i = 0; i < 10; i++) {
		WANT(realm_run(&r, 0), -EINTR);
		WANT(r.run[0]->exit_reason, KVM_EXIT_INTR);
	}
	WANT_TRUE(handled >= 10);
}

static void signal_wfi(void)
{
	ends_with_signal(wfi, 0);
}

static void signal_spin(void)
{
	ends_with_signal(spin, 0);
}

static void signal_restart(void)
{
	ends_with_signal(wfi, SA_RESTART);
}

struct kicker {
	pthread_t target, self;
	volatile int answered; /* kicks that ended a KVM_RUN */
};

/* Kicks at random moments; the next one only after the last was answered. */
static void *kicker_main(void *arg)
{
	struct kicker *k = arg;
	unsigned int seed = 1;

	for (int i = 0; i < KICKS; i++) {
		while (k->answered < i)
			usleep(10);
		usleep(rand_r(&seed) % 300);
		pthread_kill(k->target, SIGUSR1);
	}
	return NULL;
}

static void kick_immediate_exit(void)
{
	struct kicker k = {.target = pthread_self()};
	struct realm r;

	realm_new(&r, 1, wfi, 1);
	kicked = r.run[0];
	handle(SIGUSR1, on_kick, SA_RESTART);
	WANT(pthread_create(&k.self, NULL, kicker_main, &k), 0);
	for (int i = 1; i <= KICKS; i++) {
		WANT(realm_run(&r, 0), -EINTR);
		WANT(handled, i);
		kicked->immediate_exit = 0;
		k.answered = i;
	}
	pthread_join(k.self, NULL);
}

static int64_t set_mask(struct realm *r, uint32_t len, uint64_t mask)
{
	struct {
		uint32_t len;
		uint64_t mask;
	} __attribute__((packed)) m = {len, mask};

	return call(r->vcpu[0], KVM_SET_SIGNAL_MASK, &m);
}

static void mask_arguments(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	WANT(set_mask(&r, 7, 0), -EINVAL);
	WANT(set_mask(&r, 8, 0), 0);
	WANT(call(r.vcpu[0], KVM_SET_SIGNAL_MASK, NULL), 0);
	WANT(call(r.vcpu[0], KVM_SET_SIGNAL_MASK, BAD_POINTER), -EFAULT);
}

static void mask_unblocks(void)
{
	struct realm r;
	sigset_t set;

	realm_new(&r, 1, wfi, 1);
	handle(SIGUSR1, on_signal, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	WANT(set_mask(&r, 8, 0), 0);
	pthread_kill(pthread_self(), SIGUSR1);
	WANT(handled, 0);
	WANT(realm_run(&r, 0), -EINTR);
	WANT(r.run[0]->exit_reason, KVM_EXIT_INTR);
}

static void mask_blocks(void)
{
	struct realm r;

	realm_new(&r, 1, wfi, 1);
	handle(SIGUSR1, on_signal, 0);
	handle(SIGALRM, on_signal, 0);
	WANT(set_mask(&r, 8, UINT64_C(1) << (SIGUSR1 - 1)), 0);
	pthread_kill(pthread_self(), SIGUSR1); /* handled here and now */
	WANT(handled, 1);
	every_10ms();
	WANT(realm_run(&r, 0), -EINTR);
	WANT_TRUE(handled >= 2);
}

static void *run_elsewhere(void *arg)
{
	struct realm *r = arg;

	WANT(realm_report(r, 0), 2);
	return NULL;
}

static void run_moves(void)
{
	static const struct script_op script[] = {{SCRIPT_REPORT, {1}},
						  {SCRIPT_REPORT, {2}},
						  {SCRIPT_REPORT, {3}},
						  {SCRIPT_END, {0}}};
	struct realm r;
	pthread_t t;

	realm_new(&r, 1, script, 4);
	WANT(realm_report(&r, 0), 1);
	WANT(pthread_create(&t, NULL, run_elsewhere, &r), 0);
	pthread_join(t, NULL);
	WANT(realm_report(&r, 0), 3);
}

static const struct check checks[] = {
	{"signal-wfi", "a signal ends KVM_RUN of a realm in WFI: EINTR, KVM_EXIT_INTR", signal_wfi},
	{"signal-running", "a signal ends KVM_RUN of a realm that runs", signal_spin},
	{"signal-restart", "a handler with SA_RESTART ends KVM_RUN all the same", signal_restart},
	{"kick-immediate-exit", "kicks by signal and immediate_exit at random moments: none lost",
	 kick_immediate_exit},
	{"mask-arguments", "SET_SIGNAL_MASK: length 8, NULL clears", mask_arguments},
	{"mask-unblocks", "a signal pending before KVM_RUN ends it when the mask lets it through",
	 mask_unblocks},
	{"mask-blocks", "a signal that the mask blocks is not lost, others end KVM_RUN",
	 mask_blocks},
	{"run-moves", "KVM_RUN may move between threads", run_moves},
};

const struct check_group check_signals = {"signals", checks, sizeof(checks) / sizeof(checks[0])};
