/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * smccc.h - hypercalls: the filter that user space sets, what the kernel answers itself, PSCI.
 */
#ifndef KVM_SMCCC_H
#define KVM_SMCCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rule.h"
#include "kvm/caller.h"

struct kvm_vcpu;
struct kvm_vm;

struct smccc_range {
	uint32_t start, end; /* inclusive */
	uint8_t action;	     /* KVM_SMCCC_FILTER_* */
};

struct smccc_filter {
	struct smccc_range *range;
	size_t count, room;
};

/* KVM_ARM_VM_SMCCC_FILTER: the structure at uaddr. */
result smccc_set_filter(struct kvm_vm *vm, struct kvm_caller *c, uint64_t uaddr);
void smccc_destroy(struct smccc_filter *f);

/* The call in v's x0..: answered in x0..x3, or *leave with kvm_run filled in. */
void smccc_call(struct kvm_vcpu *v, bool *leave);

bool is_trng(uint32_t fid);

/* psci.c: a PSCI function; true: KVM_RUN returns to user space. Sets x0..x3. */
bool psci_call(struct kvm_vcpu *v);
/* Mark v stopped and make it notice. */
void psci_stop(struct kvm_vcpu *v);
/* RMI_PSCI_COMPLETE, target's mp_lock held; false: the RMM refused. */
bool psci_complete(struct kvm_vcpu *calling, struct kvm_vcpu *target, uint64_t status);
/* Complete what user space answered by v's x0, if the last PSCI call is one that the RMM waits for.
 * False: the RMM refused. */
bool psci_complete_by_x0(struct kvm_vcpu *v);

static inline void smccc_return(uint64_t x[4], int64_t v)
{
	x[0] = (uint64_t)v;
	x[1] = x[2] = x[3] = 0;
}

#endif
