// SPDX-License-Identifier: BSD-3-Clause
/*
 * v12.c - the CCA series v12 (December 2025), twice: `v12` as it was recorded, carried over to
 * Linux 7.3.4; `v12-6.19` on the kernel it was written for.
 */
#include "abi/v12.h"
#include "base/bits.h"
#include "kvm/revision/revision.h"
#include "kvm/row.h"
#include "kvm/rules.h"

static const struct kvm_row rows[] = {
	KVM_ROW(VM, KVM_SET_MEMORY_ATTRIBUTES, vm_set_memory_attributes, KVM_ARGS_ATTRIBUTES),
	KVM_ROW(VM, KVM_ARM_RMI_POPULATE, vm_rmi_populate, KVM_ARGS_POPULATE),
	KVM_ROW(VCPU, KVM_ARM_VCPU_RMI_PSCI_COMPLETE, vcpu_psci_complete, KVM_ARGS_PSCI_COMPLETE),
};

const struct kvm_revision kvm_revision_v12 = {
	.name = "v12",
	.about = "17 December 2025, as carried over to Linux 7.3.4",
	.cap_rmi = KVM_CAP_ARM_RMI,
	.rows = rows,
	.num_rows = ARRAY_SIZE(rows),
	.vm_type = vm_type_by_kind,
	.num_features = 10,
	.populate_again = &rule_kvm_populate_again,
};

const struct kvm_revision kvm_revision_v12_6_19 = {
	.name = "v12-6.19",
	.about = "the same on Linux 6.19-rc1, which it was written for",
	.cap_rmi = KVM_CAP_ARM_RMI,
	.rows = rows,
	.num_rows = ARRAY_SIZE(rows),
	.vm_type = vm_type_by_kind,
	.num_features = 10,
	.ignored_features = BIT(KVM_ARM_VCPU_PMU_V3_STRICT), /* no such feature there yet */
	.populate_rounds_source = true,
	.populate_again = &rule_kvm_populate_exists,
};
