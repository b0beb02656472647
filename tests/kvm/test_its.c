// SPDX-License-Identifier: BSD-3-Clause
/* test_its.c - the ITS and LPIs as a guest sees them: registers, commands, MSIs. */
#include "its_fixture.h"

#include <errno.h>
#include <string.h>

/* ---- what the GIC says of LPIs ---- */
static void only_a_gic_with_an_its_has_lpis(void **state)
{
	struct guest_its g;

	fix_boot(&g.f, 2);
	assert_int_equal(R32(&g.f, DIST + 4), 0x480003);
	assert_int_equal(fix_read(&g.f, REDIST + 8, 8) & 1, 0);
	W32(&g.f, REDIST, 1);
	assert_int_equal(R32(&g.f, REDIST), 6); /* CES, IR: nothing was enabled */
	assert_false(vgic_has_its(g.f.v));
	fix_destroy(&g.f);
	its_fix_create(&g, 2);
	assert_true(vgic_has_its(g.f.v));
	assert_int_equal(R32(&g.f, DIST + 4), 0x7a0003);
	assert_int_equal(fix_read(&g.f, REDIST + 8, 8) & 1, 1);
	W32(&g.f, REDIST, 1);
	assert_int_equal(R32(&g.f, REDIST), 7);
	assert_int_equal(R32(&g.f, REDIST_OF(1)), 6);
	its_fix_destroy(&g);
}

static void the_lpi_tables_are_fixed_while_lpis_are_enabled(void **state)
{
	struct guest_its g;
	uint64_t prop, pend;

	its_fix_boot(&g, 1);
	prop = R64(&g, REDIST + 0x70);
	pend = R64(&g, REDIST + 0x78);
	W64(&g, REDIST + 0x70, 0);
	W64(&g, REDIST + 0x78, 0);
	assert_int_equal(R64(&g, REDIST + 0x70), prop);
	assert_int_equal(R64(&g, REDIST + 0x78), pend);
	W32(&g.f, REDIST, 0);
	W64(&g, REDIST + 0x70, MEM);
	assert_int_equal(R64(&g, REDIST + 0x70) & ~UINT64_C(0xfff), MEM);
	its_fix_destroy(&g);
}

/* ---- registers of the ITS ---- */
static void registers_read_as_the_kernels_do(void **state)
{
	struct guest_its g;

	its_fix_create(&g, 1);
	assert_int_equal(R32(&g.f, ITS_CTLR), 0x80000000);
	assert_int_equal(R32(&g.f, ITS + 4), 0x4b00043b);
	assert_int_equal(R64(&g, ITS + 8), 0x1ef71);
	assert_int_equal(R64(&g, ITS_BASER0), UINT64_C(0x1907000000000600));
	assert_int_equal(R64(&g, ITS_BASER1), UINT64_C(0x1c07000000000600));
	assert_int_equal(R32(&g.f, ITS + 0xffe0), 0x92);
	assert_int_equal(R32(&g.f, ITS + 0xffe8), 0x3b);
	assert_int_equal(R32(&g.f, ITS + 0xfffc), 0xb1);
	assert_int_equal(R64(&g, ITS_CTLR), 0); /* not of this width */
	assert_int_equal(fix_read(&g.f, ITS_CBASER, 1), 0);
	assert_int_equal(R32(&g.f, DOORBELL), 0);
	W64(&g, DOORBELL, 5); /* no CPU sends MSIs */
	its_fix_destroy(&g);
}

static void only_what_exists_can_be_set(void **state)
{
	struct guest_its g;

	its_fix_create(&g, 1);
	W64(&g, ITS_BASER0, ~UINT64_C(0));
	assert_int_equal(R64(&g, ITS_BASER0), UINT64_C(0xf907fffffffffeff));
	W64(&g, ITS_BASER1, ~UINT64_C(0));
	assert_int_equal(R64(&g, ITS_BASER1), UINT64_C(0xbc07fffffffffeff));
	W64(&g, ITS + 0x110, ~UINT64_C(0));
	assert_int_equal(R64(&g, ITS + 0x110), 0);
	W64(&g, ITS_CBASER, 0);
	fix_write(&g.f, ITS_CTLR, 4, 1);
	assert_int_equal(R32(&g.f, ITS_CTLR) & 1, 0); /* without a queue */
	its_tables(&g);
	assert_int_equal(R32(&g.f, ITS_CTLR) & 1, 1);
	W64(&g, ITS_CBASER, 0);
	W64(&g, ITS_BASER0, 0);
	assert_true(R64(&g, ITS_CBASER) & TABLE_VALID);
	assert_true(R64(&g, ITS_BASER0) & TABLE_VALID);
	W64(&g, ITS_CREADR, 0x40);
	assert_int_equal(R64(&g, ITS_CREADR), 0);
	W64(&g, ITS_CWRITER, 0x10000); /* beyond the queue */
	assert_int_equal(R64(&g, ITS_CWRITER), 0);
	/* In halves. */
	fix_write(&g.f, ITS_CTLR, 4, 0);
	W32(&g.f, ITS_CBASER, 0x40010000);
	W32(&g.f, ITS_CBASER + 4, 0x80000001);
	assert_int_equal(R64(&g, ITS_CBASER) & ~(UINT64_C(7) << 59), UINT64_C(0x8000000140010000));
	assert_int_equal(R32(&g.f, ITS_CBASER + 4) & 0x80000fff, 0x80000001);
	its_fix_destroy(&g);
}

