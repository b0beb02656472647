// SPDX-License-Identifier: BSD-3-Clause
/* trace_text.c - a trace as lines that look like strace's. */
#include <inttypes.h>

#include "cli/trace.h"

static void write_who(FILE *f, const struct trace_item *it)
{
	char who[32] = "-";

	if (it->vcpu >= 0)
		snprintf(who, sizeof(who), "%" PRIu32 "/%d", it->vm, it->vcpu);
	else if (it->vm)
		snprintf(who, sizeof(who), "%" PRIu32, it->vm);
	fprintf(f, "%4" PRIu64 ".%06" PRIu64 " [%3" PRIu32 "] %-6s ", it->time / 1000000000,
		it->time / 1000 % 1000000, it->thread, who);
}

static void write_call(FILE *f, const struct trace_item *it)
{
	char ret[32];

	fprintf(f, "%s(", it->name);
	for (unsigned int i = 0; i < it->nargs; i++)
		fprintf(f, "%s%s%s0x%" PRIx64, i ? ", " : "", it->arg_names[i] ?: "",
			it->arg_names[i] ? "=" : "", it->args[i]);
	fprintf(f, ") = %s", trace_ret_text(it, ret));
	if (it->exit)
		fprintf(f, " %s", it->exit);
	if (it->rule)
		fprintf(f, " (%s)", it->rule);
	fprintf(f, " <%" PRIu64 ".%06" PRIu64 ">\n", it->duration / 1000000000,
		it->duration / 1000 % 1000000);
}

static void write_item(FILE *f, const struct trace_item *it)
{
	write_who(f, it);
	switch (it->kind) {
	case TRACE_REC_CALL:
		write_call(f, it);
		break;
	case TRACE_REC_EXIT:
		fprintf(f, "--- exit %s %s ---\n", it->name,
			it->to_user ? "to the VMM" : "handled");
		break;
	case TRACE_REC_STATE:
		fprintf(f, "+++ %s +++\n", it->name);
		break;
	case TRACE_REC_MEASURE:
		fprintf(f, "*** %s extends %s%.0" PRIu32 ", 0x%" PRIx64 " ***\n", it->name,
			it->measure->index ? "REM" : "RIM", it->measure->index, it->measure->addr);
		break;
	case TRACE_REC_LOST:
		fprintf(f, "... %" PRIu64 " records were lost ...\n", it->lost);
		break;
	case TRACE_REC_NAME:
		break;
	}
}

int trace_to_text(struct trace_reader *r, FILE *out)
{
	struct trace_item it;
	int n;

	while ((n = trace_reader_next(r, &it)) > 0 && !ferror(out))
		write_item(out, &it);
	return n;
}
