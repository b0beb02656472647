// SPDX-License-Identifier: BSD-3-Clause
/* test_vgic_lr.c - which interrupts a vCPU takes, when, in what order, and when they are over. */
#include "vgic_fixture.h"

#define ICH_UIE	    2
#define ICH_LRENPIE 4
#define ICH_TDIR    (1 << 14)
#define LR_EOI	    (UINT64_C(1) << 41)
#define LR_GROUP1   (UINT64_C(1) << 60)
#define LR_HW	    (UINT64_C(1) << 61)
#define LR_PENDING  (UINT64_C(1) << 62)
#define LR_ACTIVE   (UINT64_C(1) << 63)

static void a_level_interrupt_comes_again_until_its_line_falls(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 1);
	vgic_set_line(f.v, 0, 40, true);
	assert_int_equal(f.kicks[0], 1);
	assert_int_equal(guest_take(&f, 0), 40);
	assert_int_equal(guest_take(&f, 0), 40);
	vgic_set_line(f.v, 0, 40, false);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	fix_destroy(&f);
}

static void a_level_interrupt_asks_for_maintenance_at_its_end(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_priority(&f, 40, 0xa0);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	assert_int_equal(g.lr[0], 40 | UINT64_C(0xa0) << 48 | LR_EOI | LR_GROUP1 | LR_PENDING);
	assert_int_equal(g.hcr, 0);
	assert_int_equal(guest_ack(&g), 40);
	assert_true(guest_eoi(&g, 40));
	guest_exit(&g);
	fix_destroy(&f);
}

static void an_active_level_interrupt_is_not_pending_too(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	assert_int_equal(guest_ack(&g), 40);
	guest_exit(&g); /* some other exit, in its handler */
	guest_enter(&g, &f, 0);
	assert_int_equal(g.lr[0] & (LR_PENDING | LR_ACTIVE), LR_ACTIVE);
	assert_int_equal(guest_ack(&g), SPURIOUS);
	assert_true(guest_eoi(&g, 40));
	guest_exit(&g);
	assert_int_equal(guest_take(&f, 0), 40);
	fix_destroy(&f);
}

static void a_level_interrupt_whose_line_fell_before_the_entry_is_gone(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 1);
	vgic_set_line(f.v, 0, 40, true);
	vgic_set_line(f.v, 0, 40, false);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	fix_destroy(&f);
}

static void an_edge_comes_once(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_edge(&f, 40);
	vgic_set_line(f.v, 0, 40, true);
	vgic_set_line(f.v, 0, 40, false); /* does not take it back */
	guest_enter(&g, &f, 0);
	assert_false(g.lr[0] & LR_EOI);
	assert_int_equal(guest_ack(&g), 40);
	assert_false(guest_eoi(&g, 40)); /* no maintenance */
	guest_exit(&g);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	fix_destroy(&f);
}

static void an_edge_not_taken_yet_is_not_lost_by_an_exit(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_edge(&f, 40);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	guest_exit(&g);
	assert_int_equal(guest_take(&f, 0), 40);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	fix_destroy(&f);
}

static void an_edge_while_the_last_one_is_handled_comes_again(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_edge(&f, 40);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	assert_int_equal(guest_ack(&g), 40);
	f.kicks[0] = 0;
	vgic_set_line(f.v, 0, 40, true); /* in the guest: nothing else would bring it out */
	assert_int_equal(f.kicks[0], 1);
	guest_exit(&g);
	guest_enter(&g, &f, 0);
	assert_int_equal(g.lr[0] & (LR_PENDING | LR_ACTIVE), LR_PENDING | LR_ACTIVE);
	guest_eoi(&g, 40);
	assert_int_equal(guest_ack(&g), 40);
	guest_eoi(&g, 40);
	guest_exit(&g);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	fix_destroy(&f);
}

static void a_new_edge_is_not_swallowed_by_one_that_was_not_taken(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_edge(&f, 40);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	guest_ack(&g);
	guest_eoi(&g, 40);
	vgic_set_line(f.v, 0, 40, true);
	guest_exit(&g);
	assert_int_equal(guest_take(&f, 0), 40);
	fix_destroy(&f);
}

static void software_makes_a_level_interrupt_pending_once(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_bit(&f, 0x200, 40);
	assert_int_equal(guest_take(&f, 0), 40);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	fix_destroy(&f);
}

