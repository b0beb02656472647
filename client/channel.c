// SPDX-License-Identifier: BSD-3-Clause
/*
 * channel.c - one conversation with the backend: a request, what the backend needs for it, DONE.
 */
#include "client/client.h"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <sys/mman.h>

#include "abi/kvm.h"

#define VCPU_MEMORY_SIZE (KVM_VCPU_MMAP_SIZE + PAGE_SIZE)

static int answer(const struct call *c, int64_t value)
{
	struct wire_msg m = {.type = WIRE_ANSWER, .answer = {.value = value}};

	return wire_send(c->fd, &m, NULL, NULL, 0);
}

static int serve_read(const struct call *c, const struct wire_msg *req)
{
	struct wire_msg m = {.type = WIRE_DATA, .len = req->user.len};
	int r = -EFAULT;

	if (req->user.len <= WIRE_CHUNK)
		r = wire_send(c->fd, &m, (void *)(uintptr_t)req->user.addr, NULL, 0);
	if (r != -EFAULT)
		return r == -ENODATA ? 0 : r;
	m.len = 0;
	m.answer.value = -EFAULT;
	return wire_send(c->fd, &m, NULL, NULL, 0);
}

static int serve_write(const struct call *c, const struct wire_msg *req)
{
	struct wire_msg m;
	ssize_t n = wire_recv(c->fd, &m, (void *)(uintptr_t)req->user.addr,
			      req->user.len <= WIRE_CHUNK ? req->user.len : 0, NULL, NULL);

	if (n < 0 && n != -EFAULT)
		return n;
	return answer(c, n == (ssize_t)req->user.len ? 0 : -EFAULT);
}

static int serve_fd(const struct call *c, const struct wire_msg *req)
{
	struct wire_msg m = {.type = WIRE_ANSWER};
	int fd = req->answer.value;

	if (sys(fcntl, fd, F_GETFD) >= 0)
		return wire_send(c->fd, &m, NULL, &fd, 1);
	m.answer.value = -EBADF;
	return wire_send(c->fd, &m, NULL, NULL, 0);
}

static int install_vcpu(struct object *obj, int memfd)
{
	long p = sys(mmap, NULL, VCPU_MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);

	if (p < 0 && p > -4096)
		return p;
	obj->memory = (void *)p;
	obj->size = VCPU_MEMORY_SIZE;
	obj->control = (void *)(p + KVM_VCPU_MMAP_SIZE);
	return 0;
}

/* The descriptor takes the lowest free number, as the kernel's; the vCPU's memory came after it. */
static int serve_install(const struct call *c, const struct wire_msg *req, const int *fds, int nfds)
{
	struct object *obj = nfds ? object_add(fds[0], req) : NULL;
	int r = obj ? 0 : -EMFILE;

	if (obj && obj->kind == OBJECT_VCPU)
		r = nfds == 2 ? install_vcpu(obj, fds[1]) : -EMFILE;
	if (nfds == 2)
		sys(close, fds[1]);
	if (r) {
		if (obj)
			object_forget(obj->id);
		if (nfds)
			sys(close, fds[0]);
		return answer(c, -EMFILE);
	}
	if (obj->kind == OBJECT_GMEM)
		sys(fcntl, fds[0], F_SETFD, 0); /* as the kernel: not close-on-exec */
	return answer(c, fds[0]);
}

static int serve_pull(const struct call *c, const struct wire_msg *req, int memory)
{
	struct wire_msg m = {.type = WIRE_ANSWER};
	uint64_t done = 0;
	long n;

	while (done < req->pull.len) {
		n = sys(pwrite64, memory, req->pull.addr + done, req->pull.len - done,
			req->pull.offset + done);
		if (n <= 0)
			break;
		done += n;
	}
	m.answer.value = done;
	m.answer.interrupted = signals_pending(c->mask);
	return wire_send(c->fd, &m, NULL, NULL, 0);
}

static int serve_remap(const struct call *c, const struct wire_msg *req, int file)
{
	if (file >= 0)
		memory_remap(file, req->area.addr, req->area.size, req->area.offset);
	return answer(c, 0);
}

