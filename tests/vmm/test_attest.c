// SPDX-License-Identifier: BSD-3-Clause
/* test_attest.c - the realm's answer on its attestation port, in any pieces, good and bad. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"
#include "vmm/attest.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct attest a;

static int setup(void **state)
{
	return attest_init(&a, NULL);
}

static void take(const char *text)
{
	attest_take(&a, text, strlen(text));
}

static void nonce_is_fresh_or_the_given_one(void **state)
{
	static struct attest b;
	char digits[129];

	assert_int_equal(strlen(a.nonce), 128);
	assert_int_equal(attest_init(&b, NULL), 0);
	assert_string_not_equal(a.nonce, b.nonce);
	memset(digits, 'f', 128);
	digits[128] = 0;
	assert_int_equal(attest_init(&b, digits), 0);
	assert_string_equal(b.nonce, digits);
	digits[5] = 'g';
	assert_int_equal(attest_init(&b, digits), -EINVAL);
	assert_int_equal(attest_init(&b, "ff"), -EINVAL);
}

static void token_comes_in_any_pieces(void **state)
{
	static const char all[] = "token 5 " SHA "\nab\ncd";

	for (size_t i = 0; i < sizeof(all) - 1; i++)
		attest_take(&a, all + i, 1);
	assert_null(attest_error(&a));
	assert_int_equal(a.length, 5);
	assert_memory_equal(a.token, "ab\ncd", 5);
	assert_string_equal(a.sha256, SHA);
	assert_int_equal(attest_init(&a, NULL), 0);
	take(all);
	take("what follows is ignored");
	assert_null(attest_error(&a));
	assert_memory_equal(a.token, "ab\ncd", 5);
}

static void token_is_saved(void **state)
{
	char path[] = "/tmp/softrealm-test-XXXXXX", back[16] = "";
	int fd = mkstemp(path);

	take("token 3 " SHA "\nxyz");
	assert_int_equal(attest_save(&a, path), 0);
	assert_int_equal(read(fd, back, sizeof(back)), 3);
	assert_string_equal(back, "xyz");
	close(fd);
	unlink(path);
	assert_int_equal(attest_save(&a, "/nonexistent/token"), -ENOENT);
}

static void absent_and_partial_tokens_are_errors(void **state)
{
	assert_non_null(strstr(attest_error(&a), "no token"));
	take("token 3 " SHA "\nxy");
	assert_non_null(strstr(attest_error(&a), "part"));
}

static void the_realms_error_is_passed_on(void **state)
{
	take("error No such device\n");
	assert_string_equal(attest_error(&a), "No such device");
}

static void hostile_answers_are_refused(void **state)
{
	static const char *const bad[] = {
		"token 0 " SHA "\n",
		"token 65537 " SHA "\n",
		"token -1 " SHA "\n",
		"token 99999999999999999999999 " SHA "\n",
		"token 3 " SHA "0\n",
		"token 3 abc\n",
		"token 3 " SHA " more\n",
		"\n",
		"token\n",
		"\033[31mtoken\n",
		"TOKEN 3 " SHA "\n",
	};
	char lots[600];

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup(NULL);
		take(bad[i]);
		take("xyz");
		if (!attest_error(&a) || a.state != ATTEST_FAILED)
			fail_msg("taken: %s", bad[i]);
	}
	setup(NULL);
	memset(lots, 'x', sizeof(lots));
	attest_take(&a, lots, sizeof(lots));
	assert_int_equal(a.state, ATTEST_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nonce_is_fresh_or_the_given_one, setup),
		cmocka_unit_test_setup(token_comes_in_any_pieces, setup),
		cmocka_unit_test_setup(token_is_saved, setup),
		cmocka_unit_test_setup(absent_and_partial_tokens_are_errors, setup),
		cmocka_unit_test_setup(the_realms_error_is_passed_on, setup),
		cmocka_unit_test_setup(hostile_answers_are_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
