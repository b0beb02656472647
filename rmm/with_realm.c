// SPDX-License-Identifier: BSD-3-Clause
/* with_realm.c - a command on the realm that its first argument names, under that realm's lock. */
#include "rmm/call.h"
#include "rmm/granule.h"
#include "rmm/rules.h"
#include "rmm/state.h"

result rmi_with_realm(struct rmi_call *c, result (*fn)(struct rmi_call *c, struct rd *rd))
{
	struct granule *g = granule_lock_as(c->rmm, c->x[1], GRANULE_RD);
	result r;

	if (!g)
		return &rule_rmi_rd_state;
	r = fn(c, rd_map(c->rmm, c->x[1]));
	granule_unlock(g);
	return r;
}
