/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * session.h - one debugger's conversation: what it has said so far, and what it is owed.
 *
 *	STOPPING  everybody was told to stop, somebody still runs
 *	STOPPED	  commands are answered
 *	RUNNING	  the realm runs; only an interrupt is heard
 *	OVER	  detached, or the debugger talks nonsense: hang up
 *
 * A session may begin before its realm does: then there is one vCPU whose registers are zero, and
 * what it is told is what vCPU 0 will do.
 */
#ifndef DEBUG_SESSION_H
#define DEBUG_SESSION_H

#include "debug/answer.h"
#include "debug/parts.h"

enum session_state { SESSION_STOPPING, SESSION_STOPPED, SESSION_RUNNING, SESSION_OVER };

struct session {
	enum session_state state;
	struct realm *realm;	  /* or NULL: none has begun */
	bool no_acks;		  /* from the next packet on */
	bool owes_stop;		  /* the debugger waits for the next stop */
	bool interrupted;	  /* and that is its own doing */
	struct vcpu *at;	  /* of the last stop; NULL: vCPU 0 */
	struct event event;	  /* why */
	struct vcpu *vcpu;	  /* that registers and memory are of; NULL: vCPU 0 */
	int64_t due;		  /* CLOCK_MONOTONIC, ms: the first stop may wait until then */
	unsigned int next_thread; /* of the list that is being told */
};

/* The realm, if there is one, is told to stop. */
void session_begin(struct session *s);
/* Everything goes on as if there had been no debugger. */
void session_end(struct session *s);

/* False: the realm runs. A debugger that keeps to the protocol says nothing then. */
bool session_hears(struct session *s);
void session_interrupt(struct session *s);
/* For commands.c: orders[i] is vCPU i's; one for each thread that there is. */
void session_go(struct session *s, const enum order *orders);

/* Something may have happened to the realm. True: a packet is due; call it again. While a session
 * is STOPPING, call it now and then. */
bool session_look(struct session *s, struct answer *a);
/* The realm has ended. False: the debugger does not wait for anything. */
bool session_tell_end(struct session *s, struct answer *a);

#endif
