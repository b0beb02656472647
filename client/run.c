// SPDX-License-Identifier: BSD-3-Clause
/*
 * run.c - KVM_RUN, with the kernel's behaviour towards signals.
 *
 * All signals are blocked from before the backend reads immediate_exit until the wait opens them:
 * a handler that runs before sets immediate_exit in time, one that comes later interrupts the
 * wait. ppoll() with the caller's mask is never restarted after a handler, not even under
 * SA_RESTART, and restarts by itself after a signal that is ignored, as KVM_RUN does. Then the run
 * is cancelled: its sequence number goes into the control page, CANCEL wakes it, and the answer is
 * awaited with signals blocked. The vCPU has stopped when EINTR is returned; an exit that came
 * first is returned in its place.
 *
 * With KVM_SET_SIGNAL_MASK the kernel ends the run by a signal that is open only in that mask, and
 * leaves it pending. So these stay blocked here, and a signalfd tells of them.
 *
 * A run is
 *	OPEN	obj->runner is the thread: handlers may run on top of it. A handler that uses the
 *		vCPU (or jumps out and uses it later) ends the run in its place (run_end_own) ->
 *	ENDED	obj->ended_seq is the run; the lock belongs to whoever ended it, and the thread
 *		that opened it, if it still exists, takes the result without touching the lock.
 */
#include "client/client.h"

#include <poll.h>
#include <signal.h>

#include "abi/kvm.h"

/* Signals that end the run but are blocked outside: a signalfd over them; -1: there are none. */
static int watch_pending(const struct call *c)
{
	sigmask_t watched = c->obj->mask_set ? c->mask & ~c->obj->mask : 0;

	return watched ? sys(signalfd4, -1, &watched, sizeof(watched), 02000000 /* CLOEXEC */) : -1;
}

/* True when a signal came before anything from the backend. */
static bool wait_interrupted(const struct call *c)
{
	sigmask_t mask = c->mask | (c->obj->mask_set ? c->obj->mask : 0);
	int watch = watch_pending(c);
	struct pollfd pfd[2] = {{c->fd, POLLIN, 0}, {watch, POLLIN, 0}};
	long r = sys(ppoll, pfd, 2, NULL, &mask, sizeof(mask));

	if (watch >= 0)
		sys(close, watch);
	return r == -EINTR || (r > 0 && !pfd[0].revents);
}

static int cancel(const struct call *c, uint32_t seq)
{
	struct wire_msg m = {.type = WIRE_CANCEL, .call = {.seq = seq}};

	__atomic_store_n(&c->obj->control->cancel, seq, __ATOMIC_SEQ_CST);
	return wire_send(c->fd, &m, NULL, NULL, 0);
}

bool run_end_own(struct object *obj, int fd)
{
	struct call c = {.fd = fd, .obj = obj, .mask = ~UINT64_C(0), .done_fd = -1};
	int runner = __atomic_load_n(&obj->runner, __ATOMIC_RELAXED);

	if (!runner || runner != sys(gettid))
		return false;
	obj->runner = 0;
	obj->ended_ret = cancel(&c, obj->seq) ? -EIO : channel_serve(&c);
	obj->ended_seq = obj->seq;
	return true;
}

int run_wait(struct call *c)
{
	struct object *obj = c->obj;
	uint32_t seq = c->run_seq;
	bool interrupted;

	__atomic_store_n(&obj->runner, sys(gettid), __ATOMIC_RELAXED);
	interrupted = wait_interrupted(c);
	if (__atomic_load_n(&obj->ended_seq, __ATOMIC_RELAXED) == seq) {
		c->run_ended = true;
		return -EINTR;
	}
	__atomic_store_n(&obj->runner, 0, __ATOMIC_RELAXED);
	if (!interrupted)
		return 0;
	c->run_seq = 0;
	return cancel(c, seq) ? -EIO : 0;
}

int64_t run_vcpu(struct call *c, uint64_t arg)
{
	struct object *obj = c->obj;
	struct wire_msg m = {.type = WIRE_CALL, .call = {.nr = KVM_RUN, .arg = arg}};

	if (!++obj->seq)
		obj->seq = 1; /* 0 is "none" */
	c->run_seq = m.call.seq = obj->seq;
	return wire_send(c->fd, &m, NULL, NULL, 0) ? -EIO : channel_serve(c);
}
