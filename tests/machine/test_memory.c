// SPDX-License-Identifier: BSD-3-Clause
/* test_memory.c - the allocator, holes, windows and address checks of machine/memory.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine/memory.h"
#include "machine/pe.h"

#define RAM  (MACHINE_RAM_BASE + MACHINE_RESERVED)
#define SIZE (MACHINE_RESERVED + 64 * GRANULE_SIZE)

static int setup(void **state)
{
	struct machine_config cfg = {.size = SIZE};

	return machine_create(&cfg, (struct machine **)state);
}

static int teardown(void **state)
{
	machine_destroy(*state);
	return 0;
}

static void odd_sizes_are_refused(void **state)
{
	struct machine *m;

	assert_int_equal(machine_create(&(struct machine_config){.size = SIZE + 1}, &m), -EINVAL);
	assert_int_equal(machine_create(&(struct machine_config){.size = MACHINE_RESERVED}, &m),
			 -EINVAL);
	assert_int_equal(
		machine_create(&(struct machine_config){.size = MACHINE_MAX_SIZE / 2 + 4096}, &m),
		-EINVAL);
}

static void only_ram_past_the_reserve_may_be_delegated(void **state)
{
	struct machine *m = *state;

	assert_true(machine_is_ram(m, RAM, SIZE - MACHINE_RESERVED));
	assert_false(machine_is_ram(m, RAM, SIZE - MACHINE_RESERVED + 1));
	assert_false(machine_is_ram(m, RAM - 1, 1));
	assert_false(machine_is_ram(m, 0, 4096));
	assert_false(machine_is_ram(m, ~UINT64_C(0), 2));
	assert_false(machine_is_ram(m, RAM, ~UINT64_C(0)));
	assert_non_null(machine_va(m, MACHINE_RAM_BASE, 1));
	assert_null(machine_va(m, MACHINE_RAM_BASE - 1, 1));
	assert_null(machine_va(m, RAM, SIZE));
}

static void alloc_gives_aligned_disjoint_zero_pages(void **state)
{
	struct machine *m = *state;
	uint64_t a = machine_alloc(m, 3, 4096), b = machine_alloc(m, 8, 8 * 4096);

	assert_int_equal(a, RAM);
	assert_int_equal(b, RAM + 8 * 4096);
	assert_int_equal(machine_alloc(m, 5, 4096), RAM + 3 * 4096);
	assert_int_equal(machine_alloc(m, 1, 4096), RAM + 16 * 4096);
	assert_int_equal(*(uint64_t *)machine_va(m, b, 8), 0);
	assert_int_equal(machine_allocated(m), 17);
}

static void alloc_answers_0_without_room_and_for_bad_requests(void **state)
{
	struct machine *m = *state;

	assert_int_equal(machine_alloc(m, 65, 4096), 0);
	assert_int_equal(machine_alloc(m, 0, 4096), 0);
	assert_int_equal(machine_alloc(m, 1, 1), 0);
	assert_int_equal(machine_alloc(m, 1, 3 * 4096), 0);
	assert_int_equal(machine_alloc(m, ~UINT64_C(0), 4096), 0);
	assert_int_equal(machine_alloc(m, 64, 4096), RAM);
	assert_int_equal(machine_alloc(m, 1, 4096), 0);
	assert_int_equal(machine_allocated(m), 64);
}

static void any_part_of_an_extent_can_be_freed_and_given_again(void **state)
{
	struct machine *m = *state;
	uint64_t a = machine_alloc(m, 64, 4096);

	machine_free(m, a + 10 * 4096, 4);
	assert_int_equal(machine_allocated(m), 60);
	assert_int_equal(machine_alloc(m, 5, 4096), 0);
	machine_free(m, a + 14 * 4096, 1);
	assert_int_equal(machine_alloc(m, 5, 4096), a + 10 * 4096);
	machine_free(m, a, 64);
	assert_int_equal(machine_allocated(m), 0);
	assert_int_equal(machine_alloc(m, 64, 4096), a);
}

static void freed_and_punched_pages_are_holes_that_read_as_zero(void **state)
{
	struct machine *m = *state;
	uint64_t a = machine_alloc(m, 3, 4096);
	char *p = machine_va(m, a, 3 * 4096);

	assert_true(machine_page_is_hole(m, a));
	memset(p, 0x5a, 3 * 4096);
	assert_false(machine_page_is_hole(m, a));
	machine_punch(m, a + 4096, 1);
	assert_true(machine_page_is_hole(m, a + 4096));
	assert_false(machine_page_is_hole(m, a));
	assert_false(machine_page_is_hole(m, a + 2 * 4096));
	assert_int_equal(p[4096], 0);
	machine_free(m, a, 3);
	assert_true(machine_page_is_hole(m, a + 2 * 4096));
	assert_int_equal(p[0], 0);
}

static void writes_of_another_process_end_a_hole(void **state)
{
	struct machine *m = *state;
	uint64_t a = machine_alloc(m, 1, 4096);
	struct machine_file files[MACHINE_MAX_FILES];

	assert_int_equal(machine_files(m, files), 1);
	assert_int_equal(pwrite(files[0].fd, "x", 1, (off_t)machine_pa_to_offset(a) + 9), 1);
	assert_false(machine_page_is_hole(m, a));
	assert_int_equal(((char *)machine_va(m, a, 4096))[9], 'x');
}

#define CLIENT_SIZE (32 * GRANULE_SIZE)

static void no_file_can_be_resized(void **state)
{
	struct machine_config cfg = {.size = SIZE, .client_size = CLIENT_SIZE};
	struct machine_file files[MACHINE_MAX_FILES];
	struct machine *m;

	assert_int_equal(machine_create(&cfg, &m), 0);
	assert_int_equal(machine_files(m, files), 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_not_equal(ftruncate(files[i].fd, 4096), 0);
		assert_int_not_equal(ftruncate(files[i].fd, SIZE * 2), 0);
	}
	machine_destroy(m);
}

/* Whatever is written through the clients' file, no page of machine_alloc changes. */
static void the_clients_file_holds_the_clients_pages_alone(void **state)
{
	struct machine_config cfg = {.size = SIZE, .client_size = CLIENT_SIZE};
	static const char junk[CLIENT_SIZE] = {[0 ... CLIENT_SIZE - 1] = 0x5a};
	uint64_t mine, theirs, window;
	struct machine *m;

	assert_int_equal(machine_create(&cfg, &m), 0);
	mine = machine_alloc(m, 64, 4096); /* all there is */
	theirs = machine_alloc_client(m, 32, 4096);
	window = machine_window_take(m);
	assert_int_equal(theirs, machine_client_base(m));
	assert_int_equal(machine_alloc(m, 1, 4096), 0);
	assert_int_equal(machine_alloc_client(m, 1, 4096), 0);
	assert_int_equal(pwrite(machine_client_memfd(m), junk, sizeof(junk), 0), sizeof(junk));
	for (uint64_t i = 0; i < 64; i++)
		assert_true(machine_page_is_hole(m, mine + i * 4096));
	assert_true(machine_page_is_hole(m, window));
	assert_memory_equal(machine_va(m, theirs, sizeof(junk)), junk, sizeof(junk));

	machine_free(m, theirs + 4096, 31);
	assert_true(machine_page_is_hole(m, theirs + 4096));
	assert_false(machine_page_is_hole(m, theirs));
	assert_int_equal(machine_alloc_client(m, 31, 4096), theirs + 4096);
	machine_destroy(m);
}

