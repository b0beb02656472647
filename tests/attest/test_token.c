// SPDX-License-Identifier: BSD-3-Clause
/* test_token.c - tokens that are made are verified, and nothing else is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hex.h"
#include "attest/platform.h"
#include "attest/rules.h"
#include "attest/token.h"
#include "attest/verify.h"
#include "base/bits.h"
#include "base/log.h"

#define MAX_TOKEN 8192

static struct trust_anchors anchors;

static int load_anchor(void **state)
{
	struct platform p;

	assert_int_equal(platform_load(NULL, &p), 0);
	anchors.count = 1;
	anchors.anchor[0].any_platform = true;
	anchors.anchor[0].key = p.cpak.pub;
	platform_unload(&p);
	return 0;
}

static struct attest_identity *load(enum attest_form form, bool deterministic)
{
	struct attest_options opt = {.form = form, .deterministic = deterministic};
	struct attest_identity *id;

	assert_int_equal(attest_identity_load(&opt, &id), 0);
	return id;
}

static struct attest_realm_claims claims(enum measure_hash hash)
{
	struct attest_realm_claims c = {.hash = hash};

	memset(c.challenge, 0x11, sizeof(c.challenge));
	memset(c.rpv, 0x22, sizeof(c.rpv));
	memset(c.rim, 0x33, measure_hash_len(hash));
	for (int i = 0; i < ATTEST_NUM_REMS; i++)
		memset(c.rem[i], 0x44 + i, measure_hash_len(hash));
	return c;
}

static size_t make(const struct attest_identity *id, const struct attest_realm_claims *c,
		   uint8_t token[MAX_TOKEN])
{
	size_t len;

	assert_int_equal(attest_token_create(id, c, token, MAX_TOKEN, &len), 0);
	return len;
}

static struct evidence_verdict verdict;

static result verify_as(const uint8_t *token, size_t len, const struct evidence_policy *policy)
{
	static struct evidence ev;
	result why = evidence_parse(token, len, &ev);

	memset(&verdict, 0, sizeof(verdict));
	return why ? why : evidence_verify(&ev, policy, &verdict);
}

static result verify(const uint8_t *token, size_t len, const struct evidence_expected *e)
{
	struct evidence_policy policy = {.anchors = &anchors};

	if (e)
		policy.expected = *e;
	return verify_as(token, len, &policy);
}

static size_t num_held(void)
{
	size_t n = 0;

	for (int i = 0; i < EVIDENCE_NUM_CHECKS; i++)
		n += verdict.check[i] == EVIDENCE_HELD;
	return n;
}

static void each_form_and_hash_is_verified_and_within_its_bound(void **state)
{
	uint8_t token[MAX_TOKEN];

	for (int f = ATTEST_FORM_EAT; f <= ATTEST_FORM_LEGACY; f++) {
		struct attest_identity *id = load((enum attest_form)f, false);

		for (int h = MEASURE_SHA_256; h <= MEASURE_SHA_512; h++) {
			struct attest_realm_claims c = claims((enum measure_hash)h);
			size_t len = make(id, &c, token), again;

			assert_ptr_equal(verify(token, len, NULL), OK);
			assert_int_equal(num_held(), EVIDENCE_CHECK_EXPECTED);
			assert_true(len <= attest_token_bound(id, c.hash));
			assert_int_equal(attest_token_create(id, &c, token, len - 1, &again),
					 -ENOSPC);
			assert_int_equal(attest_token_create(id, &c, token, len, &again), 0);
		}
		attest_identity_free(id);
	}
}

static void what_is_expected_is_compared(void **state)
{
	struct attest_realm_claims c = claims(MEASURE_SHA_256);
	struct attest_identity *id = load(ATTEST_FORM_EAT, false);
	uint8_t token[MAX_TOKEN];
	size_t len;
	struct evidence_expected good = {
		.nonce = {c.challenge, 64},
		.rim = {c.rim, 32},
		.rpv = {c.rpv, 64},
		.rem = {{c.rem[0], 64}, {c.rem[1], 32}, {c.rem[2], 32}, {c.rem[3], 32}},
	};
	struct evidence_expected e;

	memset(c.challenge + 32, 0, 32); /* a nonce of 32 bytes, padded */
	len = make(id, &c, token);
	assert_ptr_equal(verify(token, len, &good), OK);
	good.nonce.len = 32;
	assert_ptr_equal(verify(token, len, &good), OK);

	e = good, e.nonce.len = 31;
	assert_ptr_equal(verify(token, len, &e), &rule_attest_expected_nonce);
	e = good, e.rim.p = c.rem[0];
	assert_ptr_equal(verify(token, len, &e), &rule_attest_expected_rim);
	e = good, e.rem[3].p = c.rem[0];
	assert_ptr_equal(verify(token, len, &e), &rule_attest_expected_rem);
	e = good, e.rpv.p = c.challenge;
	assert_ptr_equal(verify(token, len, &e), &rule_attest_expected_rpv);
	assert_int_equal(num_held(), EVIDENCE_CHECK_EXPECTED);
	assert_int_equal(verdict.check[EVIDENCE_CHECK_EXPECTED], EVIDENCE_FAILED);
	attest_identity_free(id);
}

