// SPDX-License-Identifier: BSD-3-Clause
/* check_onereg.c - ONE_REG and GET_REG_LIST of a realm's vCPU in NONE, NEW and ACTIVE. */
#include <stdlib.h>
#include <sys/ioctl.h>

#include "check/check.h"

static const struct script_op end[] = {{SCRIPT_END, {0}}};

#define DFR0		 KVM_REG_ID_AA64DFR0_EL1
#define FIELD(reg, lo)	 (((reg) >> (lo)) & 0xf)
#define WITH(reg, lo, v) (((reg) & ~(UINT64_C(0xf) << (lo))) | (uint64_t)(v) << (lo))
#define BRPS		 12
#define WRPS		 20

enum life { NONE, NEW, ACTIVE };

static void realm_in(struct realm *r, enum life life)
{
	realm_open(r);
	realm_vcpus(r, 1);
	if (life == NONE)
		return;
	realm_vgic(r);
	realm_memory(r);
	realm_code(r, end, 1);
	if (life == NEW)
		return;
	r->run[0]->immediate_exit = 1;
	WANT(realm_run(r, 0), -EINTR);
}

static void reg_allowed(void)
{
	struct realm r;
	uint64_t val;

	for (enum life life = NONE; life <= ACTIVE; life++) {
		realm_in(&r, life);
		for (int i = 0; i <= 30; i++)
			WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_X(i), i + 1), 0);
		WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_PC, 0x1234), 0);
		WANT(realm_get(&r, 0, KVM_REG_ARM_CORE_X(30), &val), 0);
		WANT(val, 31);
	}
}

static void reg_refused(void)
{
	static const uint64_t ids[] = {
		KVM_REG_ARM_CORE_SP,
		KVM_REG_ARM_CORE_PSTATE,
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | 0x44,  /* SP_EL1 */
		KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | 0x54, /* V0 */
		ARM64_SYS_REG(3, 0, 1, 0, 0),				     /* SCTLR_EL1 */
		KVM_REG_MPIDR_EL1,
		KVM_REG_ID_AA64PFR0_EL1,
		KVM_REG_ARM_TIMER_CNT,
		KVM_REG_ARM_PSCI_VERSION,
		KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_FW_FEAT_BMAP,
		KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX, /* CCSIDR 0 */
	};
	uint64_t buf[64];
	struct realm r;

	for (enum life life = NONE; life <= ACTIVE; life++) {
		realm_in(&r, life);
		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			WANT(realm_get(&r, 0, ids[i], buf), 0);
			WANT(realm_set(&r, 0, ids[i], buf[0]), -EINVAL);
		}
	}
}

static void reg_dfr0_value(void)
{
	struct realm r;
	uint64_t val;

	for (enum life life = NONE; life <= ACTIVE; life++) {
		realm_in(&r, life);
		WANT(realm_get(&r, 0, DFR0, &val), 0);
		WANT(realm_set(&r, 0, DFR0, val), 0);
	}
}

static void reg_dfr0_bounds(void)
{
	struct realm r;
	uint64_t val;

	realm_in(&r, NONE);
	WANT(realm_get(&r, 0, DFR0, &val), 0);
	WANT_TRUE(FIELD(val, BRPS) >= 1 && FIELD(val, WRPS) >= 1);
	WANT(realm_set(&r, 0, DFR0, WITH(val, BRPS, 0)), -EINVAL);
	if (FIELD(val, BRPS) < 15)
		WANT(realm_set(&r, 0, DFR0, WITH(val, BRPS, 15)), -EINVAL);
	WANT(realm_set(&r, 0, DFR0, WITH(val, WRPS, 0)), -EINVAL);
	if (FIELD(val, WRPS) < 15)
		WANT(realm_set(&r, 0, DFR0, WITH(val, WRPS, 15)), -EINVAL);
}

