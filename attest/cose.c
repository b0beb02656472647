// SPDX-License-Identifier: BSD-3-Clause
/* cose.c - COSE_Sign1 and EC2 COSE_Keys. */
#include <errno.h>
#include <string.h>

#include "attest/cose.h"
#include "attest/evidence.h"
#include "attest/rules.h"
#include "base/bits.h"

enum { TAG_SIGN1 = 18, HEADER_ALG = 1 };
enum { KEY_KTY = 1, KEY_CRV = -1, KEY_X = -2, KEY_Y = -3, KTY_EC2 = 2 };

static const struct {
	int64_t alg; /* COSE algorithm */
	int64_t crv; /* COSE elliptic curve */
} ids[EC_NUM_CURVES] = {
	[EC_P256] = {-7, 1},
	[EC_P384] = {-35, 2},
	[EC_P521] = {-36, 3},
};

/* The protected header is a map with the algorithm; other parameters are ignored. */
static bool parse_protected(struct bytes in, enum ec_curve *curve)
{
	struct cborio_in c = {in.p, in.len};
	struct cborio_item map, key, value;
	unsigned int found = 0;
	int64_t k, v;

	if (!cborio_get_kind(&c, ITEM_MAP, &map))
		return false;
	for (uint64_t i = 0; i < map.value; i++) {
		if (!cborio_get(&c, &key) || !cborio_skip(&c, &key) || !cborio_get(&c, &value))
			return false;
		if (cborio_int(&key, &k) && k == HEADER_ALG && cborio_int(&value, &v))
			for (int n = 0; n < EC_NUM_CURVES; n++)
				if (ids[n].alg == v) {
					*curve = (enum ec_curve)n;
					found++;
				}
		if (!cborio_skip(&c, &value))
			return false;
	}
	return found == 1 && !c.len;
}

result cose_parse(struct bytes in, struct cose_sign1 *s)
{
	struct cborio_in c = {in.p, in.len};
	struct cborio_item tag, array, protected_, unprotected, payload, signature;

	if (!cborio_get_kind(&c, ITEM_TAG, &tag) || tag.value != TAG_SIGN1 ||
	    !cborio_get_kind(&c, ITEM_ARRAY, &array) || array.value != 4 ||
	    !cborio_get_kind(&c, ITEM_BYTES, &protected_) ||
	    !cborio_get_kind(&c, ITEM_MAP, &unprotected) || !cborio_skip(&c, &unprotected) ||
	    !cborio_get_kind(&c, ITEM_BYTES, &payload) ||
	    !cborio_get_kind(&c, ITEM_BYTES, &signature) || c.len)
		return &rule_attest_cose;
	s->protected_ = protected_.bytes;
	s->payload = payload.bytes;
	s->signature = signature.bytes;
	if (!parse_protected(s->protected_, &s->curve))
		return &rule_attest_cose_alg;
	return OK;
}

/* Sig_structure: what is really signed. */
static void put_signed(struct cborio_out *out, struct bytes protected_, struct bytes payload)
{
	cborio_put_array(out, 4);
	cborio_put_text(out, "Signature1");
	cborio_put_bytes(out, protected_.p, protected_.len);
	cborio_put_bytes(out, NULL, 0);
	cborio_put_bytes(out, payload.p, payload.len);
}

#define SIGNED_OVERHEAD 64

bool cose_verify(const struct cose_sign1 *s, const struct ec_public *pub)
{
	uint8_t buf[EVIDENCE_MAX_SIZE + SIGNED_OVERHEAD];
	struct cborio_out out = CBORIO_OUT(buf);

	put_signed(&out, s->protected_, s->payload);
	return !out.full &&
	       ec_verify(pub, out.p, out.len, s->signature.p, s->signature.len);
}

int cose_sign(struct cborio_out *out, const struct ec_private *key, struct bytes payload)
{
	uint8_t buf[EVIDENCE_MAX_SIZE + SIGNED_OVERHEAD], header[16], sig[EC_MAX_SIG];
	struct cborio_out msg = CBORIO_OUT(buf), head = CBORIO_OUT(header);
	struct bytes protected_;

	cborio_put_map(&head, 1);
	cborio_put_int(&head, HEADER_ALG);
	cborio_put_int(&head, ids[key->pub.curve].alg);
	protected_ = (struct bytes){head.p, head.len};
	put_signed(&msg, protected_, payload);
	if (msg.full || ec_sign(key, msg.p, msg.len, sig))
		return -EIO;

	cborio_put_tag(out, TAG_SIGN1);
	cborio_put_array(out, 4);
	cborio_put_bytes(out, protected_.p, protected_.len);
	cborio_put_map(out, 0);
	cborio_put_bytes(out, payload.p, payload.len);
	cborio_put_bytes(out, sig, 2 * ec_size(key->pub.curve));
	return 0;
}

void cose_put_key(struct cborio_out *out, const struct ec_public *pub)
{
	cborio_put_map(out, 4);
	cborio_put_int(out, KEY_KTY);
	cborio_put_int(out, KTY_EC2);
	cborio_put_int(out, KEY_CRV);
	cborio_put_int(out, ids[pub->curve].crv);
	cborio_put_int(out, KEY_X);
	cborio_put_bytes(out, pub->x, ec_size(pub->curve));
	cborio_put_int(out, KEY_Y);
	cborio_put_bytes(out, pub->y, ec_size(pub->curve));
}

struct key_params {
	int64_t kty, crv;
	struct bytes x, y;
};

static bool get_params(struct cborio_in *c, struct key_params *p)
{
	struct cborio_item map, key, value;
	int64_t k;

	if (!cborio_get_kind(c, ITEM_MAP, &map))
		return false;
	for (uint64_t i = 0; i < map.value; i++) {
		if (!cborio_get(c, &key) || !cborio_skip(c, &key) || !cborio_get(c, &value))
			return false;
		if (!cborio_int(&key, &k))
			k = 0;
		if (k == KEY_KTY)
			cborio_int(&value, &p->kty);
		else if (k == KEY_CRV)
			cborio_int(&value, &p->crv);
		else if (k == KEY_X && value.kind == ITEM_BYTES)
			p->x = value.bytes;
		else if (k == KEY_Y && value.kind == ITEM_BYTES)
			p->y = value.bytes;
		if (!cborio_skip(c, &value))
			return false;
	}
	return !c->len;
}

bool cose_get_key(struct bytes in, struct ec_public *pub)
{
	struct cborio_in c = {in.p, in.len};
	struct key_params p = {0};
	uint8_t point[EC_MAX_POINT] = {4};

	if (!get_params(&c, &p) || p.kty != KTY_EC2)
		return false;
	for (int n = 0; n < EC_NUM_CURVES; n++) {
		size_t size = ec_size((enum ec_curve)n);

		if (ids[n].crv != p.crv || p.x.len != size || p.y.len != size)
			continue;
		memcpy(point + 1, p.x.p, size);
		memcpy(point + 1 + size, p.y.p, size);
		return ec_public_load(pub, (enum ec_curve)n, point, 1 + 2 * size);
	}
	return false;
}
