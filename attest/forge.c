// SPDX-License-Identifier: BSD-3-Clause
/* forge.c - test tokens that say whatever one likes. */
#include <gcrypt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/claims.h"
#include "attest/cose.h"
#include "attest/cosekey.h"
#include "attest/crypto.h"
#include "attest/forge.h"
#include "base/hex.h"
#include "base/bits.h"

enum { TAG_EAT = 399, TAG_CMW = 907 };
enum { KEY_PLATFORM = 44234, KEY_REALM = 44241, CONTENT_EAT_CWT = 263 };

#define MAX_CLAIMS  128
#define MAX_ENCODED 16384 /* all values of one half together */
#define MAX_DEPTH   16
#define RAK_SEED    "softrealm token create"

/* One half of the token: its claims in order, encoded in an arena. */
struct half {
	struct {
		struct bytes key, value;
	} claim[MAX_CLAIMS];
	size_t num_claims;
	uint8_t encoded[MAX_ENCODED];
	struct cborio_out arena;
	const struct ec_private *key;
	struct bytes protected_, unprotected; /* encoded; p NULL: none was given */
};

static char message[160];

static const char *wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return message;
}

/* ---- values ---- */

static const char *put_hex(struct cborio_out *o, const char *hex, bool raw)
{
	size_t len = strlen(hex) / 2;
	uint8_t *buf = malloc(len + 1);
	ssize_t n = buf ? hex_decode(hex, buf, len) : -1;

	if (n >= 0 && raw)
		cborio_put_raw(o, buf, (size_t)n);
	else if (n >= 0)
		cborio_put_bytes(o, buf, (size_t)n);
	free(buf);
	return n < 0 ? wrong("'%.40s' is not hexadecimal", hex) : NULL;
}

/* {"hex": ...}, {"text": ...}, {"cbor": ...}. False: it is none of them. */
static bool put_typed(struct cborio_out *o, const json_t *v, const char **why)
{
	const char *hex = json_string_value(json_object_get(v, "hex"));
	const char *text = json_string_value(json_object_get(v, "text"));
	const char *cbor = json_string_value(json_object_get(v, "cbor"));

	if (json_object_size(v) != 1 || (!hex && !text && !cbor))
		return false;
	*why = NULL;
	if (text)
		cborio_put_text(o, text);
	else
		*why = put_hex(o, hex ?: cbor, cbor);
	return true;
}

static const char *put_value(struct cborio_out *o, const json_t *v, enum claim_set set,
			     bool is_bytes, unsigned int depth);

/* A number, the name of a claim, or with set CLAIMS_NONE any text. */
static const char *put_key(struct cborio_out *o, const char *name, enum claim_set set, bool *bytes)
{
	char *end;
	long long n = strtoll(name, &end, 0);
	int64_t key;

	*bytes = false;
	if (*name && !*end) {
		cborio_put_int(o, n);
		claim_by_key(set, n, bytes);
	} else if (claim_by_name(set, name, &key, bytes)) {
		cborio_put_int(o, key);
	} else if (set == CLAIMS_NONE) {
		cborio_put_text(o, name);
	} else {
		return wrong("no claim is called '%.40s': a number, or [key, value] in ...-extra",
			     name);
	}
	return NULL;
}

static const char *put_map(struct cborio_out *o, const json_t *map, enum claim_set set,
			   unsigned int depth)
{
	const char *name, *why = NULL;
	json_t *value;
	bool is_bytes;

	cborio_put_map(o, json_object_size(map));
	json_object_foreach((json_t *)map, name, value)
	{
		why = put_key(o, name, set, &is_bytes);
		if (!why)
			why = put_value(o, value, CLAIMS_NONE, is_bytes, depth);
		if (why)
			break;
	}
	return why;
}

static const char *put_list(struct cborio_out *o, const json_t *list, enum claim_set set,
			    bool is_bytes, unsigned int depth)
{
	const char *why = NULL;
	size_t i;
	json_t *value;

	cborio_put_array(o, json_array_size(list));
	json_array_foreach(list, i, value)
	{
		why = put_value(o, value, set, is_bytes, depth);
		if (why)
			break;
	}
	return why;
}

