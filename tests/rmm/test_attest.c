// SPDX-License-Identifier: BSD-3-Clause
/* test_attest.c - attestation tokens, as the realm gets them piece by piece. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "attest/platform.h"
#include "attest/verify.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define BUF	  IPA_B
#define MAX_TOKEN 20480

static struct attest_identity *identity;
static struct trust_anchors anchors;
static struct realm realm;
static uint8_t *buf; /* what the realm has at BUF */

/* ---- the realm's side: one call at a time ---- */

static struct {
	uint64_t fid, args[8];
	bool kick; /* the host wants the PE back while the call is made */
	bool made;
} call;

static enum engine_exit make_call(struct engine *e, unsigned int cpu)
{
	if (call.made)
		return ENGINE_EXIT_IRQ;
	call.made = true;
	if (call.kick)
		pe_kick(realm.h->pe);
	return script_smc(e, cpu, call.fid, call.args, ARRAY_SIZE(call.args));
}

/* Make an RSI call on a REC and return the exit; the answer is in fake->frame after it. */
static const struct rmi_rec_exit *rsi_raw(struct realm *r, unsigned int rec, uint64_t fid,
					  const uint64_t *args, size_t n)
{
	call.fid = fid;
	call.made = false;
	memset(call.args, 0, sizeof(call.args));
	memcpy(call.args, args, n * sizeof(*args));
	script = make_call;
	return realm_run(r, rec);
}

/* The same for a call that the realm sees answered in this run: X0. */
static uint64_t rsi_on(struct realm *r, unsigned int rec, uint64_t fid, const uint64_t *args,
		       size_t n)
{
	assert_int_equal(rsi_raw(r, rec, fid, args, n)->exit_reason, RMI_EXIT_IRQ);
	return fake->frame[rec].x[0];
}

static uint64_t init_on(struct realm *r, unsigned int rec, uint8_t challenge)
{
	uint64_t c[8];

	memset(c, challenge, sizeof(c));
	return rsi_on(r, rec, RSI_ATTESTATION_TOKEN_INIT, c, 8);
}

static uint64_t get(struct realm *r, uint64_t addr, uint64_t offset, uint64_t size)
{
	return rsi_on(r, 0, RSI_ATTESTATION_TOKEN_CONTINUE, (uint64_t[]){addr, offset, size}, 3);
}

#define X(n) (fake->frame[0].x[n])

/* ---- fixture ---- */

static void load_identity(const char *dir)
{
	struct attest_options opt = {.dir = dir, .deterministic = true};
	struct platform p;

	assert_int_equal(platform_load(dir, &p), 0);
	anchors.count = 1;
	anchors.anchor[0].any_platform = true;
	anchors.anchor[0].key = p.cpak.pub;
	platform_unload(&p);
	assert_int_equal(attest_identity_load(&opt, &identity), 0);
	host_attest = identity;
}

static void start_realm(struct host *h, uint8_t hash)
{
	struct rmi_realm_params *p;
	uint64_t pa;

	realm_prepare(&realm, h, 48, 0, 1);
	p = realm_params(&realm, &pa);
	p->hash_algo = hash;
	memset(p->rpv, 0x77, sizeof(p->rpv));
	EXPECT(0, h, REALM_CREATE, realm.rd, pa);
	machine_free(h->m, pa, 1);
	realm_add_rec(&realm, true, IPA_B);
	realm_add_rec(&realm, true, IPA_B);
	buf = host_va(h, realm_add_page(&realm, BUF));
	realm_activate(&realm);
}

static int setup(void **state)
{
	int err;

	load_identity(NULL);
	err = host_setup(state);
	start_realm(*state, RMI_HASH_SHA_256);
	return err;
}

static int teardown(void **state)
{
	realm_destroy(&realm);
	attest_identity_free(identity);
	host_attest = NULL;
	return host_teardown(state);
}

