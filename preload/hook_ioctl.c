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
	struct object *obj;
	enum fd_class class;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (_IOC_TYPE(nr) != KVMIO || !client_enabled())
		return REAL(ioctl)(fd, request, arg);
	client_enter();
	class = object_classify(fd, &obj);
	if (class == FD_OTHER)
		return REAL(ioctl)(fd, request, arg);
	return sys_return(channel_ioctl(fd, obj, class, nr, (uintptr_t)arg));
}

static int fallocate_gmem(int fd, struct object *obj, int mode, off_t offset, off_t len)
{
	struct wire_msg m = {.type = WIRE_FALLOCATE, .fallocate = {mode, 0, offset, len}};
	struct call c = {.fd = fd, .obj = obj, .done_fd = -1};
	int64_t r = -EIO;

	if (offset < 0 || len <= 0)
		return -EINVAL;
	signals_block(&c.mask);
	lock_take(&obj->lock);
	if (!wire_send(fd, &m, NULL, NULL, 0))
		r = channel_serve(&c);
	lock_drop(&obj->lock);
	signals_restore(&c.mask);
	return r;
}

#define HOOK_FALLOCATE(name)                                                                       \
	EXPORT int name(int fd, int mode, off_t offset, off_t len);                                \
	EXPORT int name(int fd, int mode, off_t offset, off_t len)                                 \
	{                                                                                          \
		struct object *obj;                                                                \
                                                                                                   \
		if (client_enabled())                                                              \
			client_enter();                                                            \
		if (object_classify(fd, &obj) != FD_OBJECT || obj->kind != OBJECT_GMEM)            \
			return REAL(name)(fd, mode, offset, len);                             \
		return sys_return(fallocate_gmem(fd, obj, mode, offset, len));                     \
	}

HOOK_FALLOCATE(fallocate)
HOOK_FALLOCATE(fallocate64)
