// SPDX-License-Identifier: BSD-3-Clause
/* toy.c - an engine without a CPU. */
#include "tests/debug/toy.h"

#include <errno.h>
#include <string.h>

uint8_t toy_memory[TOY_MEMORY];
uint64_t toy_sysregs[TOY_VCPUS][ENGINE_NUM_SYSREGS];
struct engine_state toy_state;
struct engine_frame toy_frames[TOY_VCPUS];

struct engine *toy_engine;
enum engine_exit (*toy_run)(struct engine_frame *f);

static int create(struct machine *m, unsigned int cpus, struct engine **out)
{
	*out = (struct engine *)(void *)toy_memory; /* never looked into */
	return 0;
}

static void destroy(struct engine *e)
{
}

static struct engine_frame *frame(struct engine *e, unsigned int cpu)
{
	return &toy_frames[cpu];
}

static int reset(struct engine *e, unsigned int cpu, struct pe *pe,
		 const uint64_t sys[ENGINE_NUM_SYSREGS])
{
	return 0;
}

static int sysregs_get(struct engine *e, unsigned int cpu, uint64_t sys[ENGINE_NUM_SYSREGS])
{
	memcpy(sys, toy_sysregs[cpu], sizeof(toy_sysregs[cpu]));
	return 0;
}

static int sysregs_set(struct engine *e, unsigned int cpu, const uint64_t sys[ENGINE_NUM_SYSREGS])
{
	memcpy(toy_sysregs[cpu], sys, sizeof(toy_sysregs[cpu]));
	return 0;
}

static int state_get(struct engine *e, unsigned int cpu, struct engine_state *s)
{
	*s = toy_state;
	return 0;
}

static int state_set(struct engine *e, unsigned int cpu, const struct engine_state *s)
{
	toy_state = *s;
	return 0;
}

static int debug_get(struct engine *e, unsigned int cpu, struct engine_debug *d)
{
	memset(d, 0, sizeof(*d));
	return 0;
}

static int debug_set(struct engine *e, unsigned int cpu, const struct engine_debug *d)
{
	return 0;
}

static enum engine_exit run(struct engine *e, unsigned int cpu, struct pe *pe)
{
	return toy_run ? toy_run(&toy_frames[cpu]) : ENGINE_EXIT_NOT_RUN;
}

static const struct engine_ops toy = {
	.name = "toy",
	.create = create,
	.destroy = destroy,
	.frame = frame,
	.reset = reset,
	.sysregs_get = sysregs_get,
	.sysregs_set = sysregs_set,
	.state_get = state_get,
	.state_set = state_set,
	.debug_get = debug_get,
	.debug_set = debug_set,
	.run = run,
};

static int memory(void *arg, unsigned int vmid, uint64_t ipa, void *buf, size_t len, bool write)
{
	if (ipa >= TOY_MEMORY || len > TOY_MEMORY - ipa)
		return -EFAULT;
	memcpy(write ? &toy_memory[ipa] : buf, write ? buf : &toy_memory[ipa], len);
	return 0;
}

void toy_begin(struct session *s)
{
	struct realm *r;

	memset(toy_memory, 0, sizeof(toy_memory));
	memset(toy_sysregs, 0, sizeof(toy_sysregs));
	memset(toy_frames, 0, sizeof(toy_frames));
	memset(&toy_state, 0, sizeof(toy_state));
	debugger.cfg = (struct debug_config){.listen = -1, .engine = &toy, .memory = memory};
	debugger.chosen = 0;
	debugger.chosen_next = false;
	engine_debug.create(NULL, TOY_VCPUS, &toy_engine);
	r = realm_of(toy_engine);
	for (unsigned int i = 0; i < TOY_VCPUS; i++) {
		engine_debug.reset(toy_engine, i, NULL, toy_sysregs[i]);
		r->vcpu[i].general.r[GENERAL_PSTATE] = 5;
	}
	atomic_store(&r->vmid, 1);
	session_begin(s);
	s->due = 0;
}

void toy_end(struct session *s)
{
	session_end(s);
	engine_debug.destroy(toy_engine);
}
