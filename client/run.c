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
 *	OPEN	obj->runner is the thread: handlers may run on top of it. Whoever sets runner back
 *		to 0 has the latch and ends the run: the thread itself; a handler on top of it that
 *		uses the vCPU (or jumps out and uses it later); anybody, when the thread is no
 *		more ->
 *	ENDED	by another: obj->ended_seq is the run, and the thread that opened it, if it still
 *		exists, takes the result without touching the latch.
 */
#include <poll.h>
#include <signal.h>

#include "abi/kvm.h"
#include "client/parts.h"

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
	struct pollfd pfd[2] = {{c->talk->own.fd, POLLIN, 0}, {watch, POLLIN, 0}};
	long r = sys(ppoll, pfd, 2, NULL, &mask, sizeof(mask));

	if (watch >= 0)
		sys(close, watch);
	return r == -EINTR || (r > 0 && !pfd[0].revents);
}

static void cancel(const struct call *c)
{
	struct wire_msg m = {.type = WIRE_CANCEL};

	__atomic_store_n(&c->obj->control->cancel, c->talk->seq, __ATOMIC_SEQ_CST);
	talk_send(c->talk, &m, NULL, NULL, 0);
}

/* On behalf of the thread that opened the run, whose latch this thread has adopted. */
static void end_run(struct object *obj)
{
	struct call c = {.talk = &obj->talk, .obj = obj, .mask = ~UINT64_C(0), .done_fd = -1};

	cancel(&c);
	obj->ended_ret = needs_serve(&c);
	__atomic_store_n(&obj->ended_seq, obj->talk.seq, __ATOMIC_RELEASE);
}

static bool take_run_of(struct object *obj, int thread)
{
	if (!thread || !__atomic_compare_exchange_n(&obj->runner, &thread, 0, false,
						    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return false;
	latch_adopt(&obj->latch, LATCH_OBJECT);
	return true;
}

/* A thread that ends in a handler on top of its run (pthread_exit, cancellation) leaves it open. */
static bool is_dead(int thread)
{
	long self = sys(getpid);

	return thread && sys(tgkill, self, thread, 0) == -ESRCH;
}

void run_lock(struct object *obj)
{
	int self, runner = __atomic_load_n(&obj->runner, __ATOMIC_ACQUIRE);

	self = runner ? sys(gettid) : 0;
	if (runner && runner == self && take_run_of(obj, runner)) {
		end_run(obj);
		return;
	}
	while (!latch_take_for(&obj->latch, LATCH_OBJECT, 20)) {
		runner = __atomic_load_n(&obj->runner, __ATOMIC_ACQUIRE);
		if (is_dead(runner) && take_run_of(obj, runner)) {
			end_run(obj);
			return;
		}
	}
}

/* With signals open, wait until the backend says something; a signal cancels the run. 0, or -EINTR
 * with c->run_ended. */
static int wait_open(struct call *c)
{
	struct object *obj = c->obj;
	uint32_t seq = c->talk->seq;
	int self = sys(gettid);
	bool interrupted;

	latch_lend(&obj->latch);
	__atomic_store_n(&obj->runner, self, __ATOMIC_RELEASE);
	interrupted = wait_interrupted(c);
	if (!take_run_of(obj, self)) {
		c->run_ended = true;
		/* Unless a later run was ended as well: then this result is lost. */
		c->ended_ret = __atomic_load_n(&obj->ended_seq, __ATOMIC_ACQUIRE) == seq
				       ? obj->ended_ret
				       : -EINTR;
		return -EINTR;
	}
	if (!interrupted)
		return 0;
	c->wait = NULL;
	cancel(c); /* that it cannot be said any more says nothing about what was said before */
	return 0;
}

int64_t run_vcpu(struct call *c, uint64_t arg)
{
	struct wire_msg m = {
		.type = WIRE_CALL,
		.call = {.nr = KVM_RUN, .thread = sys(gettid), .arg = arg},
	};

	c->wait = wait_open;
	return talk_send(c->talk, &m, NULL, NULL, 0) ? -EIO : needs_serve(c);
}
