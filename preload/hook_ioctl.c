// SPDX-License-Identifier: BSD-3-Clause
/* hook_ioctl.c - ioctl and fallocate. */
#include "preload/preload.h"

#include <stdarg.h>

EXPORT int ioctl(int fd, unsigned long request, ...);
EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;
	long r;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	return call_ioctl(fd, request, (uintptr_t)arg, &r) ? sys_return(r)
							   : REAL(ioctl)(fd, request, arg);
}

#define HOOK_FALLOCATE(name)                                                                       \
	EXPORT int name(int fd, int mode, off_t offset, off_t len);                                \
	EXPORT int name(int fd, int mode, off_t offset, off_t len)                                 \
	{                                                                                          \
		long r;                                                                            \
                                                                                                   \
		return call_fallocate(fd, mode, offset, len, &r)                                   \
			       ? sys_return(r)                                                     \
			       : REAL(name)(fd, mode, offset, len);                                \
	}

HOOK_FALLOCATE(fallocate)
HOOK_FALLOCATE(fallocate64)
