// SPDX-License-Identifier: BSD-3-Clause
/*
 * channel.c - serves one conversation with a client until it hangs up.
 *
 * A channel is
 *	CREATED	in the server's list; started, it has a thread that waits for an order:
 *		channel_stop destroys it, channel_go ->
 *	GREETED	(system channels) its HELLO, which greet.c has read, names the client; then it has a
 *		file and ->
 *	SERVED	its thread reads requests, one at a time; hang-up or nonsense ->
 *	CLOSING	nobody finds it any more; the thread releases the file (which may wait for vCPUs to
 *		stop, and ends a VM whose last file it is), takes the channel out of the list and
 *		frees it.
 */
#include "backend/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/log.h"
#include "machine/memory.h"

#define STACK_SIZE (512 * 1024)

/* Each costs a thread: no client takes them all from the machine. */
static bool take_place(struct server *s)
{
	bool ok;

	pthread_mutex_lock(&s->lock);
	ok = s->num_channels < s->max_channels;
	s->num_channels += ok;
	pthread_mutex_unlock(&s->lock);
	return ok;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

struct channel *channel_create(struct server *s, int fd, int life_fd, struct mm *mm,
			       struct kvm_file *file)
{
	struct channel *ch = calloc(1, sizeof(*ch));

	if (!ch || !take_place(s)) {
		free(ch);
		if (file)
			kvm_file_put(file);
		close(fd);
		close_if(life_fd);
		errno = ch ? EMFILE : ENOMEM;
		return NULL;
	}
	*ch = (struct channel){.srv = s, .fd = fd, .life_fd = life_fd, .mm = mm, .file = file};
	if (mm)
		mm_get(mm);
	pthread_mutex_lock(&s->lock);
	if (file) {
		ch->id = ++s->last_id;
		ch->counted = true;
		s->num_clients++;
	}
	ch->next = s->channels;
	s->channels = ch;
	pthread_mutex_unlock(&s->lock);
	return ch;
}

/* From now on nobody finds the object by this channel. */
static struct kvm_file *take_file(struct channel *ch)
{
	struct kvm_file *file;

	pthread_mutex_lock(&ch->srv->lock);
	file = ch->file;
	ch->file = NULL;
	pthread_mutex_unlock(&ch->srv->lock);
	return file;
}

static void unlist(struct channel *ch)
{
	struct server *s = ch->srv;
	const uint64_t one = 1;
	struct channel **p;

	pthread_mutex_lock(&s->lock);
	for (p = &s->channels; *p != ch; p = &(*p)->next)
		;
	*p = ch->next;
	if (ch->counted && !--s->num_clients && write(s->idle_fd, &one, sizeof(one)) < 0)
		log_debug("nobody reads the idle eventfd");
	close(ch->fd); /* before server_destroy returns */
	close_if(ch->life_fd);
	s->num_channels--;
	pthread_cond_broadcast(&s->closed);
	pthread_mutex_unlock(&s->lock);
}

static void channel_destroy(struct channel *ch)
{
	struct kvm_file *file = take_file(ch);

	if (file)
		kvm_file_put(file);
	if (ch->mm) {
		life_over(ch);
		mm_put(ch->mm);
	}
	unlist(ch);
	free(ch);
}

/* ---- requests ---- */

static int done(struct channel *ch, int64_t ret, struct wire_msg *m, int fd)
{
	if (mm_remap(ch->mm, ch))
		return -EPIPE;
	life_finish(ch);
	m->type = WIRE_DONE;
	m->len = 0;
	m->done.ret = ret;
	return channel_say(ch, m, NULL, &fd, fd >= 0);
}

static int64_t run(struct channel *ch, struct wire_caller *c, const struct wire_msg *m)
{
	int64_t r;

	ch->running = true;
	kvm_vcpu_watch(ch->file, ch->fd); /* CANCEL */
	r = kvm_ioctl(ch->file, &c->base, m->call.nr, m->call.arg);
	kvm_vcpu_watch(ch->file, -1);
	ch->running = false;
	return r;
}

static void tell_mask(struct channel *ch, struct wire_msg *m)
{
	m->done.mask_op =
		kvm_vcpu_signal_mask(ch->file, &m->done.mask) ? WIRE_MASK_SET : WIRE_MASK_CLEAR;
}

static int serve_call(struct channel *ch, const struct wire_msg *m, const void *eager, size_t len)
{
	bool is_vcpu = kvm_file_kind(ch->file) == KVM_FILE_VCPU;
	struct wire_msg reply = {0};
	struct wire_caller c;
	int64_t r;

	caller_init(&c, ch);
	c.eager_addr = m->call.arg;
	c.eager_len = len;
	memcpy(c.eager, eager, len);
	if (!is_vcpu)
		life_settle(ch);
	if (is_vcpu && m->call.nr == KVM_RUN)
		r = run(ch, &c, m);
	else
		r = kvm_ioctl(ch->file, &c.base, m->call.nr, m->call.arg);
	caller_finish(&c);
	if (c.broken)
		return -EPIPE;
	if (is_vcpu && m->call.nr == KVM_SET_SIGNAL_MASK && !r)
		tell_mask(ch, &reply);
	return done(ch, r, &reply, -1);
}

static int serve_vcpu_memory(struct channel *ch, const struct wire_msg *m)
{
	struct kvm_file *file = channel_find_id(ch->srv, ch->mm, m->object.id);
	struct wire_msg reply = {0};
	int r;

	if (file && kvm_file_kind(file) == KVM_FILE_VCPU)
		r = done(ch, 0, &reply, kvm_vcpu_memfd(file));
	else
		r = done(ch, -ENODEV, &reply, -1);
	if (file)
		kvm_file_put(file);
	return r;
}

/* Pages that are private for life, and what lies behind the end, are an empty file's. */
static int send_gmem(struct channel *ch, const struct kvm_gmem_info *info, uint64_t offset)
{
	struct wire_msg reply = {0};
	int fd, r;

	if (info->has_shared && offset < info->size) {
		reply.done.offset = info->pa - machine_client_base(ch->srv->cfg.machine);
		return done(ch, 0, &reply, machine_client_memfd(ch->srv->cfg.machine));
	}
	fd = memfd_create(WIRE_NAME_PRIVATE, MFD_CLOEXEC);
	r = done(ch, fd < 0 ? -ENOMEM : 0, &reply, fd);
	if (fd >= 0)
		close(fd);
	return r;
}

static int serve_gmem_map(struct channel *ch, const struct wire_msg *m)
{
	struct kvm_file *file = channel_find_id(ch->srv, ch->mm, m->object.id);
	struct wire_msg reply = {0};
	struct kvm_gmem_info info;
	int r;

	if (file && kvm_file_kind(file) == KVM_FILE_GMEM) {
		kvm_gmem_info(file, &info);
		r = send_gmem(ch, &info, m->object.size);
	} else {
		r = done(ch, -ENODEV, &reply, -1);
	}
	if (file)
		kvm_file_put(file);
	return r;
}

static int serve_fallocate(struct channel *ch, const struct wire_msg *m)
{
	struct wire_msg reply = {0};

	if (kvm_file_kind(ch->file) != KVM_FILE_GMEM)
		return -EPIPE;
	return done(ch,
		    kvm_gmem_fallocate(ch->file, m->fallocate.mode, m->fallocate.offset,
				       m->fallocate.len),
		    &reply, -1);
}

static int serve_memory(struct channel *ch, const struct wire_msg *m)
{
	struct wire_msg reply = {0};
	int r;

	if (m->type == WIRE_SYNC)
		r = mm_take_report(ch->mm, ch, m->user.addr, m->user.len);
	else
		r = mm_discard(ch->mm, m->user.addr, ALIGN_DOWN(m->user.len, GRANULE_SIZE),
			       m->user.len & 1);
	return r == -EPIPE ? r : done(ch, r, &reply, -1);
}

static int serve(struct channel *ch, const struct wire_msg *m, const void *eager, size_t len)
{
	bool system = kvm_file_kind(ch->file) == KVM_FILE_SYSTEM;

	switch (m->type) {
	case WIRE_CALL:
		return serve_call(ch, m, eager, len);
	case WIRE_FALLOCATE:
		return serve_fallocate(ch, m);
	case WIRE_VCPU_MEMORY:
		return system ? serve_vcpu_memory(ch, m) : -EPIPE;
	case WIRE_GMEM_MAP:
		return system ? serve_gmem_map(ch, m) : -EPIPE;
	case WIRE_SYNC:
	case WIRE_DISCARD:
		return system ? serve_memory(ch, m) : -EPIPE;
	}
	return -EPIPE;
}

int channel_welcome(const struct server *s, int fd, int status)
{
	const struct wire_msg m = {
		.type = WIRE_WELCOME,
		.welcome = {status, s->cfg.rmi_cap, s->ram_dev, s->ram_ino},
	};

	return wire_send(fd, &m, NULL, NULL, 0);
}

/* What open("/dev/kvm") returned is counted as a client's; a request's channel is not. */
static int greet(struct channel *ch)
{
	struct server *s = ch->srv;
	const struct wire_msg m = ch->hello;
	bool counted;
	int status = 0;

	counted = m.hello.role == WIRE_ROLE_OPEN;
	if (m.hello.version != WIRE_VERSION)
		status = -EPROTO;
	else if (m.hello.token)
		ch->mm = mm_find(s, m.hello.token, ch->pid, ch->fd);
	ch->file = ch->mm ? kvm_open(s->cfg.host) : NULL;
	if (!ch->file && !status)
		status = -ENOMEM;
	if (!status && counted) {
		pthread_mutex_lock(&s->lock);
		ch->counted = true;
		s->num_clients++;
		pthread_mutex_unlock(&s->lock);
		atomic_fetch_add(&s->opened, 1);
	}
	return channel_welcome(s, ch->fd, status) || status ? -EPIPE : 0;
}

static bool may_go(struct channel *ch)
{
	struct server *s = ch->srv;
	bool go;

	pthread_mutex_lock(&s->lock);
	while (ch->order == CHANNEL_WAIT)
		pthread_cond_wait(&s->closed, &s->lock);
	go = ch->order == CHANNEL_GO;
	pthread_mutex_unlock(&s->lock);
	return go;
}

static void serve_all(struct channel *ch)
{
	uint8_t eager[WIRE_EAGER_MAX];
	struct wire_msg m;
	bool more = true;
	ssize_t n;

	while (more) {
		n = channel_next(ch, &m, eager, sizeof(eager));
		if (n < 0 || !life_begin(ch))
			break;
		if (serve(ch, &m, eager, n == m.len ? n : 0))
			more = false;
		else
			more = life_end(ch);
	}
}

/* What the client has not read yet is lost by a close with something unread on this side: a CANCEL
 * that came too late. */
static void hang_up(int fd)
{
	char junk;

	shutdown(fd, SHUT_RDWR);
	while (recv(fd, &junk, sizeof(junk), MSG_DONTWAIT) > 0)
		;
}

static void *channel_main(void *arg)
{
	struct channel *ch = arg;

	if (!may_go(ch))
		return NULL;
	if (ch->file || !greet(ch))
		serve_all(ch);
	hang_up(ch->fd);
	life_await(ch);
	channel_destroy(ch);
	return NULL;
}

static int start_thread(struct channel *ch)
{
	pthread_attr_t attr;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	r = pthread_create(&ch->thread, &attr, channel_main, ch);
	pthread_attr_destroy(&attr);
	return r;
}

int channel_start(struct channel *ch)
{
	bool is_vcpu = ch->file && kvm_file_kind(ch->file) == KVM_FILE_VCPU;

	if ((!is_vcpu || !watch_vcpu(ch)) && (ch->life_fd < 0 || !life_watch(ch)) &&
	    !start_thread(ch))
		return 0;
	if (!ch->file)
		channel_welcome(ch->srv, ch->fd, -EAGAIN);
	channel_destroy(ch);
	return -EAGAIN;
}

static void give_order(struct channel *ch, int order)
{
	pthread_mutex_lock(&ch->srv->lock);
	ch->order = order;
	pthread_cond_broadcast(&ch->srv->closed);
	pthread_mutex_unlock(&ch->srv->lock);
}

void channel_go(struct channel *ch)
{
	pthread_detach(ch->thread);
	give_order(ch, CHANNEL_GO);
}

void channel_stop(struct channel *ch)
{
	give_order(ch, CHANNEL_STOP);
	pthread_join(ch->thread, NULL);
	channel_destroy(ch);
}

void channel_end_all(struct server *s, const struct mm *mm)
{
	pthread_mutex_lock(&s->lock);
	for (struct channel *ch = s->channels; ch; ch = ch->next)
		if (ch->id && ch->mm == mm)
			shutdown(ch->fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
}

/* ---- objects by name ---- */

void channel_set_peer(struct channel *ch, uint64_t dev, uint64_t ino)
{
	pthread_mutex_lock(&ch->srv->lock);
	ch->dev = dev;
	ch->ino = ino;
	pthread_mutex_unlock(&ch->srv->lock);
}

struct kvm_file *channel_find_file(struct server *s, uint64_t dev, uint64_t ino)
{
	struct kvm_file *file = NULL;

	pthread_mutex_lock(&s->lock);
	for (struct channel *ch = s->channels; ch && !file; ch = ch->next)
		if (ch->id && ch->file && ch->ino == ino && ch->dev == dev)
			file = ch->file;
	if (file)
		kvm_file_get(file);
	pthread_mutex_unlock(&s->lock);
	return file;
}

struct kvm_file *channel_find_id(struct server *s, const struct mm *mm, uint32_t id)
{
	struct kvm_file *file = NULL;

	pthread_mutex_lock(&s->lock);
	for (struct channel *ch = s->channels; ch && !file; ch = ch->next)
		if (id && ch->id == id && ch->mm == mm)
			file = ch->file;
	if (file)
		kvm_file_get(file);
	pthread_mutex_unlock(&s->lock);
	return file;
}

bool channel_gmem_holds(struct server *s, uint64_t pa, uint64_t size)
{
	struct kvm_gmem_info info;
	bool holds = false;

	pthread_mutex_lock(&s->lock);
	for (struct channel *ch = s->channels; ch && !holds; ch = ch->next) {
		if (!ch->id || !ch->file || kvm_file_kind(ch->file) != KVM_FILE_GMEM)
			continue;
		kvm_gmem_info(ch->file, &info);
		holds = info.has_shared && pa >= info.pa && pa + size > pa &&
			pa + size <= info.pa + info.size;
	}
	pthread_mutex_unlock(&s->lock);
	return holds;
}
