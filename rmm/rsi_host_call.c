// SPDX-License-Identifier: BSD-3-Clause
/* rsi_host_call.c - RSI HOST_CALL: registers to the host, and its answer on the next entry. */
#include <string.h>

#include "rmm/rsi.h"
#include "rmm/rules.h"

static result host_call(struct rsi_call *c, uint64_t addr)
{
	struct rec_entry *e = c->e;
	const struct rsi_host_call *h;
	struct rsi_page page;
	result r = rsi_page_arg(c, addr, &page);

	if (r || c->then == RSI_THEN_RETRY)
		return r;
	h = page.va;
	e->exit.exit_reason = RMI_EXIT_HOST_CALL;
	e->exit.imm = h->imm;
	memcpy(e->exit.gprs, h->gprs, sizeof(e->exit.gprs));
	e->rec->host_call = true;
	c->then = RSI_THEN_EXIT;
	return OK;
}

result rsi_host_call(struct rsi_call *c)
{
	uint64_t addr = c->x[1];
	struct granule *g;
	result r;

	if (!IS_ALIGNED(addr, sizeof(struct rsi_host_call)))
		return &rule_rsi_host_call_align;
	if (!rd_in_par(c->e->rd, addr))
		return &rule_rsi_host_call_bound;
	g = realm_lock(c->e);
	r = host_call(c, addr);
	granule_unlock(g);
	return r;
}

bool rsi_complete_host_call(struct rec_entry *e)
{
	uint64_t addr = e->rec->x[1];
	struct rsi_host_call *h;
	struct rsi_page page;
	struct granule *g = realm_lock(e);
	enum rsi_page_state s = rsi_page_find(e, addr, &page);

	if (s == RSI_PAGE_OK) {
		h = page.va;
		memcpy(h->gprs, e->enter.gprs, sizeof(h->gprs));
		rsi_page_written(e, &page);
	} else if (s == RSI_PAGE_ABSENT) {
		rsi_page_exit(e, addr, &page);
	}
	granule_unlock(g);
	if (s == RSI_PAGE_ABSENT)
		return false;
	/* A page that has become EMPTY takes the answer with it; the realm is told. */
	e->rec->x[0] = s == RSI_PAGE_OK ? RSI_SUCCESS : RSI_ERROR_INPUT;
	e->rec->host_call = false;
	return true;
}