/* ---- MSIs ---- */
static void an_msi_becomes_the_lpi_it_is_mapped_to(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 2);
	its_send(&g, MAPD(7, itt(7), 5));
	its_send(&g, MAPTI(7, 3, 9000, 1));
	its_send(&g, MAPD(8, itt(8), 14));
	its_send(&g, MAPI(8, 8200, 0));
	for (int twice = 0; twice < 2; twice++) { /* looked up; cached */
		assert_int_equal(its_msi(&g, 7, 3), 1);
		assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
		assert_int_equal(guest_take(&g.f, 1), 9000);
		assert_int_equal(guest_take(&g.f, 1), SPURIOUS);
		assert_int_equal(its_msi(&g, 8, 8200), 1);
		assert_int_equal(guest_take(&g.f, 0), 8200);
	}
	assert_int_equal(its_msi(&g, 7, 4), 0);
	assert_int_equal(its_msi(&g, 6, 3), 0);
	/* Any address in the frame will do, as for the kernel. */
	assert_int_equal(its_signal_at(&g, ITS, KVM_MSI_VALID_DEVID, 7, 3), 1);
	assert_int_equal(guest_take(&g.f, 1), 9000);
	its_fix_destroy(&g);
}

static void msis_that_reach_nobody_are_refused(void **state)
{
	struct guest_its g;

	fix_boot(&g.f, 1);
	assert_int_equal(its_msi(&g, 1, 0), -ENODEV);
	fix_destroy(&g.f);
	its_fix_boot(&g, 1);
	its_one_device(&g, 1);
	assert_int_equal(its_msi(&g, 1, 0), 1);
	assert_int_equal(its_signal_at(&g, DOORBELL, 0, 1, 0), -EINVAL);
	assert_int_equal(its_signal_at(&g, ITS + 0x20000, KVM_MSI_VALID_DEVID, 1, 0), -EINVAL);
	assert_int_equal(its_signal_at(&g, ITS - 4, KVM_MSI_VALID_DEVID, 1, 0), -EINVAL);
	W32(&g.f, REDIST, 0);
	assert_int_equal(its_msi(&g, 1, 0), -EBUSY);
	W32(&g.f, REDIST, 1);
	assert_int_equal(its_msi(&g, 1, 0), 1);
	fix_write(&g.f, ITS_CTLR, 4, 0);
	assert_int_equal(its_msi(&g, 1, 0), -EBUSY);
	its_fix_destroy(&g);
}

static void more_lpis_than_list_registers_arrive_by_priority(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 1);
	for (unsigned int i = 0; i < 20; i++)
		g.f.mem[AT_CONFIG + i] = 0xa1 - i / 2 * 8;
	its_one_device(&g, 20);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(its_msi(&g, 1, i), 1);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(guest_take(&g.f, 0), FIRST_LPI + 18 - i * 2);
		assert_int_equal(guest_take(&g.f, 0), FIRST_LPI + 19 - i * 2);
	}
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	its_fix_destroy(&g);
}

