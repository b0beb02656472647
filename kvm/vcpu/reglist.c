// SPDX-License-Identifier: BSD-3-Clause
/*
 * reglist.c - KVM_GET_REG_LIST. A realm's list is short: core registers and what becomes a
 * parameter of the realm.
 */
#include <stdlib.h>

#include "kvm/core/vm.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/firmware.h"
#include "kvm/vcpu/onereg.h"

/* Room for every list: core, firmware, CCSIDRs, SVE, system registers. */
#define MAX_REGS                                                                                   \
	(CORE_WORDS + FW_NUM_REGS + FW_NUM_BMAPS + CCSIDR_COUNT + SVE_NUM_REGS + 64 +              \
	 KVM_NUM_SYSREGS)

static uint64_t core_id(uint64_t word)
{
	uint64_t size = core_size(word) == 16  ? KVM_REG_SIZE_U128
			: core_size(word) == 8 ? KVM_REG_SIZE_U64
					       : KVM_REG_SIZE_U32;

	return KVM_REG_ARM64 | size | KVM_REG_ARM_CORE | word;
}

static size_t list_core(const struct kvm_vcpu *v, uint64_t *ids)
{
	bool sve = vm_has_feature(v->vm, KVM_ARM_VCPU_SVE);
	size_t n = 0;

	for (uint64_t w = 0; w < CORE_WORDS; w++)
		if (core_size(w) && !(sve && core_size(w) == 16))
			ids[n++] = core_id(w);
	return n;
}

static size_t list_firmware(uint64_t *ids)
{
	size_t n = 0;

	for (uint64_t i = 0; i < FW_NUM_REGS; i++)
		ids[n++] = KVM_REG_ARM_FW_WORKAROUND(i);
	for (uint64_t i = 0; i < FW_NUM_BMAPS; i++)
		ids[n++] = KVM_REG_ARM_FW_BMAP(i);
	return n;
}

static size_t list_all(const struct kvm_vcpu *v, uint64_t *ids)
{
	bool realm = v->vm->is_realm;
	size_t n = list_core(v, ids);

	if (vm_has_feature(v->vm, KVM_ARM_VCPU_SVE))
		n += sve_list(v, ids + n);
	if (!realm)
		n += list_firmware(ids + n);
	n += sysreg_list(v, ids + n);
	for (uint64_t i = 0; !realm && i < CCSIDR_PRESENT; i++)
		ids[n++] = CCSIDR_ID | i;
	return n;
}

result vcpu_get_reg_list(struct kvm_call *c)
{
	struct kvm_reg_list head;
	uint64_t ids[MAX_REGS], room;
	result why;

	if (!c->vcpu->initialized)
		return &rule_kvm_vcpu_not_initialized;
	if (vm_has_feature(c->vm, KVM_ARM_VCPU_SVE) && !c->vcpu->sve_finalized &&
	    !c->rev->reg_list_is_early)
		return &rule_kvm_vcpu_not_finalized;
	why = call_read(c, &head, sizeof(head));
	if (why)
		return why;
	room = head.n;
	head.n = list_all(c->vcpu, ids);
	why = call_write_at(c, c->arg, &head, sizeof(head));
	if (why)
		return why;
	if (room < head.n)
		return &rule_kvm_reg_list_room;
	return call_write_at(c, c->arg + sizeof(head), ids, head.n * sizeof(ids[0]));
}
