// SPDX-License-Identifier: BSD-3-Clause
/*
 * smp.c - runs on each processor, all at once, and counts who came back
 */
#include "init.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORK 200000
#define NAPS 20

/* Work and sleep in turn, so that timers and wake-ups of this processor take part. */
static int work_on(int cpu)
{
	struct timespec nap = {.tv_nsec = 1000000};
	volatile uint64_t sum = 0;
	cpu_set_t set;
	int i, j;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return errno;
	for (i = 0; i < NAPS; i++) {
		for (j = 0; j < WORK / NAPS; j++)
			sum += j;
		nanosleep(&nap, NULL);
		if (sched_getcpu() != cpu)
			return EXDEV;
	}
	return 0;
}

int smp_test(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	int good = 0, started = 0;
	int cpu, status;

	for (cpu = 0; cpu < cpus; cpu++) {
		pid_t pid = fork();

		if (!pid)
			_exit(work_on(cpu));
		if (pid > 0)
			started++;
	}
	while (started && wait(&status) > 0) {
		started--;
		if (WIFEXITED(status) && !WEXITSTATUS(status))
			good++;
		else
			say("smp: %s", strerror(WEXITSTATUS(status)));
	}
	say("smp %d of %d processors did their work", good, cpus);
	return good == cpus ? 0 : -EIO;
}
