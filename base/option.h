/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * option.h - command lines: tables of options, and what is made of them.
 *
 * A table's rows stand in a .def file. Parser, help, completion (cli/complete.c) and the OPTIONS
 * of the manual pages (man/page.py) all come from there. Each line of a .def file is
 *
 *	OPTION(name, letter, argument, help, function, manual)	or	OPTION_GROUP(heading)
 *
 * "name" has no dashes; letter 0: there is none. The argument is NULL for a switch, else the name
 * of the value, which also says what completes it: "FILE..." and "DIR..." paths, "a|b" one of
 * these words. A row whose help is NULL is internal: it is parsed, but neither shown nor completed.
 * The manual's text ("": the help) marks `bold` text and the argument's own words by itself.
 *
 * Everywhere "--name VALUE", "--name=VALUE", "-n VALUE" and "-nVALUE" are the same, a value may
 * begin with a dash, options and words may be mixed, and "--" ends the options.
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct option_row {
	const char *name; /* NULL: a heading, whose text is help */
	char letter;
	const char *arg;
	const char *help;
	/* Stores the value: 0, or -EINVAL after a message. NULL: see option_parse. */
	int (*set)(void *to, const char *value);
};

#define OPTION(name, letter, arg, help, set, manual) {name, letter, arg, help, set},
#define OPTION_GROUP(heading)			     {NULL, 0, NULL, heading, NULL},

struct option_rows {
	const struct option_row *row;
	size_t count;
};

struct option_table {
	const struct option_rows *rows;
	void *to;
	/* What is done with an option of this table; NULL: its row's set. The same answers. */
	int (*take)(void *to, const struct option_row *row, const char *value);
};

#define OPTION_MAX_TABLES 6

struct option_parser {
	const char *command; /* for messages: whose --help to see */
	bool words_end;	     /* the first word ends the options: it is another command */
	struct option_table tables[OPTION_MAX_TABLES]; /* the first that has a name wins */
	unsigned int ntables;
	/* What option_parse found: the words that are no options; a part of argv, ended by NULL. */
	char **words;
	int nwords;
	int ndashed; /* how many of them came after a "--" */
};

/* An option's row as `--name ARG`, as help and messages show it. */
void option_name(const struct option_row *row, char *buf, size_t size);

/*
 * Parses argv[1] and on, and reorders them. 0: done; a letter: a row with this letter and without
 * set came (--help, --version), the rest is not parsed; -EINVAL: the command line is wrong, and a
 * message says how.
 */
int option_parse(struct option_parser *p, int argc, char **argv);

/*
 * The value of the last --name before option_parse, which is not run for it; NULL: not given, or
 * the command line is wrong.
 */
const char *option_peek(const struct option_parser *p, int argc, char **argv, const char *name);

/* The rows for a terminal, headings included. */
void option_help(FILE *f, const struct option_rows *rows);

/* For set functions: log "--name: "value" is not right", and -EINVAL. */
int option_wrong(const char *option, const char *value, const char *right);

/* A decimal number from min to max. 0, or -EINVAL after a message. */
int option_number(const char *option, const char *value, unsigned long long min,
		  unsigned long long max, unsigned long long *out);

/* The index of value in a|b|c, or -EINVAL after a message. */
int option_choice(const char *option, const char *value, const char *choices);

#endif
