/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * revision.h - one revision of the realm ABI as a constant object: everything in which it differs
 * from another one, as data. Code asks the object and never which revision it is.
 *
 * A further revision is a further object (one file in this folder), a row of revisions.c, and a
 * header of abi/.
 */
#ifndef KVM_REVISION_H
#define KVM_REVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rule.h"
#include "kvm/call.h"

struct kvm_revision {
	const char *name;  /* what --abi takes */
	const char *about; /* a line for people */

	/* ---- numbers ---- */
	uint32_t cap_rmi; /* KVM_CAP_ARM_RMI */
	/* Calls that not every revision has, or not with the same number. */
	const struct kvm_row *rows;
	size_t num_rows;
	/* The type of KVM_CREATE_VM without its IPA width: *realm, or the rule it breaks. */
	result (*vm_type)(uint64_t type, bool *realm);

	/* ---- KVM_ARM_VCPU_INIT: bits of features[0] ---- */
	unsigned int num_features; /* this bit and those above are ENOENT */
	uint32_t ignored_features; /* accepted whatever the platform has, without effect */

	/* ---- KVM_ARM_RMI_POPULATE ---- */
	bool populate_rounds_source;	   /* an unaligned source is read from its page's start */
	const struct rule *populate_again; /* the page has been populated */
};

extern const struct kvm_revision kvm_revision_v12, kvm_revision_v12_6_19;

/* Both decoders of `vm_type` (vm_type.c): bits 11:8 name the kind. */
result vm_type_by_kind(uint64_t type, bool *realm);

#endif
