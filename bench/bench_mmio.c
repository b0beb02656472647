// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_mmio.c - an MMIO exit, from the VMM's KVM_RUN into the realm and back, beside a ping-pong
 * of eventfds over as many hops between threads.
 *
 * The path: VMM -> backend -> the engine's main loop -> its vCPU thread -> backend -> VMM, five
 * hops between four threads. The ping-pong has the same four, each asleep in read() on its
 * eventfd. Rounds of both are interleaved; the figure is the median of the rounds' ratios.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/client.h"

#define ROUNDS 9
#define TURNS 3000
#define WARM_UP 500
#define LIMIT 2.0

static const uint32_t store_loop[] = {0xf9000001, 0x17ffffff}; /* 1: str x1, [x0]; b 1b */

/* ---- the ping-pong ---- */

enum { VMM, BACKEND_IN, LOOP, CPU, BACKEND_OUT, HOPS };

static int doorbell[HOPS]; /* who sleeps there */

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
	void *(*const threads[])(void *) = {backend, engine_loop, engine_cpu};
	pthread_t t;

	for (unsigned int i = 0; i < HOPS; i++)
		doorbell[i] = eventfd(0, 0);
	for (unsigned int i = 0; i < 3; i++)
		if (pthread_create(&t, NULL, threads[i], NULL))
			FAIL("no thread");
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

static void report(const char *what, uint64_t *ns)
{
	printf("%-46s median %7.2f us   p99 %7.2f us\n", what,
	       client_percentile(ns, ROUNDS * TURNS, 50) / 1e3,
	       client_percentile(ns, ROUNDS * TURNS, 99) / 1e3);
}

int main(int argc, char **argv)
{
	static uint64_t exits[ROUNDS * TURNS], limits[ROUNDS * TURNS], ratio[ROUNDS];
	struct realm r;
	double figure;

	client_enter(argv);
	start_ping_pong();
	client_realm(&r, 1, store_loop, sizeof(store_loop), SCRIPT_REPORT_IPA);
	measure(exit_and_back, &r, exits, WARM_UP);
	WANT(r.run[0]->exit_reason, KVM_EXIT_MMIO);
	WANT(r.run[0]->mmio.phys_addr, SCRIPT_REPORT_GPA);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t *exit = exits + i * TURNS, *limit = limits + i * TURNS;

		measure(exit_and_back, &r, exit, TURNS);
		measure(ping_pong, &r, limit, TURNS);
		ratio[i] = 1000 * client_percentile(exit, TURNS, 50) /
			   client_percentile(limit, TURNS, 50);
	}
	figure = client_percentile(ratio, ROUNDS, 50) / 1e3;
	report("MMIO exit, VMM to realm and back", exits);
	report("eventfd ping-pong over the same five hops", limits);
	printf("%-46s %9.2f     limit %g: %s\n", "MMIO exit / ping-pong", figure, LIMIT,
	       figure <= LIMIT ? "ok" : "OVER");
	return figure > LIMIT;
}
