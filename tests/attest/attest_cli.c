// SPDX-License-Identifier: BSD-3-Clause
/* attest_cli.c - the attestation subcommands alone, without the rest of softrealm. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

const struct command *const commands[] = {&command_endorse, &command_measure, &command_platform,
					  &command_token, NULL};

int main(int argc, char **argv)
{
	for (const struct command *const *c = commands; argc > 1 && *c; c++)
		if (!strcmp(argv[1], (*c)->name))
			return (*c)->run(argc - 1, argv + 1);
	return 99;
}
