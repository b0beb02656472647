/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * worker.h - threads that serve the queues of a virtio device, so that no vCPU waits for what takes
 * long: a slow disk, a folder of the host's.
 *
 *	IDLE --worker_notify, a request waits--> SERVING --no request waits--> IDLE
 *	any --worker_stop--> STOPPED, or still SERVING what does not come back
 *
 * The device's lock covers everything, but it is not held while a request is served. A reset of the
 * device waits until none is (worker_settle), so that nothing is written to a driver's memory that
 * it has taken back.
 */
#ifndef VMM_WORKER_H
#define VMM_WORKER_H

#include "vmm/virtio.h"

#define WORKER_MAX_THREADS 4

struct worker {
	struct virtio_device *dev;
	/* Serve a request: how many bytes were written to it, or -EPROTO: it is none at all. */
	int64_t (*serve)(struct virtio_device *dev, const struct vq_chain *c);
	pthread_t threads[WORKER_MAX_THREADS];
	unsigned int nthreads, serving;
	bool stop;
	pthread_cond_t wake, idle;
};

/*
 * After virtio_init: 0 or -errno; worker_stop in any case. Without threads whoever notifies serves,
 * and holds the lock: for tests and fuzzers.
 */
int worker_start(struct worker *w, struct virtio_device *dev, unsigned int nthreads,
		 int64_t (*serve)(struct virtio_device *, const struct vq_chain *));
/* The class's notify and reset; the lock is held. */
void worker_notify(struct worker *w);
void worker_settle(struct worker *w);
/*
 * End the threads, after the last vCPU. False: a request does not come back, so what it uses must
 * stay until the process ends. Can be repeated.
 */
bool worker_stop(struct worker *w);

#endif
