// SPDX-License-Identifier: BSD-3-Clause
/* attested.c - the verdict on the token that a run has handed out (--attest FILE). */
#include "cli/attested.h"

#include <string.h>

#include "attest/verify.h"
#include "base/hex.h"
#include "cli/input.h"

static struct bytes take_hex(const json_t *text, uint8_t buf[64])
{
	const char *hex = json_string_value(text);
	ssize_t n = hex ? hex_decode(hex, buf, 64) : -1;

	return n > 0 ? (struct bytes){buf, (size_t)n} : (struct bytes){0};
}

static const json_t *rim_of(const json_t *backend)
{
	json_t *realms = json_object_get(backend, "realms");

	return json_object_get(json_array_get(realms, json_array_size(realms) - 1), "rim");
}

static result verify(const uint8_t *token, size_t len, const struct evidence_policy *policy)
{
	static struct evidence ev;
	struct evidence_verdict v;
	result why = evidence_parse(token, len, &ev);

	return why ? why : evidence_verify(&ev, policy, &v);
}

static json_t *not_verified(const char *why)
{
	return json_pack("{s:s, s:s}", "verdict", "not verified", "why", why);
}

json_t *attested_verdict(const struct launch *l)
{
	static uint8_t token[EVIDENCE_MAX_SIZE + 2], nonce[64], rim[64];
	const json_t *asked = json_object_get(l->vmm_report, "attest");
	const char *file = json_string_value(json_object_get(asked, "file"));
	struct trust_anchors anchors;
	struct evidence_policy policy = {.anchors = &anchors};
	ssize_t len;
	result why;

	if (!file || json_object_get(asked, "error"))
		return NULL;
	if (l->real)
		return not_verified("the platform is this machine's: verify it with its CPAK");
	len = input_read(file, token, sizeof(token));
	if (len < 0 || input_platform_anchor(l->backend.attest.dir, &anchors))
		return not_verified("the token or the platform's key cannot be read");
	policy.expected = (struct evidence_expected){
		.nonce = take_hex(json_object_get(asked, "nonce"), nonce),
		.rim = take_hex(rim_of(l->backend_report), rim),
	};
	if (!policy.expected.nonce.p || !policy.expected.rim.p)
		return not_verified("this run's nonce or RIM is not known");
	why = verify(token, (size_t)len, &policy);
	if (why)
		return json_pack("{s:s, s:s, s:s}", "verdict", "refused", "rule", why->name, "why",
				 why->wrong);
	return json_pack("{s:s, s:s}", "verdict", "verified", "why",
			 "signatures, binding, claims, this run's nonce and RIM");
}
