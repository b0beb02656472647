// SPDX-License-Identifier: BSD-3-Clause
/*
 * sysreg.c - the system registers of the ONE_REG interface.
 *
 * Three sorts: feature ID registers (one set for the VM: idreg.c), identification registers that
 * never change, and registers with a value for each vCPU. A realm's own registers are the RMM's;
 * what is read here is the shadow that the kernel would keep.
 */
#include "kvm/vcpu/sysreg.h"

#include "abi/kvm.h"
#include "abi/rmi.h"
#include "base/bits.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/pe.h"
#include "kvm/core/vm.h"

#define REG(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)

#define PMINTENSET REG(3, 0, 9, 14, 1)
#define PMINTENCLR REG(3, 0, 9, 14, 2)
#define PMMIR	   REG(3, 0, 9, 14, 6)
#define PMCNTENSET REG(3, 3, 9, 12, 1)
#define PMCNTENCLR REG(3, 3, 9, 12, 2)
#define PMOVSCLR   REG(3, 3, 9, 12, 3)
#define PMSWINC	   REG(3, 3, 9, 12, 4)
#define PMOVSSET   REG(3, 3, 9, 14, 3)
#define PMEVCNTR31 REG(3, 3, 14, 11, 7)
#define PMU_CYCLES BIT(31)
#define PMCR_LC	   BIT(6)

#define OSLSR_EL1  REG(2, 0, 1, 1, 4)
#define OSLSR_OSLM BIT(3) /* there is an OS lock */
#define OSLSR_OSLK BIT(1) /* it is locked: all that can change */

#define CLIDR_KNOWN MASK(46, 0)
#define CLIDR_LOUU  MASK(29, 27)
#define CLIDR_LOC   MASK(26, 24)
#define CLIDR_LOUIS MASK(23, 21)
#define CTR_IDC	    BIT(28)

enum sort {
	PLAIN,
	PTRAUTH, /* with the pointer authentication features */
	SVE,	 /* with the SVE feature */
	PMU,	 /* with the PMU feature */
	VM_ID,	 /* identification that the VM has (idreg.c) */
	VCPU_ID, /* and that each vCPU has: not reset again */
};

struct sysreg {
	uint64_t id;
	enum sort sort;
	uint64_t reset;
};

/* clang-format off */
#define DEBUG_PAIR(n)                                                                              \
	{REG(2, 0, 0, n, 4), PLAIN, 0}, {REG(2, 0, 0, n, 5), PLAIN, 0},                            \
		{REG(2, 0, 0, n, 6), PLAIN, 0},                                                    \
	{                                                                                          \
		REG(2, 0, 0, n, 7), PLAIN, 0                                                       \
	}

#define PMU_EIGHT(crm)                                                                             \
	{REG(3, 3, 14, crm, 0), PMU, 0}, {REG(3, 3, 14, crm, 1), PMU, 0},                          \
		{REG(3, 3, 14, crm, 2), PMU, 0}, {REG(3, 3, 14, crm, 3), PMU, 0},                  \
		{REG(3, 3, 14, crm, 4), PMU, 0}, {REG(3, 3, 14, crm, 5), PMU, 0},                  \
		{REG(3, 3, 14, crm, 6), PMU, 0}, {REG(3, 3, 14, crm, 7), PMU, 0}

