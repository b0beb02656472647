// SPDX-License-Identifier: BSD-3-Clause
/* keyfile.c - keys as people keep them: PEM, JWK, trust-anchor stores. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attest/hex.h"
#include "attest/keyfile.h"
#include "base/bits.h"

/* ---- DER: as much as the three kinds of EC key need ---- */

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_OCTETS = 0x04, DER_OID = 0x06, DER_SEQ = 0x30 };
enum { DER_PARAMETERS = 0xa0, DER_PUBLIC = 0xa1 }; /* [0] and [1] of ECPrivateKey */

static const uint8_t oid_ec_public_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

static const struct {
	uint8_t len;
	uint8_t oid[8];
} curve_oids[EC_NUM_CURVES] = {
	[EC_P256] = {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}},
	[EC_P384] = {5, {0x2b, 0x81, 0x04, 0x00, 0x22}},
	[EC_P521] = {5, {0x2b, 0x81, 0x04, 0x00, 0x23}},
};

/* Take the next value of this type from in. Lengths of up to two bytes: keys are small. */
static bool der_get(struct bytes *in, uint8_t type, struct bytes *value)
{
	size_t head = 2, len;

	if (in->len < 2 || in->p[0] != type)
		return false;
	len = in->p[1];
	if (len == 0x81 && in->len > 2) {
		len = in->p[2];
		head = 3;
	} else if (len == 0x82 && in->len > 3) {
		len = (size_t)in->p[2] << 8 | in->p[3];
		head = 4;
	} else if (len >= 0x80) {
		return false;
	}
	if (len > in->len - head)
		return false;
	*value = (struct bytes){in->p + head, len};
	in->p += head + len;
	in->len -= head + len;
	return true;
}

static bool der_get_curve(struct bytes *in, enum ec_curve *curve)
{
	struct bytes oid;

	if (!der_get(in, DER_OID, &oid))
		return false;
	for (int c = 0; c < EC_NUM_CURVES; c++)
		if (bytes_equal(oid, curve_oids[c].oid, curve_oids[c].len)) {
			*curve = (enum ec_curve)c;
			return true;
		}
	return false;
}

/* AlgorithmIdentifier { ecPublicKey, curve } */
static bool der_get_algorithm(struct bytes *in, enum ec_curve *curve)
{
	struct bytes seq, oid;

	return der_get(in, DER_SEQ, &seq) && der_get(&seq, DER_OID, &oid) &&
	       bytes_equal(oid, oid_ec_public_key, sizeof(oid_ec_public_key)) &&
	       der_get_curve(&seq, curve);
}

static bool parse_spki(struct bytes der, struct ec_public *pub)
{
	struct bytes seq, bits;
	enum ec_curve curve;

	return der_get(&der, DER_SEQ, &seq) && der_get_algorithm(&seq, &curve) &&
	       der_get(&seq, DER_BITS, &bits) && bits.len > 1 && bits.p[0] == 0 &&
	       ec_public_load(pub, curve, bits.p + 1, bits.len - 1);
}

/* ECPrivateKey; curve is known already (PKCS#8) or in its parameters. */
static bool parse_sec1(struct bytes der, const enum ec_curve *known, struct ec_private *key)
{
	struct bytes seq, version, d, params;
	enum ec_curve curve;

	if (!der_get(&der, DER_SEQ, &seq) || !der_get(&seq, DER_INTEGER, &version) ||
	    !bytes_equal(version, "\1", 1) || !der_get(&seq, DER_OCTETS, &d))
		return false;
	if (known)
		curve = *known;
	else if (!der_get(&seq, DER_PARAMETERS, &params) || !der_get_curve(&params, &curve))
		return false;
	return !ec_private_load(key, curve, d.p, d.len);
}

static bool parse_pkcs8(struct bytes der, struct ec_private *key)
{
	struct bytes seq, version, inner;
	enum ec_curve curve;

	return der_get(&der, DER_SEQ, &seq) && der_get(&seq, DER_INTEGER, &version) &&
	       der_get_algorithm(&seq, &curve) && der_get(&seq, DER_OCTETS, &inner) &&
	       parse_sec1(inner, &curve, key);
}

static size_t der_put(uint8_t *out, uint8_t type, const uint8_t *value, size_t len)
{
	size_t head = len < 0x80 ? 2 : 3;

	out[0] = type;
	out[1] = len < 0x80 ? (uint8_t)len : 0x81;
	if (head == 3)
		out[2] = (uint8_t)len;
	memmove(out + head, value, len);
	return head + len;
}

static size_t der_put_curve(uint8_t *out, enum ec_curve c)
{
	return der_put(out, DER_OID, curve_oids[c].oid,
		       MIN(curve_oids[c].len, sizeof(curve_oids[c].oid)));
}

