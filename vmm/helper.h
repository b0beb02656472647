/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * helper.h - a program of the machine that serves a device: it speaks on a socket, which it has as
 * descriptor 3, and ends when its other end is closed.
 */
#ifndef VMM_HELPER_H
#define VMM_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HELPER_FD 3

struct helper {
	pid_t pid;
	int messages; /* a file: what it says; -1: it was not started */
};

/* 0 or -errno (-ENOENT: there is no such program); the socket is closed here in any case. */
int helper_start(struct helper *h, char *const *argv, int socket);
/* The last line that it has said, but for those that begin with one of `skip`: false: none. */
bool helper_last_words(const struct helper *h, const char *const *skip, char *line, size_t size);
/* After the socket was closed: wait for its end. Can be repeated. */
void helper_end(struct helper *h);

#endif
