// SPDX-License-Identifier: BSD-3-Clause
/* token_show.c - softrealm token show: what is in a token, whoever wrote it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/diag.h"
#include "base/hex.h"
#include "base/bits.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/printable.h"
#include "cli/token.h"

#define VALUE_COLUMN 34

/* ---- as JSON ---- */

json_t *token_rule_json(result why)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "rule", why->name, "wrong", why->wrong, "right",
			 why->right, "source", why->source);
}

json_t *token_notes_json(const struct evidence *ev, const struct evidence_policy *policy)
{
	const char *notes[TOKEN_MAX_NOTES];
	json_t *list = json_array();

	evidence_notes(ev, policy, notes, TOKEN_MAX_NOTES);
	for (size_t i = 0; notes[i]; i++)
		json_array_append_new(list, json_string(notes[i]));
	return list;
}

void token_dump(json_t *obj)
{
	char *text = json_dumps(obj, JSON_INDENT(2) | JSON_ENSURE_ASCII);

	for (const char *p = text ?: ""; *p; p++) {
		if (*p == 0x7f) /* the one control character that jansson leaves */
			fputs("\\u007F", stdout);
		else
			putchar(*p);
	}
	putchar('\n');
	free(text);
	json_decref(obj);
}

/* "name": "diagnostic notation" */
static void set_diag(json_t *obj, struct cborio_in key, struct cborio_in value)
{
	char *k = diag_text(key), *v = diag_text(value);

	if (k && v)
		json_object_set_new(obj, k, json_string(v));
	free(k);
	free(v);
}

/* The pairs of a map that the predicate does not know (NULL: all of them). */
static json_t *pairs_json(struct cborio_in in, uint64_t pairs, bool (*knows)(int64_t key))
{
	json_t *obj = json_object();
	struct cborio_in key, value;
	struct cborio_item item;
	int64_t k;

	for (; pairs; pairs--) {
		key = in;
		if (!cborio_get(&in, &item) || !cborio_skip(&in, &item))
			break;
		value = in;
		if (!knows || !cborio_int(&item, &k) || !knows(k))
			set_diag(obj, key, value);
		if (!cborio_get(&in, &item) || !cborio_skip(&in, &item))
			break;
	}
	return obj;
}

static json_t *map_json(struct bytes map, bool (*knows)(int64_t key))
{
	struct cborio_in in = {map.p, map.len};
	struct cborio_item head;

	if (!cborio_get_kind(&in, ITEM_MAP, &head))
		return json_object();
	return pairs_json(in, head.value, knows);
}

static json_t *headers_json(const struct cose_sign1 *s)
{
	return json_pack("{s:o, s:o}", "protected", map_json(s->protected_, NULL), "unprotected",
			 pairs_json(s->unprotected, s->num_unprotected, NULL));
}

/* The claims, and what is around them; is_signed: there are headers. */
static json_t *part_json(json_t *claims, const struct cose_sign1 *s, bool is_signed,
			 struct bytes map, bool (*knows)(int64_t key))
{
	json_t *unknown = map_json(map, knows);

	if (json_object_size(unknown))
		json_object_set(claims, "unknown", unknown);
	json_decref(unknown);
	if (is_signed)
		json_object_set_new(claims, "headers", headers_json(s));
	return claims;
}

static json_t *realm_json(const struct evidence *ev, bool is_signed)
{
	json_t *obj = part_json(realm_claims_json(&ev->realm, CLAIM_HEX), &ev->realm_sig, is_signed,
				ev->realm_map, realm_claims_know);
	struct ec_public rak;

	if (realm_claims_rak(&ev->realm, &rak))
		json_object_set_new(obj, "public-key-jwk", keyfile_jwk(&rak));
	return obj;
}

json_t *token_json(const struct evidence *ev)
{
	bool is_signed = ev->form < EVIDENCE_PLATFORM_CLAIMS;
	json_t *obj = json_pack("{s:s}", "form", evidence_form_name(ev->form));
	json_t *wrong = json_array(), *unwise = json_array();
	result should[EVIDENCE_MAX_SHOULD];
	size_t n = evidence_should(ev, should);

	if (ev->has_platform)
		json_object_set_new(obj, "platform",
				    part_json(platform_claims_json(&ev->platform, CLAIM_HEX),
					      &ev->platform_sig, is_signed, ev->platform_map,
					      platform_claims_know));
	if (ev->has_realm)
		json_object_set_new(obj, "realm", realm_json(ev, is_signed));
	if (ev->platform_wrong)
		json_array_append_new(wrong, token_rule_json(ev->platform_wrong));
	if (ev->realm_wrong)
		json_array_append_new(wrong, token_rule_json(ev->realm_wrong));
	json_object_set_new(obj, "malformed", wrong);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(unwise, token_rule_json(should[i]));
	json_object_set_new(obj, "should-not-be", unwise);
	json_object_set_new(obj, "notes", token_notes_json(ev, NULL));
	return obj;
}

