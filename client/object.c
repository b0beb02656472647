// SPDX-License-Identifier: BSD-3-Clause
/*
 * object.c - the objects that this process was given, and which descriptors are ours.
 *
 * A descriptor is looked up by device and inode of its socket: the object's life. What is not in
 * the table is still ours if it is a /dev/kvm inherited or received (its peer has the backend's
 * name), or an object of another address space (its peer is the backend's process).
 *
 * An entry is taken out when its talk hangs up: the backend has seen the last close. Its latch is
 * held for that, so no call on it is under way. A thread that found the entry before checks it
 * again once it has the latch.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "client/parts.h"

#define MAX_OBJECTS CLIENT_MAX_OBJECTS

static struct client_objects *const objects = &client.objects;

static struct object *find(uint64_t dev, uint64_t ino)
{
	unsigned int far = __atomic_load_n(&objects->farthest, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i <= far; i++) {
		unsigned int n = __atomic_load_n(&objects->places[(ino + i) % MAX_OBJECTS],
						 __ATOMIC_ACQUIRE);
		struct object *obj = n ? &objects->table[n - 1] : NULL;

		if (n && __atomic_load_n(&obj->ino, __ATOMIC_ACQUIRE) == ino && obj->dev == dev)
			return obj;
	}
	return NULL;
}

static enum fd_class classify_stranger(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(int);
	int type;

	if (sys(getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_SEQPACKET)
		return FD_OTHER;
	if (link_is_backend_name(fd))
		return FD_SYSTEM;
	len = sizeof(peer);
	if (sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || !peer.pid)
		return FD_OTHER;
	return peer.pid == link_backend_pid() ? FD_FOREIGN : FD_OTHER;
}

enum fd_class object_classify(int fd, struct handle *h)
{
	struct stat st;

	h->obj = NULL;
	if (!client_enabled() || sys(fstat, fd, &st) || !S_ISSOCK(st.st_mode))
		return FD_OTHER;
	h->ino = st.st_ino;
	h->obj = find(st.st_dev, st.st_ino);
	return h->obj ? FD_OBJECT : classify_stranger(fd);
}

bool object_is_gmem(int fd)
{
	struct handle h;

	return __atomic_load_n(&objects->any_gmem, __ATOMIC_RELAXED) &&
	       object_classify(fd, &h) == FD_OBJECT && h.obj->kind == OBJECT_GMEM;
}

static void leave_place(const struct object *obj)
{
	uint16_t n = (uint16_t)(obj - objects->table + 1);

	for (unsigned int i = 0; i <= objects->farthest; i++) {
		uint16_t *place = &objects->places[(obj->ino + i) % MAX_OBJECTS];

		if (*place == n)
			__atomic_store_n(place, 0, __ATOMIC_RELEASE);
	}
}

/* obj->latch and that of the table are held. */
static void forget(struct object *obj)
{
	latch_assert_held(&obj->latch);
	latch_assert_held(&objects->latch);
	leave_place(obj);
	own_close(&obj->talk.own);
	if (obj->memory)
		sys(munmap, obj->memory, obj->size);
	obj->memory = NULL;
	__atomic_store_n(&obj->ino, 0, __ATOMIC_RELEASE);
}

/* Entries whose object is gone; true if there was one. The latch of the table is held. */
static bool sweep(void)
{
	bool any = false;

	for (unsigned int i = 0; i < objects->used; i++) {
		struct object *obj = &objects->table[i];

		if (!obj->ino || !latch_try(&obj->latch, LATCH_OBJECT))
			continue;
		if (!own_valid(&obj->talk.own) || talk_hung_up(&obj->talk)) {
			forget(obj);
			any = true;
		}
		latch_drop(&obj->latch);
	}
	return any;
}

bool object_sweep(void)
{
	bool any;

	latch_take(&objects->latch, LATCH_OBJECTS);
	any = sweep();
	latch_drop(&objects->latch);
	return any;
}

/* Its latch is held; NULL: there are too many. That of the table is held. */
static struct object *free_entry(void)
{
	for (unsigned int i = 0; i < MAX_OBJECTS; i++) {
		/* A thread that found the last object here may be about to check again. */
		if (objects->table[i].ino || !latch_try(&objects->table[i].latch, LATCH_OBJECT))
			continue;
		objects->used = i >= objects->used ? i + 1 : objects->used;
		return &objects->table[i];
	}
	return NULL;
}

/* There is a place for each entry. The entry is complete. The latch of the table is held. */
static void take_place(struct object *obj, uint64_t ino)
{
	unsigned int i = 0;

	while (objects->places[(ino + i) % MAX_OBJECTS])
		i++;
	if (i > objects->farthest)
		__atomic_store_n(&objects->farthest, i, __ATOMIC_RELEASE);
	__atomic_store_n(&obj->ino, ino, __ATOMIC_RELEASE);
	__atomic_store_n(&objects->places[(ino + i) % MAX_OBJECTS],
			 (uint16_t)(obj - objects->table + 1), __ATOMIC_RELEASE);
}

struct object *object_add(int life, int talk, const struct wire_msg *m)
{
	struct object *obj = NULL;
	struct stat st;
	struct own own;

	if (sys(fstat, life, &st) || own_take(&own, talk))
		return NULL;
	latch_take(&objects->latch, LATCH_OBJECTS);
	sweep();
	obj = free_entry();
	if (obj) {
		memset(&obj->dev, 0, sizeof(*obj) - offsetof(struct object, dev));
		obj->dev = st.st_dev;
		obj->kind = m->object.kind;
		obj->id = m->object.id;
		obj->talk.own = own;
		obj->size = m->object.size;
		obj->flags = m->object.flags;
		if (obj->kind == OBJECT_GMEM)
			__atomic_store_n(&objects->any_gmem, true, __ATOMIC_RELAXED);
		take_place(obj, st.st_ino);
	}
	latch_drop(&objects->latch);
	if (!obj)
		own_close(&own);
	return obj;
}

void object_remove(struct object *obj)
{
	latch_take(&objects->latch, LATCH_OBJECTS);
	forget(obj);
	latch_drop(&objects->latch);
	latch_drop(&obj->latch);
}

void object_reset(void)
{
	for (unsigned int i = 0; i < objects->used; i++)
		own_close(&objects->table[i].talk.own);
	memset(objects->table, 0, objects->used * sizeof(objects->table[0]));
	if (objects->used)
		memset(objects->places, 0, sizeof(objects->places));
	objects->used = objects->farthest = 0;
	objects->any_gmem = false;
	objects->latch = (struct latch){0};
}

struct object *object_owner(int fd)
{
	for (unsigned int i = 0; i < objects->used; i++)
		if (objects->table[i].ino && objects->table[i].talk.own.fd == fd)
			return &objects->table[i];
	return NULL;
}

int object_next_own(int from)
{
	int next = -1;

	for (unsigned int i = 0; i < objects->used; i++) {
		int fd = objects->table[i].ino ? objects->table[i].talk.own.fd : -1;

		if (fd >= from && (next < 0 || fd < next))
			next = fd;
	}
	return next;
}
