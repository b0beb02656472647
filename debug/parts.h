/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * parts.h - what the files of the debugger know of each other.
 *
 * Threads. A vCPU's own thread runs it (gate.c). One thread serves the debugger (server.c) and does
 * all that it asks for (commands.c).
 *
 * A vCPU is at one of these places:
 *
 *	OUT -> RUNNING	  at the gate, not told to HOLD: it enters the guest
 *	OUT -> HELD	  at the gate, told to HOLD; its thread sleeps there
 *	HELD -> RUNNING	  told otherwise
 *	HELD -> OUT	  kicked by the host; it comes again
 *	RUNNING -> OUT	  an exit
 *
 * Its thread alone changes `place`, and only the server's thread makes `order` anything but HOLD;
 * both under the vCPU's lock. A vCPU told to HOLD that is not RUNNING runs no instruction. That is
 * what stopped means, so the ones that are OUT (with the VMM, switched off) need not come.
 *
 * Locks. vcpu->lock > debugger.lock, a leaf. vcpu->lock is held over commands to the engine's CPU
 * (registers), never over a run, a sleep at the gate, or a call of config.memory.
 */
#ifndef DEBUG_PARTS_H
#define DEBUG_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/lock.h"
#include "debug/debug.h"
#include "debug/hw.h"
#include "debug/packet.h"
#include "debug/stage1.h"

struct machine;
struct pe;

enum {
	RANK_DEBUG_VCPU = LOCK_RANKS_DEBUG,
	RANK_DEBUGGER = LOCK_RANKS_LEAF + 20,
};

enum place { PLACE_OUT, PLACE_RUNNING, PLACE_HELD };
enum order { ORDER_HOLD, ORDER_GO, ORDER_STEP };

/* Why a vCPU wants the realm to be stopped. */
enum event_kind { EVENT_NONE, EVENT_BREAK, EVENT_STEP, EVENT_WATCH, EVENT_CALL };
struct event {
	enum event_kind kind;
	enum point_type watch;
	uint64_t addr;	  /* WATCH */
	uint64_t call[4]; /* CALL: X0 .. X3 */
};

/* X0..X30, PC and PSTATE, by GDB's numbers, as they were when the vCPU was at the gate last. */
#define GENERAL_PC     32
#define GENERAL_PSTATE 33
#define GENERAL_NUM    34
struct general {
	uint64_t r[GENERAL_NUM]; /* 31: not used */
};

struct vcpu {
	struct realm *realm;
	unsigned int index;
	int wake; /* eventfd: the order has changed */

	struct lock lock;
	enum place place;
	enum order order;
	struct event event;
	struct pe *pe; /* of the run under way */
	bool started;  /* it has been reset, so it has registers */
	bool gone;     /* and so has its engine */
	struct general general;
	uint64_t written; /* bit n: register n is the debugger's, and loaded when it goes on */
	uint64_t called;  /* PC of the call that it was stopped at, and is to do now; or 0 */

	/* hardware */
	struct hw hw;
	bool stale; /* the CPU's debug registers are not what they should be */
	bool loaded_step;
	uint64_t loaded_points; /* which version */
	bool stepping;		/* PSTATE.SS in the frame is ours */
	unsigned int homeless;	/* points without a register */
};

struct realm {
	struct engine *inner;
	struct realm *next; /* the next younger one */
	unsigned int refs;  /* the engine's, and the session's; debugger.lock */
	unsigned int vcpus;
	atomic_bool debugged; /* there is a session for it */
	atomic_int vmid;      /* -1: not known yet */
	uint32_t vm;	      /* serial of its VM */
	struct vcpu vcpu[];
};

/* Calls of the realm that it is stopped at. */
enum catch { CATCH_NONE, CATCH_RIPAS, CATCH_RSI, CATCH_PSCI, CATCH_ALL };

