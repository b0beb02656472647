// SPDX-License-Identifier: BSD-3-Clause
/*
 * traits.c - in what the revisions differ, in words, read from their objects: what
 * `softrealm explain --diff` and kvm-arm-rmi(7) print. A field of struct kvm_revision that a VMM
 * can see has a row here.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "kvm/kvm.h"
#include "kvm/revision/revision.h"

enum kind { NUMBER, HEX, ERRNO, FLAG, RMM };

struct trait {
	const char *what, *source;
	enum kind kind;
	size_t offset, size;
	const char *yes, *no; /* FLAG; NUMBER, HEX: `no` stands for 0 */
};

#define FIELD_OF(field)                                                                            \
	offsetof(struct kvm_revision, field), sizeof(((struct kvm_revision *)0)->field)

static const struct trait traits[] = {
	{"KVM_CAP_ARM_RMI", "api.rst 7.47", NUMBER, FIELD_OF(cap_rmi), NULL, "none"},
	{"KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES", "in-place conversion v8", NUMBER,
	 FIELD_OF(cap_gmem_attributes), NULL, "none"},
	{"KVM_CAP_ARM_PMU_V3_STRICT", "Linux 7.3", NUMBER, FIELD_OF(cap_pmu_strict), NULL, "none"},
	{"VM type of a realm", "v14 13/44", HEX, FIELD_OF(realm_type), NULL, "none"},
	{"KVM_ARM_RMI_POPULATE", "v13 11/48", HEX, FIELD_OF(populate), NULL, "none"},
	{"POPULATE's result", "v13 11/48", FLAG, FIELD_OF(populate_in_out), "0, structure advanced",
	 "bytes done"},
	{"POPULATE's structure on error", "after v15", FLAG, FIELD_OF(populate_copies_errors),
	 "copied back", "left alone"},
	{"POPULATE on no realm", "v13 11/48", ERRNO, FIELD_OF(populate_not_realm), NULL, NULL},
	{"POPULATE of a populated page", "6.19, 7.0", ERRNO, FIELD_OF(populate_again), NULL, NULL},
	{"unaligned source", "v13 11/48", FLAG, FIELD_OF(populate_rounds_source),
	 "read from its page's start", "EINVAL"},
	{"unaligned source is found", "v13 11/48", FLAG, FIELD_OF(populate_checks_source_early),
	 "with the arguments", "after the realm is made"},
	{"wrap, source 0, shared half", "v15", FLAG, FIELD_OF(populate_checks_range),
	 "EINVAL; size 0 is 0", "not looked for; size 0 EINVAL"},
	{"PSCI_COMPLETE on no realm", "v13 11/48", ERRNO, FIELD_OF(psci_not_realm), NULL, NULL},
	{"user space completes PSCI", "v14 13/44", FLAG, FIELD_OF(psci_completes_at_entry),
	 "by x0 at the next KVM_RUN", "by PSCI_COMPLETE"},
	{"AFFINITY_INFO", "RMM 2.0-bet2", FLAG, FIELD_OF(rmm_has_affinity_info), "never exits",
	 "exits"},
	{"hypercall.flags", "[inferred]", NUMBER, FIELD_OF(hypercall_flags), NULL, "0"},
	{"KVM_ENABLE_CAP on a realm", "v14 13/44", FLAG, FIELD_OF(gates_enable_cap),
	 "listed capabilities only", "not gated"},
	{"ARM_PMU_V3 of a realm", "v13", FLAG, FIELD_OF(realm_lists_pmu), "listed", "0"},
	{"PMU in a realm", "v13, after v15", FLAG, FIELD_OF(realm_has_pmu), "yes", "no"},
	{"a realm is made with LPA2", "v14", FLAG, FIELD_OF(realm_has_lpa2),
	 "where the host has it", "never"},
	{"PMCR_EL0 may be set", "v14", FLAG, FIELD_OF(realm_sets_pmcr), "yes", "no"},
	{"vCPU feature bits", "v14 13/44", NUMBER, FIELD_OF(num_features), NULL, "0"},
	{"features refused on a realm", "after v15", HEX, FIELD_OF(realm_refused_features), NULL,
	 "none of its own"},
	{"GET_REG_LIST before FINALIZE", "after v15", FLAG, FIELD_OF(reg_list_is_early), "works",
	 "EPERM"},
	{"memory attributes", "in-place conversion v8", FLAG, FIELD_OF(gmem_attributes),
	 "of the guest_memfd", "of the VM"},
	{"KVM_RUN without irqchip", "v14 13/44", FLAG, FIELD_OF(checks_irqchip_early),
	 "EOPNOTSUPP, nothing lost", "EOPNOTSUPP, realm DEAD"},
	{"KVM_RUN, vGIC not initialised", "v15", ERRNO, FIELD_OF(run_vgic_not_ready), NULL, NULL},
	{"KVM_RUN after a failed activation", "v14 13/44", ERRNO, FIELD_OF(run_dead), NULL, NULL},
	{"a failed activation", "after v15", FLAG, FIELD_OF(failed_activation_kills_vm),
	 "kills the VM: EIO", "leaves the realm DEAD"},
	{"RIPAS change", "after v15", FLAG, FIELD_OF(ripas_waits_for_attributes),
	 "exits until attributes match", "done at the next KVM_RUN"},
	{"REC_ENTER: ERROR_REALM", "v14", FLAG, FIELD_OF(realm_errors_shut_down),
	 "KVM_EXIT_SHUTDOWN", "SHUTDOWN if powered off"},
	{"REC_ENTER: ERROR_REC", "v14", ERRNO, FIELD_OF(run_rec_refused), NULL, NULL},
	{"an exit that KVM does not know", "v15", FLAG, FIELD_OF(unknown_exit_kills_vm),
	 "INTERNAL_ERROR, VM dead", "ENXIO"},
	{"an SError of the realm", "v14", FLAG, FIELD_OF(serror_runs_on), "runs on",
	 "INTERNAL_ERROR"},
	{"RMM behind it", "TF-RMM bdb07f46", RMM, FIELD_OF(rmm), NULL, NULL},
};

size_t kvm_trait_count(void)
{
	return ARRAY_SIZE(traits);
}

const char *kvm_trait_name(size_t i)
{
	return traits[i].what;
}

const char *kvm_trait_source(size_t i)
{
	return traits[i].source;
}

void kvm_trait_text(size_t i, const struct kvm_revision *r, char *text, size_t size)
{
	static const char *const rmms[] = {[KVM_RMM_1_0] = "1.0", [KVM_RMM_2_0] = "2.0"};
	const struct trait *t = &traits[i];
	const struct rule *rule = NULL;
	uint64_t v = 0;

	memcpy(t->kind == ERRNO ? (void *)&rule : (void *)&v, (const char *)r + t->offset, t->size);
	switch (t->kind) {
	case NUMBER:
	case HEX:
		if (v || !t->no)
			snprintf(text, size, t->kind == HEX ? "0x%" PRIx64 : "%" PRIu64, v);
		else
			snprintf(text, size, "%s", t->no);
		break;
	case ERRNO:
		snprintf(text, size, "%s", rule ? strerrorname_np(rule->code) : "-");
		break;
	case FLAG:
		snprintf(text, size, "%s", v ? t->yes : t->no);
		break;
	case RMM:
		snprintf(text, size, "%s", rmms[v]);
		break;
	}
}
