// SPDX-License-Identifier: BSD-3-Clause
/* test_memory.c - memslots, guest_memfd, attributes, the dirty log. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <linux/falloc.h>
#include <unistd.h>

#define SIZE UINT64_C(0x10000)
#define REFUSED_SLOT(err, rule, ...)                                                               \
	do {                                                                                       \
		assert_int_equal(fx_set_slot(f, __VA_ARGS__), -(err));                             \
		assert_string_equal(fx_last_rule(), #rule);                                        \
	} while (0)

static const void *at(uint64_t addr)
{
	return (const void *)(uintptr_t)addr;
}

static void slots_are_checked_in_the_kernels_order(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	fx_create_gmem(f, SIZE, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_id, 32767, 0x80, 0, SIZE, NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_flags, 0, 8, 1, SIZE, NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_flags, 0, KVM_MEM_READONLY, 0, SIZE, NULL, f->gmem,
		     0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_flags, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, SIZE, NULL,
		     f->gmem, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_flags, 0, 8, 0, SIZE, NULL, f->gmem, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_align, 0, 0, 0, SIZE + 1, NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_align, 0, 0, 1, SIZE, NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_align, 0, 0, 0, SIZE, at(1), -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_user_address, 0, 0, 0, SIZE, at(BIT(48)), -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_user_address, 0, 0, 0, SIZE, at(BIT(48) - PAGE), -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_offset, 0, 0, 0, SIZE, NULL, f->gmem, 1);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_offset, 0, 0, 0, SIZE, NULL, f->gmem, -PAGE);
	REFUSED_SLOT(EINVAL, kvm_memslot_address_space, 1 << 16, 0, 0, SIZE, NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_wrap, 0, 0, -PAGE, 2 * PAGE, NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_too_big, 0, 0, 0, BIT(43), NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_absent, 0, 0, 0, 0, NULL, -1, 0);
	REFUSED_SLOT(EFAULT, kvm_memslot_ipa, 0, 0, BIT(IPA_BITS) - PAGE, SIZE, NULL, -1, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, SHARED, SIZE, NULL, -1, 0), 0); /* upper half */
	assert_int_equal(fx_set_slot(f, 1, KVM_MEM_READONLY, 0, SIZE, NULL, -1, 0), 0);
	REFUSED_SLOT(EEXIST, kvm_memslot_overlap, 2, 0, SIZE - PAGE, SIZE, NULL, -1, 0);
	REFUSED(EFAULT, kvm_arg_fault, f->vm, KVM_SET_USER_MEMORY_REGION2, 8);
}

static void the_older_call_knows_fewer_flags(void **state)
{
	struct fx *f = *state;
	struct kvm_userspace_memory_region r = {.memory_size = SIZE, .flags = KVM_MEM_GUEST_MEMFD};

	fx_create_vm(f, REALM_TYPE);
	REFUSED(EINVAL, kvm_memslot_flags, f->vm, KVM_SET_USER_MEMORY_REGION, &r);
	r.flags = 0;
	GIVES(0, f->vm, KVM_SET_USER_MEMORY_REGION, &r);
	r.memory_size = 0;
	GIVES(0, f->vm, KVM_SET_USER_MEMORY_REGION, &r);
}

static void only_address_and_dirty_logging_of_a_slot_change(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	fx_create_gmem(f, SIZE, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, 0, SIZE, NULL, -1, 0), 0);
	assert_int_equal(fx_set_slot(f, 0, 0, 0, SIZE, NULL, -1, 0), 0); /* nothing to do */
	REFUSED_SLOT(EINVAL, kvm_memslot_change, 0, 0, 0, 2 * SIZE, NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_change, 0, 0, 0, SIZE, at(SIZE), -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_change, 0, KVM_MEM_READONLY, 0, SIZE, NULL, -1, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_change, 0, 0, 0, SIZE, NULL, f->gmem, 0);
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, SIZE, NULL, -1, 0), 0);
	assert_int_equal(fx_set_slot(f, 0, 0, SIZE, SIZE, NULL, -1, 0), 0); /* moved */
	assert_int_equal(fx_set_slot(f, 1, 0, 0, SIZE, NULL, f->gmem, 0), 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_change, 1, 0, 0, SIZE, NULL, f->gmem, 0);
	REFUSED_SLOT(EEXIST, kvm_memslot_overlap, 0, 0, 0, SIZE, NULL, -1, 0);
}

