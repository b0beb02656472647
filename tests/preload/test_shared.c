// SPDX-License-Identifier: BSD-3-Clause
/* test_shared.c - memslots on files that others share: nothing is moved, and all see the same. */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

#define PAGE  4096ul
#define PAGES 64ul
#define SIZE  (PAGES * PAGE)
#define RW    (PROT_READ | PROT_WRITE)
#define HUGE  UINT64_C(0x200000)

static uint64_t *page(void *base, unsigned int n)
{
	return (uint64_t *)((char *)base + n * PAGE);
}

static int new_file(void)
{
	char name[] = "/tmp/softrealm-test-XXXXXX";
	int fd = mkstemp(name);

	unlink(name);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	return fd;
}

static uint64_t *map_file(int fd, int prot, off_t offset)
{
	void *p = mmap(NULL, SIZE - offset, prot, MAP_SHARED, fd, offset);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

/* The slot's memory stays the file's: others, whose mapping this is, see what the realm writes. */
static void expect_file_shared(int vm, uint64_t *slot, uint64_t *others)
{
	others[1] = 0x55;
	expect_realm_sees(vm, &slot[1], 0x55);
	assert_int_equal(poke(vm, &slot[1], 0x66), 0);
	assert_int_equal(others[1], 0x66);
	assert_int_equal(slot[1], 0x66);
}

static void expect_file_is_shared(int fd)
{
	int64_t before = pages_used(); /* and every VM of before is gone */
	uint64_t *p = map_file(fd, RW, 0), *others = map_file(fd, RW, 0);
	int vm = open_vm();

	*p = 5;
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_realm_sees(vm, p, 5);
	expect_file_shared(vm, p, others);
	expect_file_shared(vm, page(p, PAGES - 1), page(others, PAGES - 1));
	munmap(p, SIZE);
	expect_realm_faults(vm, p);
	assert_int_equal(pages_used(), before);
	munmap(others, SIZE);
	close(fd);
	close(vm);
}

static void a_shared_file_is_shared(void **state)
{
	expect_file_is_shared(new_file());
}

static void a_shared_memfd_is_shared(void **state)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	expect_file_is_shared(fd);
}

/* What is known of the file from before lasts as long as the mapping does. */
static void a_descriptor_that_is_closed_is_not_missed(void **state)
{
	int fd = memfd_create("test", 0), vm = open_vm();
	uint64_t *p, *others, at;

	assert_int_equal(ftruncate(fd, SIZE), 0);
	p = map_file(fd, RW, 0);
	others = map_file(fd, RW, 0);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	at = where(vm, p);
	close(fd);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	mprotect(p, PAGE, PROT_READ);
	mprotect(p, PAGE, RW);
	assert_int_equal(where(vm, p), at);
	expect_file_shared(vm, p, others);
	munmap(p, SIZE);
	munmap(others, SIZE);
	close(vm);
}

/* A slot on a part of a huge page. */
static void a_shared_huge_page_is_shared(void **state)
{
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_2MB), vm;
	uint64_t *p = MAP_FAILED, *others;

	if (fd >= 0 && !ftruncate(fd, HUGE))
		p = mmap(NULL, HUGE, RW, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		print_message("no huge pages here\n");
		close(fd);
		skip();
	}
	others = mmap(NULL, HUGE, RW, MAP_SHARED, fd, 0);
	vm = open_vm();
	assert_int_equal(add_slot(vm, page(p, 16), SIZE), 0);
	expect_file_shared(vm, page(p, 16), page(others, 16));
	munmap(p, HUGE);
	expect_realm_faults(vm, page(p, 16));
	munmap(others, HUGE);
	close(fd);
	close(vm);
}