/* ---- PEM ---- */

#define MAX_DER 512
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
	char b64[BASE64_SIZE(MAX_DER)], *text = NULL;
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

	if (pem_get(text, "EC PRIVATE KEY", der, &b) && parse_sec1(b, NULL, key))
		return 0;
	if (pem_get(text, "PRIVATE KEY", der, &b) && parse_pkcs8(b, key))
		return 0;
	return -EINVAL;
}

static bool parse_pem(const char *text, struct ec_public *pub)
{
	uint8_t der[MAX_DER];
	struct ec_private key;
	struct bytes b;

	if (pem_get(text, "PUBLIC KEY", der, &b))
		return parse_spki(b, pub);
	if (keyfile_parse_private(text, &key))
		return false;
	*pub = key.pub;
	return true;
}

char *keyfile_private_pem(const struct ec_private *key)
{
	enum ec_curve c = key->pub.curve;
	uint8_t point[1 + EC_MAX_POINT], oid[16], body[MAX_DER], der[MAX_DER];
	size_t point_len = ec_point(&key->pub, point + 1), n = 0, len;

	n += der_put(body + n, DER_INTEGER, (const uint8_t *)"\1", 1);
	n += der_put(body + n, DER_OCTETS, key->d, ec_size(c));
	len = der_put_curve(oid, c);
	n += der_put(body + n, DER_PARAMETERS, oid, len);
	point[0] = 0; /* unused bits */
	len = der_put(der, DER_BITS, point, 1 + point_len);
	n += der_put(body + n, DER_PUBLIC, der, len);
	len = der_put(der, DER_SEQ, body, n);
	return pem_text("EC PRIVATE KEY", der, len);
}

char *keyfile_public_pem(const struct ec_public *pub)
{
	enum ec_curve c = pub->curve;
	uint8_t point[1 + EC_MAX_POINT], alg[32], body[MAX_DER], der[MAX_DER];
	size_t point_len = ec_point(pub, point + 1), n, len;

	len = der_put(alg, DER_OID, oid_ec_public_key, sizeof(oid_ec_public_key));
	len += der_put_curve(alg + len, c);
	n = der_put(body, DER_SEQ, alg, len);
	point[0] = 0; /* unused bits */
	n += der_put(body + n, DER_BITS, point, 1 + point_len);
	len = der_put(der, DER_SEQ, body, n);
	return pem_text("PUBLIC KEY", der, len);
}

/* ---- JSON ---- */

static bool jwk_coordinate(const json_t *jwk, const char *name, uint8_t *out, size_t size)
{
	const char *s = json_string_value(json_object_get(jwk, name));

	return s && base64_decode(BASE64_URL, s, strlen(s), out, size) == (ssize_t)size;
}

static bool parse_jwk(const json_t *jwk, struct ec_public *pub)
{
	const char *kty = json_string_value(json_object_get(jwk, "kty"));
	const char *crv = json_string_value(json_object_get(jwk, "crv"));
	uint8_t point[EC_MAX_POINT] = {4};

	if (!kty || strcmp(kty, "EC") || !crv)
		return false;
	for (int c = 0; c < EC_NUM_CURVES; c++) {
		size_t size = ec_size((enum ec_curve)c);

		if (!strcmp(crv, ec_name((enum ec_curve)c)))
			return jwk_coordinate(jwk, "x", point + 1, size) &&
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

static bool parse_store(const json_t *store, struct trust_anchors *out)
{
	size_t i;
	json_t *entry;

	if (!json_array_size(store) || json_array_size(store) > TRUST_MAX_ANCHORS)
		return false;
	json_array_foreach (store, i, entry) {
		struct trust_anchor *a = &out->anchor[i];

		if (!parse_jwk(json_object_get(entry, "pkey"), &a->key) ||
		    !json_hex_field(entry, "implementation-id", a->implementation_id,
				    IMPLEMENTATION_ID_SIZE) ||
		    !json_hex_field(entry, "instance-id", a->instance_id, INSTANCE_ID_SIZE))
			return false;
		out->count++;
	}
	return true;
}

int keyfile_parse_anchors(const char *text, struct trust_anchors *out)
{
	json_t *root;
	bool ok;

	memset(out, 0, sizeof(*out));
	out->anchor[0].any_platform = true;
	if (parse_pem(text, &out->anchor[0].key)) {
		out->count = 1;
		return 0;
	}
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_array(root)) {
		out->anchor[0].any_platform = false;
		ok = parse_store(root, out);
	} else {
		ok = parse_jwk(root, &out->anchor[0].key);
		out->count = ok;
	}
	json_decref(root);
	return ok ? 0 : -EINVAL;
}
