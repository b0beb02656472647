// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_trace.c - what a call costs that is traced: a record with its arguments and its times, into
 * the queue, and from there into a file.
 *
 * CPU time of the process, so the writer's share is in it and nobody else's: a busy machine does
 * not blur it as it blurs whole boots (bench/trace). The full trace of a boot has some 120,000
 * records, so a quarter of a boot of 4 CPU seconds would be 8 us each. The default filter writes
 * 6000 of them and looks at the others.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "backend/tracer.h"
#include "base/bits.h"
#include "base/trace.h"

#define ROUNDS	 9
#define CALLS	 100000
#define LIMIT_US 8.0

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void call(void)
{
	static const char *const names[] = {"rd", "data", "ipa", "src", "flags"};
	const uint64_t args[] = {0x80001000, 0x80002000, 0x40000000, 0x90000000, 1};

	tracer_call(&(struct trace_call){.layer = TRACE_RMI,
					 .name = "RMI_DATA_CREATE",
					 .arg_names = names,
					 .args = args,
					 .nargs = ARRAY_SIZE(args),
					 .start = trace_now()});
}

/* Microseconds of CPU a call. */
static double measure(const char *filter)
{
	struct trace_filter f = TRACE_FILTER_DEFAULT;
	double us[ROUNDS], start;
	uint64_t lost;
	char err[128];

	if (trace_filter_parse(filter, &f, err, sizeof(err)))
		exit(2);
	for (int i = 0; i < ROUNDS; i++) {
		char path[] = "/tmp/softrealm-bench-XXXXXX";
		int fd = mkstemp(path);

		if (fd < 0 || unlink(path) || tracer_start(fd, &f))
			exit(2);
		start = cpu_us();
		for (int n = 0; n < CALLS; n++)
			call();
		tracer_stop(&lost);
		us[i] = (cpu_us() - start) / CALLS;
		close(fd);
	}
	qsort(us, ROUNDS, sizeof(*us), by_value);
	return us[ROUNDS / 2];
}

int main(void)
{
	double full = measure("all"), none = measure("default");

	printf("%-40s %7.3f us CPU   limit %g: %s\n", "a record of five arguments, to a file", full,
	       LIMIT_US, full > LIMIT_US ? "OVER" : "ok");
	printf("%-40s %7.3f us CPU\n", "a call that the filter leaves out", none);
	return full > LIMIT_US;
}
