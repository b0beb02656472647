// SPDX-License-Identifier: BSD-3-Clause
/* option.c - parses a command line by tables, and prints them. */
#include "base/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define HELP_COLUMN 28

static const struct option_row *find_in(const struct option_rows *rows, const char *name,
					size_t len, char letter)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct option_row *r = &rows->row[i];

		if (!r->name)
			continue;
		if (letter ? r->letter == letter : !strncmp(r->name, name, len) && !r->name[len])
			return r;
	}
	return NULL;
}

static const struct option_row *find(const struct option_parser *p, const char *name, size_t len,
				     char letter, const struct option_table **table)
{
	const struct option_row *r = NULL;

	for (unsigned int i = 0; !r && i < p->ntables; i++) {
		*table = &p->tables[i];
		r = find_in((*table)->rows, name, len, letter);
	}
	return r;
}

static int refuse(const struct option_parser *p, const char *dashes, const char *name, int len,
		  const char *what, const char *more)
{
	log_error("%s%.*s: %s%s (see %s --help)", dashes, len, name, what, more, p->command);
	return -EINVAL;
}

static int give(const struct option_table *t, const struct option_row *r, const char *value)
{
	if (t->take)
		return t->take(t->to, r, value);
	return r->set ? r->set(t->to, value) : r->letter;
}

/* "--name[=VALUE]". What give answers; *used arguments were taken. */
static int take_long(const struct option_parser *p, char **argv, int *used)
{
	const char *name = argv[0] + 2, *value = strchr(name, '=');
	int len = (int)(value ? (size_t)(value - name) : strlen(name));
	const struct option_table *t = NULL;
	const struct option_row *r = find(p, name, (size_t)len, 0, &t);

	*used = 1;
	if (!r)
		return refuse(p, "--", name, len, "there is no such option", "");
	if (!r->arg)
		return value ? refuse(p, "--", name, len, "it takes no value", "")
			     : give(t, r, NULL);
	if (value)
		return give(t, r, value + 1);
	if (!argv[1])
		return refuse(p, "--", name, len, "it needs a value: ", r->arg);
	*used = 2;
	return give(t, r, argv[1]);
}

/* "-abc", "-aVALUE", "-a VALUE". */
static int take_letters(const struct option_parser *p, char **argv, int *used)
{
	const struct option_table *t = NULL;
	int ret = 0;

	*used = 1;
	for (const char *s = argv[0] + 1; *s && !ret; s++) {
		const struct option_row *r = find(p, "", 0, *s, &t);

		if (!r)
			return refuse(p, "-", s, 1, "there is no such option", "");
		if (!r->arg) {
			ret = give(t, r, NULL);
			continue;
		}
		if (s[1])
			return give(t, r, s + 1);
		if (!argv[1])
			return refuse(p, "-", s, 1, "it needs a value: ", r->arg);
		*used = 2;
		return give(t, r, argv[1]);
	}
	return ret;
}

int option_parse(struct option_parser *p, int argc, char **argv)
{
	int i = 1, used, ret = 0;

	p->words = argv + (argc > 0);
	p->nwords = p->ndashed = 0;
	while (i < argc && !ret) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (p->words_end)
				break;
			p->words[p->nwords++] = argv[i++];
			continue;
		}
		ret = argv[i][1] == '-' ? take_long(p, argv + i, &used)
					: take_letters(p, argv + i, &used);
		i += used;
	}
	if (ret)
		return ret;
	for (; i < argc; i++, p->ndashed++)
		p->words[p->nwords++] = argv[i];
	if (argc > 0)
		p->words[p->nwords] = NULL;
	return 0;
}

/* How many arguments the one at argv[0] takes, by the tables. */
static int span(const struct option_parser *p, char **argv)
{
	const struct option_table *t;
	const struct option_row *r;

	if (argv[0][1] == '-') {
		size_t len = strcspn(argv[0] + 2, "=");

		r = find(p, argv[0] + 2, len, 0, &t);
		return r && r->arg && !argv[0][2 + len] && argv[1] ? 2 : 1;
	}
	for (const char *s = argv[0] + 1; *s; s++) {
		r = find(p, "", 0, *s, &t);
		if (r && r->arg)
			return !s[1] && argv[1] ? 2 : 1;
	}
	return 1;
}

const char *option_peek(const struct option_parser *p, int argc, char **argv, const char *name)
{
	size_t len = strlen(name);
	const char *value = NULL;
	int n;

	for (int i = 1; i < argc && strcmp(argv[i], "--"); i += n) {
		bool word = argv[i][0] != '-' || !argv[i][1];

		if (word && p->words_end)
			break;
		n = word ? 1 : span(p, argv + i);
		if (word || strncmp(argv[i], "--", 2) || strncmp(argv[i] + 2, name, len))
			continue;
		if (argv[i][2 + len] == '=')
			value = argv[i] + 3 + len;
		else if (!argv[i][2 + len] && n == 2)
			value = argv[i + 1];
	}
	return value;
}

void option_name(const struct option_row *row, char *buf, size_t size)
{
	snprintf(buf, size, "--%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");
}

static void help_row(FILE *f, const struct option_row *r)
{
	char left[80];
	int n;

	option_name(r, left, sizeof(left));
	n = r->letter ? fprintf(f, "  -%c, %s", r->letter, left) : fprintf(f, "      %s", left);
	if (n > HELP_COLUMN)
		n = fprintf(f, "\n") - 1;
	fprintf(f, "%*s  %s\n", HELP_COLUMN - n, "", r->help);
}

void option_help(FILE *f, const struct option_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct option_row *r = &rows->row[i];

		if (!r->name)
			fprintf(f, "\n%s:\n", r->help);
		else if (r->help)
			help_row(f, r);
	}
}

int option_wrong(const char *option, const char *value, const char *right)
{
	log_error("%s: \"%s\" is not %s", option, value, right);
	return -EINVAL;
}

int option_number(const char *option, const char *value, unsigned long long min,
		  unsigned long long max, unsigned long long *out)
{
	char right[80], *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	if (!errno && end != value && !*end && *value != '-' && *out >= min && *out <= max)
		return 0;
	snprintf(right, sizeof(right), "a number from %llu to %llu", min, max);
	return option_wrong(option, value, right);
}

int option_choice(const char *option, const char *value, const char *choices)
{
	size_t len = strlen(value);
	int i = 0;

	for (const char *c = choices;; c++, i++) {
		if (len && !strncmp(c, value, len) && (!c[len] || c[len] == '|') &&
		    !memchr(value, '|', len))
			return i;
		c = strchr(c, '|');
		if (!c)
			return option_wrong(option, value, choices);
	}
}