struct debugger {
	struct debug_config cfg;
	pthread_t thread;
	bool running;
	int wake; /* eventfd: something has happened to the realm */
	int stop; /* eventfd */

	struct lock lock;
	struct realm *realms;	/* oldest first */
	uint32_t chosen;	/* VM of the realm that the next session gets; 0: the oldest ... */
	bool chosen_next;	/* ... or the next one that begins */
	bool wanted;		/* a session that has no realm yet gets the next one, ... */
	enum order first_order; /* ... whose first vCPU does this, ... */
	struct realm *given;	/* ... and here it is, with a reference */
	bool hold_first;	/* --gdb-wait */
	struct points points;
	_Atomic uint64_t points_version;
	_Atomic int catch;
};
extern struct debugger debugger;

/* To the RMM a realm is an engine like any other. */
static inline struct realm *realm_of(struct engine *e)
{
	return (struct realm *)(void *)e;
}

/* ---- exits.c: the vCPU's lock is held ---- */
/* True: an exit of the debugger's, dealt with. */
bool exits_take(struct vcpu *v, struct engine_frame *f);
void exits_clean_step(struct vcpu *v);
/* As the guest sees them. 0 or -EIO. */
int exits_sysregs_get(struct vcpu *v, uint64_t sys[ENGINE_NUM_SYSREGS]);
int exits_sysregs_set(struct vcpu *v, const uint64_t sys[ENGINE_NUM_SYSREGS]);

/* ---- realms.c ---- */
int debug_realm_create(struct machine *m, unsigned int vcpus, struct engine **out);
void debug_realm_destroy(struct engine *e);
void debug_realm_put(struct realm *r);
/* The one that a session gets, with a reference; NULL: it has not begun. */
struct realm *debug_realm_get(void);
struct realm *debug_realm_get_oldest(void); /* the same */
/* For the sessions to come: the realm of this VM; with 0 the oldest, or the next one that begins.
 * False: there is none of this VM. */
bool debug_realm_choose(uint32_t vm, bool next);
struct realm_name {
	uint32_t vm;
	unsigned int vcpus;
};
/* Oldest first. How many there are. */
unsigned int debug_realms_list(struct realm_name *out, unsigned int room);
struct realm *debug_realm_take_given(void); /* the one that was wanted; or NULL */
/* What a realm that is wanted is to do; it may have come a moment before. */
void debug_realm_want(bool wanted, enum order order);
void debug_realm_attach(struct realm *r, bool on);
void debug_vcpu_order(struct vcpu *v, enum order order);
/* Everybody stops; true: nobody runs any more. */
bool debug_realm_stop(struct realm *r);
bool debug_realm_has_started(struct realm *r);
/* The first one that has something to say (it is forgotten, and so are the others'), or NULL. */
struct vcpu *debug_realm_take_event(struct realm *r, struct event *e);
bool debug_realm_has_event(struct realm *r);
bool debug_realm_is_gone(struct realm *r);
void debug_wake(void);

/* ---- access.c: registers and memory of a vCPU that does not run ---- */
/* False: it runs, or is gone. Registers of one that has not started are zero. */
bool debug_vcpu_get_general(struct vcpu *v, struct general *g);
bool debug_vcpu_set_general(struct vcpu *v, unsigned int n, uint64_t value);
bool debug_vcpu_get_sysregs(struct vcpu *v, uint64_t sys[ENGINE_NUM_SYSREGS]);
bool debug_vcpu_set_sysreg(struct vcpu *v, enum engine_sysreg n, uint64_t value);
bool debug_vcpu_get_state(struct vcpu *v, struct engine_state *s);
bool debug_vcpu_set_state(struct vcpu *v, const struct engine_state *s);
const char *debug_vcpu_place_name(struct vcpu *v);
/* How many of the bytes could be read or written. */
size_t debug_vcpu_memory(struct vcpu *v, uint64_t va, void *buf, size_t len, bool write);

#endif
