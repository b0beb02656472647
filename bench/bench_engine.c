// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_engine.c - what an exit costs: guest to host and back, beside a ping-pong of two threads
 * over eventfds in the same run.
 *
 * Both ways of waiting are measured: spinning (the default) and sleeping (SOFTREALM_SPIN=0).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "machine/memory.h"

#define ROUNDS 20000
#define CODE   UINT64_C(0x40000000)
#define VTCR   (UINT64_C(25) | 1u << 6 | 1u << 8 | 1u << 10 | 3u << 12 | 2u << 16 | 1u << 31)
#define HCR    (UINT64_C(1) | 1u << 19 | 1u << 31)
#define S2_RAM UINT64_C(0x7fc)

static const uint32_t hvc_loop[] = {0xd4000002, 0x17ffffff};  /* 1: hvc #0; b 1b */
static const uint32_t load_loop[] = {0xf9400001, 0x17ffffff}; /* 1: ldr x1, [x0]; b 1b */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void report(const char *what, uint64_t *ns)
{
	qsort(ns, ROUNDS, sizeof(*ns), by_value);
	printf("%-44s median %7.2f us   p99 %7.2f us\n", what, ns[ROUNDS / 2] / 1e3,
	       ns[ROUNDS - ROUNDS / 100] / 1e3);
}

/* ---- the limit: two threads and two eventfds ---- */

static void pass(int from, int to)
{
	uint64_t v = 1;

	if (read(from, &v, sizeof(v)) != sizeof(v) || write(to, &v, sizeof(v)) != sizeof(v))
		exit(1);
}

static void *pong(void *arg)
{
	int *fd = arg;

	for (unsigned int i = 0; i < ROUNDS; i++)
		pass(fd[0], fd[1]);
	return NULL;
}

static void bench_eventfd(uint64_t *ns)
{
	int fd[2] = {eventfd(0, 0), eventfd(0, 0)};
	uint64_t v = 1;
	pthread_t t;

	pthread_create(&t, NULL, pong, fd);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t start = now_ns();

		if (write(fd[0], &v, sizeof(v)) != sizeof(v) ||
		    read(fd[1], &v, sizeof(v)) != sizeof(v))
			exit(1);
		ns[i] = now_ns() - start;
	}
	pthread_join(t, NULL);
	close(fd[0]);
	close(fd[1]);
	report("eventfd ping-pong, two threads", ns);
}

/* ---- the engine ---- */

static uint64_t make_guest(struct machine *m, const uint32_t *code, size_t size)
{
	uint64_t root = machine_alloc(m, 1, GRANULE_SIZE), l2 = machine_alloc(m, 1, GRANULE_SIZE);
	uint64_t page = machine_alloc(m, 512, UINT64_C(0x200000));

	*(uint64_t *)machine_va(m, root + 8, 8) = l2 | 3;
	*(uint64_t *)machine_va(m, l2, 8) = page | S2_RAM | 1;
	memcpy(machine_va(m, page, size), code, size);
	return root;
}

static void bench_guest(struct machine *m, const char *what, const uint32_t *code, size_t size,
			uint64_t *ns)
{
	uint64_t sys[ENGINE_NUM_SYSREGS] = {[ENGINE_SCTLR_EL1] = 0xc50878};
	struct engine_frame *f;
	struct engine *e;

	if (engine_qemu.create(m, 1, &e) || engine_qemu.reset(e, 0, NULL, sys)) {
		printf("%-44s no engine\n", what);
		return;
	}
	f = engine_qemu.frame(e, 0);
	*f = (struct engine_frame){.pc = CODE,
				   .pstate = 0x3c5,
				   .ich_hcr = 1,
				   .hcr = HCR,
				   .vttbr = make_guest(m, code, size) | UINT64_C(1) << 48,
				   .vtcr = VTCR,
				   .vmpidr = UINT64_C(1) << 31};
	f->x[0] = UINT64_C(0x50000000); /* not mapped */
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t start = now_ns();

		engine_qemu.run(e, 0, NULL);
		f->pc = CODE;
		ns[i] = now_ns() - start;
	}
	report(what, ns);
	engine_qemu.destroy(e);
}

int main(void)
{
	static uint64_t ns[ROUNDS];
	struct machine_config cfg = {0};
	struct machine *m;

	if (machine_create(&cfg, &m))
		return 1;
	bench_eventfd(ns);
	bench_guest(m, "HVC exit", hvc_loop, sizeof(hvc_loop), ns);
	bench_guest(m, "stage 2 fault exit", load_loop, sizeof(load_loop), ns);
	setenv("SOFTREALM_SPIN", "0", 1);
	bench_guest(m, "HVC exit, sleeping", hvc_loop, sizeof(hvc_loop), ns);
	machine_destroy(m);
	return 0;
}
