// SPDX-License-Identifier: BSD-3-Clause
/* claims.c - the claims of platform and realm tokens, one table row each. */
#include <stdlib.h>
#include <string.h>

#include "attest/claims.h"
#include "attest/cose.h"
#include "attest/hex.h"
#include "attest/rules.h"
#include "base/bits.h"

struct claim {
	int64_t key;
	const char *name;
	/* Take the value; false: it is not what this claim must be. */
	bool (*read)(struct cborio_in *in, const struct cborio_item *item, void *field);
	json_t *(*json)(const void *field); /* NULL: it is not there */
	size_t offset;
	bool required;
	const struct rule *rule;
};

/* ---- kinds of values ---- */

static bool is_hash(size_t len)
{
	return len == 32 || len == 48 || len == 64;
}

static bool take(const struct cborio_item *item, enum cborio_kind kind, bool ok, void *field)
{
	if (item->kind != kind || !ok)
		return false;
	*(struct bytes *)field = item->bytes;
	return true;
}

static bool read_bytes(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES, true, field);
}

static bool read_hash(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES, is_hash(item->bytes.len), field);
}

static bool read_bytes32(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES, item->bytes.len == 32, field);
}

static bool read_bytes64(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES, item->bytes.len == 64, field);
}

static bool read_ueid(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_BYTES,
		    item->bytes.len == INSTANCE_ID_SIZE && item->bytes.p[0] == 0x01, field);
}

static bool read_text(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return take(item, ITEM_TEXT, true, field);
}

static bool one_of(struct bytes text, const char *const *names)
{
	for (; *names; names++)
		if (bytes_are_text(text, *names))
			return true;
	return false;
}

static bool read_hash_name(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	static const char *const names[] = {"sha-256", "sha-384", "sha-512", NULL};

	return item->kind == ITEM_TEXT && take(item, ITEM_TEXT, one_of(item->bytes, names), field);
}

static bool read_platform_profile(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	static const char *const names[] = {PROFILE_PLATFORM, PROFILE_PLATFORM_2024,
					    PROFILE_LEGACY, NULL};

	return item->kind == ITEM_TEXT && take(item, ITEM_TEXT, one_of(item->bytes, names), field);
}

static bool read_realm_profile(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	static const char *const names[] = {PROFILE_REALM, PROFILE_REALM_2024, NULL};

	return item->kind == ITEM_TEXT && take(item, ITEM_TEXT, one_of(item->bytes, names), field);
}

static bool read_uint(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	*(struct claim_uint *)field = (struct claim_uint){item->kind == ITEM_UINT, item->value};
	return item->kind == ITEM_UINT;
}

static bool read_lifecycle(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	return read_uint(in, item, field) && lifecycle_name(item->value);
}

static bool read_rak(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	struct realm_claims c = {.rak = item->bytes};
	struct ec_public pub;

	return item->kind == ITEM_BYTES && realm_claims_rak(&c, &pub) &&
	       take(item, ITEM_BYTES, true, field);
}

static bool read_rems(struct cborio_in *in, const struct cborio_item *item, void *field)
{
	struct realm_claims *c = container_of((struct bytes *)field, struct realm_claims, rem[0]);
	struct cborio_item value;

	if (item->kind != ITEM_ARRAY || item->value != ATTEST_NUM_REMS)
		return false;
	for (size_t i = 0; i < ATTEST_NUM_REMS; i++)
		if (!cborio_get(in, &value) || !read_hash(in, &value, &c->rem[i]))
			return false;
	c->num_rems = ATTEST_NUM_REMS;
	return true;
}

static bool read_components(struct cborio_in *in, const struct cborio_item *item, void *field);

static json_t *json_text(const void *field)
{
	const struct bytes *b = field;

	if (!b->p)
		return NULL;
	/* Text of a hostile token need not be UTF-8. */
	return json_stringn((const char *)b->p, b->len) ?: json_string("(not UTF-8)");
}

static json_t *json_hex(const void *field)
{
	const struct bytes *b = field;
	char *hex = b->p ? malloc(HEX_SIZE(b->len)) : NULL;
	json_t *j = hex ? json_string(hex_encode(b->p, b->len, hex)) : NULL;

	free(hex);
	return j;
}

static json_t *json_uint(const void *field)
{
	const struct claim_uint *u = field;

	return u->present ? json_integer((json_int_t)u->value) : NULL;
}