static const struct sysreg regs[] = {
	DEBUG_PAIR(0),
	DEBUG_PAIR(1),
	DEBUG_PAIR(2),
	DEBUG_PAIR(3),
	DEBUG_PAIR(4),
	DEBUG_PAIR(5),
	DEBUG_PAIR(6),
	DEBUG_PAIR(7),
	DEBUG_PAIR(8),
	DEBUG_PAIR(9),
	DEBUG_PAIR(10),
	DEBUG_PAIR(11),
	DEBUG_PAIR(12),
	DEBUG_PAIR(13),
	DEBUG_PAIR(14),
	DEBUG_PAIR(15),
	{REG(2, 0, 0, 2, 0), PLAIN, 0}, /* MDCCINT_EL1 */
	{REG(2, 0, 0, 2, 2), PLAIN, 0}, /* MDSCR_EL1 */
	{OSLSR_EL1, PLAIN, OSLSR_OSLM},
	{REG(2, 4, 0, 7, 0), PLAIN, 0},		 /* DBGVCR32_EL2 */
	{REG(3, 0, 0, 0, 0), VM_ID, 0},		 /* MIDR_EL1 */
	{REG(3, 0, 0, 0, 5), VCPU_ID, 0},		 /* MPIDR_EL1, from the vCPU's id */
	{REG(3, 0, 0, 0, 6), VM_ID, 0},		 /* REVIDR_EL1 */
	{REG(3, 0, 1, 0, 0), PLAIN, 0x00c50078}, /* SCTLR_EL1 */
	{REG(3, 0, 1, 0, 1), PLAIN, 0},		 /* ACTLR_EL1 */
	{REG(3, 0, 1, 0, 2), PLAIN, 0},		 /* CPACR_EL1 */
	{KVM_REG_ZCR_EL1, SVE, 0},
	{REG(3, 0, 2, 0, 0), PLAIN, 0},		 /* TTBR0_EL1 */
	{REG(3, 0, 2, 0, 1), PLAIN, 0},		 /* TTBR1_EL1 */
	{REG(3, 0, 2, 0, 2), PLAIN, 0},		 /* TCR_EL1 */
	{REG(3, 0, 2, 1, 0), PTRAUTH, 0},	 /* the five pointer authentication keys */
	{REG(3, 0, 2, 1, 1), PTRAUTH, 0},
	{REG(3, 0, 2, 1, 2), PTRAUTH, 0},
	{REG(3, 0, 2, 1, 3), PTRAUTH, 0},
	{REG(3, 0, 2, 2, 0), PTRAUTH, 0},
	{REG(3, 0, 2, 2, 1), PTRAUTH, 0},
	{REG(3, 0, 2, 2, 2), PTRAUTH, 0},
	{REG(3, 0, 2, 2, 3), PTRAUTH, 0},
	{REG(3, 0, 2, 3, 0), PTRAUTH, 0},
	{REG(3, 0, 2, 3, 1), PTRAUTH, 0},
	{REG(3, 0, 5, 1, 0), PLAIN, 0},		 /* AFSR0_EL1 */
	{REG(3, 0, 5, 1, 1), PLAIN, 0},		 /* AFSR1_EL1 */
	{REG(3, 0, 5, 2, 0), PLAIN, 0},		 /* ESR_EL1 */
	{REG(3, 0, 6, 0, 0), PLAIN, 0},		 /* FAR_EL1 */
	{REG(3, 0, 7, 4, 0), PLAIN, 0},		 /* PAR_EL1 */
	{PMINTENSET, PMU, 0},
	{PMINTENCLR, PMU, 0},
	{PMMIR, PMU, 0},
	{REG(3, 0, 10, 2, 0), PLAIN, 0},	 /* MAIR_EL1 */
	{REG(3, 0, 10, 3, 0), PLAIN, 0},	 /* AMAIR_EL1 */
	{REG(3, 0, 12, 0, 0), PLAIN, 0},	 /* VBAR_EL1 */
	{REG(3, 0, 12, 1, 1), PLAIN, 0},	 /* DISR_EL1 */
	{REG(3, 0, 13, 0, 1), PLAIN, 0},	 /* CONTEXTIDR_EL1 */
	{REG(3, 0, 13, 0, 4), PLAIN, 0},	 /* TPIDR_EL1 */
	{REG(3, 0, 14, 1, 0), PLAIN, 0},	 /* CNTKCTL_EL1 */
	{KVM_REG_CLIDR_EL1, VCPU_ID, 0x0a200023}, /* CLIDR_EL1 */
	{REG(3, 1, 0, 0, 7), VM_ID, 0},		 /* AIDR_EL1 */
	{REG(3, 2, 0, 0, 0), PLAIN, 0},		 /* CSSELR_EL1 */
	{REG(3, 3, 0, 0, 1), VM_ID, 0},		 /* CTR_EL0 */
	{KVM_REG_PMCR_EL0, PMU, 0x40}, /* LC */
	{PMCNTENSET, PMU, 0},
	{PMCNTENCLR, PMU, 0},
	{PMOVSCLR, PMU, 0},
	{PMSWINC, PMU, 0},
	{REG(3, 3, 9, 12, 5), PMU, 0}, /* PMSELR_EL0 */
	{REG(3, 3, 9, 13, 0), PMU, 0}, /* PMCCNTR_EL0 */
	{REG(3, 3, 9, 14, 0), PMU, 0}, /* PMUSERENR_EL0 */
	{PMOVSSET, PMU, 0},
	{REG(3, 3, 13, 0, 2), PLAIN, 0}, /* TPIDR_EL0 */
	{REG(3, 3, 13, 0, 3), PLAIN, 0}, /* TPIDRRO_EL0 */
	{REG(3, 3, 14, 0, 1), PLAIN, 0}, /* CNTPCT_EL0 */
	{KVM_REG_ARM_TIMER_CVAL, PLAIN, 0},
	{REG(3, 3, 14, 2, 1), PLAIN, 0}, /* CNTP_CTL_EL0 */
	{REG(3, 3, 14, 2, 2), PLAIN, 0}, /* CNTP_CVAL_EL0 */
	{KVM_REG_ARM_TIMER_CTL, PLAIN, 0},
	{KVM_REG_ARM_TIMER_CNT, PLAIN, 0},
	PMU_EIGHT(8), /* PMEVCNTR<n>_EL0, of which 31 is none */
	PMU_EIGHT(9),
	PMU_EIGHT(10),
	PMU_EIGHT(11),
	PMU_EIGHT(12), /* PMEVTYPER<n>_EL0; 31 is PMCCFILTR_EL0 */
	PMU_EIGHT(13),
	PMU_EIGHT(14),
	PMU_EIGHT(15),
	{REG(3, 4, 3, 0, 0), PLAIN, 0},	    /* DACR32_EL2 */
	{REG(3, 4, 5, 0, 1), PLAIN, 0},	    /* IFSR32_EL2 */
	{REG(3, 4, 5, 3, 0), PLAIN, 0x700}, /* FPEXC32_EL2 */
};
_Static_assert(ARRAY_SIZE(regs) <= KVM_NUM_SYSREGS, "sysregs of a vCPU");

