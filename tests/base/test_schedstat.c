// SPDX-License-Identifier: BSD-3-Clause
/* test_schedstat.c - threads found in /proc, and what they have waited. Skipped where the kernel
 * does not count it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/schedstat.h"

#define BUSY_NS UINT64_C(200000000)

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static void *be_busy(void *arg)
{
	uint64_t end = clock_ns() + BUSY_NS;

	prctl(PR_SET_NAME, "CPU 7/TCG");
	while (clock_ns() < end)
		;
	return NULL;
}

/* All threads from now on share a CPU with this one. */
static void stay_on_this_cpu(void)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	assert_int_equal(sched_setaffinity(0, sizeof(cpu), &cpu), 0);
}

static void a_thread_waits_while_another_has_the_cpu(void **state)
{
	int self = pidfd_open(getpid(), 0), fd = schedstat_open(self, gettid(), "");
	uint64_t before, own;
	pthread_t t;

	assert_true(fd >= 0);
	stay_on_this_cpu();
	before = schedstat_delay(fd);
	pthread_create(&t, NULL, be_busy, NULL);
	be_busy(NULL);
	own = schedstat_own_delay();
	assert_true(own - before > BUSY_NS / 10 && own - before < 20 * BUSY_NS);
	assert_true(schedstat_delay(fd) >= own);
	pthread_join(t, NULL);
	close(fd);
	close(self);
}

static void a_thread_is_found_by_its_name(void **state)
{
	int self = pidfd_open(getpid(), 0), fd;
	pthread_t t;

	prctl(PR_SET_NAME, "main");
	assert_int_equal(schedstat_open(self, 0, "CPU 7/TCG"), -ENOENT);
	pthread_create(&t, NULL, be_busy, NULL);
	while ((fd = schedstat_open(self, 0, "CPU 7/TCG")) == -ENOENT)
		sched_yield();
	assert_true(fd >= 0);
	assert_int_equal(schedstat_open(self, 0, "CPU 7"), -ENOENT);
	pthread_join(t, NULL);
	assert_int_equal(schedstat_delay(fd), 0); /* it is no more */
	close(fd);
	close(self);
}

static void threads_and_processes_that_are_gone_are_not_found(void **state)
{
	int self = pidfd_open(getpid(), 0), child;
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	child = pidfd_open(pid, 0);
	assert_int_equal(schedstat_open(self, pid, ""), -ENOENT); /* of another process */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(schedstat_open(child, pid, ""), -ESRCH);
	assert_int_equal(schedstat_open(-1, 1, ""), -ESRCH);
	assert_int_equal(schedstat_delay(-1), 0);
	close(child);
	close(self);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_waits_while_another_has_the_cpu),
		cmocka_unit_test(a_thread_is_found_by_its_name),
		cmocka_unit_test(threads_and_processes_that_are_gone_are_not_found),
	};

	return schedstat_is_there() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