static const char *put_value(struct cborio_out *o, const json_t *v, enum claim_set set,
			     bool is_bytes, unsigned int depth)
{
	const char *why = NULL;

	if (depth > MAX_DEPTH)
		return "nested too deep";
	switch (json_typeof(v)) {
	case JSON_STRING:
		if (is_bytes)
			return put_hex(o, json_string_value(v), false);
		cborio_put_text(o, json_string_value(v));
		return NULL;
	case JSON_INTEGER:
		cborio_put_int(o, json_integer_value(v));
		return NULL;
	case JSON_TRUE:
	case JSON_FALSE:
		cborio_put_simple(o, json_is_true(v) ? CBORIO_TRUE : CBORIO_FALSE);
		return NULL;
	case JSON_NULL:
		cborio_put_simple(o, CBORIO_NULL);
		return NULL;
	case JSON_ARRAY:
		return put_list(o, v, set, is_bytes, depth + 1);
	case JSON_OBJECT:
		return put_typed(o, v, &why) ? why : put_map(o, v, set, depth + 1);
	default:
		return "fractions: say them as {\"cbor\": \"f9...\"}";
	}
}

/* ---- claims ---- */

static struct bytes since(const struct cborio_out *o, size_t start)
{
	return (struct bytes){o->p + start, o->len - start};
}

/* What has been put since key and value began is the claim's, in place of what it was. */
static const char *keep(struct half *h, struct bytes key, struct bytes value, bool again)
{
	size_t i = 0;

	if (h->arena.full)
		return "the claims are too long";
	while (!again && i < h->num_claims && !bytes_equal(h->claim[i].key, key.p, key.len))
		i++;
	if (again)
		i = h->num_claims;
	if (i == MAX_CLAIMS)
		return "too many claims";
	h->claim[i].key = key;
	h->claim[i].value = value;
	h->num_claims = MAX(h->num_claims, i + 1);
	return NULL;
}

static struct bytes put_number(struct half *h, int64_t n)
{
	size_t start = h->arena.len;

	cborio_put_int(&h->arena, n);
	return since(&h->arena, start);
}

static void set_bytes(struct half *h, int64_t key, const void *data, size_t len)
{
	struct bytes k = put_number(h, key);
	size_t start = h->arena.len;

	cborio_put_bytes(&h->arena, data, len);
	keep(h, k, since(&h->arena, start), false);
}

static void set_text(struct half *h, int64_t key, const char *text)
{
	struct bytes k = put_number(h, key);
	size_t start = h->arena.len;

	cborio_put_text(&h->arena, text);
	keep(h, k, since(&h->arena, start), false);
}

static void set_int(struct half *h, int64_t key, int64_t n)
{
	struct bytes k = put_number(h, key);

	keep(h, k, put_number(h, n), false);
}

static bool has(const struct half *h, int64_t key)
{
	uint8_t buf[9];
	struct cborio_out k = CBORIO_OUT(buf);

	cborio_put_int(&k, key);
	for (size_t i = 0; i < h->num_claims; i++)
		if (bytes_equal(h->claim[i].key, k.p, k.len))
			return true;
	return false;
}

static bool is_sw_components(struct bytes key)
{
	struct cborio_in in = {key.p, key.len};
	struct cborio_item item;

	return cborio_get(&in, &item) && item.kind == ITEM_UINT &&
	       item.value == CLAIM_SW_COMPONENTS;
}

/* A claim of the description; null takes it away (and keeps a place, so that it stays away). */
static const char *set_claim(struct half *h, const char *name, const json_t *value,
			     enum claim_set set)
{
	size_t start = h->arena.len;
	struct bytes key;
	bool is_bytes;
	const char *why = put_key(&h->arena, name, set, &is_bytes);

	if (why)
		return why;
	key = since(&h->arena, start);
	if (json_is_null(value))
		return keep(h, key, (struct bytes){0}, false);
	start = h->arena.len;
	why = put_value(&h->arena, value, is_sw_components(key) ? CLAIMS_COMPONENT : CLAIMS_NONE,
			is_bytes, 0);
	return why ? why : keep(h, key, since(&h->arena, start), false);
}

static const char *set_claims(struct half *h, const json_t *claims, enum claim_set set)
{
	const char *name, *why = NULL;
	json_t *value;

	json_object_foreach((json_t *)claims, name, value)
	{
		why = set_claim(h, name, value, set);
		if (why)
			break;
	}
	return why;
}

/* [key, value]; here a key is text, a number, or said like a value. */
static const char *add_extra(struct half *h, const json_t *list)
{
	const char *why = NULL;
	json_t *pair;
	size_t i, start, middle;

	json_array_foreach(list, i, pair)
	{
		if (json_array_size(pair) != 2)
			return "an extra claim is no [key, value]";
		start = h->arena.len;
		why = put_value(&h->arena, json_array_get(pair, 0), CLAIMS_NONE, false, 0);
		middle = h->arena.len;
		if (!why)
			why = put_value(&h->arena, json_array_get(pair, 1), CLAIMS_NONE, false, 0);
		if (!why)
			why = keep(h, (struct bytes){h->arena.p + start, middle - start},
				   since(&h->arena, middle), true);
		if (why)
			return why;
	}
	return NULL;
}

/* ---- good claims ---- */