static void disabled_interrupts_wait(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_bit(&f, 0x180, 40);
	vgic_set_line(f.v, 0, 40, true);
	assert_int_equal(f.kicks[0], 0);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	spi_bit(&f, 0x100, 40);
	assert_int_equal(f.kicks[0], 1);
	assert_int_equal(guest_take(&f, 0), 40);
	W32(&f, DIST, 0); /* the whole distributor */
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	W32(&f, DIST, 2);
	assert_int_equal(f.kicks[0], 2);
	assert_int_equal(guest_take(&f, 0), 40);
	fix_destroy(&f);
}

static void the_highest_priority_comes_first(void **state)
{
	static const unsigned int order[] = {45, 41, 40, 44, 43};
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_priority(&f, 45, 0x08);
	spi_priority(&f, 41, 0x10);
	spi_priority(&f, 40, 0x80);
	spi_priority(&f, 44, 0x80);
	spi_priority(&f, 43, 0xf0);
	for (unsigned int i = 40; i < 46; i++) {
		spi_edge(&f, i);
		if (i != 42)
			vgic_set_line(f.v, 0, i, true);
	}
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(guest_take(&f, 0), order[i]);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	fix_destroy(&f);
}

static void more_pending_than_list_registers_asks_for_underflow(void **state)
{
	bool seen[8] = {false};
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	for (unsigned int i = 0; i < NUM_LRS; i++)
		vgic_set_line(f.v, 0, 40 + i, true);
	guest_enter(&g, &f, 0);
	assert_int_equal(g.hcr, 0);
	guest_exit(&g);
	for (unsigned int i = NUM_LRS; i < 8; i++)
		vgic_set_line(f.v, 0, 40 + i, true);
	guest_enter(&g, &f, 0);
	assert_int_equal(guest_lrs_used(&g), NUM_LRS);
	assert_int_equal(g.hcr, ICH_UIE);
	guest_exit(&g);
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int intid = guest_take(&f, 0);

		assert_in_range(intid, 40, 47);
		assert_false(seen[intid - 40]);
		seen[intid - 40] = true;
		vgic_set_line(f.v, 0, intid, false);
	}
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	fix_destroy(&f);
}

/* Five nested handlers, with four list registers. */
static void active_interrupts_that_do_not_fit_end_by_eoicount(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	for (unsigned int i = 0; i < 5; i++)
		spi_priority(&f, 40 + i, 0xa0 - i * 0x10);
	for (unsigned int i = 0; i < 5; i++) {
		vgic_set_line(f.v, 0, 40 + i, true);
		guest_enter(&g, &f, 0);
		assert_int_equal(guest_ack(&g), 40 + i);
		guest_exit(&g);
		vgic_set_line(f.v, 0, 40 + i, false);
	}
	/* One more, of the highest priority: it must find room. */
	spi_priority(&f, 50, 0);
	vgic_set_line(f.v, 0, 50, true);
	guest_enter(&g, &f, 0);
	assert_int_equal(g.hcr, ICH_LRENPIE | ICH_TDIR);
	assert_int_equal(guest_ack(&g), 50);
	vgic_set_line(f.v, 0, 50, false);
	guest_eoi(&g, 50);
	for (unsigned int i = 5; i-- > 2;)
		assert_true(guest_eoi(&g, 40 + i)); /* 44..42: in list registers */
	assert_int_equal(g.eoicount, 0);
	assert_true(guest_eoi(&g, 41));
	assert_int_equal(g.eoicount, 1);
	guest_exit(&g);
	assert_int_equal(R32(&f, DIST + 0x304), 1u << 8); /* 40 alone is still active */
	guest_enter(&g, &f, 0);
	assert_true(guest_eoi(&g, 40));
	guest_exit(&g);
	assert_int_equal(R32(&f, DIST + 0x304), 0);
	fix_destroy(&f);
}

/* As in a list register: by EOI or by a trapped deactivation, and not before. */
static void what_software_made_pending_ends_outside_a_list_register_too(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	for (unsigned int i = 0; i < 6; i++) {
		spi_priority(&f, 40 + i, 0xa0 - i * 0x10);
		spi_bit(&f, 0x200, 40 + i);
		guest_enter(&g, &f, 0);
		assert_int_equal(guest_ack(&g), 40 + i);
		guest_exit(&g);
	}
	assert_int_equal(R32(&f, DIST + 0x204), 0x3f00);
	vgic_deactivate(f.v, 0, 40);
	assert_int_equal(R32(&f, DIST + 0x204), 0x3e00);
	guest_enter(&g, &f, 0);
	for (unsigned int i = 6; i-- > 1;)
		assert_true(guest_eoi(&g, 40 + i));
	assert_int_equal(g.eoicount, 1);
	guest_exit(&g);
	assert_int_equal(R32(&f, DIST + 0x204), 0);
	fix_destroy(&f);
}

