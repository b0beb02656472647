/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * row.h - how rows of the dispatch tables are written (entry/dispatch.c: the calls of mainline;
 * revision/: those of the series).
 */
#ifndef KVM_ROW_H
#define KVM_ROW_H

#include "abi/realm.h"
#include "kvm/call.h"

#define KVM_ROW(kind, nr, handler, args)                                                           \
	{                                                                                          \
		KVM_FILE_##kind, (uint32_t)(nr), #nr, args, handler                                \
	}

#define KVM_ARGS(...)                                                                              \
	(const struct kvm_arg[])                                                                   \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			NULL, 0, 0                                                                 \
		}                                                                                  \
	}
/* The argument itself. */
#define KVM_VALUE(name)                                                                            \
	{                                                                                          \
#name, 0, 0                                                                        \
	}
/* A field of the structure that it points to. */
#define KVM_FIELD(type, field)                                                                     \
	{                                                                                          \
#field, offsetof(struct type, field), sizeof(((struct type *)0)->field)            \
	}

/* ---- arguments of what more than one revision has ---- */
#define KVM_ARGS_ATTRIBUTES                                                                        \
	KVM_ARGS(KVM_FIELD(kvm_memory_attributes, address),                                        \
		 KVM_FIELD(kvm_memory_attributes, size),                                           \
		 KVM_FIELD(kvm_memory_attributes, attributes),                                     \
		 KVM_FIELD(kvm_memory_attributes, flags))
#define KVM_ARGS_POPULATE                                                                          \
	KVM_ARGS(KVM_FIELD(kvm_arm_rmi_populate, base), KVM_FIELD(kvm_arm_rmi_populate, size),     \
		 KVM_FIELD(kvm_arm_rmi_populate, source_uaddr),                                    \
		 KVM_FIELD(kvm_arm_rmi_populate, flags),                                           \
		 KVM_FIELD(kvm_arm_rmi_populate, reserved))
#define KVM_ARGS_PSCI_COMPLETE                                                                     \
	KVM_ARGS(KVM_FIELD(kvm_arm_rmi_psci_complete, target_mpidr),                               \
		 KVM_FIELD(kvm_arm_rmi_psci_complete, psci_status))

#endif
