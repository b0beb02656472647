// SPDX-License-Identifier: BSD-3-Clause
/*
 * realms.c - realms as the debugger knows them: their lives, and the orders that its server gives
 * to their vCPUs.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/trace.h"
#include "debug/parts.h"
#include "machine/pe.h"

struct debugger debugger = {
	.lock = LOCK_INITIALIZER(RANK_DEBUGGER, "debugger"), .wake = -1, .stop = -1};

static const struct engine_ops *real(void)
{
	return debugger.cfg.engine;
}

static void ring(int fd)
{
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n; /* EAGAIN: it is readable */
}

void debug_wake(void)
{
	ring(debugger.wake);
}

/* ---- lives ---- */

static void realm_free(struct realm *r)
{
	for (unsigned int i = 0; i < r->vcpus; i++) {
		if (r->vcpu[i].wake >= 0)
			close(r->vcpu[i].wake);
		lock_destroy(&r->vcpu[i].lock);
	}
	free(r);
}

void debug_realm_put(struct realm *r)
{
	bool last;

	lock_take(&debugger.lock);
	last = !--r->refs;
	lock_drop(&debugger.lock);
	if (last)
		realm_free(r);
}

struct realm *debug_realm_get_oldest(void)
{
	struct realm *r;

	lock_take(&debugger.lock);
	r = debugger.realms;
	if (r)
		r->refs++;
	lock_drop(&debugger.lock);
	return r;
}

/* debugger.lock held. NULL: there is none. */
static struct realm *find(uint32_t vm)
{
	struct realm *r = debugger.realms;

	lock_assert_held(&debugger.lock);
	while (r && r->vm != vm)
		r = r->next;
	return r;
}

struct realm *debug_realm_get(void)
{
	struct realm *r;

	lock_take(&debugger.lock);
	r = debugger.chosen_next ? NULL : debugger.chosen ? find(debugger.chosen) : debugger.realms;
	debugger.chosen_next = false;
	if (r)
		r->refs++;
	lock_drop(&debugger.lock);
	return r;
}

bool debug_realm_choose(uint32_t vm, bool next)
{
	bool there;

	lock_take(&debugger.lock);
	there = !vm || find(vm);
	if (there) {
		debugger.chosen = vm;
		debugger.chosen_next = next;
	}
	lock_drop(&debugger.lock);
	return there;
}

unsigned int debug_realms_list(struct realm_name *out, unsigned int room)
{
	unsigned int n = 0;

	lock_take(&debugger.lock);
	for (struct realm *r = debugger.realms; r; r = r->next, n++)
		if (n < room)
			out[n] = (struct realm_name){r->vm, r->vcpus};
	lock_drop(&debugger.lock);
	return n;
}

struct realm *debug_realm_take_given(void)
{
	struct realm *r;

	lock_take(&debugger.lock);
	r = debugger.given;
	debugger.given = NULL;
	lock_drop(&debugger.lock);
	return r;
}

void debug_realm_want(bool wanted, enum order order)
{
	lock_take(&debugger.lock);
	debugger.wanted = wanted;
	debugger.first_order = order;
	lock_drop(&debugger.lock);
}

static struct realm *realm_alloc(unsigned int vcpus)
{
	struct realm *r = calloc(1, sizeof(*r) + vcpus * sizeof(r->vcpu[0]));
	bool ok = r;

	for (unsigned int i = 0; ok && i < vcpus; i++) {
		struct vcpu *v = &r->vcpu[i];

		v->realm = r;
		v->index = i;
		v->order = ORDER_GO;
		v->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		lock_init(&v->lock, RANK_DEBUG_VCPU, "vcpu->lock of the debugger");
		r->vcpus = i + 1;
		ok = v->wake >= 0;
	}
	if (ok) {
		atomic_init(&r->vmid, -1);
		return r;
	}
	if (r)
		realm_free(r);
	return NULL;
}

/* debugger.lock held: who debugs it, and whether it begins by itself. */
static void adopt(struct realm *r)
{
	enum order order = debugger.hold_first ? ORDER_HOLD : ORDER_GO;

	lock_assert_held(&debugger.lock);
	if (debugger.wanted) {
		debugger.given = r;
		debugger.wanted = false;
		debugger.chosen = r->vm;
		r->refs++;
		atomic_store(&r->debugged, true);
		order = debugger.first_order;
	}
	debugger.hold_first = false;
	for (unsigned int i = 0; i < r->vcpus; i++)
		r->vcpu[i].order = i && order == ORDER_STEP ? ORDER_GO : order;
}

