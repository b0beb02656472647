/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuse.h - serves a host's folder to a realm in the FUSE protocol (linux/fuse.h), version 7.31.
 *
 * The realm acts as the user who runs us. What belongs to him is root's for the realm, and the
 * other way round. It can neither make devices nor files that run as somebody else (set-user-ID).
 * One thread at a time.
 */
#ifndef VMM_FUSE_H
#define VMM_FUSE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/folder.h"

#define FUSE_MAX_DATA  0x20000u /* of a read or a write */
#define FUSE_MAX_CALL  (FUSE_MAX_DATA + 0x1000u)
#define FUSE_MAX_FILES 4096u

/* An open file or folder of the realm's. */
struct fuse_file {
	int fd; /* -1: none */
	DIR *dir;
};

struct fuse {
	struct folder folder;
	bool started; /* the realm has said which version it speaks */
	struct fuse_file *files;
	unsigned int nfiles;
};

/* 0 or -errno. */
int fuse_open(struct fuse *f, const char *path, bool readonly);
void fuse_close(struct fuse *f);
/* The realm's driver starts anew. */
void fuse_reset(struct fuse *f);
/*
 * Serve a call of len bytes: the answer's length in out (room bytes, at least 16; up to
 * FUSE_MAX_CALL of them are used), 0: it has none.
 */
size_t fuse_serve(struct fuse *f, const void *call, size_t len, void *out, size_t room);

#endif
