// SPDX-License-Identifier: BSD-3-Clause
/*
 * tracer.c - turns calls and events into records, and hands them to the one writer.
 *
 * A name goes into the file once: it is known by the address of its text, which is static (rows
 * of dispatch tables, rules). A call's name stands with the names of its arguments, and rows may
 * be cut short by an argument that could not be read, so their number belongs to the key.
 */
#include "backend/tracer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "abi/rmi.h"
#include "backend/outbox.h"
#include "backend/ranks.h"
#include "backend/trace_format.h"
#include "base/bits.h"

#define QUEUE_MAX (64u << 20)
#define NUM_NAMES 4096u /* a power of two, and half of it is used at most */
#define MAX_ARGS  16u

struct name_key {
	const char *text, *first_arg;
	unsigned int nargs;
};

static struct outbox *box;
static struct trace_filter filter;
static uint64_t began;
static atomic_uint num_threads, counted[4];
static __thread uint32_t this_thread;
static __thread const char *last_exit; /* that KVM_RUN, which ends next, returns with */

static struct lock lock =
	LOCK_INITIALIZER(RANK_TRACER, "tracer"); /* names: they precede their uses */
static struct name_key keys[NUM_NAMES];
static uint16_t ids[NUM_NAMES];
static unsigned int num_names;
static uint64_t lost_told;

static struct trace_record record(enum trace_record_kind kind, size_t size)
{
	if (!this_thread)
		this_thread = atomic_fetch_add(&num_threads, 1) + 1;
	return (struct trace_record){
		.size = ALIGN_UP(size, 8),
		.kind = kind,
		.thread = this_thread,
		.time = trace_now() - began,
		.vm = trace_context_.vm,
		.vcpu = trace_context_.vcpu,
	};
}

static bool put(const void *data, size_t size)
{
	struct iovec iov = {(void *)data, size};

	return outbox_put(box, &iov, 1);
}

/* Lock held. */
static void tell_lost(void)
{
	struct trace_rec_lost rec = {.r = record(TRACE_REC_LOST, sizeof(rec))};
	uint64_t lost = outbox_lost(box);

	lock_assert_held(&lock);
	rec.count = lost - lost_told;
	if (rec.count && put(&rec, sizeof(rec)))
		lost_told = lost;
}

/* ---- names ---- */

static bool put_name(uint16_t id, const struct name_key *key, const char *const *args)
{
	union {
		struct trace_rec_name rec;
		char space[TRACE_RECORD_MAX];
	} u = {0};
	size_t at = sizeof(u.rec), len;

	for (unsigned int i = 0; i <= key->nargs; i++) {
		const char *text = i ? args[i - 1] : key->text;

		len = strnlen(text, 200);
		if (at + len + 1 > sizeof(u.space))
			break;
		memcpy(u.space + at, text, len);
		at += len + 1;
	}
	u.rec.r = record(TRACE_REC_NAME, at);
	u.rec.r.name = id;
	return put(&u, u.rec.r.size);
}

static size_t hash(const struct name_key *k)
{
	uint64_t h = (uintptr_t)k->text * 31 + (uintptr_t)k->first_arg + k->nargs;

	return (h * UINT64_C(0x9e3779b97f4a7c15)) >> 52;
}
_Static_assert(NUM_NAMES == 1u << 12, "hash() gives 12 bits");

/* Lock held. The number of a text; 0: it has none, or there is no room for it. */
static uint16_t name_id(const char *text, const char *const *args, unsigned int nargs)
{
	struct name_key key = {text, nargs ? args[0] : NULL, nargs};
	size_t i = hash(&key);

	lock_assert_held(&lock);
	if (!text)
		return 0;
	for (; ids[i]; i = (i + 1) % NUM_NAMES)
		if (keys[i].text == key.text && keys[i].first_arg == key.first_arg &&
		    keys[i].nargs == key.nargs)
			return ids[i];
	if (num_names == NUM_NAMES / 2 || !put_name(num_names + 1, &key, args))
		return 0;
	keys[i] = key;
	return ids[i] = ++num_names;
}

/* ---- calls ---- */

static bool is_wanted(unsigned int bit)
{
	return trace_filter_has(&filter, bit) && (!filter.vm || filter.vm == trace_context_.vm) &&
	       (filter.vcpu < 0 || filter.vcpu == trace_context_.vcpu);
}

