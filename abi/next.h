/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * next.h - the realm ABI of what follows v15, as a development tree of autumn 2026 has it: no
 * numbered series yet, and its numbers will move again.
 */
#ifndef ABI_NEXT_H
#define ABI_NEXT_H

#include "abi/realm.h"

#define KVM_CAP_ARM_RMI			      253
#define KVM_CAP_ARM_PMU_V3_STRICT	      251 /* mainline 7.3 */
#define KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES 252 /* asked on the VM fd */

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
