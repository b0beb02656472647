// SPDX-License-Identifier: BSD-3-Clause
/* evidence.c - reading and verifying attestation tokens that somebody hands in. */
#include <gcrypt.h>
#include <string.h>

#include "attest/crypto.h"
#include "attest/evidence.h"
#include "attest/rules.h"
#include "base/bits.h"

enum { TAG_SIGN1 = 18, TAG_EAT = 399, TAG_CMW = 907 };
enum { KEY_PLATFORM = 44234, KEY_REALM = 44241, CONTENT_EAT_CWT = 263 };

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

const char *evidence_check_name(enum evidence_check c)
{
	static const char *const names[] = {
		[EVIDENCE_CHECK_PLATFORM] = "platform-signature",
		[EVIDENCE_CHECK_REALM] = "realm-signature",
		[EVIDENCE_CHECK_BINDING] = "binding",
		[EVIDENCE_CHECK_CLAIMS] = "claims",
		[EVIDENCE_CHECK_EXPECTED] = "expected-values",
	};

	_Static_assert(ARRAY_SIZE(names) == EVIDENCE_NUM_CHECKS, "a name for each check");
	return names[c];
}

/* ---- taking apart ---- */

/* The token of one part: bytes in an EAT collection, a [263, bytes] record in a CMW collection. */
static bool get_part(struct cborio_in *in, enum evidence_form form, struct bytes *part)
{
	struct cborio_item item;

	if (form == EVIDENCE_CMW &&
	    (!cborio_get_kind(in, ITEM_ARRAY, &item) || item.value != 2 ||
	     !cborio_get_kind(in, ITEM_UINT, &item) || item.value != CONTENT_EAT_CWT))
		return false;
	if (!cborio_get_kind(in, ITEM_BYTES, &item))
		return false;
	*part = item.bytes;
	return true;
}

static result parse_collection(struct cborio_in *in, struct evidence *ev)
{
	struct bytes platform = {0}, realm = {0};
	struct cborio_item map, key;
	int64_t k;
	result why;

	if (!cborio_get_kind(in, ITEM_MAP, &map) || map.value != 2)
		return &rule_attest_collection;
	for (int i = 0; i < 2; i++) {
		if (!cborio_get(in, &key) || !cborio_int(&key, &k))
			return &rule_attest_collection;
		if (k != KEY_PLATFORM && k != KEY_REALM)
			return &rule_attest_collection;
		if (!get_part(in, ev->form, k == KEY_PLATFORM ? &platform : &realm))
			return &rule_attest_collection;
	}
	if (!platform.p || !realm.p || in->len)
		return &rule_attest_collection;
	why = cose_parse(platform, &ev->platform_sig);
	if (!why)
		why = cose_parse(realm, &ev->realm_sig);
	if (why)
		return why;
	ev->has_platform = ev->has_realm = true;
	ev->platform_wrong = platform_claims_read(ev->platform_sig.payload, &ev->platform);
	ev->realm_wrong = realm_claims_read(ev->realm_sig.payload, &ev->realm);
	return OK;
}

static void parse_claims(struct bytes in, struct evidence *ev)
{
	ev->has_realm = claims_are_realm(in);
	ev->has_platform = !ev->has_realm;
	if (ev->has_realm)
		ev->realm_wrong = realm_claims_read(in, &ev->realm);
	else
		ev->platform_wrong = platform_claims_read(in, &ev->platform);
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
	struct cborio_in in = {data, len}, rest;
	struct bytes all = {data, len};
	struct cborio_item head;

	memset(ev, 0, sizeof(*ev));
	if (len > EVIDENCE_MAX_SIZE)
		return &rule_attest_too_large;
	if (!cborio_get(&in, &head))
		return &rule_attest_cbor;
	rest = in;
	if (!cborio_skip(&rest, &head) || rest.len)
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
		return parse_collection(&in, ev);
	case TAG_CMW:
		ev->form = EVIDENCE_CMW;
		return parse_collection(&in, ev);
	default:
		return &rule_attest_not_a_token;
	}
}

/* ---- verifying ---- */

static const struct ec_public *find_anchor(const struct platform_claims *c,
					   const struct trust_anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++) {
		const struct trust_anchor *a = &anchors->anchor[i];

		if (a->any_platform ||
		    (bytes_equal(c->implementation_id, a->implementation_id,
				 IMPLEMENTATION_ID_SIZE) &&
		     bytes_equal(c->instance_id, a->instance_id, INSTANCE_ID_SIZE)))
			return &a->key;
	}
	return NULL;
}

static result check_platform(const struct evidence *ev, const struct trust_anchors *anchors)
{
	const struct ec_public *cpak = find_anchor(&ev->platform, anchors);

	if (!cpak)
		return &rule_attest_no_trust_anchor;
	if (cpak->curve != ev->platform_sig.curve)
		return &rule_attest_platform_key_type;
	return cose_verify(&ev->platform_sig, cpak) ? OK : &rule_attest_platform_signature;
}

