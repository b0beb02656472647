// SPDX-License-Identifier: BSD-3-Clause
/* vm_type.c - the type of KVM_CREATE_VM, as each revision reads it. */
#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"

#define KIND	   MASK(11, 8)
#define KIND_REALM FIELD_PUT(KIND, 1)
#define REALM	   BIT(30)
#define PROTECTED  BIT(31)

result vm_type_by_kind(uint64_t type, bool *realm)
{
	uint64_t kind = type & KIND;

	if ((type & ~KVM_VM_TYPE_ARM_IPA_SIZE_MASK) == REALM)
		return &rule_kvm_create_vm_later_type;
	if (type & ~(KIND | KVM_VM_TYPE_ARM_IPA_SIZE_MASK))
		return &rule_kvm_create_vm_type_bits;
	if (kind && kind != KIND_REALM)
		return &rule_kvm_create_vm_kind;
	*realm = kind == KIND_REALM;
	return OK;
}

result vm_type_by_bit(uint64_t type, bool *realm)
{
	uint64_t kind = type & ~KVM_VM_TYPE_ARM_IPA_SIZE_MASK;

	if (kind == KIND_REALM)
		return &rule_kvm_create_vm_earlier_type;
	if (kind & ~(REALM | PROTECTED))
		return &rule_kvm_create_vm_unknown_type;
	if (kind & PROTECTED)
		return kind & REALM ? &rule_kvm_create_vm_both_types : &rule_kvm_create_vm_no_pkvm;
	*realm = kind == REALM;
	return OK;
}
