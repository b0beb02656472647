/* SPDX-License-Identifier: BSD-3-Clause */
/* pmu.h - performance counters of a vCPU: KVM_ARM_VCPU_PMU_V3_CTRL, and their interrupt. */
#ifndef KVM_PMU_H
#define KVM_PMU_H

#include "base/rule.h"

struct kvm_caller;
struct kvm_device_attr;
struct kvm_vcpu;
struct rmi_rec_exit;

result pmu_set_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a);
result pmu_get_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a);
result pmu_has_attr(const struct kvm_vcpu *v, const struct kvm_device_attr *a);

/* After an exit: the line follows. v's mutex held. */
void pmu_update(struct kvm_vcpu *v, const struct rmi_rec_exit *x);

#endif
