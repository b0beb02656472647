/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * debug.h - a debugger in a realm: GDB's remote protocol on a socket, over the vCPUs of a realm.
 *
 * It stands between the RMM and an engine, as an engine of its own (engine_debug): each vCPU passes
 * a gate on its way into the realm, and waits there while the realm is stopped. RMM and host see a
 * vCPU that does not leave the guest for a long time, and can kick it out of the gate as they can
 * out of the guest. One a process.
 *
 * The debugged realm is the oldest one of the process, or the one chosen by `monitor realm`.
 * When that has ended, the next connection gets the oldest.
 */
#ifndef DEBUG_DEBUG_H
#define DEBUG_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

struct debug_config {
	int listen; /* a stream socket that listens; owned from debug_start on */
	bool wait;  /* the first realm does not begin before a debugger lets it */
	const struct engine_ops *engine; /* what runs the realms; it has debug_get and debug_set */
	/*
	 * Read or write the memory of the realm that has this VMID, [ipa, ipa + len) in one page:
	 * 0, or -EFAULT. Called with no lock held.
	 */
	int (*memory)(void *arg, unsigned int vmid, uint64_t ipa, void *buf, size_t len,
		      bool write);
	void *arg;
};

/* Before the first realm. 0, or -ENOMEM, -EMFILE, -EAGAIN: then the socket is closed. */
int debug_start(const struct debug_config *cfg);
/* After it no vCPU waits for a debugger; realms may be there still. */
void debug_stop(void);
/* Free what is left, when every realm is gone. */
void debug_free(void);

/* A vCPU of this VM's realm waits for a debugger. Any thread. */
bool debug_holds(uint32_t vm);

extern const struct engine_ops engine_debug;

#endif
