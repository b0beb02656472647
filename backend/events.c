// SPDX-License-Identifier: BSD-3-Clause
/*
 * events.c - observes calls and events, counts them, and sends what was asked for.
 *
 * ENXIO of a KVM call is mostly the consequence of a refused RMI call: the thread remembers the
 * last one, and --explain names both.
 */
#include "backend/events.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "attest/hex.h"
#include "attest/ledger.h"
#include "base/log.h"
#include "base/trace.h"
#include "kvm/rules.h"

#define MAX_REALMS 256
#define NUM_REGISTERS (1 + ATTEST_NUM_REMS)

/* A realm's measurement registers as they were last. */
struct realm_note {
	bool used;
	unsigned int hash_len;
	uint8_t value[NUM_REGISTERS][MEASURE_SIZE];
};

static const struct backend_options *options;
static struct timespec started;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all below */
static json_t *user_exits, *host_exits;
static uint64_t refused;
static struct realm_note realms[MAX_REALMS];
static __thread result last_rmi_refusal;

void events_send(enum backend_message kind, const char *text)
{
	char k = kind;
	struct iovec iov[2] = {{&k, 1}, {(void *)text, strnlen(text, BACKEND_MESSAGE_MAX - 1)}};
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = 2};

	while (sendmsg(options->control, &mh, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void send_log(const char *line)
{
	events_send(BACKEND_LOG, line);
}

static void send_json(enum backend_message kind, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	if (text)
		events_send(kind, text);
	free(text);
	json_decref(o);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - started.tv_sec + (now.tv_nsec - started.tv_nsec) / 1e9;
}

/* ---- calls ---- */

static const char *const layer_names[] = {"KVM", "RMI", "RSI", "PSCI"};

/* A number that may have 64 bits does not fit JSON's: text. */
static json_t *hex(uint64_t v)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%" PRIx64, v);
	return json_string(text);
}

static void trace_line(const struct trace_call *c)
{
	json_t *o = json_object(), *args = json_object();
	char name[16];

	json_object_set_new(o, "seconds", json_real(seconds()));
	json_object_set_new(o, "layer", json_string(layer_names[c->layer]));
	json_object_set_new(o, "call", json_string(c->name));
	for (unsigned int i = 0; i < c->nargs; i++) {
		snprintf(name, sizeof(name), "x%u", i + 1);
		json_object_set_new(args, c->arg_names ? c->arg_names[i] : name, hex(c->args[i]));
	}
	json_object_set_new(o, "args", args);
	if (c->layer == TRACE_KVM)
		json_object_set_new(o, "result", json_integer(c->ret));
	else
		json_object_set_new(o, "result", hex(c->ret));
	if (c->why)
		json_object_set_new(o, "rule", json_string(c->why->name));
	send_json(BACKEND_TRACE, o);
}

static void explain_line(const struct trace_call *c)
{
	const char *name = strerrorname_np(-c->ret);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	fprintf(f, "%s(", c->name);
	for (unsigned int i = 0; i < c->nargs; i++)
		fprintf(f, "%s%s%s0x%" PRIx64, i ? ", " : "", c->arg_names ? c->arg_names[i] : "",
			c->arg_names ? "=" : "", c->args[i]);
	fprintf(f, ") = %s: %s: %s; right: %s [%s]", name ? name : "?", c->why->name, c->why->wrong,
		c->why->right, c->why->source);
	if (c->abi)
		fprintf(f, "; you run %s", c->abi);
	if (c->ret == -ENXIO && last_rmi_refusal)
		fprintf(f, "; the RMM's reason: %s: %s", last_rmi_refusal->name,
			last_rmi_refusal->wrong);
	if (!fclose(f))
		events_send(BACKEND_EXPLAIN, text);
	free(text);
}

/* Some errors are answers that a VMM has to expect: nobody's mistake. */
static bool is_refusal(const struct trace_call *c)
{
	return c->why != &rule_kvm_run_memory_fault && c->ret != -EINTR;
}

static void on_call(void *arg, const struct trace_call *c)
{
	bool tell = c->why && is_refusal(c);

	if (options->trace)
		trace_line(c);
	if (c->layer == TRACE_RMI && c->why)
		last_rmi_refusal = c->why;
	if (c->layer != TRACE_KVM)
		return;
	if (tell && options->explain)
		explain_line(c);
	last_rmi_refusal = NULL;
	if (!tell)
		return;
	pthread_mutex_lock(&lock);
	refused++;
	pthread_mutex_unlock(&lock);
}

/* ---- events ---- */

static void count_exit(const struct trace_event *e)
{
	json_t *counts = e->to_user ? user_exits : host_exits;
	json_t *n = json_object_get(counts, e->name);

	if (n)
		json_integer_set(n, json_integer_value(n) + 1);
	else
		json_object_set_new(counts, e->name, json_integer(1));
}

static void note_measurement(const struct trace_event *e)
{
	struct realm_note *r = &realms[e->realm % MAX_REALMS];

	if (e->index >= NUM_REGISTERS || e->hash_len > MEASURE_SIZE || !e->value)
		return;
	if (e->index == 0 && !strcmp(e->name, "REALM_CREATE"))
		memset(r, 0, sizeof(*r));
	r->used = true;
	r->hash_len = e->hash_len;
	memcpy(r->value[e->index], e->value, e->hash_len);
}

static void send_measurement(const struct trace_event *e)
{
	struct ledger_entry entry;
	char *text = NULL;
	size_t size;
	FILE *f;

	if (!options->measure || !ledger_from_event(e, &entry))
		return;
	f = open_memstream(&text, &size);
	if (!f)
		return;
	ledger_write(f, &entry);
	if (!fclose(f)) {
		text[strcspn(text, "\n")] = 0;
		events_send(BACKEND_MEASURE, text);
	}
	free(text);
}

static void send_state(const struct trace_event *e)
{
	if (options->trace)
		send_json(BACKEND_TRACE, json_pack("{s:f, s:s, s:i}", "seconds", seconds(), "state",
						   e->name, "realm", (int)e->realm));
}

static void on_event(void *arg, const struct trace_event *e)
{
	pthread_mutex_lock(&lock);
	if (e->kind == TRACE_EXIT)
		count_exit(e);
	else if (e->kind == TRACE_MEASURE)
		note_measurement(e);
	pthread_mutex_unlock(&lock);
	if (e->kind == TRACE_MEASURE)
		send_measurement(e);
	else if (e->kind == TRACE_STATE)
		send_state(e);
}

/* ---- the report ---- */

static json_t *register_json(const struct realm_note *r, unsigned int index)
{
	char text[HEX_SIZE(MEASURE_SIZE)];

	return json_string(hex_encode(r->value[index], r->hash_len, text));
}

static json_t *realms_json(void)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < MAX_REALMS; i++) {
		const struct realm_note *r = &realms[i];
		json_t *o, *rem;

		if (!r->used)
			continue;
		o = json_object();
		rem = json_array();
		json_object_set_new(o, "vmid", json_integer(i));
		json_object_set_new(o, "rim", register_json(r, 0));
		for (unsigned int n = 1; n < NUM_REGISTERS; n++)
			json_array_append_new(rem, register_json(r, n));
		json_object_set_new(o, "rem", rem);
		json_array_append_new(all, o);
	}
	return all;
}

void events_report(uint64_t pages)
{
	json_t *o = json_object();

	pthread_mutex_lock(&lock);
	json_object_set_new(o, "abi", json_string(kvm_revision_name(options->revision)));
	json_object_set_new(o, "realms", realms_json());
	json_object_set(o, "exits", user_exits);
	json_object_set(o, "host_exits", host_exits);
	json_object_set_new(o, "refused", json_integer(refused));
	json_object_set_new(o, "leaked_pages", json_integer(pages));
	pthread_mutex_unlock(&lock);
	send_json(BACKEND_REPORT, o);
}

void events_start(const struct backend_options *o)
{
	static const struct trace_observer observer = {on_call, on_event, NULL};

	options = o;
	clock_gettime(CLOCK_MONOTONIC, &started);
	user_exits = json_object();
	host_exits = json_object();
	log_redirect(send_log);
	trace_observe(&observer);
}
