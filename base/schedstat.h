/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * schedstat.h - how long a thread has waited for a CPU in its life, as the kernel counts it
 * (sched_info.run_delay): the second number of /proc/<pid>/task/<tid>/schedstat.
 */
#ifndef BASE_SCHEDSTAT_H
#define BASE_SCHEDSTAT_H

#include <stdbool.h>
#include <stdint.h>

/* This kernel counts it, and this process can read it. */
bool schedstat_is_there(void);

/*
 * The file of a thread of the process behind pidfd: of the thread that has this number in the
 * innermost namespace that it is in, or, if that is 0, of one that has this name. A descriptor, or
 * -errno (-ENOENT: there is no such thread; -ESRCH: the process has ended, or is not to be seen).
 */
int schedstat_open(int pidfd, uint32_t number, const char *name);

/* Nanoseconds; 0: unknown, or the thread has ended. */
uint64_t schedstat_delay(int fd);
/* Of the calling thread. */
uint64_t schedstat_own_delay(void);

#endif
