// SPDX-License-Identifier: BSD-3-Clause
/* needs.c - a request is under way: serves what the backend needs for it, until DONE. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "abi/kvm.h"
#include "client/parts.h"

#define VCPU_MEMORY_SIZE (KVM_VCPU_MMAP_SIZE + PAGE_SIZE)

static int answer(const struct call *c, int64_t value)
{
	struct wire_msg m = {.type = WIRE_ANSWER, .answer = {.value = value}};

	return talk_send(c->talk, &m, NULL, NULL, 0);
}

static int serve_read(const struct call *c, const struct wire_msg *req)
{
	struct wire_msg m = {.type = WIRE_DATA, .len = req->user.len};
	int r = -EFAULT;

	if (req->user.len <= WIRE_CHUNK)
		r = talk_send(c->talk, &m, (void *)(uintptr_t)req->user.addr, NULL, 0);
	if (r != -EFAULT)
		return r == -ENODATA ? 0 : r;
	m.len = 0;
	m.answer.value = -EFAULT;
	return talk_send(c->talk, &m, NULL, NULL, 0);
}

static int serve_write(const struct call *c, const struct wire_msg *req)
{
	struct wire_msg m;
	ssize_t n = talk_recv(c->talk, &m, (void *)(uintptr_t)req->user.addr,
			      req->user.len <= WIRE_CHUNK ? req->user.len : 0, NULL, NULL);

	if (n < 0 && n != -EFAULT)
		return n;
	return answer(c, n == (ssize_t)req->user.len ? 0 : -EFAULT);
}

/* Another thread may close it at any time. */
static int serve_fd(const struct call *c, const struct wire_msg *req)
{
	struct wire_msg m = {.type = WIRE_ANSWER};
	int fd = req->answer.value, r = talk_send(c->talk, &m, NULL, &fd, 1);

	if (r != -EBADF)
		return r;
	m.answer.value = -EBADF;
	return talk_send(c->talk, &m, NULL, NULL, 0);
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

static void close_all(const int *fds, int nfds)
{
	for (int i = 0; i < nfds; i++)
		sys(close, fds[i]);
}

/* Life takes the lowest free number, as the kernel's descriptor; talk and a vCPU's memory came
 * after it. All of them or EMFILE; what objects that are gone have left makes room for another
 * try. */
static int serve_install(const struct call *c, const struct wire_msg *req, const int *fds, int nfds)
{
	int want = req->object.kind == OBJECT_VCPU ? 3 : 2, r = 0;
	struct object *obj = NULL;

	if (nfds < want) {
		close_all(fds, nfds);
		return answer(c, object_sweep() ? -EAGAIN : -EMFILE);
	}
	obj = object_add(fds[0], fds[1], req);
	if (obj && want == 3)
		r = install_vcpu(obj, fds[2]);
	if (want == 3)
		sys(close, fds[2]);
	if (!obj || r) {
		if (obj)
			object_remove(obj);
		sys(close, fds[0]);
		return answer(c, -EMFILE);
	}
	if (obj->kind == OBJECT_GMEM)
		sys(fcntl, fds[0], F_SETFD, 0); /* as the kernel: not close-on-exec */
	latch_drop(&obj->latch);
	return answer(c, fds[0]);
}

/*
 * The number is the lowest, as the kernel's descriptor; behind it comes an open file of the VMM's
 * own, for reading, with a position of its own. Where /proc is missing it is the backend's, which
 * is sealed.
 */
static int serve_give(const struct call *c, const int *fds, int nfds)
{
	static const char folder[] = "/proc/thread-self/fd/";
	char name[sizeof(folder) + 10];
	long own, fd;

	if (!nfds)
		return answer(c, object_sweep() ? -EAGAIN : -EMFILE);
	memcpy(name, folder, sizeof(folder));
	name[sizeof(folder) - 1 + put_number(name + sizeof(folder) - 1, fds[0])] = 0;
	own = sys(openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	close_all(fds + 1, nfds - 1);
	if (sys_failed(own))
		return answer(c, fds[0]);
	sys(close, fds[0]);
	fd = sys(fcntl, own, F_DUPFD_CLOEXEC, fds[0]);
	sys(close, own);
	return answer(c, fd);
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
	return talk_send(c->talk, &m, NULL, NULL, 0);
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
	case WIRE_GIVE:
		return serve_give(c, fds, nfds);
	case WIRE_PULL:
		r = serve_pull(c, m, nfds ? fds[0] : -1);
		break;
	case WIRE_ATTACH:
		r = memory_attach(c->talk, m->user.addr, m->user.len);
		break;
	case WIRE_GUARD:
		memory_guard(m->guard.addr, m->guard.size, m->guard.ipa, m->guard.on);
		r = answer(c, 0);
		break;
	case WIRE_REMAP:
		r = serve_remap(c, m, nfds ? fds[0] : -1);
		break;
	}
	close_all(fds, nfds);
	return r;
}

int64_t needs_serve(struct call *c)
{
	int fds[WIRE_MAX_FDS], nfds;
	struct wire_msg m;
	ssize_t n;

	for (;;) {
		if (c->wait && c->wait(c))
			return c->run_ended ? c->ended_ret : -EIO;
		nfds = WIRE_MAX_FDS;
		n = talk_recv(c->talk, &m, NULL, 0, fds, &nfds);
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
		close_all(fds + 1, nfds - 1);
	return m.done.ret;
}
