// SPDX-License-Identifier: BSD-3-Clause
/*
 * v14.c - the CCA series v14 (13 May 2026, Linux 7.1-rc1, RMM 2.0-bet1): the realm type is a bit,
 * PSCI is the kernel's to complete, activation looks before it starts.
 */
#include "abi/v14.h"
#include "base/bits.h"
#include "kvm/revision/revision.h"
#include "kvm/row.h"
#include "kvm/rules.h"

static const struct kvm_row rows[] = {
	KVM_ROW(VM, KVM_SET_MEMORY_ATTRIBUTES, vm_set_memory_attributes, KVM_ARGS_ATTRIBUTES),
	KVM_ROW(VM, KVM_ARM_RMI_POPULATE, vm_rmi_populate, KVM_ARGS_POPULATE),
};

static const struct kvm_foreign_row foreign[] = {
	{KVM_FILE_VM, KVM_NR_POPULATE_IOW, &rule_kvm_other_populate_iow},
	{KVM_FILE_VCPU, KVM_NR_PSCI_COMPLETE, &rule_kvm_other_psci_complete},
	{KVM_FILE_GMEM, KVM_NR_MEMORY_ATTRIBUTES2, &rule_kvm_other_gmem_attributes},
};

const struct kvm_revision kvm_revision_v14 = {
	.name = "v14",
	.about = "13 May 2026, Linux 7.1-rc1",
	.cap_rmi = KVM_CAP_ARM_RMI,
	.cap_note = &rule_kvm_other_cap_v14,
	.rmm = KVM_RMM_2_0,
	.populate = KVM_ARM_RMI_POPULATE,
	.realm_type = KVM_VM_TYPE_ARM_REALM,
	.rows = rows,
	.num_rows = ARRAY_SIZE(rows),
	.foreign = foreign,
	.num_foreign = ARRAY_SIZE(foreign),
	.vm_type = vm_type_by_bit,
	.gates_enable_cap = true,
	.realm_has_lpa2 = true,
	.populate_not_realm = &rule_kvm_populate_no_realm,
	.populate_again = &rule_kvm_populate_again,
	.populate_in_out = true,
	.populate_checks_source_early = true,
	.psci_completes_at_entry = true,
	.run_no_irqchip = &rule_kvm_run_irqchip_first,
	.checks_irqchip_early = true,
	.run_dead = &rule_kvm_run_realm_dead,
	.realm_errors_shut_down = true,
	.run_rec_refused = &rule_kvm_run_rec_again,
	.serror_runs_on = true,
	.num_features = 9,
	.hypercall_flags = KVM_HYPERCALL_EXIT_16BIT,
};
