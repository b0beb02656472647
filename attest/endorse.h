/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * endorse.h - what verifiers need to know beforehand about a platform and a realm: trust anchor
 * and reference values, in the formats of other projects.
 *
 *	plain		our own: hexadecimal, nothing left out
 *	ccatoken	the store of veraison/rust-ccatoken: a list of anchors; {platform, realm}
 *	CoMID		JSON templates for Veraison's cocli (draft-ydb-rats-cca-endorsements)
 */
#ifndef ATTEST_ENDORSE_H
#define ATTEST_ENDORSE_H

#include <jansson.h>

#include "attest/platform.h"

/* Expected measurements of one realm, in their 64-byte form. */
struct endorse_realm {
	enum measure_hash hash;
	uint8_t rim[MEASURE_SIZE];
	uint8_t rem[ATTEST_NUM_REMS][MEASURE_SIZE];
	uint8_t rpv[64];
};

/* Each gives a new JSON value, NULL: out of memory. realm may be NULL where there is an "or". */
json_t *endorse_plain(const struct platform *p, const struct endorse_realm *realm); /* or none */
json_t *endorse_ccatoken_anchors(const struct platform *p);
json_t *endorse_ccatoken_values(const struct platform *p,
				const struct endorse_realm *realm); /* or none */
json_t *endorse_comid_anchor(const struct platform *p);
json_t *endorse_comid_platform(const struct platform *p);
json_t *endorse_comid_realm(const struct endorse_realm *realm);

#endif
