// SPDX-License-Identifier: BSD-3-Clause
/*
 * reset.c - whose the tables are: the one reset after a fork.
 *
 * The owner is kept in a page that the kernel wipes in the child of a fork (and exec throws away
 * with everything else), so a child notices by the next hook that its parent's objects are not its
 * own: it takes a token of its own and empty tables. Where the kernel or an emulator cannot wipe
 * pages, the process id tells. A vfork child shares the address space and is, as for the kernel,
 * the same client.
 */
#include <sys/mman.h>

#include "client/parts.h"

#define RESETTING ((pid_t)-1)

void reset_start(void)
{
	long page;

	client.process.owner = &client.process.fallback_owner;
	if (!client_enabled())
		return;
	page = sys(mmap, NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	if (sys_failed(page))
		return;
	/* An emulator may accept the advice and do nothing. */
	client.process.wiped_on_fork =
		!sys(madvise, page, PAGE_SIZE, MADV_WIPEONFORK) && !client_carried();
	client.process.owner = (void *)page;
}

/* What belongs to the parent. Its latches may be held: by threads that are not here. */
static void reset(void)
{
	latch_reset();
	object_reset();
	mapping_reset();
	maps_reset();
	known_reset();
	guard_reset();
	window_reset();
	segv_reset();
	watched_reset();
}

/*
 * The owner is the process that the tables belong to; 0 in a page that is new or wiped; RESETTING
 * while one thread sets up (a child may have several before its first hook).
 */
void client_enter(void)
{
	const bool wiped = client.process.wiped_on_fork;
	pid_t self = wiped ? 0 : sys(getpid), *at = client.process.owner;
	pid_t owner = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	sigmask_t mask;

	if (owner > 0 && (wiped || owner == self))
		return;
	signals_block(&mask); /* no handler may find it half done */
	while (owner == RESETTING || (wiped ? !owner : owner != self)) {
		if (owner == RESETTING) {
			sys(sched_yield);
			owner = __atomic_load_n(at, __ATOMIC_ACQUIRE);
		} else if (__atomic_compare_exchange_n(at, &owner, RESETTING, false,
						       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			if (client.process.begun)
				reset();
			client.process.begun = true;
			link_reset();
			owner = sys(getpid);
			__atomic_store_n(at, owner, __ATOMIC_RELEASE);
		}
	}
	signals_restore(&mask);
}

bool client_is_here(void)
{
	return client_enabled() &&
	       __atomic_load_n(client.process.owner, __ATOMIC_RELAXED) == sys(getpid);
}
