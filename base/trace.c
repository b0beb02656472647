// SPDX-License-Identifier: BSD-3-Clause
/* trace.c - holds the one observer of calls and events. */
#include "base/trace.h"

const struct trace_observer *trace_observer_;
__thread struct trace_context trace_context_ = {0, -1};

void trace_observe(const struct trace_observer *o)
{
	trace_observer_ = o;
}
