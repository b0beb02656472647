// SPDX-License-Identifier: BSD-3-Clause
/*
 * rsi_attest.c - RSI ATTESTATION_TOKEN_INIT and CONTINUE.
 *
 * Generation of a token, one at a time on each REC (DEN0137 A7.2.5):
 *
 *	NONE -> STARTED	   INIT: RIM, REMs, RPV and challenge are kept as they are now
 *	STARTED -> SIGNED  the first CONTINUE with good arguments: the token is complete, in the
 *			   REC's auxiliary granules. If a kick of the host waits by then, the realm
 *			   is left with RSI_INCOMPLETE and no bytes: Linux adds X1 to its offset
 *			   whatever X0 is. The next CONTINUE does not sign, so this ends.
 *	SIGNED -> NONE	   CONTINUE has handed out the last byte
 *	any -> STARTED	   INIT throws away what there was
 *
 * Only the REC's own calls change this; whatever they fail with, they leave it as it is (but a
 * signature that fails ends it: NONE).
 */
#include <string.h>

#include "base/bits.h"
#include "machine/pe.h"
#include "rmm/rsi.h"
#include "rmm/rules.h"

result rsi_attestation_token_init(struct rsi_call *c)
{
	const struct rd *rd = c->e->rd;
	struct rec_attest *a = &c->e->rec->attest;
	struct granule *g;

	if (!c->e->rmm->attest)
		return &rule_rsi_attest_no_identity;
	memset(a, 0, sizeof(*a));
	memcpy(a->claims.challenge, &c->x[1], sizeof(a->claims.challenge));
	g = realm_lock(c->e);
	memcpy(a->claims.rpv, rd->rpv, sizeof(a->claims.rpv));
	a->claims.hash = rd->hash;
	a->claims.profile =
		rd->semantics & RMI_SEMANTICS_2_0 ? ATTEST_PROFILE_2_0 : ATTEST_PROFILE_1_0;
	memcpy(a->claims.instance_id, rd->instance_id, sizeof(a->claims.instance_id));
	memcpy(a->claims.rim, rd->measurement[0], sizeof(a->claims.rim));
	memcpy(a->claims.rem, rd->measurement[1], sizeof(a->claims.rem));
	granule_unlock(g);
	a->phase = REC_ATTEST_STARTED;
	c->out[1] = attest_token_bound(c->e->rmm->attest, a->claims.hash);
	return OK;
}

/* The byte of the token at `at`, and in *room how many follow in the same granule. */
static uint8_t *token_at(const struct rec_entry *e, size_t at, size_t *room)
{
	*room = GRANULE_SIZE - at % GRANULE_SIZE;
	return (uint8_t *)granule_map(e->rmm, e->rec->aux[at / GRANULE_SIZE]) + at % GRANULE_SIZE;
}

static result sign(struct rec_entry *e)
{
	struct rec_attest *a = &e->rec->attest;
	uint8_t token[ATTEST_MAX_TOKEN];
	size_t room;

	if (attest_token_create(e->rmm->attest, &a->claims, token, sizeof(token), &a->len)) {
		a->phase = REC_ATTEST_NONE;
		return &rule_rsi_attest_failed;
	}
	for (size_t at = 0; at < a->len; at += room) {
		uint8_t *to = token_at(e, at, &room);

		memcpy(to, token + at, MIN(room, a->len - at));
	}
	a->done = 0;
	a->phase = REC_ATTEST_SIGNED;
	return OK;
}

static result hand_out(struct rsi_call *c, uint64_t addr, uint64_t offset, uint64_t size)
{
	struct rec_attest *a = &c->e->rec->attest;
	size_t n = MIN(size, a->len - a->done), room;
	struct rsi_page page;
	result r = rsi_page_arg(c, addr, &page);

	if (r || c->then == RSI_THEN_RETRY)
		return r;
	for (size_t at = 0; at < n; at += room) {
		const uint8_t *from = token_at(c->e, a->done + at, &room);

		room = MIN(room, n - at);
		memcpy((uint8_t *)page.va + offset + at, from, room);
	}
	if (n)
		rsi_page_written(c->e, &page);
	a->done += n;
	c->out[0] = RSI_INCOMPLETE;
	c->out[1] = n;
	if (a->done == a->len) {
		a->phase = REC_ATTEST_NONE;
		c->out[0] = RSI_SUCCESS;
	}
	return OK;
}

static result interrupted(struct rsi_call *c)
{
	c->e->exit.exit_reason = RMI_EXIT_IRQ;
	c->out[0] = RSI_INCOMPLETE;
	c->out[1] = 0;
	c->then = RSI_THEN_ANSWER_AND_EXIT;
	return OK;
}

result rsi_attestation_token_continue(struct rsi_call *c)
{
	struct rec_attest *a = &c->e->rec->attest;
	uint64_t addr = c->x[1], offset = c->x[2], size = c->x[3];
	struct granule *g;
	result r;

	if (!IS_ALIGNED(addr, GRANULE_SIZE))
		return &rule_rsi_attest_align;
	if (offset >= GRANULE_SIZE)
		return &rule_rsi_attest_offset;
	if (size > GRANULE_SIZE - offset)
		return &rule_rsi_attest_size;
	if (!rd_in_par(c->e->rd, addr))
		return &rule_rsi_attest_bound;
	if (a->phase == REC_ATTEST_NONE)
		return &rule_rsi_attest_state;
	if (a->phase == REC_ATTEST_STARTED) {
		r = sign(c->e);
		if (r)
			return r;
		if (pe_kicked(c->e->pe))
			return interrupted(c);
	}
	g = realm_lock(c->e);
	r = hand_out(c, addr, offset, size);
	granule_unlock(g);
	return r;
}
