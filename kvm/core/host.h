/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host.h - the whole "kernel": what every VM shares, and open files.
 */
#ifndef KVM_HOST_H
#define KVM_HOST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "kvm/call.h"

#define KVM_NUM_VMIDS 256 /* 8-bit VMIDs: what every RMM offers */

struct kvm_host {
	struct machine *machine;
	struct rmm *rmm;
	const struct engine_ops *engine; /* of ordinary VMs; NULL: they cannot run */
	const struct kvm_revision *revision;
	bool detect;	/* stores to user memory behind private pages (mem/detect.h) */
	bool automatic; /* each process by what it calls (revision/auto.h) */
	struct kvm_realm_choice realm;
	enum kvm_rmm rmm_semantics;
	uint32_t cap_rmi;  /* number of KVM_CAP_ARM_RMI; 0: the revision's */
	bool rmi;	   /* the RMM is there and speaks 1.0 */
	uint64_t feature0; /* its feature register 0 */
	bool steal_time;

	struct lock lock; /* vms, vmids */
	struct kvm_vm *vms;
	pthread_cond_t walked; /* a walk over them has gone on */
	uint32_t last_serial;
	bool vmids[KVM_NUM_VMIDS]; /* 0 is the host's own */

	struct lock gmem_lock; /* innermost: gmems, and the attributes that they have */
	struct kvm_gmem *gmems;
	_Atomic uint64_t gmem_changes; /* of attributes */
};

/* What files of one kind have in common; each room has a table for the files that are its own. */
struct kvm_file_ops {
	enum kvm_file_kind kind;
	const struct rule *unknown_call; /* of a number that such a file does not know */
	bool any_process; /* answers processes that are not the VM's, and while the VM is dead */
	/* Name in the call what the file is about: its vCPU or device. NULL: nothing but the VM. */
	void (*aim)(const struct kvm_file *f, struct kvm_call *c);
	/* The last reference is gone; that on the VM is still held. NULL: nothing to do. */
	void (*release)(struct kvm_file *f);
};

extern const struct kvm_file_ops vcpu_file_ops; /* vcpu/vcpu_file.c */
extern const struct kvm_file_ops gmem_file_ops; /* mem/gmem.c */

/* An open file description. The member of the union goes with the kind; each file holds a reference
 * on its VM. */
struct kvm_file {
	atomic_uint refs;
	const struct kvm_file_ops *ops;
	struct kvm_host *host;
	struct kvm_vm *vm; /* NULL: KVM_FILE_SYSTEM */
	union {
		struct kvm_vcpu *vcpu;
		struct kvm_device *dev;
		struct kvm_gmem *gmem;
	};
};

/* A new file with one reference; takes a reference on vm. NULL: out of memory. */
struct kvm_file *file_create(struct kvm_host *h, const struct kvm_file_ops *ops, struct kvm_vm *vm);

/* True if RMI feature register 0 offers it. */
static inline bool host_feature(const struct kvm_host *h, uint64_t bit)
{
	return h->rmi && (h->feature0 & bit);
}

/* KVM_CAP_ARM_VM_IPA_SIZE: the bits of IPA that an ordinary VM can have. */
unsigned int host_ipa_limit(const struct kvm_host *h);

#endif