static void windows_avoid_the_base_run_out_and_come_back_zero(void **state)
{
	struct machine *m = *state;
	uint64_t first = machine_window_take(m), pa = first;
	unsigned int n = 1;

	assert_true(first >= MACHINE_RAM_BASE + MACHINE_WINDOW_SIZE);
	*(char *)machine_va(m, first, 1) = 1;
	while ((pa = machine_window_take(m))) {
		assert_true(pa + MACHINE_WINDOW_SIZE <= RAM);
		n++;
	}
	assert_int_equal(n, MACHINE_RESERVED / MACHINE_WINDOW_SIZE - 1);
	machine_window_give(m, first);
	assert_int_equal(machine_window_take(m), first);
	assert_int_equal(*(char *)machine_va(m, first, 1), 0);
}

static void memory_can_be_mapped_with_host_address_equal_to_pa(void **state)
{
	struct machine_config cfg = {.size = SIZE, .pa_is_va = true};
	struct machine *m, *second;

	assert_int_equal(machine_create(&cfg, &m), 0);
	assert_ptr_equal(machine_va(m, RAM, 1), (void *)(uintptr_t)RAM);
	assert_int_equal(machine_create(&cfg, &second), -EEXIST);
	machine_destroy(m);
}

static unsigned int expected;

static void expect(struct machine *m, unsigned int cpus)
{
	expected = cpus;
}

static void the_expect_hint_reaches_the_hook(void **state)
{
	machine_expect_cpus(*state, 3);
	assert_int_equal(expected, 0);
	machine_set_expect_hook(*state, expect);
	machine_expect_cpus(*state, 4);
	assert_int_equal(expected, 4);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void a_leaked_page_is_not_given_out_again(void **state)
{
	struct machine *m = *state;
	uint64_t before = machine_allocated(m), pa = machine_alloc(m, 4, GRANULE_SIZE);

	machine_leak(m, pa + GRANULE_SIZE);
	machine_leak(m, pa + 3 * GRANULE_SIZE);
	machine_free(m, pa, 4);
	assert_int_equal(machine_allocated(m), before + 2);
	assert_int_equal(machine_alloc(m, 1, GRANULE_SIZE), pa);
	assert_int_equal(machine_alloc(m, 1, GRANULE_SIZE), pa + 2 * GRANULE_SIZE);
	assert_true(machine_alloc(m, 1, GRANULE_SIZE) > pa + 3 * GRANULE_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(odd_sizes_are_refused),
		T(only_ram_past_the_reserve_may_be_delegated),
		T(alloc_gives_aligned_disjoint_zero_pages),
		T(alloc_answers_0_without_room_and_for_bad_requests),
		T(any_part_of_an_extent_can_be_freed_and_given_again),
		T(a_leaked_page_is_not_given_out_again),
		T(freed_and_punched_pages_are_holes_that_read_as_zero),
		T(writes_of_another_process_end_a_hole),
		T(no_file_can_be_resized),
		T(the_clients_file_holds_the_clients_pages_alone),
		T(windows_avoid_the_base_run_out_and_come_back_zero),
		T(memory_can_be_mapped_with_host_address_equal_to_pa),
		T(the_expect_hint_reaches_the_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
