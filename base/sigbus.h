/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sigbus.h - mappings of files that somebody else may cut short.
 *
 * To touch a page of a mapping that lies beyond the file's end is SIGBUS. In a range that is
 * watched it is not the end of the process: a page of zeroes that is this process's own takes the
 * place of the missing one, until the range is mapped anew. A SIGBUS anywhere else is what it was.
 * The table is the process's; any thread, and the handler at any moment.
 */
#ifndef BASE_SIGBUS_H
#define BASE_SIGBUS_H

#include <signal.h>
#include <stddef.h>

#define SIGBUS_MAX_RANGES 256

/* Before or after the file has been mapped there; `step` is the size of its pages. The first page
 * that is missing in this process writes `say` (a line; it stays valid) to standard error. 0 or
 * -ENOSPC. */
int sigbus_watch(void *addr, size_t size, size_t step, const char *say);
/* On return no handler changes the range any more. To be called with the address of the watch,
 * before anything else is mapped there. */
void sigbus_forget(void *addr);
/* What a thread that looks at guest memory may block: every other signal. Where SIGBUS is blocked
 * it ends the process, whatever is watched. */
void sigbus_fill_others(sigset_t *set);
/* The caller's thread, and those that it starts from now on, do not block it. */
void sigbus_unblock(void);

#endif
