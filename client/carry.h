/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * carry.h - what a program that an emulator carries executes in its turn.
 *
 * The machine cannot run arm64 programs, the emulator that runs this one can: a dynamic one becomes
 * `EMULATOR -L ROOT -E LD_PRELOAD=... PROGRAM ...`, a static one `EMULATOR LOADER PROGRAM
 * ...`, as the launcher does it. Anything else is the machine's.
 */
#ifndef CLIENT_CARRY_H
#define CLIENT_CARRY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define CARRY_MAX_ARGUMENTS 4096
#define CARRY_MORE	    8 /* entries of `to` beyond the arguments, the end included */

struct carry {
	char *const *argv;
	size_t argc;
	bool by_emulator, is_static;
	int kept; /* a descriptor in `name` that stays open in the new program; -1: none */
	char name[PATH_MAX + 32]; /* the file */
};

/* The program begins: SOFTREALM_CARRIED, or NULL: it is not carried, and all below say so. */
void carry_start(const char *told);
bool carry_is_on(void);
/*
 * execveat(dir, path, argv, ..., flags) of a carried program, as an execve: carry_fill() gives its
 * arguments, carry_failed() follows if that returns. False: the call is the kernel's as it is; so
 * it is for a program that is not carried, and for bad addresses.
 */
bool carry_begin(struct carry *e, int dir, const char *path, char *const argv[], int flags);
/* Fill `to`, which has room for argc + CARRY_MORE: what to execute, and its arguments. */
const char *carry_fill(const struct carry *e, char **to);
void carry_failed(struct carry *e);

#endif
