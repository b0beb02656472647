// SPDX-License-Identifier: BSD-3-Clause
/* rsi.c - the realm's SMC: finds the call's row (RSI or PSCI), forms the answer, moves the PC. */
#include "rmm/rsi.h"

#include <string.h>

#include "base/bits.h"
#include "rmm/rmi_rec.h"
#include "rmm/rules.h"

#define SVE_HINT 0x10000u

#define ROW(NAME, handler, nouts, ...)                                                             \
	{                                                                                          \
		RSI_##NAME, 0, "RSI_" #NAME, handler, RSI_ARGS(__VA_ARGS__), nouts,                \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

const struct rsi_row rsi_rows[] = {
	ROW(VERSION, rsi_version, 2, "req"),
	ROW(FEATURES, rsi_features, 1, "index"),
	ROW(MEASUREMENT_READ, rsi_measurement_read, 8, "index"),
	ROW(MEASUREMENT_EXTEND, rsi_measurement_extend, 0, "index", "size", "value_0", "value_1",
	    "value_2", "value_3", "value_4", "value_5", "value_6", "value_7"),
	ROW(ATTESTATION_TOKEN_INIT, rsi_attestation_token_init, 1, "challenge_0", "challenge_1",
	    "challenge_2", "challenge_3", "challenge_4", "challenge_5", "challenge_6",
	    "challenge_7"),
	ROW(ATTESTATION_TOKEN_CONTINUE, rsi_attestation_token_continue, 1, "addr", "offset",
	    "size"),
	ROW(REALM_CONFIG, rsi_realm_config, 0, "addr"),
	ROW(IPA_STATE_SET, rsi_ipa_state_set, 2, "base", "top", "ripas", "flags"),
	ROW(IPA_STATE_GET, rsi_ipa_state_get, 2, "base", "top"),
	ROW(HOST_CALL, rsi_host_call, 0, "addr"),
};
const size_t rsi_num_rows = ARRAY_SIZE(rsi_rows);

static const struct rsi_row *find_row(const struct rsi_row *rows, size_t n, uint32_t fid)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].fid == fid || (rows[i].fid64 && rows[i].fid64 == fid))
			return &rows[i];
	return NULL;
}

static bool is_psci(uint32_t fid)
{
	return (fid & ~0x40000000u) >= 0x84000000u && (fid & ~0x40000000u) <= 0x84000014u;
}

static void report(const struct rsi_call *c, enum trace_layer layer, const struct rsi_row *row,
		   uint64_t x0, result why)
{
	trace_call(&(struct trace_call){
		.layer = layer,
		.name = row ? row->name : "SMC",
		.arg_names = row ? row->args : NULL,
		.args = row ? &c->x[1] : c->x,
		.nargs = row ? row->nargs : 1,
		.ret = x0,
		.why = why,
		.start = c->start,
	});
}

/* Write X0..X3 (and what else the call defines), unused ones zero; X4 and above are preserved. */
static void answer(struct rec *rec, const struct rsi_call *c, unsigned int nouts, uint64_t x0)
{
	rec->x[0] = x0;
	for (unsigned int i = 1; i <= MAX(nouts, 3); i++)
		rec->x[i] = c->out[i];
}

static bool finish(struct rsi_call *c, enum trace_layer layer, const struct rsi_row *row,
		   result why)
{
	struct rec *rec = c->e->rec;
	uint64_t x0 = why ? (uint64_t)(int64_t)why->code : c->out[0];

	if (why)
		c->then = RSI_THEN_ANSWER;
	if (c->then == RSI_THEN_RETRY)
		return true;
	report(c, layer, row, x0, why);
	if (c->then != RSI_THEN_EXIT)
		answer(rec, c, why ? 0 : row->nouts, x0);
	rec_skip(rec);
	return c->then != RSI_THEN_ANSWER;
}

bool rsi_handle_smc(struct rec_entry *e)
{
	uint32_t fid = (uint32_t)e->rec->x[0] & ~SVE_HINT;
	struct rsi_call c = {.e = e, .start = trace_begin(TRACE_RSI)};
	const struct rsi_row *row;

	memcpy(c.x, e->rec->x, sizeof(c.x));
	c.x[0] = fid;
	row = find_row(rsi_rows, rsi_num_rows, fid);
	if (row) {
		e->rec->rsi_calls++;
		return finish(&c, TRACE_RSI, row, row->handler(&c));
	}
	row = find_row(psci_rows, psci_num_rows, fid);
	if (row)
		return finish(&c, TRACE_PSCI, row, row->handler(&c));
	if (is_psci(fid))
		return finish(&c, TRACE_PSCI, NULL, &rule_psci_unknown_fid);
	return finish(&c, TRACE_RSI, NULL, &rule_rsi_unknown_fid);
}
