// SPDX-License-Identifier: BSD-3-Clause
/* claims.c - the claims of platform and realm tokens, one table row each. */
#include <string.h>

#include "attest/claims.h"
#include "attest/cosekey.h"
#include "attest/rules.h"
#include "base/bits.h"

struct claim {
	int64_t key;
	const char *name, *eat_name;
	claim_read_fn *read;
	claim_json_fn *json;
	size_t offset;
	unsigned int known, required; /* in which profiles: a bit each */
	const struct rule *rule;
};

#define ALL	  (BIT(CCA_LEGACY) | BIT(CCA_2023) | BIT(CCA_2024) | BIT(CCA_2026))
#define FROM_2024 (BIT(CCA_2024) | BIT(CCA_2026))
#define ONLY_2024 BIT(CCA_2024)
#define ONLY_2026 BIT(CCA_2026)
#define TO_2024	  (ALL & ~ONLY_2026)

/* ---- profiles ---- */

static const struct profile {
	const char *name;
	enum cca_profile kind;
	bool realm;
} profiles[] = {
	{PROFILE_LEGACY, CCA_LEGACY, false},
	{PROFILE_PLATFORM, CCA_2023, false},
	{PROFILE_PLATFORM_2024, CCA_2024, false},
	{PROFILE_PLATFORM_2026, CCA_2026, false},
	/* The variant in which the platform vouches for a RAK, as the draft and the RMM spell it.
	 */
	{PROFILE_PLATFORM_2026 ";delegated", CCA_2026, false},
	{PROFILE_PLATFORM_2026 "#delegated", CCA_2026, false},
	{PROFILE_REALM, CCA_2023, true},
	{PROFILE_REALM_2024, CCA_2024, true},
	{PROFILE_REALM_2026, CCA_2026, true},
};

static const struct profile *find_profile(struct bytes name, bool realm)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
		if (profiles[i].realm == realm && bytes_are_text(name, profiles[i].name))
			return &profiles[i];
	return NULL;
}

static bool read_platform_profile(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return find_profile(item->bytes, false) && claim_read_text(in, item, field);
}

static bool read_realm_profile(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return find_profile(item->bytes, true) && claim_read_text(in, item, field);
}

/* Only the legacy realm token has no profile. */
static enum cca_profile kind_of(struct cborio_in in, uint64_t pairs, bool realm)
{
	const struct profile *known;
	struct cborio_pair p;

	for (; pairs && cborio_get_pair(&in, &p); pairs--)
		if (p.key.kind == ITEM_UINT && p.key.value == CLAIM_PROFILE) {
			known = p.value.kind == ITEM_TEXT ? find_profile(p.value.bytes, realm)
							  : NULL;
			return known ? known->kind : CCA_2023;
		}
	return realm ? CCA_LEGACY : CCA_2023;
}

/* ---- values of more than one part ---- */

static bool read_rak(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	struct realm_claims c = *container_of((struct bytes *)field, struct realm_claims, rak);
	struct ec_public pub;

	c.rak = item->bytes;
	return item->kind == ITEM_BYTES && realm_claims_rak(&c, &pub) &&
	       claim_read_bytes(in, item, field);
}

static bool read_rems(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	struct realm_claims *c = container_of((struct bytes *)field, struct realm_claims, rem[0]);
	struct cborio_item value;

	if (item->kind != ITEM_ARRAY || item->value != ATTEST_NUM_REMS)
		return false;
	for (size_t i = 0; i < ATTEST_NUM_REMS; i++)
		if (!cborio_get(in, &value) || !claim_read_hash(in, &value, &c->rem[i]))
			return false;
	c->num_rems = ATTEST_NUM_REMS;
	return true;
}

static claim_read_fn read_components;

static json_t *json_rems(const void *field, enum claim_style style)
{
	const struct bytes *rem = field;
	json_t *a = rem->p ? json_array() : NULL;

	for (size_t i = 0; i < ATTEST_NUM_REMS; i++)
		json_array_append_new(a, claim_json_bytes(&rem[i], style));
	return a;
}

static claim_json_fn json_components;

/* ---- tables ---- */

#define PLATFORM(field)	 offsetof(struct platform_claims, field)
#define REALM(field)	 offsetof(struct realm_claims, field)
#define COMPONENT(field) offsetof(struct sw_component, field)

