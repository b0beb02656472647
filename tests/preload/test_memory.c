// SPDX-License-Identifier: BSD-3-Clause
/* test_memory.c - memslot memory: moved with what it holds, and followed as it changes. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

#define PAGE  4096ul
#define PAGES 64ul
#define SIZE  (PAGES * PAGE)
#define RW    (PROT_READ | PROT_WRITE)

static uint64_t *page(void *base, unsigned int n)
{
	return (uint64_t *)((char *)base + n * PAGE);
}

static void *map(int prot, int flags)
{
	void *p = mmap(NULL, SIZE, prot, flags | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

static void expect_moved(void *p)
{
	int vm = open_vm();

	for (unsigned int i = 0; i < PAGES; i += 3)
		*page(p, i) = i + 1;
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	for (unsigned int i = 0; i < PAGES; i++) {
		assert_int_equal(*page(p, i), i % 3 ? 0 : i + 1);
		expect_realm_sees(vm, page(p, i), i % 3 ? 0 : i + 1);
	}
	for (unsigned int i = 0; i < PAGES; i++)
		expect_shared(vm, page(p, i));
	munmap(p, SIZE);
	close(vm);
}

static void private_memory_keeps_its_contents(void **state)
{
	expect_moved(map(RW, MAP_PRIVATE));
}

static void shared_memory_keeps_its_contents(void **state)
{
	expect_moved(map(RW, MAP_SHARED));
}

static void a_memfd_keeps_its_contents(void **state)
{
	int fd = memfd_create("test", 0);
	void *p;

	assert_int_equal(ftruncate(fd, SIZE), 0);
	p = mmap(NULL, SIZE, RW, MAP_SHARED, fd, 0);
	expect_moved(p);
	close(fd);
}

static void a_private_file_keeps_its_contents_and_the_file_its_own(void **state)
{
	char name[] = "/tmp/softrealm-test-XXXXXX", first;
	int fd = mkstemp(name);
	char *p;

	unlink(name);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	p = mmap(NULL, SIZE, RW, MAP_PRIVATE, fd, 0);
	expect_moved(p);
	assert_int_equal(pread(fd, &first, 1, 0), 1);
	assert_int_equal(first, 0);
	close(fd);
}

static void protection_is_kept(void **state)
{
	uint64_t *p = map(RW, MAP_PRIVATE);
	int vm = open_vm();

	*p = 7;
	mprotect(p, SIZE, PROT_READ);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_realm_sees(vm, p, 7);
	assert_int_equal(poke(vm, p, 8), -EFAULT);
	/* Not writable for us either. */
	assert_int_equal(read(open("/dev/zero", O_RDONLY), p, 8), -1);
	assert_int_equal(errno, EFAULT);
	mprotect(p, SIZE, RW);
	expect_shared(vm, p);
	mprotect(p, SIZE, PROT_NONE);
	expect_realm_faults(vm, p);
	mprotect(p, SIZE, PROT_READ);
	expect_realm_sees(vm, p, 0x1234);
	munmap(p, SIZE);
	close(vm);
}

static void moved_memory_is_not_copied_twice(void **state)
{
	uint64_t *p = map(RW, MAP_PRIVATE);
	int vm = open_vm(), other = open_vm();
	uint64_t pa;

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	pa = where(vm, p);
	*p = 9;
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	assert_int_equal(add_slot(vm, page(p, 4), 8 * PAGE), 0);
	assert_int_equal(add_slot(other, p, SIZE), 0);
	assert_int_equal(where(vm, p), pa);
	assert_int_equal(where(other, p), pa);
	expect_realm_sees(other, p, 9);
	munmap(p, SIZE);
	close(other);
	close(vm);
}