/* ---- commands ---- */
static void interrupts_move_with_what_is_pending(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 3);
	its_one_device(&g, 3);
	its_msi(&g, 1, 0);
	its_send(&g, MOVI(1, 0, 1));
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	assert_int_equal(guest_take(&g.f, 1), FIRST_LPI);
	assert_int_equal(its_msi(&g, 1, 0), 1);
	assert_int_equal(guest_take(&g.f, 1), FIRST_LPI);
	/* The collection moves, and what it has with it. */
	its_msi(&g, 1, 1);
	its_send(&g, MAPC(0, 2));
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	assert_int_equal(guest_take(&g.f, 2), FIRST_LPI + 1);
	its_msi(&g, 1, 2);
	assert_int_equal(guest_take(&g.f, 2), FIRST_LPI + 2);
	/* All of a redistributor. */
	its_msi(&g, 1, 1);
	its_msi(&g, 1, 2);
	its_send(&g, MOVALL(2, 0));
	assert_int_equal(guest_take(&g.f, 2), SPURIOUS);
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI + 1);
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI + 2);
	assert_int_equal(guest_take(&g.f, 1), SPURIOUS);
	/* To nowhere: nothing moves. */
	its_send(&g, MOVI(1, 0, 9));
	its_send(&g, MOVALL(1, 9));
	its_send(&g, MOVI(1, 30, 0));
	its_msi(&g, 1, 0);
	assert_int_equal(guest_take(&g.f, 1), FIRST_LPI);
	its_fix_destroy(&g);
}

static void the_configuration_counts_when_it_is_invalidated(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 2);
	g.f.mem[AT_CONFIG] = LPI_OFF;
	its_one_device(&g, 2);
	its_msi(&g, 1, 0);
	g.f.mem[AT_CONFIG] = LPI_ON;
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	its_send(&g, INV(1, 0));
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI);
	/* By collection. */
	g.f.mem[AT_CONFIG] = g.f.mem[AT_CONFIG + 1] = LPI_OFF;
	its_send(&g, MOVI(1, 1, 1));
	its_send(&g, INVALL(0));
	its_msi(&g, 1, 0);
	its_msi(&g, 1, 1);
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	assert_int_equal(guest_take(&g.f, 1), FIRST_LPI + 1);
	/* By the redistributor. */
	g.f.mem[AT_CONFIG] = LPI_ON;
	W64(&g, REDIST + 0xa0, FIRST_LPI);
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI);
	g.f.mem[AT_CONFIG] = LPI_OFF;
	W64(&g, REDIST + 0xb0, 0);
	its_msi(&g, 1, 0);
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	W64(&g, REDIST + 0xa0, 40); /* an SPI has no table */
	its_fix_destroy(&g);
}

static void int_and_clear_set_and_clear(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 1);
	its_one_device(&g, 1);
	its_send(&g, INT(1, 0));
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI);
	its_send(&g, INT(1, 0));
	its_send(&g, CLEAR(1, 0));
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	its_send(&g, INT(1, 9));
	its_send(&g, CLEAR(1, 9));
	its_send(&g, SYNC(0));
	its_fix_destroy(&g);
}

static void what_is_unmapped_leads_nowhere(void **state)
{
	struct guest_its g;

	its_fix_boot(&g, 1);
	its_one_device(&g, 3);
	*mem64(&g, AT_ITT + ITT_SIZE) = 77;
	its_msi(&g, 1, 0);
	its_send(&g, DISCARD(1, 0));
	assert_int_equal(guest_take(&g.f, 0), SPURIOUS);
	assert_int_equal(its_msi(&g, 1, 0), 0);
	assert_int_equal(*mem64(&g, AT_ITT + ITT_SIZE), 0);
	/* Anew, to another LPI. */
	its_send(&g, MAPTI(1, 0, 9000, 0));
	assert_int_equal(its_msi(&g, 1, 0), 1);
	assert_int_equal(guest_take(&g.f, 0), 9000);
	/* The collection: its entries stay, but lead nowhere, even when it is back. */
	its_send(&g, UNMAPC(0));
	assert_int_equal(its_msi(&g, 1, 1), 0);
	its_send(&g, MAPC(0, 0));
	assert_int_equal(its_msi(&g, 1, 1), 0);
	/* The device. */
	*mem64(&g, AT_DEVICES + 8) = 77;
	its_send(&g, UNMAPD(1));
	assert_int_equal(*mem64(&g, AT_DEVICES + 8), 0);
	its_one_device(&g, 1);
	assert_int_equal(its_msi(&g, 1, 0), 1);
	assert_int_equal(its_msi(&g, 1, 1), 0);
	/* The table. */
	fix_write(&g.f, ITS_CTLR, 4, 0);
	W64(&g, ITS_BASER0, MEM + AT_DEVICES);
	its_tables(&g);
	assert_int_equal(its_msi(&g, 1, 0), 0);
	its_fix_destroy(&g);
}

