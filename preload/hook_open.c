// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_open.c - every way to open a file. fopen has its own hook: the C library's does not pass the
 * one of open.
 */
#include "preload/preload.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/files.h"

static bool open_ours(int dir, const char *path, int flags, int *fd)
{
	long r;

	if (!files_open(dir, path, flags, &r))
		return false;
	*fd = sys_return(r);
	return true;
}

/* What the C library's own function answered. */
static int opened(int fd, int dir, const char *path, int flags)
{
	return sys_return(files_opened(fd < 0 ? -errno : fd, dir, path, flags));
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
		if (open_ours(AT_FDCWD, path, flags, &fd))                                         \
			return fd;                                                                 \
		return opened(REAL(name)(path, flags, mode), AT_FDCWD, path, flags);               \
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
		if (open_ours(dir, path, flags, &fd))                                              \
			return fd;                                                                 \
		return opened(REAL(name)(dir, path, flags, mode), dir, path, flags);               \
	}

#define HOOK_OPEN_2(name)                                                                          \
	EXPORT int name(const char *path, int flags);                                              \
	EXPORT int name(const char *path, int flags)                                               \
	{                                                                                          \
		int fd;                                                                            \
                                                                                                   \
		if (open_ours(AT_FDCWD, path, flags, &fd))                                         \
			return fd;                                                                 \
		return opened(REAL(name)(path, flags), AT_FDCWD, path, flags);                     \
	}

#define HOOK_OPENAT_2(name)                                                                        \
	EXPORT int name(int dir, const char *path, int flags);                                     \
	EXPORT int name(int dir, const char *path, int flags)                                      \
	{                                                                                          \
		int fd;                                                                            \
                                                                                                   \
		if (open_ours(dir, path, flags, &fd))                                              \
			return fd;                                                                 \
		return opened(REAL(name)(dir, path, flags), dir, path, flags);                     \
	}

#define HOOK_CREAT(name)                                                                           \
	EXPORT int name(const char *path, mode_t mode)                                             \
	{                                                                                          \
		const int flags = O_CREAT | O_WRONLY | O_TRUNC;                                    \
		int fd;                                                                            \
                                                                                                   \
		if (open_ours(AT_FDCWD, path, flags, &fd))                                         \
			return fd;                                                                 \
		return opened(REAL(name)(path, mode), AT_FDCWD, path, flags);                      \
	}

#define HOOK_FOPEN(name)                                                                           \
	EXPORT FILE *name(const char *path, const char *mode);                                     \
	EXPORT FILE *name(const char *path, const char *mode)                                      \
	{                                                                                          \
		int fd, flags = strpbrk(mode, "wa+") ? O_RDWR : O_RDONLY;                          \
                                                                                                   \
		if (!open_ours(AT_FDCWD, path, strchr(mode, 'e') ? flags | O_CLOEXEC : flags,      \
			       &fd))                                                               \
			return REAL(name)(path, mode);                                             \
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
HOOK_CREAT(creat)
HOOK_CREAT(creat64)
HOOK_FOPEN(fopen)
HOOK_FOPEN(fopen64)
