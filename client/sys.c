// SPDX-License-Identifier: BSD-3-Clause
/* sys.c - signal masks and user addresses, without the C library's side effects. */
#include <signal.h>

#include "client/parts.h"

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

size_t put_number(char *to, unsigned int n)
{
	size_t len = n < 10 ? 0 : put_number(to, n / 10);

	to[len] = '0' + n % 10;
	return len + 1;
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