static void binding_a_guest_memfd_is_checked(void **state)
{
	struct fx *f = *state, g = {0};
	int pipefd[2];

	assert_int_equal(pipe(pipefd), 0);
	fx_create_vm(f, REALM_TYPE);
	fx_create_gmem(f, SIZE, 0);
	g.p = f->p;
	g.sys = f->sys;
	fx_create_vm(&g, REALM_TYPE);
	fx_create_gmem(&g, SIZE, 0);
	REFUSED_SLOT(EBADF, kvm_memslot_gmem_fd, 0, 0, 0, SIZE, NULL, 1000, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_not_gmem, 0, 0, 0, SIZE, NULL, pipefd[0], 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_not_gmem, 0, 0, 0, SIZE, NULL, f->vm, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_vm, 0, 0, 0, SIZE, NULL, g.gmem, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_range, 0, 0, 0, SIZE, NULL, f->gmem, PAGE);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_range, 0, 0, 0, 2 * SIZE, NULL, f->gmem, 0);
	assert_int_equal(fx_set_slot(f, 0, 0, 0, SIZE / 2, NULL, f->gmem, SIZE / 2), 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_bound, 1, 0, SIZE, SIZE, NULL, f->gmem, 0);
	assert_int_equal(fx_set_slot(f, 1, 0, SIZE, SIZE / 2, NULL, f->gmem, 0), 0);
	/* A refused slot has bound nothing. */
	assert_int_equal(fx_set_slot(f, 0, 0, 0, 0, NULL, -1, 0), 0);
	REFUSED_SLOT(EFAULT, kvm_memslot_ipa, 2, 0, BIT(IPA_BITS), SIZE / 2, NULL, f->gmem,
		     SIZE / 2);
	assert_int_equal(fx_set_slot(f, 2, 0, 0, SIZE / 2, NULL, f->gmem, SIZE / 2), 0);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void an_ordinary_vm_takes_a_guest_memfd_that_can_be_mapped(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, 0);
	fx_create_gmem(f, SIZE, 0);
	REFUSED_SLOT(EINVAL, kvm_memslot_gmem_ordinary, 0, 0, 0, SIZE, NULL, f->gmem, 0);
	fx_create_gmem(f, SIZE, GUEST_MEMFD_FLAG_MMAP);
	assert_int_equal(fx_set_slot(f, 0, 0, 0, SIZE, NULL, f->gmem, 0), 0);
}

static int64_t create_gmem(struct fx *f, uint64_t size, uint64_t flags)
{
	struct kvm_create_guest_memfd g = {.size = size, .flags = flags};

	return CALL(f->vm, KVM_CREATE_GUEST_MEMFD, &g);
}

static void guest_memfds_have_a_size_and_two_flags(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	for (uint64_t flags = 0; flags < 4; flags++)
		assert_true(create_gmem(f, SIZE, flags) >= 0);
	assert_int_equal(create_gmem(f, SIZE, 4), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_gmem_flags");
	assert_int_equal(create_gmem(f, 0, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_gmem_size");
	assert_int_equal(create_gmem(f, PAGE + 1, 0), -EINVAL);
	assert_int_equal(create_gmem(f, BIT(63), 0), -EINVAL);
	assert_int_equal(create_gmem(f, BIT(50), 0), -ENOMEM);
	assert_string_equal(fx_last_rule(), "kvm_gmem_no_memory");
}

static void holes_are_punched_as_by_fallocate(void **state)
{
	struct fx *f = *state;
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	uint8_t *p;

	fx_create_vm(f, REALM_TYPE);
	fx_create_gmem(f, SIZE, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	p = inproc_mmap(f->p, f->gmem, SIZE);
	assert_non_null(p);
	p[0] = p[PAGE] = 7;
	assert_int_equal(inproc_fallocate(f->p, f->gmem, 0, 0, PAGE), -EOPNOTSUPP);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, punch | FALLOC_FL_ZERO_RANGE, 0, PAGE),
			 -EOPNOTSUPP);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, punch, 0, 0), -EINVAL);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, punch, 1, PAGE), -EINVAL);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, punch, -PAGE, PAGE), -EINVAL);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, punch, MASK(62, 12), PAGE), -EFBIG);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, FALLOC_FL_KEEP_SIZE, 0, SIZE), 0);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, FALLOC_FL_KEEP_SIZE, 0, SIZE + PAGE),
			 -EINVAL);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, punch, PAGE, SIZE), 0);
	assert_int_equal(inproc_fallocate(f->p, f->gmem, punch, SIZE, SIZE), 0);
	assert_int_equal(p[0], 7);
	assert_int_equal(p[PAGE], 0);
	inproc_munmap(f->p, p, SIZE);
	assert_int_equal(inproc_fallocate(f->p, f->vm, punch, 0, PAGE), -EOPNOTSUPP);
}

