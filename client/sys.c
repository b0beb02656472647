// SPDX-License-Identifier: BSD-3-Clause
/* sys.c - system calls, signal masks and locks without the C library's side effects. */
#include "client/client.h"

#include <linux/futex.h>
#include <signal.h>
#include <time.h>

void signals_block(sigmask_t *old)
{
	static const sigmask_t all = ~UINT64_C(0);

	sys(rt_sigprocmask, SIG_SETMASK, &all, old, sizeof(all));
}

void signals_restore(const sigmask_t *old)
{
	sys(rt_sigprocmask, SIG_SETMASK, old, NULL, sizeof(*old));
}

static bool is_ignored(int sig)
{
	/* The kernel's struct sigaction begins with the handler. */
	uintptr_t action[8] = {0};

	if (sys(rt_sigaction, sig, NULL, action, sizeof(sigmask_t)))
		return false;
	if (action[0] == (uintptr_t)SIG_IGN)
		return true;
	return action[0] == (uintptr_t)SIG_DFL &&
	       (sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH || sig == SIGCONT);
}

bool signals_pending(sigmask_t mask)
{
	sigmask_t pending = 0;

	sys(rt_sigpending, &pending, sizeof(pending));
	pending &= ~mask;
	for (int sig = 1; pending; sig++, pending >>= 1)
		if ((pending & 1) && !is_ignored(sig))
			return true;
	return false;
}

/* To look at a signal mask and at nothing else is a system call that every sandbox allows. */
bool user_readable(const void *p)
{
	const int nothing = 0x7fffffff;
	uintptr_t at = (uintptr_t)p & -8;

	if (client_carried() || !at)
		return at;
	return sys(rt_sigprocmask, nothing, at, NULL, 8) != -EFAULT;
}

bool user_writable(void *p, size_t size)
{
	return p && !sys(rt_sigprocmask, SIG_BLOCK, NULL, p, 8) &&
	       !sys(rt_sigprocmask, SIG_BLOCK, NULL, (char *)p + size - 8, 8);
}

bool lock_try(struct lock *l)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

bool lock_take_for(struct lock *l, unsigned int ms)
{
	const struct timespec ts = {ms / 1000, ms % 1000 * 1000000l};

	if (lock_try(l))
		return true;
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE))
		if (sys(futex, &l->word, FUTEX_WAIT_PRIVATE, 2, &ts, NULL, 0) == -ETIMEDOUT)
			return false;
	return true;
}

void lock_take(struct lock *l)
{
	if (lock_try(l))
		return;
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE))
		sys(futex, &l->word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

void lock_drop(struct lock *l)
{
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
		sys(futex, &l->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
