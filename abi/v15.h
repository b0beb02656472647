/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * v15.h - the realm ABI of the CCA series v15 (15 July 2026, on guest_memfd in-place
 * conversion v8).
 */
#ifndef ABI_V15_H
#define ABI_V15_H

#include "abi/realm.h"

#define KVM_CAP_ARM_RMI			      251
#define KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES 250 /* asked on the VM fd */

/* VM types: bits 7:0 IPA width, and one bit for each kind that is not ordinary */
#define KVM_VM_TYPE_ARM_REALM	  (1UL << 30)
#define KVM_VM_TYPE_ARM_PROTECTED (1UL << 31) /* pKVM's, mainline since 7.1 */

/* on VM fds: 0; the structure is advanced over what was done */
#define KVM_ARM_RMI_POPULATE	   _IOWR(KVMIO, 0xd7, struct kvm_arm_rmi_populate)
/* on guest_memfd fds */
#define KVM_SET_MEMORY_ATTRIBUTES2 _IOWR(KVMIO, 0xd2, struct kvm_memory_attributes2)

ABI_NUMBER(KVM_VM_TYPE_ARM_REALM, 0x40000000);
ABI_NUMBER(KVM_ARM_RMI_POPULATE, 0xC020AED7);
ABI_NUMBER(KVM_SET_MEMORY_ATTRIBUTES2, 0xC080AED2);

#endif
