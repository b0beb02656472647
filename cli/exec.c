// SPDX-License-Identifier: BSD-3-Clause
/* exec.c - softrealm exec: run any VMM with a /dev/kvm that has realms. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/launcher.h"
#include "cli/options.h"
#include "cli/summary.h"

static void help(FILE *f)
{
	fprintf(f, "usage: softrealm exec [OPTION...] -- COMMAND [ARGUMENT...]\n"
		   "Run COMMAND so that the /dev/kvm that it opens has Arm CCA realms.\n\n");
	launch_options_help(f);
	fprintf(f,
		"  %-26s root of an arm64 COMMAND on another host\n"
		"  %-26s only the command's own output\n"
		"\nExit status: the command's; 128+N killed by signal N; 127 not found, 126 not\n"
		"executable, 2 usage, 1 the backend cannot start.\n",
		"--sysroot DIR", "--quiet");
}

/* Index of the command in argv; 0: there is none, or an option is wrong (logged); -1: help. */
static int parse(int argc, char **argv, struct launch *l)
{
	int i = 1, n;

	while (i < argc && argv[i][0] == '-') {
		if (!strcmp(argv[i], "--"))
			return i + 1 < argc ? i + 1 : 0;
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return -1;
		n = launch_options_take(l, argv + i);
		if (n < 0)
			return 0;
		if (!strcmp(argv[i], "--quiet") || !strcmp(argv[i], "-q")) {
			l->quiet = true;
			n = 1;
		} else if (!strcmp(argv[i], "--sysroot") && argv[i + 1]) {
			l->sysroot = argv[i + 1];
			n = 2;
		} else if (!n) {
			log_error("exec: %s is not an option", argv[i]);
			return 0;
		}
		i += n;
	}
	return i < argc ? i : 0;
}

int cmd_exec(int argc, char **argv)
{
	struct launch l = LAUNCH_INIT;
	int at = parse(argc, argv, &l), status;

	if (at < 0) {
		help(stdout);
		return 0;
	}
	if (!at) {
		log_error("usage: softrealm exec [OPTION...] -- COMMAND [ARGUMENT...]");
		return LAUNCH_USAGE;
	}
	l.argv = argv + at;
	status = launch(&l);
	if (summary_finish(&l, status))
		return status ? status : LAUNCH_FAILED;
	return status;
}
