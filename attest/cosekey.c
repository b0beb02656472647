// SPDX-License-Identifier: BSD-3-Clause
/* cosekey.c - COSE_Keys of type EC2. */
#include <string.h>

#include "attest/cose.h"
#include "attest/cosekey.h"

enum { KEY_KTY = 1, KEY_KID = 2, KEY_ALG = 3, KEY_OPS = 4, KEY_BASE_IV = 5 };
enum { KEY_CRV = -1, KEY_X = -2, KEY_Y = -3, KEY_D = -4 };
enum { KTY_EC2 = 2, OP_VERIFY = 2 };

static const int64_t curve_ids[EC_NUM_CURVES] = {
	[EC_P256] = 1,
	[EC_P384] = 2,
	[EC_P521] = 3,
};

void cose_put_key(struct cborio_out *out, const struct ec_public *pub)
{
	cborio_put_map(out, 4);
	cborio_put_int(out, KEY_KTY);
	cborio_put_int(out, KTY_EC2);
	cborio_put_int(out, KEY_CRV);
	cborio_put_int(out, curve_ids[pub->curve]);
	cborio_put_int(out, KEY_X);
	cborio_put_bytes(out, pub->x, ec_size(pub->curve));
	cborio_put_int(out, KEY_Y);
	cborio_put_bytes(out, pub->y, ec_size(pub->curve));
}

struct key_params {
	int64_t kty, crv, alg;
	bool has_alg;
	struct bytes x, y;
};

/* key_ops: one or more operations, verifying among them (RFC 9052 7.1). */
static bool may_verify(const struct cborio_pair *p)
{
	struct cborio_in in = p->inside;
	struct cborio_item op;
	bool found = false;

	if (p->value.kind != ITEM_ARRAY || !p->value.value)
		return false;
	for (uint64_t i = 0; i < p->value.value; i++) {
		if (!cborio_get(&in, &op) || !cborio_is_label(&op))
			return false;
		found |= op.kind == ITEM_UINT && op.value == OP_VERIFY;
	}
	return found;
}

static bool take_bytes(const struct cborio_item *value, struct bytes *out)
{
	*out = value->bytes;
	return value->kind == ITEM_BYTES;
}

static bool take_param(const struct cborio_pair *p, struct key_params *k)
{
	struct bytes ignored;
	int64_t label;

	if (!cborio_int(&p->key, &label))
		return cborio_is_label(&p->key);
	switch (label) {
	case KEY_KTY:
		return cborio_int(&p->value, &k->kty);
	case KEY_ALG:
		k->has_alg = true;
		return cborio_int(&p->value, &k->alg);
	case KEY_OPS:
		return may_verify(p);
	case KEY_KID:
	case KEY_BASE_IV:
		return take_bytes(&p->value, &ignored);
	case KEY_CRV:
		return cborio_int(&p->value, &k->crv);
	case KEY_X:
		return take_bytes(&p->value, &k->x);
	case KEY_Y:
		return take_bytes(&p->value, &k->y);
	case KEY_D:
		return false;
	default:
		return true;
	}
}

static bool get_params(struct bytes in, struct key_params *k)
{
	struct cborio_in c = {in.p, in.len};
	struct cborio_item map;
	struct cborio_pair p;

	if (cborio_check(in) != CBORIO_VALID || !cborio_get_kind(&c, ITEM_MAP, &map))
		return false;
	for (uint64_t i = 0; i < map.value; i++)
		if (!cborio_get_pair(&c, &p) || !take_param(&p, k))
			return false;
	return true;
}

bool cose_get_key(struct bytes in, struct ec_public *pub)
{
	struct key_params k = {0};
	uint8_t point[EC_MAX_POINT] = {4};

	if (!get_params(in, &k) || k.kty != KTY_EC2)
		return false;
	for (int n = 0; n < EC_NUM_CURVES; n++) {
		enum ec_curve curve = (enum ec_curve)n;
		size_t size = ec_size(curve);

		if (curve_ids[n] != k.crv || k.x.len != size || k.y.len != size ||
		    (k.has_alg && k.alg != cose_alg(curve)))
			continue;
		memcpy(point + 1, k.x.p, size);
		memcpy(point + 1 + size, k.y.p, size);
		return ec_public_load(pub, curve, point, 1 + 2 * size);
	}
	return false;
}
