// SPDX-License-Identifier: BSD-3-Clause
/* cose.c - COSE_Sign1: its headers, its signature. */
#include <errno.h>

#include "attest/cose.h"
#include "attest/evidence.h"
#include "attest/rules.h"

enum { TAG_SIGN1 = 18 };

static const int64_t algs[EC_NUM_CURVES] = {
	[EC_P256] = -7,
	[EC_P384] = -35,
	[EC_P521] = -36,
};

int64_t cose_alg(enum ec_curve c)
{
	return algs[c];
}

/* ---- headers ---- */

static bool find_label(struct cborio_in in, uint64_t pairs, const struct cborio_item *label)
{
	struct cborio_pair p;

	for (; pairs && cborio_get_pair(&in, &p); pairs--)
		if (cborio_same_label(&p.key, label))
			return true;
	return false;
}

/* The algorithm must be one that is known, and numbers are all that we know. */
static result take_alg(const struct cborio_pair *p, struct cose_sign1 *s)
{
	int64_t alg;

	if (!cborio_int(&p->value, &alg))
		return &rule_attest_cose_alg;
	for (int c = 0; c < EC_NUM_CURVES; c++)
		if (algs[c] == alg) {
			s->curve = (enum ec_curve)c;
			return OK;
		}
	return &rule_attest_cose_alg;
}

/*
 * What is listed as critical must be in the protected header and be understood: labels 1 to 6 are,
 * which every implementation knows, and which should not be listed for this reason.
 */
static result take_crit(const struct cborio_pair *p, struct cborio_in header, uint64_t pairs,
			struct cose_sign1 *s)
{
	struct cborio_in in = p->inside;
	struct cborio_item label;

	if (p->value.kind != ITEM_ARRAY || !p->value.value)
		return &rule_attest_cose_crit;
	for (uint64_t i = 0; i < p->value.value; i++) {
		if (!cborio_get(&in, &label) || !cborio_is_label(&label) ||
		    label.kind != ITEM_UINT || label.value < HEADER_ALG ||
		    label.value > HEADER_PARTIAL_IV || !find_label(header, pairs, &label))
			return &rule_attest_cose_crit;
		s->should = &rule_attest_cose_crit_known;
	}
	return OK;
}

/* The types that RFC 9052 table 3 gives to what it defines. */
static bool is_well_typed(int64_t label, const struct cborio_item *value)
{
	switch (label) {
	case HEADER_ALG:
		return cborio_is_label(value);
	case HEADER_CONTENT_TYPE:
		return value->kind == ITEM_TEXT || value->kind == ITEM_UINT;
	case HEADER_KID:
	case HEADER_IV:
	case HEADER_PARTIAL_IV:
		return value->kind == ITEM_BYTES;
	default:
		return true;
	}
}

static result check_header(struct cborio_in in, uint64_t pairs)
{
	const struct cborio_item iv = {.kind = ITEM_UINT, .value = HEADER_IV};
	const struct cborio_item partial = {.kind = ITEM_UINT, .value = HEADER_PARTIAL_IV};
	struct cborio_in all = in;
	struct cborio_pair p;
	int64_t label;

	for (uint64_t n = 0; n < pairs; n++) {
		if (!cborio_get_pair(&in, &p) || !cborio_is_label(&p.key))
			return &rule_attest_cose_header;
		if (cborio_int(&p.key, &label) && !is_well_typed(label, &p.value))
			return label == HEADER_ALG ? &rule_attest_cose_alg
						   : &rule_attest_cose_header;
	}
	if (find_label(all, pairs, &iv) && find_label(all, pairs, &partial))
		return &rule_attest_cose_header;
	return OK;
}

static result parse_protected(struct bytes in, struct cose_sign1 *s, struct cborio_in *header,
			      uint64_t *pairs)
{
	struct cborio_in c;
	struct cborio_item map;
	struct cborio_pair p;
	bool has_alg = false;
	int64_t label;
	result why;

	*header = (struct cborio_in){in.p, in.len};
	*pairs = 0;
	if (!in.len) /* an empty map, as it should be encoded (RFC 9052 3) */
		return &rule_attest_cose_alg;
	if (!cborio_get_kind(header, ITEM_MAP, &map))
		return &rule_attest_cose_header;
	*pairs = map.value;
	why = check_header(*header, *pairs);
	c = *header;
	for (uint64_t n = 0; !why && n < *pairs && cborio_get_pair(&c, &p); n++) {
		if (!cborio_int(&p.key, &label))
			continue;
		if (label == HEADER_ALG) {
			has_alg = true;
			why = take_alg(&p, s);
		} else if (label == HEADER_CRIT) {
			why = take_crit(&p, *header, *pairs, s);
		}
	}
	return why || has_alg ? why : &rule_attest_cose_alg;
}

