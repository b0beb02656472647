// SPDX-License-Identifier: BSD-3-Clause
/*
 * keeper.c - the thread that keeps one QEMU: forks it, serves its doorbells, sees it die.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/log.h"
#include "engine/qemu_parts.h"

enum { POLL_STOP, POLL_STDERR, POLL_DOORBELLS };

void engine_set_lost(struct engine *e)
{
	uint64_t one = 1;
	ssize_t n;

	atomic_store(&e->lost, true);
	n = write(e->lost_fd, &one, sizeof(one));
	(void)n; /* a counter of a few */
}

static void close_all(int *fds, unsigned int n)
{
	while (n--)
		close(fds[n]);
}

/* QEMU is told the numbers of its ends, so they keep clear of the standard descriptors. */
static int open_sockets(struct engine *e, int *theirs)
{
	int pair[2], ret;

	for (unsigned int i = 0; i < e->devices; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
			ret = -errno;
			close_all(theirs, i);
			return ret;
		}
		e->device[i].sock = pair[0];
		theirs[i] = fd_above_std(pair[1]);
		if (theirs[i] < 0) {
			ret = -errno;
			close_all(theirs, i);
			return ret;
		}
	}
	return 0;
}

static int start(struct engine *e)
{
	int theirs[DOORBELL_DEVICES];
	int ret = open_sockets(e, theirs);

	if (ret)
		return ret;
	ret = process_start(e, theirs);
	close_all(theirs, e->devices);
	if (e->files.theirs >= 0)
		close(e->files.theirs);
	e->files.theirs = -1;
	return ret;
}

/* Returns when destroy asks for the end (true), or when QEMU has ended (false). */
static bool watch(struct engine *e)
{
	struct pollfd p[POLL_DOORBELLS + DOORBELL_DEVICES] = {
		[POLL_STOP] = {.fd = e->stop_fd, .events = POLLIN},
		[POLL_STDERR] = {.fd = e->stderr_fd, .events = POLLIN},
	};
	unsigned int n = POLL_DOORBELLS;
	unsigned int kill_ms = fault_engine_kill_ms();
	int timeout = kill_ms ? (int)kill_ms : -1;

	for (unsigned int i = 0; i < e->devices; i++)
		p[n++] = (struct pollfd){.fd = e->device[i].sock, .events = POLLIN};
	for (;;) {
		/* The set-up of doorbells, early on, does not count: it only starts the time anew.
		 */
		int ready = poll(p, n, timeout);

		if (ready < 0)
			continue;
		if (!ready) {
			process_kill(e);
			timeout = -1;
		}
		if (p[POLL_STOP].revents)
			return true;
		if (p[POLL_STDERR].revents && !process_read_stderr(e))
			return false;
		for (unsigned int i = POLL_DOORBELLS; i < n; i++) {
			if (p[i].revents && !doorbell_serve(&e->device[i - POLL_DOORBELLS]))
				return false;
		}
	}
}

static void *keeper(void *arg)
{
	struct engine *e = arg;
	char how[80];
	bool asked;
	int ret = start(e);

	if (ret) {
		log_error("engine: cannot start %s: %s", e->program, strerror(-ret));
		engine_set_lost(e);
		return NULL;
	}
	asked = watch(e);
	if (!asked)
		process_await_end(e);
	process_kill(e);
	process_reap(e, how, sizeof(how));
	if (!asked) {
		log_error("engine: %s has ended (%s)%s%s", e->program, how, e->line_len ? ": " : "",
			  e->line);
		engine_set_lost(e);
	}
	return NULL;
}

/* Signals are for the other threads of the process. */
int keeper_start(struct engine *e)
{
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&e->keeper, NULL, keeper, e);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret ? -EAGAIN : 0;
}

void keeper_stop(struct engine *e)
{
	uint64_t one = 1;
	ssize_t n = write(e->stop_fd, &one, sizeof(one));

	(void)n;
	pthread_join(e->keeper, NULL);
}
