// SPDX-License-Identifier: BSD-3-Clause
/* test_detect.c - user memory that is written while its page is private is found (mem/detect.h). */
#include <stdio.h>

#include "base/log.h"
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#define WRITTEN "user memory was written while the page was private"
#define STALE	"a page becomes shared with what it held before it was private"

static char said[8192];

static void take(const char *line)
{
	strncat(said, line, sizeof(said) - strlen(said) - 2);
	strcat(said, "\n");
}

/* A realm that leaves for a device as often as it is run, then powers off. */
static void start(struct fx *f, bool detect)
{
	struct inproc_config cfg = {.engine = &engine_toy, .detect = detect};

	fx_restart(f, &cfg);
	said[0] = 0;
	log_redirect(take);
	PROGRAM(0, CODE, {T_LDR, 1, SHARED | UART, 4}, {T_LDR, 1, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 1);
}

static void run(struct fx *f)
{
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
}

/* What was said of the page at this offset of DATA. */
static bool named(const char *what, uint64_t offset)
{
	char line[160];

	snprintf(line, sizeof(line), "%s: IPA %#llx\n", what, (unsigned long long)(DATA + offset));
	return strstr(said, line);
}

static uint8_t *data(struct fx *f, uint64_t offset)
{
	return f->ram + (DATA - RAM) + offset;
}

static int end(void **state)
{
	log_redirect(NULL);
	return fx_teardown(state);
}

static void a_store_while_private_is_named_when_the_page_is_shared(void **state)
{
	struct fx *f = *state;

	start(f, true);
	run(f);
	*data(f, PAGE) = 7;
	run(f);
	assert_string_equal(said, "");
	assert_int_equal(fx_set_private(f, DATA, 4 * PAGE, false), 0);
	assert_true(named(WRITTEN, PAGE));
	assert_false(named(WRITTEN, 0));
	assert_null(strstr(said, STALE));
}

static void a_store_to_a_page_that_was_shared_meanwhile_is_none(void **state)
{
	struct fx *f = *state;

	start(f, true);
	run(f);
	assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
	*data(f, 0) = 7;
	assert_int_equal(fx_set_private(f, DATA, PAGE, true), 0);
	fx_assert_exit(f, 0, KVM_EXIT_MMIO);
	run(f);
	fx_assert_off(f, 0);
	assert_string_equal(said, "");
}

static void what_comes_back_unchanged_is_stale(void **state)
{
	struct fx *f = *state;

	start(f, true);
	*data(f, 0) = 1; /* an image, before the first run */
	run(f);
	assert_int_equal(fx_set_private(f, DATA, 2 * PAGE, false), 0);
	assert_true(named(STALE, 0));
	assert_false(named(STALE, PAGE));
	assert_null(strstr(said, WRITTEN));
}

static void a_store_is_named_at_the_end_once(void **state)
{
	struct fx *f = *state;
	size_t len;

	start(f, true);
	run(f);
	*data(f, 2 * PAGE) = 7;
	run(f);
	fx_assert_off(f, 0);
	assert_true(named(WRITTEN, 2 * PAGE));
	len = strlen(said);
	assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
	assert_int_equal(strlen(said), len);
}

static void pages_are_named_up_to_a_limit(void **state)
{
	struct fx *f = *state;
	unsigned int lines = 0;

	start(f, true);
	run(f);
	for (int i = 0; i < 40; i++)
		*data(f, i * PAGE) = 7;
	assert_int_equal(fx_set_private(f, DATA, 40 * PAGE, false), 0);
	for (const char *p = said; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 17);
	assert_non_null(strstr(said, "there are more"));
}

static void nothing_is_said_unasked(void **state)
{
	struct fx *f = *state;

	start(f, false);
	run(f);
	*data(f, 0) = 7;
	assert_int_equal(fx_set_private(f, DATA, PAGE, false), 0);
	assert_string_equal(said, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, end)

int test_detect(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_store_while_private_is_named_when_the_page_is_shared),
		TEST(a_store_to_a_page_that_was_shared_meanwhile_is_none),
		TEST(what_comes_back_unchanged_is_stale),
		TEST(a_store_is_named_at_the_end_once),
		TEST(pages_are_named_up_to_a_limit),
		TEST(nothing_is_said_unasked),
	};

	return cmocka_run_group_tests_name("detect", tests, NULL, NULL);
}
