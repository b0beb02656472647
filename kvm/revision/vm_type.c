// SPDX-License-Identifier: BSD-3-Clause
/* vm_type.c - the type of KVM_CREATE_VM, as each revision reads it. */
#include "abi/v12.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"

result vm_type_by_kind(uint64_t type, bool *realm)
{
	uint64_t kind = type & KVM_VM_TYPE_ARM_MASK;

	if (type & ~(KVM_VM_TYPE_ARM_MASK | KVM_VM_TYPE_ARM_IPA_SIZE_MASK))
		return &rule_kvm_create_vm_type_bits;
	if (kind != KVM_VM_TYPE_ARM_REALM && kind != KVM_VM_TYPE_ARM_NORMAL)
		return &rule_kvm_create_vm_kind;
	*realm = kind == KVM_VM_TYPE_ARM_REALM;
	return OK;
}
