// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_mmio.c - an MMIO exit, from the VMM's KVM_RUN into the realm and back, beside a ping-pong
 * of eventfds over as many hops between threads.
 *
 * The path: VMM -> backend -> the engine's main loop -> its vCPU thread -> backend -> VMM, five
 * hops between four threads. The ping-pong has the same four, each asleep in read() on its
 * eventfd. What a hop costs depends on whether it wakes another CPU, so it is measured as the
 * scheduler places the threads, and with all of them on one CPU; the faster is the limit. Rounds
 * of all are interleaved; the figure is the median of the rounds' ratios.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/client.h"

#define ROUNDS	9
#define TURNS	3000
#define WARM_UP 500
#define LIMIT	2.0

static const uint32_t store_loop[] = {0xf9000001, 0x17ffffff}; /* 1: str x1, [x0]; b 1b */

/* ---- the ping-pong ---- */

enum { VMM, BACKEND_IN, LOOP, CPU, BACKEND_OUT, HOPS };

static int doorbell[HOPS];   /* who sleeps there */
static pthread_t threads[4]; /* this one is the first */

static void ring(int to)
{
	const uint64_t one = 1;

	if (write(doorbell[to], &one, sizeof(one)) != sizeof(one))
		exit(1);
}

static void sleep_on(int at)
{
	uint64_t v;

	if (read(doorbell[at], &v, sizeof(v)) != sizeof(v))
		exit(1);
}

static void *backend(void *arg)
{
	for (;;) {
		sleep_on(BACKEND_IN);
		ring(LOOP);
		sleep_on(BACKEND_OUT);
		ring(VMM);
	}
	return arg;
}

static void *engine_loop(void *arg)
{
	for (;;) {
		sleep_on(LOOP);
		ring(CPU);
	}
	return arg;
}

static void *engine_cpu(void *arg)
{
	for (;;) {
		sleep_on(CPU);
		ring(BACKEND_OUT);
	}
	return arg;
}

static void start_ping_pong(void)
{
	void *(*const starts[])(void *) = {NULL, backend, engine_loop, engine_cpu};

	for (unsigned int i = 0; i < HOPS; i++)
		doorbell[i] = eventfd(0, 0);
	threads[0] = pthread_self();
	for (unsigned int i = 1; i < 4; i++)
		if (pthread_create(&threads[i], NULL, starts[i], NULL))
			FAIL("no thread");
}

static void place(const cpu_set_t *cpus)
{
	for (unsigned int i = 0; i < 4; i++)
		pthread_setaffinity_np(threads[i], sizeof(*cpus), cpus);
}

/* ---- both ---- */

static void ping_pong(struct realm *r)
{
	(void)r;
	ring(BACKEND_IN);
	sleep_on(VMM);
}

static void exit_and_back(struct realm *r)
{
	WANT(realm_run(r, 0), 0);
}

static void measure(void (*turn)(struct realm *r), struct realm *r, uint64_t *ns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t start = client_now_ns();

		turn(r);
		ns[i] = client_now_ns() - start;
	}
}

/* The same on the CPU that this thread is on. */
static void measure_on_one_cpu(struct realm *r, uint64_t *ns, size_t n)
{
	cpu_set_t all, one;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	place(&one);
	measure(ping_pong, r, ns, n);
	place(&all);
}

static void report(const char *what, uint64_t *ns)
{
	printf("%-46s median %7.2f us   p99 %7.2f us\n", what,
	       client_percentile(ns, ROUNDS * TURNS, 50) / 1e3,
	       client_percentile(ns, ROUNDS * TURNS, 99) / 1e3);
}

/* One round of each, interleaved; the ratio in thousandths. */
static uint64_t compare(struct realm *r, uint64_t *exits, uint64_t *free, uint64_t *on_one)
{
	uint64_t a, b;

	measure(exit_and_back, r, exits, TURNS);
	measure(ping_pong, r, free, TURNS);
	measure_on_one_cpu(r, on_one, TURNS);
	a = client_percentile(free, TURNS, 50);
	b = client_percentile(on_one, TURNS, 50);
	return 1000 * client_percentile(exits, TURNS, 50) / (a < b ? a : b);
}

int main(int argc, char **argv)
{
	static uint64_t exits[ROUNDS][TURNS], free[ROUNDS][TURNS], on_one[ROUNDS][TURNS];
	uint64_t ratio[ROUNDS];
	struct realm r;
	double figure;

	client_enter(argv);
	start_ping_pong();
	client_realm(&r, 1, store_loop, sizeof(store_loop), SCRIPT_REPORT_IPA);
	measure(exit_and_back, &r, exits[0], WARM_UP);
	WANT(r.run[0]->exit_reason, KVM_EXIT_MMIO);
	WANT(r.run[0]->mmio.phys_addr, SCRIPT_REPORT_GPA);
	for (unsigned int i = 0; i < ROUNDS; i++)
		ratio[i] = compare(&r, exits[i], free[i], on_one[i]);
	figure = client_percentile(ratio, ROUNDS, 50) / 1e3;
	report("MMIO exit, VMM to realm and back", exits[0]);
	report("eventfd ping-pong over the same five hops", free[0]);
	report("the same on one CPU", on_one[0]);
	printf("%-46s %9.2f     limit %g: %s\n", "MMIO exit / the faster ping-pong", figure, LIMIT,
	       figure <= LIMIT ? "ok" : "OVER");
	return figure > LIMIT;
}
