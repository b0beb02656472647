/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sandbox.h - what the backend may ask of the kernel, once it serves clients.
 *
 * It works with what it holds by then, and with descriptors that clients pass. It opens nothing,
 * connects nowhere and executes nothing; engines are the starter's to execute (engine/starter.h).
 */
#ifndef BACKEND_SANDBOX_H
#define BACKEND_SANDBOX_H

/* Nothing that is started from now on can gain a privilege. Before the starter. */
void sandbox_no_new_privileges(void);
/*
 * For all threads, for good. A call that no backend makes ends the process (SIGSYS), another one
 * that is not allowed fails. 0; -ENOSYS: the kernel or this build has no filters; -errno.
 */
int sandbox_enter(void);

#endif
