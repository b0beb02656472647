// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_ordinary_both.c - an ordinary VM and a realm in one VMM, over the same user memory, on the
 * real engine. (test_both_kinds.c: the same on one of toy programs.)
 */
#include "tests/kvm/ordinary_fixture.h"
#include "tests/kvm/ordinary_image.h"

#define REALMS_PROGRAM UINT64_C(0x1000)
#define OTHERS_PROGRAM UINT64_C(0x1100)
#define COUNT_OFF      UINT64_C(0x3010)
/* Where the ordinary VM has what the realm has at RAM. */
#define ORDINARY       UINT64_C(0xc0000000)

static void make_realm(struct fx *f)
{
	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	fx_memory(f);
	memcpy(f->source, ordinary_image, sizeof(ordinary_image));
	assert_int_equal(fx_populate(f, CODE, 2 * PAGE, f->source, 1), 2 * PAGE);
	assert_int_equal(fx_set_reg(f, 0, KVM_REG_ARM_CORE_PC, CODE + REALMS_PROGRAM), 0);
}

/* A second VM of the process of *f, in *g; its program is in the memory that they share. */
static void add_ordinary(const struct fx *f, struct fx *g)
{
	*g = *f;
	fx_create_vm(g, 0);
	fx_create_vcpus(g, 1);
	memcpy(f->ram, ordinary_image, sizeof(ordinary_image));
	assert_int_equal(fx_set_slot(g, 0, 0, ORDINARY, RAM_SIZE, f->ram, -1, 0), 0);
	assert_int_equal(fx_set_reg(g, 0, KVM_REG_ARM_CORE_PC, ORDINARY + OTHERS_PROGRAM), 0);
}

static void remove_ordinary(struct fx *g)
{
	inproc_munmap(g->p, g->run[0], KVM_VCPU_MMAP_SIZE);
	fx_close(g, &g->vcpu[0]);
	fx_close(g, &g->vm);
}

/* What is shared both see; what the realm writes into a private page the other does not, before,
 * between and after conversions. */
static void they_share_what_is_not_private(struct fx *realm, struct fx *other)
{
	assert_int_equal(ordinary_next_store(other), 77);
	assert_int_equal(ordinary_next_store(realm), 77);
	assert_int_equal(ordinary_next_store(realm), 78);
	assert_int_equal(ordinary_next_store(other), 78);
	assert_int_equal(ordinary_next_store(other), 0);
	assert_int_equal(ordinary_next_store(other), 55);
	assert_int_equal(fx_set_private(realm, DATA, PAGE, false), 0);
	assert_int_equal(ordinary_next_store(realm), 55);
	assert_int_equal(ordinary_next_store(realm), 56);
	assert_int_equal(ordinary_next_store(other), 56);
	assert_int_equal(fx_set_private(realm, DATA, PAGE, true), 0);
	assert_int_equal(ordinary_next_store(other), 56);
	assert_int_equal(ordinary_next_store(realm), 0);
}

static void both_run_at_once(struct fx *realm, struct fx *other)
{
	struct fx_thread t;

	fx_start(&t, other, 0);
	assert_in_range(ordinary_next_store(realm), 1000, UINT64_MAX - 1);
	inproc_signal(other->p, other->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	assert_true(*(uint64_t *)(realm->ram + COUNT_OFF) >= 1000);
	fx_assert_off(realm, 0);
}

static void a_realm_and_an_ordinary_vm_live_in_one_vmm(void **state)
{
	struct fx *f = *state, g;

	make_realm(f);
	add_ordinary(f, &g);
	they_share_what_is_not_private(f, &g);
	both_run_at_once(f, &g);
	remove_ordinary(&g);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_realm_and_an_ordinary_vm_live_in_one_vmm,
						ordinary_setup, fx_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
