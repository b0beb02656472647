/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * carrier.h - how the interposer gets into the command: by LD_PRELOAD, into a static arm64 program
 * by a loader; an arm64 program on another machine is carried by qemu-aarch64.
 */
#ifndef CLI_CARRIER_H
#define CLI_CARRIER_H

#include <limits.h>
#include <stdbool.h>

struct carrier {
	char program[PATH_MAX];	 /* what will be executed; empty: not found */
	char preload[PATH_MAX];	 /* the library: no character in it splits LD_PRELOAD */
	char loader[PATH_MAX];	 /* of static programs */
	char emulator[PATH_MAX]; /* of a foreign one */
	int held;		 /* the library, if `preload` names this descriptor; 0: none */
	bool foreign;		 /* an arm64 program on another machine */
	bool is_static;		 /* ... or on this one */
};

/* Find out how, and say so at once when it cannot be (a static x86 program, a set-user-ID one). 0
 * or -errno (logged). */
int carrier_open(struct carrier *c, const char *command);
/* In the child: what to execute instead, the environment set; NULL: no memory. */
char **carrier_prepare(const struct carrier *c, char **argv, const char *socket,
		       const char *sysroot);
/* The command and all that it has started are served no more. */
void carrier_close(struct carrier *c);

#endif
