// SPDX-License-Identifier: BSD-3-Clause
/* main.c - the softrealm command: a table of subcommands. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", cmd_run, "boot an arm64 kernel in a realm"},
	{"exec", cmd_exec, "run any VMM with a /dev/kvm that has realms"},
	{"check", cmd_check, "judge a /dev/kvm: does it answer as the ABI says?"},
	{"explain", cmd_explain, "what a refusal means"},
	{"info", cmd_info, "the platform and every call"},
	{"token", cmd_token, "show or verify an attestation token"},
	{"platform", cmd_platform, "make a test platform of your own"},
	{"measure", cmd_measure, "predict a realm's initial measurement"},
	{"endorse", cmd_endorse, "write trust anchors and reference values"},
	{"version", cmd_version, "print the version"},
	{"help", cmd_help, "print this"},
};

static void help(FILE *f)
{
	fprintf(f, "usage: softrealm COMMAND [OPTION...]\n"
		   "Arm CCA realms without the hardware, behind the KVM ABI.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(f, "\nEach has a --help of its own. A tool for tests: it isolates nothing.\n");
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int cmd_help(int argc, char **argv)
{
	const struct command *c = argc > 1 ? find(argv[1]) : NULL;
	char *args[] = {argc > 1 ? argv[1] : NULL, "--help", NULL};

	if (c && c->run != cmd_help && c->run != cmd_version)
		return c->run(2, args);
	help(stdout);
	return EXIT_GOOD;
}

static int cmd_version(int argc, char **argv)
{
	printf("softrealm %s\n", SOFTREALM_VERSION);
	return EXIT_GOOD;
}

int main(int argc, char **argv)
{
	const struct command *c;

	signal(SIGPIPE, SIG_DFL);
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(1, argv);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return cmd_version(1, argv);
	c = find(argv[1]);
	if (!c) {
		log_error("there is no command \"%s\": see softrealm --help", argv[1]);
		return EXIT_USAGE;
	}
	return c->run(argc - 1, argv + 1);
}
