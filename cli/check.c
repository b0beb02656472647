// SPDX-License-Identifier: BSD-3-Clause
/*
 * check.c - softrealm check: the conformance suite against softrealm; with --kvm real against the
 * machine's own /dev/kvm. What is not the launcher's option is the suite's.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/launcher.h"
#include "cli/options.h"
#include "cli/summary.h"

static int take(struct launch *l, char **argv)
{
	if (!strcmp(argv[0], "--kvm") && argv[1] &&
	    (!strcmp(argv[1], "real") || !strcmp(argv[1], "soft"))) {
		l->real = !strcmp(argv[1], "real");
		return 2;
	}
	return launch_options_take(l, argv);
}

int cmd_check(int argc, char **argv)
{
	struct launch l = LAUNCH_INIT;
	char program[PATH_MAX];
	int n, count = 0, status = LAUNCH_FAILED;

	l.argv = calloc(argc + 1, sizeof(*l.argv));
	if (!l.argv)
		return LAUNCH_FAILED;
	l.argv[count++] = program;
	for (int i = 1; i < argc; i += n ? n : 1) {
		n = take(&l, argv + i);
		if (n < 0) {
			free(l.argv);
			return LAUNCH_USAGE;
		}
		/* The revision is a matter of both. */
		for (int k = 0; k < n && !strncmp(argv[i], "--abi", 5); k++)
			l.argv[count++] = argv[i + k];
		if (!n)
			l.argv[count++] = argv[i];
	}
	if (!files_check(program, sizeof(program))) {
		status = launch(&l);
		l.quiet = true;
		if (summary_finish(&l, status) && !status)
			status = LAUNCH_FAILED;
	}
	free(l.argv);
	return status;
}
