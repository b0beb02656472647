// SPDX-License-Identifier: BSD-3-Clause
/* test_its_tables.c - an ITS that is saved and restored, pending tables, device attributes. */
#include "its_fixture.h"

#include <errno.h>
#include <string.h>

/* ---- pending tables ---- */
static void what_is_pending_comes_from_the_table(void **state)
{
	struct guest_its g;

	its_fix_create(&g, 2);
	memset(g.f.mem + AT_CONFIG, LPI_ON, 0xe000);
	g.f.mem[AT_PENDING + FIRST_LPI / 8] = 0x5;
	g.f.mem[AT_PENDING + 0x10000 + FIRST_LPI / 8] = 0x2;
	its_enable_lpis(&g, 0);
	its_enable_lpis(&g, 1);
	its_tables(&g);
	its_send(&g, MAPC(0, 0));
	its_send(&g, MAPC(1, 1));
	its_one_device(&g, 2);
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI);
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	assert_int_equal(g.f.mem[AT_PENDING + FIRST_LPI / 8], 4); /* taken out */
	/* Off: what is pending is lost. On: the table is read, unless it is all zero. */
	its_msi(&g, 1, 1);
	W32(&g.f, REDIST, 0);
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	g.f.mem[AT_PENDING + FIRST_LPI / 8] = 3;
	W64(&g, REDIST + 0x78, (MEM + AT_PENDING) | UINT64_C(1) << 62);
	W32(&g.f, REDIST, 1);
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	W32(&g.f, REDIST, 0);
	W64(&g, REDIST + 0x78, MEM + AT_PENDING);
	W32(&g.f, REDIST, 1);
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI);
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI + 1);
	its_fix_destroy(&g);
}

static void what_is_pending_is_saved(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 2);
	its_one_device(&g, 3);
	its_send(&g, MOVI(1, 2, 1));
	g.f.mem[AT_PENDING + FIRST_LPI / 8] = 0xf2;
	its_msi(&g, 1, 0);
	its_msi(&g, 1, 2);
	assert_int_equal(fix_set(&g.f, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL), 0);
	assert_int_equal(g.f.mem[AT_PENDING + FIRST_LPI / 8], 0xf1);
	assert_int_equal(g.f.mem[AT_PENDING + 0x10000 + FIRST_LPI / 8], 4);
	g.f.running = true;
	assert_int_equal(fix_set(&g.f, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL), EBUSY);
	g.f.running = false;
	W32(&g.f, REDIST_OF(1), 0);
	W64(&g, REDIST_OF(1) + 0x78, UINT64_C(0x100000000));
	assert_int_equal(fix_set(&g.f, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL), EFAULT);
	its_fix_destroy(&g);
}

static void an_lpi_without_tables_is_not_mapped(void **state)
{
	struct guest_its g;

	its_fix_create(&g, 1);
	its_tables(&g);
	its_send(&g, MAPC(0, 0));
	its_one_device(&g, 1); /* no configuration table */
	assert_null(its_ite_find(g.its, 1, 0));
	W64(&g, REDIST + 0x70, (MEM + AT_CONFIG) | 15);
	its_send(&g, MAPTI(1, 0, FIRST_LPI, 0)); /* no pending table */
	assert_null(its_ite_find(g.its, 1, 0));
	W64(&g, REDIST + 0x78, MEM + AT_PENDING);
	its_send(&g, MAPTI(1, 0, FIRST_LPI, 0));
	assert_non_null(its_ite_find(g.its, 1, 0));
	its_fix_destroy(&g);
}