static const struct form {
	const char *name;
	const char *platform, *realm; /* profiles */
	enum cca_profile kind;
	bool cmw;
} forms[] = {
	{"2023", PROFILE_PLATFORM, PROFILE_REALM, CCA_2023, false},
	{"legacy", PROFILE_LEGACY, NULL, CCA_LEGACY, false},
	{"2024", PROFILE_PLATFORM_2024, PROFILE_REALM_2024, CCA_2024, true},
	{"2026", PROFILE_PLATFORM_2026, PROFILE_REALM_2026, CCA_2026, true},
};

static void good_components(struct half *h, const struct platform *p)
{
	struct bytes key = put_number(h, CLAIM_SW_COMPONENTS);
	size_t start = h->arena.len;

	cborio_put_array(&h->arena, 1);
	cborio_put_map(&h->arena, 3);
	cborio_put_int(&h->arena, COMPONENT_TYPE);
	cborio_put_text(&h->arena, p->components[0].type);
	cborio_put_int(&h->arena, COMPONENT_MEASUREMENT);
	cborio_put_bytes(&h->arena, p->components[0].measurement, 32);
	cborio_put_int(&h->arena, COMPONENT_SIGNER_ID);
	cborio_put_bytes(&h->arena, p->components[0].signer_id, 32);
	keep(h, key, since(&h->arena, start), false);
}

static void good_platform(struct half *h, const struct platform *p, const struct form *f)
{
	set_text(h, CLAIM_PROFILE, f->platform);
	set_bytes(h, CLAIM_IMPLEMENTATION_ID, p->implementation_id, IMPLEMENTATION_ID_SIZE);
	set_bytes(h, CLAIM_INSTANCE_ID, p->instance_id, INSTANCE_ID_SIZE);
	set_bytes(h, CLAIM_CONFIG, p->config, p->config_len);
	set_int(h, CLAIM_LIFECYCLE, p->lifecycle);
	set_text(h, CLAIM_PLATFORM_HASH_ALGO, "sha-256");
	good_components(h, p);
	if (f->kind >= CCA_2024)
		set_int(h, CLAIM_CLIENT_ID, 1);
}

static void good_realm(struct half *h, const struct form *f)
{
	static const uint8_t zero[64];
	uint8_t id[INSTANCE_ID_SIZE] = {0x01};
	struct bytes key;
	size_t start;

	set_bytes(h, CLAIM_CHALLENGE, zero, 64);
	set_bytes(h, CLAIM_RPV, zero, 64);
	set_text(h, CLAIM_REALM_HASH_ALGO, "sha-256");
	set_text(h, CLAIM_RAK_HASH_ALGO, "sha-256");
	if (f->realm)
		set_text(h, CLAIM_PROFILE, f->realm);
	set_bytes(h, CLAIM_RIM, zero, 32);
	key = put_number(h, CLAIM_REMS);
	start = h->arena.len;
	cborio_put_array(&h->arena, ATTEST_NUM_REMS);
	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		cborio_put_bytes(&h->arena, zero, 32);
	keep(h, key, since(&h->arena, start), false);
	if (f->kind >= CCA_2024) {
		set_bytes(h, CLAIM_INSTANCE_ID, id, sizeof(id));
		set_int(h, CLAIM_MEC_POLICY, MEC_POLICY_SHARED);
	}
}

/* The RAK's claim, and the platform's claim that vouches for it, where none is given. */
static void good_binding(struct half *platform, struct half *realm, const struct ec_private *rak,
			 const struct form *f)
{
	int64_t key = f->kind == CCA_2026 ? CLAIM_WORKLOAD_BINDING : CLAIM_CHALLENGE;
	uint8_t claim[COSE_MAX_KEY], digest[32];
	struct cborio_out o = CBORIO_OUT(claim);

	if (f->kind == CCA_LEGACY)
		o.len = ec_point(&rak->pub, claim);
	else
		cose_put_key(&o, &rak->pub);
	if (!has(realm, CLAIM_RAK))
		set_bytes(realm, CLAIM_RAK, o.p, o.len);
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, o.p, o.len);
	if (!has(platform, key))
		set_bytes(platform, key, digest, sizeof(digest));
}

/* ---- the token ---- */

static const char *take_header(struct half *h, const json_t *map, struct bytes *out)
{
	size_t start = h->arena.len;
	const char *why;

	if (!map)
		return NULL;
	why = json_is_object(map) ? put_value(&h->arena, map, CLAIMS_NONE, false, 0)
				  : "a header is no object";
	*out = since(&h->arena, start);
	return why;
}

static const char *take_half(struct half *h, const json_t *what, const char *name,
			     enum claim_set set)
{
	char extra[32], headers[32];
	const json_t *header;
	const char *why = set_claims(h, json_object_get(what, name), set);

