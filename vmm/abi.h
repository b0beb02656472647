/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * abi.h - which revision of the realm ABI a kernel speaks, found out by asking it: the same program
 * runs on each of them.
 */
#ifndef VMM_ABI_H
#define VMM_ABI_H

#include <stdbool.h>
#include <stdint.h>

struct realm_abi {
	const char *name;   /* "v12"; the nearest one, where a kernel has a number of its own */
	uint64_t type;	    /* of KVM_CREATE_VM, beside the IPA width */
	uint32_t populate;  /* the number of KVM_ARM_RMI_POPULATE */
	bool in_out;	    /* it advances its structure; else it returns the bytes done */
	bool vm_attributes; /* KVM_SET_MEMORY_ATTRIBUTES on the VM; else private for life */
	bool psci_ioctl;    /* user space completes PSCI calls by an ioctl; else by x0 */
};

/*
 * Create a realm VM and find out how to talk to it. A capability's number alone proves nothing:
 * 251 is v15's KVM_CAP_ARM_RMI and mainline's KVM_CAP_ARM_PMU_V3_STRICT. So each number that
 * answers is tried with its VM type, newest first, and what has two forms is asked of the VM.
 *
 * The VM's descriptor, or -errno of the last KVM_CREATE_VM; -EOPNOTSUPP: no number answers, there
 * are no realms; -EIO: the platform is gone.
 */
int abi_create_vm(int sys_fd, unsigned int ipa_bits, struct realm_abi *abi);

#endif
