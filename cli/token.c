// SPDX-License-Identifier: BSD-3-Clause
/*
 * token.c - softrealm token: show and verify attestation tokens.
 *
 * Exit status: 0 the token is good (show: it could be read); 1 it is refused; 2 wrong usage, or a
 * file that cannot be read.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"

#define MAX_NOTES 8

static const char usage[] =
	"usage: softrealm token show FILE [--json]\n"
	"       softrealm token verify FILE --cpak KEY | --test-platform\n"
	"                 [--nonce HEX] [--rim HEX] [--rem I=HEX]... [--rpv HEX]\n"
	"                 [--platform-only] [--json]\n"
	"\n"
	"FILE is a CCA attestation token, or a part of one; '-' is standard input.\n"
	"KEY is the platform's CPAK: PEM, JWK, or a rust-ccatoken list of trust anchors.\n"
	"I is 1 to 4, as in RSI_MEASUREMENT_EXTEND. Values are padded with zeros.\n"
	"Exit status: 0 good, 1 refused, 2 wrong usage or unreadable file.\n";

struct options {
	bool json, platform_only, test_platform;
	const char *cpak;
	struct evidence_expected expected;
	uint8_t nonce[64], rim[MEASURE_SIZE], rpv[64], rem[ATTEST_NUM_REMS][MEASURE_SIZE];
};

/* ---- options ---- */

static bool take_hex(const char *option, uint8_t *buf, struct bytes *out)
{
	ssize_t n = input_hex(option, optarg, buf, 64);

	*out = (struct bytes){buf, n > 0 ? (size_t)n : 0};
	return n > 0;
}

static bool take_rem(struct options *o)
{
	uint8_t value[MEASURE_SIZE];
	size_t len;
	int i = input_rem(optarg, value, &len);

	if (i < 0)
		return false;
	memcpy(o->rem[i - 1], value, len);
	o->expected.rem[i - 1] = (struct bytes){o->rem[i - 1], len};
	return true;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"cpak", required_argument, NULL, 'c'},
		{"nonce", required_argument, NULL, 'n'},
		{"rim", required_argument, NULL, 'r'},
		{"rem", required_argument, NULL, 'e'},
		{"rpv", required_argument, NULL, 'v'},
		{"platform-only", no_argument, NULL, 'p'},
		{"test-platform", no_argument, NULL, 't'},
		{0},
	};
	bool ok = true;
	int c;

	optind = 0;
	while (ok && (c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'c':
			o->cpak = optarg;
			break;
		case 't':
			o->test_platform = true;
			break;
		case 'p':
			o->platform_only = true;
			break;
		case 'n':
			ok = take_hex("--nonce", o->nonce, &o->expected.nonce);
			break;
		case 'r':
			ok = take_hex("--rim", o->rim, &o->expected.rim);
			break;
		case 'v':
			ok = take_hex("--rpv", o->rpv, &o->expected.rpv);
			break;
		case 'e':
			ok = take_rem(o);
			break;
		default:
			ok = false;
		}
	}
	return ok;
}

/* ---- showing ---- */

static void print_value(const char *name, const json_t *value, int indent);

static void print_object(const json_t *obj, int indent)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)obj, key, value)
		print_value(key, value, indent);
}

static void print_value(const char *name, const json_t *value, int indent)
{
	size_t i;
	json_t *item;

	printf("%*s%s", indent, "", name);
	if (json_is_string(value)) {
		printf("%*s%s\n", 34 - indent - (int)strlen(name), " ", json_string_value(value));
	} else if (json_is_integer(value)) {
		const char *meaning =
			strcmp(name, "lifecycle")
				? NULL
				: lifecycle_name((uint64_t)json_integer_value(value));

		printf("%*s0x%" PRIx64 "%s%s%s\n", 34 - indent - (int)strlen(name), " ",
		       (uint64_t)json_integer_value(value), meaning ? " (" : "", meaning ?: "",
		       meaning ? ")" : "");
	} else if (json_is_array(value)) {
		putchar('\n');
		json_array_foreach (value, i, item) {
			char number[24];

			/* REMs count from 1, as in the RSI calls and in --rem. */
			if (!strcmp(name, "extensible-measurements"))
				snprintf(number, sizeof(number), "REM%zu", i + 1);
			else
				snprintf(number, sizeof(number), "[%zu]", i);
			print_value(number, item, indent + 2);
		}
	} else {
		putchar('\n');
		print_object(value, indent + 2);
	}
}

static json_t *rule_json(result why)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "rule", why->name, "wrong", why->wrong, "right",
			 why->right, "source", why->source);
}

static void print_rule(const char *what, result why)
{
	printf("%s: %s\n  %s\n  right: %s\n  source: %s\n", what, why->name, why->wrong, why->right,
	       why->source);
}

