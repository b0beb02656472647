/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * output.h - the realm's console output: watched for texts, and written to a descriptor by a
 * thread of its own, so that a reader who stops reading stops no vCPU for ever.
 */
#ifndef VMM_OUTPUT_H
#define VMM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output_watch {
	const char *text;
	size_t matched;	     /* bytes of text that end at the last byte seen */
	uint64_t seen;	     /* monotonic nanoseconds of the first time; 0: not yet */
	void (*found)(void); /* called then, or NULL; must not call back */
};

/*
 * Watch for w->text (not empty) in everything that is written. Before the first byte; w is the
 * caller's and stays.
 */
void output_watch(struct output_watch *w);

/*
 * Start the writer. Signals must be blocked already and SIGPIPE ignored: a reader who closes his
 * end ends the run as that signal would. 0 or -errno.
 */
int output_start(int fd);

/*
 * From any thread. Waits while the reader is slow, but gives up on a reader who takes nothing for
 * seconds, and then counts what it drops. After end_reached() it never waits.
 */
void output_write(const void *data, size_t len);
/* The two halves of it: look for the watched texts; write out. */
void output_see(const void *data, size_t len);
void output_put(const void *data, size_t len);

/* Wait up to `ms` for the rest to be written: true when nothing is left or nobody will read it. */
bool output_drain(int ms);

struct output_state {
	uint64_t bytes;	  /* written by the realm */
	uint64_t dropped; /* of them, never written out */
	uint64_t first;	  /* when the first byte came, monotonic nanoseconds; 0: never */
	bool gone;	  /* the reader has closed its end, or nothing more can be written ... */
	int error;	  /* ... for this reason (an errno), 0: the reader has closed its end */
	bool in_line;	  /* the last byte written is not the end of a line */
};
void output_get(struct output_state *s);

#endif
