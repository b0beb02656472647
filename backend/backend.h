/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * backend.h - the process that is softrealm's "host": machine, RMM, engine and kvm/ behind one
 * socket. Started by the launcher, which it does not outlive.
 *
 * The control socket (SOCK_STREAM) carries frames: struct backend_frame, and as many bytes of text
 * as it says:
 *
 *	backend		READY	clients may connect
 *			LOG	a line for people
 *			EXPLAIN	a refused call, as a line for people (if asked for)
 *			REPORT	what happened, as JSON (report.h, and leaked_pages, lost and
 *				output_failed); the last frame
 *	launcher	DRAIN	the command has ended: end when no client is left
 *			END	end now: hang up on all clients
 *
 * A hang-up means that the launcher is dead: the backend ends at once. The trace and the
 * measurement log are written by the backend itself.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/token.h"
#include "backend/trace_filter.h"
#include "kvm/kvm.h"

enum backend_message {
	BACKEND_READY = 'Y',
	BACKEND_LOG = 'L',
	BACKEND_EXPLAIN = 'E',
	BACKEND_REPORT = 'R',
	BACKEND_DRAIN = 'D',
	BACKEND_END = 'Q',
};

struct backend_frame {
	uint32_t len;  /* of the text that follows */
	uint32_t kind; /* enum backend_message */
};

struct backend_options {
	int listen;			     /* a socket that is bound: taken over */
	int control;			     /* descriptor of the control socket */
	uint64_t ram;			     /* bytes of physical memory; 0: the default */
	const struct kvm_revision *revision; /* NULL: v12 */
	bool automatic;			     /* found out for each process from its calls */
	enum kvm_rmm rmm;		     /* which RMM realms see */
	uint32_t cap_rmi;		     /* number of KVM_CAP_ARM_RMI; 0: the revision's */
	unsigned int cpu;		     /* MACHINE_CPU_* of the machine's CPUs */
	bool explain, no_sandbox, detect;
	int gdb;	    /* a socket that listens for a debugger: taken over; -1: none */
	bool gdb_wait;	    /* the first realm waits for it */
	int trace, measure; /* descriptors to write to; -1: it is not asked for */
	struct trace_filter trace_filter;
	struct attest_options attest;
	struct kvm_realm_choice realm;
};

/* The revision's name, or "auto". */
static inline const char *backend_abi(const struct backend_options *o)
{
	return o->automatic ? "auto" : kvm_revision_name(o->revision);
}

/* Runs until drained; the exit status: 0, or 1 (a reason was logged). */
int backend_main(const struct backend_options *o);

#endif
