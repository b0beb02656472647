// SPDX-License-Identifier: BSD-3-Clause
/* early.c - finds the console's first bytes in the kernel's log. */
#include "vmm/early.h"

#include <string.h>

#include "base/bits.h"
#include "vmm/insight.h"

#define NONE SIZE_MAX

enum match { MATCH_NONE, MATCH_ONE, MATCH_MANY };

static const char *line_at(const json_t *log, size_t i)
{
	const char *line = json_string_value(json_array_get(log, i));

	return line ? line : "";
}

/* Where the key stands in the line, or NULL. A timestamp stands at its beginning. */
static const char *find_in(const char *line, const uint8_t *key, size_t len)
{
	const char *at = memmem(line, strlen(line), key, len);

	return *key == '[' && at != line ? NULL : at;
}

/* The first line that has it. */
static enum match find_line(const json_t *log, const uint8_t *key, size_t len, size_t *line)
{
	*line = NONE;
	for (size_t i = 0; i < json_array_size(log); i++) {
		if (!find_in(line_at(log, i), key, len))
			continue;
		if (*line != NONE)
			return MATCH_MANY;
		*line = i;
	}
	return *line == NONE ? MATCH_NONE : MATCH_ONE;
}

static void put_text(struct early *e, const char *text, size_t len)
{
	e->output(e->arg, (const uint8_t *)text, len);
}

/* All before these bytes of that line. */
static void put_before(struct early *e, size_t line, const uint8_t *key, size_t len)
{
	const char *text = line_at(e->log, line);

	for (size_t i = 0; i < line; i++) {
		put_text(e, line_at(e->log, i), strlen(line_at(e->log, i)));
		put_text(e, "\r\n", 2);
	}
	put_text(e, text, (size_t)(find_in(text, key, len) - text));
}

/* What is held before the key is the rest of the line before this one, or nothing. */
static bool follows(const struct early *e, const uint8_t *key, size_t line)
{
	size_t len = (size_t)(key - e->held), n;
	const char *before;

	if (!len)
		return true;
	before = line ? line_at(e->log, line - 1) : "";
	n = strlen(before);
	while (len && (e->held[len - 1] == '\n' || e->held[len - 1] == '\r'))
		len--;
	return line && len <= n && !memcmp(before + n - len, e->held, len);
}

static void finish(struct early *e, const uint8_t *from)
{
	e->waits = false;
	e->output(e->arg, from, (size_t)(e->held + e->nheld - from));
	json_decref(e->log);
	e->log = NULL;
}

/*
 * The held bytes' last line, without its end, is what is looked for: one before it is the rest of a
 * line whose beginning is lost, and comes whole from the log. Of several lines with the same
 * beginning it is the first, if it is not longer.
 */
static void decide(struct early *e)
{
	const uint8_t *key, *end = e->held + e->nheld;
	bool full = e->nheld == EARLY_HELD, whole;
	enum match match;
	size_t line;

	while (end > e->held && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	whole = end < e->held + e->nheld;
	key = memrchr(e->held, '\n', (size_t)(end - e->held));
	key = key ? key + 1 : e->held;
	if (key == end && e->log && !full)
		return;
	match = key == end ? MATCH_NONE : find_line(e->log, key, (size_t)(end - key), &line);
	if (match == MATCH_MANY && whole && *key == '[')
		match = MATCH_ONE;
	if (match == MATCH_ONE && follows(e, key, line)) {
		put_before(e, line, key, (size_t)(end - key));
		finish(e, key);
	} else if (match != MATCH_MANY || full) {
		finish(e, e->held);
	}
}

void early_init(struct early *e, bool off, early_output output, void *arg)
{
	pthread_mutex_init(&e->lock, NULL);
	e->waits = !off;
	e->output = output;
	e->arg = arg;
}

void early_put(struct early *e, const uint8_t *data, size_t len)
{
	size_t n;

	pthread_mutex_lock(&e->lock);
	while (len && e->waits) {
		if (!e->nheld)
			e->log = insight_ask("log");
		n = MIN(len, EARLY_HELD - e->nheld);
		memcpy(e->held + e->nheld, data, n);
		e->nheld += n;
		data += n;
		len -= n;
		decide(e);
	}
	pthread_mutex_unlock(&e->lock);
	if (len)
		e->output(e->arg, data, len);
}

void early_finish(struct early *e)
{
	pthread_mutex_lock(&e->lock);
	if (e->waits && e->nheld)
		finish(e, e->held);
	e->waits = false;
	pthread_mutex_unlock(&e->lock);
}
