/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tracer.h - writes calls and events as the records of trace_format.h.
 *
 * tracer_call and tracer_event run on the observed thread, with whatever locks it holds; they copy
 * into memory and never wait for the file.
 */
#ifndef BACKEND_TRACER_H
#define BACKEND_TRACER_H

#include "backend/trace_filter.h"
#include "base/trace.h"

/* Into fd, which stays the caller's. 0, -ENOMEM. At most one tracer a process. */
int tracer_start(int fd, const struct trace_filter *f);
void tracer_call(const struct trace_call *c);
void tracer_event(const struct trace_event *e);
/* Everything is written. 0, or the -errno that writing has failed with. *lost: records. */
int tracer_stop(uint64_t *lost);

#endif
