// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_signals.c - KVM_RUN and signals: with immediate_exit or a signal mask no kick is lost, and
 * a bare signal during the run always ends it with EINTR.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

#define STORM 100000

struct rig {
	int vm, vcpu;
	struct kvm_run *run;
	pthread_t runner;
	pid_t thread; /* it */
	atomic_bool ready;
	atomic_ulong taken; /* kicks that were seen by the runner */
	int64_t result;
	uint64_t mask; /* for KVM_SET_SIGNAL_MASK; 0: none */
};

static struct rig *rig;
static atomic_ulong handled;

static void set_handler(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = {.sa_handler = fn, .sa_flags = flags};

	sigaction(sig, &sa, NULL);
}

static void on_kick(int sig)
{
	handled++;
	__atomic_store_n(&rig->run->immediate_exit, 1, __ATOMIC_RELAXED);
}

static void on_bare(int sig)
{
	handled++;
}

static void open_rig(struct rig *r)
{
	*r = (struct rig){.vm = open_vm()};
	r->vcpu = open_vcpu(r->vm, &r->run);
	rig = r;
	handled = 0;
}

static void close_rig(struct rig *r)
{
	close(r->vcpu);
	close(r->vm);
}

static void pause_randomly(unsigned int *seed)
{
	struct timespec ts = {0, 0};
	unsigned int kind = rand_r(seed) % 4;

	for (volatile unsigned int i = rand_r(seed) % 2000; kind == 1 && i; i--)
		;
	ts.tv_nsec = rand_r(seed) % 30000;
	if (kind == 2)
		nanosleep(&ts, NULL);
}

/* Every kick is waited for: a lost one is a hang, which the test's time limit ends. */
static void storm(struct rig *r, void *(*runner)(void *), int sig, unsigned int kicks)
{
	unsigned int seed = 1;

	assert_int_equal(pthread_create(&r->runner, NULL, runner, r), 0);
	while (!r->ready)
		usleep(100);
	for (unsigned long i = 1; i <= kicks; i++) {
		pause_randomly(&seed);
		pthread_kill(r->runner, sig);
		while (r->taken < i)
			sched_yield();
	}
	assert_int_equal(pthread_join(r->runner, NULL), 0);
	assert_int_equal(r->taken, kicks);
	assert_int_equal(r->result, -EINTR);
}

/* The loop of QEMU and others: the handler sets immediate_exit, the runner clears it. */
static void *run_with_immediate_exit(void *arg)
{
	struct rig *r = arg;
	unsigned int seed = 2;

	r->ready = true;
	while (r->taken < STORM) {
		pause_randomly(&seed);
		r->result = call(r->vcpu, KVM_RUN, 0);
		if (r->result != -EINTR || r->run->exit_reason != KVM_EXIT_INTR)
			abort();
		/* One kick is under way at most. */
		if (__atomic_exchange_n(&r->run->immediate_exit, 0, __ATOMIC_RELAXED))
			r->taken++;
	}
	return NULL;
}

static void no_kick_is_lost_with_immediate_exit(void **state)
{
	struct rig r;

	open_rig(&r);
	set_handler(SIGUSR1, on_kick, 0);
	storm(&r, run_with_immediate_exit, SIGUSR1, STORM);
	assert_int_equal(handled, STORM);
	close_rig(&r);
}

/* The older way: the signal is blocked, KVM_RUN alone opens it, and the runner eats it. */
static void *run_with_signal_mask(void *arg)
{
	struct rig *r = arg;
	unsigned int seed = 3;
	struct timespec now = {0, 0};
	struct {
		uint32_t len;
		uint8_t set[8];
	} __attribute__((packed)) mask = {8, {0}};
	sigset_t kick, old;

	sigemptyset(&kick);
	sigaddset(&kick, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &kick, &old);
	memcpy(mask.set, &old, 8);
	if (call(r->vcpu, KVM_SET_SIGNAL_MASK, (uintptr_t)&mask))
		abort();
	r->ready = true;
	while (r->taken < STORM) {
		pause_randomly(&seed);
		r->result = call(r->vcpu, KVM_RUN, 0);
		if (r->result != -EINTR || sigtimedwait(&kick, NULL, &now) != SIGUSR2)
			abort();
		r->taken++;
	}
	return NULL;
}

