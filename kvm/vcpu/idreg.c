// SPDX-License-Identifier: BSD-3-Clause
/*
 * idreg.c - the feature ID registers: one set for the VM, made at the first KVM_ARM_VCPU_INIT.
 *
 * User space may take features away before a vCPU has run, or the realm exists: of a realm in
 * ID_AA64DFR0_EL1 only, of an ordinary VM in the fields that the kernel lets it write.
 */
#include "abi/kvm.h"
#include "abi/rmi.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/rules.h"
#include "kvm/vcpu/sysreg.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/idregs.h"

#define FIELD(shift)		     (UINT64_C(0xf) << (shift))
#define REG(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)

#define ISAR1_PTRAUTH	 (UINT64_C(1) << 8 | UINT64_C(1) << 28)	       /* API, GPI */
#define ISAR1_ALGORITHMS (FIELD(4) | FIELD(8) | FIELD(24) | FIELD(28)) /* APA, API, GPA, GPI */
#define PFR0_SVE	 (UINT64_C(1) << 32)

bool idreg_find(uint64_t id, unsigned int *index)
{
	uint64_t base = REG(3, 0, 0, 0, 0);

	*index = (unsigned int)(id - base);
	return id >= base + 8 && id < base + 64;
}

static uint64_t host_dfr0(const struct kvm_vm *vm)
{
	const struct kvm_host *h = vm->host;
	uint64_t bps = PLATFORM_BREAKPOINTS - 1, wps = PLATFORM_WATCHPOINTS - 1;

	if (vm->is_realm) {
		bps = FIELD_GET(RMI_FEATURE0_NUM_BPS, h->feature0);
		wps = FIELD_GET(RMI_FEATURE0_NUM_WPS, h->feature0);
	}
	return idreg_of_vm(IDREG_AA64DFR0) | FIELD_PUT(DFR0_BRPS, bps) | FIELD_PUT(DFR0_WRPS, wps) |
	       FIELD_PUT(DFR0_CTX_CMPS, MIN(bps, PLATFORM_CTX_CMPS - 1)) |
	       (vm_has_feature(vm, KVM_ARM_VCPU_PMU_V3) ? FIELD_PUT(DFR0_PMUVER, 6) : 0);
}

/* What a VM with these features has, and the most that user space can ask for. */
static uint64_t host_value(const struct kvm_vm *vm, unsigned int index)
{
	uint64_t val = idreg_of_vm(index);

	if (index == IDREG_AA64DFR0)
		return host_dfr0(vm);
	if (index == IDREG_AA64PFR0 && vm_has_feature(vm, KVM_ARM_VCPU_SVE))
		val |= PFR0_SVE;
	if (index == IDREG_AA64ISAR1 && vm_has_feature(vm, KVM_ARM_VCPU_PTRAUTH_ADDRESS))
		val |= ISAR1_PTRAUTH;
	return val;
}

void idregs_init(struct kvm_vm *vm)
{
	struct idregs *r = &vm->idregs;

	for (unsigned int i = 0; i < ARRAY_SIZE(r->val); i++)
		r->val[i] = host_value(vm, i);
	if (vm_has_feature(vm, KVM_ARM_VCPU_PMU_V3))
		vm->pmu_counters = FIELD_GET(RMI_FEATURE0_PMU_NUM_CTRS, vm->host->feature0);
	r->set = true;
}

/* The AArch32 ID registers read as zero on a CPU without AArch32, and ignore what is written. */
static bool is_aarch32(unsigned int index)
{
	const uint32_t crm1 = 0xf7, crm2 = 0xff, crm3 = 0x57; /* by op2; the rest is unallocated */

	return BIT(index) & (crm1 << 8 | crm2 << 16 | (uint64_t)crm3 << 24);
}

/* What the kernel lets user space write: all but the fields that name what it cannot take away, and
 * those that are reserved. */
