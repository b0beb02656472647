// SPDX-License-Identifier: BSD-3-Clause
/* test_predict.c - which extensions KVM's realm gets, in which order, and what they add up to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/predict.h"
#include "base/bits.h"

#define KIB	 UINT64_C(1024)
#define MIB	 (1024 * KIB)
#define GIB	 (1024 * MIB)
#define RAM_BASE (2 * GIB)

#define MAX_ENTRIES 8192

static struct log {
	struct ledger_entry e[MAX_ENTRIES];
	size_t n;
} seen;

static void record(void *arg, const struct ledger_entry *e)
{
	struct log *l = arg;

	assert_true(l->n < MAX_ENTRIES);
	l->e[l->n++] = *e;
}

static struct predict *start(unsigned int ipa_bits)
{
	static struct rmi_realm_params p;
	struct predict *pr;

	p.s2sz = (uint8_t)ipa_bits;
	p.num_bps = 5;
	p.num_wps = 3;
	seen.n = 0;
	assert_int_equal(predict_create(&p, record, &seen, &pr), 0);
	return pr;
}

static void activate(struct predict *pr, const struct predict_slot *slots, size_t n)
{
	static struct rmi_rec_params recs[2];

	recs[0].flags = RMI_REC_FLAG_RUNNABLE;
	recs[0].pc = RAM_BASE;
	assert_int_equal(predict_activate(pr, recs, 2, slots, n), 0);
}

/* The next n entries are RIPAS descriptors of this size, one behind the other from base. */
static size_t expect_ripas(size_t at, uint64_t base, uint64_t size, size_t n)
{
	for (size_t i = 0; i < n; i++, at++) {
		assert_true(at < seen.n);
		assert_int_equal(seen.e[at].cause, LEDGER_INIT_RIPAS);
		assert_int_equal(seen.e[at].addr, base + i * size);
		assert_int_equal(seen.e[at].top, base + (i + 1) * size);
	}
	return at;
}

static size_t expect_populated(size_t pages)
{
	size_t at = 0;

	assert_int_equal(seen.e[at++].cause, LEDGER_REALM_CREATE);
	for (size_t i = 0; i < pages; i++, at++) {
		assert_int_equal(seen.e[at].cause, LEDGER_DATA_CREATE);
		assert_int_equal(seen.e[at].addr, RAM_BASE + i * 4 * KIB);
	}
	assert_int_equal(seen.e[at++].cause, LEDGER_REC_CREATE); /* the second is not runnable */
	return at;
}

static const struct predict_slot two_slots[] = {
	{.id = 0, .base = RAM_BASE, .size = 2 * GIB, .gmem = true},
	{.id = 1, .base = 0, .size = 64 * KIB, .gmem = true},
	{.id = 2, .base = 4 * GIB - 64 * KIB, .size = 64 * KIB, .gmem = false},
};

static uint8_t pages[3 * 4096];

/* IPA width 33: the walk starts at eight concatenated tables of level 2. */
static void concatenated_level_2_tables(void **state)
{
	struct predict *pr = start(33);
	size_t at;

	assert_int_equal(predict_populate(pr, RAM_BASE, pages, sizeof(pages), true), 0);
	activate(pr, two_slots, 3);
	at = expect_populated(3);
	at = expect_ripas(at, RAM_BASE + 12 * KIB, 4 * KIB, 509);
	at = expect_ripas(at, RAM_BASE + 2 * MIB, 2 * MIB, 511);
	at = expect_ripas(at, RAM_BASE + 1 * GIB, 2 * MIB, 512);
	at = expect_ripas(at, 0, 4 * KIB, 16);
	assert_int_equal(at, seen.n);
	predict_free(pr);
}

static void a_start_at_level_1_gives_blocks_of_1_gib(void **state)
{
	struct predict *pr = start(40);
	size_t at;

	assert_int_equal(predict_populate(pr, RAM_BASE, pages, sizeof(pages), true), 0);
	activate(pr, two_slots, 3);
	at = expect_populated(3);
	at = expect_ripas(at, RAM_BASE + 12 * KIB, 4 * KIB, 509);
	at = expect_ripas(at, RAM_BASE + 2 * MIB, 2 * MIB, 511);
	at = expect_ripas(at, RAM_BASE + 1 * GIB, 1 * GIB, 1);
	at = expect_ripas(at, 0, 4 * KIB, 16);
	assert_int_equal(at, seen.n);
	predict_free(pr);
}

