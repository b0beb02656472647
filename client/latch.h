/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * latch.h - the core's locks: a word that is 0 when free, so a table of zeroes is one of free
 * latches.
 *
 * A thread takes a latch only while all that it holds have a lower rank. Debug and sanitizer builds
 * (LOCK_CHECK) hold it to that, and to what is said to be held, and end the program with the names.
 */
#ifndef CLIENT_LATCH_H
#define CLIENT_LATCH_H

#include <stdint.h>

enum latch_rank {
	LATCH_LINK = 1, /* the talk that the process keeps */
	LATCH_OBJECT,
	LATCH_OBJECTS, /* the table of objects; under it an object's latch is only tried */
	LATCH_WATCHED,
	LATCH_SEGV,
	LATCH_MAPPINGS,
	LATCH_KNOWN,
};

struct latch {
	uint32_t word; /* 0 free, 1 held, 2 held and somebody waits */
};

#define LATCH_HELD_MAX 1024

/* Who holds what, with LOCK_CHECK. */
struct latch_held {
	uint32_t tid; /* 0: the entry is free */
	uint32_t rank;
	const struct latch *latch;
};

#endif
