// SPDX-License-Identifier: BSD-3-Clause
/* test_rtt.c - geometry, tables, data pages, RIPAS: each failure and each effect. */
#include "rmm/rtt.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define B	   IPA_B
#define MIB2	   UINT64_C(0x200000)
#define GIB1	   UINT64_C(0x40000000)
#define RTT(level) (RMI_ERROR_RTT | (level) << 8)

static struct host *h;
static struct realm r;

static int setup(void **state)
{
	host_setup(state);
	h = *state;
	realm_create(&r, h);
	return 0;
}

static int teardown(void **state)
{
	realm_destroy(&r);
	return host_teardown(state);
}

static void entry_is(uint64_t ipa, int level, int state, uint64_t desc, int ripas)
{
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, ipa, level);
	assert_int_equal(h->x[1], level);
	assert_int_equal(h->x[2], state);
	assert_int_equal(h->x[3], desc);
	assert_int_equal(h->x[4], ripas);
}

/* ---- geometry ---- */

static unsigned int start_tables(unsigned int width, int level)
{
	unsigned int n = 0;

	return rtt_geometry(width, level, false, &n) ? n : 0;
}

static void start_tables_are_those_of_the_architecture(void **state)
{
	/* width, tables at level 2, 1, 0 (0: not legal) */
	static const unsigned int legal[][4] = {
		{31, 0, 0, 0}, {32, 4, 1, 0}, {33, 8, 1, 0}, {34, 16, 1, 0}, {35, 0, 1, 0},
		{39, 0, 1, 0}, {40, 0, 2, 1}, {41, 0, 4, 1}, {42, 0, 8, 1},  {43, 0, 16, 1},
		{44, 0, 0, 1}, {48, 0, 0, 1}, {49, 0, 0, 0},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(legal); i++)
		for (int level = 0; level < 3; level++)
			assert_int_equal(start_tables(legal[i][0], level), legal[i][3 - level]);
	assert_int_equal(start_tables(48, -1), 0);
	assert_int_equal(start_tables(32, 3), 0);
}

static void every_width_can_be_mapped_to_its_last_page(void **state)
{
	struct realm def = r;

	for (unsigned int width = 32; width <= 48; width++) {
		for (int start = 0; start < 3; start++) {
			unsigned int tables = start_tables(width, start);
			uint64_t half = UINT64_C(1) << (width - 1);

			if (!tables)
				continue;
			realm_create_sized(&r, h, width, start, tables);
			realm_add_page(&r, half - GRANULE_SIZE);
			realm_tables(&r, 2 * half - GRANULE_SIZE, 3);
			EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, 2 * half - GRANULE_SIZE, 3,
			       host_page(h) | 0xd8);
			REFUSED(rmi_rtt_ipa_bound, h, RTT_READ_ENTRY, r.rd, 2 * half, 3);
			REFUSED(rmi_data_ipa_bound, h, DATA_DESTROY, r.rd, half);
			realm_destroy(&r);
		}
	}
	r = def;
}

static void a_part_used_start_table_skips_to_its_end(void **state)
{
	struct realm def = r;

	realm_create_sized(&r, h, 33, 1, 1);
	EXPECT(RTT(1), h, RTT_UNMAP_UNPROTECTED, r.rd, UINT64_C(1) << 32, 3);
	assert_int_equal(h->x[1], UINT64_C(1) << 39);
	realm_destroy(&r);
	r = def;
}

/* ---- RTT_CREATE, RTT_DESTROY ---- */

