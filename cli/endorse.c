// SPDX-License-Identifier: BSD-3-Clause
/*
 * endorse.c - softrealm endorse: trust anchor and reference values for verifiers.
 *
 * Exit status: 0 written; 1 a token is refused, and nothing is written; 2 wrong usage, or a file
 * that cannot be read or written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/endorse.h"
#include "attest/verify.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"

struct options {
	const char *platform;
	const char *tokens[ENDORSE_MAX_REALMS];
	size_t num_tokens;
	struct endorse_store store;
};

/* ---- options ---- */

static struct endorse_realm *add_realm(struct endorse_store *s)
{
	if (s->num_realms < ENDORSE_MAX_REALMS)
		return &s->realm[s->num_realms++];
	log_error("more than %d realms", ENDORSE_MAX_REALMS);
	return NULL;
}

static int set_rim(void *to, const char *value)
{
	struct options *o = to;
	uint8_t rim[MEASURE_SIZE] = {0};
	ssize_t n = input_hex("--rim", value, rim, MEASURE_SIZE);
	struct endorse_realm *r;

	if (n < 0)
		return -EINVAL;
	if (n != 32 && n != 48 && n != 64)
		return option_wrong("--rim", value, "32, 48 or 64 bytes");
	r = add_realm(&o->store);
	if (!r)
		return -EINVAL;
	r->len = (size_t)n;
	memcpy(r->rim, rim, MEASURE_SIZE);
	return 0;
}

/* The realm that --rem and --rpv speak of: that of the --rim before them. */
static struct endorse_realm *current(struct endorse_store *s, const char *option)
{
	if (s->num_realms)
		return &s->realm[s->num_realms - 1];
	log_error("%s: no --rim before it", option);
	return NULL;
}

static int set_rem(void *to, const char *text)
{
	struct options *o = to;
	struct endorse_realm *r = current(&o->store, "--rem");
	uint8_t value[MEASURE_SIZE] = {0};
	size_t len;
	int i = r ? input_rem(text, value, &len) : -EINVAL;

	if (i < 0)
		return i;
	if (len > r->len)
		return option_wrong("--rem", text, "as long as the RIM, or shorter");
	memcpy(r->rem[i - 1], value, MEASURE_SIZE);
	return 0;
}

static int set_rpv(void *to, const char *value)
{
	struct options *o = to;
	struct endorse_realm *r = current(&o->store, "--rpv");

	return r && input_hex("--rpv", value, r->rpv, sizeof(r->rpv)) > 0 ? 0 : -EINVAL;
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

	if (o->num_tokens == ENDORSE_MAX_REALMS)
		return option_wrong("--token", value, "one of at most 64");
	o->tokens[o->num_tokens++] = value;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/endorse.def"
};
static const struct option_rows endorse_rows = {rows, ARRAY_SIZE(rows)};

/* ---- tokens ---- */

static void take_bytes(uint8_t out[64], struct bytes in)
{
	memset(out, 0, 64);
	memcpy(out, in.p, in.len);
}

/* The values of a token, which must be a good one of the platform that is endorsed. */
static int take_token(const char *path, const struct trust_anchors *anchors,
		      struct endorse_store *s)
{
	static uint8_t data[EVIDENCE_MAX_SIZE + 2];
	static struct evidence ev;
	const struct evidence_policy policy = {.anchors = anchors};
	const struct realm_claims *c = &ev.realm;
	ssize_t len = input_read_start(path, data, sizeof(data));
	struct evidence_verdict v;
	struct endorse_realm *r;
	result why;

	if (len < 0)
		return EXIT_USAGE;
	why = evidence_parse(data, (size_t)len, &ev);
	if (!why)
		why = evidence_verify(&ev, &policy, &v);
	if (why) {
		log_error("%s: refused: %s: %s", path, why->name, why->wrong);
		return EXIT_REFUSED;
	}
	r = add_realm(s);
	if (!r)
		return EXIT_USAGE;
	r->len = c->rim.len;
	take_bytes(r->rim, c->rim);
	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		take_bytes(r->rem[i], c->rem[i]);
	take_bytes(r->rpv, c->rpv);
	return EXIT_GOOD;
}

static int take_tokens(const struct options *o, struct endorse_store *s)
{
	struct trust_anchors anchors;
	int status = input_platform_anchor(o->platform, &anchors) ? EXIT_USAGE : EXIT_GOOD;

	for (size_t i = 0; !status && i < o->num_tokens; i++)
		status = take_token(o->tokens[i], &anchors, s);
	return status;
}

/* ---- writing ---- */

static int write_file(const char *dir, const char *name, const void *data, size_t len)
{
	char path[4096];
	int err = ENAMETOOLONG;
	FILE *f = NULL;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path)) {
		f = fopen(path, "w");
		err = f && fwrite(data, 1, len, f) == len ? 0 : errno;
	}
	if (f && fclose(f) && !err)
		err = errno;
	if (err)
		log_errno(err, "%s/%s", dir, name);
	return -err;
}

