// SPDX-License-Identifier: BSD-3-Clause
/* test_commands.c - what a debugger may ask, and what it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/hex.h"
#include "base/trace.h"
#include "tests/debug/toy.h"

static struct session s;
static struct answer a;

static int begin(void **state)
{
	toy_begin(&s);
	assert_false(session_look(&s, &a));
	assert_int_equal(s.state, SESSION_STOPPED);
	return 0;
}

static int end(void **state)
{
	toy_end(&s);
	return 0;
}

static bool send(const char *packet)
{
	a.len = 0;
	return commands_answer(&s, packet, strlen(packet), &a);
}

static void expect(const char *packet, const char *answer)
{
	assert_true(send(packet));
	assert_true(a.len < sizeof(a.data));
	a.data[a.len] = 0;
	assert_string_equal(a.data, answer);
}

/* The next stop is told. */
static void expect_stop(const char *answer)
{
	a.len = 0;
	assert_true(session_look(&s, &a));
	a.data[a.len] = 0;
	assert_string_equal(a.data, answer);
}

static enum order order_of(unsigned int vcpu)
{
	return s.realm->vcpu[vcpu].order;
}

static void a_thread_is_a_vcpu(void **state)
{
	expect("qfThreadInfo", "m1,2");
	expect("qsThreadInfo", "l");
	expect("T2", "OK");
	expect("T3", "E01");
	expect("Hg3", "E01");
	expect("Hg-1", "OK");
	expect("qC", "QC1");
	expect("Hg2", "OK");
	expect("qC", "QC2");
	expect("H", "E01");
}

static void registers_are_those_of_the_chosen_vcpu(void **state)
{
	char all[PACKET_MAX];

	s.realm->vcpu[1].general.r[7] = 0x1122334455667788;
	toy_sysregs[1][ENGINE_SP_EL1] = 0xabc0;
	expect("p7", "0000000000000000");
	expect("Hg2", "OK");
	expect("p7", "8877665544332211");
	expect("p1f", "c0ab000000000000");
	expect("P7=0100000000000000", "OK");
	expect("p7", "0100000000000000");
	expect("P1f=f0ff000000000000", "OK");
	assert_int_equal(toy_sysregs[1][ENGINE_SP_EL1], 0xfff0);
	assert_true(send("g"));
	assert_int_equal(a.len, 2 * (33 * 8 + 4 + 32 * 16 + 8));
	all[0] = 'G';
	memcpy(all + 1, a.data, a.len);
	all[a.len + 1] = 0;
	expect(all, "OK");
}

static void registers_that_are_none_are_refused(void **state)
{
	expect("p60", "E01");
	expect("pffffffffffffffff", "E01");
	expect("p10000000000000000", "E01");
	expect("p", "E01");
	expect("P7=00", "E01");
	expect("P7=000000000000000g", "E01");
	expect("P7", "E01");
	expect("P44=0000000000000000", "E01"); /* a mask of pointer authentication */
	expect("G00", "E01");
	/* no other exception level, no AArch32 there */
	expect("P21=09000000", "E01");
	expect("P21=15000000", "E01");
	expect("P21=10000000", "OK");
	expect("P21=05000000", "OK");
}

static void memory_is_read_and_written(void **state)
{
	memcpy(&toy_memory[0x100], "realm", 5);
	expect("m100,5", "7265616c6d");
	expect("M100,2:4142", "OK");
	expect("m100,5", "414261"
			 "6c6d");
	a.len = 0;
	assert_true(commands_answer(&s, "X102,3:\0}#", 10, &a));
	assert_memory_equal(&toy_memory[0x100], "AB\0}#", 5);
	expect("m0,0", "");
	/* what can be read of it */
	expect("mffff,10", "00");
	expect("m10000,1", "E01");
	expect("Mffff,2:0000", "E01");
}

