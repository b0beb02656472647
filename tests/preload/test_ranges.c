// SPDX-License-Identifier: BSD-3-Clause
/* test_ranges.c - the map of ranges against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backend/ranges.h"

#define SIZE   64
#define ROUNDS 20000

struct model {
	bool set[SIZE];
	uint64_t to[SIZE];
	uint32_t tag[SIZE];
};

static void compare(const struct ranges *r, const struct model *m)
{
	for (uint64_t a = 0; a < SIZE; a++) {
		const struct range *found = ranges_find(r, a);

		assert_int_equal(found != NULL, m->set[a]);
		if (!found)
			continue;
		assert_int_equal(found->to + (a - found->start), m->to[a]);
		assert_int_equal(found->tag, m->tag[a]);
	}
	for (size_t i = 1; i < r->n; i++)
		assert_true(r->v[i - 1].end <= r->v[i].start);
}

static void compare_cover(const struct ranges *r, const struct model *m, uint64_t start,
			  uint64_t end)
{
	bool all = true;

	for (uint64_t a = start; a < end; a++)
		all &= m->set[a];
	assert_int_equal(ranges_cover(r, start, end), all);
}

static void set_and_clear_do_what_an_array_does(void **state)
{
	struct ranges r = {0};
	struct model m = {0};

	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t start = random() % SIZE, end = start + 1 + random() % (SIZE - start);
		uint64_t to = 1000 * (random() % 50);
		bool set = random() % 2;

		if (set)
			assert_int_equal(ranges_set(&r, start, end, to, i), 0);
		else
			assert_int_equal(ranges_clear(&r, start, end), 0);
		for (uint64_t a = start; a < end; a++) {
			m.set[a] = set;
			m.to[a] = to + (a - start);
			m.tag[a] = i;
		}
		compare(&r, &m);
		start = random() % SIZE;
		compare_cover(&r, &m, start, start + random() % (SIZE - start));
	}
	ranges_destroy(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(set_and_clear_do_what_an_array_does)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