/* How a host finds its way through the tables is no refusal. */
static bool is_walk(const struct trace_call *c)
{
	return c->layer == TRACE_RMI && (c->ret & 0xff) == RMI_ERROR_RTT;
}

static bool wants_call(const struct trace_call *c)
{
	uint32_t every = filter.every[c->layer];

	if (c->why && !is_walk(c) && is_wanted(TRACE_FILTER_REFUSED))
		return true;
	if (!is_wanted(c->layer))
		return false;
	return every < 2 || atomic_fetch_add(&counted[c->layer], 1) % every == 0;
}

void tracer_call(const struct trace_call *c)
{
	struct {
		struct trace_rec_call rec;
		uint64_t args[MAX_ARGS];
	} b;
	unsigned int nargs = MIN(c->nargs, MAX_ARGS);
	const char *exit = c->layer == TRACE_KVM ? last_exit : NULL;

	if (c->layer == TRACE_KVM)
		last_exit = NULL;
	if (!wants_call(c))
		return;
	b.rec = (struct trace_rec_call){
		.r = record(TRACE_REC_CALL, sizeof(b.rec) + nargs * sizeof(uint64_t)),
		.ret = c->ret,
		.nargs = nargs,
	};
	b.rec.r.layer = c->layer;
	if (c->start) {
		b.rec.duration = b.rec.r.time + began - c->start;
		b.rec.r.time = c->start - began;
	}
	memcpy(b.args, c->args, nargs * sizeof(uint64_t));
	lock_take(&lock);
	tell_lost();
	b.rec.r.name = name_id(c->name, c->arg_names, c->arg_names ? nargs : 0);
	b.rec.rule = name_id(c->why ? c->why->name : NULL, NULL, 0);
	b.rec.exit = name_id(exit, NULL, 0);
	put(&b, b.rec.r.size);
	lock_drop(&lock);
}

/* ---- events ---- */

static void put_named(struct trace_record *r, size_t size, const char *name)
{
	lock_take(&lock);
	tell_lost();
	r->name = name_id(name, NULL, 0);
	put(r, size);
	lock_drop(&lock);
}

static void put_exit(const struct trace_event *e)
{
	struct trace_rec_exit rec = {.r = record(TRACE_REC_EXIT, sizeof(rec)),
				     .to_user = e->to_user != 0};

	if (e->to_user)
		last_exit = e->name;
	if (is_wanted(TRACE_FILTER_EXITS))
		put_named(&rec.r, sizeof(rec), e->name);
}

static void put_state(const struct trace_event *e)
{
	struct trace_record rec = record(TRACE_REC_STATE, sizeof(rec));

	if (is_wanted(TRACE_FILTER_STATE))
		put_named(&rec, sizeof(rec), e->name);
}

static void put_measure(const struct trace_event *e)
{
	struct trace_rec_measure rec = {
		.r = record(TRACE_REC_MEASURE, sizeof(rec)),
		.index = e->index,
		.hash_len = MIN(e->hash_len, sizeof(rec.value)),
		.addr = e->addr,
		.top = e->top,
		.flags = e->flags,
	};

	if (!is_wanted(TRACE_FILTER_MEASURE))
		return;
	if (e->digest)
		memcpy(rec.digest, e->digest, rec.hash_len);
	if (e->value)
		memcpy(rec.value, e->value, rec.hash_len);
	put_named(&rec.r, sizeof(rec), e->name);
}

void tracer_event(const struct trace_event *e)
{
	if (e->kind == TRACE_EXIT)
		put_exit(e);
	else if (e->kind == TRACE_STATE)
		put_state(e);
	else if (e->kind == TRACE_MEASURE)
		put_measure(e);
}

/* ---- begin and end ---- */

int tracer_start(int fd, const struct trace_filter *f)
{
	struct trace_file_header h = {TRACE_FILE_MAGIC, TRACE_FILE_VERSION, sizeof(h), 0, 0};
	struct timespec now;

	box = outbox_create(fd, QUEUE_MAX, false);
	if (!box)
		return -ENOMEM;
	filter = *f;
	began = trace_now();
	clock_gettime(CLOCK_REALTIME, &now);
	h.realtime = now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
	put(&h, sizeof(h));
	return 0;
}

int tracer_stop(uint64_t *lost)
{
	int r;

	lock_take(&lock);
	tell_lost();
	*lost = lost_told;
	lock_drop(&lock);
	r = outbox_close(box, 2000);
	box = NULL;
	return r;
}
