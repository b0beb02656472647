/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * endpoint.h - where a console of the realm ends on our side: a file, a unix socket, a
 * pseudo-terminal.
 *
 * What the realm writes goes to a file at once; that it cannot be written ends the run. For a
 * socket or a terminal it is kept while nobody reads it, up to ENDPOINT_KEPT bytes; then the oldest
 * are lost. What comes from there goes to the console as that has room.
 */
#ifndef VMM_ENDPOINT_H
#define VMM_ENDPOINT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/io.h"

#define ENDPOINT_KEPT 262144u

struct console;

struct endpoint {
	enum { ENDPOINT_NONE, ENDPOINT_FILE, ENDPOINT_UNIX, ENDPOINT_PTY } kind;
	const char *path; /* the socket's; the caller's string */
	struct io_watch listener, peer;
	int slave;	     /* of the terminal: held open, so that it never hangs up */
	struct console *con; /* NULL until endpoint_start */
	unsigned int port;
	uint8_t typed[512]; /* read, but not yet taken by the console */
	size_t ntyped;
	bool reading;	      /* the peer's bytes are wanted */
	pthread_mutex_t lock; /* of what follows, and of writing to the peer */
	uint8_t *kept;	      /* ENDPOINT_KEPT bytes */
	uint64_t head, tail;  /* bytes ever put there and taken out */
	bool listens;	      /* somebody is there who takes them */
};

/* Does somebody type there? (A file has no input.) */
bool endpoint_has_input(const char *what);
/*
 * Open "FILE", "unix:PATH" or "pty"; io_init must have been called. A pty's name is told on
 * standard error, with the console's. 0 or -errno, message printed.
 */
int endpoint_open(struct endpoint *e, const char *what, const char *console);
/* Its input goes to this port of con from now on. */
void endpoint_start(struct endpoint *e, struct console *con, unsigned int port);
/* An output function of console.h. From any thread. */
void endpoint_output(void *endpoint, const void *data, size_t len);
/*
 * Give the console what it could not take before: 0; 1: it is full, and tells when that changes;
 * -EBUSY: try again soon. On the main thread.
 */
int endpoint_give(struct endpoint *e);
/* After the run; a socket's file is removed. */
void endpoint_close(struct endpoint *e);

#endif
