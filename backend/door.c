// SPDX-License-Identifier: BSD-3-Clause
/*
 * door.c - visitors: their threads, their lines, what they listen to.
 *
 * A visitor is
 *	LISTED	by door_visit; its thread reads lines and answers them; a hang-up, nonsense, or the
 *		door's end (a shutdown of its socket) ->
 *	GONE	out of the list: nobody tells it anything; then it is freed.
 */
#include "backend/door.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/outbox.h"
#include "backend/ranks.h"
#include "base/bits.h"
#include "base/log.h"

#define MAX_VISITORS 64u
#define MAX_LINE     65536u
#define OUTBOX_MAX   (16u << 20)
#define STACK_SIZE   (256 * 1024)
#define FLUSH_MS     100

struct visitor {
	struct door *door;
	struct visitor *next;
	int fd;
	pid_t process;
	struct outbox *box;
	unsigned int listens; /* bits: enum door_event; door_lock */
	uint64_t lost_told;
	size_t len;
	char line[MAX_LINE];
};

struct door {
	door_call call;
	void *arg;
	struct visitor *visitors; /* all below: door_lock */
	unsigned int num;
	pthread_cond_t gone;
};

static struct lock door_lock = LOCK_INITIALIZER(RANK_DOOR, "door");
static struct door *the_door; /* for door_tell: a process has one */
static atomic_uint listened;  /* what any visitor listens to */

static const char *const event_names[DOOR_NUM_EVENTS] = {
	[DOOR_REFUSAL] = "refusal",	[DOOR_EXIT] = "exit", [DOOR_STATE] = "state",
	[DOOR_MEASURE] = "measurement", [DOOR_LOG] = "log",
};

static void send_json(struct visitor *v, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);
	struct iovec iov[2] = {{text, text ? strlen(text) : 0}, {"\n", 1}};

	if (text)
		outbox_put(v->box, iov, 2);
	free(text);
	json_decref(o);
}

/* ---- events ---- */

bool door_listens(enum door_event kind)
{
	return atomic_load_explicit(&listened, memory_order_relaxed) & 1u << kind;
}

static void tell_lost(struct visitor *v)
{
	uint64_t lost = outbox_lost(v->box);

	if (lost == v->lost_told)
		return;
	send_json(v, json_pack("{s:s, s:I}", "event", "lost", "count",
			       (json_int_t)(lost - v->lost_told)));
	v->lost_told = lost;
}

void door_tell(enum door_event kind, json_t *event)
{
	json_object_set_new(event, "event", json_string(event_names[kind]));
	lock_take(&door_lock);
	for (struct visitor *v = the_door ? the_door->visitors : NULL; v; v = v->next) {
		if (!(v->listens & 1u << kind))
			continue;
		tell_lost(v);
		send_json(v, json_incref(event));
	}
	lock_drop(&door_lock);
	json_decref(event);
}

/* door_lock held. */
static void sum_listeners(struct door *d)
{
	unsigned int all = 0;

	lock_assert_held(&door_lock);
	for (struct visitor *v = d->visitors; v; v = v->next)
		all |= v->listens;
	atomic_store(&listened, all);
}

/* {"call": "events", "kinds": [...]}; without kinds, all; an empty list ends it. */
static json_t *call_events(struct visitor *v, const json_t *request, const char **error)
{
	const json_t *kinds = json_object_get(request, "kinds"), *kind;
	unsigned int bits = kinds ? 0 : (1u << DOOR_NUM_EVENTS) - 1, i, n;

	if (kinds && !json_is_array(kinds))
		*error = "\"kinds\" is not an array";
	json_array_foreach(kinds, i, kind)
	{
		const char *name = json_string_value(kind);

		for (n = 0; n < DOOR_NUM_EVENTS; n++)
			if (name && !strcmp(name, event_names[n]))
				break;
		if (n == DOOR_NUM_EVENTS)
			*error = "a kind is none of refusal, exit, state, measurement, log";
		else
			bits |= 1u << n;
	}
	if (*error)
		return NULL;
	lock_take(&door_lock);
	v->listens = bits;
	sum_listeners(v->door);
	lock_drop(&door_lock);
	return json_true();
}

/* ---- requests ---- */