static void table_commands_check_their_arguments(void **state)
{
	uint64_t rtt = host_granule(h), top = UINT64_C(1) << 48;

	REFUSED(rmi_rd_state, h, RTT_CREATE, rtt, r.rd, 0, 1);
	REFUSED(rmi_rtt_not_delegated, h, RTT_CREATE, r.rd, host_page(h), 0, 1);
	REFUSED(rmi_rtt_not_delegated, h, RTT_CREATE, r.rd, r.rtt_base, 0, 1);
	REFUSED(rmi_rtt_level, h, RTT_CREATE, r.rd, rtt, 0, 0);
	REFUSED(rmi_rtt_level, h, RTT_CREATE, r.rd, rtt, 0, 4);
	REFUSED(rmi_rtt_level, h, RTT_CREATE, r.rd, rtt, 0, (uint64_t)-1);
	REFUSED(rmi_rtt_ipa_bound, h, RTT_CREATE, r.rd, rtt, top, 1);
	REFUSED(rmi_rtt_ipa_align, h, RTT_CREATE, r.rd, rtt, GIB1, 1);
	REFUSED(rmi_rtt_walk_short, h, RTT_CREATE, r.rd, rtt, 0, 2);
	EXPECT(0, h, RTT_CREATE, r.rd, rtt, 0, 1);
	REFUSED(rmi_rtt_create_exists, h, RTT_CREATE, r.rd, host_granule(h), 0, 1);
	REFUSED(rmi_rd_state, h, RTT_DESTROY, rtt, 0, 1);
	REFUSED(rmi_rtt_level, h, RTT_DESTROY, r.rd, 0, 0);
	assert_int_equal(h->x[2], 0);
	REFUSED(rmi_rtt_ipa_align, h, RTT_FOLD, r.rd, GIB1, 1);
	REFUSED(rmi_rtt_ipa_bound, h, RTT_FOLD, r.rd, top, 1);
	REFUSED(rmi_rd_state, h, RTT_FOLD, rtt, 0, 1);
	REFUSED(rmi_rd_state, h, RTT_READ_ENTRY, rtt, 0, 1);
	REFUSED(rmi_read_level, h, RTT_READ_ENTRY, r.rd, 0, 4);
	REFUSED(rmi_read_level, h, RTT_READ_ENTRY, r.rd, 0, (uint64_t)-1);
	REFUSED(rmi_read_ipa_align, h, RTT_READ_ENTRY, r.rd, 0x1000, 2);
}

static void destroying_a_table_destroys_ripas(void **state)
{
	realm_tables(&r, B, 3);
	EXPECT(0, h, RTT_DESTROY, r.rd, B, 3);
	assert_true(h->x[1] != 0);
	assert_int_equal(h->x[2], B + GIB1); /* nothing live up to the table's end */
	entry_is(B, 2, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_DESTROYED);
	REFUSED(rmi_rtt_no_table, h, RTT_DESTROY, r.rd, B, 3);
	REFUSED(rmi_rtt_no_table, h, RTT_FOLD, r.rd, B, 3);
	assert_int_equal(h->x[0], RTT(2));
	/* A new table inherits it. */
	realm_tables(&r, B, 3);
	entry_is(B + 0x5000, 3, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_DESTROYED);
}

static void a_live_table_stays(void **state)
{
	realm_add_page(&r, B + 0x3000);
	REFUSED(rmi_rtt_destroy_live, h, RTT_DESTROY, r.rd, B, 3);
	assert_int_equal(h->x[0], RTT(3));
	assert_int_equal(h->x[2], B);
	REFUSED(rmi_rtt_destroy_live, h, RTT_DESTROY, r.rd, 0, 1);
	assert_int_equal(h->x[0], RTT(1));
}

static void unfolding_keeps_what_the_entry_said(void **state)
{
	realm_tables(&r, B, 2);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, B, B + MIB2);
	entry_is(B, 2, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_RAM);
	realm_tables(&r, B, 3);
	entry_is(B, 3, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_RAM);
	entry_is(B + MIB2 - GRANULE_SIZE, 3, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_RAM);
	entry_is(B + MIB2, 2, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_EMPTY);
}

/* ---- RTT_FOLD ---- */

static void alike_unassigned_entries_fold(void **state)
{
	realm_tables(&r, B, 3);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, B, B + MIB2);
	EXPECT(0, h, RTT_FOLD, r.rd, B, 3);
	EXPECT(0, h, GRANULE_UNDELEGATE, h->x[1]);
	entry_is(B, 2, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_RAM);
	/* The level 2 table has one RAM entry among EMPTY ones now. */
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, ALIGN_DOWN(B, GIB1), 2);
	assert_int_equal(h->x[0], RTT(2));
	/* A table with a table in it never folds. */
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, 0, 1);
	REFUSED(rmi_rtt_walk_short, h, RTT_FOLD, r.rd, 4 * GIB1, 3);
	assert_int_equal(h->x[0], RTT(1));
}

/* 2 MiB of pages at ipa, contiguous, with this RIPAS; their PA. */
static uint64_t add_contiguous(uint64_t ipa, uint64_t align, unsigned int ripas)
{
	uint64_t pa = machine_alloc(h->m, 512, align);

	assert_true(pa != 0);
	realm_tables(&r, ipa, 3);
	if (ripas == RMI_RIPAS_RAM) {
		EXPECT(0, h, RTT_INIT_RIPAS, r.rd, ipa, ipa + MIB2);
	} else if (ripas == RMI_RIPAS_DESTROYED) {
		EXPECT(0, h, RTT_DESTROY, r.rd, ipa, 3);
		realm_tables(&r, ipa, 3);
	}
	for (int i = 0; i < 512; i++) {
		EXPECT(0, h, GRANULE_DELEGATE, pa + i * GRANULE_SIZE);
		EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, pa + i * GRANULE_SIZE,
		       ipa + i * GRANULE_SIZE);
	}
	return pa;
}

