/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * outbox.h - bytes on their way to one descriptor, written by a thread of their own.
 *
 * Whoever has something to say never waits for whoever reads it: putting copies into memory, and is
 * allowed with any lock held. What does not fit any more is refused and counted.
 */
#ifndef BACKEND_OUTBOX_H
#define BACKEND_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct outbox;

/*
 * For fd, which stays the caller's, and at most `max` bytes that are not written yet. `prompt`: a
 * socket, tried at once by the thread that puts (what is said just before a crash arrives); else
 * the writer gathers for some milliseconds. NULL: out of memory or threads.
 */
struct outbox *outbox_create(int fd, size_t max, bool prompt);
/* All of it or nothing: false if there is no room, or writing has failed. */
bool outbox_put(struct outbox *ob, const struct iovec *iov, int n);
/* How many puts were refused so far. */
uint64_t outbox_lost(struct outbox *ob);
/*
 * Write what is left, for at most so long, and free it. 0; the -errno that writing has failed with;
 * -ETIMEDOUT: the reader does not read, and it is not freed; may be called again.
 */
int outbox_close(struct outbox *ob, unsigned int ms);

#endif
