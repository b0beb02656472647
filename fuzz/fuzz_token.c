// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_token.c - whatever bytes come as a token or as a key: no crash, no accepted forgery.
 *
 * The first byte chooses what the rest is given to: 0 a token that nobody can have signed, 1 keys,
 * 2 a ledger, 3 a token of the published test platform, after a byte that says what is expected
 * of it, 4 the same with nobody to trust. Good seeds: tests/attest/mktoken's output,
 * attest/platform/cpak.*, a measurement log.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/diag.h"
#include "attest/ledger.h"
#include "attest/platform.h"
#include "attest/verify.h"
#include "fuzz/input.h"
#include "fuzz/seen.h"

static result note(result why)
{
	if (why)
		seen_rule(why);
	return why;
}

static bool parse(const uint8_t *data, size_t size, struct evidence *ev)
{
	if (note(evidence_parse(data, size, ev)))
		return false;
	if (ev->has_platform)
		note(ev->platform_wrong);
	if (ev->has_realm)
		note(ev->realm_wrong);
	return true;
}

/* A key whose private half nobody has: no input can be verified with it. */
static const struct trust_anchors *nobody(void)
{
	static struct trust_anchors a;
	struct ec_private key;

	if (!a.count) {
		if (ec_generate(&key, EC_P384))
			abort();
		a.anchor[0].any_platform = true;
		a.anchor[0].key = key.pub;
		a.count = 1;
	}
	return &a;
}

static void try_token(const uint8_t *data, size_t size)
{
	static struct evidence ev;
	struct evidence_policy policy = {.anchors = nobody(), .lenient = true};
	struct evidence_verdict v;
	const char *notes[4];

	free(diag_text((struct cborio_in){data, size}));
	if (!parse(data, size, &ev))
		return;
	if (!note(evidence_verify(&ev, &policy, &v)))
		abort();
	policy.platform_only = true;
	if (ev.has_platform && !note(evidence_verify(&ev, &policy, &v)))
		abort();
	evidence_notes(&ev, &policy, notes, 4);
	json_decref(platform_claims_json(&ev.platform, CLAIM_EAT));
	json_decref(realm_claims_json(&ev.realm, CLAIM_HEX));
}

static const struct trust_anchors *test_platform(void)
{
	static struct trust_anchors a;
	struct platform p;

	if (!a.count) {
		if (platform_load(NULL, &p))
			abort();
		a.anchor[0].any_platform = true;
		a.anchor[0].key = p.cpak.pub;
		a.count = 1;
		platform_unload(&p);
	}
	return &a;
}

/* What is expected is wrong always: all zeros. */
static void try_known_token(const uint8_t *data, size_t size, const struct trust_anchors *anchors)
{
	static const uint8_t zero[64];
	const struct bytes none = {0}, zeros = {zero, sizeof(zero)};
	struct evidence_policy policy = {
		.anchors = anchors,
		.expected =
			{
				.nonce = data[0] & 1 ? zeros : none,
				.rim = data[0] & 2 ? zeros : none,
				.rem = {data[0] & 4 ? zeros : none},
				.rpv = data[0] & 8 ? zeros : none,
			},
		.lenient = data[0] & 16,
	};
	struct evidence_verdict v;
	static struct evidence ev;
	result why;

	if (!parse(data + 1, size - 1, &ev))
		return;
	why = note(evidence_verify(&ev, &policy, &v));
	if (!why != (v.check[EVIDENCE_CHECK_EXPECTED] >= EVIDENCE_HELD ||
		     v.check[EVIDENCE_CHECK_EXPECTED] == EVIDENCE_NOT_ASKED))
		abort();
}

static void try_key(const uint8_t *data, size_t size)
{
	struct trust_anchors anchors;
	uint8_t *text = malloc(size + 1);
	const char *wrong;

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	keyfile_parse_anchors(text, size, &anchors, &wrong);
	free(text);
}

/* What is read is written and read again as the same. */
static void try_ledger(const uint8_t *data, size_t size)
{
	FILE *f = fmemopen((void *)data, size, "r"), *g;
	struct ledger_entry e, again;
	unsigned int line = 0;
	char buf[2048];

	while (f && ledger_read(f, &e, &line) == 1) {
		g = fmemopen(buf, sizeof(buf), "w+");
		if (!g || ledger_write(g, &e) || fflush(g))
			abort();
		rewind(g);
		if (ledger_read(g, &again, &line) != 1 || memcmp(&e, &again, sizeof(e)))
			abort();
		fclose(g);
	}
	if (f)
		fclose(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct trust_anchors no_anchors;

	if (size < 2)
		return 0;
	switch (data[0] % 5) {
	case 0:
		try_token(data + 1, size - 1);
		break;
	case 1:
		try_key(data + 1, size - 1);
		break;
	case 2:
		try_ledger(data + 1, size - 1);
		break;
	case 3:
		try_known_token(data + 1, size - 1, test_platform());
		break;
	case 4:
		try_known_token(data + 1, size - 1, &no_anchors);
		break;
	}
	return 0;
}
