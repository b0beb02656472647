// SPDX-License-Identifier: BSD-3-Clause
/*
 * corim.c - endorsements as unsigned CoRIMs (draft-ietf-rats-corim) of the CCA profiles
 * (draft-ydb-rats-cca-endorsements).
 *
 *	501({0: id, 1: [506(bytes .cbor CoMID), ...], 3: 32(profile), 5: [creator]})
 *	CoMID: {1: {0: tag id}, 4: {0: [reference triple, ...], 3: [key triple, ...]}}
 *
 * Digests name their algorithm by its number and a configuration has its mask beside it, as the
 * services of Veraison read them; later drafts of the profile spell both another way.
 */
#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>

#include "attest/crypto.h"
#include "attest/endorse.h"
#include "attest/keyfile.h"

enum { TAG_URI = 32, TAG_CORIM = 501, TAG_COMID = 506 };
enum { TAG_UEID = 550, TAG_PKIX_KEY = 554, TAG_BYTES = 560 };
enum { CORIM_ID = 0, CORIM_TAGS = 1, CORIM_PROFILE = 3, CORIM_ENTITIES = 5 };
enum { ENTITY_NAME = 0, ENTITY_ROLE = 2, ROLE_MANIFEST_CREATOR = 1 };
enum { COMID_IDENTITY = 1, COMID_TRIPLES = 4, IDENTITY_ID = 0 };
enum { TRIPLES_REFERENCE = 0, TRIPLES_ATTEST_KEY = 3 };
enum { ENV_CLASS = 0, ENV_INSTANCE = 1, CLASS_ID = 0 };
enum { MEASUREMENT_KEY = 0, MEASUREMENT_VALUE = 1 };
enum { VALUE_DIGESTS = 2, VALUE_RAW = 4, VALUE_RAW_MASK = 5, VALUE_NAME = 11, VALUE_KEYS = 13 };

static void put_tagged(struct cborio_out *o, uint64_t tag, const uint8_t *data, size_t len)
{
	cborio_put_tag(o, tag);
	cborio_put_bytes(o, data, len);
}

/* {0: 560(id)} under the key of an environment */
static void put_class(struct cborio_out *o, const uint8_t *id, size_t len)
{
	cborio_put_int(o, ENV_CLASS);
	cborio_put_map(o, 1);
	cborio_put_int(o, CLASS_ID);
	put_tagged(o, TAG_BYTES, id, len);
}

static void put_digests(struct cborio_out *o, const uint8_t *data, size_t len)
{
	cborio_put_int(o, VALUE_DIGESTS);
	cborio_put_array(o, 1);
	cborio_put_array(o, 2);
	cborio_put_int(o, endorse_hash_id(len));
	cborio_put_bytes(o, data, len);
}

/* {0: key, 1: {as many pairs as the caller puts next}} */
static void put_measurement(struct cborio_out *o, const char *key, size_t pairs)
{
	cborio_put_map(o, 2);
	cborio_put_int(o, MEASUREMENT_KEY);
	cborio_put_text(o, key);
	cborio_put_int(o, MEASUREMENT_VALUE);
	cborio_put_map(o, pairs);
}

static void put_platform_triple(struct cborio_out *o, const struct platform *p)
{
	uint8_t mask[sizeof(p->config)];

	cborio_put_array(o, 2);
	cborio_put_map(o, 1);
	put_class(o, p->implementation_id, sizeof(p->implementation_id));
	cborio_put_array(o, p->num_components + 1);
	for (size_t i = 0; i < p->num_components; i++) {
		const struct platform_component *c = &p->components[i];

		put_measurement(o, "cca.software-component", 3);
		put_digests(o, c->measurement, c->measurement_len);
		cborio_put_int(o, VALUE_NAME);
		cborio_put_text(o, c->type);
		cborio_put_int(o, VALUE_KEYS);
		cborio_put_array(o, 1);
		put_tagged(o, TAG_BYTES, c->signer_id, c->signer_id_len);
	}
	memset(mask, 0xff, sizeof(mask));
	put_measurement(o, "cca.platform-config", 2);
	cborio_put_int(o, VALUE_RAW);
	put_tagged(o, TAG_BYTES, p->config, p->config_len);
	cborio_put_int(o, VALUE_RAW_MASK);
	cborio_put_bytes(o, mask, p->config_len);
}

static void put_key_triple(struct cborio_out *o, const struct platform *p)
{
	char *pem = keyfile_public_pem(&p->cpak.pub);

	cborio_put_array(o, 2);
	cborio_put_map(o, 2);
	put_class(o, p->implementation_id, sizeof(p->implementation_id));
	cborio_put_int(o, ENV_INSTANCE);
	put_tagged(o, TAG_UEID, p->instance_id, sizeof(p->instance_id));
	cborio_put_array(o, 1);
	cborio_put_tag(o, TAG_PKIX_KEY);
	cborio_put_text(o, pem ?: "");
	o->full |= !pem;
	free(pem);
}

