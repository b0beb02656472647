/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * klog.h - the log of a Linux kernel, read from the memory of its realm. No console is needed, and
 * no help of the kernel's: its ring is known by its structure.
 */
#ifndef BACKEND_KLOG_H
#define BACKEND_KLOG_H

#include <jansson.h>

#include "backend/guest_memory.h"

/*
 * The lines of a level (0 to 7, debug) below this one, oldest first, as a console would show them;
 * at most so many, the newest. NULL: there is no such ring in private memory (no Linux of 5.10 or
 * later, or it has not come so far), or it is not reached by this vCPU's tables.
 */
json_t *klog_read(struct guest_memory *m, size_t max, unsigned int below);

#endif