/* SIGUSR2's action would be to end the process: it stays pending, as in the kernel. */
static void no_kick_is_lost_with_a_signal_mask(void **state)
{
	struct rig r;

	open_rig(&r);
	set_handler(SIGUSR2, SIG_DFL, 0);
	storm(&r, run_with_signal_mask, SIGUSR2, STORM);
	close_rig(&r);
}

static void a_bad_signal_mask_is_refused(void **state)
{
	uint32_t len = 4;
	struct rig r;

	open_rig(&r);
	assert_int_equal(call(r.vcpu, KVM_SET_SIGNAL_MASK, (uintptr_t)&len), -EINVAL);
	assert_int_equal(call(r.vcpu, KVM_SET_SIGNAL_MASK, 8), -EFAULT);
	assert_int_equal(call(r.vcpu, KVM_SET_SIGNAL_MASK, 0), 0);
	close_rig(&r);
}

static void *run_once(void *arg)
{
	struct rig *r = arg;

	r->thread = gettid();
	r->ready = true;
	r->result = call(r->vcpu, KVM_RUN, 0);
	r->taken = 1;
	return NULL;
}

static bool sleeps(pid_t thread)
{
	char path[64], stat[256] = "", *state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fread(stat, 1, sizeof(stat) - 1, f))
		stat[0] = 0;
	fclose(f);
	state = strrchr(stat, ')');
	return state && state[2] == 'S';
}

/* The runner is in its wait, however busy the machine is. */
static void wait_until_asleep(struct rig *r)
{
	for (int seen = 0; seen < 3; seen = r->ready && sleeps(r->thread) ? seen + 1 : 0)
		usleep(1000);
}

static void bare_signals(int flags)
{
	struct rig r;

	open_rig(&r);
	set_handler(SIGUSR1, on_bare, flags);
	for (int i = 0; i < 50; i++) {
		r.ready = false;
		r.taken = 0;
		assert_int_equal(pthread_create(&r.runner, NULL, run_once, &r), 0);
		wait_until_asleep(&r);
		pthread_kill(r.runner, SIGUSR1);
		pthread_join(r.runner, NULL);
		assert_int_equal(r.result, -EINTR);
		assert_int_equal(r.run->exit_reason, KVM_EXIT_INTR);
		assert_int_equal(handled, i + 1);
	}
	close_rig(&r);
}

static void a_bare_signal_ends_the_run(void **state)
{
	bare_signals(0);
}

static void a_bare_signal_ends_the_run_under_sa_restart(void **state)
{
	bare_signals(SA_RESTART);
}

static void an_ignored_signal_does_not_end_the_run(void **state)
{
	struct rig r;

	open_rig(&r);
	set_handler(SIGUSR1, on_bare, 0);
	set_handler(SIGUSR2, SIG_IGN, 0);
	assert_int_equal(pthread_create(&r.runner, NULL, run_once, &r), 0);
	wait_until_asleep(&r);
	pthread_kill(r.runner, SIGUSR2);
	pthread_kill(r.runner, SIGCHLD);
	usleep(20000);
	assert_int_equal(r.taken, 0);
	pthread_kill(r.runner, SIGUSR1);
	pthread_join(r.runner, NULL);
	assert_int_equal(r.result, -EINTR);
	close_rig(&r);
}

static void immediate_exit_does_not_wait(void **state)
{
	struct rig r;

	open_rig(&r);
	r.run->immediate_exit = 1;
	assert_int_equal(call(r.vcpu, KVM_RUN, 0), -EINTR);
	r.run->immediate_exit = 0;
	r.run->request_interrupt_window = FAKE_RUN_EXIT;
	assert_int_equal(call(r.vcpu, KVM_RUN, 0), 0);
	assert_int_equal(r.run->exit_reason, KVM_EXIT_MMIO);
	close_rig(&r);
}

/* Exits and kicks at once: nothing is lost, nothing comes twice, and the count never jumps. */
static void *run_exits(void *arg)
{
	struct rig *r = arg;
	uint64_t last = 0;

	r->ready = true;
	while (last < 20000) {
		int64_t ret = call(r->vcpu, KVM_RUN, 0);

		__atomic_store_n(&r->run->immediate_exit, 0, __ATOMIC_RELAXED);
		if (ret == -EINTR)
			continue;
		if (ret || r->run->mmio.phys_addr != last + 1)
			abort();
		last++;
	}
	r->taken = 1;
	return NULL;
}