static void ranges_that_are_nonsense_are_refused(void **state)
{
	expect("m", "E01");
	expect("m100", "E01");
	expect("m100,", "E01");
	expect("m,1", "E01");
	expect("m100,1x", "E01");
	expect("m10000000000000000,1", "E01");
	expect("M100,2:41", "E01");
	expect("M100,2", "E01");
	expect("M100,1:4", "E01");
	expect("X100,5:a", "E01");
	expect("X100", "E01");
	/* as much as an answer holds */
	assert_true(send("m0,ffffffffffffffff"));
	assert_in_range(a.len, 1, PACKET_MAX);
}

static void breakpoints_are_as_many_as_registers(void **state)
{
	char packet[32];

	for (unsigned int i = 0; i < ENGINE_NUM_BPS; i++) {
		snprintf(packet, sizeof(packet), "Z%u,%x,4", i % 2, 0x1000 + 4 * i);
		expect(packet, "OK");
	}
	expect("Z0,1000,4", "OK"); /* it is there */
	assert_true(send("Z1,2000,4"));
	assert_memory_equal(a.data, "E.", 2);
	expect("z0,1000,4", "OK");
	expect("Z1,2000,4", "OK");
	expect("Z2,3000,8", "OK");
	expect("Z2,3004,8", "E.no breakpoint register is left, or none can hold it");
	expect("Z5,3000,8", "E01");
	expect("Z", "E01");
	expect("Z0", "E01");
	expect("Z0,", "E01");
	expect("Z0,zz,4", "E01");
}

static void each_vcpu_does_what_it_was_told(void **state)
{
	assert_false(send("vCont;s:2"));
	assert_int_equal(order_of(0), ORDER_HOLD);
	assert_int_equal(order_of(1), ORDER_STEP);
	assert_false(send("m0,1")); /* nothing is heard now */
	session_interrupt(&s);
	expect_stop("T02thread:1;");
	assert_int_equal(order_of(1), ORDER_HOLD);
	assert_false(send("vCont;s:1;c"));
	assert_int_equal(order_of(0), ORDER_STEP);
	assert_int_equal(order_of(1), ORDER_GO);
	session_interrupt(&s);
	expect_stop("T02thread:1;");
	expect("vCont;", "E01");
	expect("vCont;x", "E01");
	expect("vCont;c:9", "E01");
	expect("vCont;s:1;c:", "E01");
	expect("c1000", "E01");
	assert_int_equal(s.state, SESSION_STOPPED);
}

static void what_stops_a_vcpu_stops_the_realm(void **state)
{
	assert_false(send("vCont;c"));
	s.realm->vcpu[1].event =
		(struct event){.kind = EVENT_WATCH, .watch = POINT_READ, .addr = 0x3000};
	expect_stop("T05thread:2;rwatch:3000;");
	assert_int_equal(order_of(0), ORDER_HOLD);
	expect("qC", "QC2");
}

static void the_end_lets_everybody_go(void **state)
{
	expect("Z0,1000,4", "OK");
	expect("D", "OK");
	assert_int_equal(s.state, SESSION_OVER);
	session_end(&s);
	assert_int_equal(debugger.points.num, 0);
	session_begin(&s);
	assert_int_equal(order_of(0), ORDER_HOLD);
}

static void what_is_not_known_is_answered_by_nothing(void **state)
{
	expect("vMustReplyEmpty", "");
	expect("qXfer:threads:read::0,1000", "");
	expect("!", "");
	expect("", "");
	expect("qXfer:features:read:target.xml:100000,1", "E01");
	expect("qXfer:features:read:target.xml:", "E01");
	assert_true(send("qXfer:features:read:target.xml:0,100"));
	assert_int_equal(a.len, 0x101);
	assert_int_equal(a.data[0], 'm'); /* there is more */
	assert_true(send("qXfer:features:read:target.xml:100,ffffffff"));
	assert_int_equal(a.data[0], 'l');
}

/* "monitor LINE", and what it prints. */
static void expect_monitor(const char *line, const char *text)
{
	char packet[128] = "qRcmd,", said[512] = "";

	for (size_t i = 0; line[i]; i++)
		snprintf(packet + 6 + 2 * i, 3, "%02x", (unsigned char)line[i]);
	assert_true(send(packet));
	assert_true(hex_decode_len((const char *)a.data, a.len, said, sizeof(said) - 1) >= 0);
	assert_non_null(strstr(said, text));
}

