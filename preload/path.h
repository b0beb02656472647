/* SPDX-License-Identifier: BSD-3-Clause */
/* path.h - the two files that exist only through the interposer. */
#ifndef PRELOAD_PATH_H
#define PRELOAD_PATH_H

enum path { PATH_OTHER, PATH_KVM, PATH_PARAMETER };

/* Also notices a fork; PATH_OTHER for everything when no backend is named. */
enum path path_classify(const char *path);

#endif
