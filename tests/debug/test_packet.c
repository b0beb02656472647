// SPDX-License-Identifier: BSD-3-Clause
/* test_packet.c - packets of GDB's remote protocol, whole, in pieces, and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "debug/packet.h"

static struct packet_reader reader;

static int begin(void **state)
{
	memset(&reader, 0, sizeof(reader));
	return 0;
}

/* All of the bytes make one thing. */
static enum packet_kind read_all(const char *bytes, size_t n)
{
	enum packet_kind kind;

	assert_int_equal(packet_read(&reader, bytes, n, &kind), n);
	return kind;
}

static enum packet_kind read_text(const char *text)
{
	return read_all(text, strlen(text));
}

static void a_packet_is_its_data(void **state)
{
	assert_int_equal(read_text("$m10,4#2e"), PACKET_DATA);
	assert_string_equal(reader.data, "m10,4");
	assert_int_equal(reader.len, 5);
	assert_int_equal(read_text("$#00"), PACKET_DATA);
	assert_int_equal(reader.len, 0);
}

static void packets_may_come_a_byte_at_a_time(void **state)
{
	const char *text = "$m10,4#2e";
	enum packet_kind kind = PACKET_NONE;

	for (size_t i = 0; i < strlen(text); i++) {
		assert_int_equal(kind, PACKET_NONE);
		assert_int_equal(packet_read(&reader, text + i, 1, &kind), 1);
	}
	assert_int_equal(kind, PACKET_DATA);
	assert_string_equal(reader.data, "m10,4");
}

static void what_follows_a_packet_is_left(void **state)
{
	const char *text = "+$?#3f\003-";
	enum packet_kind kinds[4];
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		at += packet_read(&reader, text + at, strlen(text + at), &kinds[i]);
	assert_int_equal(kinds[0], PACKET_ACK);
	assert_int_equal(kinds[1], PACKET_DATA);
	assert_int_equal(kinds[2], PACKET_INTERRUPT);
	assert_int_equal(kinds[3], PACKET_NACK);
}

static void escaped_bytes_are_what_they_were(void **state)
{
	static const char data[] = {'X', '$', '#', '}', '*', 3, 0, '+'};
	char out[PACKET_SIZE(sizeof(data))];
	size_t n = packet_write(data, sizeof(data), out);

	assert_int_equal(read_all(out, n), PACKET_DATA);
	assert_int_equal(reader.len, sizeof(data));
	assert_memory_equal(reader.data, data, sizeof(data));
}

static void a_wrong_sum_is_bad_unless_nobody_looks(void **state)
{
	assert_int_equal(read_text("$m10,4#2b"), PACKET_BAD);
	assert_int_equal(read_text("$m10,4#xx"), PACKET_BAD);
	reader.no_sums = true;
	assert_int_equal(read_text("$m10,4#00"), PACKET_DATA);
}

static void nonsense_between_packets_is_skipped(void **state)
{
	assert_int_equal(read_text("GET / HTTP/1.1\r\n\r\n"), PACKET_NONE);
	assert_int_equal(read_text("$half of a packet$?#3f"), PACKET_DATA);
	assert_string_equal(reader.data, "?");
	assert_int_equal(read_text("$an escape at the end}#00"), PACKET_BAD);
	assert_int_equal(read_text("$?#3f"), PACKET_DATA);
}

static void a_packet_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
	static char data[PACKET_MAX + 1], out[PACKET_SIZE(sizeof(data))];

	memset(data, '}', sizeof(data));
	assert_int_equal(read_all(out, packet_write(data, PACKET_MAX, out)), PACKET_DATA);
	assert_int_equal(reader.len, PACKET_MAX);
	assert_memory_equal(reader.data, data, PACKET_MAX);
	assert_int_equal(read_all(out, packet_write(data, PACKET_MAX + 1, out)), PACKET_BAD);
	assert_int_equal(read_text("$?#3f"), PACKET_DATA);
}

static void any_bytes_at_all_leave_it_working(void **state)
{
	enum packet_kind kind;
	char bytes[64];

	srandom(12);
	for (unsigned int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = "$#}+-\003q0fX"[random() % 10];
		for (size_t at = 0; at < sizeof(bytes);) {
			at += packet_read(&reader, bytes + at, sizeof(bytes) - at, &kind);
			assert_true(reader.len <= PACKET_MAX);
		}
	}
	read_text("#00");
	assert_int_equal(read_text("$?#3f"), PACKET_DATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_packet_is_its_data, begin),
		cmocka_unit_test_setup(packets_may_come_a_byte_at_a_time, begin),
		cmocka_unit_test_setup(what_follows_a_packet_is_left, begin),
		cmocka_unit_test_setup(escaped_bytes_are_what_they_were, begin),
		cmocka_unit_test_setup(a_wrong_sum_is_bad_unless_nobody_looks, begin),
		cmocka_unit_test_setup(nonsense_between_packets_is_skipped, begin),
		cmocka_unit_test_setup(a_packet_may_be_as_long_as_the_limit_and_no_longer, begin),
		cmocka_unit_test_setup(any_bytes_at_all_leave_it_working, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
