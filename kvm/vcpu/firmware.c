// SPDX-License-Identifier: BSD-3-Clause
/*
 * firmware.c - the firmware registers of ONE_REG: which PSCI and which services a guest finds.
 *
 * One set for the VM. User space may choose less than the default until a vCPU has run.
 */
#include "kvm/vcpu/firmware.h"

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/rules.h"
#include "kvm/vcpu/onereg.h"

/* All that there is: TRNG, PV time, the vendor's feature call and its clock (PTP). */
static const uint64_t default_services[FW_NUM_BMAPS] = {
	[FW_STANDARD] = FW_STANDARD_TRNG,
	[FW_STANDARD_HYP] = FW_STANDARD_HYP_PV_TIME,
	[FW_VENDOR] = FW_VENDOR_FEATURES | FW_VENDOR_PTP,
};
/* What user space may choose; it answers the vendor's newer calls itself, by the filter. */
static const uint64_t possible_services[FW_NUM_BMAPS] = {
	[FW_STANDARD] = FW_STANDARD_TRNG,
	[FW_STANDARD_HYP] = FW_STANDARD_HYP_PV_TIME,
	[FW_VENDOR] = FW_VENDOR_FEATURES | FW_VENDOR_PTP,
	[FW_VENDOR_2] = FW_VENDOR_2_DISCOVER_VER | FW_VENDOR_2_DISCOVER_CPUS,
};
/* Of the three workarounds: not required on this CPU. */
static const uint64_t workarounds[FW_NUM_REGS] = {0, 2, 3, 2};

void firmware_init(struct firmware *f)
{
	atomic_init(&f->psci_version, PSCI_VERSION_1_3);
	for (unsigned int i = 0; i < FW_NUM_BMAPS; i++)
		atomic_init(&f->services[i], default_services[i]);
}

/* What register `id` is; NULL: a constant. False: there is none. */
static bool find(struct kvm_vm *vm, uint64_t id, _Atomic uint64_t **reg, uint64_t *fixed)
{
	uint64_t n = id & 0xffff;
	bool bmap = (id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_FW_FEAT_BMAP;

	if (reg_bytes(id) != 8 || n >= (bmap ? FW_NUM_BMAPS : FW_NUM_REGS))
		return false;
	*reg = bmap ? &vm->firmware.services[n] : n == 0 ? &vm->firmware.psci_version : NULL;
	*fixed = bmap ? 0 : workarounds[n];
	return true;
}

static bool is_psci_version(uint64_t val)
{
	return val == PSCI_VERSION_0_2 || (val >= PSCI_VERSION_1_0 && val <= PSCI_VERSION_1_3);
}

/* config_lock held. */
static result change(struct kvm_vm *vm, _Atomic uint64_t *reg, uint64_t val)
{
	bool version = reg == &vm->firmware.psci_version;

	if (version ? !is_psci_version(val) : val & ~possible_services[reg - vm->firmware.services])
		return &rule_kvm_reg_fw_value;
	if (!version && vm->has_ran && val != atomic_load(reg))
		return &rule_kvm_reg_fw_late;
	atomic_store(reg, val);
	return OK;
}

result firmware_access(struct kvm_call *c, const struct kvm_one_reg *r, bool set)
{
	_Atomic uint64_t *reg;
	uint64_t val, now;
	result why;

	if (!find(c->vm, r->id, &reg, &now))
		return &rule_kvm_reg_unknown;
	if (reg)
		now = atomic_load(reg);
	if (!set)
		return call_write_at(c, r->addr, &now, sizeof(now));
	why = call_read_at(c, &val, r->addr, sizeof(val));
	if (why)
		return why;
	if (!reg)
		return val == now ? OK : &rule_kvm_reg_fw_value;
	lock_take(&c->vm->config_lock);
	why = change(c->vm, reg, val);
	lock_drop(&c->vm->config_lock);
	return why;
}
