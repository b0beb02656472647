// SPDX-License-Identifier: BSD-3-Clause
/* ahead.c - touches pages ahead of a copy, in steps, on a second CPU if there is much to do. */
#include "kvm/mem/ahead.h"

#include <signal.h>
#include <sys/mman.h>

#include "base/bits.h"

#define STEP	     UINT64_C(0x40000)
#define THREAD_WORTH UINT64_C(0x100000) /* below this a thread costs more than it saves */

static void *touch(void *arg)
{
	struct ahead *a = arg;

	for (uint64_t off = 0; off < a->size && !atomic_load(&a->stop); off += STEP)
		madvise(a->va + off, MIN(STEP, a->size - off), MADV_POPULATE_WRITE);
	return NULL;
}

void ahead_start(struct ahead *a, void *va, uint64_t size)
{
	sigset_t all, old;

	*a = (struct ahead){.va = va, .size = size};
	if (size < THREAD_WORTH) {
		touch(a);
		return;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	a->threaded = !pthread_create(&a->thread, NULL, touch, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void ahead_stop(struct ahead *a)
{
	atomic_store(&a->stop, true);
	if (a->threaded)
		pthread_join(a->thread, NULL);
}
