// SPDX-License-Identifier: BSD-3-Clause
/*
 * segv_action.c - the action of SIGSEGV: ours from the first move on. What the VMM sets is kept in
 * `theirs`, and called for every fault that is none of ours (segv_handler.c).
 */
#include <string.h>

#include "client/parts.h"

#define SA_RESTORER 0x04000000
#define KEPT_FLAGS  (SA_ONSTACK | SA_NODEFER | SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT)

void segv_start(void (*handler)(int sig, siginfo_t *info, void *context))
{
	client.segv.handler = handler;
}

/* The action is the process's as the kernel has copied it, and so is what is kept of theirs. */
void segv_reset(void)
{
	client.segv.latch = (struct latch){0};
}

struct segv_action segv_action_of_theirs(void)
{
	return client.segv.theirs[__atomic_load_n(&client.segv.current, __ATOMIC_ACQUIRE)];
}

static void set_theirs(const struct segv_action *a)
{
	unsigned int other = !client.segv.current;

	client.segv.theirs[other] = *a;
	__atomic_store_n(&client.segv.current, other, __ATOMIC_RELEASE);
}

void segv_forget_theirs(void)
{
	set_theirs(&(struct segv_action){0});
}

#ifdef __x86_64__
void segv_return(void);
/* Debuggers and unwinders know the frame of a signal by these very bytes. */
__asm__(".text\n"
	".type segv_return, @function\n"
	"segv_return:\n"
	"	movq $15, %rax\n"
	"	syscall\n"
	".size segv_return, . - segv_return\n");
#endif

/* The kernel does for our handler what it would do for theirs: stack, mask. */
static long put(const struct segv_action *a)
{
	struct segv_action ours = {
		.handler = (uintptr_t)client.segv.handler,
		.flags = (a->flags & KEPT_FLAGS) | SA_SIGINFO,
		.mask = a->mask,
	};

#ifdef __x86_64__
	ours.flags |= SA_RESTORER;
	ours.restorer = (uintptr_t)segv_return;
#endif
	return sys(rt_sigaction, SIGSEGV, &ours, NULL, sizeof(ours.mask));
}

/* A VMM that sets its handler by a system call of its own has replaced ours: before each move. */
void segv_install(void)
{
	struct segv_action now;

	latch_take(&client.segv.latch, LATCH_SEGV);
	if (!sys(rt_sigaction, SIGSEGV, NULL, &now, sizeof(now.mask)) &&
	    now.handler != (uintptr_t)client.segv.handler) {
		set_theirs(&now);
		put(&now);
	}
	latch_drop(&client.segv.latch);
}

bool segv_action(const struct segv_action *new, struct segv_action *old)
{
	struct segv_action now, copy;
	sigmask_t mask;
	bool ours;

	if (new)
		copy = *new;
	signals_block(&mask);
	latch_take(&client.segv.latch, LATCH_SEGV);
	ours = !sys(rt_sigaction, SIGSEGV, NULL, &now, sizeof(now.mask)) &&
	       now.handler == (uintptr_t)client.segv.handler;
	if (ours) {
		*old = segv_action_of_theirs();
		if (new) {
			set_theirs(&copy);
			put(&copy);
		}
	}
	latch_drop(&client.segv.latch);
	signals_restore(&mask);
	return ours;
}