static void reg_dfr0_brps(void)
{
	struct realm r;
	uint64_t val;

	realm_in(&r, NONE);
	WANT(realm_get(&r, 0, DFR0, &val), 0);
	if (FIELD(val, BRPS) < 3)
		check_skip("too few breakpoints to lower");
	WANT(realm_set(&r, 0, DFR0, WITH(val, BRPS, 2)), -EINVAL);
}

static void reg_dfr0_frozen(void)
{
	struct realm r;
	uint64_t val;

	for (enum life life = NEW; life <= ACTIVE; life++) {
		realm_in(&r, life);
		WANT(realm_get(&r, 0, DFR0, &val), 0);
		WANT(realm_set(&r, 0, DFR0, WITH(val, WRPS, FIELD(val, WRPS) - 1)), -EBUSY);
		WANT(realm_set(&r, 0, DFR0, WITH(val, BRPS, FIELD(val, BRPS) - 1)), -EBUSY);
	}
}

static void reg_absent(void)
{
	uint64_t buf[64];
	struct realm r;

	realm_in(&r, NONE);
	WANT(realm_get(&r, 0, KVM_REG_ARM64_SVE_VLS, buf), -ENOENT);
	WANT(realm_set(&r, 0, KVM_REG_ARM64_SVE_VLS, 1), -ENOENT);
	WANT(realm_get(&r, 0, KVM_REG_PMCR_EL0, buf), -ENOENT);
	WANT(realm_set(&r, 0, KVM_REG_PMCR_EL0, 0), want_of("reg-absent"));
}

static void reg_list(void)
{
	struct kvm_reg_list n = {}, *list;
	struct realm r;

	realm_in(&r, NONE);
	WANT(call(r.vcpu[0], KVM_GET_REG_LIST, &n), -E2BIG);
	WANT_TRUE(n.n > 31 && n.n < 200);
	list = calloc(1, sizeof(*list) + n.n * sizeof(list->reg[0]));
	list->n = n.n;
	WANT(call(r.vcpu[0], KVM_GET_REG_LIST, list), 0);
	for (uint64_t i = 0; i < list->n; i++) {
		uint64_t id = list->reg[i];

		WANT_TRUE((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_CORE || id == DFR0 ||
			  id == KVM_REG_PMCR_EL0 || id == KVM_REG_ARM64_SVE_VLS);
	}
	WANT(call(r.vcpu[0], KVM_GET_REG_LIST, BAD_POINTER), -EFAULT);
}

static void reg_mpidr(void)
{
	struct realm r;
	uint64_t val;

	realm_open(&r);
	realm_vcpus(&r, 2);
	for (unsigned int i = 0; i < 2; i++) {
		WANT(realm_get(&r, i, KVM_REG_MPIDR_EL1, &val), 0);
		WANT(val, UINT64_C(0x80000000) | i);
	}
}

static const struct check checks[] = {
	{"reg-allowed", "x0 to x30 and pc can be set in NONE, NEW and ACTIVE", reg_allowed},
	{"reg-refused", "SP, PSTATE, system and firmware registers: GET works, SET is EINVAL",
	 reg_refused},
	{"reg-dfr0-same", "ID_AA64DFR0's own value is accepted in every state", reg_dfr0_value},
	{"reg-dfr0-bounds", "BRPs and WRPs of 0 or above the maximum: EINVAL", reg_dfr0_bounds},
	{"reg-dfr0-brps", "a lower number of breakpoints: EINVAL as recorded", reg_dfr0_brps},
	{"reg-dfr0-frozen", "any change of ID_AA64DFR0 after NEW: EBUSY", reg_dfr0_frozen},
	{"reg-absent", "SVE_VLS and PMCR without the feature: ENOENT (v14: PMCR EINVAL)",
	 reg_absent},
	{"reg-list", "GET_REG_LIST: core registers, DFR0, PMCR, SVE_VLS only; E2BIG first",
	 reg_list},
	{"reg-mpidr", "MPIDR comes from the vCPU id", reg_mpidr},
};

const struct check_group check_onereg = {"onereg", checks, sizeof(checks) / sizeof(checks[0])};
