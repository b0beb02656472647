/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * end.h - how the run ends. Any thread may end it; the first reason stays.
 *
 *	RUNNING --end_suspect--> SUSPECT --end_run--> ENDED
 *	RUNNING --end_run------------------------------^
 *
 * SUSPECT is for signs that have two meanings: a vCPU that is refused entry because the realm is
 * off may see that before the vCPU that switched it off reports why. The main thread gives such
 * a sign a moment, then calls end_confirm, which makes it the reason.
 */
#ifndef VMM_END_H
#define VMM_END_H

#include <stdbool.h>

#include "vmm/status.h"

/* Once, before any thread. 0 or -errno. */
int end_init(void);
/* Readable from the first end_run or end_suspect on. */
int end_fd(void);
void end_run(enum vmm_status status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void end_suspect(enum vmm_status status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
bool end_is_suspect(void);
void end_confirm(void);
/* Has it ended? Cheap: asked after every exit. */
bool end_reached(void);
/* After the threads have been joined. */
enum vmm_status end_status(void);
const char *end_reason(void);

/* The stable word for a status in reports: "powered-off", "reset", "timeout", ... */
const char *end_status_name(enum vmm_status status);

#endif
