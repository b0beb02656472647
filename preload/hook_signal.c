// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_signal.c - the VMM's handler of SIGSEGV, which stands behind ours once memory was moved.
 */
#include "preload/preload.h"

#include <signal.h>
#include <string.h>

static void from_kernel(struct sigaction *to, const struct segv_action *from)
{
	memset(to, 0, sizeof(*to));
	to->sa_handler = (void (*)(int))from->handler;
	to->sa_flags = from->flags & ~0x04000000ul; /* SA_RESTORER */
	memcpy(&to->sa_mask, &from->mask, sizeof(from->mask));
}

static void to_kernel(struct segv_action *to, const struct sigaction *from)
{
	*to = (struct segv_action){.handler = (uintptr_t)from->sa_handler,
				   .flags = (unsigned int)from->sa_flags};
	memcpy(&to->mask, &from->sa_mask, sizeof(to->mask));
}

EXPORT int sigaction(int sig, const struct sigaction *restrict new, struct sigaction *restrict old)
{
	struct segv_action in, out;

	if (sig != SIGSEGV || !client_enabled())
		return REAL(sigaction)(sig, new, old);
	if (new)
		to_kernel(&in, new);
	if (!segv_action(new ? &in : NULL, &out))
		return REAL(sigaction)(sig, new, old);
	if (old)
		from_kernel(old, &out);
	return 0;
}

EXPORT __sighandler_t signal(int sig, __sighandler_t handler)
{
	struct sigaction new = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;

	if (sig != SIGSEGV || !client_enabled() || handler == SIG_ERR)
		return REAL(signal)(sig, handler);
	sigaddset(&new.sa_mask, sig);
	return sigaction(sig, &new, &old) ? SIG_ERR : old.sa_handler;
}
