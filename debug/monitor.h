/* SPDX-License-Identifier: BSD-3-Clause */
/* monitor.h - `monitor ...` in GDB: lines for this server. */
#ifndef DEBUG_MONITOR_H
#define DEBUG_MONITOR_H

#include "debug/session.h"

void monitor_line(struct session *s, const char *line, struct answer *a);

#endif
