// SPDX-License-Identifier: BSD-3-Clause
/*
 * eventfd.c - eventfds of the caller: which descriptors are eventfds, which are the same one, and a
 * signal that never waits for a reader.
 *
 * /proc is not in reach of a process that may open nothing. Only an eventfd, of all anonymous
 * inodes, takes eight bytes of zero, and adding nothing changes nothing.
 *
 * A write(2) to a blocking eventfd whose count is full waits, and its flags are the caller's. But
 * the kernel signals an eventfd by itself, never waiting, when an asynchronous I/O operation ends
 * that names it (IOCB_FLAG_RESFD): a read of nothing is such an operation. Where io_setup(2) is
 * missing (qemu-user, some sandboxes) a look at the count comes before the write, and a writer who
 * fills the counter in between makes our write wait.
 */
#include "kvm/core/eventfd.h"

#include <linux/aio_abi.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kvm/rules.h"

#define AIO_EVENTS 128

static bool is_eventfd(int fd)
{
	static const uint64_t nothing;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	struct statfs fs;

	if (fstatfs(fd, &fs) || fs.f_type != ANON_INODE_FS_MAGIC || poll(&p, 1, 0) < 0)
		return false;
	/* One that has overflown (POLLERR) would make even nothing wait. */
	return (p.revents & POLLERR) || write(fd, &nothing, sizeof(nothing)) == sizeof(nothing);
}

result eventfd_take(struct kvm_caller *c, int fd, int *own)
{
	int got = c->ops->take_fd(c, fd);

	*own = -1;
	if (got < 0)
		return &rule_kvm_eventfd_bad_fd;
	if (!is_eventfd(got)) {
		close(got);
		return &rule_kvm_eventfd_type;
	}
	*own = got;
	return OK;
}

/* The kernel's number of an eventfd; 0: not told. */
static unsigned long long number_of(int fd)
{
	unsigned long long number = 0;
	char line[128];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "eventfd-id: %llu", &number) == 1)
			break;
	if (f)
		fclose(f);
	return number;
}

bool eventfd_same(int a, int b)
{
	long r = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);

	if (r >= 0)
		return r == 0;
	/* A container's filter may forbid it (backend/sandbox.c then leaves /proc open). */
	return number_of(a) && number_of(a) == number_of(b);
}

/* ---- signals ---- */

/* Of the process, as long as it lives. */
static struct {
	pthread_once_t once;
	aio_context_t ctx; /* 0: the machine has none to spare */
	int empty;	   /* a file to read nothing from */
} aio = {.once = PTHREAD_ONCE_INIT, .empty = -1};

static void aio_start(void)
{
	aio.empty = memfd_create("softrealm-empty", MFD_CLOEXEC);
	if (aio.empty < 0 || syscall(SYS_io_setup, AIO_EVENTS, &aio.ctx))
		aio.ctx = 0;
}

/* Forget operations that have ended, so that there is room for more. */
static bool aio_reap(void)
{
	struct io_event done[AIO_EVENTS];
	struct timespec now = {0};

	return syscall(SYS_io_getevents, aio.ctx, 0L, (long)AIO_EVENTS, done, &now) > 0;
}

static bool aio_signal(int fd)
{
	struct iocb op = {.aio_lio_opcode = IOCB_CMD_PREAD,
			  .aio_fildes = (uint32_t)aio.empty,
			  .aio_flags = IOCB_FLAG_RESFD,
			  .aio_resfd = (uint32_t)fd};
	struct iocb *ops[1] = {&op};

	do {
		if (syscall(SYS_io_submit, aio.ctx, 1L, ops) == 1)
			return true;
	} while (aio_reap());
	return false;
}

void eventfd_add_one(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	static const uint64_t one = 1;

	pthread_once(&aio.once, aio_start);
	if (aio.ctx && aio_signal(fd))
		return;
	/* Counter full: the reader has been signalled, and a write would wait for it. */
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) && write(fd, &one, sizeof(one)) < 0)
		return;
}
