// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_ioctl.c - ioctl and fallocate on our descriptors.
 *
 * The kernel takes the request as 32 bits; callers that keep it in a signed int pass it
 * sign-extended.
 */
#include "preload/preload.h"

#include <linux/ioctl.h>
#include <stdarg.h>

#include "abi/kvm.h"

EXPORT int ioctl(int fd, unsigned long request, ...);
EXPORT int ioctl(int fd, unsigned long request, ...)
{
	uint32_t nr = request;
	struct handle h;
	enum fd_class class;
	va_list ap;
	void *arg;
	long r;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (_IOC_TYPE(nr) != KVMIO || !client_enabled())
		return REAL(ioctl)(fd, request, arg);
	client_enter();
	class = object_classify(fd, &h);
	if (class == FD_OTHER)
		return REAL(ioctl)(fd, request, arg);
	r = channel_ioctl(&h, class, nr, (uintptr_t)arg);
	if (r == -EIO && object_classify(fd, &h) == FD_OTHER)
		r = -EBADF; /* closed before the call began */
	return sys_return(r);
}

static int fallocate_gmem(const struct handle *h, int mode, off_t offset, off_t len)
{
	struct wire_msg m = {.type = WIRE_FALLOCATE, .fallocate = {mode, 0, offset, len}};

	return offset < 0 || len <= 0 ? -EINVAL : channel_fallocate(h, &m);
}

#define HOOK_FALLOCATE(name)                                                                       \
	EXPORT int name(int fd, int mode, off_t offset, off_t len);                                \
	EXPORT int name(int fd, int mode, off_t offset, off_t len)                                 \
	{                                                                                          \
		struct handle h;                                                                   \
                                                                                                   \
		if (client_enabled())                                                              \
			client_enter();                                                            \
		if (object_classify(fd, &h) != FD_OBJECT || h.obj->kind != OBJECT_GMEM)            \
			return REAL(name)(fd, mode, offset, len);                                  \
		return sys_return(fallocate_gmem(&h, mode, offset, len));                          \
	}

HOOK_FALLOCATE(fallocate)
HOOK_FALLOCATE(fallocate64)
