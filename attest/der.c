// SPDX-License-Identifier: BSD-3-Clause
/* der.c - DER, as much as EC keys and the certificates around them need. */
#include <string.h>

#include "attest/der.h"
#include "base/bits.h"

enum { DER_INTEGER = 0x02, DER_BITS = 0x03, DER_OCTETS = 0x04, DER_OID = 0x06, DER_SEQ = 0x30 };
enum { DER_PARAMETERS = 0xa0, DER_PUBLIC = 0xa1 }; /* [0] and [1] of ECPrivateKey */
enum { DER_VERSION = 0xa0 };			   /* [0] of a certificate */

static const uint8_t oid_ec_public_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

static const struct {
	uint8_t len;
	uint8_t oid[8];
} curve_oids[EC_NUM_CURVES] = {
	[EC_P256] = {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}},
	[EC_P384] = {5, {0x2b, 0x81, 0x04, 0x00, 0x22}},
	[EC_P521] = {5, {0x2b, 0x81, 0x04, 0x00, 0x23}},
};

/* ---- reading ---- */

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

bool der_parse_spki(struct bytes der, struct ec_public *pub)
{
	struct bytes seq, bits;
	enum ec_curve curve;

	return der_get(&der, DER_SEQ, &seq) && der_get_algorithm(&seq, &curve) &&
	       der_get(&seq, DER_BITS, &bits) && bits.len > 1 && bits.p[0] == 0 &&
	       ec_public_load_any(pub, curve, bits.p + 1, bits.len - 1);
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

bool der_parse_pkcs8(struct bytes der, struct ec_private *key)
{
	struct bytes seq, version, inner;
	enum ec_curve curve;

	return der_get(&der, DER_SEQ, &seq) && der_get(&seq, DER_INTEGER, &version) &&
	       der_get_algorithm(&seq, &curve) && der_get(&seq, DER_OCTETS, &inner) &&
	       parse_sec1(inner, &curve, key);
}

bool der_parse_sec1(struct bytes der, struct ec_private *key)
{
	return parse_sec1(der, NULL, key);
}

/* Certificate { TBSCertificate { [0] version, serial, algorithm, issuer, validity, subject, SPKI */
bool der_parse_certificate(struct bytes der, struct ec_public *pub)
{
	struct bytes seq, tbs, skipped;

	if (!der_get(&der, DER_SEQ, &seq) || !der_get(&seq, DER_SEQ, &tbs))
		return false;
	der_get(&tbs, DER_VERSION, &skipped);
	return der_get(&tbs, DER_INTEGER, &skipped) && der_get(&tbs, DER_SEQ, &skipped) &&
	       der_get(&tbs, DER_SEQ, &skipped) && der_get(&tbs, DER_SEQ, &skipped) &&
	       der_get(&tbs, DER_SEQ, &skipped) && der_parse_spki(tbs, pub);
}

/* ---- writing ---- */

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

size_t der_put_sec1(uint8_t out[DER_MAX_KEY], const struct ec_private *key)
{
	enum ec_curve c = key->pub.curve;
	uint8_t point[1 + EC_MAX_POINT], oid[16], body[DER_MAX_KEY];
	size_t point_len = ec_point(&key->pub, point + 1), n = 0, len;

	n += der_put(body + n, DER_INTEGER, (const uint8_t *)"\1", 1);
	n += der_put(body + n, DER_OCTETS, key->d, ec_size(c));
	len = der_put_curve(oid, c);
	n += der_put(body + n, DER_PARAMETERS, oid, len);
	point[0] = 0; /* unused bits */
	len = der_put(out, DER_BITS, point, 1 + point_len);
	n += der_put(body + n, DER_PUBLIC, out, len);
	return der_put(out, DER_SEQ, body, n);
}

size_t der_put_spki(uint8_t out[DER_MAX_KEY], const struct ec_public *pub)
{
	uint8_t point[1 + EC_MAX_POINT], alg[32], body[DER_MAX_KEY];
	size_t point_len = ec_point(pub, point + 1), n, len;

	len = der_put(alg, DER_OID, oid_ec_public_key, sizeof(oid_ec_public_key));
	len += der_put_curve(alg + len, pub->curve);
	n = der_put(body, DER_SEQ, alg, len);
	point[0] = 0; /* unused bits */
	n += der_put(body + n, DER_BITS, point, 1 + point_len);
	return der_put(out, DER_SEQ, body, n);
}
