/* SPDX-License-Identifier: BSD-3-Clause */
/* cpu_use.h - what the processes of a backend have used of the CPUs, as /proc tells it. */
#ifndef CLI_CPU_USE_H
#define CLI_CPU_USE_H

#include <jansson.h>
#include <stdbool.h>

/* Seconds of CPU since each process began; clock: when they were read, in seconds. */
struct cpu_use {
	double backend, engines, vmms, clock;
};

/*
 * Of the backend, of the processes under it (engines), and of the processes that `vms` names (the
 * answer to the call vms). False: /proc does not show the backend; it lives elsewhere.
 */
bool cpu_use_read(long backend, const json_t *vms, struct cpu_use *u);

#endif
