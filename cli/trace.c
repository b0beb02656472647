// SPDX-License-Identifier: BSD-3-Clause
/* trace.c - softrealm trace: what --trace wrote, for people and for other programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/trace.h"

static const struct form {
	const char *name;
	int (*write)(struct trace_reader *r, FILE *out);
	int (*write_json)(struct trace_reader *r, FILE *out); /* with --json, or NULL */
} forms[] = {
	{"summary", trace_to_summary, trace_to_summary_json},
	{"text", trace_to_text, NULL},
	{"json", trace_to_json, NULL},
	{"perfetto", trace_to_perfetto, NULL},
};

static const struct form *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i].name, name))
			return &forms[i];
	return NULL;
}

static FILE *open_or(const char *path, const char *mode, FILE *standard)
{
	FILE *f = path && strcmp(path, "-") ? fopen(path, mode) : standard;

	if (!f)
		log_errno(errno, "%s", path);
	return f;
}

struct trace_options {
	const char *output;
	bool json;
};

static int convert(const struct form *form, const char *path, const struct trace_options *o)
{
	const char *output = o->output;
	struct trace_reader *r = NULL;
	FILE *in = open_or(path, "re", stdin), *out;
	int n = -EIO;

	if (!in)
		return n;
	if (!trace_reader_create(in, path, &r)) {
		out = open_or(output, "we", stdout);
		if (out)
			n = o->json ? form->write_json(r, out) : form->write(r, out);
		if (out && (fflush(out) || ferror(out))) {
			log_errno(errno, "%s", output ?: "standard output");
			n = -EIO;
		}
		if (out && out != stdout)
			fclose(out);
	}
	trace_reader_free(r);
	if (in != stdin)
		fclose(in);
	return n;
}

static int set_output(void *to, const char *value)
{
	((struct trace_options *)to)->output = value;
	return 0;
}

static int set_json(void *to, const char *value)
{
	((struct trace_options *)to)->json = true;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/trace.def"
};
static const struct option_rows trace_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	struct trace_options o = {0};
	struct option_parser p = {.tables = {{&trace_rows, &o, NULL}}, .ntables = 1};
	const struct form *form;
	int status;

	if (!command_parse(&command_trace, argc, argv, &p, &status))
		return status;
	form = p.nwords == 2 ? find(p.words[0]) : NULL;
	if (!form || (o.json && !form->write_json))
		return command_usage(&command_trace);
	return convert(form, p.words[1], &o) ? EXIT_REFUSED : EXIT_GOOD;
}

const struct command command_trace = {
	.name = "trace",
	.about = "what --trace wrote: summary, text, JSON, Perfetto",
	.usage = "trace summary|text|json|perfetto [--output FILE] [--json] TRACE",
	.text = "Shows a trace that run, exec or host wrote with --trace (- is standard input):\n"
		"  summary    calls by count and time, the slowest, refusals, milestones\n"
		"  text       lines that look like strace's\n"
		"  json       JSON lines, one a call or event\n"
		"  perfetto   for ui.perfetto.dev and chrome://tracing\n",
	.words = "summary|text|json|perfetto",
	.run = run,
	.options = {&trace_rows},
};
