// SPDX-License-Identifier: BSD-3-Clause
/* token.c - the platform's identity and the CCA attestation tokens made under it. */
#include <errno.h>
#include <gcrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/claims.h"
#include "attest/cose.h"
#include "attest/cosekey.h"
#include "attest/crypto.h"
#include "attest/platform.h"
#include "attest/token.h"
#include "base/bits.h"

enum { TAG_EAT = 399, TAG_CMW = 907 };
enum { KEY_PLATFORM = 44234, KEY_REALM = 44241, CONTENT_EAT_CWT = 263 };

#define MAX_PLATFORM_TOKEN 16384
#define CLIENT_ID_RMSD	   1 /* the Realm Management Security Domain */
#define MAX_REALM_TOKEN	   1024
#define RAK_SEED	   "softrealm deterministic RAK"

struct attest_identity {
	enum attest_form form;
	struct ec_private rak;
	uint8_t rak_claim[COSE_MAX_KEY]; /* claim 44237, in the form's encoding */
	size_t rak_claim_len;
	bool deterministic;
	struct {
		uint8_t p[MAX_PLATFORM_TOKEN];
		size_t len;
	} platform_token[ATTEST_NUM_PROFILES];
};

/* ---- identity ---- */

static int make_rak(struct attest_identity *id, const struct platform *p, bool deterministic)
{
	struct cborio_out out = CBORIO_OUT(id->rak_claim);
	uint8_t seed[sizeof(RAK_SEED) + EC_MAX_SIZE] = RAK_SEED;
	int err;

	if (deterministic) {
		memcpy(seed + sizeof(RAK_SEED), p->cpak.d, EC_MAX_SIZE);
		err = ec_derive(&id->rak, EC_P384, seed, sizeof(seed));
	} else {
		err = ec_generate(&id->rak, EC_P384);
	}
	if (err)
		return err;
	if (id->form == ATTEST_FORM_LEGACY) {
		id->rak_claim_len = ec_point(&id->rak.pub, id->rak_claim);
	} else {
		cose_put_key(&out, &id->rak.pub);
		id->rak_claim_len = out.len;
	}
	return 0;
}

/* What a component must say that is not measured with the platform's SHA-256; or NULL. */
static const char *hash_of_len(size_t len)
{
	return len == 48 ? "sha-384" : len == 64 ? "sha-512" : NULL;
}

static void put_components(struct cborio_out *out, const struct platform *p)
{
	cborio_put_array(out, p->num_components);
	for (size_t i = 0; i < p->num_components; i++) {
		const struct platform_component *c = &p->components[i];

		const char *own_hash = hash_of_len(c->measurement_len);

		cborio_put_map(out, 3 + !!c->version + !!own_hash);
		cborio_put_int(out, COMPONENT_TYPE);
		cborio_put_text(out, c->type);
		cborio_put_int(out, COMPONENT_MEASUREMENT);
		cborio_put_bytes(out, c->measurement, c->measurement_len);
		if (c->version) {
			cborio_put_int(out, COMPONENT_VERSION);
			cborio_put_text(out, c->version);
		}
		cborio_put_int(out, COMPONENT_SIGNER_ID);
		cborio_put_bytes(out, c->signer_id, c->signer_id_len);
		if (own_hash) {
			cborio_put_int(out, COMPONENT_HASH_ALGO);
			cborio_put_text(out, own_hash);
		}
	}
}

static void put_platform_claims(struct cborio_out *out, const struct attest_identity *id,
				const struct platform *p, unsigned int lifecycle,
				enum attest_profile profile)
{
	static const char *const profiles[] = {
		[ATTEST_PROFILE_1_0] = PROFILE_PLATFORM,
		[ATTEST_PROFILE_2_0] = PROFILE_PLATFORM_2024,
	};
	bool has_client = profile == ATTEST_PROFILE_2_0 && id->form != ATTEST_FORM_LEGACY;
	uint8_t binding[32];