/* No label in both headers, and what must be protected is not here. */
static result check_unprotected(const struct cose_sign1 *s, struct cborio_in protected_,
				uint64_t pairs)
{
	struct cborio_in in = s->unprotected;
	result why = check_header(in, s->num_unprotected);
	struct cborio_pair p;

	for (uint64_t n = 0; !why && n < s->num_unprotected && cborio_get_pair(&in, &p); n++) {
		if (find_label(protected_, pairs, &p.key))
			return &rule_attest_cose_duplicate;
		if (p.key.kind == ITEM_UINT && p.key.value == HEADER_CRIT)
			return &rule_attest_cose_crit;
	}
	return why;
}

/* ---- the structure ---- */

static result check_cbor(struct bytes in, result malformed)
{
	switch (cborio_check(in)) {
	case CBORIO_VALID:
		return OK;
	case CBORIO_BAD_TEXT:
		return &rule_attest_cbor_text;
	case CBORIO_DUPLICATE:
		return &rule_attest_cose_duplicate;
	default:
		return malformed;
	}
}

result cose_parse(struct bytes in, struct cose_sign1 *s)
{
	struct cborio_in c = {in.p, in.len}, header;
	struct cborio_item tag, array, protected_, unprotected, payload, signature;
	uint64_t pairs;
	result why = check_cbor(in, &rule_attest_cose);

	if (why)
		return why;
	if (!cborio_get_kind(&c, ITEM_TAG, &tag) || tag.value != TAG_SIGN1 ||
	    !cborio_get_kind(&c, ITEM_ARRAY, &array) || array.value != 4 ||
	    !cborio_get_kind(&c, ITEM_BYTES, &protected_) ||
	    !cborio_get_kind(&c, ITEM_MAP, &unprotected))
		return &rule_attest_cose;
	*s = (struct cose_sign1){.unprotected = c, .num_unprotected = unprotected.value};
	if (!cborio_skip(&c, &unprotected) || !cborio_get_kind(&c, ITEM_BYTES, &payload) ||
	    !cborio_get_kind(&c, ITEM_BYTES, &signature))
		return &rule_attest_cose;
	s->protected_ = protected_.bytes;
	s->payload = payload.bytes;
	s->signature = signature.bytes;
	if (s->protected_.len)
		why = check_cbor(s->protected_, &rule_attest_cose_header);
	if (!why)
		why = parse_protected(s->protected_, s, &header, &pairs);
	return why ? why : check_unprotected(s, header, pairs);
}

/* ---- signatures ---- */

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
	return !out.full && ec_verify(pub, out.p, out.len, s->signature.p, s->signature.len);
}

int cose_sign_headers(struct cborio_out *out, const struct ec_private *key, struct bytes payload,
		      struct bytes protected_, struct bytes unprotected)
{
	uint8_t buf[EVIDENCE_MAX_SIZE + SIGNED_OVERHEAD], sig[EC_MAX_SIG];
	struct cborio_out msg = CBORIO_OUT(buf);

	put_signed(&msg, protected_, payload);
	if (msg.full || ec_sign(key, msg.p, msg.len, sig))
		return -EIO;
	cborio_put_tag(out, TAG_SIGN1);
	cborio_put_array(out, 4);
	cborio_put_bytes(out, protected_.p, protected_.len);
	cborio_put_raw(out, unprotected.p, unprotected.len);
	cborio_put_bytes(out, payload.p, payload.len);
	cborio_put_bytes(out, sig, 2 * ec_size(key->pub.curve));
	return 0;
}

int cose_sign(struct cborio_out *out, const struct ec_private *key, struct bytes payload)
{
	static const uint8_t empty_map[] = {0xa0};
	uint8_t header[16];
	struct cborio_out head = CBORIO_OUT(header);

	cborio_put_map(&head, 1);
	cborio_put_int(&head, HEADER_ALG);
	cborio_put_int(&head, cose_alg(key->pub.curve));
	return cose_sign_headers(out, key, payload, (struct bytes){head.p, head.len},
				 (struct bytes){empty_map, sizeof(empty_map)});
}