static int64_t set_attributes(struct fx *f, uint64_t gpa, uint64_t size, uint64_t attributes,
			      uint64_t flags)
{
	struct kvm_memory_attributes a = {gpa, size, attributes, flags};

	return CALL(f->vm, KVM_SET_MEMORY_ATTRIBUTES, &a);
}

static void attributes_are_checked_in_order(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, REALM_TYPE);
	assert_int_equal(set_attributes(f, 1, 0, 1, 1), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_attributes_flags");
	assert_int_equal(set_attributes(f, 1, 0, 1, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_attributes_unknown");
	assert_int_equal(set_attributes(f, 1, 0, 8, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_attributes_range");
	assert_int_equal(set_attributes(f, -PAGE, PAGE, 8, 0), 0 - EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_attributes_range");
	assert_int_equal(set_attributes(f, 1, PAGE, 8, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_attributes_align");
	assert_int_equal(set_attributes(f, BIT(60), PAGE, 8, 0), 0); /* beyond the IPA space */
	REFUSED(EFAULT, kvm_arg_fault, f->vm, KVM_SET_MEMORY_ATTRIBUTES, 8);
	fx_close(f, &f->vm);
	fx_create_vm(f, 0);
	assert_int_equal(set_attributes(f, 0, PAGE, 8, 0), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_attributes_unknown");
	assert_int_equal(set_attributes(f, 0, PAGE, 0, 0), 0);
}

/* The range set against a plain array, by what POPULATE accepts. */
static void attributes_are_kept_page_by_page(void **state)
{
	struct fx *f = *state;
	bool private[64] = {false}, populated[64] = {false};
	unsigned int seed = 1;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_memory(f);
	assert_int_equal(fx_set_private(f, RAM, RAM_SIZE, false), 0);
	for (int round = 0; round < 2000; round++) {
		unsigned int from, n, page;
		bool on;

		seed = seed * 1103515245 + 12345;
		from = (seed >> 16) % 64;
		n = 1 + (seed >> 8) % (64 - from);
		on = seed & BIT(30);
		assert_int_equal(fx_set_private(f, RAM + from * PAGE, n * PAGE, on), 0);
		for (page = from; page < from + n; page++) {
			private[page] = on;
			populated[page] &= on; /* sharing destroys the page */
		}
		page = (seed >> 4) % 64;
		assert_int_equal(fx_populate(f, RAM + page * PAGE, PAGE, f->source, 0),
				 populated[page] ? -ENXIO
				 : private[page] ? (int64_t)PAGE
						 : -EINVAL);
		populated[page] = private[page];
	}
}

static void a_deleted_slot_gives_its_pages_back(void **state)
{
	struct fx *f = *state;
	uint64_t before;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 1);
	fx_memory(f);
	assert_int_equal(fx_populate(f, RAM, 3 * PAGE, f->source, 0), 3 * PAGE);
	before = rmm_delegated_granules(inproc_rmm(f->p));
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, 0, NULL, -1, 0), 0);
	assert_true(rmm_delegated_granules(inproc_rmm(f->p)) <= before - 3);
	assert_int_equal(fx_set_slot(f, 0, 0, RAM, RAM_SIZE, f->ram, f->gmem, 0), 0);
	assert_int_equal(fx_populate(f, RAM, PAGE, f->source, 0), PAGE);
}

static int64_t get_log(struct fx *f, uint32_t slot, void *bitmap)
{
	struct kvm_dirty_log l = {.slot = slot, .dirty_bitmap = (uintptr_t)bitmap};

	return CALL(f->vm, KVM_GET_DIRTY_LOG, &l);
}

static void the_dirty_log_shows_shared_pages_that_were_mapped(void **state)
{
	struct fx *f = *state;
	struct kvm_clear_dirty_log c = {.slot = 1, .num_pages = 16};
	uint64_t bits = ~0ull;

	PROGRAM(0, CODE, {T_STR, 1, SHARED | 0x3000, 4}, {T_MOV, 0, PSCI_SYSTEM_OFF}, {T_SMC});
	fx_realm(f, 1);
	assert_int_equal(fx_set_slot(f, 1, KVM_MEM_LOG_DIRTY_PAGES, 0, SIZE, f->source, -1, 0), 0);
	assert_int_equal(get_log(f, 1 << 16, &bits), -EINVAL);
	assert_string_equal(fx_last_rule(), "kvm_dirty_log_slot");
	assert_int_equal(get_log(f, 0, &bits), -ENOENT);
	assert_string_equal(fx_last_rule(), "kvm_dirty_log_absent");
	assert_int_equal(get_log(f, 1, &bits), 0);
	assert_int_equal(bits, 0);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(get_log(f, 1, NULL), -EFAULT);
	assert_int_equal(fx_set_slot(f, 1, 0, 0, SIZE, f->source, -1, 0), 0);
	assert_int_equal(get_log(f, 1, &bits), -ENOENT);
	assert_int_equal(fx_set_slot(f, 1, KVM_MEM_LOG_DIRTY_PAGES, 0, SIZE, f->source, -1, 0), 0);
	c.first_page = 1;
	c.dirty_bitmap = (uintptr_t)&bits;
	REFUSED(EINVAL, kvm_dirty_log_range, f->vm, KVM_CLEAR_DIRTY_LOG, &c);
	c.first_page = 0;
	GIVES(0, f->vm, KVM_CLEAR_DIRTY_LOG, &c);
	c.slot = 5;
	REFUSED(ENOENT, kvm_dirty_log_absent, f->vm, KVM_CLEAR_DIRTY_LOG, &c);
	inproc_forget(f->p, f->source, RAM_SIZE);
}

static void an_access_marks_its_page_and_no_other(void **state)
{
	struct fx *f = *state;
	uint64_t bits = ~0ull;

	PROGRAM(0, CODE, {T_LDR, 1, SHARED | 0x3000, 8}, SYSTEM_OFF);
	fx_realm(f, 1);
	assert_int_equal(fx_set_slot(f, 1, KVM_MEM_LOG_DIRTY_PAGES, 0, SIZE, f->source, -1, 0), 0);
	fx_assert_off(f, 0);
	assert_int_equal(get_log(f, 1, &bits), 0);
	assert_int_equal(bits, BIT(3));
	inproc_forget(f->p, f->source, RAM_SIZE);
}

static void a_log_can_begin_all_set_and_be_cleared_by_pieces(void **state)
{
	struct fx *f = *state;
	struct kvm_enable_cap cap = {.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = {3}};
	struct kvm_clear_dirty_log c = {.slot = 0, .num_pages = 100};
	uint64_t bits[2] = {0}, clear[2] = {0xf, 1};

	fx_create_vm(f, REALM_TYPE);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &cap);
	assert_int_equal(fx_set_slot(f, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, 100 * PAGE, NULL, -1, 0), 0);
	assert_int_equal(get_log(f, 0, bits), 0);
	assert_int_equal(bits[1], MASK(35, 0));
	c.dirty_bitmap = (uintptr_t)clear;
	GIVES(0, f->vm, KVM_CLEAR_DIRTY_LOG, &c);
	assert_int_equal(get_log(f, 0, bits), 0);
	assert_int_equal(bits[0], ~0xfull);
	assert_int_equal(bits[1], MASK(35, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_memory(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(slots_are_checked_in_the_kernels_order),
		TEST(the_older_call_knows_fewer_flags),
		TEST(only_address_and_dirty_logging_of_a_slot_change),
		TEST(binding_a_guest_memfd_is_checked),
		TEST(an_ordinary_vm_takes_a_guest_memfd_that_can_be_mapped),
		TEST(guest_memfds_have_a_size_and_two_flags),
		TEST(holes_are_punched_as_by_fallocate),
		TEST(attributes_are_checked_in_order),
		TEST(attributes_are_kept_page_by_page),
		TEST(a_deleted_slot_gives_its_pages_back),
		TEST(the_dirty_log_shows_shared_pages_that_were_mapped),
		TEST(an_access_marks_its_page_and_no_other),
		TEST(a_log_can_begin_all_set_and_be_cleared_by_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