static const struct claim platform_table[] = {
	{CLAIM_PROFILE, "profile", "cca-platform-profile", read_platform_profile, claim_json_text,
	 PLATFORM(profile), ALL, ALL, &rule_attest_platform_profile},
	{CLAIM_CHALLENGE, "challenge", "cca-platform-challenge", claim_read_hash, claim_json_bytes,
	 PLATFORM(challenge), ALL, TO_2024, &rule_attest_platform_challenge},
	{CLAIM_IMPLEMENTATION_ID, "implementation-id", "cca-platform-implementation-id",
	 claim_read_bytes32, claim_json_bytes, PLATFORM(implementation_id), ALL, ALL,
	 &rule_attest_platform_implementation_id},
	{CLAIM_INSTANCE_ID, "instance-id", "cca-platform-instance-id", claim_read_ueid,
	 claim_json_bytes, PLATFORM(instance_id), ALL, ALL, &rule_attest_platform_instance_id},
	{CLAIM_CONFIG, "platform-configuration", "cca-platform-config", claim_read_bytes,
	 claim_json_bytes, PLATFORM(config), ALL, ALL, &rule_attest_platform_config},
	{CLAIM_LIFECYCLE, "lifecycle", "cca-platform-lifecycle", claim_read_lifecycle,
	 claim_json_uint, PLATFORM(lifecycle), ALL, ALL, &rule_attest_platform_lifecycle},
	{CLAIM_SW_COMPONENTS, "sw-components", "cca-platform-sw-components", read_components,
	 json_components, PLATFORM(components), ALL, ALL, &rule_attest_platform_sw_components},
	{CLAIM_VERIFICATION_SERVICE, "verification-service", "cca-platform-service-indicator",
	 claim_read_text, claim_json_text, PLATFORM(verification_service), ALL, 0,
	 &rule_attest_platform_verification_service},
	{CLAIM_PLATFORM_HASH_ALGO, "hash-algorithm", "cca-platform-hash-algo-id", claim_read_text,
	 claim_json_text, PLATFORM(hash_algo), ALL, ALL, &rule_attest_platform_hash_algo},
	{CLAIM_CLIENT_ID, "client-id", "cca-platform-client-id", claim_read_one, claim_json_uint,
	 PLATFORM(client_id), FROM_2024, ONLY_2024, &rule_attest_platform_client_id},
	{CLAIM_WORKLOAD_BINDING, "workload-binding", "cca-platform-workload-binding",
	 claim_read_hash, claim_json_bytes, PLATFORM(workload_binding), ONLY_2026, ONLY_2026,
	 &rule_attest_platform_workload_binding},
};

static const struct claim realm_table[] = {
	{CLAIM_PROFILE, "profile", "cca-realm-profile", read_realm_profile, claim_json_text,
	 REALM(profile), ALL, 0, &rule_attest_realm_profile},
	{CLAIM_CHALLENGE, "challenge", "cca-realm-challenge", claim_read_bytes64, claim_json_bytes,
	 REALM(challenge), ALL, ALL, &rule_attest_realm_challenge},
	{CLAIM_RPV, "personalization-value", "cca-realm-personalization-value", claim_read_bytes64,
	 claim_json_bytes, REALM(rpv), ALL, ALL, &rule_attest_realm_rpv},
	{CLAIM_REALM_HASH_ALGO, "hash-algorithm", "cca-realm-hash-algo-id", claim_read_hash_name,
	 claim_json_text, REALM(hash_algo), ALL, ALL, &rule_attest_realm_hash_algo},
	{CLAIM_RAK, "public-key", "cca-realm-public-key", read_rak, claim_json_bytes, REALM(rak),
	 ALL, ALL, &rule_attest_realm_public_key},
	{CLAIM_RAK_HASH_ALGO, "public-key-hash-algorithm", "cca-realm-public-key-hash-algo-id",
	 claim_read_hash_name, claim_json_text, REALM(rak_hash_algo), ALL, ALL,
	 &rule_attest_realm_rak_hash_algo},
	{CLAIM_RIM, "initial-measurement", "cca-realm-initial-measurement", claim_read_hash,
	 claim_json_bytes, REALM(rim), ALL, ALL, &rule_attest_realm_rim},
	{CLAIM_REMS, "extensible-measurements", "cca-realm-extensible-measurements", read_rems,
	 json_rems, REALM(rem), ALL, ALL, &rule_attest_realm_rems},
	{CLAIM_INSTANCE_ID, "instance-id", "cca-realm-instance-id", claim_read_ueid,
	 claim_json_bytes, REALM(instance_id), FROM_2024, FROM_2024,
	 &rule_attest_realm_instance_id},
	{CLAIM_MEC_POLICY, "mec-policy", "cca-realm-mec-policy", claim_read_bit, claim_json_uint,
	 REALM(mec_policy), FROM_2024, FROM_2024, &rule_attest_realm_mec_policy},
	{CLAIM_LFA_POLICY, "lfa-policy", "cca-realm-lfa-policy", claim_read_bit, claim_json_uint,
	 REALM(lfa_policy), FROM_2024, 0, &rule_attest_realm_lfa_policy},
	{CLAIM_DEVICES_HASH, "devices-hash", "cca-realm-devices-hash", claim_read_hash,
	 claim_json_bytes, REALM(devices_hash), FROM_2024, 0, &rule_attest_realm_devices_hash},
};

