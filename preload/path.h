/* SPDX-License-Identifier: BSD-3-Clause */
/* path.h - the two files that exist only through the interposer. */
#ifndef PRELOAD_PATH_H
#define PRELOAD_PATH_H

enum path { PATH_OTHER, PATH_KVM, PATH_PARAMETER };

/*
 * What `path`, seen from the folder `dir`, names. Also notices a fork. PATH_OTHER when no backend
 * is named, and for an address that holds no string: the real call answers EFAULT.
 */
enum path path_classify(int dir, const char *path);
/* The same, seen through symbolic links. */
enum path path_classify_link(int dir, const char *path);

#endif
