/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inside.h - what the host says to the object of ours in QEMU's process (inside/inside.c), over a
 * socket pair of packets: each request comes with a descriptor, but BEGIN, and is answered by an
 * int32_t, 0 or -errno, in order. Those before BEGIN are not: if one of them fails QEMU ends, else
 * the answer to BEGIN says that all are done.
 */
#ifndef ENGINE_INSIDE_H
#define ENGINE_INSIDE_H

#include <stdint.h>

/* In QEMU's environment: the numbers of the clients' memory file and of the socket, "5 6". */
#define INSIDE_ENV "SOFTREALM_INSIDE"

/* What the object writes to standard error begins so, and is for the user. */
#define INSIDE_SAYS "softrealm: "

enum inside_kind {
	INSIDE_BEGIN, /* the CPUs may run */
	INSIDE_MAP,   /* the file that came along over [at, at + size) of the clients' memory */
};

struct inside_request {
	uint32_t kind, pad;
	uint64_t at, size;
	uint64_t offset; /* in the file */
	uint64_t step;	 /* the size of its pages; 0: it is physical memory, never cut short */
};

_Static_assert(sizeof(struct inside_request) == 40, "inside_request");

#endif