static void an_lpi_in_a_list_register_outlives_its_entry(void **state)
{
	struct guest_its g;
	struct guest cpu;

	its_fix_boot(&g, 1);
	its_one_device(&g, 1);
	its_msi(&g, 1, 0);
	guest_enter(&cpu, &g.f, 0);
	assert_int_equal(guest_ack(&cpu), FIRST_LPI);
	guest_exit(&cpu); /* active */
	its_send(&g, DISCARD(1, 0));
	guest_enter(&cpu, &g.f, 0);
	assert_int_equal(guest_lrs_used(&cpu), 0);
	guest_eoi(&cpu, FIRST_LPI);
	guest_exit(&cpu);
	its_fix_destroy(&g);
}

/* Each of these leaves event 0 of device 1 as the only thing that is mapped. */
static void commands_that_make_no_sense_are_passed_over(void **state)
{
	static const struct its_cmd bad[] = {
		MAPD(0x2000, MEM + AT_ITT, 5),	/* no room in the device table */
		MAPD(0x10000, MEM + AT_ITT, 5), /* too large an id */
		MAPD(2, MEM + AT_ITT, 17),	/* too many events */
		MAPC(1, 1),			/* no such vCPU */
		MAPC(0x2000, 0),		/* no room in the collection table */
		MAPTI(1, 32, FIRST_LPI + 5, 0), /* too large an event */
		MAPTI(2, 0, FIRST_LPI + 5, 0),	/* no such device */
		MAPTI(1, 5, FIRST_LPI - 1, 0),	/* not an LPI */
		MAPTI(1, 5, 0x10000, 0),	/* not configured */
		MAPTI(1, 5, 0xffffffff, 0),
		MAPTI(1, 5, FIRST_LPI + 5, 0x2000),
		MAPI(1, 5, 0),
		DISCARD(1, 5),
		CMD(0, 1, 0, 0, 0),
		CMD(255, 1, 0, 0, 0),
	};
	struct guest_its g;

	its_fix_boot(&g, 1);
	its_one_device(&g, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		its_send(&g, bad[i]);
		assert_int_equal(its_msi(&g, 1, 0), 1);
		assert_int_equal(guest_take(&g.f, 0), FIRST_LPI);
		for (unsigned int dev = 0; dev < 4; dev++)
			for (unsigned int event = dev == 1; event < 40; event++)
				assert_int_equal(its_msi(&g, dev, event), 0);
	}
	/* Mapped twice: it stays what it was. */
	its_send(&g, MAPTI(1, 0, 9000, 0));
	its_msi(&g, 1, 0);
	assert_int_equal(guest_take(&g.f, 0), FIRST_LPI);
	its_fix_destroy(&g);
}

static void commands_outside_of_memory_are_passed_over(void **state)
{
	struct guest_its g;

	its_fix_create(&g, 1);
	W64(&g, ITS_CBASER, UINT64_C(0x100000000) | TABLE_VALID);
	W64(&g, ITS_BASER0, UINT64_C(0x200000000) | TABLE_VALID);
	W64(&g, ITS_BASER1, UINT64_C(0x300000000) | TABLE_VALID);
	fix_write(&g.f, ITS_CTLR, 4, 1);
	W64(&g, ITS_CWRITER, 0xfe0);
	assert_int_equal(R64(&g, ITS_CREADR), 0xfe0);
	W64(&g, ITS_CWRITER, 0x20); /* around the end */
	assert_int_equal(R64(&g, ITS_CREADR), 0x20);
	/* Nor can a device have its entry there. */
	fix_write(&g.f, ITS_CTLR, 4, 0);
	W64(&g, ITS_CBASER, (MEM + AT_QUEUE) | 15 | TABLE_VALID);
	fix_write(&g.f, ITS_CTLR, 4, 1);
	its_send(&g, MAPD(1, itt(1), 5));
	assert_null(its_device_find(g.its, 1));
	its_fix_destroy(&g);
}

