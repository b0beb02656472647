// SPDX-License-Identifier: BSD-3-Clause
/*
 * client.c - who this process is to the backend, and how it gets there.
 *
 * The token names the address space. It lies in a page that the kernel wipes in the child of a
 * fork (and exec throws away with everything else), so a child notices by the next hook that its
 * parent's objects are not its own: it takes a token of its own and an empty table. Where the
 * kernel or an emulator cannot wipe pages, the process id tells. A vfork child shares the address
 * space and is, as for the kernel, the same client.
 *
 * The process keeps one talk for calls on /dev/kvm and reports about memory, from the first open()
 * on; when it is in use, another is made for the moment, and when there is no descriptor for that,
 * it is waited for.
 */
#include "client/client.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define PATIENCE_MS 2000 /* with a backend that says nothing, while a signal waits */

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
static struct talk shared = {.own.fd = -1};
static struct lock shared_lock;

void client_start(const char *name, bool is_carried)
{
	long page;

	carried = is_carried;
	if (!name || !wire_address(name, &backend_name, &backend_name_len))
		return;
	page = sys(mmap, NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	if (!sys_failed(page)) {
		/* An emulator may accept the advice and do nothing. */
		wiped_on_fork = !sys(madvise, page, PAGE_SIZE, MADV_WIPEONFORK) && !carried;
		life = (void *)page;
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
	own_close(&shared.own);
	shared_lock.word = 0;
	object_forget_all();
	maps_forget();
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

	uid_t self = sys(geteuid);

	if (sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || peer.uid != self)
		return false;
	backend_pid = peer.pid;
	return true;
}

/* Signals are blocked, but a backend that has stopped must not block the caller for ever. */
static int await(int fd, sigmask_t mask)
{
	const struct timespec ts = {PATIENCE_MS / 1000, PATIENCE_MS % 1000 * 1000000l};
	struct pollfd pfd = {fd, POLLIN, 0};
	long r;

	do
		r = sys(ppoll, &pfd, 1, &ts, NULL, 0);
	while (r == -EINTR || (!r && !signals_pending(mask)));
	return r > 0 ? 0 : r ? r : -EINTR;
}

static int reach(int fd, sigmask_t mask)
{
	const struct timeval tv = {PATIENCE_MS / 1000, PATIENCE_MS % 1000 * 1000}, ever = {0, 0};
	long r;

	sys(setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	do
		r = sys(connect, fd, &backend_name, backend_name_len);
	while (r == -EINTR || (r == -EAGAIN && !signals_pending(mask)));
	sys(setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &ever, sizeof(ever));
	if (r == -EAGAIN)
		return -EINTR;
	return r || !peer_is_ours(fd) ? -ENOENT : 0;
}

/* What the backend says of itself: 0 or -errno for the caller of open(). */
static int be_welcomed(int fd, enum wire_role role, sigmask_t mask)
{
	struct wire_msg m = {.type = WIRE_HELLO, .hello = {WIRE_VERSION, role, life->token}};
	int r;

	if (wire_send(fd, &m, NULL, NULL, 0))
		return -ENOENT;
	r = await(fd, mask);
	if (r)
		return r;
	if (wire_recv(fd, &m, NULL, 0, NULL, NULL) < 0 || m.type != WIRE_WELCOME)
		return -ENOENT;
	if (m.welcome.status)
		return m.welcome.status == -EPROTO ? -ENOENT : m.welcome.status;
	rmi_cap = m.welcome.rmi_cap;
	physical_dev = m.welcome.dev;
	physical_ino = m.welcome.ino;
	return 0;
}

/* A system channel: the descriptor, or -errno (ENOENT: the backend is gone). */
static int connect_as(enum wire_role role, sigmask_t mask)
{
	long fd = sys(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return fd;
	r = reach(fd, mask);
	if (!r)
		r = be_welcomed(fd, role, mask);
	if (!r)
		return fd;
	sys(close, fd);
	return r;
}

static int connect_talk(struct talk *t, sigmask_t mask)
{
	int fd = connect_as(WIRE_ROLE_REQUEST, mask);

	*t = (struct talk){.own.fd = -1};
	return fd < 0 ? fd : own_take(&t->own, fd);
}

/* shared_lock held: 0 or -errno, and the lock is dropped. */
static int use_shared(sigmask_t mask)
{
	int r = own_valid(&shared.own) && !talk_hung_up(&shared) ? 0 : connect_talk(&shared, mask);

	if (r)
		lock_drop(&shared_lock);
	return r;
}

struct talk *client_talk(struct talk *spare, sigmask_t mask, int *r)
{
	if (lock_try(&shared_lock)) {
		*r = use_shared(mask);
		return *r ? NULL : &shared;
	}
	*r = connect_talk(spare, mask);
	if (!*r)
		return spare;
	if (*r != -EMFILE && *r != -ENFILE)
		return NULL;
	lock_take(&shared_lock);
	*r = use_shared(mask);
	return *r ? NULL : &shared;
}

void client_talk_end(struct talk *t)
{
	if (t == &shared)
		lock_drop(&shared_lock);
	else
		own_close(&t->own);
}

/* Both, or neither: a /dev/kvm on which nothing can be asked is of no use. */
int client_open(int flags)
{
	sigmask_t mask;
	int fd = -1, r;

	signals_block(&mask);
	object_sweep();
	lock_take(&shared_lock);
	r = use_shared(mask);
	if (!r)
		lock_drop(&shared_lock);
	if (!r)
		r = memory_prepare();
	if (!r)
		r = fd = connect_as(WIRE_ROLE_OPEN, mask);
	if (fd >= 0 && !(flags & O_CLOEXEC))
		sys(fcntl, fd, F_SETFD, 0);
	signals_restore(&mask);
	return r;
}

/* Whatever the backend says of itself is known after a request. */
static void ask(void)
{
	struct talk spare;
	sigmask_t mask;
	struct talk *t;
	int r;

	signals_block(&mask);
	t = client_talk(&spare, mask, &r);
	if (t)
		client_talk_end(t);
	signals_restore(&mask);
}

uint32_t client_rmi_cap(void)
{
	if (!rmi_cap)
		ask();
	return rmi_cap;
}

pid_t client_backend_pid(void)
{
	if (!backend_pid)
		ask();
	return backend_pid;
}

bool client_is_backend_name(int fd)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(name);

	return !sys(getpeername, fd, &name, &len) && len == backend_name_len &&
	       !memcmp(&name, &backend_name, len);
}

bool client_is_physical(uint64_t dev, uint64_t ino)
{
	return ino && ino == physical_ino && dev == physical_dev;
}

/* ---- the VMM's table of descriptors ---- */

/* A child of vfork has its parent's memory, but descriptors of its own. */
static bool table_is_ours(void)
{
	return client_enabled() && __atomic_load_n(&life->owner, __ATOMIC_RELAXED) == sys(getpid);
}

static int next_own(int from)
{
	int all[] = {object_next_own(from), mapping_next_own(from), maps_own()->fd, shared.own.fd};
	int next = -1;

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] >= from && (next < 0 || all[i] < next))
			next = all[i];
	return next;
}

static struct own *owner(int fd)
{
	struct talk *t = shared.own.fd == fd ? &shared : object_owner(fd);
	struct own *o = t ? &t->own : maps_own()->fd == fd ? maps_own() : mapping_owner(fd);

	return o && own_valid(o) ? o : NULL;
}

bool client_owns(int fd)
{
	return fd >= 0 && table_is_ours() && next_own(fd) == fd && owner(fd);
}

int client_close_range(unsigned int first, unsigned int last, int flags)
{
	int r = 0, own;

	if (!table_is_ours() || first > last)
		return sys(close_range, first, last, flags);
	while (!r && first <= last) {
		own = first <= INT32_MAX ? next_own(first) : -1;
		while (own >= 0 && !owner(own))
			own = next_own(own + 1);
		if (own < 0 || (unsigned int)own > last)
			return sys(close_range, first, last, flags);
		if ((unsigned int)own > first)
			r = sys(close_range, first, own - 1, flags);
		first = own + 1;
	}
	return r;
}

int client_yield(int fd)
{
	struct own *o = client_owns(fd) ? owner(fd) : NULL;
	struct talk *t = object_owner(fd);
	struct object *obj;
	bool moved;

	if (!o)
		return 0;
	if (!t)
		return own_move(o) ? 0 : -EBUSY;
	/* Not while a request is under way. */
	obj = (struct object *)((char *)t - offsetof(struct object, talk));
	if (!lock_try(&obj->lock))
		return -EBUSY;
	moved = own_move(o);
	lock_drop(&obj->lock);
	return moved ? 0 : -EBUSY;
}
