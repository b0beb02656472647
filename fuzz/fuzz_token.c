/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_token.c - whatever bytes come as a token or as a key: no crash, no accepted forgery.
 *
 * The first byte chooses what the rest is given to. Good seeds: tests/attest/mktoken's output
 * behind a byte 0, attest/platform/cpak.* behind a byte 1, a ledger behind a byte 2.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/evidence.h"
#include "attest/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	const char *notes[4];
	unsigned int passed;

	if (evidence_parse(data, size, &ev))
		return;
	if (!evidence_verify(&ev, nobody(), NULL, &passed) ||
	    (ev.has_platform && !evidence_verify_platform(&ev, nobody(), &passed)))
		abort();
	evidence_notes(&ev, notes, 4);
	json_decref(platform_claims_json(&ev.platform));
	json_decref(realm_claims_json(&ev.realm));
}

static void try_key(const uint8_t *data, size_t size)
{
	struct trust_anchors anchors;
	char *text = malloc(size + 1);

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	keyfile_parse_anchors(text, &anchors);
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
	if (size < 2)
		return 0;
	switch (data[0] % 3) {
	case 0:
		try_token(data + 1, size - 1);
		break;
	case 1:
		try_key(data + 1, size - 1);
		break;
	case 2:
		try_ledger(data + 1, size - 1);
		break;
	}
	return 0;
}
