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
#include <sys/sysmacros.h>

#include "preload/path.h"

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

static int open_path(enum path p, int flags)
{
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return sys_return(-EEXIST);
	if (flags & O_DIRECTORY & ~O_TMPFILE)
		return sys_return(-ENOTDIR);
	return p == PATH_KVM ? sys_return(client_open(flags)) : open_parameter(flags);
}

/* True if the path is ours; then *fd is the answer. */
static bool open_ours(int dir, const char *path, int flags, int *fd)
{
	enum path p = path_classify(dir, path);

	if (p == PATH_OTHER)
		return false;
	*fd = open_path(p, flags);
	return true;
}

#define KVM_DEVICE makedev(10, 232)

/*
 * What the C library's own function answered. It may have come to the machine's /dev/kvm by a name
 * that only the kernel can resolve, or have failed to do so.
 */
static int opened(int fd, int dir, const char *path, int flags)
{
	enum path p = PATH_OTHER;
	struct stat st;

	if (!client_enabled())
		return fd;
	if (fd < 0 && !(flags & O_NOFOLLOW) &&
	    (errno == ENOENT || errno == EACCES || errno == ENXIO || errno == ENODEV))
		p = path_classify_link(dir, path);
	else if (fd >= 0 && !sys(fstat, fd, &st) && S_ISCHR(st.st_mode) &&
		 st.st_rdev == KVM_DEVICE)
		p = PATH_KVM;
	if (p == PATH_OTHER)
		return fd;
	if (fd >= 0) {
		sys(close, fd);
		client_enter();
	}
	return open_path(p, flags);
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
