/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * refvals.h - the endorsements of one platform and its realms, as `softrealm endorse` writes them
 * to endorsements.json, and what a token's claims are against them.
 */
#ifndef ATTEST_REFVALS_H
#define ATTEST_REFVALS_H

#include <stdbool.h>

#include "attest/claims.h"
#include "attest/endorse.h"
#include "attest/keyfile.h"

struct ref_component {
	const char *type, *version; /* version may be NULL: any */
	uint8_t measurement[MEASURE_SIZE], signer_id[MEASURE_SIZE];
	size_t measurement_len, signer_id_len;
};

struct refvals {
	struct trust_anchors anchors;
	uint64_t lifecycle;
	uint8_t config[MEASURE_SIZE];
	size_t config_len;
	struct ref_component component[CLAIMS_MAX_COMPONENTS];
	size_t num_components;
	struct endorse_realm realm[ENDORSE_MAX_REALMS];
	size_t num_realms;
	json_t *doc; /* owns the strings */
};

/* 0; -EINVAL: not such a file, *wrong says which member. Text ends with a 0. */
int refvals_parse(const char *text, struct refvals *out, const char **wrong);
void refvals_free(struct refvals *r);

/* The same state of the life cycle; its low byte is the implementation's. */
bool refvals_lifecycle_is(const struct refvals *r, const struct platform_claims *c);
bool refvals_config_is(const struct refvals *r, const struct platform_claims *c);
/*
 * The first component of the token that is not endorsed (type, measurement, signer id, and
 * version if the endorsement has one); the number of components: all are.
 */
size_t refvals_unknown_component(const struct refvals *r, const struct platform_claims *c);
/* The endorsed one of this type, to show beside it; or NULL. */
const struct ref_component *refvals_component(const struct refvals *r, struct bytes type);
/* The realm with this RIM; NULL: no realm that is endorsed. */
const struct endorse_realm *refvals_realm(const struct refvals *r, const struct realm_claims *c);
bool refvals_rpv_is(const struct endorse_realm *r, const struct realm_claims *c);
/* The index of the first REM that is another one; ATTEST_NUM_REMS: none. */
size_t refvals_other_rem(const struct endorse_realm *r, const struct realm_claims *c);

#endif
