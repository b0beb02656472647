// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_ready.c - pages laid ready: unassigned to everybody until the realm's CPU touches them, and
 * nothing of them is left when something else happens to their entries.
 */
#include "rmm/check.h"
#include "rmm/granule.h"
#include "rmm/rtt.h"
#include "tests/rmm/host.h"
#include "tests/rmm/suites.h"

#define B     IPA_B
#define MIB2  UINT64_C(0x200000)
#define PAGES 4

static struct host *h;
static struct realm r;
static uint64_t pa; /* of PAGES granules, nobody's */

static uint64_t at(unsigned int n)
{
	return B + n * GRANULE_SIZE;
}

static uint64_t page(unsigned int n)
{
	return pa + n * GRANULE_SIZE;
}

static int setup(void **state)
{
	host_setup(state);
	h = *state;
	realm_create(&r, h);
	realm_add_rec(&r, true, B);
	realm_tables(&r, B, 3);
	EXPECT(0, h, RTT_INIT_RIPAS, r.rd, B, B + MIB2);
	pa = machine_alloc(h->m, PAGES, PAGES * GRANULE_SIZE);
	machine_hide(h->m, pa, PAGES);
	return 0;
}

static int teardown(void **state)
{
	realm_destroy(&r);
	return host_teardown(state);
}

static void lay_ready(void)
{
	if (((struct rd *)host_va(h, r.rd))->state == RD_NEW)
		realm_activate(&r);
	rmm_make_ready(h->rmm, r.rd, B, pa, PAGES);
	assert_null(rmm_check(h->rmm));
}

/* Of a command that settles entries, which a refusal does too. */
static uint64_t smc(uint64_t fid, uint64_t x2, uint64_t x3)
{
	uint64_t x[RMM_NUM_REGS] = {fid, r.rd, x2, x3};

	rmm_smc(h->rmm, h->pe, x);
	assert_null(rmm_check(h->rmm));
	return x[0];
}

static void entry_is(unsigned int n, int state, uint64_t desc, int ripas)
{
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, at(n), 3);
	assert_int_equal(h->x[1], 3);
	assert_int_equal(h->x[2], state);
	assert_int_equal(h->x[3], desc);
	assert_int_equal(h->x[4], ripas);
}

static void unassigned(unsigned int n)
{
	entry_is(n, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_RAM);
}

static bool is_hosts(unsigned int n)
{
	return !rmm_granule_protected(h->rmm, page(n));
}

/* The entry itself, as the CPU finds it. */
static uint64_t *entry(unsigned int n)
{
	struct rtt_walk w = realm_walk(&r, at(n));

	return &w.table[w.index];
}

/* What the CPU does; false: there is nothing ready. */
static bool touch(unsigned int n)
{
	uint64_t *e = entry(n);

	if (!rtte_is_ready(*e, 3))
		return false;
	*e |= RTTE_AF;
	return true;
}

/* ---- what is there ---- */

static void a_ready_page_is_unassigned_until_it_is_touched(void **state)
{
	lay_ready();
	unassigned(1);
	assert_false(is_hosts(1));
	assert_true(touch(1));
	entry_is(1, RMI_RTTE_ASSIGNED, page(1), RMI_RIPAS_RAM);
	unassigned(0);
	unassigned(2);
}

static void a_touched_page_is_like_any_other(void **state)
{
	lay_ready();
	touch(1);
	*(uint64_t *)host_va(h, page(1)) = 42;
	EXPECT(0, h, DATA_DESTROY, r.rd, at(1));
	assert_int_equal(h->x[1], page(1));
	entry_is(1, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_DESTROYED);
	EXPECT(0, h, GRANULE_UNDELEGATE, page(1));
	assert_int_equal(*(uint64_t *)host_va(h, page(1)), 0);
}

static void a_fault_that_is_late_claims_it(void **state)
{
	lay_ready();
	assert_true(rmm_claim_ready(h->rmm, r.rd, at(1)));
	entry_is(1, RMI_RTTE_ASSIGNED, page(1), RMI_RIPAS_RAM);
	assert_false(rmm_claim_ready(h->rmm, r.rd, at(1)));
	assert_false(rmm_claim_ready(h->rmm, r.rd, at(PAGES)));
	assert_false(rmm_claim_ready(h->rmm, r.rd, IPA_U));
	assert_false(rmm_claim_ready(h->rmm, page(0), at(0)));
}

/* ---- it goes as if it had never been ---- */

static void a_page_that_was_not_touched_is_the_hosts_again(void **state)
{
	lay_ready();
	assert_int_equal(smc(RMI_DATA_DESTROY, at(1), 0), RMI_ERROR_RTT | 3 << 8);
	unassigned(1);
	assert_true(is_hosts(1));
	assert_false(touch(1));
	assert_true(touch(2));
	EXPECT(0, h, GRANULE_DELEGATE, page(1));
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, page(1), at(1));
	entry_is(1, RMI_RTTE_ASSIGNED, page(1), RMI_RIPAS_RAM);
}

static void another_page_takes_its_place(void **state)
{
	uint64_t other = host_granule(h);

	lay_ready();
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, other, at(1));
	entry_is(1, RMI_RTTE_ASSIGNED, other, RMI_RIPAS_RAM);
	assert_true(is_hosts(1));
}

static uint64_t ripas_call[4];

static enum engine_exit ask_for_ripas(struct engine *e, unsigned int cpu)
{
	return script_smc(e, cpu, RSI_IPA_STATE_SET, ripas_call, ARRAY_SIZE(ripas_call));
}

