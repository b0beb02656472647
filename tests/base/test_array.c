// SPDX-License-Identifier: BSD-3-Clause
/* test_array.c - base/array.h */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"

static void what_is_there_stays(void **state)
{
	uint32_t *v = NULL;
	size_t room = 0;

	for (uint32_t n = 0; n < 1000; n++) {
		assert_int_equal(array_reserve(&v, &room, n + 1, sizeof(*v)), 0);
		assert_true(room > n);
		v[n] = n;
	}
	for (uint32_t n = 0; n < 1000; n++)
		assert_int_equal(v[n], n);
	free(v);
}

static void room_that_is_there_is_not_made_again(void **state)
{
	uint32_t *v = NULL, *before;
	size_t room = 0;

	assert_int_equal(array_reserve(&v, &room, 5, sizeof(*v)), 0);
	before = v;
	assert_int_equal(array_reserve(&v, &room, room, sizeof(*v)), 0);
	assert_ptr_equal(v, before);
	free(v);
}

static void what_cannot_be_had_changes_nothing(void **state)
{
	uint32_t *v = NULL, *before;
	size_t room = 0, had;

	assert_int_equal(array_reserve(&v, &room, 1, sizeof(*v)), 0);
	before = v;
	had = room;
	assert_int_equal(array_reserve(&v, &room, SIZE_MAX, sizeof(*v)), -ENOMEM);
	assert_int_equal(array_reserve(&v, &room, SIZE_MAX / 4, sizeof(*v)), -ENOMEM);
	assert_ptr_equal(v, before);
	assert_int_equal(room, had);
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_stays),
		cmocka_unit_test(room_that_is_there_is_not_made_again),
		cmocka_unit_test(what_cannot_be_had_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
