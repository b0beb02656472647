// SPDX-License-Identifier: BSD-3-Clause
/* rsi_page.c - pages of the realm that RSI calls name: found through the RTT, as an access is. */
#include "base/bits.h"
#include "rmm/rsi.h"
#include "rmm/rules.h"

enum rsi_page_state rsi_page_find(struct rec_entry *e, uint64_t ipa, struct rsi_page *p)
{
	struct rtt_walk w;

	rtt_walk(e->rmm, e->rd, ipa, RTT_LEAF_LEVEL, &w);
	p->level = w.level;
	if (rtte_ripas(w.entry, w.level) == RMI_RIPAS_EMPTY)
		return RSI_PAGE_EMPTY;
	if (!rtte_valid(w.entry))
		return RSI_PAGE_ABSENT;
	p->pa = ALIGN_DOWN(rtte_pa(w.entry) + (ipa - w.base), GRANULE_SIZE);
	p->va = (char *)granule_map(e->rmm, p->pa) + ipa % GRANULE_SIZE;
	return RSI_PAGE_OK;
}

void rsi_page_written(struct rec_entry *e, const struct rsi_page *p)
{
	e->rmm->engine->touch(rd_engine(e->rmm, e->rd), e->rec->index, p->pa, GRANULE_SIZE);
}

void rsi_page_exit(struct rec_entry *e, uint64_t ipa, const struct rsi_page *p)
{
	e->exit.exit_reason = RMI_EXIT_SYNC;
	e->exit.esr = FIELD_PUT(ESR_EC, EC_DABT_LOW) | (FSC_TRANSLATION + p->level);
	e->exit.hpfar = ALIGN_DOWN(ipa, GRANULE_SIZE) >> 8;
}

result rsi_page_arg(struct rsi_call *c, uint64_t ipa, struct rsi_page *p)
{
	switch (rsi_page_find(c->e, ipa, p)) {
	case RSI_PAGE_EMPTY:
		return &rule_rsi_page_empty;
	case RSI_PAGE_ABSENT:
		rsi_page_exit(c->e, ipa, p);
		c->then = RSI_THEN_RETRY;
		break;
	case RSI_PAGE_OK:
		break;
	}
	return OK;
}
