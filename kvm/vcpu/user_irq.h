/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * user_irq.h - an ordinary VM whose interrupt controller is in user space (KVM_CAP_ARM_USER_IRQ).
 *
 * It drives a vCPU's IRQ and FIQ with KVM_IRQ_LINE, and reads in kvm_run what the vCPU's devices do
 * (Documentation/virt/kvm/api.rst, KVM_CAP_ARM_USER_IRQ; arch/arm64/kvm/arm.c, arch_timer.c and
 * pmu-emul.c). All of it is of a VM without a vGIC, which is made before the first run or never.
 */
#ifndef KVM_USER_IRQ_H
#define KVM_USER_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct kvm_vcpu;

/* Both lines, as the bits of HCR_EL2 that assert them. */
uint64_t user_irq_lines(const struct kvm_vcpu *v);

/* Timers and PMU have other levels than kvm_run says: KVM_RUN has to end. */
bool user_irq_changed(const struct kvm_vcpu *v);
/* KVM_RUN ends: kvm_run says what they are. */
void user_irq_tell(struct kvm_vcpu *v);

#endif
