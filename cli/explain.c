// SPDX-License-Identifier: BSD-3-Clause
/* explain.c - softrealm explain: what a rule says. */
#include <stdio.h>
#include <string.h>

#include "attest/rules.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
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

static int set_list(void *to, const char *value)
{
	*(bool *)to = true;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/explain.def"
};
static const struct option_rows explain_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	bool all = false;
	struct option_parser p = {.tables = {{&explain_rows, &all, NULL}}, .ntables = 1};
	int status;

	if (!command_parse(&command_explain, argc, argv, &p, &status))
		return status;
	if (p.nwords != !all)
		return command_usage(&command_explain);
	return all ? list() : explain(p.words[0]);
}

const struct command command_explain = {
	.name = "explain",
	.about = "what a refusal means",
	.usage = "explain RULE | --list",
	.text = "What a refusal means, which softrealm names in --explain and --trace.\n",
	.run = run,
	.options = {&explain_rows},
};
