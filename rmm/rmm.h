/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rmm.h - the Realm Management Monitor (RMM 1.0, DEN0137 1.0-rel0): the host's only way in.
 *
 * rmm_smc is the SMC instruction: X0 is the function identifier, X1.. the arguments; results come
 * back in X0.. as the specification says (status | index << 8). All arguments are hostile. The
 * calls are thread-safe; REC_ENTER blocks for as long as the realm runs on the engine and can be
 * ended by pe_kick. Third-party RMM test suites link against this header alone.
 */
#ifndef RMM_RMM_H
#define RMM_RMM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rule.h"

struct rmm;
struct machine;
struct pe;
struct engine_ops;

#define RMM_NUM_REGS 18 /* X0..X17 */

struct rmm_config {
	struct machine *machine;	 /* not owned */
	const struct engine_ops *engine; /* what runs realms; NULL: REC_ENTER exits with SERROR */
	uint64_t feature_reg0;		 /* RMI feature register 0; 0: the platform's default */
	const void *attest;		 /* attestation identity (attest/), or NULL */
};

/* 0, -ENOMEM, or -EINVAL: the feature register offers list registers or RECs that the engine does
 * not have, or wider IPAs than there are. */
int rmm_create(const struct rmm_config *cfg, struct rmm **out);
/* Everything must have been undelegated; asserts nothing, frees all. */
void rmm_destroy(struct rmm *rmm);

/*
 * Execute one RMI command on behalf of the host PE (which REC_ENTER blocks; may be NULL for all
 * other calls). Returns OK or the rule that was broken: for the trace only, the caller's answer is
 * in the registers.
 */
result rmm_smc(struct rmm *rmm, struct pe *pe, uint64_t regs[RMM_NUM_REGS]);

/*
 * No RMI command: pages from ipa on, within one level 3 table, shall need no fault where they are
 * UNASSIGNED RAM; from pa on lie the granules that the host would use. Nobody can tell that it was
 * done, but by the faults that do not come (rmm/rtt_ready.c): until the realm touches a page, its
 * entry is what it was, and the host need not remember it. It must use the granule for nothing
 * else, though, until DATA_DESTROY has passed over the IPA. Does what can be done without waiting,
 * and may do nothing.
 */
void rmm_make_ready(struct rmm *rmm, uint64_t rd, uint64_t ipa, uint64_t pa, unsigned int pages);
/* A realm is known to have touched ipa (a fault that is handled late): true if the page lay ready
 * and is ASSIGNED now. */
bool rmm_claim_ready(struct rmm *rmm, uint64_t rd, uint64_t ipa);

/* Granules that are not UNDELEGATED now (leak tests: 0 when every realm is gone). */
uint64_t rmm_delegated_granules(const struct rmm *rmm);

/* Grows whenever rmm_granule_protected may answer otherwise for some page than before. */
uint64_t rmm_granule_changes(const struct rmm *rmm);

/* True if the host may not touch the page (it is not UNDELEGATED): the GPT check. */
bool rmm_granule_protected(const struct rmm *rmm, uint64_t pa);

#endif
