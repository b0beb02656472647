// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_rim_order.c - which RMI calls a VMM's calls become, in which order: the RIM depends on it.
 */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <stdlib.h>

#define GIB		 (UINT64_C(1) << 30)
#define ERROR_RTT(level) (RMI_ERROR_RTT | (uint64_t)(level) << 8)

static unsigned int pos; /* in the log */

/* The next call must be `name` with this answer and these arguments (from the second on; the first
 * is the RD or a granule, which the test cannot know). */
static void next(const char *name, uint64_t x0, uint64_t a1, uint64_t a2)
{
	const struct fx_rmi *r = &fx_rmi_log[pos];

	assert_true(pos < fx_rmi_calls);
	assert_string_equal(r->name, name);
	assert_int_equal(r->x0, x0);
	if (a1 != UINT64_MAX)
		assert_int_equal(r->args[1], a1);
	if (a2 != UINT64_MAX)
		assert_int_equal(r->args[2], a2);
	pos++;
}

#define ANY UINT64_MAX

static void two_slots(struct fx *f)
{
	struct inproc_config cfg = {.engine = &engine_toy, .ram = MACHINE_RESERVED + 5 * GIB};
	struct kvm_create_guest_memfd g = {.size = 0x10000};
	int small;

	fx_restart(f, &cfg);
	fx_create_vm(f, KVM_VM_TYPE_ARM_REALM | 33);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	fx_create_gmem(f, 2 * GIB, 0);
	small = (int)CALL(f->vm, KVM_CREATE_GUEST_MEMFD, &g);
	assert_int_equal(fx_set_slot(f, 0, 0, 0x80000000, 2 * GIB, NULL, f->gmem, 0), 0);
	assert_int_equal(fx_set_slot(f, 1, 0, 0, 0x10000, NULL, small, 0), 0);
	assert_int_equal(fx_set_private(f, 0, 0x100000000, true), 0);
	fx_rmi_clear();
	pos = 0;
}

static void the_worked_example_is_followed_call_by_call(void **state)
{
	struct fx *f = *state;
	void *source = aligned_alloc(PAGE, 3 * PAGE);
	uint64_t aux;

	memset(source, 1, 3 * PAGE);
	two_slots(f);
	assert_int_equal(fx_populate(f, 0x80000000, 0x3000, source, 1), 0x3000);
	free(source);
	for (int i = 0; i < 9; i++)
		next("RMI_GRANULE_DELEGATE", 0, ANY, ANY); /* RD, eight root tables */
	next("RMI_REALM_CREATE", 0, ANY, ANY);
	next("RMI_REC_AUX_COUNT", 0, ANY, ANY);
	next("RMI_GRANULE_DELEGATE", 0, ANY, ANY);
	next("RMI_DATA_CREATE", ERROR_RTT(2), ANY, 0x80000000);
	next("RMI_GRANULE_DELEGATE", 0, ANY, ANY);
	next("RMI_RTT_CREATE", 0, ANY, 0x80000000);
	next("RMI_DATA_CREATE", 0, ANY, 0x80000000);
	next("RMI_GRANULE_DELEGATE", 0, ANY, ANY);
	next("RMI_DATA_CREATE", 0, ANY, 0x80001000);
	next("RMI_GRANULE_DELEGATE", 0, ANY, ANY);
	next("RMI_DATA_CREATE", 0, ANY, 0x80002000);
	assert_int_equal(pos, fx_rmi_calls);

	inproc_signal(f->p, f->vcpu[0]);
	f->run[0]->immediate_exit = 1;
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	next("RMI_GRANULE_DELEGATE", 0, ANY, ANY);
	for (aux = 0; !strcmp(fx_rmi_log[pos].name, "RMI_GRANULE_DELEGATE"); aux++)
		next("RMI_GRANULE_DELEGATE", 0, ANY, ANY);
	assert_in_range(aux, 0, RMI_MAX_REC_AUX);
	next("RMI_REC_CREATE", 0, ANY, ANY);
	next("RMI_RTT_INIT_RIPAS", ERROR_RTT(3), 0x80000000, 0x100000000);
	next("RMI_RTT_INIT_RIPAS", ERROR_RTT(3), 0x80001000, 0x100000000);
	next("RMI_RTT_INIT_RIPAS", ERROR_RTT(3), 0x80002000, 0x100000000);
	next("RMI_RTT_INIT_RIPAS", 0, 0x80003000, 0x100000000);
	next("RMI_RTT_INIT_RIPAS", 0, 0x80200000, 0x100000000);
	next("RMI_RTT_INIT_RIPAS", 0, 0xc0000000, 0x100000000);
	next("RMI_RTT_INIT_RIPAS", ERROR_RTT(2), 0, 0x10000);
	next("RMI_GRANULE_DELEGATE", 0, ANY, ANY);
	next("RMI_RTT_CREATE", 0, ANY, 0);
	next("RMI_RTT_INIT_RIPAS", 0, 0, 0x10000);
	next("RMI_REALM_ACTIVATE", 0, ANY, ANY);
	assert_int_equal(pos, fx_rmi_calls);
}

/* The order of INIT_RIPAS over slots that are 2 MiB each, slot n at n * 2 MiB. */
static unsigned int walk(struct fx *f, const uint32_t *ids, unsigned int n, uint32_t *order)
{
	unsigned int count = 0;
	struct kvm_create_guest_memfd g = {.size = 0x200000};

	fx_create_vm(f, KVM_VM_TYPE_ARM_REALM | 33);
	fx_create_vcpus(f, 1);
	fx_create_gic(f, true);
	for (unsigned int i = 0; i < n; i++) {
		int fd = (int)CALL(f->vm, KVM_CREATE_GUEST_MEMFD, &g);

		assert_int_equal(
			fx_set_slot(f, ids[i], 0, ids[i] * 0x200000ull, 0x200000, NULL, fd, 0), 0);
	}
	fx_rmi_clear();
	f->run[0]->immediate_exit = 1;
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	for (unsigned int i = 0; i < fx_rmi_calls; i++) {
		const struct fx_rmi *r = &fx_rmi_log[i];

		if (!strcmp(r->name, "RMI_RTT_INIT_RIPAS") && !r->x0)
			order[count++] = (uint32_t)(r->args[1] / 0x200000);
	}
	return count;
}

static void slots_are_walked_in_the_order_of_the_id_hash(void **state)
{
	static const uint32_t ids[16] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
	static const uint32_t want[16] = {0, 8, 3, 11, 6, 14, 1, 9, 4, 12, 7, 15, 2, 10, 5, 13};
	struct fx *f = *state;
	uint32_t order[64];

	assert_int_equal(walk(f, ids, 16, order), 16);
	assert_memory_equal(order, want, sizeof(want));
}

static void within_a_bucket_the_newest_comes_first(void **state)
{
	static const uint32_t older[] = {1, 90}, newer[] = {90, 1};
	struct fx *f = *state;
	uint32_t order[8];

	assert_int_equal(walk(f, older, 2, order), 2);
	assert_int_equal(order[0], 90);
	assert_int_equal(order[1], 1);
	fx_restart(f, NULL);
	assert_int_equal(walk(f, newer, 2, order), 2);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 90);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_rim_order(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_worked_example_is_followed_call_by_call),
		TEST(slots_are_walked_in_the_order_of_the_id_hash),
		TEST(within_a_bucket_the_newest_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
