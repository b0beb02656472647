/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * qemu.h - the QEMU back-end beyond engine_ops: starting ahead of need.
 *
 * Environment: SOFTREALM_QEMU names the program (a path, or a name to look up in PATH; default
 * qemu-system-aarch64). SOFTREALM_SPIN is the longest time, in microseconds, that the host and a
 * virtual CPU each spin for the other before they sleep (0: never; on a machine with one CPU they
 * never do). SOFTREALM_PATIENCE is how many seconds a virtual CPU may take to come up, or to answer
 * what it answers at once (anything but a run that nobody has kicked), before the engine is given
 * up as lost (default 60).
 */
#ifndef ENGINE_QEMU_H
#define ENGINE_QEMU_H

struct machine;

/*
 * Let machine_expect_cpus(m, n) start an engine of n CPUs ahead: the next create() on m with as
 * many adopts it, one with another number drops it, and so does another hint with another number.
 * At most one is kept for each machine. To be undone with engine_qemu_detach before
 * machine_destroy, which ends the one that nobody has adopted; no hint starts one afterwards.
 */
void engine_qemu_attach(struct machine *m);
void engine_qemu_detach(struct machine *m);

#endif