/* The token is good and says what the realm can read of itself. */
static void check_token(const uint8_t *token, size_t len, uint8_t challenge, const uint8_t *rem1)
{
	static struct evidence ev;
	uint8_t nonce[64], rpv[64], rim[64];
	struct evidence_policy policy = {
		.anchors = &anchors,
		.expected = {.nonce = {nonce, 64}, .rim = {rim, 64}, .rpv = {rpv, 64}},
	};
	struct evidence_verdict verdict;
	result why;

	memset(nonce, challenge, sizeof(nonce));
	memset(rpv, 0x77, sizeof(rpv));
	assert_int_equal(rsi_on(&realm, 0, RSI_MEASUREMENT_READ, (uint64_t[]){0}, 1), 0);
	memcpy(rim, &X(1), sizeof(rim));
	if (rem1)
		policy.expected.rem[0] = (struct bytes){rem1, 64};
	why = evidence_parse(token, len, &ev);
	if (!why)
		why = evidence_verify(&ev, &policy, &verdict);
	if (why)
		fail_msg("%s", why->name);
}

/* ---- tests ---- */

static void a_page_takes_the_whole_token(void **state)
{
	uint64_t bound;

	assert_int_equal(init_on(&realm, 0, 0x11), RSI_SUCCESS);
	bound = X(1);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_SUCCESS);
	assert_true(X(1) <= bound);
	check_token(buf, X(1), 0x11, NULL);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_ERROR_STATE);
}

static void the_page_is_touched_as_one_that_changed(void **state)
{
	unsigned int touches = fake ? fake->touches : 0;

	init_on(&realm, 0, 1);
	get(&realm, BUF, 0, 16);
	assert_int_equal(fake->touches, touches + 1);
}

static void chunks_come_at_any_offset_and_size(void **state)
{
	static const struct {
		uint64_t offset, size;
	} chunks[] = {{0, 1}, {4095, 1}, {7, 0}, {0, 64}, {1, 333}, {4000, 96}, {2048, 100}};
	uint8_t token[MAX_TOKEN];
	size_t have = 0, i;
	uint64_t x0 = RSI_INCOMPLETE;

	init_on(&realm, 0, 0x22);
	for (i = 0; x0 == RSI_INCOMPLETE; i++) {
		uint64_t offset = chunks[i % ARRAY_SIZE(chunks)].offset;
		uint64_t size = chunks[i % ARRAY_SIZE(chunks)].size, n;

		memset(buf, 0xee, GRANULE_SIZE);
		x0 = get(&realm, BUF, offset, size);
		n = X(1);
		assert_true(x0 == RSI_SUCCESS ? n <= size : n == size);
		memcpy(token + have, buf + offset, n);
		have += n;
		/* nothing beside it was written */
		for (uint64_t at = 0; at < GRANULE_SIZE; at++)
			if ((at < offset || at >= offset + n) && buf[at] != 0xee)
				fail_msg("byte %zu was written", (size_t)at);
	}
	assert_int_equal(x0, RSI_SUCCESS);
	assert_true(i > ARRAY_SIZE(chunks));
	check_token(token, have, 0x22, NULL);
}

static void refusals_leave_the_token_where_it_was(void **state)
{
	static const struct {
		uint64_t addr, offset, size;
	} bad[] = {
		{BUF + 1, 0, 16},
		{BUF, 4096, 0},
		{BUF, UINT64_MAX, 2},
		{BUF, 4095, 2},
		{BUF, 0, 4097},
		{BUF, 1, UINT64_MAX},
		{IPA_U, 0, 16},
		{IPA_U * 2, 0, 16},
		{UINT64_MAX & ~4095, 0, 16},
		{BUF + GRANULE_SIZE, 0, 16}, /* RIPAS EMPTY */
	};

	assert_int_equal(get(&realm, BUF, 0, 16), RSI_ERROR_STATE);
	init_on(&realm, 0, 0x33);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
		if (i == ARRAY_SIZE(bad)) { /* once more, in the middle of the token */
			assert_int_equal(get(&realm, BUF, 0, 100), RSI_INCOMPLETE);
			assert_int_equal(X(1), 100);
		}
		assert_int_equal(get(&realm, bad[i % ARRAY_SIZE(bad)].addr,
				     bad[i % ARRAY_SIZE(bad)].offset,
				     bad[i % ARRAY_SIZE(bad)].size),
				 RSI_ERROR_INPUT);
		assert_int_equal(X(1), 0);
	}
	assert_int_equal(get(&realm, BUF, 100, 3996), RSI_SUCCESS);
	check_token(buf, 100 + X(1), 0x33, NULL);
}

