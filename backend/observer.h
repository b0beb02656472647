/* SPDX-License-Identifier: BSD-3-Clause */
/* observer.h - what the backend tells the launcher: log, refusals, trace, measurements, report. */
#ifndef BACKEND_OBSERVER_H
#define BACKEND_OBSERVER_H

#include "backend/backend.h"

/* Observe all calls and events of this process from now on. 0 or -errno (out of memory). */
int observer_start(const struct backend_options *o);
void observer_send(enum backend_message kind, const char *text);
/* Everything is written; with `report`, the final one is sent. `opened`: how often clients opened
 * /dev/kvm; `pages`: of physical memory that nobody gave back. */
void observer_stop(bool report, uint64_t opened, uint64_t pages);

#endif
