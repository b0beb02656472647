// SPDX-License-Identifier: BSD-3-Clause
/*
 * object.c - the objects that this process was given, and which descriptors are ours.
 *
 * A descriptor is looked up by device and inode of its socket: the object's life. What is not in
 * the table is still ours if it is a /dev/kvm inherited or received (its peer has the backend's
 * name), or an object of another address space (its peer is the backend's process).
 *
 * An entry is taken out when its talk hangs up: the backend has seen the last close. `lock` is held
 * for that, so no call on it is under way. A thread that found the entry before checks it again
 * once it has the lock.
 */
#include "client/client.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define MAX_OBJECTS 2048u

/* Entries are taken from the front, so the memory in use is that of the most objects at once. */
static struct object objects[MAX_OBJECTS];
static unsigned int used; /* no entry behind it was ever taken */
/* By inode: an entry's number plus 1; 0: the place is free. */
static uint16_t places[MAX_OBJECTS];
static unsigned int farthest; /* nothing is farther from its inode's own place than this */
static struct lock objects_lock;

static struct object *find(uint64_t dev, uint64_t ino)
{
	unsigned int far = __atomic_load_n(&farthest, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i <= far; i++) {
		unsigned int n =
			__atomic_load_n(&places[(ino + i) % MAX_OBJECTS], __ATOMIC_ACQUIRE);
		struct object *obj = n ? &objects[n - 1] : NULL;

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
	if (client_is_backend_name(fd))
		return FD_SYSTEM;
	len = sizeof(peer);
	if (sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || !peer.pid)
		return FD_OTHER;
	return peer.pid == client_backend_pid() ? FD_FOREIGN : FD_OTHER;
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

int object_lock(const struct handle *h)
{
	run_lock(h->obj);
	if (h->obj->ino == h->ino)
		return 0;
	lock_drop(&h->obj->lock);
	return -EBADF;
}

static void leave_place(const struct object *obj)
{
	uint16_t n = (uint16_t)(obj - objects + 1);

	for (unsigned int i = 0; i <= farthest; i++) {
		uint16_t *place = &places[(obj->ino + i) % MAX_OBJECTS];

		if (*place == n)
			__atomic_store_n(place, 0, __ATOMIC_RELEASE);
	}
}

/* obj->lock and objects_lock held. */
static void forget(struct object *obj)
{
	leave_place(obj);
	own_close(&obj->talk.own);
	if (obj->memory)
		sys(munmap, obj->memory, obj->size);
	obj->memory = NULL;
	__atomic_store_n(&obj->ino, 0, __ATOMIC_RELEASE);
}

/* Entries whose object is gone; true if there was one. objects_lock held. */
static bool sweep(void)
{
	bool any = false;

	for (unsigned int i = 0; i < used; i++) {
		struct object *obj = &objects[i];

		if (!obj->ino || !lock_try(&obj->lock))
			continue;
		if (!own_valid(&obj->talk.own) || talk_hung_up(&obj->talk)) {
			forget(obj);
			any = true;
		}
		lock_drop(&obj->lock);
	}
	return any;
}

bool object_sweep(void)
{
	bool any;

	lock_take(&objects_lock);
	any = sweep();
	lock_drop(&objects_lock);
	return any;
}

/* Its lock is held; NULL: there are too many. objects_lock held. */
static struct object *free_entry(void)
{
	for (unsigned int i = 0; i < MAX_OBJECTS; i++) {
		/* A thread that found the last object here may be about to check again. */
		if (objects[i].ino || !lock_try(&objects[i].lock))
			continue;
		used = i >= used ? i + 1 : used;
		return &objects[i];
	}
	return NULL;
}

/* There is a place for each entry. The entry is complete. objects_lock held. */
static void take_place(struct object *obj, uint64_t ino)
{
	unsigned int i = 0;

	while (places[(ino + i) % MAX_OBJECTS])
		i++;
	if (i > farthest)
		__atomic_store_n(&farthest, i, __ATOMIC_RELEASE);
	__atomic_store_n(&obj->ino, ino, __ATOMIC_RELEASE);
	__atomic_store_n(&places[(ino + i) % MAX_OBJECTS], (uint16_t)(obj - objects + 1),
			 __ATOMIC_RELEASE);
}

struct object *object_add(int life, int talk, const struct wire_msg *m)
{
	struct object *obj = NULL;
	struct stat st;
	struct own own;

	if (sys(fstat, life, &st) || own_take(&own, talk))
		return NULL;
	lock_take(&objects_lock);
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
		take_place(obj, st.st_ino);
		lock_drop(&obj->lock);
	}
	lock_drop(&objects_lock);
	if (!obj)
		own_close(&own);
	return obj;
}

void object_remove(struct object *obj)
{
	lock_take(&objects_lock);
	forget(obj);
	lock_drop(&objects_lock);
}

void object_forget_all(void)
{
	for (unsigned int i = 0; i < used; i++)
		if (objects[i].ino)
			own_close(&objects[i].talk.own);
	memset(objects, 0, used * sizeof(objects[0]));
	memset(places, 0, sizeof(places));
	used = farthest = 0;
	objects_lock.word = 0;
}

struct talk *object_owner(int fd)
{
	for (unsigned int i = 0; i < used; i++)
		if (objects[i].ino && objects[i].talk.own.fd == fd)
			return &objects[i].talk;
	return NULL;
}

int object_next_own(int from)
{
	int next = -1;

	for (unsigned int i = 0; i < used; i++) {
		int fd = objects[i].ino ? objects[i].talk.own.fd : -1;

		if (fd >= from && (next < 0 || fd < next))
			next = fd;
	}
	return next;
}
