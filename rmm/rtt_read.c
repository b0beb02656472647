// SPDX-License-Identifier: BSD-3-Clause
/* rtt_read.c - RTT_READ_ENTRY: an entry as the host may see it. */
#include "rmm/rtt.h"
#include "rmm/rules.h"

static void describe_entry(struct rmi_call *c, const struct rtt_walk *w)
{
	uint64_t e = w->entry;

	c->out[1] = w->level;
	c->out[4] = rtte_ripas(e, w->level);
	switch (rtte_state(e, w->level)) {
	case RTTE_UNASSIGNED:
	case RTTE_UNASSIGNED_NS:
		c->out[2] = RMI_RTTE_UNASSIGNED;
		break;
	case RTTE_ASSIGNED:
		c->out[2] = RMI_RTTE_ASSIGNED;
		c->out[3] = rtte_pa(e);
		break;
	case RTTE_ASSIGNED_NS:
		c->out[2] = RMI_RTTE_ASSIGNED;
		c->out[3] = rtte_ns_desc(e);
		break;
	case RTTE_TABLE:
		c->out[2] = RMI_RTTE_TABLE;
		c->out[3] = rtte_pa(e);
		break;
	}
}

static result read_entry(struct rmi_call *c, struct rd *rd)
{
	uint64_t ipa = c->x[2];
	int64_t level = c->x[3];
	struct rtt_walk w;

	if (level < rd->start_level || level > RTT_LEAF_LEVEL)
		return &rule_rmi_read_level;
	if (!rd_in_space(rd, ipa))
		return &rule_rmi_rtt_ipa_bound;
	if (!IS_ALIGNED(ipa, rtt_entry_size(level)))
		return &rule_rmi_read_ipa_align;
	rtt_walk(c->rmm, rd, ipa, level, &w);
	describe_entry(c, &w);
	return OK;
}

result rmi_rtt_read_entry(struct rmi_call *c)
{
	return rmi_with_realm(c, read_entry);
}