/* ---- save and restore ---- */
static void the_tables_have_the_layout_of_revision_0(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 2);
	its_send(&g, MAPD(300, itt(3), 4));
	its_send(&g, MAPD(2, itt(2), 5));
	its_send(&g, MAPTI(2, 7, 9000, 1));
	its_send(&g, MAPTI(2, 1, 8200, 0));
	its_send(&g, MAPTI(300, 0, 8201, 5)); /* a collection that is not mapped */
	assert_int_equal(its_attr(&g, CTRL, SAVE, NULL, true), 0);
	assert_int_equal(*mem64(&g, AT_DEVICES + 16),
			 TABLE_VALID | UINT64_C(298) << 49 | itt(2) >> 8 << 5 | 4);
	assert_int_equal(*mem64(&g, AT_DEVICES + 2400), TABLE_VALID | itt(3) >> 8 << 5 | 3);
	assert_int_equal(*mem64(&g, AT_ITT + 2 * ITT_SIZE + 8),
			 UINT64_C(6) << 48 | UINT64_C(8200) << 16 | 0);
	assert_int_equal(*mem64(&g, AT_ITT + 2 * ITT_SIZE + 56), UINT64_C(9000) << 16 | 1);
	assert_int_equal(*mem64(&g, AT_ITT + 3 * ITT_SIZE), UINT64_C(8201) << 16 | 5);
	assert_int_equal(*mem64(&g, AT_COLLS), TABLE_VALID | 0);
	assert_int_equal(*mem64(&g, AT_COLLS + 8), TABLE_VALID | 1 << 16 | 1);
	assert_int_equal(*mem64(&g, AT_COLLS + 16), TABLE_VALID | UINT64_C(0xffffffff) << 16 | 5);
	assert_int_equal(*mem64(&g, AT_COLLS + 24), 0);
	its_fix_destroy(&g);
}

static void restore_registers(struct guest_its *g, const uint64_t *reg)
{
	static const uint32_t order[] = {0x80, 0x88, 0x90, 0x100, 0x108, 4};

	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
		uint64_t val = reg[i];

		assert_int_equal(its_attr(g, REGS, order[i], &val, true), 0);
	}
}

static void save_registers(struct guest_its *g, uint64_t *reg)
{
	static const uint32_t order[] = {0x80, 0x88, 0x90, 0x100, 0x108, 4};

	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++)
		assert_int_equal(its_attr(g, REGS, order[i], &reg[i], false), 0);
}

/* To another machine: memory and registers are copied, the documented order is kept. */
static void another_its_goes_on_where_the_first_was_saved(void **state)
{
	struct guest_its a, b;
	uint64_t reg[6], on = 1;

	its_fix_boot(&a, 2);
	for (unsigned int d = 0; d < 40; d++) {
		its_send(&a, MAPD(d * 200, itt(d), 6));
		for (unsigned int e = 0; e < 25; e++)
			its_send(&a, MAPTI(d * 200, e * 2, FIRST_LPI + d * 25 + e, e % 2));
	}
	its_msi(&a, 200, 4);
	assert_int_equal(fix_set(&a.f, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES, NULL), 0);
	assert_int_equal(its_attr(&a, CTRL, SAVE, NULL, true), 0);
	save_registers(&a, reg);

	its_fix_create(&b, 2);
	memcpy(b.f.mem, a.f.mem, MEM_SIZE);
	its_enable_lpis(&b, 0);
	its_enable_lpis(&b, 1);
	restore_registers(&b, reg);
	assert_int_equal(its_attr(&b, CTRL, LOAD, NULL, true), 0);
	assert_int_equal(its_attr(&b, CTRL, LOAD, NULL, true), EEXIST);
	assert_int_equal(its_attr(&b, REGS, 0, &on, true), 0);
	assert_int_equal(R64(&b, ITS_CREADR), a.cwriter);
	assert_int_equal(guest_take(&b.f, 0), FIRST_LPI + 27); /* was pending */
	for (unsigned int d = 0; d < 40; d++)
		for (unsigned int e = 0; e < 25; e++) {
			assert_int_equal(its_msi(&b, d * 200, e * 2), 1);
			assert_int_equal(guest_take(&b.f, e % 2), FIRST_LPI + d * 25 + e);
			assert_int_equal(its_msi(&b, d * 200, e * 2 + 1), 0);
		}
	/* And its tables are the same when it is saved in turn. */
	assert_int_equal(its_attr(&b, CTRL, SAVE, NULL, true), 0);
	assert_memory_equal(b.f.mem + AT_DEVICES, a.f.mem + AT_DEVICES, 0x20000);
	assert_memory_equal(b.f.mem + AT_ITT, a.f.mem + AT_ITT, 40 * ITT_SIZE);
	its_fix_destroy(&a);
	its_fix_destroy(&b);
}

