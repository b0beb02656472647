// SPDX-License-Identifier: BSD-3-Clause
/*
 * trace_summary.c - what a trace comes to: calls by count and time, the slowest ones, refusals by
 * rule, exits, and what happened between changes of state.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "cli/trace.h"

#define MAX_ROWS       1024u
#define NUM_SLOWEST    10u
#define MAX_MILESTONES 64u

struct row {
	enum trace_layer layer;
	const char *name;
	uint64_t count, refused, time, longest;
};

struct milestone {
	const char *name;
	uint32_t vm;
	uint64_t time;
	uint64_t calls[4], exits; /* until the next one */
};

struct summary {
	struct row calls[MAX_ROWS], rules[MAX_ROWS], exits[MAX_ROWS];
	unsigned int num_calls, num_rules, num_exits;
	struct trace_item slowest[NUM_SLOWEST]; /* descending */
	unsigned int num_slowest;
	struct milestone milestones[MAX_MILESTONES];
	unsigned int num_milestones;
	uint64_t records, end, lost;
};

/* NULL: there is no room for one more. */
static struct row *find(struct row *rows, unsigned int *n, enum trace_layer layer, const char *name)
{
	for (unsigned int i = 0; i < *n; i++)
		if (!strcmp(rows[i].name, name) && rows[i].layer == layer)
			return &rows[i];
	if (*n == MAX_ROWS)
		return NULL;
	rows[*n] = (struct row){.layer = layer, .name = name};
	return &rows[(*n)++];
}

static void count(struct row *row, uint64_t time, bool refused)
{
	if (!row)
		return;
	row->count++;
	row->refused += refused;
	row->time += time;
	row->longest = MAX(row->longest, time);
}

static void note_slow(struct summary *s, const struct trace_item *it)
{
	unsigned int i = s->num_slowest;

	while (i && s->slowest[i - 1].duration < it->duration)
		i--;
	if (i == NUM_SLOWEST)
		return;
	if (s->num_slowest < NUM_SLOWEST)
		s->num_slowest++;
	memmove(&s->slowest[i + 1], &s->slowest[i], (s->num_slowest - 1 - i) * sizeof(*it));
	s->slowest[i] = *it;
}

static void take(struct summary *s, const struct trace_item *it)
{
	struct milestone *m = &s->milestones[s->num_milestones - 1];

	s->records++;
	s->end = MAX(s->end, it->time + it->duration);
	if (it->kind == TRACE_REC_CALL) {
		count(find(s->calls, &s->num_calls, it->layer, it->name), it->duration, it->rule);
		if (it->rule)
			count(find(s->rules, &s->num_rules, it->layer, it->rule), 0, true);
		if (strcmp(it->name, "KVM_RUN") && strcmp(it->name, "RMI_REC_ENTER"))
			note_slow(s, it);
		m->calls[it->layer]++;
	} else if (it->kind == TRACE_REC_EXIT) {
		count(find(s->exits, &s->num_exits, it->to_user, it->name), 0, false);
		m->exits++;
	} else if (it->kind == TRACE_REC_LOST) {
		s->lost += it->lost;
	} else if (it->kind == TRACE_REC_STATE && s->num_milestones < MAX_MILESTONES) {
		s->milestones[s->num_milestones++] =
			(struct milestone){.name = it->name, .vm = it->vm, .time = it->time};
	}
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? 1 : -1;
	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static void write_calls(FILE *f, struct summary *s)
{
	qsort(s->calls, s->num_calls, sizeof(*s->calls), by_time);
	fprintf(f, "\n%-5s %-32s %10s %8s %12s %10s %10s\n", "layer", "call", "count", "refused",
		"total ms", "mean us", "longest ms");
	for (unsigned int i = 0; i < s->num_calls; i++) {
		const struct row *r = &s->calls[i];

		fprintf(f, "%-5s %-32s %10" PRIu64 " %8" PRIu64 " %12.3f %10.2f %10.3f\n",
			trace_layer_names[r->layer], r->name, r->count, r->refused, ms(r->time),
			ms(r->time) * 1e3 / (double)r->count, ms(r->longest));
	}
}

static void write_counts(FILE *f, const char *title, struct row *rows, unsigned int n,
			 const char *const what[])
{
	qsort(rows, n, sizeof(*rows), by_time);
	if (n)
		fprintf(f, "\n%s\n", title);
	for (unsigned int i = 0; i < n; i++)
		fprintf(f, "%10" PRIu64 "  %s (%s)\n", rows[i].count, rows[i].name,
			what[rows[i].layer]);
}

static void write_slowest(FILE *f, const struct summary *s)
{
	if (s->num_slowest)
		fprintf(f, "\nslowest calls, but for those that wait for the realm\n");
	for (unsigned int i = 0; i < s->num_slowest; i++) {
		const struct trace_item *it = &s->slowest[i];

		fprintf(f, "%10.3f ms  at %.6f s  VM %" PRIu32 "  %s\n", ms(it->duration),
			ms(it->time) / 1e3, it->vm, it->name);
	}
}

static void write_milestones(FILE *f, const struct summary *s)
{
	fprintf(f, "\n%10s  %-28s then, up to the next: KVM, RMI, RSI, PSCI calls, exits\n", "s",
		"milestone");
	for (unsigned int i = 0; i < s->num_milestones; i++) {
		const struct milestone *m = &s->milestones[i];
		char name[64];

		snprintf(name, sizeof(name), m->vm ? "%s (VM %" PRIu32 ")" : "%s", m->name, m->vm);
		fprintf(f, "%10.6f  %-28s", ms(m->time) / 1e3, name);
		for (unsigned int l = 0; l < 4; l++)
			fprintf(f, " %" PRIu64, m->calls[l]);
		fprintf(f, " %" PRIu64 "\n", m->exits);
	}
}

static void write_text(FILE *f, struct summary *s)
{
	static const char *const sides[] = {"handled in the kernel", "to the VMM"};

	fprintf(f, "%" PRIu64 " records in %.6f s", s->records, ms(s->end) / 1e3);
	if (s->lost)
		fprintf(f, ", %" PRIu64 " more were lost", s->lost);
	fputc('\n', f);
	write_calls(f, s);
	write_slowest(f, s);
	write_counts(f, "refused calls by rule (softrealm explain RULE)", s->rules, s->num_rules,
		     trace_layer_names);
	write_counts(f, "exits", s->exits, s->num_exits, sides);
	write_milestones(f, s);
}

/* ---- for programs ---- */

static json_t *integer(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *calls_json(struct summary *s)
{
	json_t *all = json_array();

	qsort(s->calls, s->num_calls, sizeof(*s->calls), by_time);
	for (unsigned int i = 0; i < s->num_calls; i++) {
		const struct row *r = &s->calls[i];

		json_array_append_new(all, json_pack("{s:s, s:s, s:o, s:o, s:f, s:f}", "layer",
						     trace_layer_names[r->layer], "call", r->name,
						     "count", integer(r->count), "refused",
						     integer(r->refused), "total_ms", ms(r->time),
						     "longest_ms", ms(r->longest)));
	}
	return all;
}

static json_t *slowest_json(const struct summary *s)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < s->num_slowest; i++) {
		const struct trace_item *it = &s->slowest[i];

		json_array_append_new(all, json_pack("{s:s, s:f, s:f, s:o}", "call", it->name, "ms",
						     ms(it->duration), "at_s", ms(it->time) / 1e3,
						     "vm", integer(it->vm)));
	}
	return all;
}

