// SPDX-License-Identifier: BSD-3-Clause
/* token_verify.c - softrealm token verify: the verdict, and why. */
#include <stdio.h>
#include <string.h>

#include "attest/hex.h"
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

int token_verify(const struct evidence *ev, const struct token_options *o)
{
	struct evidence_policy policy = o->policy;
	struct trust_anchors anchors;
	struct evidence_verdict v;
	json_t *obj;

	if (!o->cpak == !o->test_platform) {
		log_error("token verify needs either --cpak or --test-platform");
		return EXIT_USAGE;
	}
	if (o->cpak ? input_anchors(o->cpak, &anchors) : input_platform_anchor(NULL, &anchors))
		return EXIT_USAGE;
	policy.anchors = &anchors;
	evidence_verify(ev, &policy, &v);
	if (o->json) {
		obj = verdict_json(&v);
		json_object_set_new(obj, "notes", token_notes_json(ev, &policy));
		json_object_set_new(obj, "token", token_json(ev));
		token_dump(obj);
	} else {
		print_verdict(&v);
		if (!v.why) {
			token_print_notes(ev, &policy);
			puts("verified");
		}
	}
	return v.why ? EXIT_REFUSED : EXIT_GOOD;
}
