// SPDX-License-Identifier: BSD-3-Clause
/* commands.c - what all subcommands do the same way: help, usage, parsing. */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>

#include "cli/config.h"

int command_help(const struct command *c)
{
	printf("usage: softrealm %s\n", c->usage);
	if (c->text)
		printf("%s", c->text);
	for (size_t i = 0; c->options[i]; i++) {
		if (c->options[i]->row[0].name)
			printf("\n");
		option_help(stdout, c->options[i]);
	}
	if (c->more)
		printf("\n%s", c->more);
	return EXIT_GOOD;
}

int command_usage(const struct command *c)
{
	fprintf(stderr, "usage: softrealm %s\n", c->usage);
	return EXIT_USAGE;
}

bool command_parse(const struct command *c, int argc, char **argv, struct option_parser *p,
		   int *status)
{
	char name[40];

	snprintf(name, sizeof(name), "softrealm %s", c->name);
	p->command = name;
	if (config_apply(c, p, argc, argv)) {
		*status = EXIT_USAGE;
		return false;
	}
	switch (option_parse(p, argc, argv)) {
	case 0:
		return true;
	case 'h':
		*status = command_help(c);
		break;
	case 'V':
		printf("softrealm %s\n", SOFTREALM_VERSION);
		*status = EXIT_GOOD;
		break;
	default:
		*status = EXIT_USAGE;
	}
	return false;
}
