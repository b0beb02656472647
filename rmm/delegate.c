// SPDX-License-Identifier: BSD-3-Clause
/* delegate.c - GRANULE_DELEGATE, GRANULE_UNDELEGATE. */
#include "rmm/call.h"
#include "rmm/granule.h"
#include "rmm/rtt.h"
#include "rmm/rules.h"
#include "rmm/state.h"

/*
 * A realm may touch a page that it has mapped while the mapping is taken back, and would make it
 * valid again each time (rtt_ns_reveal): from the first look on the granule is WANTED, and gets no
 * new one. So one pass over the mappings is enough, but for those that were being made.
 */
result rmi_granule_delegate(struct rmi_call *c)
{
	uint64_t addr = c->x[1];
	struct granule *g;
	uint32_t was;

	for (;;) {
		g = granule_lock_as(c->rmm, addr, GRANULE_UNDELEGATED);
		if (!g)
			return &rule_rmi_delegate_state;
		was = 0; /* mostly it is mapped nowhere, and one step is enough */
		if (atomic_compare_exchange_strong(&g->word, &was, GRANULE_WANTED) ||
		    was == GRANULE_WANTED)
			break;
		atomic_fetch_or(&g->word, GRANULE_WANTED);
		granule_unlock(g);
		rtt_ns_revoke(c->rmm, addr);
	}
	granule_set(c->rmm, g, GRANULE_DELEGATED);
	atomic_fetch_add(&c->rmm->delegations, 1);
	granule_unlock(g);
	return OK;
}

result rmi_granule_undelegate(struct rmi_call *c)
{
	struct granule *g = granule_lock_as(c->rmm, c->x[1], GRANULE_DELEGATED);

	if (!g)
		return &rule_rmi_undelegate_state;
	granule_set(c->rmm, g, GRANULE_UNDELEGATED);
	atomic_fetch_add(&c->rmm->undelegations, 1);
	granule_unlock(g);
	return OK;
}
