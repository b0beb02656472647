// SPDX-License-Identifier: BSD-3-Clause
/* object_call.c - a request on an object: ioctl and fallocate of the VMM's descriptors. */
#include <linux/ioctl.h>

#include "abi/kvm.h"
#include "client/parts.h"

/* The kernel copies most arguments in first thing: send them along. */
static int send_call(const struct call *c, uint32_t nr, uint64_t arg)
{
	struct wire_msg m = {.type = WIRE_CALL, .call = {.nr = nr, .arg = arg}};
	int r;

	if ((_IOC_DIR(nr) & _IOC_WRITE) && _IOC_SIZE(nr) <= WIRE_EAGER_MAX) {
		m.len = _IOC_SIZE(nr);
		r = talk_send(c->talk, &m, (void *)(uintptr_t)arg, NULL, 0);
		if (r != -EFAULT)
			return r == -ENODATA ? 0 : r;
		m.len = 0;
	}
	return talk_send(c->talk, &m, NULL, NULL, 0);
}

static void keep_mask(struct object *obj, const struct wire_msg *done)
{
	if (done->done.mask_op == WIRE_MASK_KEEP)
		return;
	obj->mask_set = done->done.mask_op == WIRE_MASK_SET;
	obj->mask = done->done.mask;
}

static int64_t ioctl_object(struct call *c, uint32_t nr, uint64_t arg)
{
	struct object *obj = c->obj;
	int64_t r = -EIO;

	talk_begin(c->talk);
	if (obj->kind == OBJECT_VCPU && nr == KVM_RUN)
		r = run_vcpu(c, arg);
	else if (!send_call(c, nr, arg))
		r = needs_serve(c);
	if (r == 0 && nr == KVM_SET_SIGNAL_MASK)
		keep_mask(obj, &c->done);
	return r;
}

/* 0, or -EBADF: it has been closed meanwhile. */
static int lock_object(const struct handle *h)
{
	run_lock(h->obj);
	if (h->obj->ino == h->ino)
		return 0;
	latch_drop(&h->obj->latch);
	return -EBADF;
}

/* A request on the object's own talk; the latch is held by then. */
static int64_t with_object(struct call *c, const struct handle *h,
			   int64_t (*fn)(struct call *, void *), void *arg)
{
	int64_t r = lock_object(h);

	if (r)
		return r;
	c->obj = h->obj;
	c->talk = &h->obj->talk;
	r = own_valid(&c->talk->own) ? fn(c, arg) : -EIO;
	if (!c->run_ended)
		latch_drop(&h->obj->latch);
	return r;
}

struct ioctl_args {
	uint32_t nr;
	uint64_t arg;
};

static int64_t do_ioctl(struct call *c, void *arg)
{
	struct ioctl_args *a = arg;

	return ioctl_object(c, a->nr, a->arg);
}

int64_t object_ioctl(const struct handle *h, enum fd_class class, uint32_t nr, uint64_t arg)
{
	struct wire_msg m = {.type = WIRE_CALL, .call = {.nr = nr, .arg = arg}};
	struct ioctl_args args = {nr, arg};
	struct call c = {.done_fd = -1};
	int64_t r = -EIO;

	signals_block(&c.mask);
	if (class == FD_SYSTEM)
		r = request_system(&c, &m);
	else if (class == FD_OBJECT)
		r = with_object(&c, h, do_ioctl, &args);
	if (c.done_fd >= 0)
		sys(close, c.done_fd);
	signals_restore(&c.mask);
	return r;
}

static int64_t do_message(struct call *c, void *arg)
{
	talk_begin(c->talk);
	return talk_send(c->talk, arg, NULL, NULL, 0) ? -EIO : needs_serve(c);
}

int64_t object_fallocate(const struct handle *h, struct wire_msg *m)
{
	struct call c = {.done_fd = -1};
	int64_t r;

	signals_block(&c.mask);
	r = with_object(&c, h, do_message, m);
	signals_restore(&c.mask);
	return r;
}