static bool visible(const struct kvm_vm *vm, const struct sysreg *r)
{
	if (r->sort == PTRAUTH)
		return vm_has_feature(vm, KVM_ARM_VCPU_PTRAUTH_ADDRESS);
	if (r->sort == SVE)
		return vm_has_feature(vm, KVM_ARM_VCPU_SVE);
	if (r->sort == PMU)
		return vm_has_feature(vm, KVM_ARM_VCPU_PMU_V3) && r->id != PMEVCNTR31;
	return true;
}

/* Two registers that are one. */
static uint64_t same_as(uint64_t id)
{
	switch (id) {
	case PMINTENCLR:
		return PMINTENSET;
	case PMCNTENCLR:
		return PMCNTENSET;
	case PMOVSCLR:
		return PMOVSSET;
	}
	return id;
}

/* Of a register with a bit for each counter: those that there are. */
static uint64_t counters_in(const struct kvm_vm *vm, uint64_t id, uint64_t val)
{
	if (id == PMINTENSET || id == PMCNTENSET || id == PMOVSSET)
		return val & (PMU_CYCLES | (BIT(vm->pmu_counters) - 1));
	return id == PMMIR || id == PMSWINC ? 0 : val;
}

static const struct sysreg *find(const struct kvm_vm *vm, uint64_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		if (regs[i].id == id)
			return visible(vm, &regs[i]) ? &regs[i] : NULL;
	return NULL;
}

uint64_t *sysreg_shadow(struct kvm_vcpu *v, uint64_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		if (regs[i].id == id)
			return &v->sysregs[i];
	return NULL;
}

void sysreg_reset(struct kvm_vcpu *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		if (regs[i].sort == VCPU_ID && v->initialized)
			continue;
		v->sysregs[i] = regs[i].id == KVM_REG_MPIDR_EL1 ? vcpu_mpidr(v) : regs[i].reset;
	}
}

/* CNTPCT and CNTVCT run by themselves. */
static bool is_counter(uint64_t id)
{
	return id == KVM_REG_ARM_TIMER_CNT || id == REG(3, 3, 14, 0, 1);
}

static _Atomic uint64_t *counter_offset(struct kvm_vm *vm, uint64_t id)
{
	return id == KVM_REG_ARM_TIMER_CNT ? &vm->cntvoff : &vm->cntpoff;
}

/* All vCPUs have one offset, as in the kernel. */
static void set_counter(struct kvm_vcpu *v, uint64_t id, uint64_t val)
{
	if (!atomic_load(&v->vm->counter_offset))
		atomic_store(counter_offset(v->vm, id), pe_count(v->pe) - val);
}

