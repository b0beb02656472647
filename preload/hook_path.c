// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_path.c - access and stat of the files that exist only through the interposer, by path and by
 * descriptor.
 *
 * Behind a descriptor is a socket; what is told is what the kernel's file would tell: a guest_memfd
 * is a regular file of its size, the others are anonymous.
 */
#include "preload/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "preload/preload.h"

static bool access_ours(int dir, const char *path, int mode, int *r)
{
	enum path p = path_classify(dir, path);

	if (p == PATH_OTHER)
		return false;
	*r = 0;
	if ((mode & X_OK) || (p == PATH_PARAMETER && (mode & W_OK)))
		*r = sys_return(-EACCES);
	return true;
}

EXPORT int access(const char *path, int mode)
{
	int r;

	return access_ours(AT_FDCWD, path, mode, &r) ? r : REAL(access)(path, mode);
}

EXPORT int euidaccess(const char *path, int mode)
{
	int r;

	return access_ours(AT_FDCWD, path, mode, &r) ? r : REAL(euidaccess)(path, mode);
}

EXPORT int eaccess(const char *path, int mode)
{
	int r;

	return access_ours(AT_FDCWD, path, mode, &r) ? r : REAL(eaccess)(path, mode);
}

EXPORT int faccessat(int dir, const char *path, int mode, int flags)
{
	int r;

	return access_ours(dir, path, mode, &r) ? r : REAL(faccessat)(dir, path, mode, flags);
}

#define KVM_MAJOR 10
#define KVM_MINOR 232

static void fill(struct stat *st, enum path p)
{
	memset(st, 0, sizeof(*st));
	st->st_nlink = 1;
	st->st_blksize = PAGE_SIZE;
	if (p == PATH_KVM) {
		st->st_mode = S_IFCHR | 0666;
		st->st_rdev = makedev(KVM_MAJOR, KVM_MINOR);
	} else {
		st->st_mode = S_IFREG | 0444;
		st->st_size = PAGE_SIZE;
	}
}

/* False: the descriptor is none of ours. */
static bool fill_descriptor(struct stat *st, int fd)
{
	struct handle h;
	enum fd_class class;

	if (!client_enabled())
		return false;
	client_enter();
	class = object_classify(fd, &h);
	if (class == FD_OTHER)
		return false;
	fill(st, PATH_KVM);
	if (class == FD_SYSTEM)
		return true;
	st->st_mode = 0600;
	st->st_rdev = 0;
	if (class == FD_OBJECT && h.obj->kind == OBJECT_GMEM) {
		st->st_mode |= S_IFREG;
		st->st_size = (off_t)h.obj->size;
	}
	return true;
}

/* The path is empty, and that means the descriptor. */
static bool means_descriptor(const char *path, int flags)
{
	return (flags & AT_EMPTY_PATH) && user_readable(path) && !*path;
}

/* The caller's buffer may be anywhere. */
static int give(void *to, const void *from, size_t size)
{
	if (!user_writable(to, size))
		return -EFAULT;
	memcpy(to, from, size);
	return 0;
}

/* On 64-bit hosts struct stat64 is struct stat. True if the path is ours; then *r is the answer. */
static bool stat_ours(int dir, const char *path, void *to, int *r)
{
	enum path p = path_classify(dir, path);
	struct stat st;

	if (p == PATH_OTHER)
		return false;
	fill(&st, p);
	*r = sys_return(give(to, &st, sizeof(st)));
	return true;
}

static bool fstat_ours(int fd, void *to, int *r)
{
	struct stat st;

	if (!fill_descriptor(&st, fd))
		return false;
	*r = sys_return(give(to, &st, sizeof(st)));
	return true;
}

static bool statat_ours(int dir, const char *path, void *to, int flags, int *r)
{
	return means_descriptor(path, flags) ? fstat_ours(dir, to, r)
					     : stat_ours(dir, path, to, r);
}

