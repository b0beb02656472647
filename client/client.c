// SPDX-License-Identifier: BSD-3-Clause
/*
 * client.c - who this process is to the backend, and which descriptors are ours.
 *
 * The token names the address space. It lies in a page that the kernel wipes in the child of a
 * fork (and exec throws away with everything else), so a child notices by the next hook that its
 * parent's objects are not its own: it takes a token of its own and an empty table. Where the
 * kernel or an emulator cannot wipe pages, the process id tells. A vfork child shares the address
 * space and is, as for the kernel, the same client.
 *
 * A descriptor is looked up by device and inode of its socket. What is not in the table is still
 * ours if it is a /dev/kvm inherited or received (its peer has the backend's name), or an object
 * of another address space (its peer is the backend's process).
 */
#include "client/client.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#define MAX_OBJECTS 1024
#define HIGH_FD 500 /* where our own short-lived descriptors go, out of the VMM's sight */

#define RESETTING ((pid_t)-1)

struct life {
	uint64_t token; /* not 0 */
	pid_t owner;	/* client_enter() */
};

static struct life fallback_life, *life = &fallback_life;
static bool wiped_on_fork, begun, carried;
static struct sockaddr_un backend_name;
static socklen_t backend_name_len;
static pid_t backend_pid;
static uint32_t rmi_cap;
static uint64_t physical_dev, physical_ino;
static struct object objects[MAX_OBJECTS];
static struct lock objects_lock;

__attribute__((constructor)) static void client_init(void)
{
	const char *name = getenv(WIRE_ENV_SOCKET);
	struct life *page;

	/* Once: the environment is not to be read beside a VMM that changes it. */
	carried = getenv(WIRE_ENV_CARRIED) != NULL;
	if (!name || !wire_address(name, &backend_name, &backend_name_len))
		return;
	page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page != MAP_FAILED) {
		/* An emulator may accept the advice and do nothing. */
		wiped_on_fork = madvise(page, PAGE_SIZE, MADV_WIPEONFORK) == 0 &&
				!carried;
		life = page;
	}
}

bool client_enabled(void)
{
	return backend_name_len != 0;
}

bool client_carried(void)
{
	return carried;
}

static uint64_t new_token(void)
{
	uint64_t token = 0;

	while (!token)
		if (sys(getrandom, &token, sizeof(token), 0) != sizeof(token))
			token = (uint64_t)sys(getpid) << 32 | (uintptr_t)&token >> 4;
	return token;
}

/* What belongs to the parent. Its locks may be held: by threads that are not here. */
static void forget_parent(void)
{
	memset(objects, 0, sizeof(objects));
	objects_lock.word = 0;
	memory_forget_all();
	mapping_forget_all();
}

/*
 * life->owner is the process that the tables belong to; 0 in a page that is new or wiped; RESETTING
 * while one thread sets up (a child may have several before its first hook).
 */
void client_enter(void)
{
	pid_t self = wiped_on_fork ? 0 : sys(getpid);
	pid_t owner = __atomic_load_n(&life->owner, __ATOMIC_ACQUIRE);
	sigmask_t mask;

	if (owner > 0 && (wiped_on_fork || owner == self))
		return;
	signals_block(&mask); /* no handler may find it half done */
	while (owner == RESETTING || (wiped_on_fork ? !owner : owner != self)) {
		if (owner == RESETTING) {
			sys(sched_yield);
			owner = __atomic_load_n(&life->owner, __ATOMIC_ACQUIRE);
		} else if (__atomic_compare_exchange_n(&life->owner, &owner, RESETTING, false,
						       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			if (begun)
				forget_parent();
			begun = true;
			life->token = new_token();
			owner = sys(getpid);
			__atomic_store_n(&life->owner, owner, __ATOMIC_RELEASE);
		}
	}
	signals_restore(&mask);
}

static bool peer_is_ours(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || peer.uid != geteuid())
		return false;
	backend_pid = peer.pid;
	return true;
}