static result check_realm(const struct evidence *ev)
{
	struct ec_public rak;

	/* Without a RAK there is nothing to check with: say what is wrong with the claims. */
	if (!realm_claims_rak(&ev->realm, &rak))
		return ev->realm_wrong ? ev->realm_wrong : &rule_attest_realm_public_key;
	if (rak.curve != ev->realm_sig.curve)
		return &rule_attest_realm_key_type;
	return cose_verify(&ev->realm_sig, &rak) ? OK : &rule_attest_realm_signature;
}

static int md_by_name(struct bytes name)
{
	if (bytes_are_text(name, "sha-256"))
		return GCRY_MD_SHA256;
	if (bytes_are_text(name, "sha-384"))
		return GCRY_MD_SHA384;
	if (bytes_are_text(name, "sha-512"))
		return GCRY_MD_SHA512;
	return GCRY_MD_NONE;
}

/* The hash is over the claim's bytes as they are, encoded COSE_Key or raw point. */
static result check_binding(const struct evidence *ev)
{
	int md = md_by_name(ev->realm.rak_hash_algo);
	uint8_t digest[64];

	if (md == GCRY_MD_NONE)
		return ev->realm_wrong ? ev->realm_wrong : &rule_attest_realm_rak_hash_algo;
	crypto_init();
	gcry_md_hash_buffer(md, digest, ev->realm.rak.p, ev->realm.rak.len);
	return bytes_equal(ev->platform.challenge, digest, gcry_md_get_algo_dlen(md))
		       ? OK
		       : &rule_attest_binding;
}

/* Both padded with zeros to the longer one. */
static bool same_padded(struct bytes a, struct bytes b)
{
	for (size_t i = 0; i < MAX(a.len, b.len); i++)
		if ((i < a.len ? a.p[i] : 0) != (i < b.len ? b.p[i] : 0))
			return false;
	return true;
}

static bool is_expected(struct bytes claim, struct bytes expected)
{
	return !expected.p || same_padded(claim, expected);
}

static result check_expected(const struct realm_claims *c, const struct evidence_expected *e)
{
	if (!e)
		return OK;
	if (!is_expected(c->challenge, e->nonce))
		return &rule_attest_expected_nonce;
	if (!is_expected(c->rim, e->rim))
		return &rule_attest_expected_rim;
	for (size_t i = 0; i < ATTEST_NUM_REMS; i++)
		if (!is_expected(c->rem[i], e->rem[i]))
			return &rule_attest_expected_rem;
	if (!is_expected(c->rpv, e->rpv))
		return &rule_attest_expected_rpv;
	return OK;
}

result evidence_verify(const struct evidence *ev, const struct trust_anchors *anchors,
		       const struct evidence_expected *expected, unsigned int *passed)
{
	result why;

	*passed = 0;
	if (ev->form == EVIDENCE_PLATFORM_CLAIMS || ev->form == EVIDENCE_REALM_CLAIMS)
		return &rule_attest_unsigned;
	if (!ev->has_realm)
		return &rule_attest_platform_only;
	if (!ev->has_platform)
		return &rule_attest_realm_only;
	why = check_platform(ev, anchors);
	if (why)
		return why;
	++*passed;
	why = check_realm(ev);
	if (why)
		return why;
	++*passed;
	why = check_binding(ev);
	if (why)
		return why;
	++*passed;
	why = ev->platform_wrong ? ev->platform_wrong : ev->realm_wrong;
	if (why)
		return why;
	++*passed;
	why = check_expected(&ev->realm, expected);
	if (!why)
		++*passed;
	return why;
}

result evidence_verify_platform(const struct evidence *ev, const struct trust_anchors *anchors,
				unsigned int *passed)
{
	result why;

	*passed = 0;
	if (ev->form == EVIDENCE_PLATFORM_CLAIMS || ev->form == EVIDENCE_REALM_CLAIMS)
		return &rule_attest_unsigned;
	if (!ev->has_platform)
		return &rule_attest_realm_only;
	why = check_platform(ev, anchors);
	if (why)
		return why;
	++*passed;
	return ev->platform_wrong;
}

void evidence_notes(const struct evidence *ev, const char **notes, size_t cap)
{
	const struct platform_claims *p = &ev->platform;
	const struct realm_claims *r = &ev->realm;
	size_t n = 0;

#define NOTE(cond, text)                                                                           \
	do {                                                                                       \
		if ((cond) && n + 1 < cap)                                                         \
			notes[n++] = (text);                                                       \
	} while (0)
	NOTE(ev->has_platform && p->lifecycle.present && p->lifecycle.value >> 8 != 0x30,
	     "the platform is not in the secured state: a production policy refuses it");
	NOTE(ev->has_realm && r->rim.p && bytes_are_text(r->hash_algo, "sha-256") &&
		     r->rim.len != 32,
	     "the measurements are longer than the realm's hash algorithm makes them");
	NOTE(ev->has_realm && r->rim.p && bytes_are_text(r->hash_algo, "sha-512") &&
		     r->rim.len != 64,
	     "the measurements are shorter than the realm's hash algorithm makes them");
	NOTE(ev->has_realm && !r->profile.p, "the realm token is of the legacy form: no profile");
#undef NOTE
	notes[n] = NULL;
}