/* kvmtool reserves, maps, registers; and at the first run maps PROT_NONE over everything. */
static void what_is_mapped_over_a_slot_is_what_the_realm_sees(void **state)
{
	int64_t before = pages_used();
	uint64_t *p = map(PROT_NONE, MAP_SHARED);
	int vm = open_vm();

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_realm_faults(vm, p);
	assert_int_equal(pages_used(), before);
	mmap(p, SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	expect_shared(vm, p);
	assert_int_equal(pages_used(), before + PAGES);
	mmap(page(p, 8), 8 * PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	expect_realm_faults(vm, page(p, 8));
	expect_realm_faults(vm, page(p, 15));
	expect_shared(vm, page(p, 7));
	expect_shared(vm, page(p, 16));
	assert_int_equal(pages_used(), before + PAGES - 8);
	mprotect(page(p, 8), 8 * PAGE, RW);
	expect_realm_sees(vm, page(p, 8), 0);
	expect_shared(vm, page(p, 8));
	mmap(p, SIZE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assert_int_equal(pages_used(), before);
	munmap(p, SIZE);
	close(vm);
}

static void unmapped_memory_is_gone_and_what_comes_later_is_new(void **state)
{
	int64_t before = pages_used(), told;
	uint64_t *p = map(RW, MAP_PRIVATE);
	int vm = open_vm(), kvm = open_kvm();

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	*page(p, 1) = 5;
	told = call(kvm, FAKE_INVALIDATIONS, 0);
	munmap(page(p, 1), PAGE);
	assert_true(call(kvm, FAKE_INVALIDATIONS, 0) > told);
	expect_realm_faults(vm, page(p, 1));
	assert_ptr_equal(mmap(page(p, 1), PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 page(p, 1));
	expect_realm_sees(vm, page(p, 1), 0);
	expect_shared(vm, page(p, 1));
	munmap(p, SIZE);
	assert_int_equal(pages_used(), before);
	close(kvm);
	close(vm);
}

/* How often the backend was asked whether a range is in use: once for each change it learns of. */
static int64_t times_asked(void)
{
	int kvm = open_kvm();
	int64_t n = call(kvm, FAKE_ASKED, 0);

	close(kvm);
	return n;
}

static void map_and_unmap(void *p, size_t size)
{
	assert_ptr_equal(mmap(p, size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), p);
	assert_int_equal(munmap(p, size), 0);
}

static void what_nothing_needs_is_not_watched_any_more(void **state)
{
	struct kvm_userspace_memory_region none = {0};
	uint64_t *p = map(RW, MAP_PRIVATE);
	int vm = open_vm();
	int64_t asked;

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	assert_int_equal(munmap(p, SIZE), 0);
	/* There is a slot: what comes is the realm's. */
	assert_ptr_equal(mmap(p, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), p);
	expect_shared(vm, p);
	/* Without one, what is still on our pages is to be given back in its time. */
	assert_int_equal(call(vm, KVM_SET_USER_MEMORY_REGION, (uintptr_t)&none), 0);
	assert_int_equal(munmap(page(p, 1), PAGE), 0);
	asked = times_asked();
	map_and_unmap(page(p, 1), PAGE);
	assert_int_equal(times_asked(), asked);
	assert_int_equal(munmap(p, SIZE), 0);
	assert_int_equal(times_asked(), asked + 1);
	map_and_unmap(p, SIZE);
	assert_int_equal(times_asked(), asked + 1);
	/* And from the next slot on it is watched again. */
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	assert_ptr_equal(mmap(p, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), p);
	expect_shared(vm, page(p, 1));
	expect_shared(vm, page(p, 63));
	assert_int_equal(munmap(p, SIZE), 0);
	close(vm);
}

static void memory_that_moves_is_followed(void **state)
{
	int64_t before = pages_used();
	uint64_t *p = map(RW, MAP_PRIVATE), *q;
	int vm = open_vm();

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	*p = 11;
	q = mremap(p, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, map(PROT_NONE, MAP_PRIVATE));
	assert_ptr_not_equal(q, MAP_FAILED);
	expect_realm_faults(vm, p);
	expect_realm_sees(vm, q, 11);
	assert_int_equal(pages_used(), before + PAGES);
	munmap(q, SIZE);
	assert_int_equal(pages_used(), before);
	close(vm);
}

/* Behind a moved range lies somebody else's physical memory. */
static void memory_that_grows_gets_fresh_pages(void **state)
{
	uint64_t *p = map(RW, MAP_PRIVATE), *other = map(RW, MAP_PRIVATE), *q;
	int vm = open_vm();

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	assert_int_equal(add_slot(vm, other, SIZE), 0);
	memset(other, 0xee, SIZE);
	*p = 12;
	q = mremap(p, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	assert_ptr_not_equal(q, MAP_FAILED);
	assert_int_equal(*q, 12);
	for (unsigned int i = PAGES; i < 2 * PAGES; i++)
		assert_int_equal(*page(q, i), 0);
	expect_shared(vm, q);
	expect_shared(vm, page(q, PAGES));
	munmap(q, 2 * SIZE);
	munmap(other, SIZE);
	close(vm);
}

static void discarded_private_memory_reads_as_zero(void **state)
{
	uint64_t *p = map(RW, MAP_PRIVATE), *s = map(RW, MAP_SHARED);
	int vm = open_vm();

	*page(p, 1) = *page(p, 2) = *page(s, 1) = *page(s, 2) = 13;
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	assert_int_equal(add_slot(vm, s, SIZE), 0);
	assert_int_equal(madvise(page(p, 1), PAGE, MADV_DONTNEED), 0);
	expect_realm_sees(vm, page(p, 1), 0);
	assert_int_equal(*page(p, 1), 0);
	expect_realm_sees(vm, page(p, 2), 13);
	assert_int_equal(madvise(page(s, 1), PAGE, MADV_DONTNEED), 0);
	expect_realm_sees(vm, page(s, 1), 13);
	assert_int_equal(madvise(page(s, 1), PAGE, MADV_REMOVE), 0);
	expect_realm_sees(vm, page(s, 1), 0);
	assert_int_equal(*page(s, 1), 0);
	assert_int_equal(*page(s, 2), 13);
	munmap(p, SIZE);
	munmap(s, SIZE);
	close(vm);
}

static void a_slot_over_nothing_is_accepted(void **state)
{
	uint64_t *p = map(RW, MAP_PRIVATE);
	int vm = open_vm();

	munmap(p, SIZE);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_realm_faults(vm, p);
	close(vm);
}

static void memory_stays_when_the_vm_is_gone(void **state)
{
	int64_t before = pages_used();
	uint64_t *p = map(RW, MAP_PRIVATE);
	int vm = open_vm(), kvm = open_kvm();

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	*page(p, 5) = 14;
	close(vm);
	expect_files(kvm, 0);
	assert_int_equal(*page(p, 5), 14);
	assert_int_equal(pages_used(), before + PAGES);
	vm = open_vm();
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_realm_sees(vm, page(p, 5), 14);
	munmap(p, SIZE);
	close(vm);
	close(kvm);
}

/* What the process maps later where a slot once was is its own business. */
static void without_a_vm_nothing_is_moved(void **state)
{
	int64_t before = pages_used();
	uint64_t *p = map(RW, MAP_PRIVATE);
	int vm = open_vm(), kvm = open_kvm();

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	close(vm);
	expect_files(kvm, 0);
	mmap(p, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	assert_int_equal(pages_used(), before);
	munmap(p, SIZE);
	close(kvm);
}

/* ---- without descriptors ---- */

/* All but `left` are taken; gives them back by give_back(). */
static int taken[4096];
static int num_taken;
static struct rlimit before_taking;

static void take_descriptors(int left)
{
	struct rlimit few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before_taking), 0);
	few = before_taking;
	few.rlim_cur = 700;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	num_taken = 0;
	while (num_taken < 4096 && (taken[num_taken] = dup(0)) >= 0)
		num_taken++;
	while (left--)
		close(taken[--num_taken]);
}

static void give_back(void)
{
	while (num_taken)
		close(taken[--num_taken]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before_taking), 0);
}

static void memory_is_kept_when_descriptors_run_out(void **state)
{
	int vm = open_vm();

	for (int left = 0; left < 5; left++) {
		uint64_t *p = map(RW, MAP_PRIVATE), *q = map(RW, MAP_PRIVATE), *r;

		assert_int_equal(add_slot(vm, p, SIZE), 0);
		assert_int_equal(add_slot(vm, q, SIZE), 0);
		memset(p, 0x11, SIZE);
		take_descriptors(left);
		assert_int_equal(mprotect(p, SIZE, PROT_READ), 0);
		assert_int_equal(mprotect(p, SIZE, RW), 0);
		assert_int_equal(munmap(q, SIZE), 0);
		give_back();
		r = map(RW, MAP_PRIVATE);
		assert_int_equal(add_slot(vm, r, SIZE), 0);
		memset(r, 0x22, SIZE);
		for (unsigned int i = 0; i < PAGES; i++) {
			assert_int_equal(*page(p, i), UINT64_C(0x1111111111111111));
			expect_realm_sees(vm, page(p, i), UINT64_C(0x1111111111111111));
		}
		expect_shared(vm, p);
		munmap(p, SIZE);
		munmap(r, SIZE);
	}
	close(vm);
}

/* ---- guest_memfd ---- */

static sigjmp_buf on_bus_error;

static void bus_error(int sig)
{
	siglongjmp(on_bus_error, 1);
}

static bool touch_is_sigbus(volatile char *p)
{
	struct sigaction sa = {.sa_handler = bus_error}, old;
	bool hit = true;

	sigaction(SIGBUS, &sa, &old);
	if (!sigsetjmp(on_bus_error, 1)) {
		*p = 1;
		hit = false;
	}
	sigaction(SIGBUS, &old, NULL);
	return hit;
}

static int open_gmem(int vm, uint64_t flags)
{
	struct kvm_create_guest_memfd g = {.size = SIZE, .flags = flags};
	int fd = call(vm, KVM_CREATE_GUEST_MEMFD, (uintptr_t)&g);

	assert_true(fd >= 0);
	return fd;
}

static void guest_memfd_maps_as_its_flags_say(void **state)
{
	int vm = open_vm(), plain = open_gmem(vm, 0), priv = open_gmem(vm, GUEST_MEMFD_FLAG_MMAP);
	int both = open_gmem(vm, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	char *p, *q;

	assert_ptr_equal(mmap(NULL, SIZE, RW, MAP_SHARED, plain, 0), MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	p = mmap(NULL, SIZE, RW, MAP_SHARED, priv, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_true(touch_is_sigbus(p));
	assert_true(touch_is_sigbus(p + SIZE - 1));
	munmap(p, SIZE);
	assert_ptr_equal(mmap(NULL, SIZE, RW, MAP_PRIVATE, both, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	p = mmap(NULL, SIZE, RW, MAP_SHARED, both, 0);
	q = mmap(NULL, PAGE, RW, MAP_SHARED, both, 3 * PAGE);
	assert_false(touch_is_sigbus(p + 3 * PAGE));
	assert_int_equal(*q, 1);
	assert_int_equal(add_slot(vm, p, SIZE), 0); /* as a slot's user memory */
	expect_realm_sees(vm, p + 3 * PAGE, 1);
	expect_shared(vm, page(p, 4));
	assert_int_equal(fallocate(both, 3, 3 * PAGE, PAGE), 0);
	assert_int_equal(*q, 0);
	assert_int_equal(fallocate(both, 0, 0, PAGE), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	munmap(p, SIZE);
	munmap(q, PAGE);
	close_range(vm, both, 0);
}

/* There are pages of others. */
static void nothing_lies_behind_the_end_of_a_guest_memfd(void **state)
{
	int vm = open_vm();
	int first = open_gmem(vm, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	int second = open_gmem(vm, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	char *p = mmap(NULL, 3 * SIZE, RW, MAP_SHARED, first, 0);
	char *q = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, first, SIZE - PAGE);
	char *r = mmap(NULL, PAGE, RW, MAP_SHARED, first, SIZE);

	assert_ptr_not_equal(p, MAP_FAILED);
	memset(p, 7, SIZE);
	assert_int_equal(q[PAGE - 1], 7);
	assert_int_equal(madvise(p, SIZE, 25 /* MADV_COLLAPSE */), -1);
	assert_int_equal(errno, EINVAL);
	for (unsigned int i = 0; i < 3 * PAGES; i++)
		assert_int_equal(touch_is_sigbus(p + i * PAGE), i >= PAGES);
	assert_true(touch_is_sigbus(q + PAGE));
	assert_true(touch_is_sigbus(r));
	munmap(p, 3 * SIZE);
	munmap(q, 2 * PAGE);
	munmap(r, PAGE);
	close(second);
	close(first);
	close(vm);
}

static void a_delegated_page_of_a_guest_memfd_is_sigbus(void **state)
{
	int vm = open_vm(), zero = open("/dev/zero", O_RDONLY);
	int gmem = open_gmem(vm, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	char *p = mmap(NULL, SIZE, RW, MAP_SHARED, gmem, 0);
	uint64_t pa;

	memset(p, 5, SIZE);
	pa = where(vm, p + PAGE);
	assert_int_equal(call(vm, FAKE_PROTECT, (uintptr_t)p + PAGE), 0);
	assert_int_equal(call(vm, FAKE_PROTECT, (uintptr_t)p + 2 * PAGE), 0);
	assert_int_equal(call(vm, FAKE_PROTECT, (uintptr_t)p + 9 * PAGE), 0);
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(touch_is_sigbus(p + i * PAGE), i == 1 || i == 2 || i == 9);
	assert_int_equal(read(zero, p + PAGE, 1), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(where(vm, p + PAGE), pa); /* it is still that page */
	assert_int_equal(call(vm, FAKE_UNPROTECT, (uintptr_t)p + PAGE), 0);
	assert_false(touch_is_sigbus(p + PAGE));
	assert_true(touch_is_sigbus(p + 2 * PAGE));
	assert_int_equal(p[PAGE + 8], 5);
	munmap(p, SIZE);
	p = mmap(NULL, SIZE, RW, MAP_SHARED, gmem, 0); /* another look at the same pages */
	assert_true(touch_is_sigbus(p + 2 * PAGE));
	assert_false(touch_is_sigbus(p + PAGE));
	munmap(p + 2 * PAGE, PAGE);
	assert_ptr_equal(
		mmap(p + 2 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		p + 2 * PAGE);
	assert_int_equal(call(vm, FAKE_UNPROTECT, (uintptr_t)p + 9 * PAGE), 0);
	assert_int_equal(p[2 * PAGE], 0); /* what came in its place is left alone */
	munmap(p, SIZE);
	close(zero);
	close_range(vm, gmem, 0);
}

/* A slot's address may be used again for anything; kvm_run must stay what the backend looks at. */
static void a_vcpu_mapped_into_a_slot_is_not_moved(void **state)
{
	uint64_t *p = map(RW, MAP_PRIVATE);
	struct kvm_run *run, *there = (void *)page(p, 4);
	int vm = open_vm(), vcpu;

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	vcpu = open_vcpu(vm, &run);
	assert_ptr_equal(mmap(there, PAGE, RW, MAP_SHARED | MAP_FIXED, vcpu, 0), there);
	there->request_interrupt_window = FAKE_RUN_EXIT;
	assert_int_equal(call(vcpu, KVM_RUN, 0), 0);
	assert_int_equal(there->exit_reason, KVM_EXIT_MMIO);
	munmap(p, SIZE);
	close(vcpu);
	close(vm);
}

static void ignore(int sig)
{
}

static void *keep_kicking(void *arg)
{
	const struct timespec ms = {0, 1000000};

	for (;;) {
		pthread_kill(*(pthread_t *)arg, SIGUSR1);
		nanosleep(&ms, NULL);
	}
	return NULL;
}

/* The CANCEL of the run comes while the client is asked to hide the page. */
static void a_cancelled_run_that_delegated_a_page_ends_as_any_other(void **state)
{
	struct sigaction sa = {.sa_handler = ignore};
	pthread_t kicker, self = pthread_self();
	int vm = open_vm(), vcpu, gmem;
	struct kvm_run *run;
	char *p;

	vcpu = open_vcpu(vm, &run);
	gmem = open_gmem(vm, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED);
	p = mmap(NULL, SIZE, RW, MAP_SHARED, gmem, 0);
	run->request_interrupt_window = FAKE_RUN_PROTECT;
	run->cr8 = (uintptr_t)p + PAGE;
	sigaction(SIGUSR1, &sa, NULL);
	assert_int_equal(pthread_create(&kicker, NULL, keep_kicking, &self), 0);
	/* A kick may end a run before it got as far as the page: that one delegated nothing. */
	for (int i = 0; i < 100 && !touch_is_sigbus(p + PAGE); i++)
		assert_int_equal(call(vcpu, KVM_RUN, 0), -EINTR);
	pthread_cancel(kicker);
	pthread_join(kicker, NULL);
	assert_true(touch_is_sigbus(p + PAGE));
	assert_false(touch_is_sigbus(p + 3 * PAGE));
	assert_int_equal(call(vm, FAKE_UNPROTECT, (uintptr_t)p + PAGE), 0);
	munmap(p, SIZE);
	close(gmem);
	close(vcpu);
	close(vm);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_memory_keeps_its_contents),
		cmocka_unit_test(shared_memory_keeps_its_contents),
		cmocka_unit_test(a_memfd_keeps_its_contents),
		cmocka_unit_test(a_private_file_keeps_its_contents_and_the_file_its_own),
		cmocka_unit_test(protection_is_kept),
		cmocka_unit_test(moved_memory_is_not_copied_twice),
		cmocka_unit_test(what_is_mapped_over_a_slot_is_what_the_realm_sees),
		cmocka_unit_test(unmapped_memory_is_gone_and_what_comes_later_is_new),
		cmocka_unit_test(what_nothing_needs_is_not_watched_any_more),
		cmocka_unit_test(memory_that_moves_is_followed),
		cmocka_unit_test(memory_that_grows_gets_fresh_pages),
		cmocka_unit_test(discarded_private_memory_reads_as_zero),
		cmocka_unit_test(a_slot_over_nothing_is_accepted),
		cmocka_unit_test(memory_stays_when_the_vm_is_gone),
		cmocka_unit_test(without_a_vm_nothing_is_moved),
		cmocka_unit_test(memory_is_kept_when_descriptors_run_out),
		cmocka_unit_test(guest_memfd_maps_as_its_flags_say),
		cmocka_unit_test(nothing_lies_behind_the_end_of_a_guest_memfd),
		cmocka_unit_test(a_delegated_page_of_a_guest_memfd_is_sigbus),
		cmocka_unit_test(a_vcpu_mapped_into_a_slot_is_not_moved),
		cmocka_unit_test(a_cancelled_run_that_delegated_a_page_ends_as_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, NULL);
}