static void contiguous_pages_fold_to_a_block_and_unfold_again(void **state)
{
	for (unsigned int ripas = 0; ripas <= RMI_RIPAS_DESTROYED; ripas++) {
		uint64_t ipa = B + ripas * MIB2, pa = add_contiguous(ipa, MIB2, ripas);

		EXPECT(0, h, RTT_FOLD, r.rd, ipa, 3);
		entry_is(ipa, 2, RMI_RTTE_ASSIGNED, pa, ripas);
		EXPECT(RTT(2), h, DATA_DESTROY, r.rd, ipa + 0x1000);
		assert_int_equal(h->x[2], ipa + 0x1000);
		EXPECT(RTT(2), h, RTT_DESTROY, r.rd, ipa, 3);
		assert_int_equal(h->x[2], ipa);
		EXPECT(RTT(2), h, RTT_INIT_RIPAS, r.rd, ipa, ipa + MIB2);
		realm_tables(&r, ipa, 3);
		entry_is(ipa + 0x7000, 3, RMI_RTTE_ASSIGNED, pa + 0x7000, ripas);
	}
}

static void a_hole_or_a_gap_keeps_pages_from_folding(void **state)
{
	uint64_t pa = add_contiguous(B, MIB2, RMI_RIPAS_RAM), other = host_granule(h);

	EXPECT(0, h, DATA_DESTROY, r.rd, B + 0x9000);
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, B, 3);
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, other, B + 0x9000); /* DESTROYED, elsewhere */
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, B, 3);
	assert_true(pa != 0);
}

/* Contiguous, but not aligned to the block. */
static void pages_that_a_block_could_not_hold_do_not_fold(void **state)
{
	uint64_t hole = machine_alloc(h->m, 1, MIB2),
		 pa = add_contiguous(B, GRANULE_SIZE, RMI_RIPAS_RAM);

	assert_true(hole != 0 && pa % MIB2 != 0);
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, B, 3);
}

/* ---- DATA ---- */

static void data_commands_check_their_arguments(void **state)
{
	uint64_t src = host_page(h), data = host_granule(h);

	realm_tables(&r, B, 3);
	REFUSED(rmi_data_flags, h, DATA_CREATE, r.rd, data, B, src, 2);
	REFUSED(rmi_rd_state, h, DATA_CREATE, r.rtt_base, data, B, src, 0);
	REFUSED(rmi_data_not_delegated, h, DATA_CREATE, r.rd, src, B, host_page(h), 0);
	REFUSED(rmi_data_src_not_ns, h, DATA_CREATE, r.rd, data, B, host_granule(h), 0);
	REFUSED(rmi_data_src_not_ns, h, DATA_CREATE, r.rd, data, B, src + 1, 0);
	REFUSED(rmi_data_ipa_bound, h, DATA_CREATE, r.rd, data, IPA_U, src, 0);
	REFUSED(rmi_data_ipa_bound, h, DATA_CREATE, r.rd, data, ~UINT64_C(0xfff), src, 0);
	REFUSED(rmi_data_ipa_align, h, DATA_CREATE, r.rd, data, B + 8, src, 0);
	REFUSED(rmi_rtt_walk_short, h, DATA_CREATE, r.rd, data, B + MIB2, src, 0);
	assert_int_equal(h->x[0], RTT(2));
	REFUSED(rmi_data_ipa_bound, h, DATA_CREATE_UNKNOWN, r.rd, data, IPA_U);
	REFUSED(rmi_rd_state, h, DATA_CREATE_UNKNOWN, data, r.rd, B);
	REFUSED(rmi_rd_state, h, DATA_DESTROY, data, B);
	REFUSED(rmi_data_ipa_align, h, DATA_DESTROY, r.rd, B + 8);
	assert_int_equal(h->x[2], 0);
	REFUSED(rmi_data_not_assigned, h, DATA_DESTROY, r.rd, B);
}