static json_t *evidence_json(const struct evidence *ev)
{
	const char *notes[MAX_NOTES];
	json_t *obj = json_pack("{s:s}", "form", evidence_form_name(ev->form));
	json_t *wrong = json_array(), *list = json_array();

	if (ev->has_platform)
		json_object_set_new(obj, "platform", platform_claims_json(&ev->platform));
	if (ev->has_realm)
		json_object_set_new(obj, "realm", realm_claims_json(&ev->realm));
	if (ev->platform_wrong)
		json_array_append_new(wrong, rule_json(ev->platform_wrong));
	if (ev->realm_wrong)
		json_array_append_new(wrong, rule_json(ev->realm_wrong));
	json_object_set_new(obj, "malformed", wrong);
	evidence_notes(ev, notes, MAX_NOTES);
	for (size_t i = 0; notes[i]; i++)
		json_array_append_new(list, json_string(notes[i]));
	json_object_set_new(obj, "notes", list);
	return obj;
}

static void print_notes(const struct evidence *ev)
{
	const char *notes[MAX_NOTES];

	evidence_notes(ev, notes, MAX_NOTES);
	for (size_t i = 0; notes[i]; i++)
		printf("note: %s\n", notes[i]);
}

static void dump_json(json_t *obj)
{
	json_dumpf(obj, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(obj);
}

static int show(const struct evidence *ev, const struct options *o)
{
	json_t *obj = evidence_json(ev);

	if (o->json) {
		dump_json(obj);
		return EXIT_GOOD;
	}
	printf("%s\n", evidence_form_name(ev->form));
	if (ev->has_platform)
		print_value("platform", json_object_get(obj, "platform"), 0);
	if (ev->has_realm)
		print_value("realm", json_object_get(obj, "realm"), 0);
	json_decref(obj);
	if (ev->platform_wrong)
		print_rule("malformed", ev->platform_wrong);
	if (ev->realm_wrong)
		print_rule("malformed", ev->realm_wrong);
	print_notes(ev);
	puts("Nothing has been verified: softrealm token verify.");
	return EXIT_GOOD;
}

/* ---- verifying ---- */

static void report_json(const struct evidence *ev, result why, unsigned int passed)
{
	json_t *obj = json_pack("{s:s}", "verdict", why ? "refused" : "verified");
	json_t *checks = json_array();

	for (unsigned int i = 0; i < passed; i++)
		json_array_append_new(
			checks, json_string(evidence_check_name((enum evidence_check)i)));
	json_object_set_new(obj, "passed", checks);
	if (why)
		json_object_set_new(obj, "refusal", rule_json(why));
	if (ev)
		json_object_set_new(obj, "token", evidence_json(ev));
	dump_json(obj);
}

static void report_text(const struct evidence *ev, const struct options *o, result why,
			unsigned int passed)
{
	const struct evidence_expected *e = &o->expected;

	for (unsigned int i = 0; i < passed; i++)
		printf("%-20s ok\n", evidence_check_name((enum evidence_check)i));
	if (why) {
		print_rule("refused", why);
		return;
	}
	if (!o->platform_only && !e->nonce.p)
		puts("note: without --nonce the token may be an old one");
	if (!o->platform_only && !e->rim.p)
		puts("note: without --rim the realm may hold anything");
	print_notes(ev);
	puts("verified");
}

static int verify(const struct evidence *ev, const struct options *o)
{
	struct trust_anchors anchors;
	unsigned int passed;
	result why;

	if (!o->cpak == !o->test_platform) {
		log_error("token verify needs either --cpak or --test-platform");
		return EXIT_USAGE;
	}
	if (o->cpak ? input_anchors(o->cpak, &anchors) : input_platform_anchor(NULL, &anchors))
		return EXIT_USAGE;
	why = o->platform_only ? evidence_verify_platform(ev, &anchors, &passed)
			       : evidence_verify(ev, &anchors, &o->expected, &passed);
	if (o->json)
		report_json(ev, why, passed);
	else
		report_text(ev, o, why, passed);
	return why ? EXIT_REFUSED : EXIT_GOOD;
}

int cmd_token(int argc, char **argv)
{
	static uint8_t data[EVIDENCE_MAX_SIZE + 2]; /* one too many, so that the rule can say so */
	static struct options o;
	static struct evidence ev;
	int (*action)(const struct evidence *ev, const struct options *o) = NULL;
	ssize_t len;
	result why;

	if (input_wants_help(argc, argv)) {
		fputs(usage, stdout);
		return EXIT_GOOD;
	}
	if (argc > 1 && !strcmp(argv[1], "show"))
		action = show;
	else if (argc > 1 && !strcmp(argv[1], "verify"))
		action = verify;
	if (!action || !parse_options(argc - 1, argv + 1, &o) || optind != argc - 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	len = input_read(argv[1 + optind], data, sizeof(data));
	if (len < 0)
		return EXIT_USAGE;
	why = evidence_parse(data, (size_t)len, &ev);
	if (!why)
		return action(&ev, &o);
	if (o.json)
		report_json(NULL, why, 0);
	else
		print_rule("refused", why);
	return EXIT_REFUSED;
}
