// SPDX-License-Identifier: BSD-3-Clause
/*
 * onereg.c - KVM_GET_ONE_REG and KVM_SET_ONE_REG.
 *
 * Reading is unrestricted and shows the kernel's shadow. Writing to a realm is allowed for x0..x30,
 * pc and the few registers that become parameters of the realm; everything else is refused in
 * every state.
 */
#include "kvm/vcpu/onereg.h"

#include <string.h>

#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/firmware.h"

static bool realm_may_set(const struct kvm_revision *rev, uint64_t id)
{
	if ((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_CORE)
		return CORE_INDEX(id) <= CORE_OFFSET(x[30]) || CORE_INDEX(id) == CORE_OFFSET(pc);
	return id == KVM_REG_ID_AA64DFR0_EL1 || id == KVM_REG_ARM64_SVE_VLS ||
	       (id == KVM_REG_PMCR_EL0 && rev->realm_sets_pmcr);
}

/* ---- core ---- */

static result find_core(struct kvm_vcpu *v, uint64_t id, void **reg)
{
	uint64_t word = CORE_INDEX(id);

	if (word >= CORE_WORDS || word + reg_bytes(id) / 4 >= CORE_WORDS)
		return &rule_kvm_reg_unknown;
	if (core_size(word) != reg_bytes(id))
		return &rule_kvm_reg_core_size;
	if (core_size(word) == 16 && vm_has_feature(v->vm, KVM_ARM_VCPU_SVE))
		return &rule_kvm_reg_core_v;
	*reg = (uint32_t *)&v->regs + word;
	return OK;
}

static result get_core(struct kvm_call *c, const struct kvm_one_reg *r)
{
	void *reg;
	result why = find_core(c->vcpu, r->id, &reg);

	return why ? why : call_write_at(c, r->addr, reg, reg_bytes(r->id));
}

/* Modes that an AArch64-only CPU without EL2 can be in: EL0t, EL1t, EL1h. */
static bool pstate_ok(uint64_t pstate)
{
	uint64_t mode = pstate & 0x1f;

	return mode == 0 || mode == 4 || mode == 5;
}

static result set_core(struct kvm_call *c, const struct kvm_one_reg *r)
{
	uint64_t val[2];
	void *reg;
	result why = find_core(c->vcpu, r->id, &reg);

	if (!why)
		why = call_read_at(c, val, r->addr, reg_bytes(r->id));
	if (why)
		return why;
	if (reg == &c->vcpu->regs.pstate && !pstate_ok(val[0]))
		return &rule_kvm_reg_pstate;
	memcpy(reg, val, reg_bytes(r->id));
	return OK;
}

/* ---- cache geometry ---- */

static result access_demux(struct kvm_call *c, const struct kvm_one_reg *r, bool set)
{
	static const uint32_t ccsidr[CCSIDR_PRESENT] = {0x701fe01a, 0x201fe01a, 0x70ffe07a};
	uint64_t n = r->id & 0xff;
	uint32_t now, val;
	result why;

	if ((r->id & ~UINT64_C(0xff)) != CCSIDR_ID || n >= CCSIDR_COUNT)
		return &rule_kvm_reg_unknown;
	now = n < CCSIDR_PRESENT ? ccsidr[n] : 0;
	if (!set)
		return call_write_at(c, r->addr, &now, sizeof(now));
	why = call_read_at(c, &val, r->addr, sizeof(val));
	if (why)
		return why;
	return val == now ? OK : &rule_kvm_reg_id_fixed;
}

/* ---- system registers ---- */

static result access_sysreg(struct kvm_call *c, const struct kvm_one_reg *r, bool set)
{
	uint64_t val;
	result why = sysreg_get(c->vcpu, r->id, &val); /* also: does it exist */

	if (why)
		return why;
	if (!set)
		return call_write_at(c, r->addr, &val, sizeof(val));
	why = call_read_at(c, &val, r->addr, sizeof(val));
	return why ? why : sysreg_set(c->vcpu, r->id, val);
}

static result access_reg(struct kvm_call *c, bool set)
{
	struct kvm_one_reg r;
	result why;

	if (!c->vcpu->initialized)
		return &rule_kvm_vcpu_not_initialized;
	why = call_read(c, &r, sizeof(r));
	if (why)
		return why;
	vcpu_settle_reset(c->vcpu);
	c->vm->kind->fetch(c->vcpu);
	if (sve_is_it(c->vcpu, r.id))
		c->vm->kind->fetch_sve(c->vcpu);
	if ((r.id & ~KVM_REG_SIZE_MASK) >> 32 != KVM_REG_ARM64 >> 32)
		return &rule_kvm_reg_not_arm64;
	if (set && c->vm->is_realm && !realm_may_set(c->rev, r.id))
		return &rule_kvm_reg_realm;
	switch (r.id & KVM_REG_ARM_COPROC_MASK) {
	case KVM_REG_ARM_CORE:
		return set ? set_core(c, &r) : get_core(c, &r);
	case KVM_REG_ARM_FW:
	case KVM_REG_ARM_FW_FEAT_BMAP:
		return firmware_access(c, &r, set);
	case KVM_REG_ARM64_SVE:
		return sve_access(c, &r, set);
	case KVM_REG_ARM_DEMUX:
		return access_demux(c, &r, set);
	default:
		return access_sysreg(c, &r, set);
	}
}

result vcpu_get_one_reg(struct kvm_call *c)
{
	return access_reg(c, false);
}

result vcpu_set_one_reg(struct kvm_call *c)
{
	return access_reg(c, true);
}
