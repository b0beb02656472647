/* SPDX-License-Identifier: BSD-3-Clause */
/* v14.h - the realm ABI of the CCA series v14 (13 May 2026; patches 13/44 and 26/44). */
#ifndef ABI_V14_H
#define ABI_V14_H

#include "abi/realm.h"

#define KVM_CAP_ARM_RMI 249

/* VM types: bits 7:0 IPA width, and one bit for each kind that is not ordinary */
#define KVM_VM_TYPE_ARM_REALM	  (1UL << 30)
#define KVM_VM_TYPE_ARM_PROTECTED (1UL << 31) /* pKVM's, mainline since 7.1 */

/* on VM fds: 0; the structure is advanced over what was done */
#define KVM_ARM_RMI_POPULATE _IOWR(KVMIO, 0xd7, struct kvm_arm_rmi_populate)

ABI_NUMBER(KVM_VM_TYPE_ARM_REALM, 0x40000000);
ABI_NUMBER(KVM_ARM_RMI_POPULATE, 0xC020AED7);

#endif