static void measurements_are_those_of_init(void **state)
{
	static const uint8_t zero[64];
	uint8_t rem[64];

	init_on(&realm, 0, 0x44);
	assert_int_equal(rsi_on(&realm, 0, RSI_MEASUREMENT_EXTEND, (uint64_t[]){1, 8, 0xabcd}, 3),
			 0);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_SUCCESS);
	check_token(buf, X(1), 0x44, zero);

	assert_int_equal(rsi_on(&realm, 0, RSI_MEASUREMENT_READ, (uint64_t[]){1}, 1), 0);
	memcpy(rem, &X(1), sizeof(rem));
	assert_memory_not_equal(rem, zero, sizeof(rem));
	init_on(&realm, 0, 0x45);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_SUCCESS);
	check_token(buf, X(1), 0x45, rem);
}

static void init_throws_away_what_there_was(void **state)
{
	init_on(&realm, 0, 0x55);
	assert_int_equal(get(&realm, BUF, 0, 500), RSI_INCOMPLETE);
	init_on(&realm, 0, 0x56);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_SUCCESS);
	check_token(buf, X(1), 0x56, NULL);
}

static void each_rec_has_a_token_of_its_own(void **state)
{
	const uint64_t args[] = {BUF, 0, GRANULE_SIZE};

	init_on(&realm, 0, 0x66);
	assert_int_equal(rsi_on(&realm, 1, RSI_ATTESTATION_TOKEN_CONTINUE, args, 3),
			 RSI_ERROR_STATE);
	init_on(&realm, 1, 0x67);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_SUCCESS);
	check_token(buf, X(1), 0x66, NULL);
	assert_int_equal(rsi_on(&realm, 1, RSI_ATTESTATION_TOKEN_CONTINUE, args, 3), RSI_SUCCESS);
	check_token(buf, fake->frame[1].x[1], 0x67, NULL);
}

static void an_interrupt_cuts_in_without_a_byte(void **state)
{
	const uint64_t args[] = {BUF, 0, GRANULE_SIZE};
	struct host *h = *state;
	uint64_t pc;

	init_on(&realm, 0, 0x77);
	memset(buf, 0xee, GRANULE_SIZE);
	pc = fake->frame[0].pc;
	call.kick = true;
	assert_int_equal(rsi_raw(&realm, 0, RSI_ATTESTATION_TOKEN_CONTINUE, args, 3)->exit_reason,
			 RMI_EXIT_IRQ);
	call.kick = false;
	assert_true(pe_kicked(h->pe));
	assert_int_equal(buf[0], 0xee);
	pe_clear(h->pe);
	/* The realm goes on behind the call, and sees what became of it. */
	assert_int_equal(realm_run(&realm, 0)->exit_reason, RMI_EXIT_IRQ);
	assert_int_equal(X(0), RSI_INCOMPLETE);
	assert_int_equal(X(1), 0);
	assert_int_equal(fake->frame[0].pc, pc + 4);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_SUCCESS);
	check_token(buf, X(1), 0x77, NULL);
}

static void a_page_that_is_not_there_yet_is_the_hosts_business(void **state)
{
	const uint64_t ipa = BUF + 2 * GRANULE_SIZE;
	struct host *h = *state;
	const struct rmi_rec_exit *x;
	uint64_t pc, pa = host_granule(h);

	/* RAM from the start, but without a page */
	realm_destroy(&realm);
	realm_create(&realm, h);
	realm_add_rec(&realm, true, IPA_B);
	realm_tables(&realm, ipa, 3);
	EXPECT(0, h, RTT_INIT_RIPAS, realm.rd, ipa, ipa + GRANULE_SIZE);
	realm_activate(&realm);

	init_on(&realm, 0, 0x88);
	pc = fake->frame[0].pc;
	x = rsi_raw(&realm, 0, RSI_ATTESTATION_TOKEN_CONTINUE, (uint64_t[]){ipa, 8, 100}, 3);
	assert_int_equal(x->exit_reason, RMI_EXIT_SYNC);
	assert_int_equal(x->esr, UINT64_C(0x24) << 26 | (4 + 3));
	assert_int_equal(x->hpfar, ipa >> 8);
	EXPECT(0, h, DATA_CREATE_UNKNOWN, realm.rd, pa, ipa);
	realm_run(&realm, 0);
	assert_int_equal(fake->frame[0].pc, pc); /* the same call again */
	assert_int_equal(get(&realm, ipa, 8, 100), RSI_INCOMPLETE);
	assert_int_equal(X(1), 100);
	assert_memory_equal((uint8_t *)host_va(h, pa) + 8, "\xd9\x01\x8f", 3);
}

