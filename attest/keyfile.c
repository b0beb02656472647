// SPDX-License-Identifier: BSD-3-Clause
/* keyfile.c - keys as people keep them: PEM, JWK, trust-anchor stores. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attest/der.h"
#include "base/hex.h"
#include "attest/keyfile.h"
#include "base/bits.h"

/* ---- PEM ---- */

#define MAX_DER	 8192 /* certificates are longer than keys */
#define PEM_LINE 64

/* The body of a PEM block with this label, anywhere in the text. */
static bool pem_get(const char *text, const char *label, uint8_t der[MAX_DER], struct bytes *out)
{
	char begin[64], end[64];
	const char *from, *to;
	ssize_t len;

	snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
	snprintf(end, sizeof(end), "-----END %s-----", label);
	from = strstr(text, begin);
	to = from ? strstr(from, end) : NULL;
	if (!to)
		return false;
	from += strlen(begin);
	len = base64_decode(BASE64, from, (size_t)(to - from), der, MAX_DER);
	if (len < 0)
		return false;
	*out = (struct bytes){der, (size_t)len};
	return true;
}

static char *pem_text(const char *label, const uint8_t *der, size_t len)
{
	char b64[BASE64_SIZE(DER_MAX_KEY)], *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	base64_encode(BASE64, der, len, b64);
	fprintf(f, "-----BEGIN %s-----\n", label);
	for (const char *p = b64; *p; p += MIN(strlen(p), (size_t)PEM_LINE))
		fprintf(f, "%.*s\n", PEM_LINE, p);
	fprintf(f, "-----END %s-----\n", label);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

int keyfile_parse_private(const char *text, struct ec_private *key)
{
	uint8_t der[MAX_DER];
	struct bytes b;

	if (pem_get(text, "EC PRIVATE KEY", der, &b) && der_parse_sec1(b, key))
		return 0;
	if (pem_get(text, "PRIVATE KEY", der, &b) && der_parse_pkcs8(b, key))
		return 0;
	return -EINVAL;
}

/* NULL, or why there is no key. */
static const char *parse_pem(const char *text, struct ec_public *pub)
{
	uint8_t der[MAX_DER];
	struct ec_private key;
	struct bytes b;

	if (pem_get(text, "PUBLIC KEY", der, &b))
		return der_parse_spki(b, pub) ? NULL : "the PUBLIC KEY is none of a NIST curve";
	if (pem_get(text, "CERTIFICATE", der, &b))
		return der_parse_certificate(b, pub) ? NULL
						     : "the certificate's key is none of a NIST "
						       "curve";
	if (!keyfile_parse_private(text, &key)) {
		*pub = key.pub;
		return NULL;
	}
	return strstr(text, "-----BEGIN ENCRYPTED") ? "the private key is encrypted"
						    : "PEM, but no EC key or certificate in it";
}

static const char *parse_der(struct bytes der, struct ec_public *pub)
{
	struct ec_private key;

	if (der_parse_spki(der, pub) || der_parse_certificate(der, pub))
		return NULL;
	if (!der_parse_pkcs8(der, &key) && !der_parse_sec1(der, &key))
		return "DER, but no EC key or certificate of a NIST curve";
	*pub = key.pub;
	return NULL;
}

char *keyfile_private_pem(const struct ec_private *key)
{
	uint8_t der[DER_MAX_KEY];

	return pem_text("EC PRIVATE KEY", der, der_put_sec1(der, key));
}

char *keyfile_public_pem(const struct ec_public *pub)
{
	uint8_t der[DER_MAX_KEY];

	return pem_text("PUBLIC KEY", der, der_put_spki(der, pub));
}

/* ---- JSON ---- */

static bool jwk_coordinate(const json_t *jwk, const char *name, uint8_t *out, size_t size)
{
	const char *s = json_string_value(json_object_get(jwk, name));

	return s && base64_decode(BASE64_URL, s, strlen(s), out, size) == (ssize_t)size;
}

/*
 * The algorithm that a JWK may name must be its curve's (RFC 7517 4.4). Its use is not looked at:
 * Veraison's sample CPAK says "enc", and who names a key here has decided what it is for.
 */
static bool jwk_may_sign(const json_t *jwk, const char *alg)
{
	const char *own = json_string_value(json_object_get(jwk, "alg"));

	return !own || !strcmp(own, alg);
}

static bool parse_jwk(const json_t *jwk, struct ec_public *pub)
{
	static const char *const algs[EC_NUM_CURVES] = {"ES256", "ES384", "ES512"};
	const char *kty = json_string_value(json_object_get(jwk, "kty"));
	const char *crv = json_string_value(json_object_get(jwk, "crv"));
	uint8_t point[EC_MAX_POINT] = {4};

	if (!kty || strcmp(kty, "EC") || !crv)
		return false;
	for (int c = 0; c < EC_NUM_CURVES; c++) {
		size_t size = ec_size((enum ec_curve)c);

		if (!strcmp(crv, ec_name((enum ec_curve)c)))
			return jwk_may_sign(jwk, algs[c]) &&
			       jwk_coordinate(jwk, "x", point + 1, size) &&
			       jwk_coordinate(jwk, "y", point + 1 + size, size) &&
			       ec_public_load(pub, (enum ec_curve)c, point, 1 + 2 * size);
	}
	return false;
}

json_t *keyfile_jwk(const struct ec_public *pub)
{
	char x[BASE64_SIZE(EC_MAX_SIZE)], y[BASE64_SIZE(EC_MAX_SIZE)];
	size_t size = ec_size(pub->curve);

	return json_pack("{s:s, s:s, s:s, s:s}", "kty", "EC", "crv", ec_name(pub->curve), "x",
			 base64_encode(BASE64_URL, pub->x, size, x), "y",
			 base64_encode(BASE64_URL, pub->y, size, y));
}

static bool json_hex_field(const json_t *obj, const char *name, uint8_t *out, size_t size)
{
	const char *s = json_string_value(json_object_get(obj, name));

	return s && hex_decode(s, out, size) == (ssize_t)size;
}

bool keyfile_take_anchor(const json_t *entry, struct trust_anchor *a)
{
	return parse_jwk(json_object_get(entry, "pkey"), &a->key) &&
	       json_hex_field(entry, "implementation-id", a->implementation_id,
			      IMPLEMENTATION_ID_SIZE) &&
	       json_hex_field(entry, "instance-id", a->instance_id, INSTANCE_ID_SIZE);
}

static bool parse_store(const json_t *store, struct trust_anchors *out)
{
	size_t i;
	json_t *entry;

	if (!json_array_size(store) || json_array_size(store) > TRUST_MAX_ANCHORS)
		return false;
	json_array_foreach(
		store, i,
		entry) if (!keyfile_take_anchor(entry, &out->anchor[out->count++])) return false;
	return true;
}

/* Keys of other kinds are ignored (RFC 7517 5). */
static const char *parse_jwks(const json_t *keys, struct trust_anchors *out)
{
	size_t i;
	json_t *jwk;

	json_array_foreach(keys, i, jwk)
	{
		struct trust_anchor *a = &out->anchor[out->count];

		if (out->count == TRUST_MAX_ANCHORS)
			return "the JWK set has more than 16 EC keys";
		a->any_platform = true;
		out->count += parse_jwk(jwk, &a->key);
	}
	return out->count ? NULL : "the JWK set has no EC key of a NIST curve for signatures";
}

static const char *parse_json(const char *text, struct trust_anchors *out)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *keys = json_object_get(root, "keys");
	const char *wrong = "neither PEM nor DER nor JSON";

	if (json_is_array(root)) {
		wrong = parse_store(root, out)
				? NULL
				: "a JSON array, but no list of {instance-id, implementation-id, "
				  "pkey}";
	} else if (json_is_array(keys)) {
		wrong = parse_jwks(keys, out);
	} else if (json_is_object(root)) {
		out->anchor[0].any_platform = true;
		out->count = parse_jwk(root, &out->anchor[0].key);
		wrong = out->count ? NULL
				   : "a JSON object, but no JWK of a NIST curve for signatures";
	}
	json_decref(root);
	return wrong;
}

int keyfile_parse_anchors(const uint8_t *data, size_t len, struct trust_anchors *out,
			  const char **wrong)
{
	const char *text = (const char *)data;
	struct trust_anchor *a = &out->anchor[0];
	bool der = len && data[0] == 0x30 && strlen(text) < len; /* text has no byte 0 */

	memset(out, 0, sizeof(*out));
	if (!der && !strstr(text, "-----BEGIN ")) {
		*wrong = parse_json(text, out);
		return *wrong ? -EINVAL : 0;
	}
	a->any_platform = true;
	*wrong = der ? parse_der((struct bytes){data, len}, &a->key) : parse_pem(text, &a->key);
	out->count = !*wrong;
	return *wrong ? -EINVAL : 0;
}
