// SPDX-License-Identifier: BSD-3-Clause
/*
 * inside.c - the object in QEMU's process (LD_PRELOAD): maps files over parts of QEMU's RAM.
 *
 * QEMU translates a guest's address to an address of its own once, and keeps that; so a file that
 * is mapped over the very address of a page of RAM is what the guest sees from then on, without
 * QEMU's knowing. The object notices where QEMU maps the clients' memory, and from then on a thread
 * of its own does what the host says. It changes one thing more: QEMU blocks SIGBUS in the threads
 * of its CPUs, where a file that has been cut short would end the process (base/sigbus.h).
 *
 * In any other program (a shell that starts QEMU) it does nothing.
 */
#include "engine/inside.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/pass.h"
#include "base/sigbus.h"

#define EXPORT __attribute__((visibility("default")))

void *mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset);

static int memory = -1, sock = -1;
static uint8_t *ram; /* where QEMU has mapped the clients' memory */
static size_t ram_size;

/* ---- requests ---- */

/* False: the host has hung up. *fd: what came along, or -1. */
static bool hear(struct inside_request *q, int *fd)
{
	unsigned int nfds = 1;

	*fd = -1;
	return pass_recv(sock, q, sizeof(*q), fd, &nfds, 0) == sizeof(*q);
}

static void answer(int32_t status)
{
	ssize_t n;

	do
		n = send(sock, &status, sizeof(status), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
}

static int32_t show(const struct inside_request *q, int fd)
{
	static const char say[] = INSIDE_SAYS "a file that backs a memslot was cut short: the "
					      "guest reads zero where it is missing\n";
	int32_t r = 0;

	if (fd < 0 || q->at > ram_size || q->size > ram_size - q->at)
		return -EINVAL;
	sigbus_forget(ram + q->at);
	if (q->step)
		r = sigbus_watch(ram + q->at, q->size, q->step, say);
	if (!r && mmap(ram + q->at, q->size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, (off_t)q->offset) == MAP_FAILED)
		r = -errno;
	if (r)
		sigbus_forget(ram + q->at);
	return r;
}

static void *serve(void *arg)
{
	struct inside_request q = {0};
	int32_t r;
	int fd;

	while (hear(&q, &fd)) {
		r = q.kind == INSIDE_MAP ? show(&q, fd) : -EINVAL;
		if (fd >= 0)
			close(fd);
		answer(r);
	}
	return NULL;
}

static void fail(const char *what, int error)
{
	fprintf(stderr, INSIDE_SAYS "%s: %s\n", what, strerror(error));
	_exit(1);
}

static void start_thread(void)
{
	sigset_t all, old;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, NULL, serve, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r)
		fail("no thread for files that others share", r);
}

/* QEMU has just mapped the clients' memory: nothing runs yet. */
static void begin(void)
{
	struct inside_request q = {0};
	int32_t r;
	int fd;

	while (hear(&q, &fd) && q.kind == INSIDE_MAP) {
		r = show(&q, fd);
		if (fd >= 0)
			close(fd);
		if (r)
			fail("a file that others share cannot be mapped", -r);
	}
	start_thread();
	answer(0);
}

/* ---- QEMU's calls ---- */

__attribute__((constructor)) static void find_numbers(void)
{
	const char *numbers = getenv(INSIDE_ENV);
	struct stat st;

	if (!numbers || sscanf(numbers, "%d %d", &memory, &sock) != 2 || fstat(sock, &st) ||
	    !S_ISSOCK(st.st_mode))
		memory = -1;
}

static bool is_memory(int fd)
{
	struct stat want, st;

	return fd >= 0 && memory >= 0 && !fstat(memory, &want) && !fstat(fd, &st) &&
	       st.st_dev == want.st_dev && st.st_ino == want.st_ino;
}

EXPORT void *mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	long r = syscall(SYS_mmap, addr, size, prot, flags, fd, offset);

	if (r != -1 && !ram && (flags & MAP_SHARED) && !offset && is_memory(fd)) {
		ram = (uint8_t *)r;
		ram_size = size;
		begin();
	}
	return (void *)r;
}

EXPORT void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	return mmap64(addr, size, prot, flags, fd, offset);
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t open;

	if (set && how != SIG_UNBLOCK) {
		open = *set;
		sigdelset(&open, SIGBUS);
		open.__val[0] &= ~(3ul << 31); /* the C library's own two, which nobody blocks */
		set = &open;
	}
	return syscall(SYS_rt_sigprocmask, how, set, old, _NSIG / 8) ? errno : 0;
}