	gcry_md_hash_buffer(GCRY_MD_SHA256, binding, id->rak_claim, id->rak_claim_len);
	cborio_put_map(out, 8 + (p->verification_service != NULL) + has_client);
	cborio_put_int(out, CLAIM_PROFILE);
	cborio_put_text(out, id->form == ATTEST_FORM_LEGACY ? PROFILE_LEGACY : profiles[profile]);
	cborio_put_int(out, CLAIM_CHALLENGE);
	cborio_put_bytes(out, binding, sizeof(binding));
	cborio_put_int(out, CLAIM_IMPLEMENTATION_ID);
	cborio_put_bytes(out, p->implementation_id, sizeof(p->implementation_id));
	cborio_put_int(out, CLAIM_INSTANCE_ID);
	cborio_put_bytes(out, p->instance_id, sizeof(p->instance_id));
	cborio_put_int(out, CLAIM_CONFIG);
	cborio_put_bytes(out, p->config, p->config_len);
	cborio_put_int(out, CLAIM_LIFECYCLE);
	cborio_put_int(out, lifecycle);
	cborio_put_int(out, CLAIM_PLATFORM_HASH_ALGO);
	cborio_put_text(out, "sha-256");
	if (has_client) {
		cborio_put_int(out, CLAIM_CLIENT_ID);
		cborio_put_int(out, CLIENT_ID_RMSD);
	}
	cborio_put_int(out, CLAIM_SW_COMPONENTS);
	put_components(out, p);
	if (p->verification_service) {
		cborio_put_int(out, CLAIM_VERIFICATION_SERVICE);
		cborio_put_text(out, p->verification_service);
	}
}

/* What RSE does once at boot, on the RMM's request: a platform token over the RAK's hash. */
static int make_platform_token(struct attest_identity *id, const struct platform *p,
			       const struct attest_options *opt, enum attest_profile profile)
{
	struct cborio_out out = CBORIO_OUT(id->platform_token[profile].p);
	uint8_t buf[MAX_PLATFORM_TOKEN];
	struct cborio_out claims = CBORIO_OUT(buf);

	put_platform_claims(&claims, id, p, opt->has_lifecycle ? opt->lifecycle : p->lifecycle,
			    profile);
	if (claims.full)
		return -EINVAL;
	if (cose_sign(&out, &p->cpak, (struct bytes){claims.p, claims.len}))
		return -EIO;
	id->platform_token[profile].len = out.len;
	return out.full ? -EINVAL : 0;
}

int attest_identity_load(const struct attest_options *opt, struct attest_identity **out)
{
	static const struct attest_options defaults;
	struct attest_identity *id;
	struct platform p;
	int err;

	if (!opt)
		opt = &defaults;
	crypto_init();
	err = platform_load(opt->dir, &p);
	if (err)
		return err;
	id = calloc(1, sizeof(*id));
	err = id ? 0 : -ENOMEM;
	if (!err) {
		id->form = opt->form;
		id->deterministic = opt->deterministic;
		err = make_rak(id, &p, opt->deterministic);
	}
	for (int profile = 0; !err && profile < ATTEST_NUM_PROFILES; profile++)
		err = make_platform_token(id, &p, opt, (enum attest_profile)profile);
	platform_unload(&p);
	if (err)
		free(id);
	else
		*out = id;
	return err;
}

void attest_identity_free(struct attest_identity *id)
{
	free(id);
}

void attest_instance_id(const struct attest_identity *id, unsigned int serial,
			uint8_t out[ATTEST_INSTANCE_ID_SIZE])
{
	char seed[64];

	crypto_init();
	out[0] = 1; /* a UEID of random bytes */
	if (id && id->deterministic) {
		snprintf(seed, sizeof(seed), "softrealm deterministic realm %u", serial);
		gcry_md_hash_buffer(GCRY_MD_SHA256, out + 1, seed, strlen(seed));
	} else {
		gcry_create_nonce(out + 1, ATTEST_INSTANCE_ID_SIZE - 1);
	}
}

/* ---- tokens ---- */