static void slots_are_walked_in_the_order_of_the_id_hash(void **state)
{
	static const unsigned int order[] = {0, 8, 3, 11, 6, 14, 1, 9, 4, 12, 7, 15, 2, 10, 5, 13};
	struct predict_slot slots[16];
	struct predict *pr = start(40);
	size_t at;

	for (unsigned int i = 0; i < 16; i++)
		slots[i] = (struct predict_slot){i, i * 2 * MIB, 2 * MIB, true};
	activate(pr, slots, 16);
	at = expect_populated(0);
	/* The first makes the level 2 table, the others find it. */
	for (unsigned int i = 0; i < 16; i++)
		at = expect_ripas(at, order[i] * 2 * MIB, 2 * MIB, 1);
	assert_int_equal(at, seen.n);
	predict_free(pr);

	/* 1 and 90 share a bucket: the newer one comes first. */
	pr = start(40);
	slots[0] = (struct predict_slot){1, 0, 2 * MIB, true};
	slots[1] = (struct predict_slot){90, 2 * MIB, 2 * MIB, true};
	activate(pr, slots, 2);
	expect_ripas(expect_ripas(expect_populated(0), 2 * MIB, 2 * MIB, 1), 0, 2 * MIB, 1);
	predict_free(pr);
}

static void a_hole_between_populated_pages_is_filled(void **state)
{
	static const struct predict_slot slot = {0, RAM_BASE, 4 * MIB, true};
	struct predict *pr = start(36);
	size_t at;

	assert_int_equal(predict_populate(pr, RAM_BASE, pages, 4096, true), 0);
	assert_int_equal(predict_populate(pr, RAM_BASE + 2 * MIB + 8 * KIB, pages, 4096, false), 0);
	activate(pr, &slot, 1);
	assert_false(seen.e[2].has_digest);
	assert_int_equal(seen.e[2].flags, 0);
	at = expect_ripas(4, RAM_BASE + 4 * KIB, 4 * KIB, 511);
	at = expect_ripas(at, RAM_BASE + 2 * MIB, 4 * KIB, 2);
	at = expect_ripas(at, RAM_BASE + 2 * MIB + 12 * KIB, 4 * KIB, 509);
	assert_int_equal(at, seen.n);
	predict_free(pr);
}

static void what_kvm_refuses_is_refused(void **state)
{
	struct rmi_realm_params *bad = calloc(1, sizeof(*bad));
	struct predict_slot high = {0, UINT64_C(1) << 39, 2 * MIB, true};
	struct predict *pr;

	bad->s2sz = 31;
	assert_int_equal(predict_create(bad, NULL, NULL, &pr), -EINVAL);
	bad->s2sz = 40;
	bad->hash_algo = 2;
	assert_int_equal(predict_create(bad, NULL, NULL, &pr), -EINVAL);
	free(bad);

	pr = start(40);
	assert_int_equal(predict_populate(pr, 1, pages, 4096, true), -EINVAL);
	assert_int_equal(predict_populate(pr, 0, pages, 100, true), -EINVAL);
	assert_int_equal(predict_populate(pr, UINT64_C(1) << 39, pages, 4096, true), -EINVAL);
	assert_int_equal(predict_populate(pr, (UINT64_C(1) << 39) - 4096, pages, 8192, true),
			 -EINVAL);
	assert_int_equal(predict_populate(pr, 0, pages, 4096, true), 0);
	assert_int_equal(predict_populate(pr, 0, pages, 4096, true), -EEXIST);
	assert_int_equal(predict_activate(pr, NULL, 0, &high, 1), -EINVAL);
	assert_int_equal(predict_activate(pr, NULL, 0, NULL, 0), 0);
	assert_int_equal(predict_populate(pr, 4096, pages, 4096, true), -EBUSY);
	assert_int_equal(predict_activate(pr, NULL, 0, NULL, 0), -EBUSY);
	predict_free(pr);
}

static void the_rim_is_what_the_entries_add_up_to(void **state)
{
	static const struct predict_slot slot = {0, RAM_BASE, 4 * MIB, true};
	struct predict *pr = start(40);
	uint8_t rim[MEASURE_SIZE], want[MEASURE_SIZE];

	assert_int_equal(predict_populate(pr, RAM_BASE, pages, sizeof(pages), true), 0);
	activate(pr, &slot, 1);
	predict_rim(pr, rim);
	for (size_t i = 0; i < seen.n; i++) {
		ledger_apply(&seen.e[i], want);
		assert_memory_equal(want, seen.e[i].after, MEASURE_SIZE);
	}
	assert_memory_equal(rim, want, MEASURE_SIZE);
	predict_free(pr);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(concatenated_level_2_tables),
		cmocka_unit_test(a_start_at_level_1_gives_blocks_of_1_gib),
		cmocka_unit_test(slots_are_walked_in_the_order_of_the_id_hash),
		cmocka_unit_test(a_hole_between_populated_pages_is_filled),
		cmocka_unit_test(what_kvm_refuses_is_refused),
		cmocka_unit_test(the_rim_is_what_the_entries_add_up_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
