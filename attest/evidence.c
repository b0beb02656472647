// SPDX-License-Identifier: BSD-3-Clause
/* evidence.c - taking attestation tokens apart that somebody hands in. */
#include <string.h>

#include "attest/evidence.h"
#include "attest/rules.h"
#include "base/bits.h"

enum { TAG_SIGN1 = 18, TAG_EAT = 399, TAG_CMW = 907 };
enum { KEY_PLATFORM = 44234, KEY_REALM = 44241, CONTENT_EAT_CWT = 263 };

#define CMW_TYPE_KEY "__cmwc_t" /* says what a CMW collection is (draft-ietf-rats-msg-wrap) */

const char *evidence_form_name(enum evidence_form f)
{
	static const char *const names[] = {
		[EVIDENCE_EAT] = "CCA token (tag 399, EAT collection)",
		[EVIDENCE_CMW] = "CCA token (tag 907, CMW collection)",
		[EVIDENCE_PLATFORM] = "platform token",
		[EVIDENCE_REALM] = "realm token",
		[EVIDENCE_PLATFORM_CLAIMS] = "platform claims, unsigned",
		[EVIDENCE_REALM_CLAIMS] = "realm claims, unsigned",
	};

	_Static_assert(ARRAY_SIZE(names) == EVIDENCE_NUM_FORMS, "a name for each form");
	return names[f];
}

static void read_platform(struct evidence *ev, struct bytes map)
{
	ev->has_platform = true;
	ev->platform_map = map;
	ev->platform_wrong = platform_claims_read(map, &ev->platform, &ev->platform_should);
}

static void read_realm(struct evidence *ev, struct bytes map)
{
	ev->has_realm = true;
	ev->realm_map = map;
	ev->realm_wrong = realm_claims_read(map, &ev->realm, &ev->realm_should);
}

/*
 * The token of one part: bytes in an EAT collection, a [263, bytes] record in a CMW collection.
 */
static bool get_part(const struct cborio_pair *pair, enum evidence_form form, struct bytes *part)
{
	struct cborio_in in = pair->inside;
	struct cborio_item item = pair->value;

	if (form == EVIDENCE_CMW && (item.kind != ITEM_ARRAY || item.value != 2 ||
				     !cborio_get_kind(&in, ITEM_UINT, &item) ||
				     item.value != CONTENT_EAT_CWT || !cborio_get(&in, &item)))
		return false;
	*part = item.bytes;
	return item.kind == ITEM_BYTES;
}

/* The type that a CMW collection may state: text, a URI or an OID. */
static bool is_collection_type(const struct cborio_pair *pair, enum evidence_form form)
{
	return form == EVIDENCE_CMW && pair->key.kind == ITEM_TEXT &&
	       bytes_are_text(pair->key.bytes, CMW_TYPE_KEY) && pair->value.kind == ITEM_TEXT;
}

static bool get_parts(struct cborio_in *in, enum evidence_form form, struct bytes *platform,
		      struct bytes *realm)
{
	struct cborio_item map;
	struct cborio_pair pair;

	if (!cborio_get_kind(in, ITEM_MAP, &map))
		return false;
	for (uint64_t i = 0; i < map.value; i++) {
		struct bytes *part;

		if (!cborio_get_pair(in, &pair))
			return false;
		if (is_collection_type(&pair, form))
			continue;
		if (pair.key.kind != ITEM_UINT ||
		    (pair.key.value != KEY_PLATFORM && pair.key.value != KEY_REALM))
			return false;
		part = pair.key.value == KEY_PLATFORM ? platform : realm;
		if (part->p || !get_part(&pair, form, part))
			return false;
	}
	return platform->p && realm->p;
}

static result parse_collection(struct bytes all, struct cborio_in in, struct evidence *ev)
{
	struct bytes platform = {0}, realm = {0};
	result why;

	if (cborio_check(all) == CBORIO_DUPLICATE || !get_parts(&in, ev->form, &platform, &realm))
		return &rule_attest_collection;
	why = cose_parse(platform, &ev->platform_sig);
	if (!why)
		why = cose_parse(realm, &ev->realm_sig);
	if (why)
		return why;
	read_platform(ev, ev->platform_sig.payload);
	read_realm(ev, ev->realm_sig.payload);
	return OK;
}

static void parse_claims(struct bytes in, struct evidence *ev)
{
	if (claims_are_realm(in))
		read_realm(ev, in);
	else
		read_platform(ev, in);
}

static result parse_sign1(struct bytes in, struct evidence *ev)
{
	struct cose_sign1 sig;
	result why = cose_parse(in, &sig);

	if (why)
		return why;
	parse_claims(sig.payload, ev);
	ev->form = ev->has_realm ? EVIDENCE_REALM : EVIDENCE_PLATFORM;
	*(ev->has_realm ? &ev->realm_sig : &ev->platform_sig) = sig;
	return OK;
}

result evidence_parse(const uint8_t *data, size_t len, struct evidence *ev)
{
	struct cborio_in in = {data, len};
	struct bytes all = {data, len};
	struct cborio_item head;

	memset(ev, 0, sizeof(*ev));
	if (len > EVIDENCE_MAX_SIZE)
		return &rule_attest_too_large;
	if (cborio_check(all) == CBORIO_MALFORMED || !cborio_get(&in, &head))
		return &rule_attest_cbor;
	if (head.kind == ITEM_MAP) {
		parse_claims(all, ev);
		ev->form = ev->has_realm ? EVIDENCE_REALM_CLAIMS : EVIDENCE_PLATFORM_CLAIMS;
		return OK;
	}
	if (head.kind != ITEM_TAG)
		return &rule_attest_not_a_token;
	switch (head.value) {
	case TAG_SIGN1:
		return parse_sign1(all, ev);
	case TAG_EAT:
		ev->form = EVIDENCE_EAT;
		return parse_collection(all, in, ev);
	case TAG_CMW:
		ev->form = EVIDENCE_CMW;
		return parse_collection(all, in, ev);
	default:
		return &rule_attest_not_a_token;
	}
}

size_t evidence_should(const struct evidence *ev, result should[EVIDENCE_MAX_SHOULD])
{
	const result all[EVIDENCE_MAX_SHOULD] = {
		ev->platform_sig.should,
		ev->realm_sig.should,
		ev->platform_should,
		ev->realm_should,
		ev->has_platform && ev->has_realm && ev->platform.kind != ev->realm.kind
			? &rule_attest_profile_pair
			: OK,
	};
	size_t n = 0;

	for (size_t i = 0; i < EVIDENCE_MAX_SHOULD; i++)
		if (all[i])
			should[n++] = all[i];
	return n;
}
