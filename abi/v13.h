/* SPDX-License-Identifier: BSD-3-Clause */
/* v13.h - the realm ABI of the CCA series v13 (18 March 2026; patch 11/48). */
#ifndef ABI_V13_H
#define ABI_V13_H

#include "abi/realm.h"

#define KVM_CAP_ARM_RMI 248

/* VM types: bits 7:0 IPA width, bits 11:8 kind */
#define KVM_VM_TYPE_ARM_SHIFT  8
#define KVM_VM_TYPE_ARM_MASK   (0xfUL << KVM_VM_TYPE_ARM_SHIFT)
#define KVM_VM_TYPE_ARM_NORMAL (0UL << KVM_VM_TYPE_ARM_SHIFT)
#define KVM_VM_TYPE_ARM_REALM  (1UL << KVM_VM_TYPE_ARM_SHIFT)

/* on VM fds: 0; the structure is advanced over what was done */
#define KVM_ARM_RMI_POPULATE	       _IOWR(KVMIO, 0xd7, struct kvm_arm_rmi_populate)
/* on vCPU fds */
#define KVM_ARM_VCPU_RMI_PSCI_COMPLETE _IOW(KVMIO, 0xd6, struct kvm_arm_rmi_psci_complete)

ABI_NUMBER(KVM_VM_TYPE_ARM_REALM, 0x100);
ABI_NUMBER(KVM_ARM_RMI_POPULATE, 0xC020AED7);
ABI_NUMBER(KVM_ARM_VCPU_RMI_PSCI_COMPLETE, 0x4018AED6);

#endif
