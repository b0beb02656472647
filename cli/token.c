// SPDX-License-Identifier: BSD-3-Clause
/*
 * token.c - softrealm token: its options, and which of its parts does the work.
 *
 * Exit status: 0 the token is good (show: it could be read); 1 it is refused; 2 wrong usage, or a
 * file that cannot be read.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/token.h"

static const char usage[] =
	"usage: softrealm token show FILE [--json | --eat]\n"
	"       softrealm token verify FILE --cpak KEY | --test-platform\n"
	"                 [--nonce HEX] [--rim HEX] [--rem I=HEX]... [--rpv HEX]\n"
	"                 [--lenient] [--json]\n"
	"       softrealm token verify FILE --cpak KEY | --test-platform --platform-only\n"
	"                 [--lenient] [--json]\n"
	"\n"
	"FILE is a CCA attestation token, or a part of one; '-' is standard input.\n"
	"KEY is the platform's CPAK: PEM, DER, JWK, JWKS, an X.509 certificate, or a "
	"rust-ccatoken\n"
	"list of trust anchors.\n"
	"I is 1 to 4, as in RSI_MEASUREMENT_EXTEND. Values are padded with zeros.\n"
	"--lenient accepts what the specifications only say should not be.\n"
	"Exit status: 0 good, 1 refused, 2 wrong usage or unreadable file.\n";

static bool take_hex(const char *option, uint8_t *buf, struct bytes *out)
{
	ssize_t n = input_hex(option, optarg, buf, 64);

	*out = (struct bytes){buf, n > 0 ? (size_t)n : 0};
	return n > 0;
}

static bool take_rem(struct token_options *o)
{
	uint8_t value[MEASURE_SIZE];
	size_t len;
	int i = input_rem(optarg, value, &len);

	if (i < 0)
		return false;
	memcpy(o->rem[i - 1], value, len);
	o->policy.expected.rem[i - 1] = (struct bytes){o->rem[i - 1], len};
	return true;
}

static bool take(int option, struct token_options *o)
{
	struct evidence_expected *e = &o->policy.expected;

	switch (option) {
	case 'j':
		return o->json = true;
	case 'E':
		return o->eat = true;
	case 'c':
		return (o->cpak = optarg);
	case 't':
		return o->test_platform = true;
	case 'p':
		return o->policy.platform_only = true;
	case 'l':
		return o->policy.lenient = true;
	case 'n':
		return take_hex("--nonce", o->nonce, &e->nonce);
	case 'r':
		return take_hex("--rim", o->rim, &e->rim);
	case 'v':
		return take_hex("--rpv", o->rpv, &e->rpv);
	case 'e':
		return take_rem(o);
	default:
		return false;
	}
}

static bool parse_options(int argc, char **argv, struct token_options *o)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"eat", no_argument, NULL, 'E'},
		{"cpak", required_argument, NULL, 'c'},
		{"nonce", required_argument, NULL, 'n'},
		{"rim", required_argument, NULL, 'r'},
		{"rem", required_argument, NULL, 'e'},
		{"rpv", required_argument, NULL, 'v'},
		{"lenient", no_argument, NULL, 'l'},
		{"platform-only", no_argument, NULL, 'p'},
		{"test-platform", no_argument, NULL, 't'},
		{0},
	};
	bool ok = true;
	int c;

	optind = 0;
	while (ok && (c = getopt_long(argc, argv, "", longs, NULL)) >= 0)
		ok = take(c, o);
	return ok;
}

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

int cmd_token(int argc, char **argv)
{
	static uint8_t data[EVIDENCE_MAX_SIZE + 2]; /* one too many, so that the rule can say so */
	static struct token_options o;
	static struct evidence ev;
	int (*action)(const struct evidence *ev, const struct token_options *o) = NULL;
	ssize_t len;
	result why;

	if (input_wants_help(argc, argv)) {
		fputs(usage, stdout);
		return EXIT_GOOD;
	}
	if (argc > 1 && !strcmp(argv[1], "show"))
		action = token_show;
	else if (argc > 1 && !strcmp(argv[1], "verify"))
		action = token_verify;
	if (!action || !parse_options(argc - 1, argv + 1, &o) || optind != argc - 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (!options_fit(&o))
		return EXIT_USAGE;
	len = input_read_start(argv[1 + optind], data, sizeof(data));
	if (len < 0)
		return EXIT_USAGE;
	why = evidence_parse(data, (size_t)len, &ev);
	return why ? token_refuse(why, &o) : action(&ev, &o);
}