/* ---- as text ---- */

static void print_value(const char *name, const json_t *value, int indent);

static void print_name(const char *name, int indent)
{
	printf("%*s", indent, "");
	print_text(stdout, name);
	printf("%*s", MAX(1, VALUE_COLUMN - indent - (int)strlen(name)), " ");
}

static void print_number(const char *name, uint64_t value)
{
	const char *meaning = NULL;

	if (!strcmp(name, "lifecycle"))
		meaning = lifecycle_name(value);
	else if (!strcmp(name, "mec-policy"))
		meaning = value == MEC_POLICY_SHARED ? "shared" : "private";
	printf("0x%" PRIx64, value);
	if (meaning)
		printf(" (%s)", meaning);
	putchar('\n');
}

static void print_list(const char *name, const json_t *list, int indent)
{
	char number[24];
	size_t i;
	json_t *item;

	printf("%*s%s\n", indent, "", name);
	json_array_foreach(list, i, item)
	{
		/* REMs count from 1, as in the RSI calls and in --rem. */
		if (!strcmp(name, "extensible-measurements"))
			snprintf(number, sizeof(number), "REM%zu", i + 1);
		else
			snprintf(number, sizeof(number), "[%zu]", i);
		print_value(number, item, indent + 2);
	}
}

static void print_value(const char *name, const json_t *value, int indent)
{
	const char *key;
	json_t *member;

	if (json_is_string(value)) {
		print_name(name, indent);
		print_text(stdout, json_string_value(value));
		putchar('\n');
	} else if (json_is_integer(value)) {
		print_name(name, indent);
		print_number(name, (uint64_t)json_integer_value(value));
	} else if (json_is_array(value)) {
		print_list(name, value, indent);
	} else {
		printf("%*s%s\n", indent, "", name);
		json_object_foreach((json_t *)value, key, member)
			print_value(key, member, indent + 2);
	}
}

void token_print_rule(const char *what, result why)
{
	printf("%s: %s\n  %s\n  right: %s\n  source: %s\n", what, why->name, why->wrong, why->right,
	       why->source);
}

void token_print_notes(const struct evidence *ev, const struct evidence_policy *policy)
{
	const char *notes[TOKEN_MAX_NOTES];

	evidence_notes(ev, policy, notes, TOKEN_MAX_NOTES);
	for (size_t i = 0; notes[i]; i++)
		printf("note: %s\n", notes[i]);
}

static void show_text(const struct evidence *ev)
{
	json_t *obj = token_json(ev);

	printf("%s\n", evidence_form_name(ev->form));
	if (ev->has_platform)
		print_value("platform", json_object_get(obj, "platform"), 0);
	if (ev->has_realm)
		print_value("realm", json_object_get(obj, "realm"), 0);
	json_decref(obj);
	if (ev->platform_wrong)
		token_print_rule("malformed", ev->platform_wrong);
	if (ev->realm_wrong)
		token_print_rule("malformed", ev->realm_wrong);
	token_print_notes(ev, NULL);
	puts("Nothing has been verified: softrealm token verify.");
}

/* What Veraison's tools call claims in JSON, and nothing else. */
static json_t *eat_json(const struct evidence *ev)
{
	json_t *obj = json_object();

	if (ev->has_platform)
		json_object_set_new(obj, "cca-platform-token",
				    platform_claims_json(&ev->platform, CLAIM_EAT));
	if (ev->has_realm)
		json_object_set_new(obj, "cca-realm-delegated-token",
				    realm_claims_json(&ev->realm, CLAIM_EAT));
	return obj;
}

int token_show(const struct evidence *ev, const struct token_options *o)
{
	if (o->eat)
		token_dump(eat_json(ev));
	else if (o->json)
		token_dump(token_json(ev));
	else
		show_text(ev);
	return EXIT_GOOD;
}
