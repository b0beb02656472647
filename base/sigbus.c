// SPDX-License-Identifier: BSD-3-Clause
/* sigbus.c - the table of ranges, which the handler reads without a lock, and the handler. */
#include "base/sigbus.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct range {
	_Atomic uintptr_t end; /* 0: the entry is free; written last, cleared first */
	uintptr_t start;
	size_t step;
	const char *say;
};

static struct range ranges[SIGBUS_MAX_RANGES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of those who write them */
static atomic_uint handling;
static atomic_flag said = ATOMIC_FLAG_INIT;
static struct sigaction before;

static const struct range *find(uintptr_t addr)
{
	for (const struct range *r = ranges; r < ranges + SIGBUS_MAX_RANGES; r++)
		if (addr < atomic_load(&r->end) && addr >= r->start)
			return r;
	return NULL;
}

static bool put_zeroes(uintptr_t addr)
{
	const struct range *r = find(addr);
	ssize_t n;
	void *page;

	if (!r)
		return false;
	page = (void *)(r->start + (addr - r->start) / r->step * r->step);
	if (mmap(page, r->step, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return false;
	if (!atomic_flag_test_and_set(&said)) {
		n = write(STDERR_FILENO, r->say, strlen(r->say));
		(void)n;
	}
	return true;
}

/* What is not ours, or was ours a moment ago, is tried again with the action that was there before:
 * it ends the process, or nothing is wrong any more. */
static void handler(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	bool done;

	atomic_fetch_add(&handling, 1);
	done = info->si_code > 0 && put_zeroes((uintptr_t)info->si_addr);
	atomic_fetch_sub(&handling, 1);
	if (!done)
		sigaction(SIGBUS, &before, NULL);
	if (!done && info->si_code <= 0)
		raise(sig);
	errno = saved;
}

static void install(void)
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK}, now;

	if (sigaction(SIGBUS, NULL, &now) ||
	    ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handler))
		return;
	before = now;
	sigaction(SIGBUS, &sa, NULL);
}

int sigbus_watch(void *addr, size_t size, size_t step, const char *say)
{
	struct range *r = ranges;

	pthread_mutex_lock(&lock);
	install();
	while (r < ranges + SIGBUS_MAX_RANGES && atomic_load(&r->end))
		r++;
	if (r < ranges + SIGBUS_MAX_RANGES) {
		r->start = (uintptr_t)addr;
		r->step = step;
		r->say = say;
		atomic_store(&r->end, (uintptr_t)addr + size);
	}
	pthread_mutex_unlock(&lock);
	return r < ranges + SIGBUS_MAX_RANGES ? 0 : -ENOSPC;
}

void sigbus_forget(void *addr)
{
	pthread_mutex_lock(&lock);
	for (struct range *r = ranges; r < ranges + SIGBUS_MAX_RANGES; r++)
		if (atomic_load(&r->end) && r->start == (uintptr_t)addr)
			atomic_store(&r->end, 0);
	while (atomic_load(&handling))
		sched_yield();
	pthread_mutex_unlock(&lock);
}

void sigbus_fill_others(sigset_t *set)
{
	sigfillset(set);
	sigdelset(set, SIGBUS);
}

void sigbus_unblock(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