static void data_create_copies_and_makes_ram(void **state)
{
	uint64_t src = host_page(h), data = host_granule(h);

	memset(host_va(h, src), 0x42, GRANULE_SIZE);
	realm_tables(&r, B, 3);
	EXPECT(0, h, RTT_DESTROY, r.rd, B, 3);
	realm_tables(&r, B, 3); /* all DESTROYED */
	EXPECT(0, h, DATA_CREATE, r.rd, data, B, src, 0);
	entry_is(B, 3, RMI_RTTE_ASSIGNED, data, RMI_RIPAS_RAM);
	assert_memory_equal(host_va(h, data), host_va(h, src), GRANULE_SIZE);
	memset(host_va(h, src), 0, GRANULE_SIZE);
	assert_int_equal(*(uint8_t *)host_va(h, data), 0x42);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	assert_int_equal(*(uint8_t *)host_va(h, data), 0);
}

static void unknown_data_leaves_ripas_alone(void **state)
{
	uint64_t data = host_granule(h);

	realm_tables(&r, B, 3);
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, data, B);
	entry_is(B, 3, RMI_RTTE_ASSIGNED, data, RMI_RIPAS_EMPTY);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	entry_is(B, 3, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_EMPTY);
}

static void top_is_the_next_live_entry(void **state)
{
	realm_add_page(&r, B);
	realm_add_page(&r, B + 0x6000);
	EXPECT(0, h, DATA_DESTROY, r.rd, B);
	assert_int_equal(h->x[2], B + 0x6000);
	REFUSED(rmi_data_not_assigned, h, DATA_DESTROY, r.rd, B + 0x1000);
	assert_int_equal(h->x[2], B + 0x6000);
	EXPECT(RTT(1), h, DATA_DESTROY, r.rd, 0); /* no level 2 table there */
	assert_int_equal(h->x[2], ALIGN_DOWN(B, GIB1));
}

/* ---- INIT_RIPAS ---- */

static void init_ripas_checks_its_arguments(void **state)
{
	realm_tables(&r, B, 3);
	REFUSED(rmi_ripas_range, h, RTT_INIT_RIPAS, r.rd, B, B);
	REFUSED(rmi_ripas_range, h, RTT_INIT_RIPAS, r.rd, B, 0);
	REFUSED(rmi_rd_state, h, RTT_INIT_RIPAS, r.rtt_base, B, B + 0x1000);
	REFUSED(rmi_ripas_align, h, RTT_INIT_RIPAS, r.rd, B + 8, B + 0x1000);
	REFUSED(rmi_ripas_align, h, RTT_INIT_RIPAS, r.rd, B, B + 0x1008);
	REFUSED(rmi_ripas_bound, h, RTT_INIT_RIPAS, r.rd, B, IPA_U + 0x1000);
	REFUSED(rmi_ripas_bound, h, RTT_INIT_RIPAS, r.rd, IPA_U, IPA_U + 0x1000);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, B, IPA_U); /* as far as the table goes */
	assert_int_equal(h->x[1], B + MIB2);
	REFUSED(rmi_ripas_base_align, h, RTT_INIT_RIPAS, r.rd, B + MIB2 + 0x1000, B + 2 * MIB2);
	assert_int_equal(h->x[0], RTT(2));
	REFUSED(rmi_ripas_no_progress, h, RTT_INIT_RIPAS, r.rd, B + MIB2, B + MIB2 + 0x1000);
	assert_int_equal(h->x[0], RTT(2));
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, B + MIB2, B + 4 * MIB2 + 0x1000);
	assert_int_equal(h->x[1], B + 4 * MIB2); /* the last entry would pass top */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_rtt(void)
{
	const struct CMUnitTest tests[] = {
		T(start_tables_are_those_of_the_architecture),
		T(every_width_can_be_mapped_to_its_last_page),
		T(a_part_used_start_table_skips_to_its_end),
		T(table_commands_check_their_arguments),
		T(destroying_a_table_destroys_ripas),
		T(a_live_table_stays),
		T(unfolding_keeps_what_the_entry_said),
		T(alike_unassigned_entries_fold),
		T(contiguous_pages_fold_to_a_block_and_unfold_again),
		T(a_hole_or_a_gap_keeps_pages_from_folding),
		T(pages_that_a_block_could_not_hold_do_not_fold),
		T(data_commands_check_their_arguments),
		T(data_create_copies_and_makes_ram),
		T(unknown_data_leaves_ripas_alone),
		T(top_is_the_next_live_entry),
		T(init_ripas_checks_its_arguments),
	};

	return cmocka_run_group_tests_name("rmm tables", tests, NULL, NULL);
}