static void ripas_changes_as_that_of_an_unassigned_page(void **state)
{
	lay_ready();
	touch(1);
	memcpy(ripas_call, (uint64_t[]){at(0), at(PAGES), RSI_RIPAS_EMPTY, 0}, sizeof(ripas_call));
	script = ask_for_ripas;
	assert_int_equal(realm_run(&r, 0)->exit_reason, RMI_EXIT_RIPAS_CHANGE);
	EXPECT(0, h, RTT_SET_RIPAS, r.rd, r.rec[0], at(0), at(PAGES));
	assert_int_equal(h->x[1], at(PAGES));
	entry_is(0, RMI_RTTE_UNASSIGNED, 0, RMI_RIPAS_EMPTY);
	entry_is(1, RMI_RTTE_ASSIGNED, page(1), RMI_RIPAS_EMPTY);
	assert_true(is_hosts(0));
	assert_false(is_hosts(1));
}

static void a_table_goes_with_what_lies_ready_in_it(void **state)
{
	lay_ready();
	assert_int_equal(smc(RMI_RTT_DESTROY, B, 3), 0);
	for (unsigned int n = 0; n < PAGES; n++)
		assert_true(is_hosts(n));
}

static void a_table_with_a_touched_page_does_not_go(void **state)
{
	lay_ready();
	touch(3);
	assert_int_equal(smc(RMI_RTT_DESTROY, B, 3), RMI_ERROR_RTT | 3 << 8);
	entry_is(3, RMI_RTTE_ASSIGNED, page(3), RMI_RIPAS_RAM);
}

static void a_table_is_folded_as_if_nothing_lay_ready(void **state)
{
	lay_ready();
	assert_int_equal(smc(RMI_RTT_FOLD, B, 3), 0);
	EXPECT(0, h, RTT_READ_ENTRY, r.rd, B, 2);
	assert_int_equal(h->x[2], RMI_RTTE_UNASSIGNED);
	assert_int_equal(h->x[4], RMI_RIPAS_RAM);
	for (unsigned int n = 0; n < PAGES; n++)
		assert_true(is_hosts(n));
}

static void a_table_that_stays_keeps_what_lies_ready(void **state)
{
	lay_ready();
	touch(3);
	REFUSED(rmi_rtt_fold_mixed, h, RTT_FOLD, r.rd, B, 3);
	assert_true(touch(0));
}

/* A host that skips by `top` must not pass a ready entry by: it would stay behind. */
static void top_stops_at_a_ready_entry(void **state)
{
	uint64_t x[RMM_NUM_REGS] = {RMI_DATA_DESTROY, r.rd, at(0)};

	lay_ready();
	rmm_smc(h->rmm, h->pe, x);
	assert_int_equal(x[2], at(1));
}

/* ---- what is not laid ready ---- */

static void nothing_that_would_show_is_laid_ready(void **state)
{
	uint64_t other = host_page(h);

	/* Not the first page: it is taken. Not the second: it was a realm's, so its code may be
	 * known, and would have to be forgotten. Not the third: the realm has given it up. */
	realm_activate(&r);
	EXPECT(0, h, GRANULE_DELEGATE, page(0));
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, page(0), at(0));
	EXPECT(0, h, GRANULE_DELEGATE, page(1));
	EXPECT(0, h, DATA_CREATE_UNKNOWN, r.rd, page(1), at(2));
	EXPECT(0, h, DATA_DESTROY, r.rd, at(2));
	EXPECT(0, h, GRANULE_UNDELEGATE, page(1));
	lay_ready();
	assert_false(touch(0));
	assert_false(touch(1));
	assert_false(touch(2));
	assert_true(is_hosts(2));
	assert_true(touch(3));
	/* Nor outside of the tables, of the protected space, of memory, of realms. */
	rmm_make_ready(h->rmm, r.rd, B + MIB2, other, 1);
	rmm_make_ready(h->rmm, r.rd, IPA_U, other, 1);
	rmm_make_ready(h->rmm, r.rd, at(5) + 8, other, 1);
	rmm_make_ready(h->rmm, r.rd, at(5), other + 8, 1);
	rmm_make_ready(h->rmm, r.rd, at(5), UINT64_C(1) << 40, 1);
	rmm_make_ready(h->rmm, r.rec[0], at(5), other, 1);
	assert_null(rmm_check(h->rmm));
	assert_false(rmm_granule_protected(h->rmm, other));
}

static void a_page_that_is_mapped_unprotected_is_not_laid_ready(void **state)
{
	realm_tables(&r, IPA_U, 3);
	EXPECT(0, h, RTT_MAP_UNPROTECTED, r.rd, IPA_U, 3, page(0) | 0xd8);
	lay_ready();
	assert_false(touch(0));
	assert_true(touch(1));
}

static void a_realm_that_is_not_active_gets_nothing(void **state)
{
	rmm_make_ready(h->rmm, r.rd, B, pa, PAGES);
	assert_true(is_hosts(0));
	realm_activate(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_ready(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_ready_page_is_unassigned_until_it_is_touched),
		TEST(a_touched_page_is_like_any_other),
		TEST(a_fault_that_is_late_claims_it),
		TEST(a_page_that_was_not_touched_is_the_hosts_again),
		TEST(another_page_takes_its_place),
		TEST(ripas_changes_as_that_of_an_unassigned_page),
		TEST(a_table_goes_with_what_lies_ready_in_it),
		TEST(a_table_with_a_touched_page_does_not_go),
		TEST(a_table_is_folded_as_if_nothing_lay_ready),
		TEST(a_table_that_stays_keeps_what_lies_ready),
		TEST(top_stops_at_a_ready_entry),
		TEST(nothing_that_would_show_is_laid_ready),
		TEST(a_page_that_is_mapped_unprotected_is_not_laid_ready),
		TEST(a_realm_that_is_not_active_gets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
