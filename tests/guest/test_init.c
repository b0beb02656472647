// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_init.c - the parts of the demo's init that need no realm: digests and options
 */
#include "guest/init/init.h"

#include <errno.h>
#include <gcrypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* What options.c uses of text.c: the command line is the test's, the console is remembered. */
static const char *command_line;
static char said[256];

int read_text(const char *path, char *buf, size_t size)
{
	assert_string_equal(path, "/proc/cmdline");
	return snprintf(buf, size, "%s", command_line);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

static struct options read_options(const char *line)
{
	struct options opt;

	said[0] = '\0';
	command_line = line;
	options_read(&opt);
	return opt;
}

/* Every length around the block and padding boundaries, against libgcrypt. */
static void sha256_agrees_with_libgcrypt(void **state)
{
	uint8_t data[300], ours[SHA256_LEN], theirs[SHA256_LEN];
	size_t len;

	for (len = 0; len < sizeof(data); len++)
		data[len] = len * 7 + 3;
	for (len = 0; len <= sizeof(data); len++) {
		sha256(data, len, ours);
		gcry_md_hash_buffer(GCRY_MD_SHA256, theirs, data, len);
		assert_memory_equal(ours, theirs, SHA256_LEN);
	}
}

static void no_option_means_power_off_at_once(void **state)
{
	struct options opt = read_options("console=hvc0 quiet");

	assert_int_equal(opt.mode, MODE_OFF);
	assert_int_equal(opt.hold, 0);
	assert_int_equal(opt.nonce_len, 0);
	assert_string_equal(said, "");
}

static void each_mode_has_its_name(void **state)
{
	assert_int_equal(read_options("softrealm.mode=off").mode, MODE_OFF);
	assert_int_equal(read_options("softrealm.mode=reboot").mode, MODE_REBOOT);
	assert_int_equal(read_options("softrealm.mode=panic").mode, MODE_PANIC);
	assert_int_equal(read_options("softrealm.mode=disk").mode, MODE_DISK);
	assert_int_equal(read_options("softrealm.mode=smp").mode, MODE_SMP);
}

static void options_are_found_between_others(void **state)
{
	struct options opt = read_options("a=b softrealm.hold=10 c softrealm.nonce=00fFa5\n");
	static const uint8_t nonce[] = {0x00, 0xff, 0xa5};

	assert_int_equal(opt.hold, 10);
	assert_int_equal(opt.nonce_len, sizeof(nonce));
	assert_memory_equal(opt.nonce, nonce, sizeof(nonce));
}

static void bad_values_are_said_and_ignored(void **state)
{
	static const char *const bad[] = {
		"softrealm.mode=dance", "softrealm.hold=",  "softrealm.hold=1x",
		"softrealm.hold=99999", "softrealm.nonce=", "softrealm.nonce=abc",
		"softrealm.nonce=zz",	"softrealm.what=1",
	};
	struct options opt;
	char expected[300];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		opt = read_options(bad[i]);
		assert_int_equal(opt.mode, MODE_OFF);
		assert_int_equal(opt.hold, 0);
		assert_int_equal(opt.nonce_len, 0);
		snprintf(expected, sizeof(expected), "ignored: %s", bad[i]);
		assert_string_equal(said, expected);
	}
}

static void a_nonce_fits_exactly_64_bytes(void **state)
{
	char line[200] = "softrealm.nonce=";
	char *hex = line + strlen(line);

	memset(hex, 'a', 130);
	hex[128] = '\0';
	assert_int_equal(read_options(line).nonce_len, 64);
	hex[128] = 'a';
	assert_int_equal(read_options(line).nonce_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_agrees_with_libgcrypt),
		cmocka_unit_test(no_option_means_power_off_at_once),
		cmocka_unit_test(each_mode_has_its_name),
		cmocka_unit_test(options_are_found_between_others),
		cmocka_unit_test(bad_values_are_said_and_ignored),
		cmocka_unit_test(a_nonce_fits_exactly_64_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