/* config_lock held. */
static result get(struct kvm_vcpu *v, uint64_t id, uint64_t *val)
{
	const struct sysreg *r;
	unsigned int index;

	lock_assert_held(&v->vm->config_lock);
	if (idreg_find(id, &index)) {
		*val = v->vm->idregs.val[index];
		return OK;
	}
	id = same_as(id);
	r = find(v->vm, id);
	if (!r)
		return &rule_kvm_reg_unknown;
	*val = r->sort == VM_ID ? *idreg_of_vm_by_id(v->vm, id) : v->sysregs[r - regs];
	if (!v->vm->is_realm && is_counter(id))
		*val = pe_count(v->pe) - atomic_load(counter_offset(v->vm, id));
	if (r->sort == PMU)
		*val = counters_in(v->vm, id, *val);
	if (id == KVM_REG_PMCR_EL0)
		*val = (*val & ~PMCR_N) | FIELD_PUT(PMCR_N, v->vm->pmu_counters);
	return OK;
}

result sysreg_get(struct kvm_vcpu *v, uint64_t id, uint64_t *val)
{
	result why;

	lock_take(&v->vm->config_lock);
	why = get(v, id, val);
	lock_drop(&v->vm->config_lock);
	return why;
}

/* PMCR_EL0.N may be lowered until the realm exists; later and above the maximum it is ignored. */
static void set_pmcr(struct kvm_vcpu *v, size_t i, uint64_t val)
{
	struct kvm_vm *vm = v->vm;
	uint64_t n = FIELD_GET(PMCR_N, val);

	if (!vm->has_ran && realm_state(&vm->realm) == REALM_NONE &&
	    n <= FIELD_GET(RMI_FEATURE0_PMU_NUM_CTRS, vm->host->feature0))
		vm->pmu_counters = (unsigned int)n;
	v->sysregs[i] = (val & 0xff) | PMCR_LC;
}

/* Where the data cache must be cleaned to the point of unification, as on this CPU, there must be a
 * level at which it is. */
static result check_clidr(uint64_t val)
{
	bool none = !(val & CLIDR_LOC) || !(val & (CLIDR_LOUIS | CLIDR_LOUU));

	return val & ~CLIDR_KNOWN || (none && !(IDREG_CTR_RESET & CTR_IDC)) ? &rule_kvm_reg_id_fixed
									   : OK;
}

static result set_plain(struct kvm_vcpu *v, const struct sysreg *r, uint64_t val)
{
	size_t i = (size_t)(r - regs);

	if (r->id == KVM_REG_PMCR_EL0)
		set_pmcr(v, i, val);
	else if (r->id == PMMIR && val)
		return &rule_kvm_reg_pmmir;
	else if (r->sort == PMU)
		v->sysregs[i] = counters_in(v->vm, r->id, val);
	else if (r->id == OSLSR_EL1 && ((val ^ r->reset) & ~OSLSR_OSLK))
		return &rule_kvm_reg_id_fixed;
	else if (r->sort == VM_ID)
		return idreg_set_by_id(v->vm, r->id, val);
	else if (r->id == KVM_REG_CLIDR_EL1 && check_clidr(val))
		return check_clidr(val);
	else if (!v->vm->is_realm && is_counter(r->id))
		set_counter(v, r->id, val);
	else
		v->sysregs[i] = val;
	return OK;
}

result sysreg_set(struct kvm_vcpu *v, uint64_t id, uint64_t val)
{
	const struct sysreg *r;
	unsigned int index;
	bool idreg = idreg_find(id, &index);
	result why;

	id = same_as(id);
	r = idreg ? NULL : find(v->vm, id);
	if (!idreg && !r)
		return &rule_kvm_reg_unknown;
	lock_take(&v->vm->config_lock);
	why = idreg ? idreg_set(v->vm, index, val) : set_plain(v, r, val);
	lock_drop(&v->vm->config_lock);
	return why;
}

size_t sysreg_list(const struct kvm_vcpu *v, uint64_t *ids)
{
	bool realm = v->vm->is_realm;
	size_t n = 0;

	for (unsigned int i = 8; i < 64; i++) {
		uint64_t id = REG(3, 0, 0, 0, 0) + i;

		if (realm && id != KVM_REG_ID_AA64DFR0_EL1)
			continue;
		if (ids)
			ids[n] = id;
		n++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		if (!visible(v->vm, &regs[i]) || (realm && regs[i].id != KVM_REG_PMCR_EL0))
			continue;
		if (ids)
			ids[n] = regs[i].id;
		n++;
	}
	return n;
}