static void sha_512_realms_attest_too(void **state)
{
	realm_destroy(&realm);
	start_realm(*state, RMI_HASH_SHA_512);
	init_on(&realm, 0, 0x99);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_SUCCESS);
	check_token(buf, X(1), 0x99, NULL);
}

/* A platform with so many components that its token does not fit a page. */
static void make_large_platform(const char *dir)
{
	char path[256];
	json_t *doc, *list, *component;

	assert_int_equal(platform_create(dir), 0);
	snprintf(path, sizeof(path), "%s/platform.json", dir);
	doc = json_load_file(path, 0, NULL);
	list = json_object_get(doc, "sw-components");
	component = json_array_get(list, 0);
	while (json_array_size(list) < CLAIMS_MAX_COMPONENTS)
		json_array_append(list, component);
	assert_int_equal(json_dump_file(doc, path, 0), 0);
	json_decref(doc);
}

static void a_token_of_several_pages_comes_in_several_calls(void **state)
{
	static const char *const files[] = {"cpak.pem", "cpak.pub.pem", "cpak.jwk",
					    "platform.json"};
	char tmp[] = "/tmp/test_attest.XXXXXX", dir[64], path[256];
	uint8_t token[MAX_TOKEN];
	size_t have = 0;
	uint64_t x0, bound;

	assert_non_null(mkdtemp(tmp));
	snprintf(dir, sizeof(dir), "%s/p", tmp);
	make_large_platform(dir);
	realm_destroy(&realm);
	attest_identity_free(identity);
	host_stop(*state);
	load_identity(dir);
	host_start(*state, 0);
	start_realm(*state, RMI_HASH_SHA_256);

	init_on(&realm, 0, 0xaa);
	bound = X(1);
	do { /* as Linux does: page after page */
		x0 = get(&realm, BUF, 0, GRANULE_SIZE);
		memcpy(token + have, buf, X(1));
		have += X(1);
	} while (x0 == RSI_INCOMPLETE);
	assert_int_equal(x0, RSI_SUCCESS);
	assert_true(have > GRANULE_SIZE && have <= bound);
	check_token(token, have, 0xaa, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
	rmdir(tmp);
}

/* ---- failures ---- */

static bool signing_fails;
int __real_attest_token_create(const struct attest_identity *id,
			       const struct attest_realm_claims *c, uint8_t *out, size_t cap,
			       size_t *len);
int __wrap_attest_token_create(const struct attest_identity *id,
			       const struct attest_realm_claims *c, uint8_t *out, size_t cap,
			       size_t *len);

int __wrap_attest_token_create(const struct attest_identity *id,
			       const struct attest_realm_claims *c, uint8_t *out, size_t cap,
			       size_t *len)
{
	return signing_fails ? -EIO : __real_attest_token_create(id, c, out, cap, len);
}

static void a_failed_signature_ends_the_attempt(void **state)
{
	init_on(&realm, 0, 0xbb);
	signing_fails = true;
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_ERROR_UNKNOWN);
	signing_fails = false;
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_ERROR_STATE);
	init_on(&realm, 0, 0xbc);
	assert_int_equal(get(&realm, BUF, 0, GRANULE_SIZE), RSI_SUCCESS);
}

static void without_an_identity_there_are_no_tokens(void **state)
{
	realm_destroy(&realm);
	host_stop(*state);
	host_attest = NULL;
	host_start(*state, 0);
	start_realm(*state, RMI_HASH_SHA_256);
	assert_int_equal(init_on(&realm, 0, 1), RSI_ERROR_STATE);
	assert_int_equal(get(&realm, BUF, 0, 16), RSI_ERROR_STATE);
}

int test_attest(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_page_takes_the_whole_token),
		TEST(the_page_is_touched_as_one_that_changed),
		TEST(chunks_come_at_any_offset_and_size),
		TEST(refusals_leave_the_token_where_it_was),
		TEST(measurements_are_those_of_init),
		TEST(init_throws_away_what_there_was),
		TEST(each_rec_has_a_token_of_its_own),
		TEST(an_interrupt_cuts_in_without_a_byte),
		TEST(a_page_that_is_not_there_yet_is_the_hosts_business),
		TEST(sha_512_realms_attest_too),
		TEST(a_token_of_several_pages_comes_in_several_calls),
		TEST(a_failed_signature_ends_the_attempt),
		TEST(without_an_identity_there_are_no_tokens),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