/* It may be another vCPU's. */
static void deactivations_trap_where_there_are_more_cpus(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 2);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	guest_ack(&g);
	guest_exit(&g);
	guest_enter(&g, &f, 1);
	assert_int_equal(g.hcr, ICH_TDIR);
	guest_exit(&g);
	vgic_deactivate(f.v, 1, 40);
	assert_int_equal(R32(&f, DIST + 0x304), 0);
	fix_destroy(&f);
}

static void active_interrupts_make_room_for_pending_ones(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	for (unsigned int i = 0; i < NUM_LRS; i++)
		spi_bit(&f, 0x300, 40 + i); /* of the highest priority, 0 */
	spi_priority(&f, 50, 0xf0);
	vgic_set_line(f.v, 0, 50, true);
	guest_enter(&g, &f, 0);
	assert_int_equal(g.hcr, ICH_LRENPIE | ICH_TDIR);
	assert_int_equal(guest_ack(&g), 50);
	guest_exit(&g);
	fix_destroy(&f);
}

static void a_trapped_deactivation_ends_the_interrupt_it_names(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	guest_ack(&g);
	guest_exit(&g);
	vgic_deactivate(f.v, 0, 41);
	assert_int_equal(R32(&f, DIST + 0x304), 1u << 8);
	vgic_deactivate(f.v, 0, 40);
	assert_int_equal(R32(&f, DIST + 0x304), 0);
	vgic_deactivate(f.v, 0, 5000);
	assert_int_equal(guest_take(&f, 0), 40);
	fix_destroy(&f);
}

static unsigned int told[8], num_told;

static void tell(void *arg, unsigned int intid)
{
	struct fix *f = arg;

	told[num_told++] = intid;
	vgic_set_line(f->v, 0, intid, false); /* as irqfds do: no lock is held */
}

static void the_eoi_of_a_level_spi_is_told(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 1);
	num_told = 0;
	vgic_set_eoi_notifier(f.v, tell, &f);
	vgic_set_line(f.v, 0, 40, true);
	assert_int_equal(guest_take(&f, 0), 40);
	assert_int_equal(num_told, 1);
	assert_int_equal(told[0], 40);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	spi_edge(&f, 41);
	vgic_set_line(f.v, 0, 41, true);
	vgic_set_line(f.v, 0, 27, true);
	assert_int_equal(guest_take(&f, 0), 27);
	assert_int_equal(guest_take(&f, 0), 27);
	vgic_set_line(f.v, 0, 27, false);
	assert_int_equal(guest_take(&f, 0), 41);
	assert_int_equal(num_told, 1); /* neither edges nor PPIs */
	fix_destroy(&f);
}

static void ppis_go_to_their_own_vcpu(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 2);
	vgic_set_line(f.v, 1, 27, true);
	assert_int_equal(f.kicks[0], 0);
	assert_int_equal(f.kicks[1], 1);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	assert_int_equal(guest_take(&f, 1), 27);
	fix_destroy(&f);
}

static void spis_go_where_they_are_routed(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 3);
	spi_route(&f, 40, 2);
	vgic_set_line(f.v, 0, 40, true);
	assert_int_equal(f.kicks[2], 1);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	assert_int_equal(guest_take(&f, 2), 40);
	spi_route(&f, 40, 1); /* while it is pending */
	assert_int_equal(f.kicks[1], 1);
	assert_int_equal(guest_take(&f, 2), SPURIOUS);
	assert_int_equal(guest_take(&f, 1), 40);
	spi_route(&f, 40, 7); /* nobody */
	assert_int_equal(guest_take(&f, 1), SPURIOUS);
	spi_route(&f, 40, 0);
	assert_int_equal(guest_take(&f, 0), 40);
	fix_destroy(&f);
}

static void an_spi_in_a_list_register_moves_when_it_comes_back(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 2);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	spi_route(&f, 40, 1);
	assert_int_equal(guest_take(&f, 1), SPURIOUS); /* never on two vCPUs at once */
	f.kicks[1] = 0;
	guest_exit(&g);
	assert_int_equal(f.kicks[1], 1);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	assert_int_equal(guest_take(&f, 1), 40);
	fix_destroy(&f);
}

