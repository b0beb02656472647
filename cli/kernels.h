/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kernels.h - the kernels that `softrealm kernel fetch` has put into the user's cache, and how a
 * command line names them: by version, or by flavour (the one that was fetched or used last).
 */
#ifndef CLI_KERNELS_H
#define CLI_KERNELS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/initrd.h"
#include "vmm/vmm_options.h"

#define KERNELS_FLAVOURS "cloud|generic|rt|16k"

struct fetched_kernel {
	char name[128];	  /* the version */
	char origin[64];  /* suite and flavour */
	char flavour[16]; /* one of KERNELS_FLAVOURS */
	char folder[PATH_MAX];
	long long size; /* of the Image */
	long long used; /* when it was fetched or asked for last: seconds since 1970 */
};

/* XDG_CACHE_HOME/softrealm/kernel, or that below HOME. 0 or -ENOENT (neither is set). */
int kernels_folder(char *path, size_t size);

/* All of them, the one that was used last first; the caller frees *all. Their number or -errno. */
int kernels_list(struct fetched_kernel **all);

/* The one of this name or flavour; NULL: the one used last. 0 or -ENOENT. */
int kernels_find(const char *name, struct fetched_kernel *found);

/* The busybox that came with them: 0 or -ENOENT. */
int kernels_busybox(char *path, size_t size);

/*
 * What --kernel names, if it is no file but one of these: its Image and, where the realm gets no
 * initrd of the user's, its modules and the busybox for the initrd that softrealm makes.
 */
struct kernel_choice {
	char image[PATH_MAX + 16];
	char modules[PATH_MAX];
	char busybox[PATH_MAX]; /* "": there is none */
	bool fetched;		/* --kernel named one of these; else all of this is empty */
};

/* 0, or -EINVAL after a message: value is neither a file nor a fetched kernel, but a flavour. */
int kernels_choose(const char *value, struct kernel_choice *c);

/*
 * After the options are parsed: the initrd to make, as a path for the VMM (then *fd must stay open
 * while the path is used; else it is -1), or NULL: none, or the user's. 0 or -errno (logged).
 */
int kernels_initrd(const struct kernel_choice *c, const struct vmm_options *vmm, bool wanted,
		   struct initrd_options *o, char path[40], int *fd);

#endif
