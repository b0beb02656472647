/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ahead.h - have memory ready before it is written: the host's page faults of a long copy are
 * taken by a thread of its own, ahead of the copy.
 */
#ifndef KVM_AHEAD_H
#define KVM_AHEAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ahead {
	uint8_t *va;
	uint64_t size;
	atomic_bool stop;
	bool threaded;
	pthread_t thread;
};

/* Begin with [va, va + size). A hint: nothing fails, contents do not change. */
void ahead_start(struct ahead *a, void *va, uint64_t size);
/* No more of it; returns when nothing touches the memory any more. */
void ahead_stop(struct ahead *a);

#endif