static void an_active_spi_stays_with_the_vcpu_that_took_it(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 2);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	guest_ack(&g);
	guest_exit(&g);
	spi_route(&f, 40, 1);
	assert_int_equal(guest_take(&f, 1), SPURIOUS);
	guest_enter(&g, &f, 0);
	assert_true(guest_eoi(&g, 40));
	guest_exit(&g);
	assert_int_equal(guest_take(&f, 1), 40);
	fix_destroy(&f);
}

static void sgis_reach_the_vcpus_they_name(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 4);
	vgic_sgi(f.v, 0, UINT64_C(5) << 24 | 0xa, true); /* SGI 5 to 1 and 3 */
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	assert_int_equal(guest_take(&f, 1), 5);
	assert_int_equal(guest_take(&f, 2), SPURIOUS);
	assert_int_equal(guest_take(&f, 3), 5);
	assert_int_equal(guest_take(&f, 3), SPURIOUS);
	vgic_sgi(f.v, 2, UINT64_C(7) << 24 | 4, true); /* to itself */
	assert_int_equal(guest_take(&f, 2), 7);
	fix_destroy(&f);
}

static void a_broadcast_sgi_spares_the_sender(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 3);
	vgic_sgi(f.v, 1, UINT64_C(1) << 40 | UINT64_C(2) << 24, true);
	assert_int_equal(guest_take(&f, 0), 2);
	assert_int_equal(guest_take(&f, 1), SPURIOUS);
	assert_int_equal(guest_take(&f, 2), 2);
	fix_destroy(&f);
}

static void an_sgi_to_another_cluster_reaches_nobody(void **state)
{
	struct fix f;

	fix_boot_enabled(&f, 2);
	vgic_sgi(f.v, 0, UINT64_C(1) << 16 | 0xffff, true); /* Aff1 */
	vgic_sgi(f.v, 0, UINT64_C(1) << 32 | 0xffff, true); /* Aff2 */
	vgic_sgi(f.v, 0, UINT64_C(1) << 48 | 0xffff, true); /* Aff3 */
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	assert_int_equal(guest_take(&f, 1), SPURIOUS);
	fix_destroy(&f);
}

static void group_0_registers_cannot_raise_group_1_sgis(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	vgic_sgi(f.v, 0, 3 << 24 | 1, false);
	assert_int_equal(guest_take(&f, 0), SPURIOUS);
	W32(&f, SGI_OF(0) + 0x80, ~(1u << 3));
	vgic_sgi(f.v, 0, 3 << 24 | 1, false);
	guest_enter(&g, &f, 0);
	assert_false(g.lr[0] & LR_GROUP1);
	assert_int_equal(guest_ack(&g), 3);
	guest_exit(&g);
	fix_destroy(&f);
}

static void waiting_ends_only_for_what_the_priority_mask_lets_through(void **state)
{
	uint64_t lrs[NUM_LRS], hcr;
	struct fix f;

	fix_boot_enabled(&f, 1);
	spi_priority(&f, 40, 0xa0);
	vgic_flush(f.v, 0, lrs, &hcr);
	vgic_sync(f.v, 0, lrs, 0, UINT64_C(0xa0) << 24); /* PMR 0xa0 */
	assert_false(vgic_pending(f.v, 0));
	vgic_set_line(f.v, 0, 40, true);
	assert_false(vgic_pending(f.v, 0));
	spi_priority(&f, 40, 0x98);
	assert_true(vgic_pending(f.v, 0));
	spi_bit(&f, 0x300, 40); /* active */
	assert_false(vgic_pending(f.v, 0));
	spi_bit(&f, 0x380, 40);
	spi_bit(&f, 0x180, 40); /* disabled */
	assert_false(vgic_pending(f.v, 0));
	fix_destroy(&f);
}

static void who_looks_in_sees_what_is_enabled_pending_or_active(void **state)
{
	struct vgic_irq_view all[256];
	const struct vgic_irq_view *spi = NULL;
	struct guest g;
	struct fix f;
	bool enabled;
	size_t n;

	fix_boot_enabled(&f, 1);
	spi_priority(&f, 40, 0x98);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	n = vgic_look(f.v, all, 256, &enabled);
	assert_true(enabled && n && n <= 256);
	for (size_t i = 0; i < n; i++) {
		assert_true(all[i].enabled || all[i].pending || all[i].active || all[i].in_lr);
		if (all[i].intid == 40)
			spi = &all[i];
	}
	assert_non_null(spi);
	assert_true(spi->enabled && spi->line && spi->in_lr && !spi->edge && !spi->active);
	assert_int_equal(spi->priority, 0x98);
	assert_int_equal(spi->vcpu, 0);
	assert_int_equal(guest_ack(&g), 40);
	guest_exit(&g);
	assert_int_equal(vgic_look(f.v, all, 0, &enabled), n);
	vgic_look(f.v, all, 256, &enabled);
	assert_true(spi->active && !spi->in_lr);
	fix_destroy(&f);
}

