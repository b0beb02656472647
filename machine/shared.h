/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shared.h - files that processes outside of softrealm share, in place of physical memory.
 *
 * A piece is a range of such a file that is mapped over pages of the clients' area: here, and by
 * everybody who looks at the memory (viewers: engines), under the same PA. Nothing is copied: what
 * anybody stores is seen by all at once, holes that are punched are holes everywhere. A page beyond
 * the file's end reads as zero, for each viewer by itself (base/sigbus.h), until the piece is shown
 * again. Thread-safe.
 */
#ifndef MACHINE_SHARED_H
#define MACHINE_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

#define MACHINE_MAX_PIECES 128

/* The lock over all this is held while viewers are shown something: theirs come after it. */
#define MACHINE_RANK_SHARED (LOCK_RANKS_ENGINE + 50)

struct machine;

struct machine_piece {
	uint64_t pa, size;
	int fd; /* the machine's: what lies there now ... */
	uint64_t offset;
	uint64_t step; /* ... and the size of its pages; 0: physical memory again */
};

struct machine_viewer {
	/* Look at this from now on; NULL: that is all there is when the viewer begins. 0 or -errno;
	 * a viewer that has ended says 0. */
	int (*show)(struct machine_viewer *v, const struct machine_piece *p);
	struct machine_viewer *next; /* the machine's */
};

/* Show all pieces that there are, then NULL, then each that comes. */
void machine_view(struct machine *m, struct machine_viewer *v);
/* Never again, on return. One that does not view: nothing. */
void machine_unview(struct machine *m, struct machine_viewer *v);

/*
 * Make a piece of [offset, offset + size) of the file, whole pages of the file; *pa is its place,
 * aligned to the file's pages. The descriptor, to read and write, stays the caller's.
 * 0, -ENOMEM (no room, no memory), -ENOSPC (MACHINE_MAX_PIECES), -EINVAL (the file's pages do not
 * fit ours), or what mmap(2) or a viewer says.
 */
int machine_share(struct machine *m, int fd, uint64_t offset, uint64_t size, uint64_t step,
		  uint64_t *pa);
/* Map the piece anew everywhere: pages that have been missing and are there again. */
void machine_share_again(struct machine *m, uint64_t pa);
/* Nobody uses the piece at pa any more: physical memory again, given back. */
void machine_unshare(struct machine *m, uint64_t pa);

/* ---- inside of machine/ ---- */
struct shared;
struct shared *shared_create(void);
void shared_destroy(struct shared *s); /* no pieces, no viewers */
bool shared_holds(struct shared *s, uint64_t pa);
struct shared *machine_shared(const struct machine *m);

#endif