static const uint64_t writable[64] = {
	[IDREG_AA64PFR0] = ~(FIELD(44) | FIELD(40) | FIELD(32) | FIELD(20) | FIELD(16)),
	[IDREG_AA64PFR1] = FIELD(0) | FIELD(4) | FIELD(12) | FIELD(32) | FIELD(56),
	[IDREG_AA64DFR0] = DFR0_DEBUGVER | DFR0_PMUVER | DFR0_WRPS | DFR0_DOUBLELOCK,
	[IDREG_AA64ISAR0] = ~FIELD(0),
	[IDREG_AA64ISAR1] = ~ISAR1_ALGORITHMS,
	[6 * 8 + 2 /* ISAR2 */] = ~(FIELD(8) | FIELD(12) | FIELD(44)),
	[IDREG_AA64MMFR0] = ~(FIELD(4) | FIELD(48) | FIELD(52)),
	[IDREG_AA64MMFR1] = ~(FIELD(4) | FIELD(8) | FIELD(28)),
	[IDREG_AA64MMFR2] =
		~(FIELD(20) | FIELD(24) | FIELD(36) | FIELD(40) | FIELD(44) | FIELD(56)),
};

uint64_t idregs_writable(const struct kvm_vm *vm, unsigned int index)
{
	return vm->is_realm && index != IDREG_AA64DFR0 ? 0 : writable[index];
}

/* TGran64, TGran4: 15 is "none", which is less than 0. */
static bool is_signed(unsigned int index, unsigned int shift)
{
	return index == IDREG_AA64MMFR0 && (shift == 24 || shift == 28);
}

static bool within(unsigned int index, uint64_t val, uint64_t limit)
{
	for (unsigned int shift = 0; shift < 64; shift += 4) {
		unsigned int bias = is_signed(index, shift) ? 8 : 0;

		if ((((val >> shift) + bias) & 15) > (((limit >> shift) + bias) & 15))
			return false;
	}
	return true;
}

/* A change of ID_AA64DFR0_EL1 before the realm exists: what the register table lets through, and
 * v12's own limits. */
static result check_dfr0(const struct kvm_vm *vm, uint64_t old, uint64_t val)
{
	uint64_t limit = host_dfr0(vm);

	if ((old ^ val) & ~idregs_writable(vm, IDREG_AA64DFR0))
		return &rule_kvm_reg_id_fixed;
	if (FIELD_GET(DFR0_DEBUGVER, val) < 6 ||
	    FIELD_GET(DFR0_DEBUGVER, val) > FIELD_GET(DFR0_DEBUGVER, limit) ||
	    FIELD_GET(DFR0_PMUVER, val) > FIELD_GET(DFR0_PMUVER, limit) ||
	    FIELD_GET(DFR0_DOUBLELOCK, val))
		return &rule_kvm_reg_dfr0_version;
	if (!FIELD_GET(DFR0_WRPS, val) || FIELD_GET(DFR0_WRPS, val) > FIELD_GET(DFR0_WRPS, limit))
		return &rule_kvm_reg_dfr0_wrps;
	return OK;
}

static result check(const struct kvm_vm *vm, unsigned int index, uint64_t val)
{
	if ((vm->idregs.val[index] ^ val) & ~idregs_writable(vm, index))
		return &rule_kvm_reg_id_fixed;
	return within(index, val, host_value(vm, index)) ? OK : &rule_kvm_reg_id_more;
}

result idreg_set(struct kvm_vm *vm, unsigned int index, uint64_t val)
{
	uint64_t *reg = &vm->idregs.val[index];
	result why;

	if (*reg == val || is_aarch32(index))
		return OK;
	if (vm->has_ran || realm_state(&vm->realm) != REALM_NONE)
		return &rule_kvm_reg_id_late;
	why = index == IDREG_AA64DFR0 ? check_dfr0(vm, *reg, val) : check(vm, index, val);
	if (!why)
		*reg = val;
	return why;
}
