// SPDX-License-Identifier: BSD-3-Clause
/* null_engine.c - an engine whose CPUs do nothing. */
#include "bench/null_engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct engine {
	struct engine_frame frame[ENGINE_MAX_CPUS];
};

static int null_create(struct machine *m, unsigned int cpus, struct engine **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void null_destroy(struct engine *e)
{
	free(e);
}

static struct engine_frame *null_frame(struct engine *e, unsigned int cpu)
{
	return &e->frame[cpu];
}

static int null_get(struct engine *e, unsigned int cpu, uint64_t *sys)
{
	memset(sys, 0, ENGINE_NUM_SYSREGS * sizeof(*sys));
	return 0;
}

static int null_set(struct engine *e, unsigned int cpu, const uint64_t *sys)
{
	return 0;
}

static int null_reset(struct engine *e, unsigned int cpu, struct pe *p, const uint64_t *sys)
{
	return 0;
}

static enum engine_exit null_run(struct engine *e, unsigned int cpu, struct pe *p)
{
	return ENGINE_EXIT_IRQ;
}

static void null_range(struct engine *e, int cpu, uint64_t at, uint64_t size)
{
}

const struct engine_ops engine_null = {
	.name = "null",
	.create = null_create,
	.destroy = null_destroy,
	.frame = null_frame,
	.reset = null_reset,
	.sysregs_get = null_get,
	.sysregs_set = null_set,
	.run = null_run,
	.tlbi = null_range,
	.touch = null_range,
};
