// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_samples.c - tokens of other projects get the verdict that their owners give them.
 *
 * The samples are not ours to carry: SOFTREALM_VECTORS names a directory with tokens/ and keys/ of
 * veraison/rust-ccatoken, veraison/ccatoken, veraison/services and tf-m-tools. Skipped without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/rules.h"
#include "attest/verify.h"
#include "base/bits.h"
#include "tests/attest/vectors.h"

/* What its owner calls good is good: to the letter, or with --lenient. */
static const struct sample {
	const char *token, *key;
	enum evidence_form form;
	const struct rule *verdict; /* with --lenient */
	size_t held;
	const struct rule *should; /* the verdict without it, where that is another one */
	const struct rule *claims; /* what is wrong with the claims */
} samples[] = {
	{"rust-ccatoken--cca-token-draft-ffm-00", "cca_platform.pem", EVIDENCE_EAT, OK, 4, OK, OK},
	{"rust-ccatoken--cca-token-01", "cpak.json", EVIDENCE_EAT, OK, 4, OK, OK},
	{"rust-ccatoken--cca-token-01", "ta-tfa.json", EVIDENCE_EAT, OK, 4, OK, OK},
	{"rust-ccatoken--cca-token-01", "ec.p384.jwk", EVIDENCE_EAT,
	 &rule_attest_platform_signature, 0, OK, OK},
	{"rust-ccatoken--cca-token-01", "ec.p256.jwk", EVIDENCE_EAT, &rule_attest_platform_key_type,
	 0, OK, OK},
	{"rust-ccatoken--cca-token-01", "ta-02-ok.json", EVIDENCE_EAT, &rule_attest_no_trust_anchor,
	 0, OK, OK},
	{"rust-ccatoken--cca-token-02", "ta-02-ok.json", EVIDENCE_EAT, OK, 4,
	 &rule_attest_realm_measurement_length, OK},
	{"rust-ccatoken--bug-33-repro", "ta-tfa.json", EVIDENCE_EAT, &rule_attest_binding, 2, OK,
	 OK},
	{"ccatoken-go--tf-rmm-cca_token", "cca_platform.pem", EVIDENCE_EAT, OK, 4, OK, OK},
	{"tf-m-tools--cca_example_token", "cca_platform.pem", EVIDENCE_CMW, OK, 4,
	 &rule_attest_profile_pair, OK},
	{"tf-m-tools--cca_example_token_legacy", "cca_platform.pem", EVIDENCE_CMW, OK, 4, OK, OK},
	{"tf-m-tools--cca_token", "cca_platform.pem", EVIDENCE_CMW, OK, 4, OK, OK},
	{"services--arm-cca-cca-good", "ec.p256.jwk", EVIDENCE_EAT, OK, 4,
	 &rule_attest_realm_measurement_length, OK},
	{"services--end-to-end-cca-evidence", "ec.p256.jwk", EVIDENCE_EAT, OK, 4,
	 &rule_attest_realm_measurement_length, OK},
	{"tf-m-tools--cca_platform_token", "cca_platform.pem", EVIDENCE_PLATFORM,
	 &rule_attest_platform_only, 0, OK, OK},
	{"tf-m-tools--cca_example_platform_token", "cca_platform.pem", EVIDENCE_PLATFORM,
	 &rule_attest_platform_only, 0, OK, OK},
	{"tf-m-tools--cca_example_platform_token_legacy", "cca_platform.pem", EVIDENCE_PLATFORM,
	 &rule_attest_platform_only, 0, OK, OK},
	{"rust-ccatoken--platform-claims", "ta.json", EVIDENCE_PLATFORM_CLAIMS,
	 &rule_attest_unsigned, 0, OK, OK},
	{"rust-ccatoken--realm-claims", "ta.json", EVIDENCE_REALM_CLAIMS, &rule_attest_unsigned, 0,
	 OK, OK},
	{"rust-ccatoken--realm-claims+spurious-numeric-key", "ta.json", EVIDENCE_REALM_CLAIMS,
	 &rule_attest_unsigned, 0, OK, OK},
	{"rust-ccatoken--realm-claims+spurious-text-key", "ta.json", EVIDENCE_REALM_CLAIMS,
	 &rule_attest_unsigned, 0, OK, OK},
	{"rust-ccatoken--realm-claims-missing-challenge", "ta.json", EVIDENCE_REALM_CLAIMS,
	 &rule_attest_unsigned, 0, OK, &rule_attest_realm_challenge},
};

static void load_key(const char *name, struct trust_anchors *anchors)
{
	const char *wrong;
	char path[512];
	uint8_t *text;
	size_t len;

	snprintf(path, sizeof(path), "%s/keys/%s", getenv("SOFTREALM_VECTORS"), name);
	text = vectors_blob(path, &len);
	text[len] = '\0';
	if (keyfile_parse_anchors(text, len, anchors, &wrong))
		fail_msg("%s: %s", path, wrong);
	free(text);
}

static void judge(const struct sample *s, const struct evidence *ev,
		  const struct trust_anchors *anchors, bool lenient)
{
	struct evidence_policy policy = {.anchors = anchors, .lenient = lenient};
	const struct rule *verdict = lenient || !s->should ? s->verdict : s->should;
	struct evidence_verdict v;
	size_t held = 0;
	result why = evidence_verify(ev, &policy, &v);

	for (int i = 0; i < EVIDENCE_NUM_CHECKS; i++)
		held += v.check[i] == EVIDENCE_HELD;
	if (why != verdict || held != s->held - (verdict && !s->verdict))
		fail_msg("%s: %s after %zu checks", s->token, why ? why->name : "verified", held);
	if (s->form == EVIDENCE_PLATFORM) {
		policy.platform_only = policy.lenient = true;
		assert_ptr_equal(evidence_verify(ev, &policy, &v), OK);
	}
}

static void check(const struct sample *s)
{
	static struct trust_anchors anchors;
	static struct evidence ev;
	char path[512];
	uint8_t *token;
	size_t len;
	result why;

	snprintf(path, sizeof(path), "%s/tokens/%s.cbor", getenv("SOFTREALM_VECTORS"), s->token);
	token = vectors_blob(path, &len);
	load_key(s->key, &anchors);
	why = evidence_parse(token, len, &ev);
	if (why)
		fail_msg("%s: %s", s->token, why->wrong);
	assert_int_equal(ev.form, s->form);
	judge(s, &ev, &anchors, true);
	judge(s, &ev, &anchors, false);
	assert_ptr_equal(ev.platform_wrong ?: ev.realm_wrong, s->claims);
	free(token);
}

static void every_sample_gets_its_verdict(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		check(&samples[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_gets_its_verdict),
	};

	if (!getenv("SOFTREALM_VECTORS")) {
		puts("skipped: SOFTREALM_VECTORS is not set");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
