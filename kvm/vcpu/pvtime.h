/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pvtime.h - stolen time (Arm DEN0057): how long a vCPU wanted to run and did not, in a structure
 * of guest memory that user space has found a place for (KVM_ARM_VCPU_PVTIME_IPA).
 *
 * The kernel counts what the thread in KVM_RUN waits for a CPU (sched_info.run_delay). Here a vCPU
 * is two threads of which one runs at a time, the caller's and the engine's: it is their sum. What
 * is not known of either counts as nothing.
 */
#ifndef KVM_PVTIME_H
#define KVM_PVTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rule.h"

struct kvm_call;
struct kvm_caller;
struct kvm_device_attr;
struct kvm_vcpu;

/* The calls of a guest. */
#define PV_TIME_FEATURES 0xc5000020
#define PV_TIME_ST	 0xc5000021

/* pvclock_vcpu_stolen_time: little-endian, in 64 bytes that are aligned to their size. */
#define PVTIME_SIZE	    64
#define PVTIME_STOLEN	    8  /* offset of the 64-bit count of nanoseconds */
#define PVTIME_STRUCT_BYTES 16 /* revision, attributes (both 0), the count */

struct pvtime {
	bool set;
	uint64_t ipa;
	uint64_t caller, engine; /* what is counted already */
	uint64_t caller_now;	 /* as a KVM_RUN began: the thread sleeps while one lasts */
	uint64_t looked;	 /* when, CLOCK_MONOTONIC */
};

/* The attribute. */
result pvtime_set_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a);
result pvtime_get_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a);
result pvtime_has_attr(const struct kvm_vcpu *v, const struct kvm_device_attr *a);

/* v's mutex held. KVM_RUN begins; the guest is to be entered. One entry a millisecond, at most,
 * brings the structure up to date. */
void pvtime_begin(struct kvm_vcpu *v, struct kvm_caller *c);
void pvtime_enter(struct kvm_vcpu *v);

/* PV_TIME_FEATURES of a call: is it there? PV_TIME_ST: where the structure is, which is counted
 * from 0 now; or PSCI_RET_NOT_SUPPORTED. */
int64_t pvtime_features(const struct kvm_vcpu *v, uint32_t call);
int64_t pvtime_start(struct kvm_vcpu *v);

#endif
