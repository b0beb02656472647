// SPDX-License-Identifier: BSD-3-Clause
/* test_guest_mem.c - guest memory by guest physical address, as emulated devices use it. */
#include "kvm/mem/guest_mem.h"

#include <sys/mman.h>

#include "kvm/core/vm.h"
#include "kvm/vcpu/vcpu.h"
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#define GPA   UINT64_C(0x10000) /* slot 1, plain user memory */
#define PAGES 4

static struct kvm_vm *vm_of(struct fx *f)
{
	return inproc_file(f->p, f->vm)->vm;
}

/* A realm with plain user memory at GPA, apart from its RAM. */
static uint8_t *plain_memory(struct fx *f, uint32_t flags)
{
	fx_realm(f, 1);
	assert_int_equal(fx_set_slot(f, 1, flags, GPA, PAGES * PAGE, f->source, -1, 0), 0);
	return f->source;
}

static void forget_plain(struct fx *f)
{
	inproc_forget(f->p, f->source, RAM_SIZE);
}

static void it_is_read_and_written_across_pages_and_slots(void **state)
{
	struct fx *f = *state;
	uint8_t *user = plain_memory(f, 0), buf[2 * PAGE], back[2 * PAGE];

	assert_int_equal(fx_set_slot(f, 2, 0, GPA + PAGES * PAGE, PAGE, user + RAM_SIZE / 2, -1, 0),
			 0);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(guest_mem_write(vm_of(f), GPA + 5, buf, sizeof(buf), NULL), 0);
	assert_memory_equal(user + 5, buf, sizeof(buf));
	assert_int_equal(guest_mem_write(vm_of(f), GPA + PAGES * PAGE - 3, buf, 8, NULL), 0);
	assert_memory_equal(user + PAGES * PAGE - 3, buf, 3);
	assert_memory_equal(user + RAM_SIZE / 2, buf + 3, 5);
	assert_int_equal(guest_mem_read(vm_of(f), GPA + 5, back, sizeof(back)), 0);
	assert_memory_equal(back, user + 5, sizeof(back));
	assert_int_equal(guest_mem_read(vm_of(f), GPA, back, 0), 0);
	forget_plain(f);
}

static void an_address_without_a_slot_is_refused(void **state)
{
	struct fx *f = *state;
	uint8_t *user = plain_memory(f, 0), buf[16] = {1};

	user[0] = user[PAGES * PAGE - 1] = 9;
	assert_int_equal(guest_mem_read(vm_of(f), GPA - 8, buf, 16), -EFAULT);
	assert_int_equal(guest_mem_write(vm_of(f), UART, buf, 4, NULL), -EFAULT);
	assert_int_equal(guest_mem_read(vm_of(f), SHARED | GPA, buf, 4), -EFAULT);
	assert_int_equal(guest_mem_read(vm_of(f), UINT64_MAX - 3, buf, 8), -EFAULT);
	/* What comes before the hole is copied. */
	assert_int_equal(guest_mem_read(vm_of(f), GPA + PAGES * PAGE - 1, buf, 2), -EFAULT);
	assert_int_equal(buf[0], 9);
	forget_plain(f);
}

static void a_readonly_slot_is_read_only(void **state)
{
	struct fx *f = *state;
	uint8_t *user = plain_memory(f, KVM_MEM_READONLY), b = 1;

	user[0] = 7;
	assert_int_equal(guest_mem_write(vm_of(f), GPA, &b, 1, NULL), -EFAULT);
	assert_int_equal(guest_mem_read(vm_of(f), GPA, &b, 1), 0);
	assert_int_equal(b, 7);
	assert_int_equal(user[0], 7);
	forget_plain(f);
}

