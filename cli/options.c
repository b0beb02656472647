// SPDX-License-Identifier: BSD-3-Clause
/* options.c - the launcher's own options. */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/fault.h"
#include "base/log.h"
#include "cli/revision.h"
#include "machine/memory.h"

struct option_row {
	const char *name;
	const char *arg; /* NULL: takes none */
	const char *help;
	int (*set)(struct launch *l, const char *value);
};

static int wrong(const char *option, const char *value, const char *right)
{
	log_error("%s: \"%s\" is not %s", option, value, right);
	return -EINVAL;
}

static int set_explain(struct launch *l, const char *value)
{
	l->backend.explain = true;
	return 0;
}

static int set_trace(struct launch *l, const char *value)
{
	l->trace = value;
	return 0;
}

static int set_summary(struct launch *l, const char *value)
{
	l->summary = value;
	return 0;
}

static int set_measurement_log(struct launch *l, const char *value)
{
	l->measurement_log = value;
	return 0;
}

static int set_abi(struct launch *l, const char *value)
{
	l->backend.revision = revision_parse(value);
	return l->backend.revision ? 0 : -EINVAL;
}

static int set_ram(struct launch *l, const char *value)
{
	static const char units[] = "KMGT";
	char *end;
	unsigned long long n = strtoull(value, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (unit && *unit) {
		n = n > ~0ULL >> 50 ? 0 : n << 10 * (unit - units + 1);
		end++;
	}
	if (*end || *value == '-' || n <= MACHINE_RESERVED || n > UINT64_C(1) << 47 ||
	    !IS_ALIGNED(n, GRANULE_SIZE))
		return wrong("--ram", value, "a size such as 8G (above 64M)");
	l->backend.ram = n;
	return 0;
}

static int set_platform(struct launch *l, const char *value)
{
	l->backend.attest.dir = value;
	return 0;
}

static int set_deterministic(struct launch *l, const char *value)
{
	l->backend.attest.deterministic = true;
	return 0;
}

static int set_lifecycle(struct launch *l, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 0);

	if (*end || !*value || !n || n > 0xffff)
		return wrong("--lifecycle", value,
			     "a value of the lifecycle claim, such as 0x3000");
	l->backend.attest.lifecycle = n;
	return 0;
}

static int set_token_form(struct launch *l, const char *value)
{
	if (!strcmp(value, "eat"))
		l->backend.attest.form = ATTEST_FORM_EAT;
	else if (!strcmp(value, "cmw"))
		l->backend.attest.form = ATTEST_FORM_CMW;
	else if (!strcmp(value, "legacy"))
		l->backend.attest.form = ATTEST_FORM_LEGACY;
	else
		return wrong("--token-form", value, "eat, cmw or legacy");
	return 0;
}

/* Armed here; the backend inherits it by fork. */
static int set_fault(struct launch *l, const char *value)
{
	char why[128];

	if (!fault_add(value, why, sizeof(why)))
		return 0;
	log_error("--fault %s: %s", value, why);
	return -EINVAL;
}

static const struct option_row rows[] = {
	{"--explain", NULL, "say why, for each refused KVM call", set_explain},
	{"--trace", "FILE", "write every call (KVM, RMI, RSI) as JSON lines", set_trace},
	{"--summary", "FILE", "write how the run went, as JSON", set_summary},
	{"--measurement-log", "FILE", "write each extension of RIM and REMs as JSON lines",
	 set_measurement_log},
	{"--abi", "REVISION", "revision of the ABI (v12)", set_abi},
	{"--ram", "SIZE", "physical memory of the simulated machine (36G, used as touched)",
	 set_ram},
	{"--fault", "SPEC", "make a call fail; repeatable (softrealm-exec(1))", set_fault},
	{"--platform", "DIR", "attest as this platform (softrealm platform create)", set_platform},
	{"--deterministic", NULL, "same inputs, same token bytes", set_deterministic},
	{"--lifecycle", "N", "security lifecycle that tokens claim", set_lifecycle},
	{"--token-form", "FORM", "eat (default), cmw or legacy", set_token_form},
};

int launch_options_take(struct launch *l, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct option_row *row = &rows[i];
		size_t len = strlen(row->name);
		int r;

		if (strncmp(argv[0], row->name, len) || (argv[0][len] && argv[0][len] != '='))
			continue;
		if (row->arg && !argv[0][len] && !argv[1]) {
			log_error("%s needs a value: %s", row->name, row->arg);
			return -EINVAL;
		}
		if (!row->arg && argv[0][len]) {
			log_error("%s takes no value", row->name);
			return -EINVAL;
		}
		r = row->set(l, argv[0][len] ? argv[0] + len + 1 : argv[1]);
		return r ? r : row->arg && !argv[0][len] ? 2 : 1;
	}
	return 0;
}

void launch_options_help(FILE *f)
{
	char left[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(left, sizeof(left), "%s %s", rows[i].name, rows[i].arg ? rows[i].arg : "");
		fprintf(f, "  %-26s %s\n", left, rows[i].help);
	}
}
