// SPDX-License-Identifier: BSD-3-Clause
/* test_vgic_mmio.c - what a guest sees in the distributor's and redistributors' registers. */
#include "vgic_fixture.h"

static void the_distributor_describes_itself(void **state)
{
	struct fix f;

	fix_boot(&f, 2);
	assert_int_equal(R32(&f, DIST + 0x0), 0x50);	    /* ARE, DS; disabled */
	assert_int_equal(R32(&f, DIST + 0x4), 9 << 19 | 3); /* 128 interrupts, no LPIs */
	assert_int_equal(R32(&f, DIST + 0x8), 0x4b00343b);  /* KVM, revision 3, Arm */
	assert_int_equal(R32(&f, DIST + 0xc), 0);
	assert_int_equal(R32(&f, DIST + 0xffe8), 0x3b); /* PIDR2: GICv3 */
	assert_int_equal(R32(&f, DIST + 0xffe0), 0);
	fix_destroy(&f);
}

static void only_group_1_can_be_enabled(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	W32(&f, DIST, 0xffffffff);
	assert_int_equal(R32(&f, DIST), 0x52);
	W32(&f, DIST, 0x1);
	assert_int_equal(R32(&f, DIST), 0x50);
	fix_destroy(&f);
}

static void redistributors_tell_their_vcpu_and_the_last_one_says_so(void **state)
{
	struct fix f;

	fix_boot(&f, 3);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t typer = fix_read(&f, REDIST_OF(i) + 8, 8);

		assert_int_equal(typer >> 32, i);	  /* affinity */
		assert_int_equal(typer >> 8 & 0xffff, i); /* processor number */
		assert_int_equal(typer >> 4 & 1, i == 2); /* Last */
		assert_int_equal(typer & 0xf, 0);	  /* no LPIs */
		assert_int_equal(R32(&f, REDIST_OF(i) + 0xc), i);
		assert_int_equal(R32(&f, REDIST_OF(i) + 0x14), 0); /* awake */
		assert_int_equal(R32(&f, REDIST_OF(i) + 0x4), 0x4b00043b);
		assert_int_equal(R32(&f, REDIST_OF(i) + 0xffe8), 0x3b);
		assert_int_equal(R32(&f, REDIST_OF(i)), 6); /* CES, IR */
	}
	fix_destroy(&f);
}

static void sixteen_vcpus_have_sixteen_redistributors(void **state)
{
	struct fix f;

	fix_boot(&f, 16);
	assert_int_equal(fix_read(&f, REDIST_OF(15) + 8, 8), UINT64_C(15) << 32 | 15 << 8 | 0x10);
	fix_destroy(&f);
}

static void what_is_not_the_gics_is_left_to_others(void **state)
{
	uint64_t val = 7;
	struct fix f;

	fix_boot(&f, 2);
	assert_false(vgic_mmio(f.v, 0, DIST - 4, false, 4, &val));
	assert_false(vgic_mmio(f.v, 0, DIST + 0x10000, false, 4, &val));
	assert_false(vgic_mmio(f.v, 0, DIST + 0xfffc, false, 8, &val)); /* across the end */
	assert_false(vgic_mmio(f.v, 0, REDIST_OF(2), false, 4, &val));
	assert_false(vgic_mmio(f.v, 0, UINT64_MAX - 3, false, 4, &val));
	assert_false(vgic_mmio(f.v, 0, DIST, false, 0, &val));
	assert_false(vgic_mmio(f.v, 0, DIST, false, 16, &val));
	assert_int_equal(val, 7);
	fix_destroy(&f);
}

static void nothing_answers_before_the_first_run(void **state)
{
	uint64_t val;
	struct fix f;

	fix_create(&f, 1);
	assert_int_equal(fix_set64(&f, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, DIST),
			 0);
	assert_int_equal(fix_set(&f, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL),
			 0);
	assert_false(vgic_mmio(f.v, 0, DIST, false, 4, &val));
	fix_destroy(&f);
}