	snprintf(extra, sizeof(extra), "%s-extra", name);
	snprintf(headers, sizeof(headers), "%s-headers", name);
	header = json_object_get(what, headers);
	if (!why)
		why = add_extra(h, json_object_get(what, extra));
	if (!why)
		why = take_header(h, json_object_get(header, "protected"), &h->protected_);
	if (!why)
		why = take_header(h, json_object_get(header, "unprotected"), &h->unprotected);
	return why;
}

static void put_claims(struct cborio_out *o, const struct half *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->num_claims; i++)
		n += h->claim[i].value.p != NULL;
	cborio_put_map(o, n);
	for (size_t i = 0; i < h->num_claims; i++) {
		if (!h->claim[i].value.p)
			continue;
		cborio_put_raw(o, h->claim[i].key.p, h->claim[i].key.len);
		cborio_put_raw(o, h->claim[i].value.p, h->claim[i].value.len);
	}
}

static int put_half(struct cborio_out *out, struct half *h, bool cmw)
{
	static uint8_t claims_buf[MAX_ENCODED], token_buf[2 * MAX_ENCODED];
	struct cborio_out claims = CBORIO_OUT(claims_buf), token = CBORIO_OUT(token_buf);
	uint8_t head[16];
	struct cborio_out good = CBORIO_OUT(head);

	cborio_put_map(&good, 1);
	cborio_put_int(&good, HEADER_ALG);
	cborio_put_int(&good, cose_alg(h->key->pub.curve));
	put_claims(&claims, h);
	if (claims.full ||
	    cose_sign_headers(&token, h->key, (struct bytes){claims.p, claims.len},
			      h->protected_.p ? h->protected_ : (struct bytes){good.p, good.len},
			      h->unprotected.p ? h->unprotected
					       : (struct bytes){(const uint8_t *)"\xa0", 1}))
		return -1;
	if (cmw) {
		cborio_put_array(out, 2);
		cborio_put_int(out, CONTENT_EAT_CWT);
	}
	cborio_put_bytes(out, token.p, token.len);
	return token.full ? -1 : 0;
}

static const char *check_members(const json_t *what)
{
	static const char *const known[] = {
		"profile",	  "form",	 "platform",	     "realm",
		"platform-extra", "realm-extra", "platform-headers", "realm-headers",
	};
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)what, name, value)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && strcmp(name, known[i]))
			i++;
		if (i == ARRAY_SIZE(known))
			return wrong("'%.40s' is nothing that a token is made of", name);
	}
	return json_is_object(what) ? NULL : "the description is no JSON object";
}

static const struct form *choose_form(const json_t *what, bool *cmw)
{
	const char *profile = json_string_value(json_object_get(what, "profile"));
	const char *form = json_string_value(json_object_get(what, "form"));

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(profile ?: "2023", forms[i].name)) {
			*cmw = form ? !strcmp(form, "cmw") : forms[i].cmw;
			return !form || *cmw || !strcmp(form, "eat") ? &forms[i] : NULL;
		}
	return NULL;
}

const char *forge_token(struct cborio_out *out, const struct platform *p, const json_t *what)
{
	static struct half platform, realm;
	static const uint8_t seed[] = RAK_SEED;
	const char *why = check_members(what);
	const struct form *f;
	struct ec_private rak;
	bool cmw;

	if (why)
		return why;
	f = choose_form(what, &cmw);
	if (!f)
		return "profile is legacy, 2023, 2024 or 2026, and form eat or cmw";
	memset(&platform, 0, sizeof(platform));
	memset(&realm, 0, sizeof(realm));
	platform.arena = (struct cborio_out)CBORIO_OUT(platform.encoded);
	realm.arena = (struct cborio_out)CBORIO_OUT(realm.encoded);
	platform.key = &p->cpak;
	realm.key = &rak;
	if (ec_derive(&rak, EC_P384, seed, sizeof(seed)))
		return "the crypto library failed";
	good_platform(&platform, p, f);
	good_realm(&realm, f);
	why = take_half(&platform, what, "platform", CLAIMS_PLATFORM);
	if (!why)
		why = take_half(&realm, what, "realm", CLAIMS_REALM);
	if (why)
		return why;
	good_binding(&platform, &realm, &rak, f);
	cborio_put_tag(out, cmw ? TAG_CMW : TAG_EAT);
	cborio_put_map(out, 2);
	cborio_put_int(out, KEY_PLATFORM);
	if (put_half(out, &platform, cmw))
		return "the platform's claims are too long";
	cborio_put_int(out, KEY_REALM);
	return put_half(out, &realm, cmw) || out->full ? "the claims are too long" : NULL;
}