static void wrong_tables_are_refused_and_leave_nothing(void **state)
{
	const uint64_t dte = TABLE_VALID | itt(1) >> 8 << 5 | 4;
	const uint64_t ite = UINT64_C(8192) << 16, cte = TABLE_VALID;
	const struct {
		uint64_t dte, ite, cte, cte2;
		int err;
	} rows[] = {
		{dte, ite, cte, 0, 0},
		{dte, ite, cte, cte, EEXIST},
		{dte, ite, cte | 9 << 16, 0, EINVAL},	     /* no such vCPU */
		{dte, ite, cte | 0x2000, 0, EINVAL},	     /* no room for it */
		{dte, ite | 1, cte, 0, EINVAL},		     /* no such collection */
		{dte, UINT64_C(8191) << 16, cte, 0, EINVAL}, /* no LPI */
		{dte, UINT64_C(0x10000) << 16, cte, 0, EINVAL},
		{dte, ite | UINT64_C(32) << 48, cte, 0, EINVAL}, /* beyond the table */
		{dte | 0x1f, ite, cte, 0, EINVAL},		 /* too many events */
		{(dte & ~UINT64_C(0x1ffffffffffe0)) | UINT64_C(0x100000000) >> 8 << 5, ite, cte, 0,
		 EFAULT},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest_its g;

		its_fix_create(&g, 1);
		its_enable_lpis(&g, 0);
		W64(&g, ITS_BASER0, (MEM + AT_DEVICES) | TABLE_VALID);
		W64(&g, ITS_BASER1, (MEM + AT_COLLS) | TABLE_VALID);
		*mem64(&g, AT_DEVICES + 8) = rows[i].dte;
		*mem64(&g, AT_ITT + ITT_SIZE) = rows[i].ite;
		*mem64(&g, AT_COLLS) = rows[i].cte;
		*mem64(&g, AT_COLLS + 8) = rows[i].cte2;
		assert_int_equal(its_attr(&g, CTRL, LOAD, NULL, true), rows[i].err);
		assert_int_equal(!g.its->devices, !!rows[i].err);
		assert_int_equal(!g.its->collections, !!rows[i].err);
		assert_int_equal(g.f.v->num_ites, !rows[i].err);
		its_fix_destroy(&g);
	}
}

static void a_table_that_has_gone_is_told(void **state)
{
	struct guest_its g;
	uint64_t bad = UINT64_C(0x100000000) | TABLE_VALID;

	its_fix_boot(&g, 1);
	its_one_device(&g, 1);
	assert_int_equal(its_attr(&g, CTRL, RESET, NULL, true), 0);
	W64(&g, ITS_BASER1, bad);
	assert_int_equal(its_attr(&g, CTRL, LOAD, NULL, true), EFAULT);
	assert_int_equal(its_attr(&g, CTRL, SAVE, NULL, true), EFAULT);
	its_fix_destroy(&g);
}

/* What the old table held is not in the new one; a driver that resumes writes the same address. */
static void another_table_is_an_empty_one(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 1);
	its_one_device(&g, 1);
	fix_write(&g.f, ITS_CTLR, 4, 0);
	W64(&g, ITS_BASER0, (MEM + AT_DEVICES) | TABLE_VALID);
	W64(&g, ITS_BASER1, (MEM + AT_COLLS) | TABLE_VALID);
	assert_non_null(g.its->devices);
	assert_non_null(g.its->collections);
	W64(&g, ITS_BASER1, (MEM + AT_ITT) | TABLE_VALID);
	assert_non_null(g.its->devices);
	assert_null(g.its->collections);
	W64(&g, ITS_BASER0, (MEM + AT_COLLS) | TABLE_VALID);
	assert_null(g.its->devices);
	its_fix_destroy(&g);
}

#define INDIRECT (UINT64_C(1) << 62)
#define PAGE_A	 UINT64_C(0x100000)
#define PAGE_B	 UINT64_C(0x110000)

