// SPDX-License-Identifier: BSD-3-Clause
/* test_dirty_ring.c - dirty rings: how they are switched on, hostile entries, a realm's. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#define ENTRY sizeof(struct kvm_dirty_gfn)

static const struct kvm_enable_cap ring = {.cap = KVM_CAP_DIRTY_LOG_RING_ACQ_REL, .args = {4096}},
				   bitmap = {.cap = KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP};

static void refuse_size(struct fx *f, uint64_t bytes)
{
	struct kvm_enable_cap cap = ring;

	cap.args[0] = bytes;
	REFUSED(EINVAL, kvm_dirty_ring_size, f->vm, KVM_ENABLE_CAP, &cap);
}

static void a_ring_has_a_power_of_two_of_entries(void **state)
{
	struct fx *f = *state;
	struct kvm_enable_cap cap = ring;

	fx_create_vm(f, 0);
	refuse_size(f, 0);
	refuse_size(f, 2048);
	refuse_size(f, 4096 + 16);
	refuse_size(f, 3 * 4096);
	refuse_size(f, BIT(32)); /* the upper half does not count */
	cap.args[0] = 2 * 65536 * ENTRY;
	REFUSED(E2BIG, kvm_dirty_ring_large, f->vm, KVM_ENABLE_CAP, &cap);
	cap.args[0] = CALL(f->vm, KVM_CHECK_EXTENSION, KVM_CAP_DIRTY_LOG_RING_ACQ_REL);
	assert_int_equal(cap.args[0], 65536 * ENTRY);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	REFUSED(EINVAL, kvm_dirty_ring_again, f->vm, KVM_ENABLE_CAP, &ring);
}

static void rings_come_before_vcpus_and_the_bitmap_before_slots(void **state)
{
	struct fx *f = *state;
	struct kvm_enable_cap flags = bitmap;

	flags.flags = 1;
	fx_create_vm(f, 0);
	REFUSED(EINVAL, kvm_dirty_ring_bitmap, f->vm, KVM_ENABLE_CAP, &bitmap);
	REFUSED(EINVAL, kvm_dirty_ring_absent, f->vm, KVM_RESET_DIRTY_RINGS, 0);
	fx_create_vcpus(f, 1);
	REFUSED(EINVAL, kvm_dirty_ring_late, f->vm, KVM_ENABLE_CAP, &ring);
	assert_null(inproc_mmap_dirty_ring(f->p, f->vcpu[0], 4096));
	fx_close(f, &f->vcpu[0]);
	fx_close(f, &f->vm);

	fx_create_vm(f, 0);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &ring);
	GIVES(0, f->vm, KVM_RESET_DIRTY_RINGS, 0);
	REFUSED(EINVAL, kvm_dirty_ring_bitmap, f->vm, KVM_ENABLE_CAP, &flags);
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, NULL, -1, 0), 0);
	REFUSED(EINVAL, kvm_dirty_ring_bitmap_late, f->vm, KVM_ENABLE_CAP, &bitmap);
	fx_close(f, &f->vm);
}

static void bitmaps_are_there_beside_rings_if_asked_for(void **state)
{
	struct fx *f = *state;
	uint64_t bits[RAM_SIZE / PAGE / 64] = {0};
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = (uintptr_t)bits};
	struct kvm_clear_dirty_log clear = {
		.slot = 0, .num_pages = 64, .dirty_bitmap = (uintptr_t)bits};

	for (int with = 0; with < 2; with++) {
		fx_create_vm(f, 0);
		GIVES(0, f->vm, KVM_ENABLE_CAP, &ring);
		if (with)
			GIVES(0, f->vm, KVM_ENABLE_CAP, &bitmap);
		assert_int_equal(
			fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, NULL, -1, 0), 0);
		if (with) {
			GIVES(0, f->vm, KVM_GET_DIRTY_LOG, &log);
			GIVES(0, f->vm, KVM_CLEAR_DIRTY_LOG, &clear);
		} else {
			REFUSED(ENXIO, kvm_dirty_log_ring, f->vm, KVM_GET_DIRTY_LOG, &log);
			REFUSED(ENXIO, kvm_dirty_log_ring, f->vm, KVM_CLEAR_DIRTY_LOG, &clear);
		}
		fx_close(f, &f->vm);
	}
}

