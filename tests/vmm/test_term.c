// SPDX-License-Identifier: BSD-3-Clause
/* test_term.c - the escape keys, and a terminal that is always given back as it was. */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "testing.h"
#include "vmm/term.h"

static struct term_keys keys;

/* Type a string: what passes is compared, the action returned. */
static enum term_action type(const char *in, const char *passes)
{
	uint8_t out[64];
	enum term_action action;
	size_t used, n = term_filter(&keys, (const uint8_t *)in, strlen(in), out, &used, &action);

	assert_int_equal(n, strlen(passes));
	assert_memory_equal(out, passes, n);
	return action;
}

static int setup(void **state)
{
	keys = (struct term_keys){0};
	return 0;
}

static void ordinary_keys_pass(void **state)
{
	assert_int_equal(type("ls -l\r\x03\x1a", "ls -l\r\x03\x1a"), TERM_NONE);
}

static void ctrl_a_x_quits(void **state)
{
	assert_int_equal(type("ab\x01x", "ab"), TERM_QUIT);
}

static void escape_may_come_in_two_reads(void **state)
{
	assert_int_equal(type("\x01", ""), TERM_NONE);
	assert_int_equal(type("x", ""), TERM_QUIT);
}

static void ctrl_a_h_helps(void **state)
{
	assert_int_equal(type("\x01h", ""), TERM_HELP);
}

static void ctrl_a_twice_sends_one(void **state)
{
	assert_int_equal(type("\x01\x01x", "\x01x"), TERM_NONE);
}

static void unknown_escape_is_swallowed(void **state)
{
	assert_int_equal(type("\x01qz", "z"), TERM_NONE);
}

static void filter_stops_behind_an_action(void **state)
{
	uint8_t out[8];
	enum term_action action;
	size_t used;

	assert_int_equal(term_filter(&keys, (const uint8_t *)"\x01hab", 4, out, &used, &action), 0);
	assert_int_equal(used, 2);
}

/*
 * A child on its own terminal goes to raw mode, tells us, and ends as `how` says. Then the
 * terminal must be as before.
 */
static void ends_and_gives_back(void (*how)(void))
{
	struct termios before, during, after;
	int master, slave, status;
	char c;
	pid_t pid;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &before), 0);
	pid = fork();
	if (!pid) {
		login_tty(slave);
		term_init();
		term_raw();
		if (write(STDOUT_FILENO, "r", 1) == 1 && read(STDIN_FILENO, &c, 1) == 1)
			how();
		_exit(1);
	}
	assert_int_equal(read(master, &c, 1), 1);
	assert_int_equal(tcgetattr(slave, &during), 0);
	assert_false(during.c_lflag & (ICANON | ECHO | ISIG));
	assert_int_equal(write(master, "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(tcgetattr(slave, &after), 0);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_iflag, before.c_iflag);
	assert_int_equal(after.c_oflag, before.c_oflag);
	close(master);
	close(slave);
}

static void do_exit(void)
{
	exit(0);
}

static void do_abort(void)
{
	abort();
}

static void do_crash(void)
{
	raise(SIGSEGV);
}

static void terminal_is_given_back_at_exit(void **state)
{
	ends_and_gives_back(do_exit);
}

static void terminal_is_given_back_at_abort(void **state)
{
	ends_and_gives_back(do_abort);
}

static void terminal_is_given_back_at_a_crash(void **state)
{
	ends_and_gives_back(do_crash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ordinary_keys_pass, setup),
		cmocka_unit_test_setup(ctrl_a_x_quits, setup),
		cmocka_unit_test_setup(escape_may_come_in_two_reads, setup),
		cmocka_unit_test_setup(ctrl_a_h_helps, setup),
		cmocka_unit_test_setup(ctrl_a_twice_sends_one, setup),
		cmocka_unit_test_setup(unknown_escape_is_swallowed, setup),
		cmocka_unit_test_setup(filter_stops_behind_an_action, setup),
		cmocka_unit_test(terminal_is_given_back_at_exit),
		cmocka_unit_test(terminal_is_given_back_at_abort),
		cmocka_unit_test(terminal_is_given_back_at_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
