// SPDX-License-Identifier: BSD-3-Clause
/* explain.c - softrealm explain: what a rule says. */
#include <stdio.h>
#include <string.h>

#include "attest/rules.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/revision.h"
#include "kvm/rules.h"
#include "rmm/rules.h"

static const struct rule_table *const tables[] = {&kvm_rules, &rmm_rules, &attest_rules};

/* KVM's rules carry an errno, the RMM's a status. */
static void print_code(const struct rule_table *t, const struct rule *r)
{
	if (t == &rmm_rules)
		printf("status %d", r->code);
	else
		printf("%s", strerrorname_np(r->code));
}

static int explain(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (size_t n = 0; n < tables[i]->count; n++) {
			const struct rule *r = tables[i]->rules[n];

			if (strcmp(r->name, name))
				continue;
			printf("%s (", r->name);
			print_code(tables[i], r);
			printf(")\nwrong:  %s\nright:  %s\nsource: %s\n", r->wrong, r->right,
			       r->source);
			return EXIT_GOOD;
		}
	}
	log_error("there is no rule \"%s\" (see --list)", name);
	return EXIT_REFUSED;
}

static int list(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (size_t n = 0; n < tables[i]->count; n++)
			printf("%-36s %s\n", tables[i]->rules[n]->name, tables[i]->rules[n]->wrong);
	return EXIT_GOOD;
}

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

struct explain {
	bool list, diff, table;
};

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
	if (e.diff && p.nwords == 2)
		return diff(p.words[0], p.words[1]);
	if (e.diff || p.nwords != !(e.list || e.table))
		return command_usage(&command_explain);
	return e.table ? table() : e.list ? list() : explain(p.words[0]);
}

const struct command command_explain = {
	.name = "explain",
	.about = "what a refusal means; in what revisions differ",
	.usage = "explain RULE | --list | --diff REVISION REVISION | --revisions",
	.text = "What a refusal means, which softrealm names in --explain and --trace; or what a\n"
		"VMM has to change from one revision of the ABI to another.\n",
	.run = run,
	.options = {&explain_rows},
};