static void odd_accesses_read_zero_and_write_nothing(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	fix_write(&f, DIST + 0x104, 2, 0xffff);	    /* no 16-bit registers */
	fix_write(&f, DIST + 0x104, 8, 0xffffffff); /* ISENABLER is 32 bits wide */
	fix_write(&f, DIST + 0x105, 1, 0xff);
	fix_write(&f, DIST + 0x106, 4, 0xffffffff); /* unaligned */
	assert_int_equal(R32(&f, DIST + 0x104), 0);
	assert_int_equal(fix_read(&f, DIST + 0x4, 1), 0);
	assert_int_equal(fix_read(&f, DIST + 0x6, 4), 0);
	assert_int_equal(R32(&f, DIST + 0x40), 0); /* no register */
	fix_write(&f, DIST + 0x400 + 33, 1, 0xa8);
	assert_int_equal(fix_read(&f, DIST + 0x400 + 33, 1), 0xa8);
	assert_int_equal(fix_read(&f, DIST + 0x400 + 32, 4), 0xa800);
	fix_destroy(&f);
}

static void enables_are_set_and_cleared_bit_by_bit(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	W32(&f, DIST + 0x104, 0x80000011);
	assert_int_equal(R32(&f, DIST + 0x104), 0x80000011);
	W32(&f, DIST + 0x184, 0x10);
	assert_int_equal(R32(&f, DIST + 0x104), 0x80000001);
	assert_int_equal(R32(&f, DIST + 0x184), 0x80000001);
	assert_int_equal(R32(&f, DIST + 0x108), 0);
	fix_destroy(&f);
}

static void priorities_keep_five_bits(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	W32(&f, DIST + 0x400 + 40, 0xff07a0d3);
	assert_int_equal(R32(&f, DIST + 0x400 + 40), 0xf800a0d0);
	fix_destroy(&f);
}

static void private_interrupts_are_not_in_the_distributor(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	W32(&f, DIST + 0x100, 0xffffffff);
	W32(&f, DIST + 0x400, 0xa0a0a0a0);
	assert_int_equal(R32(&f, DIST + 0x100), 0);
	assert_int_equal(R32(&f, DIST + 0x80), 0);
	assert_int_equal(R32(&f, SGI_OF(0) + 0x400), 0);
	assert_int_equal(fix_read(&f, DIST + 0x6000 + 31 * 8, 8), 0);
	fix_destroy(&f);
}

static void interrupts_beyond_the_last_do_not_exist(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	W32(&f, DIST + 0x100 + NR_IRQS / 8, 0xffffffff);
	W32(&f, DIST + 0x400 + NR_IRQS, 0xa0a0a0a0);
	fix_write(&f, DIST + 0x6000 + NR_IRQS * 8, 8, 0);
	assert_int_equal(R32(&f, DIST + 0x100 + NR_IRQS / 8), 0);
	assert_int_equal(R32(&f, DIST + 0x400 + NR_IRQS), 0);
	assert_false(vgic_set_line(f.v, 0, NR_IRQS, true));
	assert_true(vgic_set_line(f.v, 0, NR_IRQS - 1, true));
	assert_false(vgic_set_line(f.v, 1, 27, true));
	fix_destroy(&f);
}

static void each_redistributor_has_its_own_private_interrupts(void **state)
{
	struct fix f;

	fix_boot(&f, 2);
	assert_int_equal(R32(&f, SGI_OF(1) + 0x100), 0xffff); /* SGIs are born enabled */
	assert_int_equal(R32(&f, SGI_OF(1) + 0x80), 0xffffffff);
	W32(&f, SGI_OF(1) + 0x100, 1u << 27);
	assert_int_equal(R32(&f, SGI_OF(1) + 0x100), 1u << 27 | 0xffff);
	assert_int_equal(R32(&f, SGI_OF(0) + 0x100), 0xffff);
	fix_destroy(&f);
}

static void sgis_are_edges_ppis_are_levels_spis_are_as_configured(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	assert_int_equal(R32(&f, SGI_OF(0) + 0xc00), 0xaaaaaaaa);
	assert_int_equal(R32(&f, SGI_OF(0) + 0xc04), 0);
	W32(&f, SGI_OF(0) + 0xc00, 0);
	W32(&f, SGI_OF(0) + 0xc04, 0xffffffff);
	assert_int_equal(R32(&f, SGI_OF(0) + 0xc00), 0xaaaaaaaa);
	assert_int_equal(R32(&f, SGI_OF(0) + 0xc04), 0);
	W32(&f, DIST + 0xc08, 0xffffffff);
	assert_int_equal(R32(&f, DIST + 0xc08), 0xaaaaaaaa);
	W32(&f, DIST + 0xc08, 0x8);
	assert_int_equal(R32(&f, DIST + 0xc08), 0x8);
	fix_destroy(&f);
}

