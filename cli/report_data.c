// SPDX-License-Identifier: BSD-3-Clause
/*
 * report_data.c - a trace, read once, becomes what the page shows.
 *
 * Nothing here grows with the length of a run but the lists of rare things: calls are counted by
 * name, exits by column, data pages of one region are one entry of the ledger.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "abi/kvm.h"
#include "base/hex.h"
#include "base/bits.h"
#include "cli/report.h"
#include "kvm/rules.h"
#include "rmm/rules.h"

#define FIRST_BIN   UINT64_C(1000000) /* nanoseconds; doubles when the columns are full */
#define MAX_SERIES  64u
#define MAX_REMARKS 20000u /* of memory: a guest may convert for ever */

struct series {
	const char *name;
	bool to_user;
	uint32_t count[REPORT_BINS];
};

struct data {
	json_t *calls, *refusals, *milestones, *ledger, *memory;
	json_t *summary; /* borrowed */
	struct series series[MAX_SERIES];
	unsigned int num_series;
	uint64_t bin, end, records, lost;
	/* Of the last entry of the ledger: the next range may belong to it. */
	uint64_t run_top;
	const char *run_what, *run_cause;
};

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static json_t *address(uint64_t v)
{
	return json_sprintf("0x%" PRIx64, v);
}

static void add_integer(json_t *o, const char *key, json_int_t n)
{
	json_object_set_new(o, key, json_integer(json_integer_value(json_object_get(o, key)) + n));
}

/* ---- calls ---- */

static void count_call(struct data *d, const struct trace_item *it)
{
	char key[96];
	json_t *row;
	double longest = seconds(it->duration), total;

	snprintf(key, sizeof(key), "%s %s", trace_layer_names[it->layer], it->name);
	row = json_object_get(d->calls, key);
	if (!row) {
		row = json_pack("{s:s, s:s, s:i, s:i, s:f, s:f}", "layer",
				trace_layer_names[it->layer], "name", it->name, "count", 0,
				"refused", 0, "seconds", 0.0, "longest", 0.0);
		json_object_set_new(d->calls, key, row);
	}
	add_integer(row, "count", 1);
	add_integer(row, "refused", it->rule != NULL);
	total = json_real_value(json_object_get(row, "seconds")) + longest;
	json_object_set_new(row, "seconds", json_real(total));
	if (longest > json_real_value(json_object_get(row, "longest")))
		json_object_set_new(row, "longest", json_real(longest));
}

static const struct rule *find_rule(const char *name)
{
	static const struct rule_table *const tables[] = {&kvm_rules, &rmm_rules};

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			if (!strcmp(tables[t]->rules[i]->name, name))
				return tables[t]->rules[i];
	return NULL;
}

static json_t *arguments(const struct trace_item *it)
{
	json_t *args = json_object();

	for (unsigned int i = 0; i < it->nargs; i++)
		if (it->arg_names[i])
			json_object_set_new(args, it->arg_names[i], address(it->args[i]));
	return args;
}

static void note_refusal(struct data *d, const struct trace_item *it)
{
	const struct rule *rule = find_rule(it->rule);
	json_t *row = json_object_get(d->refusals, it->rule);
	char buf[32];

	if (kvm_rule_is_expected(rule, it->ret))
		return;
	if (!row) {
		row = json_pack("{s:f, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:i}", "t",
				seconds(it->time), "call", it->name, "args", arguments(it), "errno",
				trace_ret_text(it, buf), "rule", it->rule, "wrong",
				rule ? rule->wrong : "", "right", rule ? rule->right : "", "source",
				rule ? rule->source : "", "count", 0);
		json_object_set_new(d->refusals, it->rule, row);
	}
	add_integer(row, "count", 1);
}

/* ---- memory ---- */

static void remark(struct data *d, const struct trace_item *it, const char *kind, uint64_t base,
		   uint64_t size, const char *value)
{
	if (json_array_size(d->memory) < MAX_REMARKS)
		json_array_append_new(d->memory,
				      json_pack("{s:f, s:i, s:s, s:o, s:o, s:s}", "t",
						seconds(it->time), "vm", (int)it->vm, "kind", kind,
						"base", address(base), "top", address(base + size),
						"value", value));
}

