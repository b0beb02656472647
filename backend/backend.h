/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * backend.h - the process that is softrealm's "host": machine, RMM, engine and kvm/ behind one
 * socket. Started by the launcher, which it does not outlive.
 *
 * The control socket (SOCK_SEQPACKET) carries text, its first character says what:
 *
 *	backend		READY	clients may connect
 *			LOG	a line for people
 *			EXPLAIN	a refused call, as a line for people (if asked for)
 *			TRACE	a finished call or a change of state, as JSON (if asked for)
 *			MEASURE	an extension of a measurement register, as JSON (if asked for)
 *			REPORT	what happened, as JSON; the last message
 *	launcher	DRAIN	the command has ended: end when no client is left
 *
 * A hang-up means that the launcher is dead: the backend ends at once.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/token.h"
#include "kvm/kvm.h"

enum backend_message {
	BACKEND_READY = 'Y',
	BACKEND_LOG = 'L',
	BACKEND_EXPLAIN = 'E',
	BACKEND_TRACE = 'T',
	BACKEND_MEASURE = 'M',
	BACKEND_REPORT = 'R',
	BACKEND_DRAIN = 'D',
};
#define BACKEND_MESSAGE_MAX 65536

struct backend_options {
	const char *socket; /* abstract name to listen on */
	int control;	    /* descriptor of the control socket */
	uint64_t ram;	    /* bytes of physical memory; 0: the default */
	const struct kvm_revision *revision; /* NULL: v12 */
	bool explain, trace, measure;
	struct attest_options attest;
};

/* Runs until drained; the exit status: 0, or 1 (a reason was logged). */
int backend_main(const struct backend_options *o);

#endif
