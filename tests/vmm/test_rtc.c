// SPDX-License-Identifier: BSD-3-Clause
/* test_rtc.c - the clock's registers, as a driver reads them. */
#include <time.h>

#include "testing.h"
#include "vmm/rtc.h"

static struct rtc rtc;

static int setup(void **state)
{
	rtc.offset = rtc.match = 0;
	return 0;
}

static uint32_t get(uint64_t at)
{
	uint32_t v = 0xdead;

	rtc_access(&rtc, at, &v, 4, false);
	return v;
}

static void set(uint64_t at, uint32_t v)
{
	rtc_access(&rtc, at, &v, 4, true);
}

static void it_tells_the_hosts_time(void **state)
{
	uint32_t before = (uint32_t)time(NULL), told = get(0);

	assert_in_range(told, before, (uint32_t)time(NULL));
}

static void it_goes_on_from_what_it_was_set_to(void **state)
{
	uint32_t before = (uint32_t)time(NULL), told;

	set(8, 1000);
	told = get(0);
	assert_in_range(told, 1000, 1000 + (uint32_t)time(NULL) - before);
}

static void a_driver_recognises_it(void **state)
{
	uint32_t id = 0, cell = 0;

	for (unsigned int i = 0; i < 4; i++) {
		id |= get(0xfe0 + 4 * i) << (8 * i);
		cell |= get(0xff0 + 4 * i) << (8 * i);
	}
	assert_int_equal(id & 0xfffff, 0x41031); /* what Linux's driver looks for */
	assert_int_equal(cell, 0xb105f00d);
}

static void the_rest_is_kept_or_reads_as_zero(void **state)
{
	set(4, 0x1234);
	assert_int_equal(get(4), 0x1234);
	assert_int_equal(get(0xc), 1);
	for (uint64_t at = 0x10; at < 0xfe0; at += 4) {
		set(at, ~0u);
		assert_int_equal(get(at), 0);
	}
}

static void an_access_of_another_width_does_nothing(void **state)
{
	uint64_t v = 0x0101010101010101;

	rtc_access(&rtc, 8, &v, 8, true);
	rtc_access(&rtc, 8, &v, 2, true);
	rtc_access(&rtc, 6, &v, 4, true);
	assert_int_equal(rtc.offset, 0);
	rtc_access(&rtc, 0xff8, &v, 8, false);
	assert_int_equal(v, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(it_tells_the_hosts_time),
		T(it_goes_on_from_what_it_was_set_to),
		T(a_driver_recognises_it),
		T(the_rest_is_kept_or_reads_as_zero),
		T(an_access_of_another_width_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
