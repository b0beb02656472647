// SPDX-License-Identifier: BSD-3-Clause
/* explain.c - softrealm explain: what a rule says. */
#include <stdio.h>
#include <string.h>

#include "attest/rules.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "kvm/rules.h"
#include "rmm/rules.h"

static const struct rule_table *const tables[] = {&kvm_rules, &rmm_rules, &attest_rules};

static const char usage[] =
	"usage: softrealm explain RULE | --list\n"
	"What a refusal means, which softrealm names in --explain and --trace.\n";

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
	log_error("explain: there is no rule \"%s\" (see --list)", name);
	return EXIT_REFUSED;
}

static int list(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (size_t n = 0; n < tables[i]->count; n++)
			printf("%-36s %s\n", tables[i]->rules[n]->name, tables[i]->rules[n]->wrong);
	return EXIT_GOOD;
}

int cmd_explain(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return EXIT_GOOD;
	}
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	if (argc == 2 && argv[1][0] != '-')
		return explain(argv[1]);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