/* Out of the way: a VMM's next descriptor gets the number that the kernel would have given. */
static int move_high(int fd)
{
	long high = sys(fcntl, fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (high < 0)
		return fd;
	sys(close, fd);
	return high;
}

int client_connect(enum wire_role role)
{
	struct wire_msg m = {.type = WIRE_HELLO,
			     .hello = {WIRE_VERSION, role, life->token}};
	long fd = sys(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return fd;
	do
		r = sys(connect, fd, &backend_name, backend_name_len);
	while (r == -EINTR);
	if (r || !peer_is_ours(fd))
		goto gone;
	if (role == WIRE_ROLE_REQUEST)
		fd = move_high(fd);
	if (wire_send(fd, &m, NULL, NULL, 0) || wire_recv(fd, &m, NULL, 0, NULL, NULL) < 0 ||
	    m.type != WIRE_WELCOME || m.welcome.status)
		goto gone;
	rmi_cap = m.welcome.rmi_cap;
	physical_dev = m.welcome.dev;
	physical_ino = m.welcome.ino;
	return fd;
gone:
	sys(close, fd);
	return -ENOENT;
}

uint32_t client_rmi_cap(void)
{
	sigmask_t mask;
	int fd;

	if (!rmi_cap) {
		signals_block(&mask);
		fd = client_connect(WIRE_ROLE_REQUEST);
		if (fd >= 0)
			sys(close, fd);
		signals_restore(&mask);
	}
	return rmi_cap;
}

bool client_is_physical(uint64_t dev, uint64_t ino)
{
	return ino && ino == physical_ino && dev == physical_dev;
}

static struct object *find(uint64_t dev, uint64_t ino)
{
	for (unsigned int i = 0; i < MAX_OBJECTS; i++)
		if (objects[i].ino == ino && objects[i].dev == dev)
			return &objects[i];
	return NULL;
}

static enum fd_class classify_stranger(int fd)
{
	struct sockaddr_un name;
	struct ucred peer;
	socklen_t len = sizeof(int);
	int type;

	if (sys(getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_SEQPACKET)
		return FD_OTHER;
	len = sizeof(name);
	if (!sys(getpeername, fd, &name, &len) && len == backend_name_len &&
	    !memcmp(&name, &backend_name, len))
		return FD_SYSTEM;
	len = sizeof(peer);
	if (sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || !peer.pid)
		return FD_OTHER;
	if (!backend_pid)
		client_rmi_cap();
	return peer.pid == backend_pid ? FD_FOREIGN : FD_OTHER;
}

enum fd_class object_classify(int fd, struct object **obj)
{
	struct stat st;

	*obj = NULL;
	if (!client_enabled() || sys(fstat, fd, &st) || !S_ISSOCK(st.st_mode))
		return FD_OTHER;
	*obj = find(st.st_dev, st.st_ino);
	return *obj ? FD_OBJECT : classify_stranger(fd);
}

struct object *object_add(int fd, const struct wire_msg *m)
{
	struct object *obj = NULL;
	struct stat st;

	if (sys(fstat, fd, &st))
		return NULL;
	lock_take(&objects_lock);
	for (unsigned int i = 0; i < MAX_OBJECTS && !obj; i++)
		if (!objects[i].ino)
			obj = &objects[i];
	if (obj) {
		*obj = (struct object){.dev = st.st_dev,
				       .kind = m->object.kind,
				       .id = m->object.id,
				       .size = m->object.size,
				       .flags = m->object.flags};
		__atomic_store_n(&obj->ino, st.st_ino, __ATOMIC_RELEASE);
	}
	lock_drop(&objects_lock);
	return obj;
}

/* The backend saw the last close: no descriptor leads here any more. */
void object_forget(uint32_t id)
{
	lock_take(&objects_lock);
	for (unsigned int i = 0; i < MAX_OBJECTS; i++) {
		if (!objects[i].ino || objects[i].id != id)
			continue;
		if (objects[i].memory)
			sys(munmap, objects[i].memory, objects[i].size);
		objects[i].ino = 0;
	}
	lock_drop(&objects_lock);
}
