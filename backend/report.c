// SPDX-License-Identifier: BSD-3-Clause
/*
 * report.c - counts, and remembers realms by the serial of their VM.
 *
 * VMIDs are used again; a serial is not. Notes are sorted by serial, since VMs get their serials
 * in the order of their creation; a realm that is noted late is put in its place.
 */
#include "backend/report.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ranks.h"
#include "base/hex.h"
#include "attest/measure.h"
#include "base/array.h"

#define NUM_REGISTERS 5u /* RIM, 4 REMs */
#define NUM_CAUSES    8u /* of extensions */
#define MAX_REFUSALS  256u

struct realm_note {
	uint32_t serial;
	const char *state; /* "realm NEW", ..., or NULL */
	unsigned int hash_len;
	uint8_t value[NUM_REGISTERS][MEASURE_SIZE];
	struct {
		const char *name;
		uint64_t count;
	} cause[NUM_CAUSES];
};

/* Names and rules are constants. */
struct refusal {
	const char *call;
	result why;
	int64_t ret;
	uint32_t vm;
	uint64_t count;
};

static struct lock lock = LOCK_INITIALIZER(RANK_REPORT, "report"); /* all below */
static json_t *user_exits, *host_exits;
static uint64_t refused, probes;
static struct refusal refusals[MAX_REFUSALS];
static size_t num_refusals;
static struct realm_note *notes;
static size_t num_notes, room;

void report_start(void)
{
	user_exits = json_object();
	host_exits = json_object();
}

void report_note_refusal(const struct trace_call *c)
{
	struct refusal *r = refusals;

	lock_take(&lock);
	refused++;
	while (r < refusals + num_refusals &&
	       (r->why != c->why || r->call != c->name || r->vm != trace_context_.vm))
		r++;
	if (r == refusals + num_refusals && num_refusals < MAX_REFUSALS) {
		*r = (struct refusal){c->name, c->why, c->ret, trace_context_.vm, 0};
		num_refusals++;
	}
	if (r < refusals + num_refusals)
		r->count++;
	lock_drop(&lock);
}

void report_note_probe(void)
{
	lock_take(&lock);
	probes++;
	lock_drop(&lock);
}

static void count_exit(const struct trace_event *e)
{
	json_t *counts = e->to_user ? user_exits : host_exits;
	json_t *n = json_object_get(counts, e->name);

	if (n)
		json_integer_set(n, json_integer_value(n) + 1);
	else
		json_object_set_new(counts, e->name, json_integer(1));
}

static bool make_room(void)
{
	if (num_notes == REPORT_MAX_REALMS) {
		memmove(notes, notes + 1, --num_notes * sizeof(*notes));
		return true;
	}
	return !array_reserve(&notes, &room, num_notes + 1, sizeof(*notes));
}

/* The note of a realm, made if there is none; NULL: no memory, or it is too old. */
static struct realm_note *find_note(uint32_t serial)
{
	size_t i = num_notes;
	bool full = num_notes == REPORT_MAX_REALMS;

	while (i && notes[i - 1].serial > serial)
		i--;
	if (i && notes[i - 1].serial == serial)
		return &notes[i - 1];
	if ((!i && full) || !make_room())
		return NULL;
	i -= full; /* the oldest has made room */
	memmove(&notes[i + 1], &notes[i], (num_notes++ - i) * sizeof(*notes));
	notes[i] = (struct realm_note){.serial = serial};
	return &notes[i];
}

static void count_cause(struct realm_note *r, const char *name)
{
	for (size_t i = 0; i < NUM_CAUSES; i++) {
		if (r->cause[i].name && strcmp(r->cause[i].name, name))
			continue;
		r->cause[i].name = name;
		r->cause[i].count++;
		return;
	}
}

static void note_measurement(const struct trace_event *e)
{
	struct realm_note *r;

	if (e->index >= NUM_REGISTERS || e->hash_len > MEASURE_SIZE || !e->value)
		return;
	r = find_note(e->realm);
	if (!r)
		return;
	r->hash_len = e->hash_len;
	memcpy(r->value[e->index], e->value, e->hash_len);
	count_cause(r, e->name);
}

static void note_state(const struct trace_event *e)
{
	struct realm_note *r = strncmp(e->name, "realm ", 6) ? NULL : find_note(e->realm);

	if (r)
		r->state = e->name + 6;
}

void report_note_event(const struct trace_event *e)
{
	lock_take(&lock);
	if (e->kind == TRACE_EXIT)
		count_exit(e);
	else if (e->kind == TRACE_MEASURE)
		note_measurement(e);
	else if (e->kind == TRACE_STATE)
		note_state(e);
	lock_drop(&lock);
}

/* ---- as JSON ---- */

static json_t *register_json(const struct realm_note *r, unsigned int index)
{
	char text[HEX_SIZE(MEASURE_SIZE)];

	if (!r->hash_len)
		return json_null();
	return json_string(hex_encode(r->value[index], r->hash_len, text));
}

static json_t *note_json(const struct realm_note *r)
{
	json_t *rem = json_array();

	for (unsigned int n = 1; n < NUM_REGISTERS; n++)
		json_array_append_new(rem, register_json(r, n));
	return json_pack("{s:I, s:s?, s:o, s:o}", "serial", (json_int_t)r->serial, "state",
			 r->state, "rim", register_json(r, 0), "rem", rem);
}

json_t *report_realms(void)
{
	json_t *all = json_array();

	lock_take(&lock);
	for (size_t i = 0; i < num_notes; i++)
		json_array_append_new(all, note_json(&notes[i]));
	lock_drop(&lock);
	return all;
}

static json_t *measurements_json(const struct realm_note *r)
{
	json_t *o = note_json(r), *causes = json_object();

	json_object_del(o, "serial");
	json_object_del(o, "state");
	for (size_t i = 0; i < NUM_CAUSES && r->cause[i].name; i++)
		json_object_set_new(causes, r->cause[i].name,
				    json_integer((json_int_t)r->cause[i].count));
	json_object_set_new(o, "hash", json_string(r->hash_len == 64 ? "sha-512" : "sha-256"));
	json_object_set_new(o, "extensions", causes);
	json_object_set_new(o, "vm", json_integer(r->serial));
	return o;
}

json_t *report_measurements(uint32_t serial)
{
	json_t *o = NULL;

	lock_take(&lock);
	for (size_t i = 0; !o && i < num_notes; i++)
		if (notes[i].serial == serial && notes[i].hash_len)
			o = measurements_json(&notes[i]);
	lock_drop(&lock);
	return o;
}

json_t *report_refusals(void)
{
	json_t *all = json_array();

	lock_take(&lock);
	for (const struct refusal *r = refusals; r < refusals + num_refusals; r++) {
		const char *name = strerrorname_np((int)-r->ret);

		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s}", "call",
						     r->call, "errno", name ? name : "?", "rule",
						     r->why->name, "vm", (json_int_t)r->vm, "count",
						     (json_int_t)r->count, "wrong", r->why->wrong,
						     "right", r->why->right));
	}
	lock_drop(&lock);
	return all;
}

json_t *report_json(const char *abi)
{
	json_t *realms = report_realms(), *o;

	lock_take(&lock);
	o = json_pack("{s:s, s:o, s:o, s:o, s:I, s:I}", "abi", abi, "realms", realms, "exits",
		      json_deep_copy(user_exits), "host_exits", json_deep_copy(host_exits),
		      "refused", (json_int_t)refused, "probes", (json_int_t)probes);
	lock_drop(&lock);
	return o;
}
