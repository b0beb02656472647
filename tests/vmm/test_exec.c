// SPDX-License-Identifier: BSD-3-Clause
/* test_exec.c - the frames of a command in the realm, in any pieces, and wrong ones. */
#include <string.h>

#include "testing.h"
#include "vmm/end.h"
#include "vmm/command.h"

static struct exec x;

static void frames_may_come_in_any_pieces(void **state)
{
	static const char text[] = "o\5\0\0\0hello"
				   "o\0\0\0\0"
				   "x\1\0\0\0\27";

	for (size_t piece = 1; piece < sizeof(text); piece++) {
		memset(&x, 0, sizeof(x));
		for (size_t at = 0; at < sizeof(text) - 1; at += piece)
			exec_take(&x, text + at,
				  at + piece < sizeof(text) ? piece : sizeof(text) - 1 - at);
		assert_int_equal(x.state, EXEC_DONE);
		assert_int_equal(x.status, 23);
	}
}

static void nothing_is_taken_after_the_end(void **state)
{
	memset(&x, 0, sizeof(x));
	exec_take(&x, "x\1\0\0\0\1x\1\0\0\0\2", 12);
	assert_int_equal(x.status, 1);
}

static void what_is_no_frame_is_refused(void **state)
{
	static const char *const bad[] = {"q\1\0\0\0", "x\2\0\0\0", "x\0\0\0\0", "\0\0\0\0\0"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&x, 0, sizeof(x));
		exec_take(&x, bad[i], 5);
		assert_int_equal(x.state, EXEC_FAILED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_may_come_in_any_pieces),
		cmocka_unit_test(nothing_is_taken_after_the_end),
		cmocka_unit_test(what_is_no_frame_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