/* The argument of that name; 0: there is none. */
static uint64_t argument(const struct trace_item *it, const char *name)
{
	for (unsigned int i = 0; i < it->nargs; i++)
		if (it->arg_names[i] && !strcmp(it->arg_names[i], name))
			return it->args[i];
	return 0;
}

static void look_at_memory(struct data *d, const struct trace_item *it)
{
	if (it->rule)
		return;
	if (!strcmp(it->name, "KVM_SET_MEMORY_ATTRIBUTES"))
		remark(d, it, "attributes", argument(it, "address"), argument(it, "size"),
		       argument(it, "attributes") ? "private" : "shared");
	else if (!strncmp(it->name, "KVM_SET_USER_MEMORY_REGION", 26))
		remark(d, it, "slot", argument(it, "guest_phys_addr"), argument(it, "memory_size"),
		       argument(it, "flags") & KVM_MEM_GUEST_MEMFD ? "guest_memfd" : "plain");
	else if (!strcmp(it->name, "KVM_ARM_RMI_POPULATE"))
		remark(d, it, "populate", argument(it, "base"), argument(it, "size"), "populated");
	else if (!strcmp(it->name, "RSI_IPA_STATE_SET"))
		remark(d, it, "ripas", argument(it, "base"),
		       argument(it, "top") - argument(it, "base"),
		       argument(it, "ripas") ? "RAM" : "EMPTY");
}

/* ---- exits ---- */

static struct series *find_series(struct data *d, const struct trace_item *it)
{
	for (unsigned int i = 0; i < d->num_series; i++)
		if (d->series[i].to_user == it->to_user && !strcmp(d->series[i].name, it->name))
			return &d->series[i];
	if (d->num_series == MAX_SERIES)
		return NULL;
	d->series[d->num_series] = (struct series){.name = it->name, .to_user = it->to_user};
	return &d->series[d->num_series++];
}

/* Two columns become one, until the time fits. */
static void widen(struct data *d, uint64_t time)
{
	while (time / d->bin >= REPORT_BINS) {
		for (unsigned int s = 0; s < d->num_series; s++) {
			uint32_t *c = d->series[s].count;

			for (unsigned int i = 0; i < REPORT_BINS / 2; i++)
				c[i] = c[2 * i] + c[2 * i + 1];
			memset(c + REPORT_BINS / 2, 0, REPORT_BINS / 2 * sizeof(*c));
		}
		d->bin *= 2;
	}
}

static void count_exit(struct data *d, const struct trace_item *it)
{
	struct series *s = find_series(d, it);

	widen(d, it->time);
	if (s)
		s->count[it->time / d->bin]++;
}

static json_t *exits_of(const struct data *d, bool to_user)
{
	json_t *all = json_object();
	size_t columns = MIN(d->end / d->bin + 1, (uint64_t)REPORT_BINS);

	for (unsigned int s = 0; s < d->num_series; s++) {
		json_t *counts = json_array();

		for (size_t i = 0; i < columns; i++)
			json_array_append_new(counts, json_integer(d->series[s].count[i]));
		if (d->series[s].to_user == to_user)
			json_object_set(all, d->series[s].name, counts);
		json_decref(counts);
	}
	return all;
}

/* ---- the ledger ---- */

/* "kernel", "device tree", ...: what the VMM says that it has put there. */
static const char *what_is_at(const struct data *d, uint64_t addr)
{
	json_t *realm = json_object_get(d->summary, "realm"), *region;
	const char *name;

	json_object_foreach(realm, name, region)
	{
		uint64_t base = (uint64_t)json_integer_value(json_object_get(region, "address"));
		uint64_t size = (uint64_t)json_integer_value(json_object_get(region, "size"));

		if (size && addr - base < ALIGN_UP(size, UINT64_C(4096)))
			return name;
	}
	return NULL;
}

/* It goes on where the last entry ended, for the same reason and in the same region. */
static bool goes_on(const struct data *d, const struct trace_item *it, const char *what)
{
	return it->measure->top > it->measure->addr && d->run_top == it->measure->addr &&
	       d->run_what == what && d->run_cause && !strcmp(d->run_cause, it->name);
}

