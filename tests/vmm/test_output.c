// SPDX-License-Identifier: BSD-3-Clause
/* test_output.c - console output: watched texts, slow readers, readers who are gone. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"
#include "vmm/end.h"
#include "vmm/output.h"

/* The module is one for a process: the tests run in this order, on one pipe. */
static int out[2];
static struct output_watch login = {.text = "login:"}, tricky = {.text = "aab"},
			   late = {.text = "abcabd"};
static unsigned int found;

static void on_found(void)
{
	found++;
}

static void put(const char *text)
{
	output_write(text, strlen(text));
}

static void expect(const char *text)
{
	char buf[64] = "";
	size_t n = 0;

	while (n < strlen(text))
		n += (size_t)read(out[0], buf + n, sizeof(buf) - n);
	assert_string_equal(buf, text);
}

static void bytes_come_out_in_order(void **state)
{
	put("one ");
	put("two");
	expect("one two");
	assert_true(output_drain(1000));
}

static void texts_are_found_across_writes(void **state)
{
	put("lo");
	assert_int_equal(login.seen, 0);
	put("gin");
	put(":");
	assert_int_not_equal(login.seen, 0);
	expect("login:");
}

static void text_is_found_after_a_false_start(void **state)
{
	put("aaab abcabcabd");
	assert_int_not_equal(tricky.seen, 0);
	assert_int_not_equal(late.seen, 0);
	assert_int_equal(found, 1);
	put("aab");
	assert_int_equal(found, 1); /* only the first time */
	expect("aaab abcabcabdaab");
}

static void slow_reader_loses_nothing(void **state)
{
	enum { TOTAL = 4 << 20 };
	static char block[4096], buf[4096];
	size_t got = 0;
	pid_t pid;
	int end[2];

	/* A reader in another process, who begins only after a while. */
	assert_int_equal(pipe(end), 0);
	pid = fork();
	if (!pid) {
		usleep(200000);
		while (got < TOTAL) {
			ssize_t n = read(out[0], buf, sizeof(buf));

			if (n <= 0)
				_exit(1);
			got += (size_t)n;
		}
		_exit(write(end[1], "k", 1) != 1);
	}
	memset(block, 'x', sizeof(block));
	for (unsigned int i = 0; i < TOTAL / sizeof(block); i++)
		output_write(block, sizeof(block));
	while (!output_drain(1000))
		;
	assert_int_equal(read(end[0], buf, 1), 1);
	close(end[0]);
	close(end[1]);
}

/* Nobody reads, and the run has ended: writers do not wait, the rest is counted. */
static void nobody_waits_after_the_end(void **state)
{
	static char block[1 << 20];
	struct output_state s;

	end_run(VMM_OK, "done");
	for (unsigned int i = 0; i < 4; i++)
		output_write(block, sizeof(block));
	output_get(&s);
	assert_true(s.dropped >= 2 << 20);
	assert_false(output_drain(10));
}

static void closed_reader_is_noticed(void **state)
{
	struct output_state s;

	close(out[0]);
	while (!output_drain(1000))
		;
	output_get(&s);
	assert_true(s.gone);
	put("more"); /* no effect, no crash */
}

static int setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	tricky.found = on_found;
	output_watch(&login);
	output_watch(&tricky);
	output_watch(&late);
	return pipe(out) || end_init() || output_start(out[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_in_order),
		cmocka_unit_test(texts_are_found_across_writes),
		cmocka_unit_test(text_is_found_after_a_false_start),
		cmocka_unit_test(slow_reader_loses_nothing),
		cmocka_unit_test(nobody_waits_after_the_end),
		cmocka_unit_test(closed_reader_is_noticed),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
