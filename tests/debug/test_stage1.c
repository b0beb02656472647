// SPDX-License-Identifier: BSD-3-Clause
/* test_stage1.c - the walk of a guest's tables: each granule, both halves, hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "debug/stage1.h"

#define MEMORY	 0x100000 /* from IPA 0 on */
#define SCTLR_M	 BIT(0)
#define SCTLR_EE BIT(25)
#define TABLE	 3
#define PAGE	 3
#define BLOCK	 1

/* T0SZ, T1SZ, TG0, TG1 */
#define TCR(t0, t1, tg0, tg1)                                                                      \
	((uint64_t)(t0) | (uint64_t)(t1) << 16 | (uint64_t)(tg0) << 14 | (uint64_t)(tg1) << 30)

static uint64_t memory[MEMORY / 8];
static unsigned int reads;

static bool read_memory(void *arg, uint64_t ipa, uint64_t *value)
{
	reads++;
	assert_true(IS_ALIGNED(ipa, 8));
	assert_true(ipa < BIT(52) + BIT(17));
	if (ipa >= MEMORY)
		return false;
	*value = memory[ipa / 8];
	return true;
}

static int begin(void **state)
{
	memset(memory, 0, sizeof(memory));
	reads = 0;
	return 0;
}

static bool walk(const struct stage1 *s, uint64_t va, uint64_t *ipa, uint64_t *left)
{
	return stage1_walk(s, read_memory, NULL, va, ipa, left);
}

static void expect(const struct stage1 *s, uint64_t va, uint64_t ipa, uint64_t left)
{
	uint64_t is = ~0ull, is_left = 0;

	assert_true(walk(s, va, &is, &is_left));
	assert_int_equal(is, ipa);
	assert_int_equal(is_left, left);
}

static void expect_nothing(const struct stage1 *s, uint64_t va)
{
	uint64_t ipa, left;

	assert_false(walk(s, va, &ipa, &left));
}

static void without_an_mmu_an_address_is_itself(void **state)
{
	struct stage1 s = {.tcr = ~0ull, .ttbr0 = ~0ull};

	expect(&s, 0x80000123, 0x80000123, BIT(52) - 0x80000123);
	expect_nothing(&s, BIT(52));
	expect_nothing(&s, ~0ull);
	assert_int_equal(reads, 0);
}

/* 48 bits, 4 KiB: four levels. 0x1000: level 0, and so on; page 0x80000000 + 0x7000. */
static void four_levels_of_4k_lead_to_a_page(void **state)
{
	struct stage1 s = {.sctlr = SCTLR_M, .tcr = TCR(16, 16, 0, 2), .ttbr0 = 0x1000 | 1};
	uint64_t va = 3ull << 39 | 5ull << 30 | 7ull << 21 | 9ull << 12;

	memory[(0x1000 + 3 * 8) / 8] = 0x2000 | TABLE;
	memory[(0x2000 + 5 * 8) / 8] = 0x3000 | TABLE;
	memory[(0x3000 + 7 * 8) / 8] = 0x4000 | TABLE;
	memory[(0x4000 + 9 * 8) / 8] = BIT(54) | 0x80007000 | PAGE;
	expect(&s, va + 0x234, 0x80007234, 0x1000 - 0x234);
	assert_int_equal(reads, 4);
	expect_nothing(&s, va + 0x1000);
	memory[(0x4000 + 9 * 8) / 8] = 0x80007000 | BLOCK; /* reserved at the last level */
	expect_nothing(&s, va);
}

static void blocks_go_on_to_their_end(void **state)
{
	/* 39 bits: from level 1 */
	struct stage1 s = {.sctlr = SCTLR_M, .tcr = TCR(25, 25, 0, 2), .ttbr1 = 0x1000};

	memory[(0x1000 + 511 * 8) / 8] = 0x2000 | TABLE;
	memory[(0x1000 + 510 * 8) / 8] = 0x40000000 | BLOCK;
	memory[(0x2000 + 1 * 8) / 8] = 0x81200000 | BLOCK;
	expect(&s, ~0ull - BIT(30) + 1 + BIT(21) + 0x345678 % BIT(21), 0x81200000 + 0x145678,
	       BIT(21) - 0x145678);
	expect(&s, ~0ull - 2 * BIT(30) + 1, 0x40000000, BIT(30));
	expect_nothing(&s, 0xffffff7fffffffff); /* not canonical */
	expect_nothing(&s, 0);			/* TTBR0's table is empty */
}

