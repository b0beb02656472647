// SPDX-License-Identifier: BSD-3-Clause
/* platform.c - softrealm platform create: a simulated platform of one's own. */
#include <stdio.h>
#include <string.h>

#include "attest/platform.h"
#include "base/bits.h"
#include "cli/commands.h"

static const struct option_row rows[] = {
#include "cli/platform.def"
};
static const struct option_rows platform_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	struct option_parser p = {.tables = {{&platform_rows, NULL, NULL}}, .ntables = 1};
	int status;

	if (!command_parse(&command_platform, argc, argv, &p, &status))
		return status;
	if (p.nwords != 2 || strcmp(p.words[0], "create"))
		return command_usage(&command_platform);
	if (platform_create(p.words[1]))
		return EXIT_USAGE;
	printf("%s: created\n", p.words[1]);
	return EXIT_GOOD;
}

const struct command command_platform = {
	.name = "platform",
	.about = "make a test platform of your own",
	.usage = "platform create DIR",
	.text = "\n"
		"Makes DIR with a new platform key: cpak.pem (private, mode 0600), cpak.pub.pem "
		"and\n"
		"cpak.jwk for verifiers, and platform.json, which says what the platform token "
		"says:\n"
		"edit it at will. Use it with --platform DIR. It is still a simulator: the key "
		"proves\n"
		"nothing about hardware.\n",
	.words = "create",
	.run = run,
	.options = {&platform_rows},
};
