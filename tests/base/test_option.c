// SPDX-License-Identifier: BSD-3-Clause
/* test_option.c - command lines: every way to write an option, and every way to get it wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/option.h"

struct got {
	const char *file, *text;
	unsigned int loud;
};

static struct got first, second;
static char said[1024];
static struct option_parser p;

static int set_file(void *to, const char *value)
{
	((struct got *)to)->file = value;
	return 0;
}

static int set_text(void *to, const char *value)
{
	((struct got *)to)->text = value;
	return 0;
}

static int set_loud(void *to, const char *value)
{
	((struct got *)to)->loud++;
	return 0;
}

static const struct option_row rows_a[] = {
	{NULL, 0, NULL, "A heading", NULL},
	{"file", 'f', "FILE", "a file", set_file},
	{"loud", 'l', NULL, "more", set_loud},
	{"help", 'h', NULL, "help", NULL},
};
static const struct option_row rows_b[] = {
	{"text", 0, "TEXT", "a text", set_text},
	{"loud", 'l', NULL, "hidden by the first table's", set_loud},
};
static const struct option_rows a = {rows_a, ARRAY_SIZE(rows_a)};
static const struct option_rows b = {rows_b, ARRAY_SIZE(rows_b)};

#define PARSE(...)	parse((char *[]){"test", __VA_ARGS__, NULL}, false)
#define PARSE_EXEC(...) parse((char *[]){"test", __VA_ARGS__, NULL}, true)
static int parse(char **argv, bool words_end)
{
	static char *copy[16];
	int argc = 0;

	for (; argv[argc]; argc++)
		copy[argc] = argv[argc];
	copy[argc] = NULL;
	first = second = (struct got){0};
	said[0] = 0;
	p = (struct option_parser){.command = "test",
				   .words_end = words_end,
				   .tables = {{&a, &first, NULL}, {&b, &second, NULL}},
				   .ntables = 2};
	return option_parse(&p, argc, copy);
}

static void every_form_of_a_value_is_the_same(void **state)
{
	assert_int_equal(PARSE("--file", "x"), 0);
	assert_string_equal(first.file, "x");
	assert_int_equal(PARSE("--file=x"), 0);
	assert_string_equal(first.file, "x");
	assert_int_equal(PARSE("-f", "x"), 0);
	assert_string_equal(first.file, "x");
	assert_int_equal(PARSE("-fx"), 0);
	assert_string_equal(first.file, "x");
	assert_int_equal(PARSE("-lfx", "-l"), 0);
	assert_string_equal(first.file, "x");
	assert_int_equal(first.loud, 2);
	assert_int_equal(PARSE("--file="), 0);
	assert_string_equal(first.file, "");
	assert_int_equal(PARSE("--file=a=b"), 0);
	assert_string_equal(first.file, "a=b");
}

static void a_value_may_look_like_an_option(void **state)
{
	assert_int_equal(PARSE("--text", "--loud", "--file", "--"), 0);
	assert_string_equal(second.text, "--loud");
	assert_string_equal(first.file, "--");
	assert_int_equal(first.loud, 0);
}

static void the_first_table_that_has_a_name_wins(void **state)
{
	assert_int_equal(PARSE("--loud", "--text", "t"), 0);
	assert_int_equal(first.loud, 1);
	assert_int_equal(second.loud, 0);
	assert_string_equal(second.text, "t");
}

static void words_and_options_may_be_mixed(void **state)
{
	assert_int_equal(PARSE("one", "--loud", "-", "--file", "x", "--", "--loud", "two"), 0);
	assert_int_equal(first.loud, 1);
	assert_int_equal(p.nwords, 4);
	assert_int_equal(p.ndashed, 2);
	assert_string_equal(p.words[0], "one");
	assert_string_equal(p.words[1], "-");
	assert_string_equal(p.words[2], "--loud");
	assert_string_equal(p.words[3], "two");
	assert_null(p.words[4]);
}

static void another_command_keeps_its_options(void **state)
{
	assert_int_equal(PARSE_EXEC("--loud", "cmd", "--loud", "--", "x"), 0);
	assert_int_equal(first.loud, 1);
	assert_int_equal(p.nwords, 4);
	assert_string_equal(p.words[1], "--loud");
	assert_string_equal(p.words[2], "--");
	assert_int_equal(PARSE_EXEC("--", "--loud"), 0);
	assert_int_equal(first.loud, 0);
	assert_int_equal(p.nwords, 1);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		char *arg, *says;
	} bad[] = {
		{"--nonsense", "--nonsense: there is no such option"},
		{"--fil", "--fil: there is no such option"},
		{"--filer=x", "--filer: there is no such option"},
		{"-z", "-z: there is no such option"},
		{"-lz", "-z: there is no such option"},
		{"--loud=x", "--loud: it takes no value"},
		{"--file", "--file: it needs a value: FILE"},
		{"-f", "-f: it needs a value: FILE"},
		{"-lf", "-f: it needs a value: FILE"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(PARSE(bad[i].arg), -EINVAL);
		if (!strstr(said, bad[i].says) || !strstr(said, "test --help"))
			fail_msg("%s: \"%s\"", bad[i].arg, said);
	}
}

static void help_ends_the_parsing(void **state)
{
	assert_int_equal(PARSE("-l", "--help", "--nonsense"), 'h');
	assert_int_equal(first.loud, 1);
}

static void no_argument_at_all_is_good(void **state)
{
	char *none[] = {NULL};

	assert_int_equal(PARSE("-l"), 0);
	assert_int_equal(option_parse(&p, 0, none), 0);
	assert_int_equal(p.nwords, 0);
}

static void a_choice_is_one_of_the_words(void **state)
{
	assert_int_equal(option_choice("-x", "a", "ab|a|b"), 1);
	assert_int_equal(option_choice("-x", "b", "ab|a|b"), 2);
	assert_int_equal(option_choice("-x", "", "ab|a|b"), -EINVAL);
	assert_int_equal(option_choice("-x", "a|b", "ab|a|b"), -EINVAL);
	assert_non_null(strstr(said, "-x"));
}

static void keep(const char *line)
{
	strncpy(said, line, sizeof(said) - 1);
}

static void an_errno_is_said_as_it_was(void **state)
{
	errno = EIO;
	log_errno(ENOENT, "%s", "name");
	assert_string_equal(said, "softrealm: name: No such file or directory");
}

static int setup(void **state)
{
	log_redirect(keep);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_value_is_the_same),
		cmocka_unit_test(a_value_may_look_like_an_option),
		cmocka_unit_test(the_first_table_that_has_a_name_wins),
		cmocka_unit_test(words_and_options_may_be_mixed),
		cmocka_unit_test(another_command_keeps_its_options),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(help_ends_the_parsing),
		cmocka_unit_test(no_argument_at_all_is_good),
		cmocka_unit_test(a_choice_is_one_of_the_words),
		cmocka_unit_test(an_errno_is_said_as_it_was),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