static const struct claim component_table[] = {
	{COMPONENT_TYPE, "component-type", "measurement-type", claim_read_text, claim_json_text,
	 COMPONENT(type), ALL, 0, &rule_attest_platform_sw_components},
	{COMPONENT_MEASUREMENT, "measurement-value", "measurement-value", claim_read_hash,
	 claim_json_bytes, COMPONENT(measurement), ALL, ALL, &rule_attest_platform_sw_components},
	{COMPONENT_VERSION, "version", "version", claim_read_text, claim_json_text,
	 COMPONENT(version), ALL, 0, &rule_attest_platform_sw_components},
	{COMPONENT_SIGNER_ID, "signer-id", "signer-id", claim_read_hash, claim_json_bytes,
	 COMPONENT(signer_id), ALL, ALL, &rule_attest_platform_sw_components},
	{COMPONENT_HASH_ALGO, "hash-algorithm", "measurement-description", claim_read_text,
	 claim_json_text, COMPONENT(hash_algo), ALL, 0, &rule_attest_platform_sw_components},
};

/* ---- reading ---- */

static const struct claim *find(const struct claim *table, size_t n, const struct cborio_item *key,
				size_t *index)
{
	int64_t k;

	if (!cborio_int(key, &k))
		return NULL;
	for (*index = 0; *index < n; ++*index)
		if (table[*index].key == k)
			return &table[*index];
	return NULL;
}

/* One map, which in has been positioned behind the head of, into out. */
static result read_map(struct cborio_in *in, uint64_t pairs, const struct claim *table, size_t n,
		       enum cca_profile kind, void *out)
{
	uint32_t seen = 0, bad = 0;
	bool bad_key = false;
	struct cborio_pair p;
	size_t i;

	for (; pairs; pairs--) {
		const struct claim *c;

		if (!cborio_get_pair(in, &p))
			return &rule_attest_claims_map;
		bad_key |= !cborio_is_label(&p.key);
		c = find(table, n, &p.key, &i);
		if (!c || !(c->known & BIT(kind)))
			continue;
		seen |= (uint32_t)BIT(i);
		if (!c->read(&p.inside, &p.value, (char *)out + c->offset))
			bad |= (uint32_t)BIT(i);
	}
	for (i = 0; i < n; i++)
		if ((bad & BIT(i)) || ((table[i].required & BIT(kind)) && !(seen & BIT(i))))
			return table[i].rule;
	return bad_key ? &rule_attest_claim_key : OK;
}

static bool read_components(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	struct platform_claims *c =
		container_of((struct sw_component *)field, struct platform_claims, components[0]);
	struct cborio_item map;

	if (item->kind != ITEM_ARRAY || !item->value || item->value > CLAIMS_MAX_COMPONENTS)
		return false;
	for (uint64_t i = 0; i < item->value; i++) {
		if (!cborio_get_kind(in, ITEM_MAP, &map) ||
		    read_map(in, map.value, component_table, ARRAY_SIZE(component_table), c->kind,
			     &c->components[i]))
			return false;
		c->num_components++;
	}
	return true;
}

static result fault_rule(struct bytes in)
{
	switch (cborio_check(in)) {
	case CBORIO_VALID:
		return OK;
	case CBORIO_BAD_TEXT:
		return &rule_attest_cbor_text;
	case CBORIO_DUPLICATE:
		return &rule_attest_claim_duplicate;
	default:
		return &rule_attest_claims_map;
	}
}

/* Even of a map that is not valid, what can be read, is: it is shown beside the reason. */
static result read_claims(struct bytes in, bool realm, const struct claim *table, size_t n,
			  enum cca_profile *kind, void *out)
{
	struct cborio_in c = {in.p, in.len};
	struct cborio_item map;
	result invalid = fault_rule(in), why;

	if (!cborio_get_kind(&c, ITEM_MAP, &map))
		return &rule_attest_claims_map;
	*kind = kind_of(c, map.value, realm);
	why = read_map(&c, map.value, table, n, *kind, out);
	return invalid ? invalid : why;
}

/* ---- what only should be so ---- */

/* A name that is not known is not judged here. */
static bool fits(struct bytes value, struct bytes hash_name)
{
	size_t len = hash_name_len(hash_name);

	return !value.p || !len || value.len == len;
}

static result platform_should(const struct platform_claims *c)
{
	if (c->hash_algo.p && !hash_name_len(c->hash_algo))
		return &rule_attest_platform_hash_name;
	for (size_t i = 0; i < c->num_components; i++) {
		const struct sw_component *sw = &c->components[i];

		if (sw->hash_algo.p && !hash_name_len(sw->hash_algo))
			return &rule_attest_platform_hash_name;
		if (!fits(sw->measurement, sw->hash_algo.p ? sw->hash_algo : c->hash_algo))
			return &rule_attest_platform_measurement_length;
	}
	return OK;
}

