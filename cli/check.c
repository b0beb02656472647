// SPDX-License-Identifier: BSD-3-Clause
/*
 * check.c - softrealm check: the conformance suite against softrealm; with --kvm real against the
 * machine's own /dev/kvm.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/launcher.h"
#include "cli/options.h"
#include "cli/summary.h"

struct check {
	struct launch launch;
	const char *abi, *diff, *junit, *expect;
	bool list;
};

static int set_kvm(void *to, const char *value)
{
	struct check *c = to;
	int which = option_choice("--kvm", value, "soft|real");

	c->launch.real = which == 1;
	return which < 0 ? which : 0;
}

static int set_list(void *to, const char *value)
{
	struct check *c = to;

	c->list = true;
	return 0;
}

static int set_diff(void *to, const char *value)
{
	((struct check *)to)->diff = value;
	return 0;
}

static int set_junit(void *to, const char *value)
{
	((struct check *)to)->junit = value;
	return 0;
}

static int set_expect(void *to, const char *value)
{
	((struct check *)to)->expect = value;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/check.def"
};
static const struct option_rows check_rows = {rows, ARRAY_SIZE(rows)};

/* The revision is a matter of both: of the host, and of the suite. */
static int take_launch_option(void *to, const struct option_row *row, const char *value)
{
	struct check *c = to;

	if (!strcmp(row->name, "abi"))
		c->abi = strcmp(value, "auto") ? value : NULL; /* the suite finds out */
	return row->set(&c->launch, value);
}

#define MAX_OWN 11 /* program, four options with their values, --list, -- */

static char **put(char **argv, char *option, const char *value)
{
	if (!value)
		return argv;
	*argv++ = option;
	*argv++ = (char *)value;
	return argv;
}

/* PROGRAM [--abi REVISION] [--diff REVISION] ... [--list] -- PATTERN... */
static void fill(char **argv, char *program, const struct check *c, char **patterns)
{
	*argv++ = program;
	argv = put(argv, "--abi", c->abi);
	argv = put(argv, "--diff", c->diff);
	argv = put(argv, "--junit", c->junit);
	argv = put(argv, "--expect", c->expect);
	if (c->list)
		*argv++ = "--list";
	*argv++ = "--";
	while (*patterns)
		*argv++ = *patterns++;
	*argv = NULL;
}

static int check(int argc, char **argv)
{
	struct check c = {.launch = LAUNCH_INIT};
	struct option_parser p = {
		.tables = {{&check_rows, &c, NULL}, {&launch_option_rows, &c, take_launch_option}},
		.ntables = 2,
	};
	char program[PATH_MAX];
	int status = LAUNCH_FAILED;

	if (!command_parse(&command_check, argc, argv, &p, &status))
		return status;
	c.launch.argv = calloc(p.nwords + MAX_OWN + 1, sizeof(*c.launch.argv));
	if (!c.launch.argv || files_check(program, sizeof(program)))
		goto out;
	fill(c.launch.argv, program, &c, p.words);
	status = launch(&c.launch);
	c.launch.quiet = true;
	status = summary_finish(&c.launch, status);
out:
	free(c.launch.argv);
	return status;
}

const struct command command_check = {
	.name = "check",
	.about = "judge a /dev/kvm: does it answer as the ABI says?",
	.usage = "check [OPTION...] [NAME-PATTERN...]",
	.text = "Judge /dev/kvm against the realm ABI, one test a rule, in TAP.\n",
	.more = "Exit status: 0 all pass, 1 a check failed, 2 usage or no /dev/kvm.\n",
	.run = check,
	.options = {&check_rows, &launch_option_rows},
};
