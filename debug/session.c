// SPDX-License-Identifier: BSD-3-Clause
/* session.c - when the realm stops and runs, and how the debugger is told. */
#include "debug/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "abi/rsi.h"

#define SIGINT_NUMBER  2 /* GDB's own numbers */
#define SIGTRAP_NUMBER 5

/* That a realm may take to begin after its debugger has come; GDB waits 6 seconds. */
#define BEGIN_MS 4000

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static void clear_points(void)
{
	lock_take(&debugger.lock);
	debugger.points.num = 0;
	lock_drop(&debugger.lock);
	atomic_fetch_add(&debugger.points_version, 1);
	atomic_store(&debugger.catch, CATCH_NONE);
}

void session_begin(struct session *s)
{
	*s = (struct session){.state = SESSION_STOPPING, .realm = debug_realm_get()};
	if (s->realm) {
		debug_realm_attach(s->realm, true);
		debug_realm_stop(s->realm);
	} else {
		debug_realm_want(true, ORDER_HOLD);
	}
	s->due = now_ms() + BEGIN_MS;
}

/* The realm may have begun meanwhile. */
static void find_realm(struct session *s)
{
	if (!s->realm)
		s->realm = debug_realm_take_given();
}

/* What the realm is to do, if it has not begun. */
static void set_first_order(struct session *s, enum order order)
{
	if (s->realm)
		return;
	debug_realm_want(true, order);
	find_realm(s);
	if (s->realm)
		debug_realm_want(false, order);
}

void session_end(struct session *s)
{
	debug_realm_want(false, ORDER_GO);
	find_realm(s);
	clear_points();
	if (!s->realm)
		return;
	debug_realm_attach(s->realm, false);
	for (unsigned int i = 0; i < s->realm->vcpus; i++)
		debug_vcpu_order(&s->realm->vcpu[i], ORDER_GO);
	debug_realm_put(s->realm);
	s->realm = NULL;
}

void session_interrupt(struct session *s)
{
	if (s->state != SESSION_RUNNING)
		return;
	s->interrupted = true;
	s->state = SESSION_STOPPING;
	set_first_order(s, ORDER_HOLD);
	if (s->realm)
		debug_realm_stop(s->realm);
}

static void answer_stop(const struct session *s, struct answer *a)
{
	static const char *const watches[] = {
		[POINT_WRITE] = "watch", [POINT_READ] = "rwatch", [POINT_ACCESS] = "awatch"};
	int signal = s->interrupted && !s->at ? SIGINT_NUMBER : SIGTRAP_NUMBER;

	answer_format(a, "T%02xthread:%x;", signal, s->at ? s->at->index + 1 : 1);
	if (s->event.kind == EVENT_WATCH)
		answer_format(a, "%s:%" PRIx64 ";", watches[s->event.watch], s->event.addr);
}

/* A line on the debugger's console, which says what a caught call is. */
static void answer_call(const struct session *s, struct answer *a)
{
	const uint64_t *x = s->event.call;
	char text[160];

	if (x[0] == RSI_IPA_STATE_SET)
		snprintf(text, sizeof(text),
			 "vCPU %u: RSI_IPA_STATE_SET base %#" PRIx64 " top %#" PRIx64 " ripas %s\n",
			 s->at->index, x[1], x[2], x[3] == RSI_RIPAS_RAM ? "RAM" : "EMPTY");
	else
		snprintf(text, sizeof(text),
			 "vCPU %u: call %#" PRIx64 " (%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ")\n",
			 s->at->index, x[0], x[1], x[2], x[3]);
	answer_text(a, "O");
	answer_hex(a, text, strlen(text));
}

bool session_tell_end(struct session *s, struct answer *a)
{
	if (!s->owes_stop)
		return false;
	s->owes_stop = false;
	s->state = SESSION_OVER;
	answer_text(a, "W00");
	return true;
}

void session_go(struct session *s, const enum order *orders)
{
	s->state = SESSION_RUNNING;
	s->owes_stop = true;
	s->interrupted = false;
	set_first_order(s, orders[0]);
	for (unsigned int i = 0; s->realm && i < s->realm->vcpus; i++)
		debug_vcpu_order(&s->realm->vcpu[i], orders[i]);
}

/* A debugger that comes a moment too early finds the realm's first instruction, not nothing. */
static bool is_due(struct session *s)
{
	if (s->due && !(s->realm && debug_realm_has_started(s->realm)) && now_ms() < s->due)
		return false;
	s->due = 0;
	return true;
}

/* Everybody has stopped. */
static void settle(struct session *s)
{
	struct event e = {0};

	s->at = s->realm ? debug_realm_take_event(s->realm, &e) : NULL;
	s->event = e;
	s->vcpu = s->at;
	s->state = SESSION_STOPPED;
}

bool session_look(struct session *s, struct answer *a)
{
	if (s->state == SESSION_OVER)
		return false;
	find_realm(s);
	if (s->realm && debug_realm_is_gone(s->realm))
		return session_tell_end(s, a);
	if (s->state == SESSION_RUNNING && s->realm && debug_realm_has_event(s->realm))
		s->state = SESSION_STOPPING;
	if (s->state == SESSION_STOPPING && (!s->realm || debug_realm_stop(s->realm)) && is_due(s))
		settle(s);
	if (s->state != SESSION_STOPPED || !s->owes_stop)
		return false;
	if (s->event.kind == EVENT_CALL) {
		answer_call(s, a);
		s->event.kind = EVENT_NONE;
		return true;
	}
	s->owes_stop = false;
	answer_stop(s, a);
	s->interrupted = false;
	return true;
}

bool session_hears(struct session *s)
{
	find_realm(s);
	return s->state != SESSION_RUNNING;
}
