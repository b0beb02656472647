// SPDX-License-Identifier: BSD-3-Clause
/* attest_cli.c - the attestation subcommands alone, without the rest of softrealm. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "cli/commands.h"

int main(int argc, char **argv)
{
	static const struct command *const some[] = {&command_endorse, &command_measure,
						     &command_platform, &command_token};

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(some); i++)
		if (!strcmp(argv[1], some[i]->name))
			return some[i]->run(argc - 1, argv + 1);
	return 99;
}