/* Takes over the value. */
static int write_json(const char *dir, const char *name, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_INDENT(2)) : NULL, *line = NULL;
	int err = -ENOMEM;

	if (text && asprintf(&line, "%s\n", text) >= 0)
		err = write_file(dir, name, line, strlen(line));
	else
		log_errno(ENOMEM, "%s/%s", dir, name);
	free(line);
	free(text);
	json_decref(value);
	return err;
}

static int write_corim(const char *dir, const char *name, const struct endorse_store *s,
		       void (*put)(struct cborio_out *out, const struct endorse_store *s))
{
	static uint8_t buf[CORIM_MAX_SIZE];
	struct cborio_out out = CBORIO_OUT(buf);

	put(&out, s);
	if (!out.full)
		return write_file(dir, name, out.p, out.len);
	log_error("%s/%s: the platform's description is too long", dir, name);
	return -EINVAL;
}

/* What is written of realms, and what an earlier run has written if there is none now. */
static int write_realms(const char *dir, const struct endorse_store *s)
{
	static const char *const names[] = {"comid-realm-refval.json", "corim-realm.cbor"};
	char path[4096];
	int err;

	if (s->num_realms) {
		err = write_json(dir, names[0], endorse_comid_realm(s));
		return err ? err : write_corim(dir, names[1], s, corim_put_realm);
	}
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (unlink(path) && errno != ENOENT) {
			err = errno;
			log_errno(err, "%s", path);
			return -err;
		}
	}
	return 0;
}

static int write_all(const char *dir, const struct endorse_store *s)
{
	int err;

	if (mkdir(dir, 0755) && errno != EEXIST) {
		err = errno;
		log_errno(err, "%s", dir);
		return -err;
	}
	err = write_json(dir, "endorsements.json", endorse_plain(s));
	if (!err)
		err = write_json(dir, "ta.json", endorse_ccatoken_anchors(s));
	if (!err)
		err = write_json(dir, "rv.json", endorse_ccatoken_values(s));
	if (!err)
		err = write_json(dir, "comid-platform-ta.json", endorse_comid_anchor(s));
	if (!err)
		err = write_json(dir, "comid-platform-refval.json", endorse_comid_platform(s));
	if (!err)
		err = write_corim(dir, "corim-platform.cbor", s, corim_put_platform);
	return err ? err : write_realms(dir, s);
}

static void print_submit(const char *dir, const char *name, const char *profile)
{
	printf("cocli corim submit --corim-file=%s/%s \\\n"
	       "    --api-server=\"$VERAISON/endorsement-provisioning/v1/submit\" \\\n"
	       "    --media-type='application/rim+cbor; profile=\"%s\"'\n",
	       dir, name, profile);
}

static int run(int argc, char **argv)
{
	static struct options o;
	struct endorse_store *s = &o.store;
	struct option_parser parser = {.tables = {{&endorse_rows, &o, NULL}}, .ntables = 1};
	const char *dir;
	int status;

	if (!command_parse(&command_endorse, argc, argv, &parser, &status))
		return status;
	if (parser.nwords != 1)
		return command_usage(&command_endorse);
	dir = parser.words[0];
	status = take_tokens(&o, s);
	if (status)
		return status;
	if (platform_load(o.platform, &s->platform))
		return EXIT_USAGE;
	status = write_all(dir, s) ? EXIT_USAGE : EXIT_GOOD;
	platform_unload(&s->platform);
	if (!status) {
		puts("To give them to Veraison's services:");
		print_submit(dir, "corim-platform.cbor", CORIM_PROFILE_PLATFORM);
		if (s->num_realms)
			print_submit(dir, "corim-realm.cbor", CORIM_PROFILE_REALM);
	}
	return status;
}

const struct command command_endorse = {
	.name = "endorse",
	.about = "write trust anchors and reference values",
	.usage = "endorse DIR [--platform DIR] [--token FILE]...\n"
		 "                 [--rim HEX [--rem I=HEX]... [--rpv HEX]]...",
	.text = "\n"
		"Writes into DIR what verifiers need to know of the platform and of the realms\n"
		"that are given:\n"
		"  endorsements.json            everything, plain\n"
		"  ta.json, rv.json             the store of rust-ccatoken\n"
		"  comid-platform-ta.json, comid-platform-refval.json, comid-realm-refval.json\n"
		"                               CoMID templates for Veraison's cocli\n"
		"  corim-platform.cbor, corim-realm.cbor\n"
		"                               the same as CoRIMs, ready to be submitted\n"
		"A realm's values come from a token, which must be a good one of this platform,\n"
		"or are given one by one after --rim.\n",
	.more = "Exit status: 0 written, 1 a token is refused, 2 wrong usage, or a file cannot\n"
		"be read or written.\n",
	.run = run,
	.options = {&endorse_rows},
};