static void answer(struct visitor *v, const char *line, size_t len)
{
	json_error_t where;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &where), *o, *out = NULL;
	const char *call = json_string_value(json_object_get(request, "call"));
	const char *error = NULL;

	json_object_set_new(request, DOOR_VISITOR, json_integer(v->process));
	if (!request)
		error = where.text;
	else if (!call)
		error = "want {\"call\": NAME, ...}";
	else if (!strcmp(call, "events"))
		out = call_events(v, request, &error);
	else
		out = v->door->call(v->door->arg, call, request, &error);
	o = json_object();
	if (json_object_get(request, "id"))
		json_object_set(o, "id", json_object_get(request, "id"));
	if (out)
		json_object_set_new(o, "result", out);
	else
		json_object_set_new(o, "error", json_string(error ?: "out of memory"));
	json_decref(request);
	send_json(v, o);
}

/* True: go on. */
static bool read_lines(struct visitor *v)
{
	ssize_t n = recv(v->fd, v->line + v->len, sizeof(v->line) - v->len, 0);
	char *end;
	size_t used;

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	v->len += n;
	while ((end = memchr(v->line, '\n', v->len))) {
		used = end + 1 - v->line;
		if (used > 1)
			answer(v, v->line, used - 1);
		v->len -= used;
		memmove(v->line, v->line + used, v->len);
	}
	if (v->len < sizeof(v->line))
		return true;
	send_json(v, json_pack("{s:s}", "error", "a line is longer than 64 KiB"));
	return false;
}

static void unlist(struct visitor *v)
{
	struct door *d = v->door;
	struct visitor **p;

	lock_take(&door_lock);
	for (p = &d->visitors; *p != v; p = &(*p)->next)
		;
	*p = v->next;
	sum_listeners(d);
	lock_drop(&door_lock);
}

/* A client that does not read its last answers within a moment does not get them. */
static void close_visitor(struct visitor *v)
{
	while (recv(v->fd, v->line, sizeof(v->line), MSG_DONTWAIT) > 0)
		; /* something unread would make the close a reset, and our last words lost */
	if (outbox_close(v->box, FLUSH_MS) == -ETIMEDOUT) {
		shutdown(v->fd, SHUT_RDWR);
		while (outbox_close(v->box, FLUSH_MS) == -ETIMEDOUT)
			;
	}
	close(v->fd);
	free(v);
}

static void end(struct visitor *v)
{
	struct door *d = v->door;

	unlist(v);
	close_visitor(v);
	lock_take(&door_lock);
	d->num--;
	pthread_cond_broadcast(&d->gone);
	lock_drop(&door_lock);
}

static void *visitor_main(void *arg)
{
	struct visitor *v = arg;

	while (read_lines(v))
		;
	end(v);
	return NULL;
}

static int start(struct visitor *v)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	r = pthread_create(&thread, &attr, visitor_main, v);
	pthread_attr_destroy(&attr);
	return -r;
}

static pid_t process_of(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ? 0 : peer.pid;
}

void door_visit(void *door, int fd)
{
	struct door *d = door;
	struct visitor *v = calloc(1, sizeof(*v));
	bool room;

	if (!v)
		goto fail;
	v->door = d;
	v->fd = fd;
	v->process = process_of(fd);
	v->box = outbox_create(fd, OUTBOX_MAX, true);
	if (!v->box)
		goto fail;
	lock_take(&door_lock);
	room = d->num < MAX_VISITORS;
	if (room) {
		d->num++;
		v->next = d->visitors;
		d->visitors = v;
	}
	lock_drop(&door_lock);
	if (room && start(v))
		end(v);
	if (room)
		return;
	send_json(v, json_pack("{s:s}", "error", "too many visitors"));
	close_visitor(v);
	return;
fail:
	free(v);
	close(fd);
}

struct door *door_create(door_call call, void *arg)
{
	struct door *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->call = call;
	d->arg = arg;
	pthread_cond_init(&d->gone, NULL);
	lock_take(&door_lock);
	the_door = d;
	lock_drop(&door_lock);
	return d;
}

void door_destroy(struct door *d)
{
	lock_take(&door_lock);
	the_door = NULL;
	for (struct visitor *v = d->visitors; v; v = v->next)
		shutdown(v->fd, SHUT_RD);
	while (d->num)
		lock_wait(&door_lock, &d->gone);
	lock_drop(&door_lock);
	pthread_cond_destroy(&d->gone);
	free(d);
}