static void note_measurement(struct data *d, const struct trace_item *it)
{
	const struct trace_rec_measure *m = it->measure;
	size_t len = MIN(m->hash_len, (uint32_t)sizeof(m->value));
	char digest[HEX_SIZE(sizeof(m->digest))], value[HEX_SIZE(sizeof(m->value))];
	const char *what = strcmp(it->name, "DATA_CREATE") ? NULL : what_is_at(d, m->addr);
	json_t *last = json_array_get(d->ledger, json_array_size(d->ledger) - 1);

	hex_encode(m->digest, len, digest);
	hex_encode(m->value, len, value);
	if (goes_on(d, it, what)) {
		add_integer(last, "count", 1);
		json_object_set_new(last, "top", address(m->top));
		json_object_set_new(last, "value", json_string(value));
	} else {
		json_array_append_new(d->ledger,
				      json_pack("{s:f, s:i, s:s, s:o, s:o, s:s?, s:i, s:s, s:s}",
						"t", seconds(it->time), "register", (int)m->index,
						"cause", it->name, "address", address(m->addr),
						"top", address(m->top), "what", what, "count", 1,
						"digest", digest, "value", value));
	}
	d->run_top = m->top;
	d->run_what = what;
	d->run_cause = it->name;
}

/* ---- milestones ---- */

/* Both the RMM and the kernel tell of a realm's state: the second one says nothing new. */
static void milestone(struct data *d, double t, unsigned int vm, const char *text)
{
	json_t *last = json_array_get(d->milestones, json_array_size(d->milestones) - 1);
	const char *before = json_string_value(json_object_get(last, "text"));

	if (before && !strcmp(before, text))
		return;
	json_array_append_new(d->milestones,
			      json_pack("{s:f, s:i, s:s}", "t", t, "vm", (int)vm, "text", text));
}

static void take_summary(struct data *d)
{
	json_t *when = json_object_get(d->summary, "seconds"), *t;
	const char *text;

	json_object_foreach(json_object_get(when, "milestones"), text, t) if (json_is_number(t))
		milestone(d, json_number_value(t), 0, text);
}

/* ---- all of it ---- */

static void take(struct data *d, const struct trace_item *it)
{
	d->records++;
	d->end = MAX(d->end, it->time + it->duration);
	switch (it->kind) {
	case TRACE_REC_CALL:
		count_call(d, it);
		if (it->rule && it->layer == TRACE_KVM)
			note_refusal(d, it);
		look_at_memory(d, it);
		break;
	case TRACE_REC_EXIT:
		count_exit(d, it);
		break;
	case TRACE_REC_STATE:
		milestone(d, seconds(it->time), it->vm, it->name);
		break;
	case TRACE_REC_MEASURE:
		note_measurement(d, it);
		break;
	case TRACE_REC_LOST:
		d->lost += it->lost;
		break;
	default:
		break;
	}
}

/* The members of an object as an array. */
static json_t *values(json_t *o)
{
	json_t *all = json_array(), *v;
	const char *key;

	json_object_foreach(o, key, v) json_array_append(all, v);
	return all;
}

static json_t *pack(struct data *d)
{
	json_t *exits = json_pack("{s:f, s:o, s:o}", "bin", seconds(d->bin), "user",
				  exits_of(d, true), "host", exits_of(d, false));

	return json_pack("{s:f, s:I, s:I, s:O?, s:o, s:o, s:O, s:o, s:O, s:O}", "seconds",
			 seconds(d->end), "records", (json_int_t)d->records, "lost",
			 (json_int_t)d->lost, "summary", d->summary, "calls", values(d->calls),
			 "exits", exits, "milestones", d->milestones, "refusals",
			 values(d->refusals), "ledger", d->ledger, "memory", d->memory);
}

int report_data(struct trace_reader *r, json_t *summary, json_t **out)
{
	static struct data d;
	struct trace_item it;
	int n;

	d = (struct data){.summary = summary, .bin = FIRST_BIN};
	d.calls = json_object();
	d.refusals = json_object();
	d.milestones = json_array();
	d.ledger = json_array();
	d.memory = json_array();
	take_summary(&d);
	while ((n = trace_reader_next(r, &it)) > 0)
		take(&d, &it);
	*out = n ? NULL : pack(&d);
	json_decref(d.calls);
	json_decref(d.refusals);
	json_decref(d.milestones);
	json_decref(d.ledger);
	json_decref(d.memory);
	return n ? n : *out ? 0 : -ENOMEM;
}
