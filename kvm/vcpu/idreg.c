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
#define PFR0_GIC	 FIELD(24)

#define MIDR_RESET 0x000f0510 /* QEMU's max */
#define MIDR_EL1   REG(3, 0, 0, 0, 0)
#define REVIDR_EL1 REG(3, 0, 0, 0, 6)
#define AIDR_EL1   REG(3, 1, 0, 0, 7)
#define CTR_EL0	   REG(3, 3, 0, 0, 1)

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
	       (vm_has_feature(vm, KVM_ARM_VCPU_PMU_V3) ? FIELD_PUT(DFR0_PMUVER, IDREG_PMUVER) : 0);
}

/* What a VM with these features has, and the most that user space can ask for. */
static uint64_t host_value(const struct kvm_vm *vm, unsigned int index)
{
	uint64_t val = idreg_of_vm(index);

	if (host_feature(vm->host, RMI_FEATURE0_LPA2))
		val = idreg_with_lpa2(index, val);
	if (index == IDREG_AA64DFR0)
		return host_dfr0(vm);
	if (vm_has_feature(vm, KVM_ARM_VCPU_SVE))
		val |= idreg_of_sve(index);
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
	r->midr = MIDR_RESET;
	r->revidr = r->aidr = 0;
	r->ctr = IDREG_CTR_RESET;
	r->set = true;
}

void idregs_settle(struct kvm_vm *vm)
{
	if (!atomic_load(&vm->vgic))
		vm->idregs.val[IDREG_AA64PFR0] &= ~PFR0_GIC;
}

/* The AArch32 ID registers read as zero on a CPU without AArch32, and ignore what is written. */
static bool is_aarch32(unsigned int index)
{
	const uint32_t crm1 = 0xf7, crm2 = 0xff, crm3 = 0x57; /* by op2; the rest is unallocated */

	return BIT(index) & (crm1 << 8 | crm2 << 16 | (uint64_t)crm3 << 24);
}

#define IDREG_AA64PFR2	(4 * 8 + 2)
#define IDREG_AA64FPFR0 (4 * 8 + 7)
#define IDREG_AA64ISAR2 (6 * 8 + 2)
#define IDREG_AA64ISAR3 (6 * 8 + 3)
#define IDREG_AA64MMFR3 (7 * 8 + 3)
#define IDREG_AA64MMFR4 (7 * 8 + 4)

/* What the kernel lets user space write, whatever this CPU has: arch/arm64/kvm/sys_regs.c of 7.3,
 * with the bits that are reserved there. */
static const uint64_t writable[64] = {
	[IDREG_AA64PFR0] = ~(FIELD(44) | FIELD(40) | FIELD(32) | FIELD(20) | FIELD(16)),
	[IDREG_AA64PFR1] = FIELD(0) | FIELD(4) | FIELD(12) | FIELD(32) | FIELD(56),
	[IDREG_AA64PFR2] = FIELD(4) | FIELD(8) | FIELD(12) | FIELD(32),
	[IDREG_AA64ZFR0] = ~(FIELD(8) | FIELD(28) | FIELD(36) | FIELD(60)),
	[IDREG_AA64FPFR0] = MASK(31, 26) | BIT(15) | MASK(7, 0),
	[IDREG_AA64DFR0] = DFR0_DEBUGVER | DFR0_PMUVER | DFR0_WRPS | DFR0_DOUBLELOCK,
	[IDREG_AA64ISAR0] = ~(FIELD(0) | FIELD(24)),
	[IDREG_AA64ISAR1] = ~ISAR1_ALGORITHMS,
	[IDREG_AA64ISAR2] = ~(FIELD(8) | FIELD(12)),
	[IDREG_AA64ISAR3] = FIELD(4) | FIELD(16) | FIELD(24) | FIELD(28),
	[IDREG_AA64MMFR0] = ~(FIELD(4) | FIELD(48) | FIELD(52)),
	[IDREG_AA64MMFR1] = ~(FIELD(4) | FIELD(8) | FIELD(28)),
	[IDREG_AA64MMFR2] =
		~(FIELD(20) | FIELD(24) | FIELD(36) | FIELD(40) | FIELD(44) | FIELD(56)),
	[IDREG_AA64MMFR3] = FIELD(0) | FIELD(4) | FIELD(8) | FIELD(16),
	[IDREG_AA64MMFR4] = FIELD(20),
};

/* By op2, of op1 0, 1 and 3 with CRm 0. */
#define MASK_MIDR   0
#define MASK_REVIDR 6
#define MASK_CLIDR  (64 + 1)
#define MASK_AIDR   (64 + 7)
#define MASK_CTR    (128 + 1)

/* DIC, IDC; DminLine, L1Ip, IminLine. */
#define CTR_WRITABLE (MASK(29, 28) | MASK(19, 14) | MASK(3, 0))
#define CTR_L1IP     MASK(15, 14)
#define L1IP_VIPT    2

