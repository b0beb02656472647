/* SPDX-License-Identifier: BSD-3-Clause */
/* mmio.h - data aborts that are emulated: kvm_run out, the completion in. */
#ifndef KVM_MMIO_H
#define KVM_MMIO_H

#include <stdbool.h>
#include <stdint.h>

struct kvm_vcpu;

/* The abort of v's last exit, at gpa: answered in the kernel, or *leave with KVM_EXIT_MMIO. */
void mmio_abort(struct kvm_vcpu *v, uint64_t gpa, bool *leave);
/* KVM_RUN finds exit_reason still KVM_EXIT_MMIO: the access is complete. */
void mmio_complete(struct kvm_vcpu *v);

#endif
