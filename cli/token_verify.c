// SPDX-License-Identifier: BSD-3-Clause
/* token_verify.c - softrealm token verify: the verdict, and why. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attest/ear.h"
#include "base/hex.h"
#include "attest/refvals.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/token.h"

static const char *state_name(enum evidence_state s)
{
	static const char *const names[] = {
		[EVIDENCE_NOT_REACHED] = "not reached",
		[EVIDENCE_NOT_ASKED] = "not asked for",
		[EVIDENCE_FAILED] = "failed",
		[EVIDENCE_HELD] = "ok",
	};

	_Static_assert(ARRAY_SIZE(names) == EVIDENCE_HELD + 1, "a name for each state");
	return names[s];
}

/* ---- JSON ---- */

static void set_hex(json_t *obj, const char *name, struct bytes b)
{
	char text[HEX_SIZE(64)];

	if (b.p && b.len <= 64)
		json_object_set_new(obj, name, json_string(hex_encode(b.p, b.len, text)));
}

static json_t *mismatch_json(const struct evidence_verdict *v)
{
	json_t *obj = json_pack("{s:s}", "what", v->mismatch.what);

	set_hex(obj, "expected", v->mismatch.expected);
	set_hex(obj, "actual", v->mismatch.actual);
	return obj;
}

static json_t *verdict_json(const struct evidence_verdict *v)
{
	json_t *obj = json_pack("{s:s}", "verdict", v->why ? "refused" : "verified");
	json_t *passed = json_array(), *checks = json_object();

	for (int i = 0; i < EVIDENCE_NUM_CHECKS; i++) {
		const char *name = evidence_check_name((enum evidence_check)i);

		json_object_set_new(checks, name, json_string(state_name(v->check[i])));
		if (v->check[i] == EVIDENCE_HELD)
			json_array_append_new(passed, json_string(name));
	}
	json_object_set_new(obj, "passed", passed);
	json_object_set_new(obj, "checks", checks);
	if (v->why)
		json_object_set_new(obj, "refusal", token_rule_json(v->why));
	if (v->mismatch.what[0])
		json_object_set_new(obj, "mismatch", mismatch_json(v));
	return obj;
}

/* ---- text ---- */

static void print_hex(const char *name, struct bytes b)
{
	char text[HEX_SIZE(64)];

	if (b.p && b.len <= 64)
		printf("  %s %s\n", name, hex_encode(b.p, b.len, text));
}

static void print_verdict(const struct evidence_verdict *v)
{
	for (int i = 0; i < EVIDENCE_NUM_CHECKS; i++)
		if (v->check[i] != EVIDENCE_NOT_REACHED)
			printf("%-20s %s\n", evidence_check_name((enum evidence_check)i),
			       state_name(v->check[i]));
	if (!v->why)
		return;
	token_print_rule("refused", v->why);
	if (v->mismatch.what[0])
		printf("  what: %s\n", v->mismatch.what);
	print_hex("expected:", v->mismatch.expected);
	print_hex("actual:  ", v->mismatch.actual);
}

/* ---- the command ---- */

int token_refuse(result why, const struct token_options *o)
{
	const struct evidence_verdict v = {.why = why};

	if (o->json)
		token_dump(verdict_json(&v));
	else
		token_print_rule("refused", why);
	return EXIT_REFUSED;
}

static int load_endorsements(const char *dir, struct refvals *r)
{
	static uint8_t text[1 << 20];
	char path[4096];
	const char *wrong;

	snprintf(path, sizeof(path), "%s/endorsements.json", dir);
	if (input_read(path, text, sizeof(text)) < 0)
		return -EINVAL;
	if (!refvals_parse((char *)text, r, &wrong))
		return 0;
	log_error("%s: %s is missing or wrong", path, wrong);
	return -EINVAL;
}

/* Whom the policy trusts, from the one option that says it. 0 or -errno, logged. */
static int choose_anchors(const struct token_options *o, struct evidence_policy *policy,
			  struct trust_anchors *anchors, struct refvals *refvals)
{
	int err;

	if (!!o->cpak + o->test_platform + !!o->endorsements != 1) {
		log_error("token verify needs one of --cpak, --test-platform and --endorsements");
		return -EINVAL;
	}
	policy->anchors = anchors;
	if (!o->endorsements)
		return o->cpak ? input_anchors(o->cpak, anchors)
			       : input_platform_anchor(NULL, anchors);
	err = load_endorsements(o->endorsements, refvals);
	policy->anchors = &refvals->anchors;
	policy->refvals = refvals;
	return err;
}

static void print_vector(const struct evidence *ev, const struct evidence_policy *policy,
			 const struct evidence_verdict *v)
{
	json_t *ear = ear_json(ev, policy, v), *module, *vector, *value;
	const char *name, *claim;

	json_object_foreach(json_object_get(ear, "submods"), name, module)
	{
		vector = json_object_get(module, "ear.trustworthiness-vector");
		printf("%s: %s (", name, json_string_value(json_object_get(module, "ear.status")));
		json_object_foreach(vector, claim, value)
			printf("%s%s %d",
			       json_object_iter_key(json_object_iter(vector)) == claim ? "" : ", ",
			       claim, (int)json_integer_value(value));
		puts(")");
	}
	json_decref(ear);
}

int token_verify(const struct evidence *ev, const struct token_options *o)
{
	static struct refvals refvals;
	struct evidence_policy policy = o->policy;
	struct trust_anchors anchors;
	struct evidence_verdict v;
	json_t *obj;

	if (choose_anchors(o, &policy, &anchors, &refvals))
		return EXIT_USAGE;
	evidence_verify(ev, &policy, &v);
	if (o->json) {
		obj = verdict_json(&v);
		json_object_set_new(obj, "notes", token_notes_json(ev, &policy));
		if (policy.refvals)
			json_object_set_new(obj, "ear", ear_json(ev, &policy, &v));
		json_object_set_new(obj, "token", token_json(ev));
		token_dump(obj);
	} else {
		print_verdict(&v);
		if (policy.refvals)
			print_vector(ev, &policy, &v);
		if (!v.why) {
			token_print_notes(ev, &policy);
			puts("verified");
		}
	}
	refvals_free(&refvals);
	return v.why ? EXIT_REFUSED : EXIT_GOOD;
}
