// SPDX-License-Identifier: BSD-3-Clause
/*
 * caller.c - the caller of an ioctl, at the other end of a channel.
 *
 * What a handler needs of the client becomes one question and one answer on the channel that the
 * call came by. A client that dies or answers nonsense breaks the caller: from then on memory is
 * EFAULT, descriptors are not open, and a signal is pending, so that the handler unwinds.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/channel.h"
#include "base/bits.h"
#include "base/schedstat.h"
#include "machine/memory.h"

static struct wire_caller *wire_caller(struct kvm_caller *c)
{
	return container_of(c, struct wire_caller, base);
}

static int broken(struct wire_caller *c)
{
	c->broken = true;
	return -EPIPE;
}

/* Wait for the answer of the kind expected. */
static ssize_t receive(struct wire_caller *c, uint32_t type, struct wire_msg *m, void *data,
		       size_t size, int *fd)
{
	ssize_t n;

	if (c->broken)
		return -EPIPE;
	n = channel_hear(c->ch, m, data, size, fd);
	if (n >= 0 && m->type == type)
		return n;
	if (n >= 0 && fd && *fd >= 0)
		close(*fd);
	channel_violated(c->ch);
	return broken(c);
}

static int ask(struct wire_caller *c, struct wire_msg *m, const void *data, const int *fds,
	       int nfds)
{
	if (c->broken || channel_say(c->ch, m, data, fds, nfds))
		return broken(c);
	return 0;
}

/* The client's answer: >= 0 or -errno. */
static int64_t answer(struct wire_caller *c)
{
	struct wire_msg m;

	if (receive(c, WIRE_ANSWER, &m, NULL, 0, NULL) < 0)
		return -EPIPE;
	c->interrupted |= m.answer.interrupted != 0;
	return m.answer.value;
}

static int op_read(struct kvm_caller *base, void *dst, uint64_t uaddr, size_t len)
{
	struct wire_caller *c = wire_caller(base);

	if (uaddr >= c->eager_addr && len <= c->eager_len &&
	    uaddr - c->eager_addr <= c->eager_len - len) {
		memcpy(dst, c->eager + (uaddr - c->eager_addr), len);
		return 0;
	}
	while (len) {
		size_t chunk = MIN(len, WIRE_CHUNK);
		struct wire_msg m = {.type = WIRE_READ, .user = {uaddr, chunk}};

		if (ask(c, &m, NULL, NULL, 0) ||
		    receive(c, WIRE_DATA, &m, dst, chunk, NULL) != (ssize_t)chunk)
			return -EFAULT;
		dst = (char *)dst + chunk;
		uaddr += chunk;
		len -= chunk;
	}
	return 0;
}

static int op_write(struct kvm_caller *base, uint64_t uaddr, const void *src, size_t len)
{
	struct wire_caller *c = wire_caller(base);

	while (len) {
		size_t chunk = MIN(len, WIRE_CHUNK);
		struct wire_msg m = {.type = WIRE_WRITE, .user = {uaddr, chunk}};

		if (ask(c, &m, NULL, NULL, 0))
			return -EFAULT;
		m.len = chunk;
		if (ask(c, &m, src, NULL, 0) || answer(c))
			return -EFAULT;
		src = (const char *)src + chunk;
		uaddr += chunk;
		len -= chunk;
	}
	return 0;
}

static void op_pull_start(struct kvm_caller *base, uint64_t pa, uint64_t uaddr, size_t len)
{
	struct wire_caller *c = wire_caller(base);
	struct machine *ram = c->ch->srv->cfg.machine;
	uint64_t offset = pa - machine_client_base(ram);
	struct wire_msg m = {.type = WIRE_PULL, .pull = {offset, uaddr, len}};
	int fd = machine_client_memfd(ram);

	c->pulling = ask(c, &m, NULL, &fd, 1) ? 0 : len;
}

static ssize_t op_pull_finish(struct kvm_caller *base)
{
	struct wire_caller *c = wire_caller(base);
	int64_t len = c->pulling, n = len ? answer(c) : 0;

	c->pulling = 0;
	return n < 0 || n > len ? 0 : n;
}

static int op_take_fd(struct kvm_caller *base, int fd)
{
	struct wire_caller *c = wire_caller(base);
	struct wire_msg m = {.type = WIRE_FD, .answer = {.value = fd}};
	int got = -1;

	if (ask(c, &m, NULL, NULL, 0) || receive(c, WIRE_ANSWER, &m, NULL, 0, &got) < 0)
		return -EBADF;
	return got >= 0 ? got : -EBADF;
}

/* The client passes the descriptor itself: nobody can name what he does not hold. */
static struct kvm_file *op_lookup(struct kvm_caller *base, int fd)
{
	struct wire_caller *c = wire_caller(base);
	struct kvm_file *file = NULL;
	struct stat st;
	int got = op_take_fd(base, fd);

	if (got < 0)
		return NULL;
	if (!fstat(got, &st) && S_ISSOCK(st.st_mode) && c->num_looked_up < ARRAY_SIZE(c->looked_up))
		file = channel_find_file(c->ch->srv, st.st_dev, st.st_ino);
	if (file)
		c->looked_up[c->num_looked_up++] = file;
	close(got);
	return file;
}

