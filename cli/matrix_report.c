// SPDX-License-Identifier: BSD-3-Clause
/* matrix_report.c - what became of a matrix: JUnit for machines, one page for people. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/matrix.h"

#define TAIL 4096 /* bytes of a case's log that a report shows */

const char *matrix_result_name(enum matrix_result r)
{
	static const char *const names[] = {"waits", "runs", "passed", "failed", "skipped"};

	return names[r];
}

/* Text for XML and HTML; what neither may hold becomes a question mark. */
static void escape(FILE *f, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '<')
			fputs("&lt;", f);
		else if (c == '>')
			fputs("&gt;", f);
		else if (c == '&')
			fputs("&amp;", f);
		else if (c == '"')
			fputs("&quot;", f);
		else if (c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f))
			fputc(c, f);
		else if (c != '\r')
			fputc('?', f);
	}
}

static void escape_string(FILE *f, const char *s)
{
	escape(f, s, strlen(s));
}

static void write_tail(FILE *f, const struct matrix *m, const struct matrix_case *c)
{
	char path[PATH_MAX], text[TAIL];
	FILE *log;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", m->folder, c->log);
	log = fopen(path, "re");
	if (!log)
		return;
	if (fseek(log, -TAIL, SEEK_END))
		rewind(log);
	n = fread(text, 1, sizeof(text), log);
	fclose(log);
	escape(f, text, n);
}

static size_t count(const struct matrix *m, enum matrix_result r)
{
	size_t n = 0;

	for (size_t i = 0; i < m->count; i++)
		n += m->cases[i].result == r;
	return n;
}

static void write_junit(FILE *f, const struct matrix *m)
{
	fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
	escape_string(f, m->name);
	fprintf(f, "\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n", m->count,
		count(m, MATRIX_FAILED), count(m, MATRIX_SKIPPED));
	for (size_t i = 0; i < m->count; i++) {
		const struct matrix_case *c = &m->cases[i];

		fputs("  <testcase classname=\"softrealm\" name=\"", f);
		escape_string(f, c->name);
		fprintf(f, "\" time=\"%.3f\">\n", c->seconds);
		if (c->result == MATRIX_FAILED)
			fprintf(f, "    <failure message=\"status %d instead of %d\"/>\n",
				c->status, c->wanted);
		if (c->result == MATRIX_SKIPPED)
			fputs("    <skipped/>\n", f);
		fputs("    <system-out>", f);
		write_tail(f, m, c);
		fputs("</system-out>\n  </testcase>\n", f);
	}
	fputs("</testsuite>\n", f);
}

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<title>softrealm matrix</title>\n<style>\n"
	"body{font:15px system-ui,sans-serif;margin:2em;max-width:80em}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"td,th{text-align:left;padding:.3em .8em;border-bottom:1px solid "
	"#8884;vertical-align:top}\n"
	".passed{color:#176f2c}.failed{color:#b3261e;font-weight:600}.skipped{color:#777}\n"
	"pre{overflow:auto;max-height:30em;background:#8881;padding:.6em;font-size:12px}\n"
	"@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}.passed{color:#6c6}\n"
	".failed{color:#f77}}\n</style></head><body>\n<h1>softrealm matrix</h1>\n";

/* The RIM and the number of exits, if the case got that far. */
static void write_figures(FILE *f, const struct matrix *m, const struct matrix_case *c)
{
	char path[PATH_MAX];
	const char *rim;
	json_t *o, *n;

	snprintf(path, sizeof(path), "%s/%s", m->folder, c->summary);
	o = json_load_file(path, 0, NULL);
	n = json_object_get(json_object_get(o, "exits"), "total");
	rim = json_string_value(json_object_get(o, "rim"));
	fputs("<td>", f);
	if (json_is_integer(n))
		fprintf(f, "%lld", (long long)json_integer_value(n));
	fputs("</td><td><code>", f);
	if (rim)
		escape(f, rim, strnlen(rim, 12));
	fputs("</code></td>", f);
	json_decref(o);
}

static void write_page(FILE *f, const struct matrix *m)
{
	fputs(page_head, f);
	fputs("<p><code>", f);
	escape_string(f, m->name);
	fprintf(f, "</code>, softrealm %s: %zu passed, %zu failed, %zu skipped</p>\n",
		SOFTREALM_VERSION, count(m, MATRIX_PASSED), count(m, MATRIX_FAILED),
		count(m, MATRIX_SKIPPED));
	fputs("<table><tr><th>case</th><th>result</th><th>status</th><th>seconds</th>"
	      "<th>exits</th><th>RIM</th></tr>\n",
	      f);
	for (size_t i = 0; i < m->count; i++) {
		const struct matrix_case *c = &m->cases[i];

		fputs("<tr><td><details><summary>", f);
		escape_string(f, c->name);
		fputs("</summary><pre>", f);
		write_tail(f, m, c);
		fprintf(f, "</pre></details></td><td class=\"%s\">%s</td><td>",
			matrix_result_name(c->result), matrix_result_name(c->result));
		if (c->result != MATRIX_SKIPPED)
			fprintf(f, "%d", c->status);
		fprintf(f, "</td><td>%.1f</td>", c->seconds);
		write_figures(f, m, c);
		fputs("</tr>\n", f);
	}
	fputs("</table></body></html>\n", f);
}

static int write_file(const struct matrix *m, const char *name,
		      void (*write)(FILE *f, const struct matrix *m))
{
	char path[PATH_MAX];
	FILE *f;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", m->folder, name);
	f = fopen(path, "we");
	if (!f) {
		err = errno;
	} else {
		write(f, m);
		if (ferror(f) | fclose(f))
			err = errno ? errno : EIO;
	}
	if (err)
		log_errno(err, "%s", path);
	return -err;
}

int matrix_write_reports(const struct matrix *m)
{
	int ret = write_file(m, "junit.xml", write_junit);
	int page = write_file(m, "index.html", write_page);

	return ret ? ret : page;
}
