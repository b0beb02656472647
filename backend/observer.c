// SPDX-License-Identifier: BSD-3-Clause
/*
 * observer.c - observes calls and events, and passes them to who asked: counts (report.c), the
 * trace (tracer.c), the measurement log, lines for people.
 *
 * An observer runs with whatever locks its caller holds. So nothing here writes to a file or a
 * socket that somebody may leave unread: outboxes do.
 *
 * ENXIO of a KVM call is mostly the consequence of a refused RMI call: the thread remembers the
 * last one, and --explain names both.
 */
#include "backend/observer.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "attest/ledger.h"
#include "attest/measure.h"
#include "backend/door.h"
#include "backend/outbox.h"
#include "backend/report.h"
#include "backend/tracer.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/trace.h"
#include "kvm/rules.h"

#define CONTROL_MAX (64u << 20)
#define MEASURE_MAX (256u << 20)
#define FLUSH_MS    2000

static const struct backend_options *options;
static struct outbox *control, *measure;
static __thread result last_rmi_refusal;

void observer_send(enum backend_message kind, const char *text)
{
	struct backend_frame f = {.len = strlen(text), .kind = kind};
	struct iovec iov[2] = {{&f, sizeof(f)}, {(void *)text, f.len}};

	if (control)
		outbox_put(control, iov, 2);
}

static void send_log(const char *line)
{
	observer_send(BACKEND_LOG, line);
	if (door_listens(DOOR_LOG))
		door_tell(DOOR_LOG, json_pack("{s:s}", "text", line));
}

/* On whose behalf the thread works. */
static json_t *who(void)
{
	json_t *o = json_pack("{s:I}", "vm", (json_int_t)trace_context_.vm);

	if (trace_context_.vcpu >= 0)
		json_object_set_new(o, "vcpu", json_integer(trace_context_.vcpu));
	return o;
}

/* ---- calls ---- */

/* A number or a type of another revision: the VMM may be right, and --abi wrong. */
static bool is_of_another_revision(result why)
{
	return !strncmp(why->name, "kvm_other_", 10) || why == &rule_kvm_create_vm_later_type ||
	       why == &rule_kvm_create_vm_earlier_type;
}

/* One line on a call: "refused" is a mistake of the VMM's, "asked" a question of it, "note" an
 * answer that it may misunderstand. */
static void explain_line(const char *what, const struct trace_call *c, result why)
{
	const char *name = c->ret < 0 ? strerrorname_np(-c->ret) : "0";
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	fprintf(f, "%s: %s(", what, c->name);
	for (unsigned int i = 0; i < c->nargs; i++)
		fprintf(f, "%s%s%s0x%" PRIx64, i ? ", " : "", c->arg_names ? c->arg_names[i] : "",
			c->arg_names ? "=" : "", c->args[i]);
	fprintf(f, ") = %s: %s: %s; right: %s [%s]", name ? name : "?", why->name, why->wrong,
		why->right, why->source);
	if (c->abi)
		fprintf(f, "; you run %s", c->abi);
	if (c->ret < 0 && is_of_another_revision(why))
		fprintf(f, ": is the VMM built for another revision? --abi takes it");
	if (c->ret == -ENXIO && last_rmi_refusal)
		fprintf(f, "; the RMM's reason: %s: %s", last_rmi_refusal->name,
			last_rmi_refusal->wrong);
	if (!fclose(f))
		observer_send(BACKEND_EXPLAIN, text);
	free(text);
}

static void tell_refusal(const struct trace_call *c)
{
	const char *name = strerrorname_np(-c->ret);
	json_t *o = who();

	json_object_set_new(o, "call", json_string(c->name));
	json_object_set_new(o, "errno", json_string(name ? name : "?"));
	json_object_set_new(o, "rule", json_string(c->why->name));
	json_object_set_new(o, "wrong", json_string(c->why->wrong));
	json_object_set_new(o, "right", json_string(c->why->right));
	door_tell(DOOR_REFUSAL, o);
}

static void on_call(void *arg, const struct trace_call *c)
{
	bool tell = c->why && !kvm_rule_is_expected(c->why, c->ret);
	result what = c->why ? c->why : c->note;

	if (options->trace >= 0)
		tracer_call(c);
	if (c->layer == TRACE_RMI && c->why)
		last_rmi_refusal = c->why;
	if (c->layer != TRACE_KVM)
		return;
	if ((tell || c->note) && options->explain)
		explain_line(!tell ? "note" : c->probe ? "asked" : "refused", c, what);
	last_rmi_refusal = NULL;
	if (tell && c->probe)
		report_note_probe();
	else if (tell)
		report_note_refusal(c);
	if (tell && !c->probe && door_listens(DOOR_REFUSAL))
		tell_refusal(c);
}

/* ---- events ---- */

static void write_measurement(const struct trace_event *e)
{
	struct ledger_entry entry;
	struct iovec line = {0};
	FILE *f;

	if (!ledger_from_event(e, &entry))
		return;
	f = open_memstream((char **)&line.iov_base, &line.iov_len);
	if (!f)
		return;
	ledger_write(f, &entry);
	if (!fclose(f))
		outbox_put(measure, &line, 1);
	free(line.iov_base);
}