static void describe(const struct channel *ch, struct wire_msg *m)
{
	struct kvm_gmem_info info = {0};

	m->type = WIRE_INSTALL;
	m->object.kind = kvm_file_kind(ch->file);
	m->object.id = ch->id;
	if (m->object.kind == KVM_FILE_GMEM)
		kvm_gmem_info(ch->file, &info);
	m->object.size = info.size;
	m->object.flags = info.flags;
}

static int open_pairs(int life[2], int talk[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, life))
		return -EMFILE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, talk)) {
		close(life[0]);
		close(life[1]);
		return -EMFILE;
	}
	shutdown(life[0], SHUT_WR); /* a VMM thread that reads from it sees the end of file */
	return 0;
}

/* Have the client take these descriptors; its answer. After -EAGAIN it has made room: ask again. */
static int64_t hand_over(struct wire_caller *c, struct wire_msg *m, const int *fds, int n)
{
	int64_t fd = -EAGAIN;

	for (int i = 0; i < 3 && fd == -EAGAIN; i++)
		fd = ask(c, m, NULL, fds, n) ? -EPIPE : answer(c);
	return fd;
}

/* The client's number for it, or -errno. */
static int64_t offer(struct wire_caller *c, struct channel *ch, int life, int talk)
{
	struct wire_msg m = {0};
	int fds[3] = {life, talk, -1};

	describe(ch, &m);
	if (m.object.kind == KVM_FILE_VCPU)
		fds[2] = kvm_vcpu_memfd(ch->file);
	return hand_over(c, &m, fds, fds[2] >= 0 ? 3 : 2);
}

/* Whatever can fail is done before the client gets to know of it. */
static int op_install(struct kvm_caller *base, struct kvm_file *f)
{
	struct wire_caller *c = wire_caller(base);
	int life[2], talk[2];
	struct channel *ch;
	int64_t fd = -EMFILE;
	struct stat st;

	if (open_pairs(life, talk)) {
		kvm_file_put(f);
		return -EMFILE;
	}
	ch = channel_create(c->ch->srv, talk[0], life[0], c->ch->mm, f);
	if (ch && !channel_start(ch)) {
		if (!fstat(life[1], &st)) {
			channel_set_peer(ch, st.st_dev, st.st_ino);
			fd = offer(c, ch, life[1], talk[1]);
		}
		if (fd >= 0)
			channel_go(ch);
		else
			channel_stop(ch);
	}
	close(life[1]);
	close(talk[1]);
	return fd >= 0 ? fd : -EMFILE;
}

static int op_give_fd(struct kvm_caller *base, int fd)
{
	struct wire_caller *c = wire_caller(base);
	struct wire_msg m = {.type = WIRE_GIVE};
	int64_t given = hand_over(c, &m, &fd, 1);

	return given >= 0 ? (int)given : -EMFILE;
}

static bool op_interrupted(struct kvm_caller *base)
{
	struct wire_caller *c = wire_caller(base);
	struct channel *ch = c->ch;
	struct wire_control *control;

	if (c->broken || c->interrupted || atomic_load(&ch->hung_up))
		return true;
	if (!ch->running)
		return false;
	control = kvm_vcpu_control_page(ch->file);
	return __atomic_load_n(&control->cancel, __ATOMIC_SEQ_CST) == ch->seq;
}

/* Another thread runs the vCPU from now on: what it has waited before does not count. */
static void follow_thread(struct channel *ch, uint32_t thread)
{
	struct channel_delay *d = &ch->delay;
	bool first = !d->thread;

	if (d->schedstat >= 0)
		close(d->schedstat);
	d->schedstat = mm_open_schedstat(ch->mm, thread);
	d->thread = thread;
	d->last = first ? 0 : schedstat_delay(d->schedstat);
}

static uint64_t op_run_delay(struct kvm_caller *base)
{
	struct wire_caller *c = wire_caller(base);
	struct channel_delay *d = &c->ch->delay;
	uint64_t now;

	if (c->thread && c->thread != d->thread)
		follow_thread(c->ch, c->thread);
	now = schedstat_delay(d->schedstat);
	if (now > d->last) {
		d->sum += now - d->last;
		d->last = now;
	}
	return d->sum;
}

static const struct kvm_caller_ops caller_ops = {
	.read = op_read,
	.write = op_write,
	.pull_start = op_pull_start,
	.pull_finish = op_pull_finish,
	.install = op_install,
	.give_fd = op_give_fd,
	.lookup = op_lookup,
	.take_fd = op_take_fd,
	.interrupted = op_interrupted,
	.run_delay = op_run_delay,
};

void caller_init(struct wire_caller *c, struct channel *ch)
{
	memset(c, 0, offsetof(struct wire_caller, eager));
	c->num_looked_up = 0;
	c->ch = ch;
	c->base = (struct kvm_caller){.ops = &caller_ops, .mm = mm_base(ch->mm)};
}

void caller_finish(struct wire_caller *c)
{
	if (c->pulling)
		op_pull_finish(&c->base);
	if (c->attached)
		mm_attach_over(c->ch->mm);
	while (c->num_looked_up)
		kvm_file_put(c->looked_up[--c->num_looked_up]);
}
