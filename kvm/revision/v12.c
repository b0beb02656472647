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

_Static_assert(KVM_ARM_RMI_POPULATE == KVM_NR_POPULATE_IOW, "a number of this revision");
_Static_assert(KVM_ARM_VCPU_RMI_PSCI_COMPLETE == KVM_NR_PSCI_COMPLETE, "a number of this revision");

static const struct kvm_row rows[] = {
	KVM_ROW(VM, KVM_SET_MEMORY_ATTRIBUTES, vm_set_memory_attributes, KVM_ARGS_ATTRIBUTES),
	KVM_ROW(VM, KVM_ARM_RMI_POPULATE, vm_rmi_populate, KVM_ARGS_POPULATE),
	KVM_ROW(VCPU, KVM_ARM_VCPU_RMI_PSCI_COMPLETE, vcpu_psci_complete, KVM_ARGS_PSCI_COMPLETE),
};

static const struct kvm_foreign_row foreign[] = {
	{KVM_FILE_VM, KVM_NR_POPULATE_IOWR, &rule_kvm_other_populate_iowr},
	{KVM_FILE_GMEM, KVM_NR_MEMORY_ATTRIBUTES2, &rule_kvm_other_gmem_attributes},
};

/* What both carriers of the series have in common. */
/* clang-format off */
#define V12_SERIES                                                                                 \
	.cap_rmi = KVM_CAP_ARM_RMI, .cap_note = &rule_kvm_other_cap_v12, .rmm = KVM_RMM_1_0,       \
	.populate = KVM_ARM_RMI_POPULATE, .realm_type = KVM_VM_TYPE_ARM_REALM, .rows = rows,       \
	.num_rows = ARRAY_SIZE(rows), .foreign = foreign, .num_foreign = ARRAY_SIZE(foreign),      \
	.vm_type = vm_type_by_kind, .realm_lists_pmu = true, .realm_has_pmu = true,                \
	.num_features = 10, .realm_sets_pmcr = true,                                               \
	.populate_not_realm = &rule_kvm_populate_not_realm,                                        \
	.psci_not_realm = &rule_kvm_psci_not_realm,                                                \
	/* KVM_RUN tells of no syndrome, so there is no IL bit. */                                 \
	.hypercall_flags = KVM_HYPERCALL_EXIT_16BIT, .run_no_irqchip = &rule_kvm_run_no_irqchip,   \
	.run_dead = &rule_kvm_realm_dead, .run_rec_refused = &rule_kvm_run_rec_refused
/* clang-format on */

const struct kvm_revision kvm_revision_v12 = {
	.name = "v12",
	.about = "17 December 2025, as carried over to Linux 7.3.4",
	V12_SERIES,
	.populate_again = &rule_kvm_populate_again,
};

const struct kvm_revision kvm_revision_v12_6_19 = {
	.name = "v12-6.19",
	.about = "the same on Linux 6.19-rc1, which it was written for",
	V12_SERIES,
	.populate_again = &rule_kvm_populate_exists,
	.ignored_features = BIT(KVM_ARM_VCPU_PMU_V3_STRICT), /* no such feature there yet */
	.populate_rounds_source = true,
};
