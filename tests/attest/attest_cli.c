// SPDX-License-Identifier: BSD-3-Clause
/* attest_cli.c - the attestation subcommands alone, without the rest of softrealm. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "cli/commands.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{"endorse", cmd_endorse},
		{"measure", cmd_measure},
		{"platform", cmd_platform},
		{"token", cmd_token},
	};

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return 99;
}
