/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loop.h - the main thread while the realm runs: typed input, window size, signals, job control,
 * the time limit, until somebody ends the run.
 */
#ifndef VMM_LOOP_H
#define VMM_LOOP_H

#include "vmm/consoles.h"

/* Block the signals that the loop reads, before any thread exists. 0 or -errno. */
int loop_init(void);
/* Until end_run; timeout in seconds from start (monotonic nanoseconds), 0: none. */
void loop_run(struct consoles *con, uint64_t start, unsigned int timeout);
/* Before loop_run: f is called once, so many seconds after it has begun, if it lasts that long. */
void loop_after(unsigned int seconds, void (*f)(void));
/* Wait until the output is written. A signal, or an end that somebody waits for, cuts it short. */
void loop_drain(void);

#endif