static uint64_t writable_of(const struct kvm_vm *vm, unsigned int index)
{
	return vm->is_realm && index != IDREG_AA64DFR0 ? 0 : writable[index];
}

void idregs_writable(const struct kvm_vm *vm, uint64_t masks[FEATURE_ID_SPACE])
{
	for (unsigned int i = 0; i < 64; i++)
		masks[i] = writable_of(vm, i);
	if (vm->is_realm)
		return;
	masks[MASK_MIDR] = MASK(31, 0);
	masks[MASK_REVIDR] = masks[MASK_AIDR] = ~UINT64_C(0);
	masks[MASK_CLIDR] = MASK(46, 0);
	masks[MASK_CTR] = CTR_WRITABLE;
}

/* How the values of a field are ordered, from the least that a guest can be told of. */
enum order {
	UP,
	SIGNED,	   /* 15 is "none", which is less than 0 */
	DOWN,	   /* less is a promise: SpecSEI */
	ONE_OR_IT, /* 1, "none", is all that there is beside the CPU's */
};

static enum order order_of(unsigned int index, unsigned int shift)
{
	switch (index << 8 | shift) {
	case IDREG_AA64MMFR0 << 8 | 24: /* TGran64 */
	case IDREG_AA64MMFR0 << 8 | 28: /* TGran4 */
		return SIGNED;
	case IDREG_AA64MMFR0 << 8 | 32: /* TGran16_2, TGran64_2, TGran4_2: of stage 2 */
	case IDREG_AA64MMFR0 << 8 | 36:
	case IDREG_AA64MMFR0 << 8 | 40:
		return ONE_OR_IT;
	case IDREG_AA64MMFR1 << 8 | 24:
		return DOWN;
	}
	return UP;
}

static bool field_within(enum order order, unsigned int val, unsigned int limit)
{
	switch (order) {
	case SIGNED:
		return ((val + 8) & 15) <= ((limit + 8) & 15);
	case DOWN:
		return val >= limit;
	case ONE_OR_IT:
		return val == limit || val == 1;
	case UP:
		break;
	}
	return val <= limit;
}

static bool within(unsigned int index, uint64_t val, uint64_t limit)
{
	for (unsigned int shift = 0; shift < 64; shift += 4)
		if (!field_within(order_of(index, shift), val >> shift & 15, limit >> shift & 15))
			return false;
	return true;
}

/* A change of ID_AA64DFR0_EL1 before the realm exists: what the register table lets through, and
 * v12's own limits. */
static result check_dfr0(const struct kvm_vm *vm, uint64_t old, uint64_t val)
{
	uint64_t limit = host_dfr0(vm);

	if ((old ^ val) & ~writable_of(vm, IDREG_AA64DFR0))
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
	if ((vm->idregs.val[index] ^ val) & ~writable_of(vm, index))
		return &rule_kvm_reg_id_fixed;
	/* AArch64 cannot be taken away. */
	if (index == IDREG_AA64PFR0 && (!(val & FIELD(0)) || !(val & FIELD(4))))
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

uint64_t *idreg_of_vm_by_id(struct kvm_vm *vm, uint64_t id)
{
	switch (id) {
	case MIDR_EL1:
		return &vm->idregs.midr;
	case REVIDR_EL1:
		return &vm->idregs.revidr;
	case AIDR_EL1:
		return &vm->idregs.aidr;
	case CTR_EL0:
		return &vm->idregs.ctr;
	}
	return NULL;
}

static result check_ctr(uint64_t val)
{
	const uint64_t limit = IDREG_CTR_RESET;

	if ((val ^ limit) & ~CTR_WRITABLE)
		return &rule_kvm_reg_id_fixed;
	if (FIELD_GET(CTR_L1IP, val) < L1IP_VIPT)
		return &rule_kvm_reg_id_fixed;
	for (unsigned int shift = 0; shift <= 28; shift += 4)
		if ((val >> shift & 15) > (limit >> shift & 15))
			return &rule_kvm_reg_id_more;
	return OK;
}

/* Who made the CPU is user space's to say where it has asked for that, and then freely. */
static result check_implementation(const struct kvm_vm *vm, uint64_t id, uint64_t val)
{
	if (!vm->writable_imp_regs || (id == MIDR_EL1 && val >> 32))
		return &rule_kvm_reg_id_fixed;
	return OK;
}

result idreg_set_by_id(struct kvm_vm *vm, uint64_t id, uint64_t val)
{
	uint64_t *reg = idreg_of_vm_by_id(vm, id);
	result why = id == CTR_EL0 ? check_ctr(val) : check_implementation(vm, id, val);

	if (*reg == val)
		return OK;
	if (vm->has_ran && (id == CTR_EL0 || vm->writable_imp_regs))
		return &rule_kvm_reg_id_late;
	if (!why)
		*reg = val;
	return why;
}
