/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * realm.h - the part of the realm ABI that has been the same in every revision of the series: the
 * structures. Numbers differ by revision (v12.h and so on include this file).
 *
 * Sources: the CCA series, Documentation/virt/kvm/api.rst: v12 patch 06/46 to v15.
 */
#ifndef ABI_REALM_H
#define ABI_REALM_H

#include "abi/kvm.h"

struct kvm_arm_rmi_populate {
	uint64_t base; /* IPA, page-aligned */
	uint64_t size; /* bytes, page multiple */
	uint64_t source_uaddr;
	uint32_t flags;
	uint32_t reserved;
};
#define KVM_ARM_RMI_POPULATE_FLAGS_MEASURE (1 << 0)

ABI_SIZE(struct kvm_arm_rmi_populate, 32);
ABI_OFFSET(struct kvm_arm_rmi_populate, source_uaddr, 16);
ABI_OFFSET(struct kvm_arm_rmi_populate, flags, 24);

/* v12 and v13 only. */
struct kvm_arm_rmi_psci_complete {
	uint64_t target_mpidr;
	uint32_t psci_status;
	uint32_t padding[3];
};

ABI_SIZE(struct kvm_arm_rmi_psci_complete, 24);
ABI_OFFSET(struct kvm_arm_rmi_psci_complete, psci_status, 8);

/* v15 and later: on a guest_memfd, which is why `offset` is one into the file. */
struct kvm_memory_attributes2 {
	uint64_t offset;
	uint64_t size;
	uint64_t attributes;
	uint64_t flags;
	uint64_t error_offset; /* out: the page that EAGAIN is about */
	uint64_t reserved[11];
};

ABI_SIZE(struct kvm_memory_attributes2, 128);
ABI_OFFSET(struct kvm_memory_attributes2, error_offset, 32);

#endif
