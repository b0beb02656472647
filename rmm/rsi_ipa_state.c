// SPDX-License-Identifier: BSD-3-Clause
/*
 * rsi_ipa_state.c - RSI IPA_STATE_SET and IPA_STATE_GET.
 *
 * SET changes nothing itself: it leaves a request in the REC and exits. The host carries out what
 * it likes (RTT_SET_RIPAS), and the next entry tells the realm how far it went.
 */
#include "rmm/rmi_rec.h"
#include "rmm/rsi.h"
#include "rmm/rules.h"

static bool range_in_par(const struct rd *rd, uint64_t base, uint64_t top)
{
	return rd_in_par(rd, base) && rd_in_par(rd, top - 1);
}

result rsi_ipa_state_set(struct rsi_call *c)
{
	uint64_t base = c->x[1], top = c->x[2], ripas = c->x[3], flags = c->x[4];
	struct rec_entry *e = c->e;

	if (ripas > RSI_RIPAS_RAM)
		return &rule_rsi_ripas_value;
	if (!IS_ALIGNED(base, GRANULE_SIZE) || !IS_ALIGNED(top, GRANULE_SIZE))
		return &rule_rsi_ripas_align;
	if (top <= base)
		return &rule_rsi_ripas_range;
	if (!range_in_par(e->rd, base, top))
		return &rule_rsi_ripas_bound;

	e->rec->ripas = (struct rec_ripas){
		.pending = true,
		.addr = base,
		.top = top,
		.value = ripas,
		.destroyed = flags & RSI_CHANGE_DESTROYED,
	};
	e->exit.exit_reason = RMI_EXIT_RIPAS_CHANGE;
	e->exit.ripas_base = base;
	e->exit.ripas_top = top;
	e->exit.ripas_value = ripas;
	c->then = RSI_THEN_EXIT;
	return OK;
}

void rsi_complete_ripas(struct rec_entry *e)
{
	struct rec_ripas *r = &e->rec->ripas;
	bool rejected = r->value == RSI_RIPAS_RAM && r->addr != r->top &&
			(e->enter.flags & RMI_ENTER_RIPAS_REJECT);

	rec_set_answer(e->rec, RSI_SUCCESS, r->addr, rejected ? RSI_REJECT : RSI_ACCEPT, 0);
	*r = (struct rec_ripas){0};
}

/* The run of entries with one RIPAS, from base to the end of the table reached. */
static void get_ripas(struct rsi_call *c, uint64_t base, uint64_t top)
{
	struct rtt_walk w;
	unsigned int i, ripas;

	rtt_walk(c->e->rmm, c->e->rd, base, RTT_LEAF_LEVEL, &w);
	ripas = rtte_ripas(w.entry, w.level);
	for (i = w.index + 1; i < RTT_ENTRIES; i++) {
		uint64_t e = rtte_read(&w.table[i]);

		if (rtte_is_table(e, w.level) || rtte_ripas(e, w.level) != ripas)
			break;
	}
	c->out[1] = MIN(top, w.base + (i - w.index) * rtt_entry_size(w.level));
	c->out[2] = ripas;
}

result rsi_ipa_state_get(struct rsi_call *c)
{
	uint64_t base = c->x[1], top = c->x[2];
	struct granule *g;

	if (!IS_ALIGNED(base, GRANULE_SIZE) || !IS_ALIGNED(top, GRANULE_SIZE))
		return &rule_rsi_ripas_align;
	if (top <= base)
		return &rule_rsi_ripas_range;
	if (!range_in_par(c->e->rd, base, top))
		return &rule_rsi_ripas_bound;
	g = realm_lock(c->e);
	get_ripas(c, base, top);
	granule_unlock(g);
	return OK;
}
