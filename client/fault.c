// SPDX-License-Identifier: BSD-3-Clause
/*
 * fault.c - a thread that stores to memory which is just being moved waits until it has been.
 *
 * The store is a SIGSEGV, whose handler is ours from the first move on; what the VMM sets is kept
 * in `theirs`, and called for every fault that is none of ours. A fault in a watched range is ours
 * once: it waits for the move that is under way and tries again. The same fault of the same thread
 * with no move in between is the VMM's.
 *
 * `moves` is odd while a window is open, and goes up when one opens and when it closes.
 */
#include "client/client.h"

#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define SA_RESTORER 0x04000000
#define KEPT_FLAGS  (SA_ONSTACK | SA_NODEFER | SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT)
#define RETRIED	    64u

static uint32_t moves;
static struct {
	uint64_t start, end;
	int prot;
} window;
static struct fault_action theirs[2];
static unsigned int current; /* of theirs: changed whole, read without a lock */
static struct lock action_lock;

/* One thread's last fault that was tried again. */
static struct {
	int tid;
	uint32_t moves;
	uint64_t addr;
} retried[RETRIED];

/* ---- the window ---- */

void fault_window_open(uint64_t start, uint64_t end, int prot)
{
	window.start = start;
	window.end = end;
	window.prot = prot;
	__atomic_fetch_add(&moves, 1, __ATOMIC_SEQ_CST);
}

void fault_window_close(void)
{
	__atomic_fetch_add(&moves, 1, __ATOMIC_SEQ_CST);
	sys(futex, &moves, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* The child of a fork: the thread that has protected the window is not here. */
void fault_forget(void)
{
	action_lock.word = 0;
	if (!(moves & 1))
		return;
	sys(mprotect, window.start, window.end - window.start, window.prot);
	fault_window_close();
}

static bool in_window(uint64_t addr, uint32_t at)
{
	return (at & 1) && addr >= window.start && addr < window.end;
}

static bool was_retried(uint64_t addr, uint32_t at)
{
	int tid = sys(gettid);
	unsigned int i = tid % RETRIED;

	if (retried[i].tid == tid && retried[i].addr == addr && retried[i].moves == at)
		return true;
	retried[i].tid = tid;
	retried[i].addr = addr;
	retried[i].moves = at;
	return false;
}

static bool is_ours(uint64_t addr)
{
	uint32_t at = __atomic_load_n(&moves, __ATOMIC_SEQ_CST);
	bool waited = in_window(addr, at);

	client_enter(); /* the child of a fork closes its parent's window */
	while (in_window(addr, at)) {
		sys(futex, &moves, FUTEX_WAIT_PRIVATE, at, NULL, NULL, 0);
		at = __atomic_load_n(&moves, __ATOMIC_SEQ_CST);
	}
	return waited || (memory_watched(addr, 1) && !was_retried(addr, at));
}

/* ---- the handler ---- */

static const struct fault_action *action_of_theirs(void)
{
	return &theirs[__atomic_load_n(&current, __ATOMIC_ACQUIRE)];
}

static void set_theirs(const struct fault_action *a)
{
	unsigned int other = !current;

	theirs[other] = *a;
	__atomic_store_n(&current, other, __ATOMIC_RELEASE);
}

/* As if we were not there: the instruction faults again, or the signal comes again. */
static void by_default(int sig, const siginfo_t *info)
{
	struct fault_action dfl = {.handler = (uintptr_t)SIG_DFL};
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

static void handler(int sig, siginfo_t *info, void *context)
{
	struct fault_action a = *action_of_theirs();

	if (info->si_code > 0 && memory_touched((uintptr_t)info->si_addr, pc_of(context)))
		return;
	if (info->si_code > 0 && is_ours((uintptr_t)info->si_addr))
		return;
	if (a.handler == (uintptr_t)SIG_IGN && info->si_code <= 0)
		return;
	if (a.handler == (uintptr_t)SIG_DFL || a.handler == (uintptr_t)SIG_IGN) {
		by_default(sig, info);
		return;
	}
	if (a.flags & SA_RESETHAND)
		set_theirs(&(struct fault_action){0});
	if (a.flags & SA_SIGINFO)
		((void (*)(int, siginfo_t *, void *))a.handler)(sig, info, context);
	else
		((void (*)(int))a.handler)(sig);
}

#ifdef __x86_64__
void fault_return(void);
/* Debuggers and unwinders know the frame of a signal by these very bytes. */
__asm__(".text\n"
	".type fault_return, @function\n"
	"fault_return:\n"
	"	movq $15, %rax\n"
	"	syscall\n"
	".size fault_return, . - fault_return\n");
#endif

/* The kernel does for our handler what it would do for theirs: stack, mask. */
static long put(const struct fault_action *a)
{
	struct fault_action ours = {
		.handler = (uintptr_t)handler,
		.flags = (a->flags & KEPT_FLAGS) | SA_SIGINFO,
		.mask = a->mask,
	};

#ifdef __x86_64__
	ours.flags |= SA_RESTORER;
	ours.restorer = (uintptr_t)fault_return;
#endif
	return sys(rt_sigaction, SIGSEGV, &ours, NULL, sizeof(ours.mask));
}

/* A VMM that sets its handler by a system call of its own has replaced ours: before each move. */
void fault_install(void)
{
	struct fault_action now;

	lock_take(&action_lock);
	if (!sys(rt_sigaction, SIGSEGV, NULL, &now, sizeof(now.mask)) &&
	    now.handler != (uintptr_t)handler) {
		set_theirs(&now);
		put(&now);
	}
	lock_drop(&action_lock);
}

bool fault_action(const struct fault_action *new, struct fault_action *old)
{
	struct fault_action now, copy;
	sigmask_t mask;
	bool ours;

	if (new)
		copy = *new;
	signals_block(&mask);
	lock_take(&action_lock);
	ours = !sys(rt_sigaction, SIGSEGV, NULL, &now, sizeof(now.mask)) &&
	       now.handler == (uintptr_t)handler;
	if (ours) {
		*old = *action_of_theirs();
		if (new) {
			set_theirs(&copy);
			put(&copy);
		}
	}
	lock_drop(&action_lock);
	signals_restore(&mask);
	return ours;
}
