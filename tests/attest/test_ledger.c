// SPDX-License-Identifier: BSD-3-Clause
/* test_ledger.c - a ledger says after reading what was written, and nothing else is one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/ledger.h"
#include "base/bits.h"

static uint8_t digest[MEASURE_SIZE], after[MEASURE_SIZE];

static const struct trace_event events[] = {
	{.name = "REALM_CREATE", .realm = 3, .addr = 0x0603050028, .flags = 4},
	{.name = "DATA_CREATE", .realm = 3, .addr = 0xffffffff000, .flags = 1, .digest = digest},
	{.name = "DATA_CREATE", .addr = 0x1000},
	{.name = "REC_CREATE", .flags = 1, .digest = digest},
	{.name = "RTT_INIT_RIPAS", .addr = 0x40000000, .top = 0x80000000},
	{.name = "MEASUREMENT_EXTEND", .index = 4, .addr = 3, .digest = digest},
	{.name = "MEASUREMENT_EXTEND", .index = 1, .addr = 0, .digest = digest},
	{.name = "MEASUREMENT_EXTEND",
	 .index = 2,
	 .addr = 5,
	 .flags = LEDGER_EXTEND_PADDED,
	 .digest = digest},
	{.name = "DATA_CREATE", .flags = UINT64_MAX},
};

static struct ledger_entry from(const struct trace_event *what, unsigned int hash_len)
{
	struct trace_event ev = *what;
	struct ledger_entry e;

	ev.kind = TRACE_MEASURE;
	ev.value = after;
	ev.hash_len = hash_len;
	assert_true(ledger_from_event(&ev, &e));
	return e;
}

static void what_is_written_is_read(void **state)
{
	static const unsigned int lens[] = {32, 64};

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		for (size_t n = 0; n < 2; n++) {
			struct ledger_entry e, r;
			unsigned int line = 0;
			FILE *f = tmpfile();

			memset(digest, 0, sizeof(digest));
			memset(digest, 0xd1, events[i].index ? events[i].addr : lens[n]);
			memset(after, 0, sizeof(after));
			memset(after, 0xaf, lens[n]);
			e = from(&events[i], lens[n]);
			assert_int_equal(ledger_write(f, &e), 0);
			rewind(f);
			assert_int_equal(ledger_read(f, &r, &line), 1);
			assert_memory_equal(&e, &r, sizeof(e));
			assert_int_equal(ledger_read(f, &r, &line), 0);
			assert_int_equal(line, 1);
			fclose(f);
		}
}

static void what_is_no_entry_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"[]",
		"{",
		"{\"realm\":1}",
		"{\"realm\":1,\"register\":\"REM1\",\"cause\":\"DATA_CREATE\",\"hash\":\"sha-256\","
		"\"after\":\"\"}",
		"{\"realm\":1,\"register\":\"RIM\",\"cause\":\"DATA_CREATE\",\"hash\":\"sha-256\","
		"\"after\":\"00\"}",
		"{\"realm\":1,\"register\":\"RIM\",\"cause\":\"NOTHING\",\"hash\":\"sha-256\","
		"\"after\":\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		"{\"realm\":1,\"register\":\"RIM\",\"cause\":\"REC_CREATE\",\"hash\":\"sha-256\","
		"\"after\":\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		"{\"realm\":1,\"register\":\"RIM\",\"cause\":\"DATA_CREATE\",\"hash\":\"sha-256\","
		"\"address\":\"zero\","
		"\"after\":\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		"{\"realm\":1,\"register\":\"REM2\",\"cause\":\"MEASUREMENT_EXTEND\","
		"\"hash\":\"sha-256\",\"size\":65,\"digest\":\"\","
		"\"after\":\"0000000000000000000000000000000000000000000000000000000000000000\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct ledger_entry e;
		unsigned int line = 0;
		FILE *f = tmpfile();

		fprintf(f, "%s\n", lines[i]);
		rewind(f);
		if (ledger_read(f, &e, &line) != -EINVAL)
			fail_msg("line %zu was taken", i);
		fclose(f);
	}
}

static void other_events_are_no_entries(void **state)
{
	struct trace_event ev = {.kind = TRACE_STATE, .name = "DATA_CREATE", .value = after};
	struct ledger_entry e;

	assert_false(ledger_from_event(&ev, &e));
	ev.kind = TRACE_MEASURE;
	ev.name = "realm NEW";
	assert_false(ledger_from_event(&ev, &e));
	ev.name = "DATA_CREATE";
	ev.index = 5;
	assert_false(ledger_from_event(&ev, &e));
}

static void realm_parameters_survive_packing(void **state)
{
	struct rmi_realm_params *p = calloc(1, sizeof(*p)), *q = calloc(1, sizeof(*q));
	struct ledger_entry e = {.cause = LEDGER_REALM_CREATE, .hash = MEASURE_SHA_512};
	uint8_t a[MEASURE_SIZE], b[MEASURE_SIZE];

	p->flags = e.flags = RMI_REALM_FLAG_PMU;
	p->s2sz = 41;
	p->sve_vl = 3;
	p->num_bps = 5;
	p->num_wps = 4;
	p->pmu_num_ctrs = 6;
	p->hash_algo = MEASURE_SHA_512;
	e.addr = ledger_pack_params(p);
	ledger_unpack_params(&e, q);
	assert_memory_equal(p, q, sizeof(*p));
	measure_realm(MEASURE_SHA_512, p, a);
	ledger_apply(&e, b);
	assert_memory_equal(a, b, MEASURE_SIZE);
	free(p);
	free(q);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_no_entry_is_refused),
		cmocka_unit_test(other_events_are_no_entries),
		cmocka_unit_test(realm_parameters_survive_packing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
