// SPDX-License-Identifier: BSD-3-Clause
/* test_fault.c - faults on demand: which specifications there are, which calls they hit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/fault.h"

static char err[256];

static int teardown(void **state)
{
	fault_clear();
	return 0;
}

static void add(const char *spec)
{
	assert_int_equal(fault_add(spec, err, sizeof(err)), 0);
}

static void nth_hits_only_the_nth_call_of_that_name(void **state)
{
	int code = 0;

	add("ioctl=KVM_RUN:nth=3:errno=EINTR");
	assert_false(fault_due(TRACE_KVM, "KVM_RUN", &code));
	assert_false(fault_due(TRACE_KVM, "KVM_CREATE_VM", &code));
	assert_false(fault_due(TRACE_RMI, "KVM_RUN", &code));
	assert_false(fault_due(TRACE_KVM, "KVM_RUN", &code));
	assert_true(fault_due(TRACE_KVM, "KVM_RUN", &code));
	assert_int_equal(code, EINTR);
	assert_false(fault_due(TRACE_KVM, "KVM_RUN", &code));
}

static void every_hits_each_nth_call(void **state)
{
	unsigned int hits = 0;
	int code = 0;

	add("rmi=DATA_CREATE:every=50:status=RMI_ERROR_RTT");
	for (int i = 0; i < 500; i++)
		hits += fault_due(TRACE_RMI, "RMI_DATA_CREATE", &code);
	assert_int_equal(hits, 10);
	assert_int_equal(code, 4);
}

static unsigned int draw(const char *spec, char pattern[100])
{
	unsigned int hits = 0;
	int code;

	fault_clear();
	add(spec);
	for (int i = 0; i < 100; i++)
		hits += pattern[i] = fault_due(TRACE_KVM, "KVM_RUN", &code);
	return hits;
}

static void probability_repeats_with_its_seed(void **state)
{
	char a[100], b[100], c[100];
	unsigned int hits = draw("ioctl=KVM_RUN:prob=0.3:seed=7", a);

	assert_in_range(hits, 10, 50);
	draw("ioctl=KVM_RUN:prob=0.3:seed=7", b);
	draw("ioctl=KVM_RUN:prob=0.3:seed=8", c);
	assert_memory_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, c, sizeof(a));
}

static void a_fault_tells_how_often_it_matched_and_fired(void **state)
{
	struct fault_tally t;
	int code;

	add("ioctl=KVM_RUN:nth=3");
	add("ioctl=KVM_CREATE_VM:p=0.5");
	for (int i = 0; i < 10; i++)
		fault_due(TRACE_KVM, "KVM_RUN", &code);
	assert_true(fault_tally(0, &t));
	assert_string_equal(t.spec, "ioctl=KVM_RUN:nth=3");
	assert_int_equal(t.matched, 10);
	assert_int_equal(t.fired, 1);
	assert_int_equal(t.seed, 0);
	assert_true(fault_tally(1, &t));
	assert_int_equal(t.matched, 0);
	assert_true(t.seed != 0);
	assert_false(fault_tally(2, &t));
}

static uint64_t now_ms(void)
{
	return trace_now() / 1000000;
}

static void a_delay_takes_its_time_and_lets_the_call_be(void **state)
{
	uint64_t before = now_ms();
	int code = 0;

	add("ioctl=KVM_RUN:delay=30ms");
	assert_false(fault_due(TRACE_KVM, "KVM_RUN", &code));
	assert_true(now_ms() - before >= 30);
	fault_clear();
	add("ioctl=KVM_RUN:delay=1ms:errno=EINTR");
	assert_true(fault_due(TRACE_KVM, "KVM_RUN", &code));
	assert_int_equal(code, EINTR);
}

static void packs_have_names(void **state)
{
	static const char *const names[] = {"populate", "ripas", "signals", "descriptors",
					    "engine"};
	struct fault_tally t;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fault_clear();
		assert_int_equal(fault_add_pack(names[i], err, sizeof(err)), 0);
		assert_true(fault_tally(0, &t));
	}
	assert_int_equal(fault_add_pack("x", err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "signals"));
}

static void partial_populate_stops_after_pages(void **state)
{
	int code;

	assert_true(fault_populate_limit() == UINT64_MAX);
	add("populate:nth=2:partial=5");
	assert_true(fault_populate_limit() == UINT64_MAX);
	assert_int_equal(fault_populate_limit(), 5);
	assert_true(fault_populate_limit() == UINT64_MAX);
	assert_false(fault_due(TRACE_KVM, "KVM_ARM_RMI_POPULATE", &code));
}

static void engine_dies_after_a_time(void **state)
{
	assert_int_equal(fault_engine_kill_ms(), 0);
	add("engine:kill-after=2s");
	assert_int_equal(fault_engine_kill_ms(), 2000);
	assert_int_equal(fault_engine_kill_ms(), 0);
	fault_clear();
	add("engine:kill-after=150ms");
	assert_int_equal(fault_engine_kill_ms(), 150);
}

static void a_bad_specification_is_refused_and_named(void **state)
{
	static const char *const bad[] = {
		"",
		"what",
		"ioctl=KVM_RUN:nth=0",
		"ioctl=KVM_RUN:nth=x",
		"ioctl=KVM_RUN:errno=NO",
		"rmi=X:errno=EIO",
		"ioctl=X:status=RMI_ERROR_INPUT",
		"engine",
		"engine:kill-after=3",
		"conversion",
		"conversion:late",
		"conversion:twice=2",
		"conversion:missing:twice",
		"ioctl=KVM_RUN:twice",
		"populate:partial=0",
		"ioctl=X:prob=2",
		"ioctl=X:unknown=1",
		"ioctl=X:nth",
		"rmi=X:status=RMI_SUCCESS",
		"ioctl=X:partial=1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		assert_int_equal(fault_add(bad[i], err, sizeof(err)), -EINVAL);
		assert_true(strlen(err) > 0);
		assert_false(fault_armed_);
	}
}

static void too_many_faults_are_refused(void **state)
{
	for (int i = 0; i < 32; i++)
		add("ioctl=KVM_RUN");
	assert_int_equal(fault_add("ioctl=KVM_RUN", err, sizeof(err)), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nth_hits_only_the_nth_call_of_that_name, teardown),
		cmocka_unit_test_teardown(every_hits_each_nth_call, teardown),
		cmocka_unit_test_teardown(probability_repeats_with_its_seed, teardown),
		cmocka_unit_test_teardown(a_fault_tells_how_often_it_matched_and_fired, teardown),
		cmocka_unit_test_teardown(a_delay_takes_its_time_and_lets_the_call_be, teardown),
		cmocka_unit_test_teardown(packs_have_names, teardown),
		cmocka_unit_test_teardown(partial_populate_stops_after_pages, teardown),
		cmocka_unit_test_teardown(engine_dies_after_a_time, teardown),
		cmocka_unit_test_teardown(a_bad_specification_is_refused_and_named, teardown),
		cmocka_unit_test_teardown(too_many_faults_are_refused, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