static void routes_keep_three_affinity_levels(void **state)
{
	struct fix f;

	fix_boot(&f, 2);
	fix_write(&f, DIST + 0x6000 + 40 * 8, 8, UINT64_C(0x1280010203));
	assert_int_equal(fix_read(&f, DIST + 0x6000 + 40 * 8, 8), 0x010203);
	W32(&f, DIST + 0x6000 + 40 * 8 + 4, 1);
	assert_int_equal(R32(&f, DIST + 0x6000 + 40 * 8 + 4), 0);
	W32(&f, DIST + 0x6000 + 40 * 8, 1);
	assert_int_equal(fix_read(&f, DIST + 0x6000 + 40 * 8, 8), 1);
	fix_destroy(&f);
}

static void pending_bits_show_lines_and_latches(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	vgic_set_line(f.v, 0, 40, true);
	spi_bit(&f, 0x200, 41);
	assert_int_equal(R32(&f, DIST + 0x204), 0x300);
	W32(&f, DIST + 0x284, 0x300); /* a line stays pending, a latch does not */
	assert_int_equal(R32(&f, DIST + 0x204), 0x100);
	vgic_set_line(f.v, 0, 40, false);
	assert_int_equal(R32(&f, DIST + 0x284), 0);
	fix_destroy(&f);
}

static void active_bits_can_be_written(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	spi_bit(&f, 0x300, 44);
	assert_int_equal(R32(&f, DIST + 0x304), 1u << 12);
	assert_int_equal(R32(&f, DIST + 0x384), 1u << 12);
	spi_bit(&f, 0x380, 44);
	assert_int_equal(R32(&f, DIST + 0x304), 0);
	fix_destroy(&f);
}

static void table_bases_are_never_outer_shareable_or_uncached(void **state)
{
	struct fix f;

	fix_boot(&f, 1);
	assert_int_equal(fix_read(&f, REDIST + 0x78, 8), 0x580);
	fix_write(&f, REDIST + 0x70, 8, UINT64_C(0x0700000012345800) | 0x6f);
	assert_int_equal(fix_read(&f, REDIST + 0x70, 8), UINT64_C(0x12345000) | 0x580 | 0xf);
	fix_write(&f, REDIST + 0x78, 8, UINT64_MAX);
	assert_int_equal(fix_read(&f, REDIST + 0x78, 8), UINT64_C(0x000fffffffff0f80));
	W32(&f, REDIST + 0x7c, 0);
	assert_int_equal(fix_read(&f, REDIST + 0x78, 8), 0xffff0f80);
	fix_destroy(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_distributor_describes_itself),
		cmocka_unit_test(only_group_1_can_be_enabled),
		cmocka_unit_test(redistributors_tell_their_vcpu_and_the_last_one_says_so),
		cmocka_unit_test(sixteen_vcpus_have_sixteen_redistributors),
		cmocka_unit_test(what_is_not_the_gics_is_left_to_others),
		cmocka_unit_test(nothing_answers_before_the_first_run),
		cmocka_unit_test(odd_accesses_read_zero_and_write_nothing),
		cmocka_unit_test(enables_are_set_and_cleared_bit_by_bit),
		cmocka_unit_test(priorities_keep_five_bits),
		cmocka_unit_test(private_interrupts_are_not_in_the_distributor),
		cmocka_unit_test(interrupts_beyond_the_last_do_not_exist),
		cmocka_unit_test(each_redistributor_has_its_own_private_interrupts),
		cmocka_unit_test(sgis_are_edges_ppis_are_levels_spis_are_as_configured),
		cmocka_unit_test(routes_keep_three_affinity_levels),
		cmocka_unit_test(pending_bits_show_lines_and_latches),
		cmocka_unit_test(active_bits_can_be_written),
		cmocka_unit_test(table_bases_are_never_outer_shareable_or_uncached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
