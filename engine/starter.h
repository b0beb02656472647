/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * starter.h - a small process that executes engines for one that may not execute anything, and
 * opens what /proc tells of a thread's waiting for one that may not open anything.
 *
 * It is forked while its parent is still free. What it starts are children of the parent
 * (CLONE_PARENT): waited for, and ended with it, as if the parent had forked them.
 */
#ifndef ENGINE_STARTER_H
#define ENGINE_STARTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STARTER_MAX_FDS 40u /* memory, a socket for each doorbell device, the object and its own */

/* From now on process_start asks the starter, which ends with this process. Called by the thread
 * that lives as long as the process. 0 or -errno. */
int starter_begin(void);
bool starter_is_there(void);
/* The engine's program as it was found then; NULL: it was not installed. */
const char *starter_program(void);
/* It can confine itself (-sandbox). */
bool starter_program_has_sandbox(void);

/* What a child is to be. */
struct starter_job {
	char *const *argv; /* ended by NULL */
	char *const *env;  /* the same: in its environment, in place of ours of these names */
	const int *fds;	   /* stay open, under their numbers, which are above 2 */
	size_t nfds;
	int err; /* standard error; the other two are /dev/null, all else is closed */
};

/* In a child that was just forked: becomes the job's program. */
__attribute__((noreturn)) void starter_become(const struct starter_job *job, pid_t parent);
/* A descriptor of the process, or -errno. Any thread. */
int starter_start(const struct starter_job *job);
/* schedstat_open, by the starter if there is one. Any thread. */
int starter_open_schedstat(int pidfd, uint32_t thread, const char *name);

#endif
