// SPDX-License-Identifier: BSD-3-Clause
/*
 * next.c - what follows v15, from a development tree of autumn 2026 (Linux 7.3): RIPAS changes wait
 * for the attributes, a failed activation kills the VM, features are refused by VM type.
 */
#include "abi/next.h"
#include "base/bits.h"
#include "kvm/revision/revision.h"
#include "kvm/row.h"
#include "kvm/rules.h"

static const struct kvm_row rows[] = {
	KVM_ROW(GMEM, KVM_SET_MEMORY_ATTRIBUTES2, gmem_set_memory_attributes,
		KVM_ARGS(KVM_FIELD(kvm_memory_attributes2, offset),
			 KVM_FIELD(kvm_memory_attributes2, size),
			 KVM_FIELD(kvm_memory_attributes2, attributes),
			 KVM_FIELD(kvm_memory_attributes2, flags))),
	KVM_ROW(VM, KVM_ARM_RMI_POPULATE, vm_rmi_populate, KVM_ARGS_POPULATE),
};

static const struct kvm_foreign_row foreign[] = {
	{KVM_FILE_VM, KVM_NR_POPULATE_IOW, &rule_kvm_other_populate_iow},
	{KVM_FILE_VCPU, KVM_NR_PSCI_COMPLETE, &rule_kvm_other_psci_complete},
	{KVM_FILE_VM, KVM_SET_MEMORY_ATTRIBUTES, &rule_kvm_other_vm_attributes},
};

const struct kvm_revision kvm_revision_next = {
	.name = "next",
	.about = "a development tree of autumn 2026, Linux 7.3; numbers will move",
	.cap_rmi = KVM_CAP_ARM_RMI,
	.cap_note = &rule_kvm_other_cap_v15,
	.rmm = KVM_RMM_2_0,
	.rmm_has_affinity_info = true,
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
	.cap_gmem_attributes = KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES,
	.populate_checks_range = true,
	.gmem_attributes = true,
	.run_vgic_not_ready = &rule_kvm_run_vgic_first,
	.unknown_exit_kills_vm = true,
	.cap_pmu_strict = KVM_CAP_ARM_PMU_V3_STRICT,
	.realm_has_pmu = true,
	.num_features = 10,
	.realm_refused_features = BIT(KVM_ARM_VCPU_EL1_32BIT) | BIT(KVM_ARM_VCPU_HAS_EL2) |
				  BIT(KVM_ARM_VCPU_HAS_EL2_E2H0),
	.reg_list_is_early = true,
	.populate_copies_errors = true,
	.failed_activation_kills_vm = true,
	.ripas_waits_for_attributes = true,
};
