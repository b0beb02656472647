// SPDX-License-Identifier: BSD-3-Clause
/* test_early.c - what a console shows of a kernel's log whose beginning it has lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/early.h"
#include "vmm/insight.h"

#define A "[    0.000000] Booting"
#define B "[    0.000000] Built"
#define C "[    0.500000] a device is there"
#define D "[    0.600000] another one is"
#define N "\r\n"

static const char *const lines[] = {A, B, C, D};
static bool has_log;
static unsigned int asked;
static char shown[1024];

json_t *insight_ask(const char *call)
{
	json_t *log = has_log ? json_array() : NULL;

	assert_string_equal(call, "log");
	asked++;
	for (size_t i = 0; log && i < sizeof(lines) / sizeof(lines[0]); i++)
		json_array_append_new(log, json_string(lines[i]));
	return log;
}

static void show(void *arg, const uint8_t *data, size_t len)
{
	strncat(shown, (const char *)data, len);
}

/* The console's bytes come in these pieces, ended by NULL. */
static void console(const char *want, ...)
{
	struct early e = {0};
	const char *piece;
	va_list ap;

	shown[0] = '\0';
	asked = 0;
	early_init(&e, false, show, NULL);
	va_start(ap, want);
	while ((piece = va_arg(ap, const char *)))
		early_put(&e, (const uint8_t *)piece, strlen(piece));
	va_end(ap);
	early_finish(&e);
	assert_string_equal(shown, want);
	assert_true(asked <= 1);
	pthread_mutex_destroy(&e.lock);
}

static int with_log(void **state)
{
	has_log = true;
	return 0;
}

static void lines_before_the_first_one_are_put_in_front(void **state)
{
	console(A N B N C N D N, C, N, D N, NULL);
	console(A N B N C N D N, D, N, NULL);
	console(A N B N C N D N, "[    0.600000] an", "other one is" N, NULL);
}

static void nothing_is_added_where_nothing_was_lost(void **state)
{
	console(A N B N C N, A, N B N C N, NULL);
	console(A N, "[    0.000000] B", "oo", "ting" N, NULL);
}

static void the_rest_of_a_line_gets_its_beginning(void **state)
{
	console(A N B N C N D N, "ce is there", N, D N, NULL);
	/* "is" is in two lines: the next one tells */
	console(A N B N C N D N, "e", N, D N, NULL);
}

static void other_text_passes_at_once_and_whole(void **state)
{
	console("login: ", "login: ", NULL);
	console(N "Debian" N "login: ", N, "Debian", N "login: ", NULL);
	console("hello" N C N, "hello" N C, N, NULL);
	console("[  OK  ] Started" N, "[  OK  ] Started", N, NULL);
	console(N, N, NULL);
}

static void without_a_log_everything_passes(void **state)
{
	has_log = false;
	console(C N, C, N, NULL);
	assert_int_equal(asked, 1);
}

static void what_cannot_be_told_is_not_held_for_ever(void **state)
{
	char ends[2 * EARLY_HELD + 1];

	memset(ends, '\n', sizeof(ends) - 1);
	ends[sizeof(ends) - 1] = '\0';
	console(ends, ends, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_before_the_first_one_are_put_in_front, with_log),
		cmocka_unit_test_setup(nothing_is_added_where_nothing_was_lost, with_log),
		cmocka_unit_test_setup(the_rest_of_a_line_gets_its_beginning, with_log),
		cmocka_unit_test_setup(other_text_passes_at_once_and_whole, with_log),
		cmocka_unit_test_setup(without_a_log_everything_passes, with_log),
		cmocka_unit_test_setup(what_cannot_be_told_is_not_held_for_ever, with_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
