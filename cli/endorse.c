// SPDX-License-Identifier: BSD-3-Clause
/* endorse.c - softrealm endorse: trust anchor and reference values for verifiers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "attest/endorse.h"
#include "attest/evidence.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"

struct options {
	const char *platform, *token;
	bool has_rim, has_values; /* --rim; any of the realm's values */
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

static int set_platform(void *to, const char *value)
{
	struct options *o = to;

	o->platform = value;
	return 0;
}

static int set_token(void *to, const char *value)
{
	struct options *o = to;

	o->token = value;
	return 0;
}

static int set_rim(void *to, const char *value)
{
	struct options *o = to;
	ssize_t n = input_hex("--rim", value, o->realm.rim, MEASURE_SIZE);

	if (n < 0)
		return -EINVAL;
	if (n != 32 && n != 64)
		return option_wrong("--rim", value, "32 or 64 bytes");
	o->realm.hash = n == 64 ? MEASURE_SHA_512 : MEASURE_SHA_256;
	o->has_rim = o->has_values = true;
	return 0;
}

static int set_rem(void *to, const char *text)
{
	struct options *o = to;
	uint8_t value[MEASURE_SIZE] = {0};
	size_t len;
	int i = input_rem(text, value, &len);

	if (i < 0)
		return i;
	memcpy(o->realm.rem[i - 1], value, MEASURE_SIZE);
	o->has_values = true;
	return 0;
}

static int set_rpv(void *to, const char *value)
{
	struct options *o = to;

	o->has_values = true;
	return input_hex("--rpv", value, o->realm.rpv, sizeof(o->realm.rpv)) > 0 ? 0 : -EINVAL;
}

static const struct option_row rows[] = {
#include "cli/endorse.def"
};
static const struct option_rows endorse_rows = {rows, ARRAY_SIZE(rows)};

/* Takes over the value. */
static int write_json(const char *dir, const char *name, json_t *value)
{
	char path[4096];
	int err = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	errno = 0;
	f = value ? fopen(path, "w") : NULL;
	if (!f || json_dumpf(value, f, JSON_INDENT(2)) || putc('\n', f) == EOF)
		err = errno ? errno : ENOMEM;
	if (f && fclose(f) && !err)
		err = errno;
	json_decref(value);
	if (err)
		log_errno(err, "%s", path);
	return -err;
}

static int write_all(const char *dir, const struct platform *p, const struct endorse_realm *realm)
{
	int err;

	if (mkdir(dir, 0755) && errno != EEXIST) {
		err = errno;
		log_errno(err, "%s", dir);
		return -err;
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

static int run(int argc, char **argv)
{
	static struct options o;
	static struct platform p;
	struct option_parser parser = {.tables = {{&endorse_rows, &o, NULL}}, .ntables = 1};
	int err, status;

	if (!command_parse(&command_endorse, argc, argv, &parser, &status))
		return status;
	if (parser.nwords != 1 || (o.token ? o.has_values : o.has_values && !o.has_rim))
		return command_usage(&command_endorse);
	if (o.token && !take_token(o.token, &o.realm))
		return EXIT_USAGE;
	if (platform_load(o.platform, &p))
		return EXIT_USAGE;
	err = write_all(parser.words[0], &p, o.token || o.has_rim ? &o.realm : NULL);
	platform_unload(&p);
	return err ? EXIT_USAGE : EXIT_GOOD;
}

const struct command command_endorse = {
	.name = "endorse",
	.about = "write trust anchors and reference values",
	.usage = "endorse DIR [--platform DIR]\n"
		 "                 [--token FILE | --rim HEX [--rem I=HEX]... [--rpv HEX]]",
	.text = "\n"
		"Writes into DIR what verifiers need to know of the platform and, with a realm "
		"given,\n"
		"of the realm:\n"
		"  endorsements.json            everything, plain\n"
		"  ta.json, rv.json             the store of rust-ccatoken\n"
		"  comid-platform-ta.json, comid-platform-refval.json, comid-realm-refval.json\n"
		"                               CoMID templates for Veraison's cocli\n"
		"The realm's values come from a good token of it, or are given one by one.\n",
	.run = run,
	.options = {&endorse_rows},
};