/* In the order in which TF-RMM writes them. */
static void put_realm_claims(struct cborio_out *out, const struct attest_identity *id,
			     const struct attest_realm_claims *c)
{
	size_t len = measure_hash_len(c->hash);
	bool legacy = id->form == ATTEST_FORM_LEGACY;
	bool v2 = c->profile == ATTEST_PROFILE_2_0 && !legacy;

	cborio_put_map(out, legacy ? 7 : v2 ? 10 : 8);
	cborio_put_int(out, CLAIM_CHALLENGE);
	cborio_put_bytes(out, c->challenge, sizeof(c->challenge));
	if (v2) {
		cborio_put_int(out, CLAIM_INSTANCE_ID);
		cborio_put_bytes(out, c->instance_id, sizeof(c->instance_id));
	}
	cborio_put_int(out, CLAIM_RPV);
	cborio_put_bytes(out, c->rpv, sizeof(c->rpv));
	cborio_put_int(out, CLAIM_RAK);
	cborio_put_bytes(out, id->rak_claim, id->rak_claim_len);
	cborio_put_int(out, CLAIM_REALM_HASH_ALGO);
	cborio_put_text(out, measure_hash_name(c->hash));
	cborio_put_int(out, CLAIM_RAK_HASH_ALGO);
	cborio_put_text(out, "sha-256");
	if (v2) {
		cborio_put_int(out, CLAIM_MEC_POLICY);
		cborio_put_int(out, c->mec_policy);
	}
	if (!legacy) {
		cborio_put_int(out, CLAIM_PROFILE);
		cborio_put_text(out, v2 ? PROFILE_REALM_2024 : PROFILE_REALM);
	}
	cborio_put_int(out, CLAIM_RIM);
	cborio_put_bytes(out, c->rim, len);
	cborio_put_int(out, CLAIM_REMS);
	cborio_put_array(out, ATTEST_NUM_REMS);
	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		cborio_put_bytes(out, c->rem[i], len);
}

static void put_part(struct cborio_out *out, enum attest_form form, uint64_t key,
		     const uint8_t *token, size_t len)
{
	cborio_put_int(out, (int64_t)key);
	if (form == ATTEST_FORM_CMW) {
		cborio_put_array(out, 2);
		cborio_put_int(out, CONTENT_EAT_CWT);
	}
	cborio_put_bytes(out, token, len);
}

/* Tag, map, keys, records and string heads around the two tokens: 3 + 1 + 2 * (3 + 4 + 3). */
#define MAX_WRAPPING 24
_Static_assert(MAX_PLATFORM_TOKEN + MAX_REALM_TOKEN + MAX_WRAPPING <= ATTEST_MAX_TOKEN, "token.h");

size_t attest_token_bound(const struct attest_identity *id, enum measure_hash hash)
{
	size_t longest = 0;

	for (int i = 0; i < ATTEST_NUM_PROFILES; i++)
		longest = MAX(longest, id->platform_token[i].len);
	return longest + MAX_REALM_TOKEN + MAX_WRAPPING;
}

int attest_token_create(const struct attest_identity *id, const struct attest_realm_claims *c,
			uint8_t *buf, size_t cap, size_t *len)
{
	uint8_t claims_buf[MAX_REALM_TOKEN], token_buf[MAX_REALM_TOKEN];
	struct cborio_out claims = CBORIO_OUT(claims_buf), token = CBORIO_OUT(token_buf);
	struct cborio_out out = {.p = buf, .cap = cap};
	enum attest_form form = id->form;

	if (form == ATTEST_FORM_OF_PROFILE)
		form = c->profile == ATTEST_PROFILE_2_0 ? ATTEST_FORM_CMW : ATTEST_FORM_EAT;
	put_realm_claims(&claims, id, c);
	if (claims.full || cose_sign(&token, &id->rak, (struct bytes){claims.p, claims.len}) ||
	    token.full)
		return -EIO;
	cborio_put_tag(&out, form == ATTEST_FORM_CMW ? TAG_CMW : TAG_EAT);
	cborio_put_map(&out, 2);
	put_part(&out, form, KEY_PLATFORM, id->platform_token[c->profile].p,
		 id->platform_token[c->profile].len);
	put_part(&out, form, KEY_REALM, token.p, token.len);
	*len = out.len;
	return out.full ? -ENOSPC : 0;
}
