/* SPDX-License-Identifier: BSD-3-Clause */
/* preload.h - hooks of a dynamic program's C library over the client core. */
#ifndef PRELOAD_PRELOAD_H
#define PRELOAD_PRELOAD_H

#include "client/client.h"
#include "preload/real.h"

#define EXPORT __attribute__((visibility("default")))

/* What a hook returns to its caller: the result, or -1 and errno, which only a failure changes. */
static inline long sys_return(long r)
{
	if (r >= 0)
		return r;
	errno = -r;
	return -1;
}

#endif