static json_t *json_rems(const void *field)
{
	const struct bytes *rem = field;
	json_t *a = rem->p ? json_array() : NULL;

	for (size_t i = 0; i < ATTEST_NUM_REMS; i++)
		json_array_append_new(a, json_hex(&rem[i]));
	return a;
}

static json_t *json_components(const void *field);

/* ---- tables ---- */

#define PLATFORM(field) offsetof(struct platform_claims, field)
#define REALM(field) offsetof(struct realm_claims, field)
#define COMPONENT(field) offsetof(struct sw_component, field)

static const struct claim platform_table[] = {
	{CLAIM_PROFILE, "profile", read_platform_profile, json_text, PLATFORM(profile), true,
	 &rule_attest_platform_profile},
	{CLAIM_CHALLENGE, "challenge", read_hash, json_hex, PLATFORM(challenge), true,
	 &rule_attest_platform_challenge},
	{CLAIM_IMPLEMENTATION_ID, "implementation-id", read_bytes32, json_hex,
	 PLATFORM(implementation_id), true, &rule_attest_platform_implementation_id},
	{CLAIM_INSTANCE_ID, "instance-id", read_ueid, json_hex, PLATFORM(instance_id), true,
	 &rule_attest_platform_instance_id},
	{CLAIM_CONFIG, "platform-configuration", read_bytes, json_hex, PLATFORM(config), true,
	 &rule_attest_platform_config},
	{CLAIM_LIFECYCLE, "lifecycle", read_lifecycle, json_uint, PLATFORM(lifecycle), true,
	 &rule_attest_platform_lifecycle},
	{CLAIM_SW_COMPONENTS, "sw-components", read_components, json_components,
	 PLATFORM(components), true, &rule_attest_platform_sw_components},
	{CLAIM_VERIFICATION_SERVICE, "verification-service", read_text, json_text,
	 PLATFORM(verification_service), false, &rule_attest_platform_verification_service},
	{CLAIM_PLATFORM_HASH_ALGO, "hash-algorithm", read_text, json_text, PLATFORM(hash_algo),
	 true, &rule_attest_platform_hash_algo},
};

static const struct claim realm_table[] = {
	{CLAIM_PROFILE, "profile", read_realm_profile, json_text, REALM(profile), false,
	 &rule_attest_realm_profile},
	{CLAIM_CHALLENGE, "challenge", read_bytes64, json_hex, REALM(challenge), true,
	 &rule_attest_realm_challenge},
	{CLAIM_RPV, "personalization-value", read_bytes64, json_hex, REALM(rpv), true,
	 &rule_attest_realm_rpv},
	{CLAIM_REALM_HASH_ALGO, "hash-algorithm", read_hash_name, json_text, REALM(hash_algo), true,
	 &rule_attest_realm_hash_algo},
	{CLAIM_RAK, "public-key", read_rak, json_hex, REALM(rak), true,
	 &rule_attest_realm_public_key},
	{CLAIM_RAK_HASH_ALGO, "public-key-hash-algorithm", read_hash_name, json_text,
	 REALM(rak_hash_algo), true, &rule_attest_realm_rak_hash_algo},
	{CLAIM_RIM, "initial-measurement", read_hash, json_hex, REALM(rim), true,
	 &rule_attest_realm_rim},
	{CLAIM_REMS, "extensible-measurements", read_rems, json_rems, REALM(rem), true,
	 &rule_attest_realm_rems},
	{CLAIM_INSTANCE_ID, "instance-id", read_ueid, json_hex, REALM(instance_id), false,
	 &rule_attest_realm_instance_id},
	{CLAIM_MEC_POLICY, "mec-policy", read_uint, json_uint, REALM(mec_policy), false,
	 &rule_attest_realm_mec_policy},
};

