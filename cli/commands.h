/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * commands.h - the subcommands of softrealm. Each is one constant object, from which its help and
 * its completion are made as well.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "base/option.h"

/* Exit statuses that all subcommands but run, exec and check share. */
enum {
	EXIT_GOOD = 0,
	EXIT_REFUSED = 1, /* a token, a ledger, a rule: the answer is no */
	EXIT_USAGE = 2,	  /* the command line is wrong, or a file cannot be used */
};

struct command {
	const char *name;
	const char *about; /* one line, for the list of commands */
	const char *usage; /* what follows "usage: softrealm " */
	const char *text;  /* a paragraph for the help, or NULL */
	const char *more;  /* what the help says after the options, or NULL */
	/* What the first words can be: "a|b"; later ones, and all if this is NULL, are files. */
	const char *words;
	/* ... where they are many: the i-th; NULL: there are fewer. */
	const char *(*word)(size_t i);
	/* argv[0] is the subcommand's name; the exit status. */
	int (*run)(int argc, char **argv);
	const struct option_rows *options[5]; /* ended by NULL */
};

extern const struct command command_bug_report, command_check, command_complete, command_demo,
	command_endorse, command_exec, command_initrd, command_explain, command_host, command_info,
	command_inspect, command_kernel, command_matrix, command_measure, command_platform,
	command_run, command_report, command_token, command_trace;

extern const struct command *const commands[]; /* ended by NULL */

/* Its help, to standard output. EXIT_GOOD. */
int command_help(const struct command *c);
/* Its usage, to standard error, after which the caller ends with EXIT_USAGE. */
int command_usage(const struct command *c);

/*
 * option_parse by the tables that the caller has put into p. Help and version are printed as they
 * come. True: go on; false: end with *status.
 */
bool command_parse(const struct command *c, int argc, char **argv, struct option_parser *p,
		   int *status);

#endif
