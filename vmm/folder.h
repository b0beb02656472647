/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * folder.h - the inodes of a host's folder that a realm knows, by number; the folder itself is 1.
 *
 * A realm names a file only by the number of a folder that it knows and one name in it. A name is
 * never a path, and a symbolic link is never followed here, so nothing outside can be reached.
 * Each inode is a descriptor that neither reads nor writes (O_PATH).
 */
#ifndef VMM_FOLDER_H
#define VMM_FOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define FOLDER_ROOT    1u
#define FOLDER_BUCKETS 1024u

struct folder_node {
	int fd; /* -1: the number is free */
	dev_t dev;
	ino_t ino;
	uint64_t lookups;  /* times that the realm was told the number, less those it forgot */
	unsigned int next; /* in its bucket, or among the free ones; a number, 0: the last */
};

struct folder {
	struct folder_node *nodes; /* number n is nodes[n - 1] */
	unsigned int count, free;
	unsigned int buckets[FOLDER_BUCKETS];
	bool readonly;
};

/* 0 or -errno. */
int folder_open(struct folder *f, const char *path, bool readonly);
void folder_close(struct folder *f);
/* Forget all but the folder itself. */
void folder_reset(struct folder *f);

/* The descriptor of a number, or -ESTALE: the realm does not know it. */
int folder_fd(const struct folder *f, uint64_t number);
/* May this be a file's name? */
bool folder_name_ok(const char *name);
/* Tell the number of a name in a folder: 0 or -errno. */
int folder_lookup(struct folder *f, uint64_t parent, const char *name, uint64_t *number,
		  struct stat *st);
/* The realm forgets a number that it was told so many times. */
void folder_forget(struct folder *f, uint64_t number, uint64_t times);
/* Open the regular file, or the folder, of a number: a descriptor or -errno. */
int folder_reopen(const struct folder *f, uint64_t number, int flags);

#endif