static void memory_protected_by_the_client_is_respected(void **state)
{
	struct fx *f = *state;
	uint8_t *user, b = 1;

	fx_realm(f, 1);
	user = f->source;
	assert_int_equal(mprotect(user + PAGE, PAGE, PROT_READ), 0);
	assert_int_equal(mprotect(user + 2 * PAGE, PAGE, PROT_NONE), 0);
	assert_int_equal(fx_set_slot(f, 1, 0, GPA, PAGES * PAGE, user, -1, 0), 0);
	assert_int_equal(guest_mem_read(vm_of(f), GPA + PAGE, &b, 1), 0);
	assert_int_equal(guest_mem_write(vm_of(f), GPA + PAGE, &b, 1, NULL), -EFAULT);
	assert_int_equal(guest_mem_read(vm_of(f), GPA + 2 * PAGE, &b, 1), -EFAULT);
	assert_int_equal(guest_mem_write(vm_of(f), GPA + 3 * PAGE, &b, 1, NULL), 0);
	forget_plain(f);
}

static void unmapped_memory_is_refused(void **state)
{
	struct fx *f = *state;
	uint64_t word = 5;

	plain_memory(f, 0);
	assert_int_equal(guest_mem_write(vm_of(f), GPA, &word, sizeof(word), NULL), 0);
	forget_plain(f);
	assert_int_equal(guest_mem_write(vm_of(f), GPA, &word, sizeof(word), NULL), -EFAULT);
	assert_int_equal(guest_mem_read(vm_of(f), GPA, &word, sizeof(word)), -EFAULT);
}

static void private_pages_are_out_of_reach(void **state)
{
	struct fx *f = *state;
	uint64_t word = 99;

	PROGRAM(0, CODE, {T_MOV, 1, 42}, {T_STR, 1, DATA, 8}, {T_LDR, 2, SHARED | UART, 4},
		{T_LDR, 1, DATA, 8}, {T_CHECK, 1, 42}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	assert_int_equal(guest_mem_write(vm_of(f), DATA, &word, sizeof(word), NULL), 0);
	assert_int_equal(*(uint64_t *)(f->ram + (DATA - RAM)), 99);
	fx_assert_off(f, 0);
	assert_int_equal(guest_mem_read(vm_of(f), DATA, &word, sizeof(word)), 0);
	assert_int_equal(word, 99);
}

static void a_private_page_behind_a_slot_of_user_memory_is_refused(void **state)
{
	struct fx *f = *state;
	struct kvm_create_guest_memfd g = {.size = PAGE, .flags = GUEST_MEMFD_FLAG_MMAP};
	const uint64_t private = 0x40000;
	uint64_t word = 0;
	int second;
	void *user;

	PROGRAM(0, CODE, {T_MOV, 1, 42}, {T_STR, 1, private, 8}, SYSTEM_OFF);
	fx_realm(f, 1);
	second = (int)CALL(f->vm, KVM_CREATE_GUEST_MEMFD, &g);
	user = inproc_mmap(f->p, second, PAGE);
	assert_non_null(user);
	assert_int_equal(fx_set_slot(f, 1, 0, private, PAGE, user, second, 0), 0);
	assert_int_equal(fx_set_private(f, private, PAGE, true), 0);
	assert_int_equal(guest_mem_write(vm_of(f), private, &word, sizeof(word), NULL), 0);
	fx_assert_off(f, 0);
	assert_int_equal(guest_mem_read(vm_of(f), private, &word, sizeof(word)), -EFAULT);
	assert_int_equal(guest_mem_write(vm_of(f), private, &word, sizeof(word), NULL), -EFAULT);
	inproc_munmap(f->p, user, PAGE);
}

static void a_write_marks_its_pages_in_the_dirty_log(void **state)
{
	struct fx *f = *state;
	uint64_t bitmap = 0, word = 1;
	struct kvm_dirty_log log = {.slot = 1, .dirty_bitmap = (uintptr_t)&bitmap};

	plain_memory(f, KVM_MEM_LOG_DIRTY_PAGES);
	assert_int_equal(guest_mem_read(vm_of(f), GPA, &word, sizeof(word)), 0);
	assert_int_equal(guest_mem_write(vm_of(f), GPA + 2 * PAGE - 4, &word, sizeof(word), NULL),
			 0);
	GIVES(0, f->vm, KVM_GET_DIRTY_LOG, &log);
	assert_int_equal(bitmap, 0x6);
	forget_plain(f);
}

/* As the kernel does it: by whether a vCPU is running. */
static void a_write_for_a_vcpu_goes_to_its_ring_and_any_other_to_the_bitmap(void **state)
{
	struct kvm_enable_cap ring = {.cap = KVM_CAP_DIRTY_LOG_RING_ACQ_REL, .args = {4096}};
	struct kvm_enable_cap both = {.cap = KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP};
	struct fx *f = *state;
	uint64_t bitmap[RAM_SIZE / PAGE / 64] = {0}, word = 1;
	struct kvm_dirty_log log = {.slot = 1, .dirty_bitmap = (uintptr_t)bitmap};
	struct kvm_dirty_gfn *gfns;
	struct kvm_vcpu *v;

	fx_create_vm(f, 0);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &ring);
	GIVES(0, f->vm, KVM_ENABLE_CAP, &both);
	fx_create_vcpus(f, 1);
	gfns = fx_map_ring(f, 0, 4096);
	v = inproc_file(f->p, f->vcpu[0])->vcpu;
	f->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(fx_set_slot(f, 1, KVM_MEM_LOG_DIRTY_PAGES, RAM, RAM_SIZE, f->ram, -1, 0),
			 0);
	assert_int_equal(guest_mem_write(vm_of(f), RAM + PAGE, &word, sizeof(word), &v->ring), 0);
	assert_int_equal(guest_mem_write(vm_of(f), RAM + 3 * PAGE, &word, sizeof(word), NULL), 0);
	assert_int_equal(gfns[0].flags, KVM_DIRTY_GFN_F_DIRTY);
	assert_int_equal(gfns[0].slot, 1);
	assert_int_equal(gfns[0].offset, 1);
	assert_int_equal(gfns[1].flags, 0);
	GIVES(0, f->vm, KVM_GET_DIRTY_LOG, &log);
	assert_int_equal(bitmap[0], BIT(3));
}

