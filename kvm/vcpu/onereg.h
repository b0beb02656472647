/* SPDX-License-Identifier: BSD-3-Clause */
/* onereg.h - what onereg.c, sve.c and reglist.c share: the core registers' layout; SVE's part. */
#ifndef KVM_ONEREG_H
#define KVM_ONEREG_H

#include <stdint.h>

#include "abi/kvm.h"
#include "kvm/vcpu/vcpu.h"

#define CORE_WORDS	   (sizeof(struct kvm_regs) / 4)
#define CORE_OFFSET(field) (offsetof(struct kvm_regs, field) / 4)
#define CORE_INDEX(id)	   ((id)&0xffff)

/* Bytes of the core register at a word offset; 0: none begins there. */
static inline unsigned int core_size(uint64_t word)
{
	if (word < CORE_OFFSET(pad))
		return word % 2 ? 0 : 8;
	if (word < CORE_OFFSET(v))
		return 0;
	if (word < CORE_OFFSET(fpsr))
		return (word - CORE_OFFSET(v)) % 4 ? 0 : 16;
	return word <= CORE_OFFSET(fpcr) ? 4 : 0;
}

/* Bytes of a register, by its id. */
static inline unsigned int reg_bytes(uint64_t id)
{
	return 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

#define KVM_REG_ARM_FW_WORKAROUND(n)                                                               \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW | (n)) /* n: 1, 2, 3 */
#define KVM_REG_ARM_FW_BMAP(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW_FEAT_BMAP | (n))
#define CCSIDR_ID	       (KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX)
#define CCSIDR_COUNT	       14
/* Levels of the model: L1 data and instruction, L2. */
#define CCSIDR_PRESENT	       3

/* ---- sve.c ---- */
#define SVE_NUM_REGS 50 /* in a list: lengths, Z, P, FFR */
/* KVM_ARM_VCPU_INIT. */
void sve_init(struct kvm_vcpu *v);
/* KVM_ARM_VCPU_FINALIZE: OK, kvm_finalize_again, kvm_no_memory. */
result sve_finalize(struct kvm_vcpu *v);
/* What kind->fetch_sve makes the truth. */
bool sve_is_it(const struct kvm_vcpu *v, uint64_t id);
result sve_access(struct kvm_call *c, const struct kvm_one_reg *r, bool set);
/* Writes the ids that a vCPU with SVE lists; how many. */
size_t sve_list(const struct kvm_vcpu *v, uint64_t *ids);

#endif
