/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * history.h - what was done lately: the last exits of a vCPU, the last calls on a VM. For who looks
 * in from outside (kvm/entry/kvm_inspect.h); nothing in kvm/ decides by it.
 *
 * The vCPU's own thread writes its history; anybody may copy. The lock is a leaf.
 */
#ifndef KVM_HISTORY_H
#define KVM_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"

#define KVM_HISTORY 64

/* One exit of a vCPU. Times are those of trace_now(). */
struct kvm_exit_view {
	const char *name;    /* as in traces: "MMIO", "PRIVATE_FAULT", ... */
	uint64_t when, back; /* back: the VMM called KVM_RUN again; 0: not yet, or not asked */
	/* IPA without the alias bit, or of PSCI and HOST_CALL the function; size: of a range */
	uint64_t addr, size;
	bool to_user, is_write;
	bool is_ripas;	 /* MEMORY_FAULT: the realm asks for a change of RIPAS ... */
	bool to_private; /* ... or touched what is not so */
};

struct kvm_history_view {
	uint64_t entered;     /* KVM_RUN was called at this time and has not returned; 0: it is with
			     the VMM */
	uint64_t exits;	      /* ever */
	uint32_t exit_reason; /* KVM_RUN's last one: kvm_run's may be the VMM's by now */
	size_t num;
	struct kvm_exit_view note[KVM_HISTORY]; /* the last ones, oldest first */
};

struct history {
	struct lock lock;
	struct kvm_exit_view note[KVM_HISTORY];
	uint64_t count;	      /* exits ever; the last one is note[(count - 1) % KVM_HISTORY] */
	uint64_t entered;     /* KVM_RUN has been called at this time, and not returned; or 0 */
	uint32_t exit_reason; /* that it returned with last */
};

void history_init(struct history *h);
void history_destroy(struct history *h);

/* KVM_RUN begins, and ends. */
void history_enter(struct history *h);
void history_leave(struct history *h, uint32_t exit_reason);
/* An exit, of which `when` is filled in here. */
void history_note(struct history *h, struct kvm_exit_view note);

void history_copy(struct history *h, struct kvm_history_view *out);

/* A call of the VMM's, KVM_RUN left out. */
#define KVM_CALLS 32

struct kvm_call_view {
	const char *name;
	uint64_t when, arg[3]; /* when it ended; the first fields of what it was given */
	int64_t ret;
	int vcpu; /* index; -1: none */
};

/* A leaf lock, too. */
struct call_log {
	struct lock lock;
	struct kvm_call_view call[KVM_CALLS];
	uint64_t count;
};

void call_log_note(struct call_log *l, struct kvm_call_view note);
/* The last ones, oldest first: how many. */
size_t call_log_copy(struct call_log *l, struct kvm_call_view out[KVM_CALLS]);

#endif
