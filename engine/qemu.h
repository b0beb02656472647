/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * qemu.h - the QEMU back-end beyond engine_ops: starting ahead of need.
 *
 * Environment: SOFTREALM_QEMU names the program (a path, or a name to look up in PATH; default
 * qemu-system-aarch64). SOFTREALM_SPIN is the longest time, in microseconds, that the host and a
 * virtual CPU each spin for the other before they sleep (0: never).
 */
#ifndef ENGINE_QEMU_H
#define ENGINE_QEMU_H

struct machine;

/*
 * Let machine_expect_cpus(m, n) start an engine of n CPUs ahead: the next create() on m with as
 * many adopts it. At most one is kept; another hint with a different number replaces it. Undo
 * with engine_qemu_detach before machine_destroy.
 */
void engine_qemu_attach(struct machine *m);
void engine_qemu_detach(struct machine *m);

#endif