static void tell_exit(const struct trace_event *e)
{
	json_t *o = who();

	json_object_set_new(o, "exit", json_string(e->name));
	json_object_set_new(o, "to", json_string(e->to_user ? "vmm" : "kernel"));
	door_tell(DOOR_EXIT, o);
}

static void tell_state(const struct trace_event *e)
{
	json_t *o = who();

	json_object_set_new(o, "state", json_string(e->name));
	door_tell(DOOR_STATE, o);
}

static void tell_measurement(const struct trace_event *e)
{
	char value[HEX_SIZE(MEASURE_SIZE)];
	json_t *o = who();

	json_object_set_new(o, "cause", json_string(e->name));
	json_object_set_new(o, "register", json_integer(e->index));
	json_object_set_new(o, "value", json_string(hex_encode(e->value, e->hash_len, value)));
	door_tell(DOOR_MEASURE, o);
}

static void on_event(void *arg, const struct trace_event *e)
{
	report_note_event(e);
	if (options->trace >= 0)
		tracer_event(e);
	if (measure && e->kind == TRACE_MEASURE)
		write_measurement(e);
	if (e->kind == TRACE_EXIT && door_listens(DOOR_EXIT))
		tell_exit(e);
	else if (e->kind == TRACE_STATE && door_listens(DOOR_STATE))
		tell_state(e);
	else if (e->kind == TRACE_MEASURE && e->value && door_listens(DOOR_MEASURE))
		tell_measurement(e);
}

/* ---- begin and end ---- */

static void note_output(json_t *o, const char *what, uint64_t lost, int r)
{
	if (r)
		log_error("the %s cannot be written: %s", what, strerror(-r));
	else if (lost)
		log_error("the %s has holes: %llu records were lost, since its reader is too slow",
			  what, (unsigned long long)lost);
	if (r || lost)
		json_object_set_new(o, "output_failed", json_true());
	json_object_set_new(json_object_get(o, "lost"), what, json_integer((json_int_t)lost));
}

/* How often each fault matched and fired: one that never did has proved nothing. */
static void tell_faults(json_t *o)
{
	json_t *all = json_array(), *one;
	struct fault_tally t;
	char line[512], seed[32];

	for (unsigned int i = 0; fault_tally(i, &t); i++) {
		seed[0] = '\0';
		if (t.seed)
			snprintf(seed, sizeof(seed), ", seed=%" PRIu64, t.seed);
		snprintf(line, sizeof(line),
			 "softrealm: fault %s: matched %" PRIu64 ", fired %" PRIu64 "%s", t.spec,
			 t.matched, t.fired, seed);
		send_log(line);
		one = json_pack("{s:s, s:I, s:I}", "fault", t.spec, "matched",
				(json_int_t)t.matched, "fired", (json_int_t)t.fired);
		if (t.seed)
			json_object_set_new(one, "seed", json_integer((json_int_t)t.seed));
		json_array_append_new(all, one);
	}
	json_object_set_new(o, "faults", all);
}

static void close_outputs(json_t *o)
{
	uint64_t lost;
	int r;

	trace_observe(NULL);
	json_object_set_new(o, "lost", json_object());
	json_object_set_new(o, "output_failed", json_false());
	if (options->trace >= 0) {
		r = tracer_stop(&lost);
		note_output(o, "trace", lost, r);
	}
	if (measure) {
		lost = outbox_lost(measure);
		r = outbox_close(measure, FLUSH_MS);
		measure = NULL;
		note_output(o, "measurement log", lost, r);
	}
}

void observer_stop(bool report, uint64_t opened, uint64_t pages)
{
	json_t *o = report_json(backend_abi(options));
	char *text;

	json_object_set_new(o, "opened", json_integer((json_int_t)opened));
	json_object_set_new(o, "leaked_pages", json_integer((json_int_t)pages));
	close_outputs(o);
	tell_faults(o);
	text = json_dumps(o, JSON_COMPACT);
	if (report && text)
		observer_send(BACKEND_REPORT, text);
	free(text);
	json_decref(o);
	log_redirect(NULL);
	outbox_close(control, FLUSH_MS);
	control = NULL;
}

int observer_start(const struct backend_options *o)
{
	static struct trace_observer observer = {on_call, on_event, NULL, 0};

	options = o;
	report_start();
	control = outbox_create(o->control, CONTROL_MAX, true);
	if (!control)
		return -ENOMEM;
	log_redirect(send_log);
	if (o->measure >= 0)
		measure = outbox_create(o->measure, MEASURE_MAX, false);
	if (o->measure >= 0 && !measure)
		return -ENOMEM;
	if (o->trace >= 0 && tracer_start(o->trace, &o->trace_filter))
		return -ENOMEM;
	if (o->trace >= 0)
		observer.timed = o->trace_filter.what;
	trace_observe(&observer);
	return 0;
}