/* The guest has dropped the second page of its device table. */
static void a_device_that_the_table_has_no_place_for_is_left_out(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 1);
	fix_write(&g.f, ITS_CTLR, 4, 0);
	W64(&g, ITS_BASER0, (MEM + AT_DEVICES) | TABLE_VALID | INDIRECT);
	*mem64(&g, AT_DEVICES) = (MEM + PAGE_A) | TABLE_VALID;
	*mem64(&g, AT_DEVICES + 8) = (MEM + PAGE_B) | TABLE_VALID;
	fix_write(&g.f, ITS_CTLR, 4, 1);
	its_send(&g, MAPD(1, itt(1), 5));
	its_send(&g, MAPD(8192, itt(2), 5));
	assert_int_equal(its_attr(&g, CTRL, SAVE, NULL, true), 0);
	assert_int_equal(*mem64(&g, PAGE_A + 8) >> 49 & 0x3fff, 8191);
	*mem64(&g, AT_DEVICES + 8) = *mem64(&g, PAGE_B) = 0;
	assert_int_equal(its_attr(&g, CTRL, SAVE, NULL, true), 0);
	assert_int_equal(*mem64(&g, PAGE_A + 8) >> 49, (unsigned)(TABLE_VALID >> 49));
	assert_int_equal(*mem64(&g, PAGE_B), 0);
	its_fix_destroy(&g);
}

/* Every page of the first level is the same empty one of the second. */
static void a_restore_does_not_look_for_ever(void **state)
{
	struct guest_its g;

	its_fix_create(&g, 1);
	W64(&g, ITS_BASER0, (MEM + AT_DEVICES) | TABLE_VALID | UINT64_C(1) << 62);
	for (unsigned int i = 0; i < 8192; i++)
		*mem64(&g, AT_DEVICES + i * 8) = (MEM + 0x100000) | TABLE_VALID;
	assert_int_equal(its_attr(&g, CTRL, LOAD, NULL, true), EINVAL);
	its_fix_destroy(&g);
}

/* ---- device attributes ---- */
static void attributes_are_checked_in_the_kernels_order(void **state)
{
	uint64_t val = 0x1000;
	struct guest_its g;

	memset(&g, 0, sizeof(g));
	fix_create(&g.f, 1);
	assert_int_equal(its_create(g.f.v, &g.its), 0); /* before the GIC is initialised */
	assert_int_equal(its_has(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE), 0);
	assert_int_equal(its_has(&g, ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST), ENXIO);
	assert_int_equal(its_has(&g, CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT), 0);
	assert_int_equal(its_has(&g, CTRL, SAVE), 0);
	assert_int_equal(its_has(&g, CTRL, LOAD), 0);
	assert_int_equal(its_has(&g, CTRL, RESET), 0);
	assert_int_equal(its_has(&g, CTRL, KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES), ENXIO);
	assert_int_equal(its_has(&g, REGS, 4), 0);
	assert_int_equal(its_has(&g, REGS, 0x84), EINVAL);
	assert_int_equal(its_has(&g, REGS, 0x98), ENXIO);
	assert_int_equal(its_has(&g, REGS, 0xffd4), 0);
	assert_int_equal(its_has(&g, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0), ENXIO);
	/* Address. */
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, NULL, true), ENODEV);
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, NULL, false), ENODEV);
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, NULL, true), EFAULT);
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &val, true), EINVAL);
	val = UINT64_C(1) << 40;
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &val, true), E2BIG);
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &val, false), 0);
	assert_int_equal(val, UINT64_MAX);
	assert_int_equal(its_attr(&g, REGS, 0x84, &val, false), EINVAL);
	assert_int_equal(its_attr(&g, REGS, 0x98, &val, false), ENXIO);
	assert_int_equal(its_attr(&g, REGS, 0, &val, false), ENXIO); /* no address yet */
	val = ITS;
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &val, true), 0);
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &val, true), EEXIST);
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, NULL, false), EFAULT);
	/* Registers. */
	assert_int_equal(its_attr(&g, REGS, 0x98, &val, false), ENXIO);
	assert_int_equal(its_attr(&g, REGS, 0, NULL, true), EFAULT);
	val = 0x1000;
	assert_int_equal(its_attr(&g, REGS, 4, &val, true), EINVAL);
	assert_int_equal(its_attr(&g, REGS, 0x90, &val, true), EINVAL); /* the queue has a page */
	val = 0x20;
	assert_int_equal(its_attr(&g, REGS, 0x90, &val, true), 0);
	assert_int_equal(its_attr(&g, REGS, 8, &val, true), 0); /* read-only: ignored */
	g.f.running = true;
	assert_int_equal(its_attr(&g, REGS, 0, &val, false), EBUSY);
	assert_int_equal(its_attr(&g, CTRL, SAVE, NULL, true), EBUSY);
	assert_int_equal(its_attr(&g, CTRL, 77, NULL, true), EBUSY);
	assert_int_equal(its_attr(&g, CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL, true), 0);
	g.f.running = false;
	assert_int_equal(its_attr(&g, CTRL, 77, NULL, true), ENXIO);
	assert_int_equal(its_attr(&g, 77, 0, &val, true), ENXIO);
	assert_int_equal(its_attr(&g, 77, 0, &val, false), ENXIO);
	assert_int_equal(its_attr(&g, CTRL, SAVE, NULL, false), ENXIO);
	fix_destroy(&g.f);
}

