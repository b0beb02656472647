/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * trace.h - the one place where calls and refusals are observed.
 *
 * Each dispatcher (KVM ioctls, RMI, RSI) reports every finished call here. At most one observer
 * is installed, before the first call, by whoever owns the process (backend, test, fuzzer);
 * without one a report costs a load and a branch. The observer runs on the calling thread, must
 * not call back into the layer that reports, and must not keep the pointers.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/rule.h"

enum trace_layer { TRACE_KVM, TRACE_RMI, TRACE_RSI, TRACE_PSCI };

struct trace_call {
	enum trace_layer layer;
	const char *name;	      /* "KVM_ARM_RMI_POPULATE", "RMI_DATA_CREATE" */
	const char *const *arg_names; /* nargs names, or NULL */
	const uint64_t *args;
	unsigned int nargs;
	const char *abi; /* TRACE_KVM: the revision that answered, "v12" */
	int64_t ret;	 /* what the caller saw: ioctl result or -errno; X0 for SMCs */
	result why;	 /* OK, or the broken rule */
	bool probe;	 /* a question: a refusal is an answer to it, and nobody's mistake */
	result note;	 /* OK, or what the caller of an answered call should know */
	uint64_t start;	 /* trace_begin(): when it began */
};

/* What happened to a realm, for the launcher: counted exits, measurements, life. */
enum trace_event_kind {
	TRACE_EXIT,    /* name = exit kind ("MMIO", "IRQ", ...): KVM_RUN returned to the VMM, or
			   a REC exit ended in the kernel (to_user false) */
	TRACE_MEASURE, /* RIM or REM extended: index, cause, addr, flags, digest, value after */
	TRACE_STATE,   /* name = "realm NEW", "realm ACTIVE", "engine ready", "engine lost", ... */
};

struct trace_event {
	enum trace_event_kind kind;
	const char *name;
	int to_user;	    /* TRACE_EXIT */
	unsigned int realm; /* serial of its VM: tells all realms of one backend apart */
	unsigned int index; /* TRACE_MEASURE: 0 RIM, 1..4 REM */
	uint64_t addr, top, flags;
	const uint8_t *digest; /* TRACE_MEASURE: content digest or NULL */
	const uint8_t *value;  /* TRACE_MEASURE: register after, 64 bytes */
	unsigned int hash_len; /* 32 or 64 */
};

/* On whose behalf this thread works: kvm/ sets it, everybody below it may read it. */
struct trace_context {
	uint32_t vm;  /* serial of the VM: counted from 1, never used again; 0: none */
	int16_t vcpu; /* its index; -1: none */
};

struct trace_observer {
	void (*call)(void *arg, const struct trace_call *c);
	void (*event)(void *arg, const struct trace_event *e);
	void *arg;
	unsigned int timed; /* bits: the layers whose calls it wants to know the begin of */
};

/* Install (or with NULL remove) the observer. Not thread-safe: before the first call. */
void trace_observe(const struct trace_observer *o);

extern const struct trace_observer *trace_observer_;
extern __thread struct trace_context trace_context_;

/* Returns what was before, for who has to put it back. */
static inline struct trace_context trace_enter(uint32_t vm, int vcpu)
{
	struct trace_context before = trace_context_;

	trace_context_ = (struct trace_context){vm, (int16_t)vcpu};
	return before;
}

/* Nanoseconds; of no meaning but by difference. */
static inline uint64_t trace_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/* For trace_call.start; 0 if nobody wants to know. */
static inline uint64_t trace_begin(enum trace_layer layer)
{
	return trace_observer_ && trace_observer_->timed & 1u << layer ? trace_now() : 0;
}

static inline void trace_call(const struct trace_call *c)
{
	if (trace_observer_ && trace_observer_->call)
		trace_observer_->call(trace_observer_->arg, c);
}

static inline void trace_event(const struct trace_event *e)
{
	if (trace_observer_ && trace_observer_->event)
		trace_observer_->event(trace_observer_->arg, e);
}

#endif