static void a_table_of_two_levels_has_what_its_pages_hold(void **state)
{
	struct guest_its g;

	its_fix_create(&g, 1);
	memset(g.f.mem + AT_CONFIG, LPI_ON, 0xe000);
	its_enable_lpis(&g, 0);
	W64(&g, ITS_BASER0, (MEM + AT_DEVICES) | TABLE_VALID | UINT64_C(1) << 62);
	*mem64(&g, AT_DEVICES + 8) = (MEM + 0x100000) | TABLE_VALID;	   /* ids 8192.. */
	*mem64(&g, AT_DEVICES + 16) = UINT64_C(0x7ffff0000) | TABLE_VALID; /* not there */
	*mem64(&g, AT_DEVICES + 24) = MEM + 0x110000;			   /* not valid */
	W64(&g, ITS_CBASER, (MEM + AT_QUEUE) | 15 | TABLE_VALID);
	W64(&g, ITS_BASER1, (MEM + AT_COLLS) | TABLE_VALID);
	fix_write(&g.f, ITS_CTLR, 4, 1);
	its_send(&g, MAPC(0, 0));
	its_send(&g, MAPD(1, itt(1), 5));
	its_send(&g, MAPD(8193, itt(2), 5));
	its_send(&g, MAPD(16384, itt(3), 5));
	its_send(&g, MAPD(24576, itt(4), 5));
	assert_null(its_device_find(g.its, 1));
	assert_non_null(its_device_find(g.its, 8193));
	assert_null(its_device_find(g.its, 16384));
	assert_null(its_device_find(g.its, 24576));
	its_send(&g, MAPTI(8193, 0, FIRST_LPI, 0));
	assert_int_equal(its_attr(&g, CTRL, SAVE, NULL, true), 0);
	assert_true(*mem64(&g, 0x100008) & TABLE_VALID);
	assert_int_equal(its_attr(&g, CTRL, RESET, NULL, true), 0);
	W64(&g, ITS_BASER0, (MEM + AT_DEVICES) | TABLE_VALID | UINT64_C(1) << 62);
	W64(&g, ITS_BASER1, (MEM + AT_COLLS) | TABLE_VALID);
	*mem64(&g, AT_DEVICES + 16) = 0;
	assert_int_equal(its_attr(&g, CTRL, LOAD, NULL, true), 0);
	assert_non_null(its_ite_find(g.its, 8193, 0));
	its_fix_destroy(&g);
}

/* 32768 of them in one write, each over every LPI, are more than one access may take. */
static void the_queue_goes_on_with_the_next_access(void **state)
{
	struct its_cmd c = INVALL(0);
	uint64_t end = 0xfffe0;
	struct guest_its g;
	unsigned int accesses = 0;

	its_fix_create(&g, 1);
	memset(g.f.mem + AT_CONFIG, LPI_ON, 0xe000);
	its_enable_lpis(&g, 0);
	its_tables(&g);
	its_send(&g, MAPC(0, 0));
	its_send(&g, MAPD(1, itt(1), 5));
	its_send(&g, MAPTI(1, 0, 65535, 0));
	fix_write(&g.f, ITS_CTLR, 4, 0);
	for (uint64_t at = 0; at < 0x100000; at += sizeof(c))
		memcpy(g.f.mem + 0x200000 + at, &c, sizeof(c));
	W64(&g, ITS_CBASER, (MEM + 0x200000) | 0xff | TABLE_VALID);
	fix_write(&g.f, ITS_CTLR, 4, 1);
	W64(&g, ITS_CWRITER, end);
	assert_int_equal(R32(&g.f, ITS_CTLR), 1); /* not quiescent */
	while (accesses < 5 && R64(&g, ITS_CREADR) != end)
		accesses++;
	assert_int_equal(accesses, 5);
	/* And the end of it is not waited for by whoever turns it off. */
	fix_write(&g.f, ITS_CTLR, 4, 0);
	assert_true(R64(&g, ITS_CREADR) != end);
	its_fix_destroy(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_gic_with_an_its_has_lpis),
		cmocka_unit_test(the_lpi_tables_are_fixed_while_lpis_are_enabled),
		cmocka_unit_test(registers_read_as_the_kernels_do),
		cmocka_unit_test(only_what_exists_can_be_set),
		cmocka_unit_test(an_msi_becomes_the_lpi_it_is_mapped_to),
		cmocka_unit_test(msis_that_reach_nobody_are_refused),
		cmocka_unit_test(more_lpis_than_list_registers_arrive_by_priority),
		cmocka_unit_test(interrupts_move_with_what_is_pending),
		cmocka_unit_test(the_configuration_counts_when_it_is_invalidated),
		cmocka_unit_test(int_and_clear_set_and_clear),
		cmocka_unit_test(what_is_unmapped_leads_nowhere),
		cmocka_unit_test(an_lpi_in_a_list_register_outlives_its_entry),
		cmocka_unit_test(commands_that_make_no_sense_are_passed_over),
		cmocka_unit_test(commands_outside_of_memory_are_passed_over),
		cmocka_unit_test(a_table_of_two_levels_has_what_its_pages_hold),
		cmocka_unit_test(the_queue_goes_on_with_the_next_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