static void the_other_granules_have_their_own_geometry(void **state)
{
	/* 16 KiB, 36 bits: level 2 and 3; 64 KiB, 42 bits: the same */
	struct stage1 s16 = {.sctlr = SCTLR_M, .tcr = TCR(28, 16, 2, 2), .ttbr0 = 0x4000};
	struct stage1 s64 = {.sctlr = SCTLR_M, .tcr = TCR(16, 22, 0, 3), .ttbr1 = 0x20000};
	uint64_t high = MASK(63, 42);

	memory[(0x4000 + 6 * 8) / 8] = 0x8000 | TABLE;
	memory[(0x8000 + 2047 * 8) / 8] = 0x9000c000 | PAGE;
	expect(&s16, 6ull << 25 | 2047ull << 14 | 0x3ffc, 0x9000fffc, 4);
	memory[(0x4000 + 7 * 8) / 8] = 0xa2000000 | BLOCK;
	expect(&s16, 7ull << 25, 0xa2000000, BIT(25));

	memory[(0x20000 + 8191 * 8) / 8] = 0x40000 | TABLE;
	memory[(0x40000 + 1 * 8) / 8] = 0x90010000 | PAGE;
	expect(&s64, high | 8191ull << 29 | 1ull << 16 | 0x10, 0x90010010, 0xfff0);
}

static void a_first_table_may_be_small(void **state)
{
	/* 33 bits: 8 entries at level 1, 64 bytes, aligned to them */
	struct stage1 s = {.sctlr = SCTLR_M, .tcr = TCR(31, 16, 0, 2), .ttbr0 = 0x1040};

	memory[(0x1040 + 7 * 8) / 8] = 0xc0000000 | BLOCK;
	expect(&s, 7ull << 30, 0xc0000000, BIT(30));
	expect_nothing(&s, 8ull << 30);
}

#define DS     BIT(59)
#define IPS_52 (UINT64_C(6) << 32)

/* 52 bits, 4 KiB: five levels, addresses with bits 51:50 in 9:8, which are nothing without IPS. */
static void lpa2_has_a_level_and_four_bits_more(void **state)
{
	struct stage1 s = {.sctlr = SCTLR_M, .tcr = TCR(12, 12, 0, 2) | DS | IPS_52};
	uint64_t va = 9ull << 48 | 3ull << 39 | 5ull << 30 | 7ull << 21 | 9ull << 12;

	s.ttbr0 = 0x1080; /* 16 entries, 128 bytes */
	memory[(0x1080 + 9 * 8) / 8] = 0x2000 | TABLE;
	memory[(0x2000 + 3 * 8) / 8] = 0x3000 | TABLE;
	memory[(0x3000 + 5 * 8) / 8] = 0x4000 | TABLE;
	memory[(0x4000 + 7 * 8) / 8] = 0x5000 | TABLE;
	memory[(0x5000 + 9 * 8) / 8] = BIT(49) | 0x80007000 | 2 << 8 | PAGE;
	expect(&s, va + 0x234, BIT(51) | BIT(49) | 0x80007234, 0x1000 - 0x234);
	assert_int_equal(reads, 5);
	/* blocks of 512 GiB; none at level -1 */
	memory[(0x2000 + 3 * 8) / 8] = 1ull << 39 | 1 << 8 | BLOCK;
	expect(&s, va, BIT(50) | 1ull << 39 | (va & MASK(38, 0)), BIT(39) - (va & MASK(38, 0)));
	memory[(0x1080 + 9 * 8) / 8] = 0x2000 | BLOCK;
	expect_nothing(&s, va);
	/* a table up there is where no memory is */
	memory[(0x1080 + 9 * 8) / 8] = 0x2000 | 1 << 8 | TABLE;
	expect_nothing(&s, va);
	s.tcr &= ~IPS_52;
	expect(&s, va, 1ull << 39 | (va & MASK(38, 0)), BIT(39) - (va & MASK(38, 0)));
	s.tcr &= ~DS; /* 52 bits are too many then */
	expect_nothing(&s, va);
}

/* 64 KiB: bits 51:48 in 15:12, and of the first table in 5:2 of TTBR. */
static void lpa_has_its_bits_elsewhere(void **state)
{
	struct stage1 s = {.sctlr = SCTLR_M, .tcr = TCR(22, 22, 1, 3) | IPS_52, .ttbr0 = 0x20000};

	memory[(0x20000 + 1 * 8) / 8] = 0x40000 | TABLE;
	memory[(0x40000 + 1 * 8) / 8] = 0x90010000 | 0xa << 12 | PAGE;
	expect(&s, 1ull << 29 | 1ull << 16 | 0x10, 0xaull << 48 | 0x90010010, 0xfff0);
	s.ttbr0 |= 4; /* not in memory */
	expect_nothing(&s, 1ull << 29 | 1ull << 16);
}

