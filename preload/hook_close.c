// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_close.c - what the VMM does to descriptors by number, which may be ours.
 *
 * A close of one of ours does nothing, as if it had not been there; what is to take its place moves
 * it away first.
 */
#include "preload/preload.h"

#include <unistd.h>

EXPORT int close(int fd)
{
	return call_close(fd) ? 0 : REAL(close)(fd);
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	return sys_return(call_close_range(first, last, flags));
}

EXPORT void closefrom(int first);
EXPORT void closefrom(int first)
{
	if (call_close_range(first < 0 ? 0 : first, ~0u, 0) && REAL(closefrom))
		REAL(closefrom)(first);
}

EXPORT int dup2(int from, int to)
{
	long r = call_replace(from, to);

	return r ? sys_return(r) : REAL(dup2)(from, to);
}

EXPORT int dup3(int from, int to, int flags)
{
	long r = call_replace(from, to);

	return r ? sys_return(r) : REAL(dup3)(from, to, flags);
}
