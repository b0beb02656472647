// SPDX-License-Identifier: BSD-3-Clause
/* main.c - the softrealm command: the list of subcommands. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/commands.h"

const struct command *const commands[] = {
	&command_run,	  &command_exec,       &command_demo,	  &command_kernel,
	&command_initrd,  &command_matrix,     &command_host,	  &command_inspect,
	&command_check,	  &command_explain,    &command_info,	  &command_token,
	&command_trace,	  &command_report,     &command_measure,  &command_platform,
	&command_endorse, &command_bug_report, &command_complete, NULL,
};

static void help(FILE *f)
{
	fprintf(f, "usage: softrealm COMMAND [OPTION...]\n"
		   "Arm CCA realms without the hardware, behind the KVM ABI.\n\n");
	for (const struct command *const *c = commands; *c; c++)
		if ((*c)->about)
			fprintf(f, "  %-10s %s\n", (*c)->name, (*c)->about);
	fprintf(f, "  %-10s %s\n  %-10s %s\n", "version", "print the version", "help",
		"print this, or with COMMAND its help");
	fprintf(f, "\nEach has a --help of its own. A tool for tests: it isolates nothing.\n");
}

static const struct command *find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	log_error("there is no command \"%s\": see softrealm --help", name);
	return NULL;
}

static bool is_one_of(const char *arg, const char *a, const char *b, const char *c)
{
	return !strcmp(arg, a) || !strcmp(arg, b) || !strcmp(arg, c);
}

/* What was printed and could not be written is a failure as well. */
static int flush_output(int status)
{
	if (!ferror(stdout) && !fflush(stdout))
		return status;
	log_errno(errno, "standard output");
	return status ? status : EXIT_REFUSED;
}

static int run(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (is_one_of(argv[1], "version", "--version", "-V")) {
		printf("softrealm %s\n", SOFTREALM_VERSION);
		return EXIT_GOOD;
	}
	if (is_one_of(argv[1], "help", "--help", "-h")) {
		c = argc > 2 ? find(argv[2]) : NULL;
		if (c)
			return command_help(c);
		if (argc == 2)
			help(stdout);
		return argc == 2 ? EXIT_GOOD : EXIT_USAGE;
	}
	c = find(argv[1]);
	return c ? c->run(argc - 1, argv + 1) : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	/* What is opened below must not pass for a standard descriptor that the caller closed. */
	fd_open_std();
	signal(SIGPIPE, SIG_DFL);
	return flush_output(run(argc, argv));
}