static void a_top_byte_is_ignored_where_it_is_said_to_be(void **state)
{
	struct stage1 s = {.sctlr = SCTLR_M, .tcr = TCR(25, 25, 0, 2), .ttbr0 = 0x1000};

	memory[0x1000 / 8] = 0x40000000 | BLOCK;
	expect_nothing(&s, 0x5a00000000000010);
	s.tcr |= BIT(37);
	expect(&s, 0x5a00000000000010, 0x40000010, BIT(30) - 0x10);
	expect_nothing(&s, 0x5a01000000000010);
}

static void tables_may_be_big_endian(void **state)
{
	struct stage1 s = {.sctlr = SCTLR_M | SCTLR_EE, .tcr = TCR(25, 25, 0, 2), .ttbr0 = 0x1000};

	memory[0x1000 / 8] = __builtin_bswap64(0x40000000 | BLOCK);
	expect(&s, 0x10, 0x40000010, BIT(30) - 0x10);
}

static void walks_that_are_off_or_nonsense_read_nothing(void **state)
{
	static const uint64_t tcr[] = {
		TCR(25, 25, 0, 2) | BIT(7), /* EPD0 */
		TCR(25, 25, 3, 2),	    /* reserved granule */
		TCR(0, 25, 0, 2),	    /* 64 bits */
		TCR(15, 25, 0, 2),	    /* 49 bits of 4 KiB */
		TCR(11, 25, 1, 2),	    /* 53 bits of 64 KiB */
		TCR(63, 25, 0, 2),	    /* 1 bit */
	};

	for (size_t i = 0; i < ARRAY_SIZE(tcr); i++) {
		struct stage1 s = {.sctlr = SCTLR_M, .tcr = tcr[i], .ttbr0 = 0x1000};

		expect_nothing(&s, 0x10);
	}
	assert_int_equal(reads, 0);
}

static void a_table_that_points_to_itself_ends(void **state)
{
	struct stage1 s = {.sctlr = SCTLR_M, .tcr = TCR(16, 16, 0, 2), .ttbr0 = 0x1000};

	memory[0x1000 / 8] = 0x1000 | TABLE;
	expect(&s, 0x10, 0x1010, 0xff0);
	assert_int_equal(reads, 4);
	/* a block where none may be: level 0 */
	memory[0x1000 / 8] = 0x1000 | BLOCK;
	expect_nothing(&s, 0x10);
}

static void any_registers_and_tables_end_within_five_reads(void **state)
{
	uint64_t ipa, left;

	srandom(12);
	for (unsigned int round = 0; round < 200000; round++) {
		uint64_t r[6];
		struct stage1 s;

		for (size_t i = 0; i < ARRAY_SIZE(r); i++)
			r[i] = (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^
			       (uint64_t)random();
		s = (struct stage1){r[0] | SCTLR_M, r[1], r[2], r[3]};
		if (round % 2) /* some that go on */
			s.ttbr0 %= MEMORY;
		memory[random() % (MEMORY / 8)] = round % 3 ? (r[4] % MEMORY) | TABLE : r[4];
		reads = 0;
		if (walk(&s, round % 4 ? r[5] % BIT(36) : r[5], &ipa, &left)) {
			assert_true(left > 0);
			assert_true(ipa < BIT(52));
			assert_true(ipa + left <= BIT(52));
		}
		assert_in_range(reads, 0, 5);
	}
}

static void pauth_uses_what_the_address_leaves(void **state)
{
	struct stage1 s = {.tcr = TCR(16, 25, 0, 2) | BIT(37)};
	struct stage1_pauth m = stage1_pauth_masks(&s);

	assert_int_equal(m.data, MASK(54, 48));
	assert_int_equal(m.code, MASK(54, 48));
	assert_int_equal(m.data_high, MASK(54, 39) | MASK(63, 56));
	assert_int_equal(m.code_high, MASK(54, 39) | MASK(63, 56));
	s.tcr |= BIT(51); /* TBID0 */
	assert_int_equal(stage1_pauth_masks(&s).code, MASK(54, 48) | MASK(63, 56));
}

#define T(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_an_mmu_an_address_is_itself),
		T(four_levels_of_4k_lead_to_a_page),
		T(blocks_go_on_to_their_end),
		T(the_other_granules_have_their_own_geometry),
		T(a_first_table_may_be_small),
		T(lpa2_has_a_level_and_four_bits_more),
		T(lpa_has_its_bits_elsewhere),
		T(a_top_byte_is_ignored_where_it_is_said_to_be),
		T(tables_may_be_big_endian),
		T(walks_that_are_off_or_nonsense_read_nothing),
		T(a_table_that_points_to_itself_ends),
		T(any_registers_and_tables_end_within_five_reads),
		T(pauth_uses_what_the_address_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
