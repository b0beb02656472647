// SPDX-License-Identifier: BSD-3-Clause
/*
 * eventfd.c - eventfds of the caller: told apart by the kernel's own number for each, and signalled
 * without ever waiting for their reader.
 *
 * A write(2) to a blocking eventfd whose count is full waits, and its flags are the caller's. But
 * the kernel signals an eventfd by itself, never waiting, when an asynchronous I/O operation ends
 * that names it (IOCB_FLAG_RESFD): a read of nothing is such an operation.
 */
#include "kvm/core/eventfd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm/rules.h"

#define AIO_EVENTS 128

static bool eventfd_identity(int fd, uint64_t *identity)
{
	bool found = false;
	char line[128];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
	f = fopen(line, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "eventfd-id: %" SCNu64, identity) == 1;
	fclose(f);
	return found;
}

result eventfd_take(struct kvm_caller *c, int fd, int *own, uint64_t *identity)
{
	int got = c->ops->take_fd(c, fd);

	*own = -1;
	if (got < 0)
		return &rule_kvm_eventfd_bad_fd;
	if (!eventfd_identity(got, identity)) {
		close(got);
		return &rule_kvm_eventfd_type;
	}
	*own = got;
	return OK;
}

/* Of the process, as long as it lives. */
static struct {
	pthread_once_t once;
	aio_context_t ctx; /* 0: the machine has none to spare */
	int null;
} aio = {.once = PTHREAD_ONCE_INIT, .null = -1};

static void aio_start(void)
{
	aio.null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (aio.null < 0 || syscall(SYS_io_setup, AIO_EVENTS, &aio.ctx))
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
			  .aio_fildes = (uint32_t)aio.null,
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
	/* A full one has news for its reader already; writing would wait for him. */
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) && write(fd, &one, sizeof(one)) < 0)
		return;
}
