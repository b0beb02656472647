/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * real.h - the functions that the hooks stand before.
 *
 * They are looked up when the library is loaded: later a lookup may meet a signal handler, or the
 * child of a fork whose parent had a lock of the loader.
 */
#ifndef PRELOAD_REAL_H
#define PRELOAD_REAL_H

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define REAL_FUNCTIONS(_)                                                                          \
	_(open, int, const char *, int, ...)                                                       \
	_(open64, int, const char *, int, ...)                                                     \
	_(openat, int, int, const char *, int, ...)                                                \
	_(openat64, int, int, const char *, int, ...)                                              \
	_(__open_2, int, const char *, int)                                                        \
	_(__open64_2, int, const char *, int)                                                      \
	_(__openat_2, int, int, const char *, int)                                                 \
	_(__openat64_2, int, int, const char *, int)                                               \
	_(creat, int, const char *, mode_t)                                                        \
	_(creat64, int, const char *, mode_t)                                                      \
	_(fopen, FILE *, const char *, const char *)                                               \
	_(fopen64, FILE *, const char *, const char *)                                             \
	_(access, int, const char *, int)                                                          \
	_(euidaccess, int, const char *, int)                                                      \
	_(eaccess, int, const char *, int)                                                         \
	_(faccessat, int, int, const char *, int, int)                                             \
	_(stat, int, const char *, struct stat *)                                                  \
	_(stat64, int, const char *, struct stat64 *)                                              \
	_(lstat, int, const char *, struct stat *)                                                 \
	_(lstat64, int, const char *, struct stat64 *)                                             \
	_(fstat, int, int, struct stat *)                                                          \
	_(fstat64, int, int, struct stat64 *)                                                      \
	_(__fxstat, int, int, int, struct stat *)                                                  \
	_(__fxstat64, int, int, int, struct stat64 *)                                              \
	_(fstatat, int, int, const char *, struct stat *, int)                                     \
	_(fstatat64, int, int, const char *, struct stat64 *, int)                                 \
	_(statx, int, int, const char *, int, unsigned int, struct statx *)                        \
	_(__xstat, int, int, const char *, struct stat *)                                          \
	_(__xstat64, int, int, const char *, struct stat64 *)                                      \
	_(__lxstat, int, int, const char *, struct stat *)                                         \
	_(__lxstat64, int, int, const char *, struct stat64 *)                                     \
	_(__fxstatat, int, int, int, const char *, struct stat *, int)                             \
	_(__fxstatat64, int, int, int, const char *, struct stat64 *, int)                         \
	_(execve, int, const char *, char *const *, char *const *)                                 \
	_(fexecve, int, int, char *const *, char *const *)                                         \
	_(execvpe, int, const char *, char *const *, char *const *)                                \
	_(posix_spawn, int, pid_t *, const char *, const posix_spawn_file_actions_t *,             \
	  const posix_spawnattr_t *, char *const *, char *const *)                                 \
	_(posix_spawnp, int, pid_t *, const char *, const posix_spawn_file_actions_t *,            \
	  const posix_spawnattr_t *, char *const *, char *const *)                                 \
	_(close, int, int)                                                                         \
	_(read, ssize_t, int, void *, size_t)                                                      \
	_(__read_chk, ssize_t, int, void *, size_t, size_t)                                        \
	_(readv, ssize_t, int, const struct iovec *, int)                                          \
	_(write, ssize_t, int, const void *, size_t)                                               \
	_(writev, ssize_t, int, const struct iovec *, int)                                         \
	_(closefrom, void, int)                                                                    \
	_(dup2, int, int, int)                                                                     \
	_(dup3, int, int, int, int)                                                                \
	_(sigaction, int, int, const struct sigaction *, struct sigaction *)                       \
	_(signal, __sighandler_t, int, __sighandler_t)                                             \
	_(ioctl, int, int, unsigned long, ...)                                                     \
	_(fallocate, int, int, int, off_t, off_t)                                                  \
	_(fallocate64, int, int, int, off_t, off_t)

struct real {
#define REAL_MEMBER(name, type, ...) type (*name##_)(__VA_ARGS__);
	REAL_FUNCTIONS(REAL_MEMBER)
#undef REAL_MEMBER
};

/* The C library's functions. Also right in constructors that run before ours. */
const struct real *real_functions(void);
#define REAL(name) (real_functions()->name##_)

#endif
