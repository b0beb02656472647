/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * revision.h - one revision of the realm ABI as a constant object: everything in which it differs
 * from another one, as data. Code asks the object (vm->rev, call->rev) and never which revision it
 * is.
 *
 * A further revision is a further object (one file in this folder), a row of revisions.c, and a
 * header of abi/. Zero is what most revisions do.
 */
#ifndef KVM_REVISION_H
#define KVM_REVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rule.h"
#include "kvm/call.h"

/* Numbers that some revisions know and others meet as another's. */
#define KVM_NR_POPULATE_IOW	  0x4020AED7u /* v12 */
#define KVM_NR_POPULATE_IOWR	  0xC020AED7u /* v13 and later */
#define KVM_NR_PSCI_COMPLETE	  0x4018AED6u /* v12, v13 */
#define KVM_NR_MEMORY_ATTRIBUTES2 0xC080AED2u /* v15 and later */

/* A number of another revision, which this one does not know: the rule says whose it is. */
struct kvm_foreign_row {
	enum kvm_file_kind kind;
	uint32_t nr;
	const struct rule *why;
};

struct kvm_revision {
	const char *name;  /* what --abi takes */
	const char *about; /* a line for people */

	/* ---- numbers ---- */
	uint32_t cap_rmi;	      /* KVM_CAP_ARM_RMI */
	const struct rule *cap_note;  /* what to tell who asks another revision for that number */
	uint32_t cap_gmem_attributes; /* KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES; 0: there is none */
	uint32_t cap_pmu_strict;      /* KVM_CAP_ARM_PMU_V3_STRICT; 0: there is none */
	uint32_t populate;	      /* KVM_ARM_RMI_POPULATE */
	uint64_t realm_type;	      /* what KVM_CREATE_VM takes beside the IPA width */
	/* Calls that not every revision has, or not with the same number. */
	const struct kvm_row *rows;
	size_t num_rows;
	const struct kvm_foreign_row *foreign;
	size_t num_foreign;
	/* The type of KVM_CREATE_VM without its IPA width: *realm, or the rule it breaks. */
	result (*vm_type)(uint64_t type, bool *realm);

	/* ---- capabilities of a realm VM ---- */
	bool realm_lists_pmu;  /* ARM_PMU_V3 is on its list */
	bool realm_has_pmu;    /* RMI_REALM_CREATE is told of the PMU */
	bool realm_has_lpa2;   /* ... and of LPA2, wherever the host has it */
	bool gates_enable_cap; /* KVM_ENABLE_CAP only of what is on its list */

	/* ---- KVM_ARM_VCPU_INIT: bits of features[0] ---- */
	unsigned int num_features;	 /* this bit and those above are ENOENT */
	uint32_t ignored_features;	 /* accepted whatever the platform has, without effect */
	uint32_t realm_refused_features; /* EINVAL on a realm */

	/* ---- registers ---- */
	bool realm_sets_pmcr;	/* PMCR_EL0 may be written */
	bool reg_list_is_early; /* KVM_GET_REG_LIST before KVM_ARM_VCPU_FINALIZE */

	/* ---- KVM_ARM_RMI_POPULATE ---- */
	const struct rule *populate_not_realm;
	const struct rule *populate_again; /* the page has been populated */
	bool populate_in_out;		   /* 0, and the structure advanced; else the bytes done */
	bool populate_copies_errors;	   /* ... and the structure is copied back on error too */
	bool populate_checks_source_early; /* an unaligned source is looked for with the base */
	bool populate_rounds_source;	   /* it is none: read from its page's start */
	bool populate_checks_range;	   /* wrap, source 0, protected half; size 0 is no error */

	/* ---- PSCI ---- */
	const struct rule *psci_not_realm; /* KVM_ARM_VCPU_RMI_PSCI_COMPLETE; NULL: no such call */
	bool psci_completes_at_entry;	   /* what user space left pending, by its x0 */
	uint32_t hypercall_flags;	   /* of KVM_EXIT_HYPERCALL */

	/* ---- the RMM behind it ---- */
	enum kvm_rmm rmm;	    /* unless told otherwise */
	bool rmm_has_affinity_info; /* the RMM answers PSCI_AFFINITY_INFO */

	/* ---- memory attributes ---- */
	bool gmem_attributes; /* of a guest_memfd's pages, in place of the VM's */

	/* ---- first KVM_RUN ---- */
	const struct rule *run_no_irqchip;
	bool checks_irqchip_early;	       /* before anything starts: nothing is lost */
	const struct rule *run_vgic_not_ready; /* ... as this; NULL: mapping it tells */
	const struct rule *run_dead;	       /* a later one, after an activation that failed */
	bool failed_activation_kills_vm;

	/* ---- KVM_RUN ---- */
	bool ripas_waits_for_attributes;    /* a RIPAS change exits again until they match */
	bool realm_errors_shut_down;	    /* any ERROR_REALM, not only SYSTEM_OFF */
	const struct rule *run_rec_refused; /* ERROR_REC */
	bool unknown_exit_kills_vm; /* INTERNAL_ERROR and a dead VM, also for any other RMI error */
	bool serror_runs_on;
};

extern const struct kvm_revision kvm_revision_v12, kvm_revision_v12_6_19, kvm_revision_v13,
	kvm_revision_v14, kvm_revision_v15, kvm_revision_next;

/* vm_type.c: bits 11:8 name the kind (v12, v13); bit 30 is a realm's (v14 and later). */
result vm_type_by_kind(uint64_t type, bool *realm);
result vm_type_by_bit(uint64_t type, bool *realm);

#endif
