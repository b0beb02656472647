// SPDX-License-Identifier: BSD-3-Clause
/* inproc_pull.c - the thread that copies in the background. */
#include "backend/inproc_pull.h"

#include <signal.h>

#include "backend/inproc_mm.h"

static void do_copy(struct inproc_copy *c)
{
	c->done = inproc_mm_pull(c->mm, c->rmm, c->dst, c->uaddr, c->len);
}

static void *work(void *arg)
{
	struct inproc_puller *p = arg;

	lock_take(&p->lock);
	while (!p->stop) {
		struct inproc_copy *c = p->job;

		if (!c) {
			lock_wait(&p->lock, &p->changed);
			continue;
		}
		lock_drop(&p->lock);
		do_copy(c);
		lock_take(&p->lock);
		c->pending = false;
		p->job = NULL;
		pthread_cond_broadcast(&p->changed);
	}
	lock_drop(&p->lock);
	return NULL;
}

/* lock held; signals are the callers' threads' business. */
static bool start_thread(struct inproc_puller *p)
{
	sigset_t all, old;

	lock_assert_held(&p->lock);
	if (p->started)
		return true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	p->started = !pthread_create(&p->thread, NULL, work, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return p->started;
}

void inproc_copy_start(struct inproc_puller *p, struct inproc_copy *c)
{
	bool handed_over;

	lock_take(&p->lock);
	handed_over = c->pending = !p->job && start_thread(p);
	if (handed_over) {
		p->job = c;
		pthread_cond_broadcast(&p->changed);
	}
	lock_drop(&p->lock);
	if (!handed_over)
		do_copy(c);
}

size_t inproc_copy_finish(struct inproc_puller *p, struct inproc_copy *c)
{
	lock_take(&p->lock);
	while (c->pending)
		lock_wait(&p->lock, &p->changed);
	lock_drop(&p->lock);
	return c->done;
}

void inproc_puller_init(struct inproc_puller *p)
{
	lock_init(&p->lock, RANK_PULLER, "puller->lock");
	pthread_cond_init(&p->changed, NULL);
}

void inproc_puller_destroy(struct inproc_puller *p)
{
	lock_take(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	lock_drop(&p->lock);
	if (p->started)
		pthread_join(p->thread, NULL);
	lock_destroy(&p->lock);
	pthread_cond_destroy(&p->changed);
}
