/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diagnosis.h - why a realm does not get on: what is known of its vCPUs, and what that looks like.
 *
 * Each vCPU that runs is brought out of the guest a few times, for a moment.
 */
#ifndef BACKEND_DIAGNOSIS_H
#define BACKEND_DIAGNOSIS_H

#include <jansson.h>

#include "backend/inspector.h"
#include "kvm/entry/kvm_inspect.h"
#include "rmm/rmm_inspect.h"

/*
 *	vm, realm, state  as in picture_of_vm
 *	rsi_calls	  that the realm has made
 *	causes		  array: cause, a word; text, a sentence; vcpu, if it is one's; pc (hex), if
 *			  the text ends with it
 *	vcpus		  array: index; where ("guest", "kernel", "starting", "vmm", "off",
 *			  "never run"); exits; of a realm, if known: pc, pstate, vbar, masked, wfi
 *	log		  the last lines of the Linux kernel's log, or null
 */
json_t *why_diagnose(struct host *h, const struct kvm_vm_view *v);

/* The whole log of levels below this one, or NULL. */
json_t *why_log(struct host *h, const struct kvm_vm_view *v, unsigned int below);

/* A REC's registers, for which one that runs is stopped for a moment. False: it is no REC. */
bool why_look_at_rec(struct host *h, const struct kvm_vm_view *v, size_t vcpu,
		     struct rmm_rec_view *out);

#endif