static result realm_should(const struct realm_claims *c)
{
	bool ok = fits(c->rim, c->hash_algo);

	for (size_t i = 0; i < c->num_rems; i++)
		ok &= fits(c->rem[i], c->hash_algo);
	return ok ? OK : &rule_attest_realm_measurement_length;
}

result platform_claims_read(struct bytes in, struct platform_claims *c, result *should)
{
	result why;

	memset(c, 0, sizeof(*c));
	why = read_claims(in, false, platform_table, ARRAY_SIZE(platform_table), &c->kind, c);
	*should = platform_should(c);
	return why;
}

result realm_claims_read(struct bytes in, struct realm_claims *c, result *should)
{
	result why;

	memset(c, 0, sizeof(*c));
	why = read_claims(in, true, realm_table, ARRAY_SIZE(realm_table), &c->kind, c);
	*should = realm_should(c);
	return why;
}

bool claims_are_realm(struct bytes in)
{
	struct cborio_in c = {in.p, in.len};
	struct cborio_item map;
	struct cborio_pair p;

	if (!cborio_get_kind(&c, ITEM_MAP, &map))
		return false;
	for (uint64_t i = 0; i < map.value && cborio_get_pair(&c, &p); i++)
		if (p.key.kind == ITEM_UINT && p.key.value >= CLAIM_RPV &&
		    p.key.value <= CLAIM_RAK_HASH_ALGO)
			return true;
	return false;
}

static const struct claim_table {
	const struct claim *row;
	size_t count;
} tables[] = {
	[CLAIMS_NONE] = {NULL, 0},
	[CLAIMS_PLATFORM] = {platform_table, ARRAY_SIZE(platform_table)},
	[CLAIMS_REALM] = {realm_table, ARRAY_SIZE(realm_table)},
	[CLAIMS_COMPONENT] = {component_table, ARRAY_SIZE(component_table)},
};

bool claim_by_name(enum claim_set set, const char *name, int64_t *key, bool *is_bytes)
{
	for (size_t i = 0; i < tables[set].count; i++)
		if (!strcmp(tables[set].row[i].name, name)) {
			*key = tables[set].row[i].key;
			return claim_by_key(set, *key, is_bytes);
		}
	return false;
}

bool claim_by_key(enum claim_set set, int64_t key, bool *is_bytes)
{
	for (size_t i = 0; i < tables[set].count; i++) {
		const struct claim *c = &tables[set].row[i];

		if (c->key == key) {
			*is_bytes = c->json == claim_json_bytes || c->json == json_rems;
			return true;
		}
	}
	return false;
}

bool platform_claims_know(int64_t key)
{
	bool is_bytes;

	return claim_by_key(CLAIMS_PLATFORM, key, &is_bytes);
}

bool realm_claims_know(int64_t key)
{
	bool is_bytes;

	return claim_by_key(CLAIMS_REALM, key, &is_bytes);
}

bool realm_claims_rak(const struct realm_claims *c, struct ec_public *rak)
{
	if (c->kind == CCA_LEGACY)
		return ec_public_load(rak, EC_P384, c->rak.p, c->rak.len);
	return cose_get_key(c->rak, rak);
}

struct bytes platform_claims_binding(const struct platform_claims *c)
{
	return c->kind == CCA_2026 ? c->workload_binding : c->challenge;
}

/* ---- JSON ---- */

static json_t *claims_json(const struct claim *table, size_t n, const void *claims,
			   enum claim_style style)
{
	json_t *obj = json_object();

	for (size_t i = 0; i < n; i++) {
		const struct claim *c = &table[i];
		json_t *value = c->json((const char *)claims + c->offset, style);

		if (value)
			json_object_set_new(obj, style == CLAIM_HEX ? c->name : c->eat_name, value);
	}
	return obj;
}

static json_t *json_components(const void *field, enum claim_style style)
{
	const struct platform_claims *c = container_of((const struct sw_component *)field,
						       const struct platform_claims, components[0]);
	json_t *a = c->num_components ? json_array() : NULL;

	for (size_t i = 0; i < c->num_components; i++)
		json_array_append_new(a, claims_json(component_table, ARRAY_SIZE(component_table),
						     &c->components[i], style));
	return a;
}

json_t *platform_claims_json(const struct platform_claims *c, enum claim_style style)
{
	return claims_json(platform_table, ARRAY_SIZE(platform_table), c, style);
}

json_t *realm_claims_json(const struct realm_claims *c, enum claim_style style)
{
	return claims_json(realm_table, ARRAY_SIZE(realm_table), c, style);
}
