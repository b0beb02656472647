// SPDX-License-Identifier: BSD-3-Clause
/* test_measure.c - RIM and REM against values that others assert (tests/vectors). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "attest/measure.h"
#include "base/bits.h"
#include "tests/attest/vectors.h"

#define PAGE 4096

struct run {
	enum measure_hash hash;
	uint8_t rim[MEASURE_SIZE];
};

static void do_realm(struct run *r, const json_t *op)
{
	struct rmi_realm_params *p = calloc(1, sizeof(*p));

	p->flags = vectors_number(op, "flags");
	p->s2sz = (uint8_t)vectors_number(op, "s2sz");
	p->sve_vl = (uint8_t)vectors_number(op, "sve_vl");
	p->num_bps = (uint8_t)vectors_number(op, "num_bps");
	p->num_wps = (uint8_t)vectors_number(op, "num_wps");
	p->pmu_num_ctrs = (uint8_t)vectors_number(op, "pmu_num_ctrs");
	p->hash_algo = (uint8_t)vectors_number(op, "hash_algo");
	/* These must not count. */
	memset(p->rpv, 0xee, sizeof(p->rpv));
	p->vmid = 77;
	p->rtt_base = 0x12345000;
	p->rtt_num_start = 4;
	r->hash = (enum measure_hash)p->hash_algo;
	measure_realm(r->hash, p, r->rim);
	free(p);
}

/* One descriptor for each RTT entry: the largest naturally aligned block first. */
static void do_ripas(struct run *r, const json_t *op)
{
	const json_t *sizes = json_object_get(op, "rtt_block_sizes");
	uint64_t base = vectors_number(op, "base"), top = vectors_number(op, "top");

	while (base < top) {
		uint64_t size = 0;

		for (size_t i = 0; i < json_array_size(sizes); i++) {
			size = strtoull(json_string_value(json_array_get(sizes, i)), NULL, 0);
			if (IS_ALIGNED(base, size) && size <= top - base)
				break;
		}
		measure_ripas(r->hash, r->rim, base, base + size);
		base += size;
	}
}

static void do_data(struct run *r, const json_t *op)
{
	uint8_t page[PAGE], digest[MEASURE_SIZE], *blob;
	uint64_t ipa = vectors_number(op, "ipa");
	char path[512];
	size_t len;

	snprintf(path, sizeof(path), "%s/rim/%s", VECTORS,
		 json_string_value(json_object_get(op, "file")));
	blob = vectors_blob(path, &len);
	assert_int_equal(len, vectors_number(op, "bytes"));
	for (size_t at = 0; at < len; at += PAGE) {
		memset(page, 0, PAGE);
		memcpy(page, blob + at, MIN(len - at, (size_t)PAGE));
		measure_digest(r->hash, page, PAGE, digest);
		measure_data(r->hash, r->rim, ipa + at, RMI_DATA_FLAG_MEASURE, digest);
	}
	free(blob);
}

static void do_rec(struct run *r, const json_t *op)
{
	struct rmi_rec_params *p = calloc(1, sizeof(*p));
	const json_t *gprs = json_object_get(op, "gprs");
	uint8_t digest[MEASURE_SIZE];

	p->flags = vectors_number(op, "flags");
	p->pc = vectors_number(op, "pc");
	for (size_t i = 0; i < 8; i++)
		p->gprs[i] = strtoull(json_string_value(json_array_get(gprs, i)), NULL, 0);
	p->mpidr = 3; /* must not count */
	p->num_aux = 16;
	measure_rec_digest(r->hash, p, digest);
	measure_rec(r->hash, r->rim, digest);
	free(p);
}

static void do_op(struct run *r, const json_t *op)
{
	static const struct {
		const char *name;
		void (*run)(struct run *r, const json_t *op);
	} ops[] = {
		{"RMI_REALM_CREATE", do_realm},
		{"RMI_RTT_INIT_RIPAS", do_ripas},
		{"RMI_DATA_CREATE*", do_data},
		{"RMI_REC_CREATE", do_rec},
	};
	const char *name = json_string_value(json_object_get(op, "op"));

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (!strcmp(name, ops[i].name)) {
			ops[i].run(r, op);
			return;
		}
	fail_msg("%s: unknown operation", name);
}