static void creadr_is_fixed_while_the_its_is_enabled(void **state)
{
	struct guest_its g;
	uint64_t val = 0;

	its_fix_boot(&g, 1);
	assert_int_equal(its_attr(&g, REGS, 0x90, &val, true), EBUSY);
	its_fix_destroy(&g);
}

static void a_reset_its_is_as_it_was_made(void **state)
{
	struct guest_its g;
	uint64_t val;

	its_fix_boot(&g, 1);
	its_one_device(&g, 4);
	assert_int_equal(its_attr(&g, CTRL, RESET, NULL, true), 0);
	assert_int_equal(R32(&g.f, ITS_CTLR), 0x80000000);
	assert_int_equal(R64(&g, ITS_CBASER), 0);
	assert_int_equal(R64(&g, ITS_CWRITER), 0);
	val = R64(&g, ITS_BASER0);
	assert_false(val & TABLE_VALID);
	assert_int_equal(its_msi(&g, 1, 0), -EBUSY);
	assert_int_equal(g.f.v->num_ites, 0);
	its_tables(&g);
	assert_int_equal(its_msi(&g, 1, 0), 0);
	its_fix_destroy(&g);
}

static void two_itss_have_events_of_their_own(void **state)
{
	struct guest_its g;
	struct its *first;
	uint64_t base = ITS + 0x20000;

	its_fix_boot(&g, 1);
	its_one_device(&g, 1);
	first = g.its;
	assert_int_equal(its_create(g.f.v, &g.its), 0);
	assert_int_equal(its_attr(&g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &base, true), 0);
	assert_int_equal(R64(&g, base + 0x80), 0);
	assert_int_equal(its_signal_at(&g, base + 0x10040, KVM_MSI_VALID_DEVID, 1, 0), -EBUSY);
	assert_int_equal(its_msi(&g, 1, 0), 1);
	g.its = first;
	its_fix_destroy(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_pending_comes_from_the_table),
		cmocka_unit_test(what_is_pending_is_saved),
		cmocka_unit_test(an_lpi_without_tables_is_not_mapped),
		cmocka_unit_test(the_tables_have_the_layout_of_revision_0),
		cmocka_unit_test(another_its_goes_on_where_the_first_was_saved),
		cmocka_unit_test(wrong_tables_are_refused_and_leave_nothing),
		cmocka_unit_test(a_table_that_has_gone_is_told),
		cmocka_unit_test(another_table_is_an_empty_one),
		cmocka_unit_test(a_device_that_the_table_has_no_place_for_is_left_out),
		cmocka_unit_test(a_restore_does_not_look_for_ever),
		cmocka_unit_test(attributes_are_checked_in_the_kernels_order),
		cmocka_unit_test(creadr_is_fixed_while_the_its_is_enabled),
		cmocka_unit_test(a_reset_its_is_as_it_was_made),
		cmocka_unit_test(two_itss_have_events_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
