// SPDX-License-Identifier: BSD-3-Clause
/* platform.c - softrealm platform create: a simulated platform of one's own. */
#include <stdio.h>
#include <string.h>

#include "attest/platform.h"
#include "cli/commands.h"
#include "cli/input.h"

static const char usage[] =
	"usage: softrealm platform create DIR\n"
	"\n"
	"Makes DIR with a new platform key: cpak.pem (private, mode 0600), cpak.pub.pem and\n"
	"cpak.jwk for verifiers, and platform.json, which says what the platform token says: edit\n"
	"it at will. Use it with --platform DIR. It is still a simulator: the key proves nothing\n"
	"about hardware.\n";

int cmd_platform(int argc, char **argv)
{
	if (input_wants_help(argc, argv)) {
		fputs(usage, stdout);
		return EXIT_GOOD;
	}
	if (argc != 3 || strcmp(argv[1], "create") || argv[2][0] == '-') {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (platform_create(argv[2]))
		return EXIT_USAGE;
	printf("%s: created\n", argv[2]);
	return EXIT_GOOD;
}