static void rim_vectors_hold_after_each_step(void **state)
{
	json_t *all = vectors_load(VECTORS "/rim/rim-vectors.json"), *v, *op;
	size_t i, n, checked = 0;

	json_array_foreach(all, i, v)
	{
		const json_t *after = json_object_get(v, "rim_after_each_step");
		uint8_t want[MEASURE_SIZE];
		struct run r;

		json_array_foreach(json_object_get(v, "ops"), n, op)
		{
			const json_t *step = json_array_get(after, n);

			do_op(&r, op);
			vectors_hex(json_string_value(json_array_get(step, 1)), want, sizeof(want));
			assert_memory_equal(r.rim, want, MEASURE_SIZE);
			checked++;
		}
		assert_int_equal(n, json_array_size(after));
	}
	assert_true(checked >= 18);
	json_decref(all);
}

static void check_rem(const json_t *v, const char *key,
		      void (*extend)(enum measure_hash h, uint8_t *rem, const void *value,
				     size_t size))
{
	const char *hash = json_string_value(json_object_get(v, "hash"));
	enum measure_hash h = strcmp(hash, "sha-512") ? MEASURE_SHA_256 : MEASURE_SHA_512;
	uint8_t rem[MEASURE_SIZE] = {0}, value[MEASURE_SIZE], want[MEASURE_SIZE];
	json_t *ext;
	size_t i, len;

	json_array_foreach(json_object_get(v, "extends"), i, ext)
	{
		len = vectors_hex(json_string_value(ext), value, sizeof(value));
		extend(h, rem, value, len);
	}
	vectors_hex(json_string_value(json_object_get(v, key)), want, sizeof(want));
	assert_memory_equal(rem, want, MEASURE_SIZE);
}

static void rem_vectors_hold_in_both_readings(void **state)
{
	json_t *root = vectors_load(VECTORS "/rem/rem-vectors.json"), *v;
	size_t i;

	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		check_rem(v, "rem64_tf_rmm_and_islet", measure_rem_extend);
		check_rem(v, "rem64_literal_spec_1024bit_input", measure_rem_extend_spec);
	}
	assert_int_equal(i, 12);
	json_decref(root);
}

static void unmeasured_data_counts_without_its_contents(void **state)
{
	uint8_t a[MEASURE_SIZE] = {0}, b[MEASURE_SIZE] = {0}, zero[MEASURE_SIZE] = {0};

	measure_data(MEASURE_SHA_256, a, 0x1000, 0, NULL);
	measure_data(MEASURE_SHA_256, b, 0x1000, 0, zero);
	assert_memory_equal(a, b, MEASURE_SIZE);
	assert_memory_not_equal(a, zero, MEASURE_SIZE);
	measure_data(MEASURE_SHA_256, b, 0x2000, 0, NULL);
	assert_memory_not_equal(a, b, MEASURE_SIZE);
}

/* Two pages with nothing readable around them. */
static uint8_t *lonely_pages(void)
{
	uint8_t *p = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE), 0);
	for (size_t i = 0; i < 2 * PAGE; i++)
		p[PAGE + i] = (uint8_t)(i * 7 + i / 251);
	return p + PAGE;
}

static void expect_page_digests(const uint8_t *pages)
{
	for (int round = 0; round < 4; round++)
		for (enum measure_hash h = MEASURE_SHA_256; h <= MEASURE_SHA_512; h++) {
			const uint8_t *page = pages + round % 2 * PAGE, *next = page + PAGE;
			uint8_t got[MEASURE_SIZE], want[MEASURE_SIZE];

			memset(got, 0xaa, sizeof(got));
			measure_page(h, page, next, next, got);
			measure_digest(h, page, PAGE, want);
			assert_memory_equal(got, want, MEASURE_SIZE);
		}
}

static void *expect_page_digests_too(void *pages)
{
	expect_page_digests(pages);
	return NULL;
}

static void a_pages_digest_is_its_hash_whatever_comes_next(void **state)
{
	uint8_t *pages = lonely_pages();
	pthread_t t[4];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, expect_page_digests_too, pages), 0);
	expect_page_digests(pages);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	munmap(pages - PAGE, 4 * PAGE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rim_vectors_hold_after_each_step),
		cmocka_unit_test(rem_vectors_hold_in_both_readings),
		cmocka_unit_test(unmeasured_data_counts_without_its_contents),
		cmocka_unit_test(a_pages_digest_is_its_hash_whatever_comes_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
