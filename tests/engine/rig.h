/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rig.h - a machine with engines of engine_qemu, stage 2 tables made by hand, and the small guests
 * of guest_code.S: what the engine's tests have in common.
 *
 * A guest sees its code at RIG_CODE (one page, shared by all CPUs), 2 MiB of memory at RIG_DATA in
 * single pages, and nothing else. IPA and PA differ.
 */
#ifndef TESTS_ENGINE_RIG_H
#define TESTS_ENGINE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "tests/engine/guest_code.h"

#define RIG_CODE       UINT64_C(0x40000000)
#define RIG_DATA       UINT64_C(0x40200000)
#define RIG_DATA_PAGES 512

struct rig {
	struct machine *machine;
	struct engine *engine;
	uint64_t root, code, data; /* PAs */
	uint64_t *pages;	   /* the level 3 table of RIG_DATA */
	unsigned int cpus;
};

/* What runs the guests: engine_qemu, or one around it. */
extern const struct engine_ops *rig_engine;

/* Skips the test, reported, when QEMU is not installed. */
void rig_start(struct rig *r, unsigned int cpus);
/* The same on a machine whose CPUs have these MACHINE_CPU_*. */
void rig_start_with(struct rig *r, unsigned int cpus, unsigned int cpu);
void rig_stop(struct rig *r);
/* A second engine on the machine of `first`. */
void rig_start_beside(struct rig *r, struct rig *first);
void rig_stop_beside(struct rig *r);

void *rig_data(struct rig *r, unsigned int page);
void rig_map(struct rig *r, unsigned int page, uint64_t pa); /* 0: unmap; no invalidation */

/* Reset the CPU and point it at a guest. */
struct engine_frame *rig_enter(struct rig *r, unsigned int cpu, uint64_t guest);
/* Run and expect HVC #imm. */
void rig_run_hvc(struct rig *r, unsigned int cpu, unsigned int imm);

#define RIG_LR(intid)	 (UINT64_C(1) << 62 | UINT64_C(1) << 60 | UINT64_C(0xa0) << 48 | (intid))
#define RIG_LR_EOI	 (UINT64_C(1) << 41)
#define RIG_ESR_HVC(imm) (0x5a000000u | (imm))

/* The one child process of ours; 0: none. */
pid_t rig_child(void);
unsigned int rig_children(void);
/* CPU time of a process so far, in clock ticks. */
unsigned long rig_cpu_ticks(pid_t pid);

#endif
