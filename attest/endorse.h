/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * endorse.h - what verifiers need to know beforehand about a platform and its realms: trust anchor
 * and reference values, in the formats of other projects.
 *
 *	plain		our own: hexadecimal, nothing left out; refvals.h reads it
 *	ccatoken	the store of veraison/rust-ccatoken: a list of anchors; {platform, realm}
 *	CoMID		JSON templates for Veraison's cocli (draft-ydb-rats-cca-endorsements)
 *	CoRIM		the same, unsigned and in CBOR, as cocli makes it of these templates
 */
#ifndef ATTEST_ENDORSE_H
#define ATTEST_ENDORSE_H

#include <jansson.h>

#include "attest/cborio.h"
#include "attest/platform.h"

/* The profiles of draft-ydb-rats-cca-endorsements, as Veraison's services of 2025 take them. */
#define CORIM_PROFILE_PLATFORM "tag:arm.com,2025:cca_platform#1.0.0"
#define CORIM_PROFILE_REALM    "tag:arm.com,2025:cca_realm#1.0.0"

/* Named Information Hash Algorithm Registry (IANA) */
enum { NI_SHA_256 = 1, NI_SHA_384 = 7, NI_SHA_512 = 8 };

#define ENDORSE_MAX_REALMS 64

/* Expected measurements of one realm, in their 64-byte form. */
struct endorse_realm {
	size_t len; /* of each measurement: 32, 48 or 64, which tells the hash algorithm */
	uint8_t rim[MEASURE_SIZE];
	uint8_t rem[ATTEST_NUM_REMS][MEASURE_SIZE];
	uint8_t rpv[64];
};

struct endorse_store {
	struct platform platform;
	struct endorse_realm realm[ENDORSE_MAX_REALMS];
	size_t num_realms;
};

int endorse_hash_id(size_t len);	   /* NI_SHA_256, ... */
const char *endorse_hash_name(size_t len); /* "sha-256", ... */

/* Each gives a new JSON value; NULL: out of memory. */
json_t *endorse_plain(const struct endorse_store *s);
json_t *endorse_ccatoken_anchors(const struct endorse_store *s);
json_t *endorse_ccatoken_values(const struct endorse_store *s);
json_t *endorse_comid_anchor(const struct endorse_store *s);
json_t *endorse_comid_platform(const struct endorse_store *s);
json_t *endorse_comid_realm(const struct endorse_store *s);

/* Append a CoRIM: platform (anchor and reference values), realms (at least one). */
void corim_put_platform(struct cborio_out *out, const struct endorse_store *s);
void corim_put_realm(struct cborio_out *out, const struct endorse_store *s);

#define CORIM_MAX_SIZE 131072 /* more than either ever takes */

#endif
