// SPDX-License-Identifier: BSD-3-Clause
/*
 * token.c - softrealm token: its options, and which of its parts does the work.
 *
 * Exit status: 0 the token is good (show: it could be read); 1 it is refused; 2 wrong usage, or a
 * file that cannot be read.
 */
#include "cli/token.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"

#define FLAG_OPTION(name, field)                                                                   \
	static int set_##name(void *to, const char *value)                                         \
	{                                                                                          \
		struct token_options *o = to;                                                      \
		o->field = true;                                                                   \
		return 0;                                                                          \
	}
FLAG_OPTION(eat, eat)
FLAG_OPTION(json, json)
FLAG_OPTION(lenient, policy.lenient)
FLAG_OPTION(platform_only, policy.platform_only)
FLAG_OPTION(test_platform, test_platform)

static int set_endorsements(void *to, const char *value)
{
	struct token_options *o = to;

	o->endorsements = value;
	return 0;
}

static int set_platform(void *to, const char *value)
{
	struct token_options *o = to;

	o->platform = value;
	return 0;
}

static int set_cpak(void *to, const char *value)
{
	struct token_options *o = to;

	o->cpak = value;
	return 0;
}

static int take_hex(const char *option, const char *value, uint8_t *buf, struct bytes *out)
{
	ssize_t n = input_hex(option, value, buf, 64);

	*out = (struct bytes){buf, n > 0 ? (size_t)n : 0};
	return n > 0 ? 0 : -EINVAL;
}

static int set_nonce(void *to, const char *value)
{
	struct token_options *o = to;

	return take_hex("--nonce", value, o->nonce, &o->policy.expected.nonce);
}

static int set_rim(void *to, const char *value)
{
	struct token_options *o = to;

	return take_hex("--rim", value, o->rim, &o->policy.expected.rim);
}

static int set_rpv(void *to, const char *value)
{
	struct token_options *o = to;

	return take_hex("--rpv", value, o->rpv, &o->policy.expected.rpv);
}

static int set_rem(void *to, const char *text)
{
	struct token_options *o = to;
	uint8_t value[MEASURE_SIZE];
	size_t len;
	int i = input_rem(text, value, &len);

	if (i < 0)
		return i;
	memcpy(o->rem[i - 1], value, len);
	o->policy.expected.rem[i - 1] = (struct bytes){o->rem[i - 1], len};
	return 0;
}

static const struct option_row rows[] = {
#include "cli/token.def"
};
static const struct option_rows token_rows = {rows, ARRAY_SIZE(rows)};

/* Does anything in it speak of the realm? */
static bool expects_a_realm(const struct evidence_expected *e)
{
	bool any = e->nonce.p || e->rim.p || e->rpv.p;

	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		any |= e->rem[i].p != NULL;
	return any;
}

static bool options_fit(const struct token_options *o)
{
	if (!o->policy.platform_only || !expects_a_realm(&o->policy.expected))
		return true;
	log_error(
		"--platform-only looks at no realm token: leave out --nonce, --rim, --rem, --rpv");
	return false;
}

static int run(int argc, char **argv)
{
	static uint8_t data[EVIDENCE_MAX_SIZE + 2]; /* one too many, so that the rule can say so */
	static struct token_options o;
	static struct evidence ev;
	struct option_parser p = {.tables = {{&token_rows, &o, NULL}}, .ntables = 1};
	int status;
	ssize_t len;
	result why;

	if (!command_parse(&command_token, argc, argv, &p, &status))
		return status;
	if (p.nwords != 2 || (strcmp(p.words[0], "show") && strcmp(p.words[0], "verify") &&
			      strcmp(p.words[0], "create")))
		return command_usage(&command_token);
	if (!strcmp(p.words[0], "create"))
		return token_create(p.words[1], &o);
	if (!options_fit(&o))
		return EXIT_USAGE;
	len = input_read_start(p.words[1], data, sizeof(data));
	if (len < 0)
		return EXIT_USAGE;
	why = evidence_parse(data, (size_t)len, &ev);
	if (why)
		return token_refuse(why, &o);
	return strcmp(p.words[0], "show") ? token_verify(&ev, &o) : token_show(&ev, &o);
}

const struct command command_token = {
	.name = "token",
	.about = "show, verify or make an attestation token",
	.usage = "token show FILE [--json | --eat]\n"
		 "       softrealm token verify FILE [OPTION...]\n"
		 "                 --cpak KEY | --test-platform | --endorsements DIR\n"
		 "       softrealm token create DESCRIPTION [--platform DIR] >FILE",
	.text = "\n"
		"FILE is a CCA attestation token, or a part of one; '-' is standard input.\n"
		"KEY is the platform's CPAK. Values are padded with zeros.\n",
	.more = "Exit status: 0 good, 1 refused, 2 wrong usage or unreadable file.\n",
	.words = "show|verify|create",
	.run = run,
	.options = {&token_rows},
};