static void two_slots_on_one_file_have_one_page(void **state)
{
	int fd = new_file(), vm = open_vm(), other_vm = open_vm();
	uint64_t *p = map_file(fd, RW, 0), *q = map_file(fd, RW, PAGE);

	assert_int_equal(add_slot(vm, p, SIZE), 0);
	assert_int_equal(add_slot(other_vm, q, SIZE - PAGE), 0);
	assert_int_equal(where(vm, page(p, 1)), where(other_vm, q));
	expect_file_shared(other_vm, q, page(p, 1));
	/* The first one goes, what the other has of it stays. */
	munmap(p, SIZE);
	expect_realm_faults(vm, p);
	expect_file_shared(other_vm, q, q);
	munmap(q, SIZE - PAGE);
	close(fd);
	close(vm);
	close(other_vm);
}

static void a_file_that_is_open_for_reading_is_not_moved(void **state)
{
	int fd = new_file(), only, vm = open_vm();
	char name[64];
	uint64_t *p;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	only = open(name, O_RDONLY);
	assert_true(only >= 0);
	close(fd);
	p = map_file(only, PROT_READ, 0);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_realm_faults(vm, p);
	munmap(p, SIZE);
	close(only);
	close(vm);
}

static void a_shared_file_keeps_its_protection_and_its_holes(void **state)
{
	int fd = new_file(), vm = open_vm();
	uint64_t *p = map_file(fd, RW, 0);

	*p = 5;
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	mprotect(p, SIZE, PROT_READ);
	expect_realm_sees(vm, p, 5);
	assert_int_equal(poke(vm, p, 6), -EFAULT);
	mprotect(p, SIZE, RW);
	assert_int_equal(poke(vm, p, 6), 0);
	/* What is dropped here is in the file all the same; a hole is a hole. */
	assert_int_equal(madvise(p, SIZE, MADV_DONTNEED), 0);
	expect_realm_sees(vm, p, 6);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE), 0);
	expect_realm_sees(vm, p, 0);
	expect_shared(vm, p);
	munmap(p, SIZE);
	close(fd);
	close(vm);
}

static void a_shared_file_grows_with_its_mapping(void **state)
{
	int fd = new_file(), vm = open_vm();
	uint64_t *p = map_file(fd, RW, 0), *others;

	assert_int_equal(ftruncate(fd, 2 * SIZE), 0);
	others = map_file(fd, RW, 0);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_file_shared(vm, p, others);
	p = mremap(p, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(pwrite(fd, "x", 1, SIZE), 1);
	assert_int_equal(*(char *)page(p, PAGES), 'x');
	assert_int_equal(add_slot(vm, p, 2 * SIZE), 0);
	expect_realm_sees(vm, page(p, PAGES), 'x');
	expect_file_shared(vm, p, others);
	munmap(p, 2 * SIZE);
	munmap(others, SIZE);
	close(fd);
	close(vm);
}

static void a_file_that_is_cut_short_reads_as_zero(void **state)
{
	int fd = new_file(), vm = open_vm();
	uint64_t *p = map_file(fd, RW, 0);

	*page(p, 1) = 5;
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_realm_sees(vm, page(p, 1), 5);
	assert_int_equal(ftruncate(fd, PAGE), 0);
	expect_realm_sees(vm, page(p, 1), 0);
	expect_shared(vm, p);
	/* It is long again, and looked at again. */
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	expect_shared(vm, page(p, 1));
	munmap(p, SIZE);
	close(fd);
	close(vm);
}

static int run(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shared_file_is_shared),
		cmocka_unit_test(a_shared_memfd_is_shared),
		cmocka_unit_test(a_descriptor_that_is_closed_is_not_missed),
		cmocka_unit_test(a_shared_huge_page_is_shared),
		cmocka_unit_test(two_slots_on_one_file_have_one_page),
		cmocka_unit_test(a_file_that_is_open_for_reading_is_not_moved),
		cmocka_unit_test(a_shared_file_keeps_its_protection_and_its_holes),
		cmocka_unit_test(a_shared_file_grows_with_its_mapping),
		cmocka_unit_test(a_file_that_is_cut_short_reads_as_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, NULL);
}
