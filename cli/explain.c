// SPDX-License-Identifier: BSD-3-Clause
/* explain.c - softrealm explain: its command line; in what revisions differ. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/revision.h"
#include "kvm/kvm.h"

/* ---- revisions ---- */

/* What changes for a VMM, one thing a line, with where it is said. */
static int diff(const char *from, const char *to)
{
	const struct kvm_revision *a = revision_parse(from), *b = revision_parse(to);
	char was[64], now[64];

	if (!a || !b)
		return EXIT_USAGE;
	printf("%-38s %-28s %-30s %s\n", "", from, to, "source");
	for (size_t i = 0; i < kvm_trait_count(); i++) {
		kvm_trait_text(i, a, was, sizeof(was));
		kvm_trait_text(i, b, now, sizeof(now));
		if (strcmp(was, now))
			printf("%-38s %-28s %-30s %s\n", kvm_trait_name(i), was, now,
			       kvm_trait_source(i));
	}
	return EXIT_GOOD;
}

/* Each thing and what it is in each revision: what the manual's table is made from. */
static int table(void)
{
	char text[64];

	for (size_t i = 0; i < kvm_trait_count(); i++) {
		printf("%s", kvm_trait_name(i));
		for (size_t r = 0; r < kvm_num_revisions; r++) {
			kvm_trait_text(i, kvm_revisions[r], text, sizeof(text));
			printf("\t%s=%s", kvm_revision_name(kvm_revisions[r]), text);
		}
		printf("\n");
	}
	return EXIT_GOOD;
}

static int set_list(void *to, const char *value)
{
	((struct explain *)to)->list = true;
	return 0;
}

static int set_diff(void *to, const char *value)
{
	((struct explain *)to)->diff = true;
	return 0;
}

static int set_table(void *to, const char *value)
{
	((struct explain *)to)->table = true;
	return 0;
}

static int set_json(void *to, const char *value)
{
	((struct explain *)to)->json = true;
	return 0;
}

static int set_abi(void *to, const char *value)
{
	struct explain *e = to;

	e->revision = revision_parse(value);
	return e->revision ? 0 : -EINVAL;
}

static const struct option_row rows[] = {
#include "cli/explain.def"
};
static const struct option_rows explain_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	struct explain e = {0};
	struct option_parser p = {.tables = {{&explain_rows, &e, NULL}}, .ntables = 1};
	int status;

	if (!command_parse(&command_explain, argc, argv, &p, &status))
		return status;
	if (e.diff && p.nwords == 2 && !e.json)
		return diff(p.words[0], p.words[1]);
	if (e.table && !p.nwords && !e.json)
		return table();
	if (e.list && !p.nwords)
		return explain_list(e.json);
	if (e.diff || e.table || e.list || p.nwords < 1 || p.nwords > 2)
		return command_usage(&command_explain);
	return explain(p.words[0], p.words[1], &e);
}

const struct command command_explain = {
	.name = "explain",
	.about = "what a refusal means; in what revisions differ",
	.usage = "explain RULE | CALL [ANSWER] | --list | --diff REVISION REVISION | --revisions",
	.text = "What a refusal means, which softrealm names in --explain and --trace; which rules "
		"a\n"
		"call can break, all or those with one answer (KVM_CREATE_VM EINVAL); or what a "
		"VMM\n"
		"has to change from one revision of the ABI to another.\n",
	.word = explain_word,
	.run = run,
	.options = {&explain_rows},
};