static void deterministic_tokens_are_equal_to_the_byte(void **state)
{
	struct attest_realm_claims c = claims(MEASURE_SHA_512);
	struct attest_identity *a = load(ATTEST_FORM_EAT, true), *b = load(ATTEST_FORM_EAT, true);
	struct attest_identity *fresh = load(ATTEST_FORM_EAT, false);
	uint8_t ta[MAX_TOKEN], tb[MAX_TOKEN], tf[MAX_TOKEN];
	size_t len = make(a, &c, ta);

	assert_int_equal(make(b, &c, tb), len);
	assert_memory_equal(ta, tb, len);
	assert_int_equal(make(fresh, &c, tf), len);
	assert_memory_not_equal(ta, tf, len);
	attest_identity_free(a);
	attest_identity_free(b);
	attest_identity_free(fresh);
}

static void a_realm_token_of_another_boot_is_not_bound(void **state)
{
	struct attest_realm_claims c = claims(MEASURE_SHA_256);
	struct attest_identity *a = load(ATTEST_FORM_EAT, false), *b = load(ATTEST_FORM_EAT, false);
	uint8_t ta[MAX_TOKEN], tb[MAX_TOKEN];
	size_t len = make(a, &c, ta);
	const struct evidence_policy policy = {.anchors = &anchors};
	struct evidence ea, eb;

	assert_int_equal(make(b, &c, tb), len);
	assert_ptr_equal(evidence_parse(ta, len, &ea), OK);
	assert_ptr_equal(evidence_parse(tb, len, &eb), OK);
	ea.realm = eb.realm;
	ea.realm_sig = eb.realm_sig;
	assert_ptr_equal(evidence_verify(&ea, &policy, &verdict), &rule_attest_binding);
	assert_int_equal(num_held(), EVIDENCE_CHECK_BINDING);
	assert_string_equal(verdict.mismatch.what, "hash of the RAK");
	attest_identity_free(a);
	attest_identity_free(b);
}

/* Each signature that is looked at costs: where all is emulated, one of so many does. */
static size_t stride(void)
{
	const char *text = getenv("SOFTREALM_TEST_STRIDE");

	return text ? MAX(strtoul(text, NULL, 10), 1ul) : 1;
}

