// SPDX-License-Identifier: BSD-3-Clause
/* hook_path.c - every way to look at a file without opening it. */
#include "client/files.h"

#include <fcntl.h>

#include "preload/preload.h"

static bool access_ours(int dir, const char *path, int mode, int *ret)
{
	long r;

	if (!files_access(dir, path, mode, &r))
		return false;
	*ret = sys_return(r);
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

static bool fstat_ours(int fd, void *to, int *ret)
{
	long r;

	if (!files_fstat(fd, to, &r))
		return false;
	*ret = sys_return(r);
	return true;
}

static bool statat_ours(int dir, const char *path, void *to, int flags, int *ret)
{
	long r;

	if (!files_stat(dir, path, to, flags, &r))
		return false;
	*ret = sys_return(r);
	return true;
}

static bool stat_ours(int dir, const char *path, void *to, int *ret)
{
	return statat_ours(dir, path, to, 0, ret);
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
	long r;

	return files_statx(dir, path, flags, to, &r) ? sys_return(r)
						     : REAL(statx)(dir, path, flags, mask, to);
}
