/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * initrd.h - an initrd with our own init in it, which runs commands and attests (guest/init/).
 *
 * An archive of the kind "newc", uncompressed. The same files give the same bytes: it is measured.
 */
#ifndef CLI_INITRD_H
#define CLI_INITRD_H

#include <stdio.h>

#include "base/option.h"

#define INITRD_MAX_ADDED 64

struct initrd_options {
	const char *output;
	const char *modules;		     /* a folder as `softrealm kernel` makes it, or NULL */
	const char *busybox;		     /* a static arm64 busybox, or NULL */
	const char *added[INITRD_MAX_ADDED]; /* FILE or FILE=PATH */
	unsigned int nadded;
};

/* Write the archive. 0, or -errno after a message. */
int initrd_write(FILE *f, const struct initrd_options *o);

/* The same in memory: a descriptor that an exec keeps, or -errno after a message. */
int initrd_open(const struct initrd_options *o);

/* Their set functions take a struct initrd_options (initrd_files.def). */
extern const struct option_rows initrd_file_rows;

#endif
