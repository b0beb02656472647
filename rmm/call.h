/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * call.h - one RMI call under way, the handlers, and the rows that name them.
 */
#ifndef RMM_CALL_H
#define RMM_CALL_H

#include "rmm/state.h"

#define RMI_MAX_ARGS 5

struct rmi_call {
	struct rmm *rmm;
	struct pe *pe;
	uint64_t x[1 + RMI_MAX_ARGS]; /* as the caller set them; x[0] is the FID */
	uint64_t out[5];	      /* out[1..4]: X1..X4 of the answer, zero unless set */
	unsigned int index;	      /* of a failure: X0 = rule->code | index << 8 */
};

/* A failure whose index is the RTT level that the walk reached. */
static inline result rmi_fail_at(struct rmi_call *c, int level, result rule)
{
	c->index = level & 0xff;
	return rule;
}

/* One RMI command: what the dispatcher, the trace, `softrealm info` and the fuzzers know of it. */
struct rmi_row {
	uint32_t fid;
	const char *name;
	result (*handler)(struct rmi_call *c);
	unsigned int nargs; /* X1.. */
	unsigned int nouts; /* X1.. of the answer */
	const char *args[RMI_MAX_ARGS];
};

extern const struct rmi_row rmi_rows[];
extern const size_t rmi_num_rows;

result rmi_version(struct rmi_call *c);
result rmi_features(struct rmi_call *c);
result rmi_granule_delegate(struct rmi_call *c);
result rmi_granule_undelegate(struct rmi_call *c);
result rmi_data_create(struct rmi_call *c);
result rmi_data_create_unknown(struct rmi_call *c);
result rmi_data_destroy(struct rmi_call *c);
result rmi_realm_activate(struct rmi_call *c);
result rmi_realm_create(struct rmi_call *c);
result rmi_realm_destroy(struct rmi_call *c);
result rmi_rec_aux_count(struct rmi_call *c);
result rmi_rec_create(struct rmi_call *c);
result rmi_rec_destroy(struct rmi_call *c);
result rmi_rec_enter(struct rmi_call *c);
result rmi_rtt_create(struct rmi_call *c);
result rmi_rtt_destroy(struct rmi_call *c);
result rmi_rtt_fold(struct rmi_call *c);
result rmi_rtt_map_unprotected(struct rmi_call *c);
result rmi_rtt_unmap_unprotected(struct rmi_call *c);
result rmi_rtt_read_entry(struct rmi_call *c);
result rmi_rtt_init_ripas(struct rmi_call *c);
result rmi_rtt_set_ripas(struct rmi_call *c);
result rmi_psci_complete(struct rmi_call *c);

/* The body of a command whose X1 is a realm that must exist and that is locked meanwhile: what fn
 * answers, or rmi_rd_state (rmi_realm.c). */
result rmi_with_realm(struct rmi_call *c, result (*fn)(struct rmi_call *c, struct rd *rd));

/* The answer of RMI_VERSION and RSI_VERSION: X1, X2; true if `req` is supported. */
bool rmm_version(uint64_t req, uint64_t *lower, uint64_t *higher);

/* Feature register 0 of the platform that softrealm presents, with this machine's CPUs; NULL: with
 * those that have the least (features.c). */
uint64_t rmm_default_features(const struct machine *m);
/* False: it offers what no engine has, and a host that used it would lose interrupts or RECs; or
 * IPAs that its tables cannot hold. */
bool rmm_features_fit(uint64_t feature_reg0);
/* How many list registers the host fills. */
unsigned int rmm_num_lrs(const struct rmm *rmm);

/* Make every valid unprotected mapping of the page at pa invalid (rtt_ns.c). No lock held. */
void rtt_ns_revoke(struct rmm *rmm, uint64_t pa);

#endif
