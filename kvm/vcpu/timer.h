/* SPDX-License-Identifier: BSD-3-Clause */
/* timer.h - the architected timers of a vCPU: their PPIs, their levels. */
#ifndef KVM_TIMER_H
#define KVM_TIMER_H

#include "abi/rmi.h"
#include "base/rule.h"
#include "kvm/caller.h"

struct kvm_device_attr;
struct kvm_vcpu;
struct kvm_vm;

void timer_init(struct kvm_vm *vm);
/* First KVM_RUN: the PPIs become the timers' own; config_lock held. */
result timer_enable(struct kvm_vcpu *v);
/* What the exit tells about both timers, to the vGIC. */
void timer_update(struct kvm_vcpu *v, const struct rmi_rec_exit *x);
/* The same while the vCPU does not run: a timer that was armed at its last exit x may have fired
 * since. Milliseconds until the next one does; -1: none will. *fired: one has. */
int timer_watch(struct kvm_vcpu *v, const struct rmi_rec_exit *x, bool *fired);

/* Before an entry with other timers, or another counter, than those of the last exit: x is what
 * they are now. An output that is asserted no more is not the vGIC's any more. */
void timer_settle(struct kvm_vcpu *v, const struct rmi_rec_exit *x);

/* KVM_ARM_VCPU_TIMER_CTRL */
result timer_set_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a);
result timer_get_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a);
result timer_has_attr(const struct kvm_device_attr *a);

#endif
