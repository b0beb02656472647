// SPDX-License-Identifier: BSD-3-Clause
/* worker.c - takes requests off the queues and answers them, on threads of its own. */
#include "vmm/worker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define PATIENCE_S 2 /* for a request, at the end of the run */

/* Notifications are wanted only while nobody looks anyway. */
static int pop(struct worker *w, struct virtqueue *q, struct vq_chain *c)
{
	int ret = vq_pop(q, c);

	if (!ret) {
		vq_set_notify(q, true);
		ret = vq_pop(q, c);
	}
	if (ret > 0)
		vq_set_notify(q, false);
	else if (ret < 0)
		virtio_fail(w->dev);
	return ret;
}

static struct virtqueue *next(struct worker *w, struct vq_chain *c)
{
	for (unsigned int i = 0; i < w->dev->nqueues && virtio_is_ready(w->dev); i++)
		if (pop(w, &w->dev->queues[i], c) > 0)
			return &w->dev->queues[i];
	return NULL;
}

static void answer(struct worker *w, struct virtqueue *q, const struct vq_chain *c, int64_t written)
{
	if (written >= 0) {
		vq_push(q, c->head, (uint32_t)written);
		virtio_done(w->dev, q);
	} else {
		q->broken = true;
		virtio_fail(w->dev);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct virtqueue *q;
	struct vq_chain c;
	int64_t written;

	pthread_mutex_lock(&w->dev->lock);
	while (!w->stop) {
		q = next(w, &c);
		if (!q) {
			pthread_cond_wait(&w->wake, &w->dev->lock);
			continue;
		}
		w->serving++;
		pthread_mutex_unlock(&w->dev->lock);
		written = w->serve(w->dev, &c);
		pthread_mutex_lock(&w->dev->lock);
		answer(w, q, &c, written);
		if (!--w->serving)
			pthread_cond_broadcast(&w->idle);
	}
	pthread_mutex_unlock(&w->dev->lock);
	return NULL;
}

/* No signal of the run's is for them. */
static void block_signals(sigset_t *old)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(&set, faults[i]);
	pthread_sigmask(SIG_BLOCK, &set, old);
}

int worker_start(struct worker *w, struct virtio_device *dev, unsigned int nthreads,
		 int64_t (*serve)(struct virtio_device *, const struct vq_chain *))
{
	pthread_condattr_t attr;
	sigset_t old;
	int err = 0;

	*w = (struct worker){.dev = dev, .serve = serve};
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, NULL);
	pthread_cond_init(&w->idle, &attr);
	block_signals(&old);
	while (!err && w->nthreads < nthreads) {
		err = pthread_create(&w->threads[w->nthreads], NULL, work, w);
		w->nthreads += !err;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

/* Without threads: no more than a queue's worth, and what comes later is notified later. */
static void serve_now(struct worker *w)
{
	unsigned int budget = w->dev->class->queue_size;
	struct virtqueue *q;
	struct vq_chain c;

	while (budget-- && (q = next(w, &c)))
		answer(w, q, &c, w->serve(w->dev, &c));
}

void worker_notify(struct worker *w)
{
	if (w->nthreads)
		pthread_cond_signal(&w->wake);
	else
		serve_now(w);
}

void worker_settle(struct worker *w)
{
	while (w->serving)
		pthread_cond_wait(&w->idle, &w->dev->lock);
}

bool worker_stop(struct worker *w)
{
	struct timespec until;
	int err = 0;

	if (!w->nthreads)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&w->dev->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->wake);
	while (w->serving && !err)
		err = pthread_cond_timedwait(&w->idle, &w->dev->lock, &until);
	pthread_mutex_unlock(&w->dev->lock);
	if (err)
		return false;
	while (w->nthreads)
		pthread_join(w->threads[--w->nthreads], NULL);
	return true;
}
