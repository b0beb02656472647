// SPDX-License-Identifier: BSD-3-Clause
/* why.c - the causes that were found, else where the vCPUs are. */
#include "cli/why.h"

#include <stdlib.h>

#include "cli/printable.h"

static uint64_t number(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? strtoull(text, NULL, 16) : 0;
}

static void print_symbol(FILE *f, const struct symbols *s, uint64_t pc, uint64_t vbar)
{
	char name[600];

	if (!s || !symbols_find(s, pc, vbar, name, sizeof(name)))
		return;
	fprintf(f, " (");
	print_text(f, name);
	fprintf(f, ")");
}

/* A kernel has one VBAR_EL1 on all of its CPUs. */
static uint64_t find_vbar(const json_t *vcpus)
{
	const json_t *one;
	uint64_t vbar = 0;
	size_t i;

	json_array_foreach(vcpus, i, one) vbar = vbar ? vbar : number(one, "vbar");
	return vbar;
}

static void print_vcpu(FILE *f, const json_t *v, const struct symbols *s, uint64_t vbar)
{
	const char *where = json_string_value(json_object_get(v, "where"));

	fprintf(f, "vCPU %lld: %s", (long long)json_integer_value(json_object_get(v, "index")),
		where ? where : "?");
	if (json_is_true(json_object_get(v, "wfi")))
		fprintf(f, ", waits for an interrupt");
	fprintf(f, ", %lld exits", (long long)json_integer_value(json_object_get(v, "exits")));
	if (json_object_get(v, "pc")) {
		fprintf(f, ", PC %s", json_string_value(json_object_get(v, "pc")));
		print_symbol(f, s, number(v, "pc"), vbar);
	}
	fputc('\n', f);
}

static void print_log(FILE *f, const json_t *log, const char *prefix)
{
	const json_t *line;
	size_t i;

	if (!json_array_size(log))
		return;
	fprintf(f, "%sthe kernel's log, read from its memory, ends with:\n", prefix);
	json_array_foreach(log, i, line)
	{
		fprintf(f, "%s  ", prefix);
		print_text(f, json_string_value(line) ? json_string_value(line) : "");
		fputc('\n', f);
	}
}

void why_print(FILE *f, const json_t *why, const char *prefix, const struct symbols *symbols,
	       bool log)
{
	const json_t *causes = json_object_get(why, "causes"), *vcpus, *one;
	uint64_t vbar;
	size_t i;

	vcpus = json_object_get(why, "vcpus");
	vbar = find_vbar(vcpus);
	json_array_foreach(causes, i, one)
	{
		const char *text = json_string_value(json_object_get(one, "text"));

		fprintf(f, "%s", prefix);
		print_text(f, text ? text : "?");
		if (json_object_get(one, "pc"))
			print_symbol(f, symbols, number(one, "pc"), vbar);
		fputc('\n', f);
	}
	if (!json_array_size(causes))
		fprintf(f, "%snothing looks stuck\n", prefix);
	json_array_foreach(vcpus, i, one)
	{
		fprintf(f, "%s", prefix);
		print_vcpu(f, one, symbols, vbar);
	}
	if (log)
		print_log(f, json_object_get(why, "log"), prefix);
}
