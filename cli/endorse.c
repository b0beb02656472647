// SPDX-License-Identifier: BSD-3-Clause
/* endorse.c - softrealm endorse: trust anchor and reference values for verifiers. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "attest/endorse.h"
#include "attest/evidence.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"

static const char usage[] =
	"usage: softrealm endorse DIR [--platform DIR]\n"
	"                 [--token FILE | --rim HEX [--rem I=HEX]... [--rpv HEX]]\n"
	"\n"
	"Writes into DIR what verifiers need to know of the platform (--platform, or the built-in\n"
	"test platform) and, with a realm given, of the realm:\n"
	"  endorsements.json            everything, plain\n"
	"  ta.json, rv.json             the store of rust-ccatoken\n"
	"  comid-platform-ta.json, comid-platform-refval.json, comid-realm-refval.json\n"
	"                               CoMID templates for Veraison's cocli\n"
	"The realm's values come from a good token of it, or are given one by one. A RIM of\n"
	"32 bytes is SHA-256, one of 64 bytes SHA-512.\n";

struct options {
	const char *out, *platform, *token;
	bool has_realm;
	struct endorse_realm realm;
};

static void take_bytes(uint8_t out[64], struct bytes in)
{
	memset(out, 0, 64);
	memcpy(out, in.p, in.len);
}

/* The values of a token that some realm made; whether it is genuine is the caller's business. */
static bool take_token(const char *path, struct endorse_realm *realm)
{
	static uint8_t data[EVIDENCE_MAX_SIZE + 2];
	static struct evidence ev;
	const struct realm_claims *c = &ev.realm;
	ssize_t len = input_read(path, data, sizeof(data));
	result why;

	if (len < 0)
		return false;
	why = evidence_parse(data, (size_t)len, &ev);
	if (!why)
		why = ev.realm_wrong;
	if (why || !ev.has_realm || (c->rim.len != 32 && c->rim.len != 64)) {
		log_error("%s: %s", path, why ? why->wrong : "no realm claims that can be used");
		return false;
	}
	realm->hash = c->rim.len == 64 ? MEASURE_SHA_512 : MEASURE_SHA_256;
	take_bytes(realm->rim, c->rim);
	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		take_bytes(realm->rem[i], c->rem[i]);
	take_bytes(realm->rpv, c->rpv);
	return true;
}

static bool take_rim(struct options *o)
{
	ssize_t n = input_hex("--rim", optarg, o->realm.rim, MEASURE_SIZE);

	if (n != 32 && n != 64) {
		if (n > 0)
			log_error("--rim: neither 32 nor 64 bytes");
		return false;
	}
	o->realm.hash = n == 64 ? MEASURE_SHA_512 : MEASURE_SHA_256;
	o->has_realm = true;
	return true;
}

static bool take_rem(struct options *o)
{
	uint8_t value[MEASURE_SIZE] = {0};
	size_t len;
	int i = input_rem(optarg, value, &len);

	if (i < 0)
		return false;
	memcpy(o->realm.rem[i - 1], value, MEASURE_SIZE);
	return true;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"platform", required_argument, NULL, 'p'}, {"token", required_argument, NULL, 't'},
		{"rim", required_argument, NULL, 'r'},	    {"rem", required_argument, NULL, 'e'},
		{"rpv", required_argument, NULL, 'v'},	    {0},
	};
	bool ok = true, values = false;
	int c;

	optind = 0;
	while (ok && (c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		values |= c == 'r' || c == 'e' || c == 'v';
		switch (c) {
		case 'p':
			o->platform = optarg;
			break;
		case 't':
			o->token = optarg;
			break;
		case 'r':
			ok = take_rim(o);
			break;
		case 'e':
			ok = take_rem(o);
			break;
		case 'v':
			ok = input_hex("--rpv", optarg, o->realm.rpv, sizeof(o->realm.rpv)) > 0;
			break;
		default:
			ok = false;
		}
	}
	if (!ok || optind != argc - 1)
		return false;
	o->out = argv[optind];
	return o->token ? !values : !values || o->has_realm;
}

/* Takes over the value. */
static int write_json(const char *dir, const char *name, json_t *value)
{
	char path[4096];
	bool ok = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	errno = 0;
	f = value ? fopen(path, "w") : NULL;
	if (f) {
		ok = !json_dumpf(value, f, JSON_INDENT(2)) && putc('\n', f) != EOF;
		ok &= !fclose(f);
	}
	json_decref(value);
	if (ok)
		return 0;
	log_error("%s: %s", path, strerror(errno ?: ENOMEM));
	return -EIO;
}

static int write_all(const char *dir, const struct platform *p, const struct endorse_realm *realm)
{
	int err;

	if (mkdir(dir, 0755) && errno != EEXIST) {
		log_error("%s: %s", dir, strerror(errno));
		return -errno;
	}
	err = write_json(dir, "endorsements.json", endorse_plain(p, realm));
	if (!err)
		err = write_json(dir, "ta.json", endorse_ccatoken_anchors(p));
	if (!err)
		err = write_json(dir, "rv.json", endorse_ccatoken_values(p, realm));
	if (!err)
		err = write_json(dir, "comid-platform-ta.json", endorse_comid_anchor(p));
	if (!err)
		err = write_json(dir, "comid-platform-refval.json", endorse_comid_platform(p));
	if (!err && realm)
		err = write_json(dir, "comid-realm-refval.json", endorse_comid_realm(realm));
	return err;
}

int cmd_endorse(int argc, char **argv)
{
	static struct options o;
	static struct platform p;
	int err;

	if (input_wants_help(argc, argv)) {
		fputs(usage, stdout);
		return EXIT_GOOD;
	}
	if (!parse_options(argc, argv, &o)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (o.token) {
		if (!take_token(o.token, &o.realm))
			return EXIT_USAGE;
		o.has_realm = true;
	}
	if (platform_load(o.platform, &p))
		return EXIT_USAGE;
	err = write_all(o.out, &p, o.has_realm ? &o.realm : NULL);
	platform_unload(&p);
	return err ? EXIT_USAGE : EXIT_GOOD;
}