static void no_bit_of_a_token_can_be_flipped(void **state)
{
	struct attest_realm_claims c = claims(MEASURE_SHA_256);
	struct attest_identity *id = load(ATTEST_FORM_EAT, true);
	uint8_t token[MAX_TOKEN];
	size_t len = make(id, &c, token);

	for (size_t bit = 0; bit < 8 * len; bit += stride()) {
		token[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!verify(token, len, NULL))
			fail_msg("bit %zu of byte %zu does not matter", bit % 8, bit / 8);
		token[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_ptr_equal(verify(token, len, NULL), OK);
	attest_identity_free(id);
}

static void no_prefix_and_no_extension_of_a_token_is_one(void **state)
{
	struct attest_realm_claims c = claims(MEASURE_SHA_256);
	struct attest_identity *id = load(ATTEST_FORM_CMW, true);
	uint8_t token[MAX_TOKEN];
	size_t len = make(id, &c, token);

	for (size_t n = 0; n < len; n++)
		assert_ptr_not_equal(verify(token, n, NULL), OK);
	token[len] = 0;
	assert_ptr_equal(verify(token, len + 1, NULL), &rule_attest_cbor);
	attest_identity_free(id);
}

static void hostile_cbor_is_refused_at_once(void **state)
{
	static const struct {
		const char *hex;
		const struct rule *rule;
	} cases[] = {
		{"", &rule_attest_cbor},
		{"d9018fbb7fffffffffffffff", &rule_attest_cbor}, /* a map of 2^63 pairs */
		{"9b0000000100000000", &rule_attest_cbor},	 /* an array of 2^32 */
		{"5bffffffffffffffff00", &rule_attest_cbor},	 /* a string longer than all */
		{"bf0a40ff", &rule_attest_cbor},		 /* indefinite length */
		{"d9018f", &rule_attest_cbor},
		{"a0", NULL}, /* no claims at all */
		{"00", &rule_attest_not_a_token},
		{"d9018fa0", &rule_attest_collection},
		{"d9018fa219acca4019acd140", &rule_attest_cose},
		{"d9018fa219acca4019acca40", &rule_attest_collection}, /* the same part twice */
		{"d9038ba219acca4019acd140", &rule_attest_collection}, /* 399's body in a 907 */
		{"d28440a0a040", &rule_attest_cose},		       /* payload of another kind */
		{"d28443a10100a04040", &rule_attest_cose_alg},
		{"d28440a04040", &rule_attest_cose_alg},
		{"d28441a0a04040", &rule_attest_cose_alg},
		{"d2844101a04040", &rule_attest_cose_header},
		{"1c", &rule_attest_cbor},   /* reserved additional information */
		{"f800", &rule_attest_cbor}, /* a simple value below 32 in two bytes */
		{"f817", &rule_attest_cbor},
		{"f820", &rule_attest_not_a_token},
		{"ff", &rule_attest_cbor},
	};
	static uint8_t nested[4096];
	static struct evidence ev;
	uint8_t buf[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ssize_t n = hex_decode(cases[i].hex, buf, sizeof(buf));

		assert_true(n >= 0);
		assert_ptr_equal(evidence_parse(buf, (size_t)n, &ev), cases[i].rule);
	}
	memset(nested, 0x81, sizeof(nested)); /* arrays in arrays, and then a number */
	nested[sizeof(nested) - 1] = 0;
	assert_ptr_equal(evidence_parse(nested, sizeof(nested), &ev), &rule_attest_cbor);
	assert_ptr_equal(evidence_parse(nested + sizeof(nested) - 17, 17, &ev),
			 &rule_attest_not_a_token); /* 16 deep is allowed */
	assert_ptr_equal(evidence_parse(nested + sizeof(nested) - 18, 18, &ev), &rule_attest_cbor);
	assert_ptr_equal(evidence_parse(nested, EVIDENCE_MAX_SIZE + 1, &ev),
			 &rule_attest_too_large);
}

static void a_claim_that_occurs_twice_is_refused(void **state)
{
	static const uint8_t twice[] = {0xa2, 0x0a, 0x40, 0x0a, 0x40};
	static struct evidence ev;

	assert_ptr_equal(evidence_parse(twice, sizeof(twice), &ev), OK);
	assert_ptr_equal(ev.platform_wrong, &rule_attest_claim_duplicate);
}

static void lifecycle_is_selectable(void **state)
{
	struct attest_options opt = {.has_lifecycle = true, .lifecycle = 0x3001};
	struct attest_realm_claims c = claims(MEASURE_SHA_256);
	struct attest_identity *id;
	uint8_t token[MAX_TOKEN];
	struct evidence ev;

	assert_int_equal(attest_identity_load(&opt, &id), 0);
	assert_ptr_equal(evidence_parse(token, make(id, &c, token), &ev), OK);
	assert_int_equal(ev.platform.lifecycle.value, 0x3001);
	attest_identity_free(id);
	opt.lifecycle = 0; /* which is a state as well: unknown */
	assert_int_equal(attest_identity_load(&opt, &id), 0);
	assert_ptr_equal(evidence_parse(token, make(id, &c, token), &ev), OK);
	assert_int_equal(ev.platform.lifecycle.value, 0);
	attest_identity_free(id);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_and_hash_is_verified_and_within_its_bound),
		cmocka_unit_test(what_is_expected_is_compared),
		cmocka_unit_test(deterministic_tokens_are_equal_to_the_byte),
		cmocka_unit_test(a_realm_token_of_another_boot_is_not_bound),
		cmocka_unit_test(no_bit_of_a_token_can_be_flipped),
		cmocka_unit_test(no_prefix_and_no_extension_of_a_token_is_one),
		cmocka_unit_test(hostile_cbor_is_refused_at_once),
		cmocka_unit_test(a_claim_that_occurs_twice_is_refused),
		cmocka_unit_test(lifecycle_is_selectable),
	};

	return cmocka_run_group_tests(tests, load_anchor, NULL);
}
