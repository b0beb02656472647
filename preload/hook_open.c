// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_open.c - opening of /dev/kvm, and of the parameter file that some VMMs read the capability
 * number from. fopen has its own hook: the C library's does not pass the one of open.
 */
#include "preload/preload.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/path.h"

/* /dev/kvm: a connection of which only the number of descriptors matters. */
static int open_kvm(int flags)
{
	sigmask_t mask;
	int fd;

	signals_block(&mask);
	fd = client_connect(WIRE_ROLE_OPEN);
	if (fd >= 0 && !(flags & O_CLOEXEC))
		sys(fcntl, fd, F_SETFD, 0);
	signals_restore(&mask);
	return sys_return(fd);
}

static int open_parameter(int flags)
{
	char text[16];
	long fd;
	int n;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return sys_return(-EACCES);
	fd = sys(memfd_create, "kvm_cap_arm_rmi", MFD_CLOEXEC);
	if (fd < 0)
		return sys_return(fd);
	n = snprintf(text, sizeof(text), "%u\n", client_rmi_cap());
	sys(pwrite64, fd, text, n, 0);
	if (!(flags & O_CLOEXEC))
		sys(fcntl, fd, F_SETFD, 0);
	return fd;
}

/* True if the path is ours; then *fd is the answer. */
static bool open_ours(const char *path, int flags, int *fd)
{
	enum path p = path_classify(path);

	if (p == PATH_OTHER)
		return false;
	*fd = p == PATH_KVM ? open_kvm(flags) : open_parameter(flags);
	return true;
}

static mode_t mode_argument(int flags, va_list ap)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(ap, int) : 0;
}

#define HOOK_OPEN(name)                                                                            \
	EXPORT int name(const char *path, int flags, ...);                                         \
	EXPORT int name(const char *path, int flags, ...)                                          \
	{                                                                                          \
		va_list ap;                                                                        \
		mode_t mode;                                                                       \
		int fd;                                                                            \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode = mode_argument(flags, ap);                                                   \
		va_end(ap);                                                                        \
		return open_ours(path, flags, &fd) ? fd : REAL(name)(path, flags, mode);      \
	}

#define HOOK_OPENAT(name)                                                                          \
	EXPORT int name(int dir, const char *path, int flags, ...);                                \
	EXPORT int name(int dir, const char *path, int flags, ...)                                 \
	{                                                                                          \
		va_list ap;                                                                        \
		mode_t mode;                                                                       \
		int fd;                                                                            \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode = mode_argument(flags, ap);                                                   \
		va_end(ap);                                                                        \
		return open_ours(path, flags, &fd) ? fd                                            \
						   : REAL(name)(dir, path, flags, mode);      \
	}

#define HOOK_OPEN_2(name)                                                                          \
	EXPORT int name(const char *path, int flags);                                              \
	EXPORT int name(const char *path, int flags)                                               \
	{                                                                                          \
		int fd;                                                                            \
                                                                                                   \
		return open_ours(path, flags, &fd) ? fd : REAL(name)(path, flags);            \
	}

#define HOOK_OPENAT_2(name)                                                                        \
	EXPORT int name(int dir, const char *path, int flags);                                     \
	EXPORT int name(int dir, const char *path, int flags)                                      \
	{                                                                                          \
		int fd;                                                                            \
                                                                                                   \
		return open_ours(path, flags, &fd) ? fd : REAL(name)(dir, path, flags);       \
	}

#define HOOK_FOPEN(name)                                                                           \
	EXPORT FILE *name(const char *path, const char *mode);                                     \
	EXPORT FILE *name(const char *path, const char *mode)                                      \
	{                                                                                          \
		int fd, flags = strpbrk(mode, "wa+") ? O_RDWR : O_RDONLY;                          \
                                                                                                   \
		if (!open_ours(path, strchr(mode, 'e') ? flags | O_CLOEXEC : flags, &fd))          \
			return REAL(name)(path, mode);                                     \
		return fd < 0 ? NULL : fdopen(fd, mode);                                           \
	}

HOOK_OPEN(open)
HOOK_OPEN(open64)
HOOK_OPENAT(openat)
HOOK_OPENAT(openat64)
HOOK_OPEN_2(__open_2)
HOOK_OPEN_2(__open64_2)
HOOK_OPENAT_2(__openat_2)
HOOK_OPENAT_2(__openat64_2)
HOOK_FOPEN(fopen)
HOOK_FOPEN(fopen64)
