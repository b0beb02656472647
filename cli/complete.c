// SPDX-License-Identifier: BSD-3-Clause
/*
 * complete.c - softrealm complete: what the shells ask when the Tab key is pressed.
 *
 * `softrealm complete [WORD...]` gets the words after "softrealm", the last one being what is
 * typed just now, and prints a candidate a line: the word, a tab, what it means. A line ":files"
 * or ":dirs" leaves the rest to the shell.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "kvm/kvm.h"

static void candidate(const char *word, const char *typed, const char *about)
{
	if (!strncmp(word, typed, strlen(typed)))
		printf("%s\t%s\n", word, about);
}

/* Those of "a|b|c" that begin with what is typed. */
static void choices(const char *list, const char *typed)
{
	char word[80];

	while (*list) {
		int len = (int)strcspn(list, "|");

		snprintf(word, sizeof(word), "%.*s", len, list);
		candidate(word, typed, "");
		list += len + (list[len] == '|');
	}
}

static void complete_value(const char *arg, const char *typed)
{
	if (!strncmp(arg, "FILE", 4))
		puts(":files");
	else if (!strncmp(arg, "DIR", 3))
		puts(":dirs");
	else if (!strcmp(arg, "REVISION"))
		for (size_t i = 0; i < kvm_num_revisions; i++)
			candidate(kvm_revision_name(kvm_revisions[i]), typed, "");
	else if (strchr(arg, '|'))
		choices(arg, typed);
}

/* The option that a word names, without the value that it may hold. */
static const struct option_row *find(const struct command *c, const char *word)
{
	for (size_t t = 0; word[0] == '-' && c->options[t]; t++)
		for (size_t i = 0; i < c->options[t]->count; i++) {
			const struct option_row *r = &c->options[t]->row[i];
			size_t len = r->name ? strlen(r->name) : 0;

			if (len && ((word[1] == '-' && !strncmp(word + 2, r->name, len) &&
				     (!word[2 + len] || word[2 + len] == '=')) ||
				    (r->letter && word[1] == r->letter && !word[2])))
				return r;
		}
	return NULL;
}

static void complete_option(const struct command *c, const char *typed)
{
	char name[64];

	for (size_t t = 0; c->options[t]; t++)
		for (size_t i = 0; i < c->options[t]->count; i++) {
			const struct option_row *r = &c->options[t]->row[i];

			if (!r->name || !r->help)
				continue;
			snprintf(name, sizeof(name), "--%s", r->name);
			candidate(name, typed, r->help);
		}
}

static void complete_in(const struct command *c, int n, char **words)
{
	const char *typed = words[n - 1], *equals = strchr(typed, '=');
	const struct option_row *before = n > 1 ? find(c, words[n - 2]) : NULL;
	const struct option_row *this = equals ? find(c, typed) : NULL;

	if (this && this->arg)
		complete_value(this->arg, equals + 1);
	else if (before && before->arg && !strchr(words[n - 2], '='))
		complete_value(before->arg, typed);
	else if (typed[0] == '-')
		complete_option(c, typed);
	else if (n == 1 && c->words)
		choices(c->words, typed);
	else if (n == 1 && c->word)
		for (size_t i = 0; c->word(i); i++)
			candidate(c->word(i), typed, "");
	else
		puts(":files");
}

static int run(int argc, char **argv)
{
	const char *typed = argc > 1 ? argv[argc - 1] : "";

	for (const struct command *const *c = commands; *c; c++)
		if (argc <= 2 && (*c)->about)
			candidate((*c)->name, typed, (*c)->about);
		else if (argc > 2 && !strcmp((*c)->name, argv[1]))
			complete_in(*c, argc - 2, argv + 2);
	if (argc <= 2)
		choices("help|version", typed);
	return EXIT_GOOD;
}

const struct command command_complete = {
	.name = "complete",
	.usage = "complete [WORD...]",
	.run = run,
	.options = {NULL},
};