static int serve(const struct call *c, const struct wire_msg *m, int *fds, int nfds)
{
	int r = -EPIPE;

	switch (m->type) {
	case WIRE_READ:
		r = serve_read(c, m);
		break;
	case WIRE_WRITE:
		r = serve_write(c, m);
		break;
	case WIRE_FD:
		r = serve_fd(c, m);
		break;
	case WIRE_INSTALL:
		return serve_install(c, m, fds, nfds);
	case WIRE_PULL:
		r = serve_pull(c, m, nfds ? fds[0] : -1);
		break;
	case WIRE_ATTACH:
		r = memory_attach(c->fd, m->user.addr, m->user.len);
		break;
	case WIRE_REMAP:
		r = serve_remap(c, m, nfds ? fds[0] : -1);
		break;
	}
	for (int i = 0; i < nfds; i++)
		sys(close, fds[i]);
	return r;
}

int64_t channel_serve(struct call *c)
{
	int fds[WIRE_MAX_FDS], nfds;
	struct wire_msg m;
	ssize_t n;

	for (;;) {
		if (c->run_seq && run_wait(c))
			return c->run_ended ? c->obj->ended_ret : -EIO;
		nfds = WIRE_MAX_FDS;
		n = wire_recv(c->fd, &m, NULL, 0, fds, &nfds);
		if (n < 0 && n != -EMFILE)
			return -EIO;
		if (m.type == WIRE_DONE)
			break;
		if (serve(c, &m, fds, nfds))
			return -EIO;
	}
	c->done = m;
	c->done_fd = nfds ? fds[0] : -1;
	if (nfds > 1)
		sys(close, fds[1]);
	if (m.done.gone)
		object_forget(m.done.gone);
	return m.done.ret;
}

int64_t channel_request(struct call *c, const struct wire_msg *m)
{
	int64_t r = -EIO;

	c->obj = NULL;
	c->done_fd = -1;
	c->fd = client_connect(WIRE_ROLE_REQUEST);
	if (c->fd < 0)
		return c->fd == -ENOENT ? -EIO : c->fd;
	if (!wire_send(c->fd, m, NULL, NULL, 0))
		r = channel_serve(c);
	sys(close, c->fd);
	return r;
}

/* The kernel copies most arguments in first thing: send them along. */
static int send_call(const struct call *c, uint32_t nr, uint64_t arg)
{
	struct wire_msg m = {.type = WIRE_CALL, .call = {.nr = nr, .arg = arg}};
	int r;

	if ((_IOC_DIR(nr) & _IOC_WRITE) && _IOC_SIZE(nr) <= WIRE_EAGER_MAX) {
		m.len = _IOC_SIZE(nr);
		r = wire_send(c->fd, &m, (void *)(uintptr_t)arg, NULL, 0);
		if (r != -EFAULT)
			return r == -ENODATA ? 0 : r;
		m.len = 0;
	}
	return wire_send(c->fd, &m, NULL, NULL, 0);
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

	if (!run_end_own(obj, c->fd))
		lock_take(&obj->lock);
	if (obj->kind == OBJECT_VCPU && nr == KVM_RUN)
		r = run_vcpu(c, arg);
	else if (!send_call(c, nr, arg))
		r = channel_serve(c);
	if (r == 0 && nr == KVM_SET_SIGNAL_MASK)
		keep_mask(obj, &c->done);
	if (!c->run_ended)
		lock_drop(&obj->lock);
	return r;
}

int64_t channel_ioctl(int fd, struct object *obj, enum fd_class class, uint32_t nr, uint64_t arg)
{
	struct wire_msg m = {.type = WIRE_CALL, .call = {.nr = nr, .arg = arg}};
	struct call c = {.fd = fd, .obj = obj, .done_fd = -1};
	int64_t r = -EIO;

	signals_block(&c.mask);
	if (class == FD_SYSTEM)
		r = channel_request(&c, &m);
	else if (class == FD_OBJECT)
		r = ioctl_object(&c, nr, arg);
	if (c.done_fd >= 0)
		sys(close, c.done_fd);
	signals_restore(&c.mask);
	return r;
}