static void an_exit_that_wins_the_race_is_returned(void **state)
{
	unsigned int seed = 4;
	struct rig r;

	open_rig(&r);
	set_handler(SIGUSR1, on_kick, SA_RESTART);
	r.run->request_interrupt_window = FAKE_RUN_EXIT;
	assert_int_equal(pthread_create(&r.runner, NULL, run_exits, &r), 0);
	while (!r.ready)
		usleep(100);
	while (!r.taken) {
		pause_randomly(&seed);
		pthread_kill(r.runner, SIGUSR1);
	}
	pthread_join(r.runner, NULL);
	close_rig(&r);
}

/* ---- handlers that use the vCPU themselves ---- */

static sigjmp_buf out_of_run;

static void on_nested(int sig)
{
	handled++;
	rig->result = call(rig->vcpu, KVM_SET_SIGNAL_MASK, 0);
}

static void on_jump(int sig)
{
	siglongjmp(out_of_run, 1);
}

static void *kick_soon(void *arg)
{
	pthread_t *target = arg;

	usleep(20000);
	pthread_kill(*target, SIGUSR1);
	return NULL;
}

static void kick_self_soon(pthread_t *kicker)
{
	static pthread_t self;

	self = pthread_self();
	assert_int_equal(pthread_create(kicker, NULL, kick_soon, &self), 0);
}

static void a_handler_may_use_the_vcpu(void **state)
{
	pthread_t kicker;
	struct rig r;

	open_rig(&r);
	set_handler(SIGUSR1, on_nested, 0);
	r.result = -1;
	kick_self_soon(&kicker);
	assert_int_equal(call(r.vcpu, KVM_RUN, 0), -EINTR);
	pthread_join(kicker, NULL);
	assert_int_equal(r.result, 0);
	assert_int_equal(call(r.vcpu, KVM_SET_SIGNAL_MASK, 0), 0); /* the lock is free */
	close_rig(&r);
}

static void a_handler_may_jump_out_of_the_run(void **state)
{
	pthread_t kicker;
	struct rig r;

	open_rig(&r);
	set_handler(SIGUSR1, on_jump, 0);
	for (int i = 0; i < 3; i++) {
		kick_self_soon(&kicker);
		if (!sigsetjmp(out_of_run, 1)) {
			call(rig->vcpu, KVM_RUN, 0);
			fail();
		}
		pthread_join(kicker, NULL);
	}
	assert_int_equal(call(rig->vcpu, KVM_SET_SIGNAL_MASK, 0), 0);
	rig->run->request_interrupt_window = FAKE_RUN_EXIT;
	assert_int_equal(call(rig->vcpu, KVM_RUN, 0), 0);
	close_rig(&r);
}

static void long_calls_stop_for_a_signal_between_chunks(void **state)
{
	const size_t size = 256 << 20;
	char *p = calloc(1, size);
	uint64_t sum;
	struct fake_copy c = {(uintptr_t)p, (uintptr_t)&sum, size};
	pthread_t kicker;
	struct rig r;
	int64_t n;

	open_rig(&r);
	memset(p, 1, size);
	set_handler(SIGUSR1, on_bare, SA_RESTART);
	kick_self_soon(&kicker);
	n = call(r.vm, FAKE_PULL, (uintptr_t)&c);
	pthread_join(kicker, NULL);
	assert_true(n > 0 && n < (int64_t)size);
	assert_int_equal(n, sum);
	assert_int_equal(handled, 1);
	free(p);
	close_rig(&r);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(immediate_exit_does_not_wait),
		cmocka_unit_test(a_bad_signal_mask_is_refused),
		cmocka_unit_test(a_bare_signal_ends_the_run),
		cmocka_unit_test(a_bare_signal_ends_the_run_under_sa_restart),
		cmocka_unit_test(an_ignored_signal_does_not_end_the_run),
		cmocka_unit_test(an_exit_that_wins_the_race_is_returned),
		cmocka_unit_test(a_handler_may_use_the_vcpu),
		cmocka_unit_test(a_handler_may_jump_out_of_the_run),
		cmocka_unit_test(long_calls_stop_for_a_signal_between_chunks),
		cmocka_unit_test(no_kick_is_lost_with_immediate_exit),
		cmocka_unit_test(no_kick_is_lost_with_a_signal_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, NULL);
}
