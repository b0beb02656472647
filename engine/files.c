// SPDX-License-Identifier: BSD-3-Clause
/*
 * files.c - the host's end of the object in QEMU's process (inside.h): an engine as a viewer
 * of the machine's pieces (machine/shared.h).
 *
 * What there is when the engine starts waits in the socket, so nobody waits for QEMU's start; the
 * first CPU that comes up looks whether it was done. Later pieces are answered for before
 * machine_share returns. A QEMU that does not load the object (a static one) cannot be shown
 * anything: machine_share is refused, and an engine that has to be shown something is lost.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/pass.h"
#include "engine/inside.h"
#include "engine/inside_image.h"
#include "engine/qemu_parts.h"
#include "machine/memory.h"

#define LOOK_MS	 50
#define SEND_BUF (1 << 20) /* all pieces that there may be, unread */

static int image = -1;

static void make_image(void)
{
	int fd = fd_above_std(memfd_create("softrealm-inside", MFD_CLOEXEC));

	if (fd >= 0 && write(fd, inside_image, sizeof(inside_image)) == sizeof(inside_image))
		image = fd;
	else if (fd >= 0)
		close(fd);
}

/* ---- talking ---- */

static int say(struct engine *e, const struct inside_request *q, int fd)
{
	struct iovec iov = {(void *)q, sizeof(*q)};
	ssize_t n = pass_send(e->files.sock, &iov, 1, &fd, fd >= 0, MSG_DONTWAIT);

	return n < 0 ? (int)n : 0;
}

/* A CPU has come up, so whatever QEMU loads was there before. */
static bool came_up(const struct engine *e)
{
	for (unsigned int i = 0; i <= e->cpus; i++)
		if (__atomic_load_n(&e->cpu[i].up, __ATOMIC_RELAXED) ||
		    __atomic_load_n(&e->cpu[i].mailbox->turn, __ATOMIC_SEQ_CST) == MAILBOX_HOST)
			return true;
	return false;
}

/* The next answer; -EPIPE: QEMU has ended or the engine is lost; -ENOSYS: nobody is there. */
static int hear(struct engine *e)
{
	uint64_t end = cpu_clock() + e->patience * UINT64_C(1000000);
	struct pollfd p[] = {{.fd = e->files.sock, .events = POLLIN},
			     {.fd = e->lost_fd, .events = POLLIN}};
	bool up = false;
	int32_t status;
	ssize_t n;

	for (;;) {
		n = recv(e->files.sock, &status, sizeof(status), MSG_DONTWAIT);
		if (n == sizeof(status))
			return status;
		if ((n < 0 && errno != EAGAIN && errno != EINTR) || !n || atomic_load(&e->lost))
			return -EPIPE;
		if (!e->files.greeted && up)
			return -ENOSYS;
		if (cpu_clock() > end) {
			log_error(
				"engine: QEMU has not said in time that it maps the shared memory");
			engine_set_lost(e);
		}
		up = came_up(e);
		if (!poll(p, ARRAY_SIZE(p), up && !e->files.greeted ? 0 : LOOK_MS))
			process_continue(e);
	}
}

/* The answer to BEGIN, once; files.lock is held. */
static int greet(struct engine *e)
{
	int r = e->files.absent ? -ENOSYS : 0;

	if (r || e->files.greeted)
		return r;
	r = hear(e);
	e->files.absent = r == -ENOSYS;
	e->files.greeted = !r;
	return r;
}

/* ---- what the machine and the engine ask ---- */

/* Requests before BEGIN wait in the socket: their senders do not wait for QEMU's start. */
static int pass_on(struct engine *e, const struct inside_request *q, int fd)
{
	int r;

	if (!e->files.begun) {
		e->files.needed |= q->kind == INSIDE_MAP;
		e->files.begun = q->kind == INSIDE_BEGIN;
		return e->files.absent ? 0 : say(e, q, fd);
	}
	r = greet(e);
	if (!r)
		r = say(e, q, fd);
	return r ? r : hear(e);
}

static int show(struct machine_viewer *v, const struct machine_piece *p)
{
	struct engine *e = container_of(v, struct engine, files.viewer);
	struct inside_request q = {.kind = INSIDE_BEGIN};
	bool back = p && !p->step;
	int r;

	if (p)
		q = (struct inside_request){.kind = INSIDE_MAP,
					    .at = p->pa - machine_client_base(e->machine),
					    .size = p->size,
					    .offset = p->offset,
					    .step = p->step};
	lock_take(&e->files.lock);
	r = pass_on(e, &q, p ? p->fd : -1);
	lock_drop(&e->files.lock);
	/* With the file still there it would see other memory than everybody else. */
	if (back && r && r != -ENOSYS)
		engine_set_lost(e);
	return back || r == -EPIPE ? 0 : r; /* who has ended, or is about to, sees nothing wrong */
}

int files_open(struct engine *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const int size = SEND_BUF;
	int pair[2];

	pthread_once(&once, make_image);
	if (image < 0 || machine_client_memfd(e->machine) < 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	e->files.sock = pair[0];
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	e->files.theirs = fd_above_std(pair[1]);
	return e->files.theirs < 0 ? -EMFILE : 0;
}

int files_image(void)
{
	return image;
}

void files_view(struct engine *e)
{
	e->files.viewer.show = show;
	e->files.absent = e->files.sock < 0;
	machine_view(e->machine, &e->files.viewer);
}

int files_ready(struct engine *e)
{
	int r = 0;

	lock_take(&e->files.lock);
	if (e->files.needed)
		r = greet(e);
	lock_drop(&e->files.lock);
	if (!r)
		return 0;
	if (r == -ENOSYS && !atomic_load(&e->lost))
		log_error("engine: %s cannot use memory that other processes share: it has not "
			  "loaded our object (is it statically linked?)",
			  e->program);
	engine_set_lost(e);
	return -EIO;
}

void files_close(struct engine *e)
{
	machine_unview(e->machine, &e->files.viewer);
	if (e->files.sock >= 0)
		close(e->files.sock);
	if (e->files.theirs >= 0)
		close(e->files.theirs);
	lock_destroy(&e->files.lock);
}
