// SPDX-License-Identifier: BSD-3-Clause
/* claim_values.c - the kinds of values that claims have. */
#include <stdlib.h>

#include "attest/claim_values.h"
#include "attest/claims.h"
#include "base/hex.h"
#include "base/bits.h"

/* ---- from CBOR ---- */

static bool take(const struct cborio_item *item, enum cborio_kind kind, bool ok, void *field)
{
	if (item->kind != kind || !ok)
		return false;
	*(struct bytes *)field = item->bytes;
	return true;
}

bool claim_read_bytes(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES, true, field);
}

bool claim_read_bytes32(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES, item->bytes.len == 32, field);
}

bool claim_read_bytes64(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES, item->bytes.len == 64, field);
}

bool claim_is_hash_len(size_t len)
{
	return len == 32 || len == 48 || len == 64;
}

bool claim_read_hash(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES, claim_is_hash_len(item->bytes.len), field);
}

bool claim_read_ueid(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES,
		    item->bytes.len == INSTANCE_ID_SIZE && item->bytes.p[0] == 0x01, field);
}

bool claim_read_text(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_TEXT, true, field);
}

bool claim_read_hash_name(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_TEXT,
		    bytes_are_text(item->bytes, "sha-256") ||
			    bytes_are_text(item->bytes, "sha-384") ||
			    bytes_are_text(item->bytes, "sha-512"),
		    field);
}

static bool take_uint(const struct cborio_item *item, bool ok, void *field)
{
	if (item->kind != ITEM_UINT || !ok)
		return false;
	*(struct claim_uint *)field = (struct claim_uint){true, item->value};
	return true;
}

bool claim_read_lifecycle(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take_uint(item, lifecycle_name(item->value), field);
}

bool claim_read_bit(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take_uint(item, item->value <= 1, field);
}

bool claim_read_one(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take_uint(item, item->value == 1, field);
}

const char *lifecycle_name(uint64_t value)
{
	static const char *const names[] = {
		"unknown",	  "assembly and test",	    "platform RoT provisioning",
		"secured",	  "non-CCA platform debug", "recoverable CCA platform debug",
		"decommissioned",
	};

	if (value > 0xffff || (value & 0x0f00) || value >> 12 >= ARRAY_SIZE(names))
		return NULL;
	return names[value >> 12];
}

/* IANA, Named Information Hash Algorithm Registry: those that CCA's hash values can hold whole. */
size_t hash_name_len(struct bytes name)
{
	static const struct {
		const char *name;
		size_t len;
	} rows[] = {
		{"sha-256", 32},  {"sha-384", 48},  {"sha-512", 64},
		{"sha3-256", 32}, {"sha3-384", 48}, {"sha3-512", 64},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (bytes_are_text(name, rows[i].name))
			return rows[i].len;
	return 0;
}

/* ---- to JSON ---- */

json_t *claim_json_text(const void *field, enum claim_style style)
{
	const struct bytes *b = field;

	if (!b->p)
		return NULL;
	/* Text of a hostile token need not be UTF-8. */
	return json_stringn((const char *)b->p, b->len) ?: json_string("(not UTF-8)");
}

json_t *claim_json_bytes(const void *field, enum claim_style style)
{
	const struct bytes *b = field;
	char *text;
	json_t *j;

	if (!b->p)
		return NULL;
	text = malloc(MAX(HEX_SIZE(b->len), BASE64_SIZE(b->len)));
	if (!text)
		return NULL;
	j = json_string(style == CLAIM_HEX ? hex_encode(b->p, b->len, text)
					   : base64_encode(BASE64, b->p, b->len, text));
	free(text);
	return j;
}

json_t *claim_json_uint(const void *field, enum claim_style style)
{
	const struct claim_uint *u = field;

	return u->present ? json_integer((json_int_t)u->value) : NULL;
}