static void put_realm_triple(struct cborio_out *o, const struct endorse_realm *r)
{
	static const char *const keys[] = {"cca.rem0", "cca.rem1", "cca.rem2", "cca.rem3"};

	cborio_put_array(o, 2);
	cborio_put_map(o, 1);
	put_class(o, r->rim, r->len);
	cborio_put_array(o, 1 + ATTEST_NUM_REMS + 1);
	put_measurement(o, "cca.rim", 1);
	put_digests(o, r->rim, r->len);
	for (int i = 0; i < ATTEST_NUM_REMS; i++) {
		put_measurement(o, keys[i], 1);
		put_digests(o, r->rem[i], r->len);
	}
	put_measurement(o, "cca.rpv", 1);
	cborio_put_int(o, VALUE_RAW);
	put_tagged(o, TAG_BYTES, r->rpv, sizeof(r->rpv));
}

/* A UUID (version 8) that follows from the contents: equal contents, equal tag. */
static void put_id(struct cborio_out *o, const uint8_t *data, size_t len)
{
	uint8_t h[32];

	crypto_init();
	gcry_md_hash_buffer(GCRY_MD_SHA256, h, data, len);
	h[6] = (h[6] & 0x0f) | 0x80;
	h[8] = (h[8] & 0x3f) | 0x80;
	cborio_put_bytes(o, h, 16);
}

/* 506(bytes .cbor CoMID) with these triples, encoded already. */
static void put_comid(struct cborio_out *o, const struct cborio_out *triples)
{
	uint8_t head[64];
	struct cborio_out h = CBORIO_OUT(head);

	cborio_put_map(&h, 2);
	cborio_put_int(&h, COMID_IDENTITY);
	cborio_put_map(&h, 1);
	cborio_put_int(&h, IDENTITY_ID);
	put_id(&h, triples->p, triples->len);
	cborio_put_int(&h, COMID_TRIPLES);
	cborio_put_tag(o, TAG_COMID);
	cborio_put_bytes_head(o, h.len + triples->len);
	cborio_put_raw(o, h.p, h.len);
	cborio_put_raw(o, triples->p, triples->len);
	o->full |= triples->full;
}

static void put_corim(struct cborio_out *o, const char *profile, const struct cborio_out *comids,
		      size_t num_comids)
{
	cborio_put_tag(o, TAG_CORIM);
	cborio_put_map(o, 4);
	cborio_put_int(o, CORIM_ID);
	put_id(o, comids->p, comids->len);
	cborio_put_int(o, CORIM_TAGS);
	cborio_put_array(o, num_comids);
	cborio_put_raw(o, comids->p, comids->len);
	o->full |= comids->full;
	cborio_put_int(o, CORIM_PROFILE);
	cborio_put_tag(o, TAG_URI);
	cborio_put_text(o, profile);
	cborio_put_int(o, CORIM_ENTITIES);
	cborio_put_array(o, 1);
	cborio_put_map(o, 2);
	cborio_put_int(o, ENTITY_NAME);
	cborio_put_text(o, "softrealm, TEST ONLY");
	cborio_put_int(o, ENTITY_ROLE);
	cborio_put_array(o, 1);
	cborio_put_int(o, ROLE_MANIFEST_CREATOR);
}

void corim_put_platform(struct cborio_out *out, const struct endorse_store *s)
{
	static uint8_t refs[CORIM_MAX_SIZE / 4], all[CORIM_MAX_SIZE / 2];
	uint8_t key[1024];
	struct cborio_out r = CBORIO_OUT(refs), k = CBORIO_OUT(key), comids = CBORIO_OUT(all);

	cborio_put_map(&r, 1);
	cborio_put_int(&r, TRIPLES_REFERENCE);
	cborio_put_array(&r, 1);
	put_platform_triple(&r, &s->platform);
	cborio_put_map(&k, 1);
	cborio_put_int(&k, TRIPLES_ATTEST_KEY);
	cborio_put_array(&k, 1);
	put_key_triple(&k, &s->platform);
	put_comid(&comids, &r);
	put_comid(&comids, &k);
	put_corim(out, CORIM_PROFILE_PLATFORM, &comids, 2);
}

void corim_put_realm(struct cborio_out *out, const struct endorse_store *s)
{
	static uint8_t refs[CORIM_MAX_SIZE - 4096], all[CORIM_MAX_SIZE - 2048];
	struct cborio_out r = CBORIO_OUT(refs), comids = CBORIO_OUT(all);

	cborio_put_map(&r, 1);
	cborio_put_int(&r, TRIPLES_REFERENCE);
	cborio_put_array(&r, s->num_realms);
	for (size_t i = 0; i < s->num_realms; i++)
		put_realm_triple(&r, &s->realm[i]);
	put_comid(&comids, &r);
	put_corim(out, CORIM_PROFILE_REALM, &comids, 1);
}