int debug_realm_create(struct machine *m, unsigned int cpus, struct engine **out)
{
	struct realm *r = realm_alloc(cpus), **p;
	int ret;

	if (!r)
		return -EAGAIN;
	ret = real()->create(m, cpus, &r->inner);
	if (ret) {
		realm_free(r);
		return ret;
	}
	r->refs = 1;
	r->vm = trace_context_.vm;
	lock_take(&debugger.lock);
	for (p = &debugger.realms; *p; p = &(*p)->next)
		;
	*p = r;
	adopt(r);
	lock_drop(&debugger.lock);
	debug_wake();
	*out = (struct engine *)(void *)r;
	return 0;
}

void debug_realm_destroy(struct engine *e)
{
	struct realm *r = realm_of(e), **p;

	lock_take(&debugger.lock);
	for (p = &debugger.realms; *p != r; p = &(*p)->next)
		;
	*p = r->next;
	if (debugger.chosen == r->vm)
		debugger.chosen = 0;
	lock_drop(&debugger.lock);
	for (unsigned int i = 0; i < r->vcpus; i++) {
		lock_take(&r->vcpu[i].lock);
		r->vcpu[i].gone = true;
		lock_drop(&r->vcpu[i].lock);
	}
	real()->destroy(r->inner);
	debug_wake();
	debug_realm_put(r);
}

/* ---- the server's orders ---- */

void debug_realm_attach(struct realm *r, bool on)
{
	atomic_store(&r->debugged, on);
}

/* One that runs leaves the guest and comes to the gate. */
static void fetch(struct vcpu *v)
{
	if (v->place == PLACE_RUNNING)
		pe_kick(v->pe);
}

void debug_vcpu_order(struct vcpu *v, enum order order)
{
	lock_take(&v->lock);
	v->order = order;
	v->event = (struct event){0};
	fetch(v); /* its registers may have to change */
	lock_drop(&v->lock);
	ring(v->wake);
}

bool debug_realm_stop(struct realm *r)
{
	bool quiet = true;

	for (unsigned int i = 0; i < r->vcpus; i++) {
		struct vcpu *v = &r->vcpu[i];

		lock_take(&v->lock);
		v->order = ORDER_HOLD;
		fetch(v);
		quiet &= v->place != PLACE_RUNNING;
		lock_drop(&v->lock);
	}
	return quiet;
}

bool debug_realm_has_started(struct realm *r)
{
	bool yes = false;

	for (unsigned int i = 0; i < r->vcpus && !yes; i++) {
		lock_take(&r->vcpu[i].lock);
		yes = r->vcpu[i].started && r->vcpu[i].place == PLACE_HELD;
		lock_drop(&r->vcpu[i].lock);
	}
	return yes;
}

bool debug_realm_has_event(struct realm *r)
{
	bool yes = false;

	for (unsigned int i = 0; i < r->vcpus && !yes; i++) {
		lock_take(&r->vcpu[i].lock);
		yes = r->vcpu[i].event.kind;
		lock_drop(&r->vcpu[i].lock);
	}
	return yes;
}

/* What is forgotten comes again: a breakpoint is still there when its vCPU goes on. */
struct vcpu *debug_realm_take_event(struct realm *r, struct event *e)
{
	struct vcpu *who = NULL;

	for (unsigned int i = 0; i < r->vcpus; i++) {
		struct vcpu *v = &r->vcpu[i];

		lock_take(&v->lock);
		if (v->event.kind && !who) {
			who = v;
			*e = v->event;
		} else if (v->event.kind == EVENT_CALL) {
			v->called = 0;
		}
		v->event = (struct event){0};
		lock_drop(&v->lock);
	}
	return who;
}

bool debug_holds(uint32_t vm)
{
	struct realm *r;
	bool held = false;

	lock_take(&debugger.lock);
	r = find(vm);
	if (r)
		r->refs++;
	lock_drop(&debugger.lock);
	for (unsigned int i = 0; r && i < r->vcpus && !held; i++) {
		lock_take(&r->vcpu[i].lock);
		held = r->vcpu[i].place == PLACE_HELD;
		lock_drop(&r->vcpu[i].lock);
	}
	if (r)
		debug_realm_put(r);
	return held;
}

bool debug_realm_is_gone(struct realm *r)
{
	bool gone;

	lock_take(&r->vcpu[0].lock);
	gone = r->vcpu[0].gone;
	lock_drop(&r->vcpu[0].lock);
	return gone;
}
