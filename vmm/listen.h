/* SPDX-License-Identifier: BSD-3-Clause */
/* listen.h - unix sockets by path. */
#ifndef VMM_LISTEN_H
#define VMM_LISTEN_H

/*
 * A socket that listens at a path, and one that is connected to a path: non-blocking, or -errno.
 * A socket that nobody listens at any more is replaced; any other file at the path is -EADDRINUSE.
 */
int listen_at(const char *path);
int connect_to(const char *path);

#endif
