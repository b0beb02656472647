// SPDX-License-Identifier: BSD-3-Clause
/* endorse.c - trust anchor and reference values in the formats of other projects. */
#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>

#include "attest/crypto.h"
#include "attest/endorse.h"
#include "base/hex.h"
#include "attest/keyfile.h"

#define MAX_VALUE 64 /* the longest value of all these formats */

int endorse_hash_id(size_t len)
{
	return len == 32 ? NI_SHA_256 : len == 48 ? NI_SHA_384 : NI_SHA_512;
}

const char *endorse_hash_name(size_t len)
{
	return len == 32 ? "sha-256" : len == 48 ? "sha-384" : "sha-512";
}

static json_t *hex(const uint8_t *data, size_t len)
{
	char text[HEX_SIZE(MAX_VALUE)];

	return json_string(hex_encode(data, len, text));
}

static json_t *base64(enum base64_kind kind, const uint8_t *data, size_t len)
{
	char text[BASE64_SIZE(MAX_VALUE)];

	return json_string(base64_encode(kind, data, len, text));
}

/* ---- shared by the plain form and rust-ccatoken's ---- */

static json_t *components(const struct platform *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->num_components; i++) {
		const struct platform_component *c = &p->components[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o, s:s*}", "component-type", c->type,
						"measurement-value",
						hex(c->measurement, c->measurement_len),
						"signer-id", hex(c->signer_id, c->signer_id_len),
						"version", c->version));
	}
	return list;
}

static json_t *platform_values(const struct platform *p)
{
	return json_pack("{s:o, s:o, s:o}", "implementation-id",
			 hex(p->implementation_id, IMPLEMENTATION_ID_SIZE),
			 "platform-configuration", hex(p->config, p->config_len), "sw-components",
			 components(p));
}

static json_t *anchor(const struct platform *p)
{
	return json_pack("{s:o, s:o, s:o}", "instance-id", hex(p->instance_id, INSTANCE_ID_SIZE),
			 "implementation-id", hex(p->implementation_id, IMPLEMENTATION_ID_SIZE),
			 "pkey", keyfile_jwk(&p->cpak.pub));
}

static json_t *realm_values(const struct endorse_realm *r)
{
	json_t *rems = json_array();

	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		json_array_append_new(rems, hex(r->rem[i], r->len));
	return json_pack("{s:o, s:o, s:o, s:s}", "personalization-value",
			 hex(r->rpv, sizeof(r->rpv)), "initial-measurement", hex(r->rim, r->len),
			 "extensible-measurements", rems, "rak-hash-algorithm", "sha-256");
}

/* The first realm stands alone as well: so it was when there could be one only. */
json_t *endorse_plain(const struct endorse_store *s)
{
	const struct platform *p = &s->platform;
	json_t *obj = json_pack("{s:O*, s:o, s:o, s:i}", "description",
				json_object_get(p->doc, "description"), "trust-anchor", anchor(p),
				"platform", platform_values(p), "lifecycle", (int)p->lifecycle);
	json_t *realms = json_array(), *values;

	for (size_t i = 0; i < s->num_realms; i++) {
		values = realm_values(&s->realm[i]);
		json_object_set_new(values, "hash-algorithm",
				    json_string(endorse_hash_name(s->realm[i].len)));
		if (!i)
			json_object_set(obj, "realm", values);
		json_array_append_new(realms, values);
	}
	json_object_set_new(obj, "realms", realms);
	return obj;
}

json_t *endorse_ccatoken_anchors(const struct endorse_store *s)
{
	return json_pack("[o]", anchor(&s->platform));
}

json_t *endorse_ccatoken_values(const struct endorse_store *s)
{
	json_t *realms = json_array();

	for (size_t i = 0; i < s->num_realms; i++)
		json_array_append_new(realms, realm_values(&s->realm[i]));
	return json_pack("{s:[o], s:o}", "platform", platform_values(&s->platform), "realm",
			 realms);
}

/* ---- CoMID ---- */

static json_t *typed(const char *type, json_t *value)
{
	return json_pack("{s:s, s:o}", "type", type, "value", value);
}

static json_t *typed_bytes(const uint8_t *data, size_t len)
{
	return typed("bytes", base64(BASE64, data, len));
}

