// SPDX-License-Identifier: BSD-3-Clause
/*
 * demo.c - softrealm demo: Debian's kernel boots in a realm and attests itself. What it does is in
 * a script (demo/demo) of ordinary commands, which a reader can repeat.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/files.h"

static const struct option_row rows[] = {
#include "cli/demo.def"
};
static const struct option_rows demo_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	char own[PATH_MAX], script[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return command_help(&command_demo);
	if (n < 0 || files_script("demo", script, sizeof(script)))
		return EXIT_USAGE;
	own[n] = 0;
	if (setenv("SOFTREALM", own, 1)) {
		log_errno(errno, "the environment");
		return EXIT_REFUSED;
	}
	execv(script, argv);
	log_errno(errno, "%s", script);
	return EXIT_USAGE;
}

const struct command command_demo = {
	.name = "demo",
	.about = "boot Debian's kernel in a realm and let it attest itself",
	.usage = "demo [--relying-party] [RUN-OPTION...]",
	.text = "Fetch Debian's newest arm64 cloud kernel, boot it in a realm, and verify the "
		"token\n"
		"that the realm asks for. The options of softrealm run win over the demo's.\n",
	.run = run,
	.options = {&demo_rows},
};
