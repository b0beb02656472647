// SPDX-License-Identifier: BSD-3-Clause
/*
 * v13.c - the CCA series v13 (18 March 2026, Linux 7.0-rc1, RMM 2.0-bet0): POPULATE reports in its
 * structure, ENXIO for what is no realm, no PMU in a realm.
 */
#include "abi/v13.h"
#include "base/bits.h"
#include "kvm/revision/revision.h"
#include "kvm/row.h"
#include "kvm/rules.h"

_Static_assert(KVM_ARM_RMI_POPULATE == KVM_NR_POPULATE_IOWR, "a number of this revision");

static const struct kvm_row rows[] = {
	KVM_ROW(VM, KVM_SET_MEMORY_ATTRIBUTES, vm_set_memory_attributes, KVM_ARGS_ATTRIBUTES),
	KVM_ROW(VM, KVM_ARM_RMI_POPULATE, vm_rmi_populate, KVM_ARGS_POPULATE),
	KVM_ROW(VCPU, KVM_ARM_VCPU_RMI_PSCI_COMPLETE, vcpu_psci_complete, KVM_ARGS_PSCI_COMPLETE),
};

static const struct kvm_foreign_row foreign[] = {
	{KVM_FILE_VM, KVM_NR_POPULATE_IOW, &rule_kvm_other_populate_iow},
	{KVM_FILE_GMEM, KVM_NR_MEMORY_ATTRIBUTES2, &rule_kvm_other_gmem_attributes},
};

const struct kvm_revision kvm_revision_v13 = {
	.name = "v13",
	.about = "18 March 2026, Linux 7.0-rc1",
	.cap_rmi = KVM_CAP_ARM_RMI,
	.cap_note = &rule_kvm_other_cap_v13,
	.rmm = KVM_RMM_2_0,
	.populate = KVM_ARM_RMI_POPULATE,
	.realm_type = KVM_VM_TYPE_ARM_REALM,
	.rows = rows,
	.num_rows = ARRAY_SIZE(rows),
	.foreign = foreign,
	.num_foreign = ARRAY_SIZE(foreign),
	.vm_type = vm_type_by_kind,
	.num_features = 10,
	.ignored_features = BIT(KVM_ARM_VCPU_PMU_V3_STRICT), /* no such feature there yet */
	.realm_sets_pmcr = true,
	.populate_not_realm = &rule_kvm_populate_no_realm,
	.populate_again = &rule_kvm_populate_again,
	.populate_in_out = true,
	.populate_checks_source_early = true,
	.psci_not_realm = &rule_kvm_psci_no_realm,
	.hypercall_flags = KVM_HYPERCALL_EXIT_16BIT,
	.run_no_irqchip = &rule_kvm_run_no_irqchip,
	.run_dead = &rule_kvm_realm_dead,
	.run_rec_refused = &rule_kvm_run_rec_refused,
};
