// SPDX-License-Identifier: BSD-3-Clause
/* report.c - softrealm report: one self-contained page of a run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/report_page.h"

struct options {
	const char *summary, *trace;
};

/* Where the page has its data: page.html. */
#define PLACE "@DATA@"

static json_t *read_summary(const char *path)
{
	json_error_t e;
	json_t *o = json_load_file(path, 0, &e);

	if (!o)
		log_error("%s: %s", path, e.text);
	return o;
}

static int read_trace(const char *path, json_t *summary, json_t **data)
{
	struct trace_reader *r = NULL;
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int err;

	if (!f) {
		log_errno(errno, "%s", path);
		return -EIO;
	}
	err = trace_reader_create(f, path, &r);
	if (!err)
		err = report_data(r, summary, data);
	if (err == -ENOMEM)
		log_errno(ENOMEM, "%s", path);
	trace_reader_free(r);
	if (f != stdin)
		fclose(f);
	return err;
}

/* JSON as a script's text: a "</" in it would end the script. */
static void write_script(FILE *f, const char *text)
{
	for (; *text; text++) {
		fputc(*text, f);
		if (text[0] == '<' && text[1] == '/')
			fputc('\\', f);
	}
}

static int write_page(const char *path, const json_t *data)
{
	const char *page = (const char *)report_page;
	const char *place = memmem(page, sizeof(report_page), PLACE, strlen(PLACE));
	char *text = json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(9));
	FILE *f = strcmp(path, "-") ? fopen(path, "we") : stdout;
	int err = 0;

	if (!f || !text) {
		log_errno(f ? ENOMEM : errno, "%s", path);
		err = -EIO;
	} else {
		fwrite(page, 1, (size_t)(place - page), f);
		write_script(f, text);
		place += strlen(PLACE);
		fwrite(place, 1, sizeof(report_page) - (size_t)(place - page), f);
	}
	if (f && (fflush(f) || ferror(f))) {
		log_errno(errno, "%s", path);
		err = -EIO;
	}
	if (f && f != stdout)
		fclose(f);
	free(text);
	return err;
}

static int report(const struct options *o, const char *path)
{
	json_t *summary = o->summary ? read_summary(o->summary) : NULL, *data = NULL;
	int err = o->summary && !summary ? -EINVAL : read_trace(o->trace, summary, &data);

	if (!err)
		err = write_page(path, data);
	json_decref(summary);
	json_decref(data);
	return err;
}

static int set_summary(void *to, const char *value)
{
	((struct options *)to)->summary = value;
	return 0;
}

static int set_trace(void *to, const char *value)
{
	((struct options *)to)->trace = value;
	return 0;
}

static const struct option_row rows[] = {
#include "cli/report.def"
};
static const struct option_rows report_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	struct options o = {0};
	struct option_parser p = {.tables = {{&report_rows, &o, NULL}}, .ntables = 1};
	int status;

	if (!command_parse(&command_report, argc, argv, &p, &status))
		return status;
	if (p.nwords != 1 || !o.trace)
		return command_usage(&command_report);
	return report(&o, p.words[0]) ? EXIT_REFUSED : EXIT_GOOD;
}

const struct command command_report = {
	.name = "report",
	.about = "a page of a run: how it went, and what was refused",
	.usage = "report --trace FILE [--summary FILE] PAGE.html",
	.text = "Writes one self-contained HTML page of a run, from what its --trace and "
		"--summary\n"
		"wrote: the timeline, exits, memory, the measurement ledger, refused calls.\n",
	.run = run,
	.options = {&report_rows},
};