static void nothing_in_a_list_register_is_a_hardware_interrupt(void **state)
{
	struct guest g;
	struct fix f;

	fix_boot_enabled(&f, 1);
	vgic_set_line(f.v, 0, 27, true);
	vgic_set_line(f.v, 0, 30, true);
	vgic_sgi(f.v, 0, 1, true);
	vgic_set_line(f.v, 0, 40, true);
	guest_enter(&g, &f, 0);
	assert_int_equal(guest_lrs_used(&g), 4);
	for (unsigned int i = 0; i < NUM_LRS; i++) {
		assert_false(g.lr[i] & LR_HW);
		/* what the RMM checks: nothing in the physical INTID field but EOI */
		assert_false(g.lr[i] & UINT64_C(0x1fff00000000) & ~LR_EOI);
	}
	guest_exit(&g);
	fix_destroy(&f);
}

static void a_device_keeps_the_ppi_it_drives(void **state)
{
	int timer, other;
	struct fix f;

	fix_boot(&f, 2);
	assert_true(vgic_set_owner(f.v, 0, 27, &timer));
	assert_true(vgic_set_owner(f.v, 0, 27, &timer));
	assert_false(vgic_set_owner(f.v, 0, 27, &other));
	assert_true(vgic_set_owner(f.v, 1, 27, &other));
	assert_false(vgic_set_owner(f.v, 0, 3, &timer)); /* an SGI has no wire */
	assert_false(vgic_set_owner(f.v, 0, 1023, &timer));
	assert_true(vgic_is_owned(f.v, 0, 27));
	assert_false(vgic_is_owned(f.v, 0, 30));
	fix_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_interrupt_comes_again_until_its_line_falls),
		cmocka_unit_test(a_level_interrupt_asks_for_maintenance_at_its_end),
		cmocka_unit_test(an_active_level_interrupt_is_not_pending_too),
		cmocka_unit_test(a_level_interrupt_whose_line_fell_before_the_entry_is_gone),
		cmocka_unit_test(an_edge_comes_once),
		cmocka_unit_test(an_edge_not_taken_yet_is_not_lost_by_an_exit),
		cmocka_unit_test(an_edge_while_the_last_one_is_handled_comes_again),
		cmocka_unit_test(a_new_edge_is_not_swallowed_by_one_that_was_not_taken),
		cmocka_unit_test(software_makes_a_level_interrupt_pending_once),
		cmocka_unit_test(disabled_interrupts_wait),
		cmocka_unit_test(the_highest_priority_comes_first),
		cmocka_unit_test(more_pending_than_list_registers_asks_for_underflow),
		cmocka_unit_test(active_interrupts_that_do_not_fit_end_by_eoicount),
		cmocka_unit_test(what_software_made_pending_ends_outside_a_list_register_too),
		cmocka_unit_test(deactivations_trap_where_there_are_more_cpus),
		cmocka_unit_test(active_interrupts_make_room_for_pending_ones),
		cmocka_unit_test(a_trapped_deactivation_ends_the_interrupt_it_names),
		cmocka_unit_test(the_eoi_of_a_level_spi_is_told),
		cmocka_unit_test(ppis_go_to_their_own_vcpu),
		cmocka_unit_test(spis_go_where_they_are_routed),
		cmocka_unit_test(an_spi_in_a_list_register_moves_when_it_comes_back),
		cmocka_unit_test(an_active_spi_stays_with_the_vcpu_that_took_it),
		cmocka_unit_test(sgis_reach_the_vcpus_they_name),
		cmocka_unit_test(a_broadcast_sgi_spares_the_sender),
		cmocka_unit_test(an_sgi_to_another_cluster_reaches_nobody),
		cmocka_unit_test(group_0_registers_cannot_raise_group_1_sgis),
		cmocka_unit_test(waiting_ends_only_for_what_the_priority_mask_lets_through),
		cmocka_unit_test(who_looks_in_sees_what_is_enabled_pending_or_active),
		cmocka_unit_test(nothing_in_a_list_register_is_a_hardware_interrupt),
		cmocka_unit_test(a_device_keeps_the_ppi_it_drives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
