/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * carrier.h - how the interposer gets into the command: by LD_PRELOAD, and for an arm64 program
 * on another host under qemu-aarch64.
 */
#ifndef CLI_CARRIER_H
#define CLI_CARRIER_H

/*
 * In the child, before exec: set the environment, and return the argument list to execute (argv
 * itself, or a new one). NULL: an interposer is missing (logged).
 */
char **carrier_prepare(char **argv, const char *socket, const char *sysroot);

#endif
