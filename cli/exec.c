// SPDX-License-Identifier: BSD-3-Clause
/* exec.c - softrealm exec: run any VMM with a /dev/kvm that has realms. */
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/launcher.h"
#include "cli/options.h"
#include "cli/summary.h"

static int set_sysroot(void *to, const char *value)
{
	struct launch *l = to;

	l->sysroot = value;
	return 0;
}

static int set_quiet(void *to, const char *value)
{
	struct launch *l = to;

	l->quiet = true;
	return 0;
}

static int set_require(void *to, const char *value)
{
	struct launch *l = to;

	l->require = true;
	return 0;
}

/* What went by us has seen no realm, whatever it says. */
static int check_seen(const struct launch *l, int status)
{
	const json_t *opened = json_object_get(l->backend_report, "opened");

	if (!opened || json_integer_value(opened) || status == LAUNCH_NOT_STARTED ||
	    status == LAUNCH_NOT_FOUND)
		return status;
	if (!l->quiet || l->require)
		log_warn("nothing has opened softrealm's /dev/kvm: a static or set-user-ID "
			 "program, or LD_PRELOAD was cleared");
	return l->require ? LAUNCH_NO_CLIENT : status;
}

static const struct option_row rows[] = {
#include "cli/exec.def"
};
static const struct option_rows exec_rows = {rows, ARRAY_SIZE(rows)};

static int exec(int argc, char **argv)
{
	struct launch l = LAUNCH_INIT;
	struct option_parser p = {
		.words_end = true,
		.tables = {{&exec_rows, &l, NULL}, {&launch_option_rows, &l, NULL}},
		.ntables = 2,
	};
	int status;

	if (!command_parse(&command_exec, argc, argv, &p, &status))
		return status;
	if (!p.nwords)
		return command_usage(&command_exec);
	l.argv = p.words;
	status = check_seen(&l, launch(&l));
	return summary_finish(&l, status);
}

const struct command command_exec = {
	.name = "exec",
	.about = "run any VMM with a /dev/kvm that has realms",
	.usage = "exec [OPTION...] -- COMMAND [ARGUMENT...]",
	.text = "Run COMMAND so that the /dev/kvm that it opens has Arm CCA realms.\n",
	.more = "Exit status: the command's; 128+N killed by signal N; 127 not found, 126 not\n"
		"executable, 125 with --require: it has not opened /dev/kvm; 2 usage, 1 the\n"
		"backend cannot start.\n",
	.run = exec,
	.options = {&exec_rows, &launch_option_rows},
};