#define HOOK_FSTAT(name, type)                                                                     \
	EXPORT int name(int fd, struct type *st)                                                   \
	{                                                                                          \
		int r;                                                                             \
                                                                                                   \
		return fstat_ours(fd, st, &r) ? r : REAL(name)(fd, st);                            \
	}

#define HOOK_FXSTAT(name, type)                                                                    \
	EXPORT int name(int version, int fd, struct type *st);                                     \
	EXPORT int name(int version, int fd, struct type *st)                                      \
	{                                                                                          \
		int r;                                                                             \
                                                                                                   \
		return fstat_ours(fd, st, &r) ? r : REAL(name)(version, fd, st);                   \
	}

#define HOOK_STAT(name, type)                                                                      \
	EXPORT int name(const char *restrict path, struct type *restrict st)                       \
	{                                                                                          \
		int r;                                                                             \
                                                                                                   \
		return stat_ours(AT_FDCWD, path, st, &r) ? r : REAL(name)(path, st);               \
	}

#define HOOK_STATAT(name, type)                                                                    \
	EXPORT int name(int dir, const char *restrict path, struct type *restrict st, int flags)   \
	{                                                                                          \
		int r;                                                                             \
                                                                                                   \
		return statat_ours(dir, path, st, flags, &r) ? r                                   \
							     : REAL(name)(dir, path, st, flags);   \
	}

/* Programs linked against a C library before 2.33 call these. */
#define HOOK_XSTAT(name, type)                                                                     \
	EXPORT int name(int version, const char *path, struct type *st);                           \
	EXPORT int name(int version, const char *path, struct type *st)                            \
	{                                                                                          \
		int r;                                                                             \
                                                                                                   \
		return stat_ours(AT_FDCWD, path, st, &r) ? r : REAL(name)(version, path, st);      \
	}

#define HOOK_XSTATAT(name, type)                                                                   \
	EXPORT int name(int version, int dir, const char *path, struct type *st, int flags);       \
	EXPORT int name(int version, int dir, const char *path, struct type *st, int flags)        \
	{                                                                                          \
		int r;                                                                             \
                                                                                                   \
		if (statat_ours(dir, path, st, flags, &r))                                         \
			return r;                                                                  \
		return REAL(name)(version, dir, path, st, flags);                                  \
	}

HOOK_STAT(stat, stat)
HOOK_STAT(stat64, stat64)
HOOK_STAT(lstat, stat)
HOOK_STAT(lstat64, stat64)
HOOK_FSTAT(fstat, stat)
HOOK_FSTAT(fstat64, stat64)
HOOK_FXSTAT(__fxstat, stat)
HOOK_FXSTAT(__fxstat64, stat64)
HOOK_STATAT(fstatat, stat)
HOOK_STATAT(fstatat64, stat64)
HOOK_XSTAT(__xstat, stat)
HOOK_XSTAT(__xstat64, stat64)
HOOK_XSTAT(__lxstat, stat)
HOOK_XSTAT(__lxstat64, stat64)
HOOK_XSTATAT(__fxstatat, stat)
HOOK_XSTATAT(__fxstatat64, stat64)

EXPORT int statx(int dir, const char *restrict path, int flags, unsigned int mask,
		 struct statx *restrict to)
{
	struct statx stx = {.stx_mask = STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_SIZE};
	bool ours, by_descriptor = means_descriptor(path, flags);
	enum path p = by_descriptor ? PATH_OTHER : path_classify(dir, path);
	struct stat st;

	ours = by_descriptor ? fill_descriptor(&st, dir) : p != PATH_OTHER;
	if (!ours)
		return REAL(statx)(dir, path, flags, mask, to);
	if (!by_descriptor)
		fill(&st, p);
	stx.stx_mode = st.st_mode;
	stx.stx_nlink = st.st_nlink;
	stx.stx_size = st.st_size;
	stx.stx_blksize = st.st_blksize;
	stx.stx_rdev_major = major(st.st_rdev);
	stx.stx_rdev_minor = minor(st.st_rdev);
	return sys_return(give(to, &stx, sizeof(stx)));
}
