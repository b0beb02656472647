// SPDX-License-Identifier: BSD-3-Clause
/* test_progress.c - a line on a terminal, nothing in a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"

static char said[4096];

/* What the work writes to a standard error of this kind. */
static void work_on(int to, int from, unsigned int ms)
{
	int saved = dup(STDERR_FILENO);
	size_t len = 0;
	ssize_t n;

	assert_true(saved >= 0 && dup2(to, STDERR_FILENO) >= 0);
	progress_start("the work");
	progress_show(1, 4);
	usleep(ms * 1000);
	progress_show(2, 4);
	progress_show(3, 4);
	progress_end();
	progress_show(4, 4); /* over */
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(to);
	/* Read to the end: a terminal may hand over in pieces what was written. */
	while ((n = read(from, said + len, sizeof(said) - 1 - len)) > 0)
		len += n;
	said[len] = 0;
	close(from);
}

static void long_work_is_a_line_that_goes_away(void **state)
{
	int from, to;

	assert_int_equal(openpty(&from, &to, NULL, NULL, NULL), 0);
	work_on(to, from, 1100);
	assert_string_equal(said, "\rsoftrealm: the work:  50 %\r\033[K");
}

static void short_work_is_silent(void **state)
{
	int from, to;

	assert_int_equal(openpty(&from, &to, NULL, NULL, NULL), 0);
	work_on(to, from, 0);
	assert_string_equal(said, "");
}

static void nothing_goes_into_a_pipe(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	work_on(fds[1], fds[0], 1100);
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_work_is_a_line_that_goes_away),
		cmocka_unit_test(short_work_is_silent),
		cmocka_unit_test(nothing_goes_into_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
