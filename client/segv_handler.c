// SPDX-License-Identifier: BSD-3-Clause
/*
 * segv_handler.c - a thread has faulted: at guarded memory, at memory that is just being moved, or
 * by a fault of the VMM's own, which its own action is for.
 */
#include <ucontext.h>

#include "client/parts.h"

static bool is_guarded(uint64_t addr, uint64_t pc)
{
	if (!guard_any())
		return false;
	client_enter();
	/* In the child of a fork nothing is guarded any more. */
	return !guard_any() || memory_touched(addr, pc);
}

static bool is_moved(uint64_t addr)
{
	bool waited = window_covers(addr);
	uint32_t moves;

	client_enter(); /* the child of a fork closes its parent's window */
	moves = window_wait(addr);
	return waited || (watched_covers(addr, 1) && window_retry(addr, moves));
}

/* As if we were not there: the instruction faults again, or the signal comes again. */
static void by_default(int sig, const siginfo_t *info)
{
	struct segv_action dfl = {.handler = (uintptr_t)SIG_DFL};
	long self = sys(getpid), tid = sys(gettid);

	sys(rt_sigaction, sig, &dfl, NULL, sizeof(dfl.mask));
	if (info->si_code <= 0)
		sys(tgkill, self, tid, sig);
}

static uint64_t pc_of(const ucontext_t *u)
{
#ifdef __x86_64__
	return u->uc_mcontext.gregs[REG_RIP];
#else
	return u->uc_mcontext.pc;
#endif
}

void segv_handler(int sig, siginfo_t *info, void *context)
{
	struct segv_action a = segv_action_of_theirs();

	if (info->si_code > 0 && (is_guarded((uintptr_t)info->si_addr, pc_of(context)) ||
				  is_moved((uintptr_t)info->si_addr)))
		return;
	if (a.handler == (uintptr_t)SIG_IGN && info->si_code <= 0)
		return;
	if (a.handler == (uintptr_t)SIG_DFL || a.handler == (uintptr_t)SIG_IGN) {
		by_default(sig, info);
		return;
	}
	if (a.flags & SA_RESETHAND)
		segv_forget_theirs();
	if (a.flags & SA_SIGINFO)
		((void (*)(int, siginfo_t *, void *))a.handler)(sig, info, context);
	else
		((void (*)(int))a.handler)(sig);
}
