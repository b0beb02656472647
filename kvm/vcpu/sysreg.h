/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysreg.h - system registers as user space sees them: the kernel's shadow, not realm state.
 */
#ifndef KVM_SYSREG_H
#define KVM_SYSREG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rule.h"
#include "machine/idregs.h"

struct kvm_vm;
struct kvm_vcpu;

#define KVM_NUM_SYSREGS 256 /* room for the rows of sysreg.c */

/* The feature ID registers (op0 3, op1 0, CRn 0), one set a VM: index CRm * 8 + op2. */
struct idregs {
	bool set; /* by the first KVM_ARM_VCPU_INIT; all zero before */
	uint64_t val[64];
	uint64_t midr, revidr, aidr, ctr; /* who made the CPU, and its caches */
};
#define IDREG_CTR_RESET UINT64_C(0x8444c004)

#define DFR0_DEBUGVER	UINT64_C(0xf)
#define DFR0_PMUVER	(UINT64_C(0xf) << 8)
#define DFR0_BRPS	(UINT64_C(0xf) << 12) /* number minus one */
#define DFR0_WRPS	(UINT64_C(0xf) << 20) /* number minus one */
#define DFR0_CTX_CMPS	(UINT64_C(0xf) << 28) /* number minus one */
#define DFR0_DOUBLELOCK (UINT64_C(0xf) << 36)
#define PMCR_N		(UINT64_C(0x1f) << 11)

/* KVM_ARM_GET_REG_WRITABLE_MASKS: registers with op1 0, 1 and 3; CRm; op2. */
#define FEATURE_ID_SPACE (3 * 64)

/* ---- idreg.c; config_lock held ---- */
/* At the first KVM_ARM_VCPU_INIT. */
void idregs_init(struct kvm_vm *vm);
/* The bits that user space may change (KVM_ARM_GET_REG_WRITABLE_MASKS); no lock. */
void idregs_writable(const struct kvm_vm *vm, uint64_t masks[FEATURE_ID_SPACE]);
/* At the VM's first KVM_RUN: what the guest has after all. */
void idregs_settle(struct kvm_vm *vm);
/* A register of CRm 0 that the VM has, not the vCPU: where it is; NULL: it is none. */
uint64_t *idreg_of_vm_by_id(struct kvm_vm *vm, uint64_t id);
/* OK, kvm_reg_id_late, kvm_reg_id_fixed, kvm_reg_id_more. */
result idreg_set_by_id(struct kvm_vm *vm, uint64_t id, uint64_t val);
/* Whether this ONE_REG id is one of them. */
bool idreg_find(uint64_t id, unsigned int *index);
/* OK, kvm_reg_id_late, kvm_reg_id_fixed, kvm_reg_id_more, kvm_reg_dfr0_*. */
result idreg_set(struct kvm_vm *vm, unsigned int index, uint64_t val);

/* ---- sysreg.c ---- */
/* The value of a register that each vCPU has, by its id; NULL: there is none. */
uint64_t *sysreg_shadow(struct kvm_vcpu *v, uint64_t id);
void sysreg_reset(struct kvm_vcpu *v);
/* `id` is a whole ONE_REG id. */
result sysreg_get(struct kvm_vcpu *v, uint64_t id, uint64_t *val);
result sysreg_set(struct kvm_vcpu *v, uint64_t id, uint64_t val);
/* Ids that KVM_GET_REG_LIST lists: their number; written to ids unless NULL. */
size_t sysreg_list(const struct kvm_vcpu *v, uint64_t *ids);

#endif
