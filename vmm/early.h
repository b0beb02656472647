/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * early.h - the part of the kernel's log that its console loses.
 *
 * A Linux kernel whose console is hvc0 of a virtio device hands its whole log to it in the moment
 * in which the console is registered, but the driver finds its port only a little later, and throws
 * away what comes until then: mostly all but the last lines, now and then nothing. The simulated
 * host can read the log from the realm's memory (insight.h). So the first bytes on the console are
 * looked for in it, and what stands before them is printed first.
 *
 *	WAITS	the first bytes have not come, or do not yet tell which line they are of ->
 *	DONE	everything passes
 */
#ifndef VMM_EARLY_H
#define VMM_EARLY_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EARLY_HELD 256

typedef void (*early_output)(void *arg, const uint8_t *data, size_t len);

struct early {
	pthread_mutex_t lock;
	bool waits;
	json_t *log; /* as it was when the first bytes came */
	uint8_t held[EARLY_HELD];
	size_t nheld;
	early_output output;
	void *arg;
};

/* off: everything passes from the beginning. */
void early_init(struct early *e, bool off, early_output output, void *arg);
/* What the guest writes. From any thread. */
void early_put(struct early *e, const uint8_t *data, size_t len);
/* At the end of the run: what is still held is put out. */
void early_finish(struct early *e);

#endif