static json_t *digests(const uint8_t *data, size_t len)
{
	return json_pack("[[i, o]]", endorse_hash_id(len), base64(BASE64_URL, data, len));
}

static json_t *measurement(const char *key, json_t *value)
{
	return json_pack("{s:o, s:o}", "key", typed("string", json_string(key)), "value", value);
}

static json_t *class_of(const uint8_t *id, size_t len)
{
	return json_pack("{s:{s:o}}", "class", "id", typed_bytes(id, len));
}

/* A CoMID around its triples. The tag's UUID (version 8) is derived: equal contents, equal tag. */
static json_t *comid(json_t *triples)
{
	char *text = json_dumps(triples, JSON_COMPACT | JSON_SORT_KEYS);
	uint8_t h[32];
	char id[64];

	if (!text) {
		json_decref(triples);
		return NULL;
	}
	crypto_init();
	gcry_md_hash_buffer(GCRY_MD_SHA256, h, text, strlen(text));
	free(text);
	h[6] = (h[6] & 0x0f) | 0x80;
	h[8] = (h[8] & 0x3f) | 0x80;
	snprintf(id, sizeof(id),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", h[0], h[1],
		 h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14],
		 h[15]);
	return json_pack("{s:{s:s, s:i}, s:o}", "tag-identity", "id", id, "version", 0, "triples",
			 triples);
}

static json_t *reference_value(json_t *environment, json_t *measurements)
{
	return json_pack("{s:o, s:o}", "environment", environment, "measurements", measurements);
}

static json_t *reference_values(json_t *triples)
{
	return comid(json_pack("{s:o}", "reference-values", triples));
}

json_t *endorse_comid_anchor(const struct endorse_store *s)
{
	const struct platform *p = &s->platform;
	json_t *env = class_of(p->implementation_id, IMPLEMENTATION_ID_SIZE);
	char *pem = keyfile_public_pem(&p->cpak.pub);
	json_t *key = typed("pkix-base64-key", json_string(pem));

	free(pem);
	json_object_set_new(env, "instance",
			    typed("ueid", base64(BASE64, p->instance_id, INSTANCE_ID_SIZE)));
	return comid(json_pack("{s:[{s:o, s:[o]}]}", "attester-verification-keys", "environment",
			       env, "verification-keys", key));
}

json_t *endorse_comid_platform(const struct endorse_store *s)
{
	const struct platform *p = &s->platform;
	uint8_t mask[sizeof(p->config)];
	json_t *list = json_array();

	for (size_t i = 0; i < p->num_components; i++) {
		const struct platform_component *c = &p->components[i];
		json_t *value =
			json_pack("{s:[o], s:o, s:s}", "cryptokeys",
				  typed_bytes(c->signer_id, c->signer_id_len), "digests",
				  digests(c->measurement, c->measurement_len), "name", c->type);

		json_array_append_new(list, measurement("cca.software-component", value));
	}
	memset(mask, 0xff, sizeof(mask));
	json_array_append_new(
		list, measurement("cca.platform-config",
				  json_pack("{s:o, s:o}", "raw-value",
					    typed_bytes(p->config, p->config_len), "raw-value-mask",
					    base64(BASE64, mask, p->config_len))));
	return reference_values(json_pack(
		"[o]",
		reference_value(class_of(p->implementation_id, IMPLEMENTATION_ID_SIZE), list)));
}

static json_t *realm_triple(const struct endorse_realm *r)
{
	static const char *const keys[] = {"cca.rem0", "cca.rem1", "cca.rem2", "cca.rem3"};
	json_t *list = json_array();

	json_array_append_new(list, measurement("cca.rim", json_pack("{s:o}", "digests",
								     digests(r->rim, r->len))));
	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		json_array_append_new(list,
				      measurement(keys[i], json_pack("{s:o}", "digests",
								     digests(r->rem[i], r->len))));
	json_array_append_new(
		list, measurement("cca.rpv", json_pack("{s:o}", "raw-value",
						       typed_bytes(r->rpv, sizeof(r->rpv)))));
	return reference_value(class_of(r->rim, r->len), list);
}

json_t *endorse_comid_realm(const struct endorse_store *s)
{
	json_t *triples = json_array();

	for (size_t i = 0; i < s->num_realms; i++)
		json_array_append_new(triples, realm_triple(&s->realm[i]));
	return reference_values(triples);
}