/* An address space whose client unmaps a page just after it has been looked up. */
static struct {
	const struct kvm_mm_ops *real;
	struct fx *f;
	uint64_t pa; /* of the page that was unmapped */
} unmapper;

static uint64_t lookup_and_unmap(struct kvm_mm *mm, uint64_t uaddr, bool write)
{
	uint64_t pa = unmapper.real->lookup(mm, uaddr, write);

	if (pa && !unmapper.pa) {
		unmapper.pa = pa;
		forget_plain(unmapper.f);
	}
	return pa;
}

static void no_page_is_written_after_it_was_given_away(void **state)
{
	struct fx *f = *state;
	struct kvm_mm_ops ops;
	struct kvm_vm *vm;
	uint64_t word = 1;

	plain_memory(f, 0);
	vm = vm_of(f);
	unmapper.real = vm->mm->ops;
	unmapper.f = f;
	unmapper.pa = 0;
	ops = *vm->mm->ops;
	ops.lookup = lookup_and_unmap;
	vm->mm->ops = &ops;
	assert_int_equal(guest_mem_write(vm, GPA, &word, sizeof(word), NULL), -EFAULT);
	vm->mm->ops = unmapper.real;
	assert_int_not_equal(unmapper.pa, 0);
	assert_true(machine_page_is_hole(inproc_machine(f->p), unmapper.pa));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_guest_mem(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_is_read_and_written_across_pages_and_slots),
		TEST(an_address_without_a_slot_is_refused),
		TEST(a_readonly_slot_is_read_only),
		TEST(memory_protected_by_the_client_is_respected),
		TEST(unmapped_memory_is_refused),
		TEST(private_pages_are_out_of_reach),
		TEST(a_private_page_behind_a_slot_of_user_memory_is_refused),
		TEST(a_write_marks_its_pages_in_the_dirty_log),
		TEST(a_write_for_a_vcpu_goes_to_its_ring_and_any_other_to_the_bitmap),
		TEST(no_page_is_written_after_it_was_given_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
