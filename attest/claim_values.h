/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * claim_values.h - the kinds of values that claims have: taking them from CBOR, giving them as
 * JSON. The tables of claims.c are made of these.
 */
#ifndef ATTEST_CLAIM_VALUES_H
#define ATTEST_CLAIM_VALUES_H

#include <jansson.h>

#include "attest/cborio.h"

/*
 * Take the value into its field: a struct bytes, or a struct claim_uint. in is what follows the
 * item's head. False: the value is not of this kind, and the field stays as it was.
 */
typedef bool claim_read_fn(struct cborio_in *in, const struct cborio_item *item, void *field);

claim_read_fn claim_read_bytes;
claim_read_fn claim_read_bytes32;
claim_read_fn claim_read_bytes64;
claim_read_fn claim_read_hash; /* 32, 48 or 64 bytes */
claim_read_fn claim_read_ueid; /* 33 bytes, the first of them 0x01 (RFC 9711 4.2.1, RAND) */
claim_read_fn claim_read_text;
claim_read_fn claim_read_hash_name; /* sha-256, sha-384, sha-512 */
claim_read_fn claim_read_lifecycle;
claim_read_fn claim_read_bit; /* 0 or 1 */
claim_read_fn claim_read_one; /* 1 */

/* How a field is written: bytes in hexadecimal, or in base64 as EAT in JSON has them. */
enum claim_style { CLAIM_HEX, CLAIM_EAT };

/* The field as JSON; NULL: it is not there. */
typedef json_t *claim_json_fn(const void *field, enum claim_style style);

claim_json_fn claim_json_text;
claim_json_fn claim_json_bytes;
claim_json_fn claim_json_uint;

/* As long as a hash that a token may hold: 32, 48 or 64 bytes. */
bool claim_is_hash_len(size_t len);

#endif
