/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * toy.h - a realm of two vCPUs on an engine that runs nothing, and its memory: what a debugger's
 * session needs.
 */
#ifndef TESTS_DEBUG_TOY_H
#define TESTS_DEBUG_TOY_H

#include "debug/commands.h"

#define TOY_VCPUS  2
#define TOY_MEMORY 0x10000 /* bytes, from IPA 0 on */

extern uint8_t toy_memory[TOY_MEMORY];
extern uint64_t toy_sysregs[TOY_VCPUS][ENGINE_NUM_SYSREGS];
extern struct engine_state toy_state;
extern struct engine_frame toy_frames[TOY_VCPUS];
extern struct engine *toy_engine; /* engine_debug's, while there is a realm */
/* What a run does; NULL: nothing, it has not run. */
extern enum engine_exit (*toy_run)(struct engine_frame *f);

/* The realm has begun, its vCPUs wait at the gate, and a session looks at them. */
void toy_begin(struct session *s);
void toy_end(struct session *s);

#endif