static void a_realm_is_chosen_for_the_next_connection(void **state)
{
	struct realm *first = s.realm;
	struct engine *other, *third;
	struct trace_context before = trace_enter(7, -1);

	assert_int_equal(engine_debug.create(NULL, 1, &other), 0);
	expect_monitor("realm", "* VM 0, 2 vCPUs\n  VM 7, 1 vCPU\nmonitor realm");
	expect_monitor("realm 8", "there is no realm of this VM");
	expect_monitor("realm 7x", "* VM 0");
	expect_monitor("realm 7", "connect again");
	assert_ptr_equal(s.realm, first); /* this connection keeps its own */
	session_end(&s);
	session_begin(&s);
	assert_ptr_equal(s.realm, realm_of(other));
	assert_int_equal(first->vcpu[0].order, ORDER_GO);
	assert_int_equal(order_of(0), ORDER_HOLD);
	s.due = 0;
	assert_false(session_look(&s, &a));
	expect_monitor("realm next", "connect again");
	session_end(&s);
	session_begin(&s);
	assert_null(s.realm);
	trace_enter(9, -1);
	assert_int_equal(engine_debug.create(NULL, 1, &third), 0);
	s.due = 0;
	assert_false(session_look(&s, &a));
	assert_ptr_equal(s.realm, realm_of(third));
	/* One that is chosen and ends leaves the oldest. */
	session_end(&s);
	engine_debug.destroy(third);
	engine_debug.destroy(other);
	session_begin(&s);
	assert_ptr_equal(s.realm, first);
	trace_enter(before.vm, before.vcpu);
}

static void no_packet_at_all_does_harm(void **state)
{
	static const char *const words[] = {"m",
					    "M",
					    "X",
					    "p",
					    "P",
					    "g",
					    "G",
					    "Z",
					    "z",
					    "H",
					    "T",
					    "vCont",
					    ";s",
					    ";c",
					    ":1",
					    "0",
					    "2",
					    "ffff",
					    "1000",
					    ",",
					    ":",
					    "=",
					    "-1",
					    "8",
					    "0000",
					    "\0x",
					    "qRcmd,",
					    "?",
					    "qfThreadInfo",
					    "qC",
					    "vCont?",
					    "qXfer:features:read:target.xml:",
					    "qThreadExtraInfo,",
					    "10000000000000000"};
	char packet[512];

	srandom(12);
	for (unsigned int round = 0; round < 100000; round++) {
		size_t len = 0;

		for (long n = 1 + random() % 7; n--;) {
			const char *w = words[(size_t)random() % ARRAY_SIZE(words)];

			len += (size_t)snprintf(packet + len, sizeof(packet) - len, "%s", w);
		}
		if (len && random() % 8 == 0)
			packet[(size_t)random() % len] = (char)random();
		a.len = 0;
		commands_answer(&s, packet, len, &a);
		assert_true(a.len <= sizeof(a.data));
		a.len = 0;
		if (s.state == SESSION_RUNNING)
			session_interrupt(&s);
		while (session_look(&s, &a))
			a.len = 0;
		if (s.state == SESSION_OVER) /* it was D or k */
			s.state = SESSION_STOPPED;
		assert_int_equal(s.state, SESSION_STOPPED);
	}
	expect("qfThreadInfo", "m1,2");
}

#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_thread_is_a_vcpu),
		T(registers_are_those_of_the_chosen_vcpu),
		T(registers_that_are_none_are_refused),
		T(memory_is_read_and_written),
		T(ranges_that_are_nonsense_are_refused),
		T(breakpoints_are_as_many_as_registers),
		T(each_vcpu_does_what_it_was_told),
		T(what_stops_a_vcpu_stops_the_realm),
		T(the_end_lets_everybody_go),
		T(what_is_not_known_is_answered_by_nothing),
		T(a_realm_is_chosen_for_the_next_connection),
		T(no_packet_at_all_does_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