/* Whatever user space writes there, nothing but its own entries is wrong then. */
static void entries_that_user_space_made_up_do_no_harm(void **state)
{
	static const struct kvm_dirty_gfn made_up[] = {
		{3, 0, 0},
		{2, 0, RAM_SIZE / PAGE - 1},
		{2, 0, RAM_SIZE / PAGE - 2},
		{2, 0, RAM_SIZE / PAGE},
		{2, 0, UINT64_MAX},
		{2, 1, 0},
		{2, 32767, 0},
		{2, 65536, 0},
		{2, UINT32_MAX, 5},
		{2, 0, 64},
		{2, 0, 1},
		{UINT32_MAX, 0, 63},
		{2, 0, UINT64_MAX - 62},
	};
	struct fx *f = *state;
	struct kvm_dirty_gfn *gfns;

	fx_create_vm(f, 0);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &ring);
	fx_create_vcpus(f, 2);
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, NULL, -1, 0), 0);
	gfns = fx_map_ring(f, 1, 4096);
	memcpy(gfns, made_up, sizeof(made_up));
	GIVES(ARRAY_SIZE(made_up), f->vm, KVM_RESET_DIRTY_RINGS, 0);
	for (size_t i = 0; i < ARRAY_SIZE(made_up); i++)
		assert_int_equal(gfns[i].flags, 0);
	/* All at once, once around. */
	for (unsigned int i = 0; i < 4096 / ENTRY; i++)
		gfns[i] = (struct kvm_dirty_gfn){2, i % 3, UINT64_C(0x9e3779b97f4a7c15) * i};
	GIVES(4096 / ENTRY, f->vm, KVM_RESET_DIRTY_RINGS, 0);
}

/* A page is told of when it is mapped, and cannot be watched again (docs/kvm.md). */
static void a_realm_tells_of_shared_pages_when_they_are_mapped(void **state)
{
	struct fx *f = *state;
	struct kvm_dirty_gfn *gfns;
	const uint64_t at = SHARED | (RAM + RAM_SIZE);

	PROGRAM(0, CODE, {T_MOV, 3, 5}, {T_STR, 3, at + 2 * PAGE, 4}, {T_STR, 3, SHARED | UART, 4},
		{T_STR, 3, at + 2 * PAGE, 4}, {T_STR, 3, at, 4}, {T_STR, 3, SHARED | UART, 4},
		SYSTEM_OFF);
	fx_create_vm(f, REALM_TYPE);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &ring);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	fx_memory(f);
	assert_int_equal(fx_populate(f, CODE, PAGE, f->source, 1), PAGE);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE), 0);
	gfns = fx_map_ring(f, 0, 4096);
	assert_int_equal(fx_set_slot(f, 1, KVM_MEM_LOG_DIRTY_PAGES, RAM + RAM_SIZE, 4 * PAGE,
				     f->source + 0x100000, -1, 0),
			 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(gfns[0].flags, KVM_DIRTY_GFN_F_DIRTY);
	assert_int_equal(gfns[0].slot, 1);
	assert_int_equal(gfns[0].offset, 2);
	gfns[0].flags = KVM_DIRTY_GFN_F_RESET;
	GIVES(1, f->vm, KVM_RESET_DIRTY_RINGS, 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(gfns[1].flags, KVM_DIRTY_GFN_F_DIRTY);
	assert_int_equal(gfns[1].offset, 0);
	assert_int_equal(gfns[2].flags, 0);
	fx_assert_off(f, 0);
	inproc_forget(f->p, f->source + 0x100000, 4 * PAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_dirty_ring(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_ring_has_a_power_of_two_of_entries),
		TEST(rings_come_before_vcpus_and_the_bitmap_before_slots),
		TEST(bitmaps_are_there_beside_rings_if_asked_for),
		TEST(entries_that_user_space_made_up_do_no_harm),
		TEST(a_realm_tells_of_shared_pages_when_they_are_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
