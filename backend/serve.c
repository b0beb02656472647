// SPDX-License-Identifier: BSD-3-Clause
/*
 * serve.c - what a client asks on its channel: the greeting, then one request at a time, until it
 * hangs up or talks nonsense.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "backend/channel.h"
#include "base/bits.h"
#include "machine/memory.h"

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
	c->thread = m->call.thread;
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
	uint64_t bytes = 0;
	int r, fd;

	if (file && kvm_file_kind(file) == KVM_FILE_VCPU) {
		fd = m->object.flags & WIRE_VCPU_DIRTY_RING
			     ? kvm_vcpu_dirty_ring_memfd(file, &bytes)
		     : m->object.flags & WIRE_VCPU_RING ? kvm_vcpu_ring_memfd(file)
							: kvm_vcpu_memfd(file);
		r = done(ch, (int64_t)bytes, &reply, fd);
	} else {
		r = done(ch, -ENODEV, &reply, -1);
	}
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
	if (!r && m->type == WIRE_SYNC && !mm_uses(ch->mm, m->user.addr, m->user.len))
		r = WIRE_SYNC_UNUSED;
	return r == -EPIPE ? r : done(ch, r, &reply, -1);
}

static int serve_touched(struct channel *ch, const struct wire_msg *m)
{
	struct wire_msg reply = {0};

	mm_touched(ch->mm, m);
	return done(ch, 0, &reply, -1);
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
	case WIRE_TOUCHED:
		return system ? serve_touched(ch, m) : -EPIPE;
	case WIRE_SYNC:
	case WIRE_DISCARD:
		return system ? serve_memory(ch, m) : -EPIPE;
	}
	return -EPIPE;
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
		lock_take(&s->lock);
		ch->counted = true;
		s->num_clients++;
		lock_drop(&s->lock);
		atomic_fetch_add(&s->opened, 1);
	}
	return channel_welcome(s, ch->fd, status) || status ? -EPIPE : 0;
}

void serve_channel(struct channel *ch)
{
	uint8_t eager[WIRE_EAGER_MAX];
	struct wire_msg m;
	bool more = true;
	ssize_t n;

	if (!ch->file && greet(ch))
		return;
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
