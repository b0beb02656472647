// SPDX-License-Identifier: BSD-3-Clause
/* refvals.c - endorsements.json, and a token's claims against it. */
#include <errno.h>
#include <string.h>

#include "attest/claim_values.h"
#include "base/hex.h"
#include "attest/member.h"
#include "attest/refvals.h"
#include "base/bits.h"

/* ---- reading ---- */

static bool take_component(const json_t *obj, struct ref_component *c)
{
	c->type = json_string_value(json_object_get(obj, "component-type"));
	c->version = json_string_value(json_object_get(obj, "version"));
	c->measurement_len = member_hex(obj, "measurement-value", c->measurement, MEASURE_SIZE);
	c->signer_id_len = member_hex(obj, "signer-id", c->signer_id, MEASURE_SIZE);
	return c->type && claim_is_hash_len(c->measurement_len) &&
	       claim_is_hash_len(c->signer_id_len);
}

static const char *take_platform(const json_t *platform, struct refvals *out)
{
	const json_t *list = json_object_get(platform, "sw-components");
	size_t i;
	json_t *obj;

	out->config_len = member_hex(platform, "platform-configuration", out->config, MEASURE_SIZE);
	if (!out->config_len)
		return "platform-configuration";
	if (!json_array_size(list) || json_array_size(list) > CLAIMS_MAX_COMPONENTS)
		return "sw-components";
	json_array_foreach(
		list, i,
		obj) if (!take_component(obj,
					 &out->component
						  [out->num_components++])) return "sw-components";
	return NULL;
}

static bool take_realm(const json_t *obj, struct endorse_realm *r)
{
	const json_t *rems = json_object_get(obj, "extensible-measurements");
	const char *s;

	r->len = member_hex(obj, "initial-measurement", r->rim, MEASURE_SIZE);
	if (!claim_is_hash_len(r->len) || json_array_size(rems) != ATTEST_NUM_REMS ||
	    member_hex(obj, "personalization-value", r->rpv, 64) != 64)
		return false;
	for (size_t i = 0; i < ATTEST_NUM_REMS; i++) {
		s = json_string_value(json_array_get(rems, i));
		if (!s || hex_decode(s, r->rem[i], MEASURE_SIZE) != (ssize_t)r->len)
			return false;
	}
	return true;
}

static const char *take_realms(const json_t *list, struct refvals *out)
{
	size_t i;
	json_t *obj;

	if (!json_is_array(list) || json_array_size(list) > ENDORSE_MAX_REALMS)
		return "realms";
	json_array_foreach(
		list, i, obj) if (!take_realm(obj, &out->realm[out->num_realms++])) return "realms";
	return NULL;
}

static const char *take_all(struct refvals *out)
{
	const json_t *lifecycle = json_object_get(out->doc, "lifecycle");
	const json_t *anchor = json_object_get(out->doc, "trust-anchor");
	const char *wrong;

	if (!json_is_object(out->doc))
		return "the JSON";
	if (!keyfile_take_anchor(anchor, &out->anchors.anchor[0]))
		return "trust-anchor";
	out->anchors.count = 1;
	if (!json_is_integer(lifecycle) || json_integer_value(lifecycle) < 0)
		return "lifecycle";
	out->lifecycle = (uint64_t)json_integer_value(lifecycle);
	wrong = take_platform(json_object_get(out->doc, "platform"), out);
	return wrong ? wrong : take_realms(json_object_get(out->doc, "realms"), out);
}

int refvals_parse(const char *text, struct refvals *out, const char **wrong)
{
	memset(out, 0, sizeof(*out));
	out->doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	*wrong = take_all(out);
	if (!*wrong)
		return 0;
	refvals_free(out);
	return -EINVAL;
}

void refvals_free(struct refvals *r)
{
	json_decref(r->doc);
	r->doc = NULL;
}

/* ---- comparing ---- */

bool refvals_lifecycle_is(const struct refvals *r, const struct platform_claims *c)
{
	return c->lifecycle.present && c->lifecycle.value >> 8 == r->lifecycle >> 8;
}

bool refvals_config_is(const struct refvals *r, const struct platform_claims *c)
{
	return bytes_equal(c->config, r->config, r->config_len);
}

static bool is_component(const struct ref_component *r, const struct sw_component *c)
{
	return bytes_are_text(c->type, r->type) &&
	       bytes_equal(c->measurement, r->measurement, r->measurement_len) &&
	       bytes_equal(c->signer_id, r->signer_id, r->signer_id_len) &&
	       (!r->version || bytes_are_text(c->version, r->version));
}

size_t refvals_unknown_component(const struct refvals *r, const struct platform_claims *c)
{
	for (size_t i = 0; i < c->num_components; i++) {
		bool known = false;

		for (size_t n = 0; n < r->num_components; n++)
			known |= is_component(&r->component[n], &c->components[i]);
		if (!known)
			return i;
	}
	return c->num_components;
}

const struct ref_component *refvals_component(const struct refvals *r, struct bytes type)
{
	for (size_t n = 0; n < r->num_components; n++)
		if (bytes_are_text(type, r->component[n].type))
			return &r->component[n];
	return NULL;
}

const struct endorse_realm *refvals_realm(const struct refvals *r, const struct realm_claims *c)
{
	for (size_t i = 0; i < r->num_realms; i++)
		if (bytes_equal(c->rim, r->realm[i].rim, r->realm[i].len))
			return &r->realm[i];
	return NULL;
}

bool refvals_rpv_is(const struct endorse_realm *r, const struct realm_claims *c)
{
	return bytes_equal(c->rpv, r->rpv, sizeof(r->rpv));
}

size_t refvals_other_rem(const struct endorse_realm *r, const struct realm_claims *c)
{
	for (size_t i = 0; i < ATTEST_NUM_REMS; i++)
		if (!bytes_equal(c->rem[i], r->rem[i], r->len))
			return i;
	return ATTEST_NUM_REMS;
}