static json_t *counts_json(const struct row *rows, unsigned int n, const char *name,
			   const char *kind, const char *const kinds[])
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(all, json_pack("{s:s, s:s, s:o}", name, rows[i].name, kind,
						     kinds[rows[i].layer], "count",
						     integer(rows[i].count)));
	return all;
}

static json_t *milestones_json(const struct summary *s)
{
	json_t *all = json_array(), *o;

	for (unsigned int i = 0; i < s->num_milestones; i++) {
		const struct milestone *m = &s->milestones[i];

		o = json_pack("{s:s, s:f, s:o, s:o}", "milestone", m->name, "at_s",
			      ms(m->time) / 1e3, "vm", integer(m->vm), "exits", integer(m->exits));
		for (unsigned int l = 0; l < ARRAY_SIZE(m->calls); l++)
			json_object_set_new(o, trace_layer_names[l], integer(m->calls[l]));
		json_array_append_new(all, o);
	}
	return all;
}

static int write_json(FILE *f, struct summary *s)
{
	static const char *const sides[] = {"kernel", "vmm"};
	json_t *o = json_pack(
		"{s:o, s:f, s:o, s:o, s:o, s:o, s:o, s:o}", "records", integer(s->records),
		"seconds", ms(s->end) / 1e3, "lost", integer(s->lost), "calls", calls_json(s),
		"slowest", slowest_json(s), "rules",
		counts_json(s->rules, s->num_rules, "rule", "layer", trace_layer_names), "exits",
		counts_json(s->exits, s->num_exits, "exit", "to", sides), "milestones",
		milestones_json(s));
	int r = o ? json_dumpf(o, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : -1;

	json_decref(o);
	fputc('\n', f);
	return r ? -EIO : 0;
}

static int summarize(struct trace_reader *r, FILE *out, bool json)
{
	struct summary *s = calloc(1, sizeof(*s));
	struct trace_item it;
	int n;

	if (!s)
		return -ENOMEM;
	s->milestones[s->num_milestones++].name = "begin";
	while ((n = trace_reader_next(r, &it)) > 0)
		take(s, &it);
	if (!json)
		write_text(out, s);
	else if (write_json(out, s) && !n)
		n = -EIO;
	free(s);
	return n;
}

int trace_to_summary(struct trace_reader *r, FILE *out)
{
	return summarize(r, out, false);
}

int trace_to_summary_json(struct trace_reader *r, FILE *out)
{
	return summarize(r, out, true);
}