static const struct claim component_table[] = {
	{COMPONENT_TYPE, "component-type", read_text, json_text, COMPONENT(type), false,
	 &rule_attest_platform_sw_components},
	{COMPONENT_MEASUREMENT, "measurement-value", read_hash, json_hex, COMPONENT(measurement),
	 true, &rule_attest_platform_sw_components},
	{COMPONENT_VERSION, "version", read_text, json_text, COMPONENT(version), false,
	 &rule_attest_platform_sw_components},
	{COMPONENT_SIGNER_ID, "signer-id", read_hash, json_hex, COMPONENT(signer_id), true,
	 &rule_attest_platform_sw_components},
	{COMPONENT_HASH_ALGO, "hash-algorithm", read_text, json_text, COMPONENT(hash_algo), false,
	 &rule_attest_platform_sw_components},
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
		       void *out)
{
	struct cborio_item key, value;
	uint32_t seen = 0, bad = 0;
	size_t i;

	for (; pairs; pairs--) {
		const struct claim *c;
		struct cborio_in inside;

		if (!cborio_get(in, &key) || !cborio_skip(in, &key) || !cborio_get(in, &value))
			return &rule_attest_claims_map;
		inside = *in;
		if (!cborio_skip(in, &value))
			return &rule_attest_claims_map;
		c = find(table, n, &key, &i);
		if (!c)
			continue;
		if (seen & BIT(i))
			return &rule_attest_claim_duplicate;
		seen |= (uint32_t)BIT(i);
		if (!c->read(&inside, &value, (char *)out + c->offset))
			bad |= (uint32_t)BIT(i);
	}
	for (i = 0; i < n; i++)
		if ((bad & BIT(i)) || (table[i].required && !(seen & BIT(i))))
			return table[i].rule;
	return OK;
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
		    read_map(in, map.value, component_table, ARRAY_SIZE(component_table),
			     &c->components[i]))
			return false;
		c->num_components++;
	}
	return true;
}

static result read_claims(struct bytes in, const struct claim *table, size_t n, void *out)
{
	struct cborio_in c = {in.p, in.len};
	struct cborio_item map;
	result why;

	if (!cborio_get_kind(&c, ITEM_MAP, &map))
		return &rule_attest_claims_map;
	why = read_map(&c, map.value, table, n, out);
	return !why && c.len ? &rule_attest_claims_map : why;
}

result platform_claims_read(struct bytes in, struct platform_claims *c)
{
	memset(c, 0, sizeof(*c));
	return read_claims(in, platform_table, ARRAY_SIZE(platform_table), c);
}

result realm_claims_read(struct bytes in, struct realm_claims *c)
{
	memset(c, 0, sizeof(*c));
	return read_claims(in, realm_table, ARRAY_SIZE(realm_table), c);
}

bool claims_are_realm(struct bytes in)
{
	struct cborio_in c = {in.p, in.len};
	struct cborio_item map, key, value;
	int64_t k;

	if (!cborio_get_kind(&c, ITEM_MAP, &map))
		return false;
	for (uint64_t i = 0; i < map.value; i++) {
		if (!cborio_get(&c, &key) || !cborio_skip(&c, &key) || !cborio_get(&c, &value) ||
		    !cborio_skip(&c, &value))
			return false;
		if (cborio_int(&key, &k) && k >= CLAIM_RPV && k <= CLAIM_RAK_HASH_ALGO)
			return true;
	}
	return false;
}

bool realm_claims_rak(const struct realm_claims *c, struct ec_public *rak)
{
	if (!c->rak.len)
		return false;
	if (c->rak.p[0] != 0x04)
		return cose_get_key(c->rak, rak);
	for (int curve = 0; curve < EC_NUM_CURVES; curve++)
		if (ec_public_load(rak, (enum ec_curve)curve, c->rak.p, c->rak.len))
			return true;
	return false;
}

const char *lifecycle_name(uint64_t value)
{
	static const char *const names[] = {
		"unknown", "assembly and test", "platform RoT provisioning", "secured",
		"non-CCA platform debug", "recoverable CCA platform debug", "decommissioned",
	};

	if (value > 0xffff || (value & 0x0f00) || value >> 12 >= ARRAY_SIZE(names))
		return NULL;
	return names[value >> 12];
}

/* ---- JSON ---- */

static json_t *claims_json(const struct claim *table, size_t n, const void *claims)
{
	json_t *obj = json_object();

	for (size_t i = 0; i < n; i++) {
		json_t *value = table[i].json((const char *)claims + table[i].offset);

		if (value)
			json_object_set_new(obj, table[i].name, value);
	}
	return obj;
}

static json_t *json_components(const void *field)
{
	const struct platform_claims *c = container_of((const struct sw_component *)field,
						       const struct platform_claims, components[0]);
	json_t *a = c->num_components ? json_array() : NULL;

	for (size_t i = 0; i < c->num_components; i++)
		json_array_append_new(a, claims_json(component_table, ARRAY_SIZE(component_table),
						     &c->components[i]));
	return a;
}

json_t *platform_claims_json(const struct platform_claims *c)
{
	return claims_json(platform_table, ARRAY_SIZE(platform_table), c);
}

json_t *realm_claims_json(const struct realm_claims *c)
{
	return claims_json(realm_table, ARRAY_SIZE(realm_table), c);
}
