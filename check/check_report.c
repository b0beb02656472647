// SPDX-License-Identifier: BSD-3-Clause
/*
 * check_report.c - verdicts: in TAP as they come, in JUnit's XML at the end, measured against a
 * list of differences that are known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"

struct known {
	char name[64];
	bool seen;
};

static struct known *known;
static size_t num_known;
static FILE *junit;

/* A line: the name of a check, then why it may fail. # begins a comment. */
int report_expect(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512], name[64];

	if (!f) {
		perror(path);
		return -1;
	}
	while (fgets(line, sizeof(line), f)) {
		struct known *more;

		if (sscanf(line, "%63s", name) != 1 || name[0] == '#')
			continue;
		more = realloc(known, (num_known + 1) * sizeof(*known));
		if (!more)
			break;
		known = more;
		known[num_known] = (struct known){.seen = false};
		memcpy(known[num_known++].name, name, sizeof(name));
	}
	fclose(f);
	return 0;
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < num_known; i++)
		if (!strcmp(known[i].name, name))
			return known[i].seen = true;
	return false;
}

static void put_xml(const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", junit);
			break;
		case '<':
			fputs("&lt;", junit);
			break;
		case '"':
			fputs("&quot;", junit);
			break;
		default:
			fputc(*text == '\n' || *text >= ' ' ? *text : '?', junit);
		}
	}
}

int report_junit(const char *path)
{
	junit = fopen(path, "we");
	if (!junit) {
		perror(path);
		return -1;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"softrealm check ",
	      junit);
	fprintf(junit, "%s\">\n", check_sheet()->name);
	return 0;
}

static void junit_case(const struct check *c, enum verdict v, const char *text)
{
	static const char *const tags[] = {[VERDICT_SKIP] = "skipped",
					   [VERDICT_FAIL] = "failure",
					   [VERDICT_KNOWN] = "skipped"};

	if (!junit)
		return;
	fprintf(junit, "<testcase classname=\"%s\" name=\"%s\"", check_sheet()->name, c->name);
	if (v == VERDICT_OK) {
		fputs("/>\n", junit);
		return;
	}
	fprintf(junit, "><%s message=\"", tags[v]);
	put_xml(text);
	fprintf(junit, "\"/></testcase>\n");
}

enum verdict report_check(unsigned int n, const struct check *c, enum verdict v, const char *text)
{
	bool expected = is_known(c->name);

	if (v == VERDICT_FAIL && expected)
		v = VERDICT_KNOWN;
	switch (v) {
	case VERDICT_OK:
		printf("ok %u - %s: %s\n", n, c->name, c->says);
		if (expected)
			printf("# %s passes, and is listed as a known difference\n", c->name);
		break;
	case VERDICT_SKIP:
		printf("ok %u - %s: %s # SKIP %s\n", n, c->name, c->says, text);
		break;
	case VERDICT_KNOWN:
		printf("not ok %u - %s: %s # TODO known difference\n# %s\n", n, c->name, c->says,
		       text);
		break;
	case VERDICT_FAIL:
		printf("not ok %u - %s: %s\n# %s\n", n, c->name, c->says, text);
		break;
	}
	fflush(stdout);
	junit_case(c, v, text);
	return v;
}

int report_end(void)
{
	int ret = 0;

	for (size_t i = 0; i < num_known; i++)
		if (!known[i].seen)
			printf("# %s is listed as a known difference, and was not run\n",
			       known[i].name);
	free(known);
	if (junit) {
		fputs("</testsuite>\n", junit);
		ret = ferror(junit) | fclose(junit) ? -1 : 0;
	}
	return ret;
}
