/* SPDX-License-Identifier: BSD-3-Clause */
/* files.h - the two files that exist only through the interposer, /dev/kvm and a parameter's. */
#ifndef CLIENT_FILES_H
#define CLIENT_FILES_H

#include <stdbool.h>

enum path { PATH_OTHER, PATH_KVM, PATH_PARAMETER };

/*
 * What `path`, seen from the folder `dir`, names. Also notices a fork. PATH_OTHER when no backend
 * is named, and for an address that holds no string: the real call answers EFAULT.
 */
enum path path_classify(int dir, const char *path);
/* The same, seen through symbolic links. */
enum path path_classify_link(int dir, const char *path);

/* A copy of the string, at most PATH_MAX with its NUL; false: there is none at that address. */
bool path_copy(char *to, const char *path);

/* True if the path (or the descriptor) is one of them; then *r is what the call answers: the result
 * or -errno. */
bool files_open(int dir, const char *path, int flags, long *r);
bool files_access(int dir, const char *path, int mode, long *r);
bool files_fstat(int fd, void *st, long *r);
bool files_stat(int dir, const char *path, void *st, int flags, long *r);
bool files_statx(int dir, const char *path, int flags, void *stx, long *r);
/*
 * `r` is what the kernel answered to an open. It may have come to the machine's /dev/kvm by a name
 * that only the kernel can resolve, or have failed to do so: what the VMM gets instead.
 */
long files_opened(long r, int dir, const char *path, int flags);

#endif
