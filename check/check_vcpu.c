// SPDX-License-Identifier: BSD-3-Clause
/*
 * check_vcpu.c - KVM_CREATE_VCPU, VCPU_INIT's features, MP_STATE and VCPU_EVENTS of a realm's
 * vCPUs.
 */
#include <string.h>
#include <sys/ioctl.h>

#include "check/check.h"

#define F(bit) (1U << KVM_ARM_VCPU_##bit)

static const struct script_op end[] = {{SCRIPT_END, {0}}};

/* The answer of VCPU_INIT with these features, on a fresh realm. */
static int64_t init_with(uint32_t features)
{
	struct realm r;

	realm_open(&r);
	realm_vcpu_create(&r);
	return realm_vcpu_init(&r, 0, features);
}

static void init_features(void)
{
	WANT(init_with(F(PSCI_0_2)), 0);
	WANT(init_with(F(PSCI_0_2) | F(POWER_OFF)), 0);
	WANT(init_with(F(POWER_OFF)), 0);
	WANT(init_with(F(HAS_EL2_E2H0)), want_of("vcpu-features"));
	WANT(init_with(F(PSCI_0_2) | F(EL1_32BIT)), -EINVAL);
	WANT(init_with(F(PTRAUTH_ADDRESS)), -EINVAL);
	WANT(init_with(F(PTRAUTH_GENERIC)), -EINVAL);
	WANT(init_with(F(HAS_EL2)), -EINVAL);
}

static void init_bit9(void)
{
	WANT(init_with(F(PMU_V3_STRICT)), want_of("vcpu-feature-9"));
}

static void init_unknown(void)
{
	for (int bit = 10; bit < 32; bit++)
		WANT(init_with(1U << bit), -ENOENT);
}

static void init_optional(void)
{
	struct realm r;

	realm_open(&r);
	if (call_n(r.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE) == 1)
		WANT(init_with(F(SVE)), 0);
	else
		WANT(init_with(F(SVE)), -EINVAL);
	if (call_n(r.kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3) == 1)
		WANT(init_with(F(PMU_V3)), 0);
	else
		WANT(init_with(F(PMU_V3)), -EINVAL);
}

static void init_target(void)
{
	struct kvm_vcpu_init init = {.target = 1234};
	struct realm r;

	realm_open(&r);
	realm_vcpu_create(&r);
	WANT(call(r.vcpu[0], KVM_ARM_VCPU_INIT, &init), -EINVAL);
	WANT(call(r.vcpu[0], KVM_ARM_VCPU_INIT, BAD_POINTER), -EFAULT);
	WANT(call(r.vm, KVM_ARM_PREFERRED_TARGET, &init), 0);
	WANT(init.target, KVM_ARM_TARGET_GENERIC_V8);
}

static void init_again(void)
{
	struct realm r;

	REALM_NEW(&r, 1, end);
	WANT(realm_vcpu_init(&r, 0, F(PSCI_0_2)), 0);
	WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_PC, CODE_IPA), 0);
	WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_X(0), SCRIPT_IPA), 0);
	r.run[0]->immediate_exit = 1;
	WANT(realm_run(&r, 0), -EINTR);
	WANT(realm_vcpu_init(&r, 0, F(PSCI_0_2)), 0);
}

static void create_ids(void)
{
	struct realm r;
	int64_t max;

	realm_open(&r);
	max = call_n(r.kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPU_ID);
	WANT(call_n(r.vm, KVM_CREATE_VCPU, max), -EINVAL);
	WANT_TRUE(call_n(r.vm, KVM_CREATE_VCPU, 0) >= 0);
	WANT(call_n(r.vm, KVM_CREATE_VCPU, 0), -EEXIST);
}

static void create_late(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	realm_memory(&r);
	WANT(realm_populate(&r, FREE_IPA, PAGE, pages(1), 0), PAGE);
	realm_vcpu_create(&r); /* state NEW: still allowed */
	WANT(realm_vcpu_init(&r, 1, F(PSCI_0_2) | F(POWER_OFF)), 0);
	realm_vgic(&r);
	realm_code(&r, end, 1);
}

static void create_active(void)
{
	struct realm r;

	REALM_NEW(&r, 1, end);
	r.run[0]->immediate_exit = 1;
	WANT(realm_run(&r, 0), -EINTR);
	WANT(call_n(r.vm, KVM_CREATE_VCPU, 1), -EBUSY);
}

static void before_init(void)
{
	struct kvm_one_reg reg = {};
	struct kvm_reg_list list = {};
	struct kvm_vcpu_events ev = {};
	struct realm r;

	realm_open(&r);
	realm_vcpu_create(&r);
	WANT(call(r.vcpu[0], KVM_GET_ONE_REG, &reg), -ENOEXEC);
	WANT(call(r.vcpu[0], KVM_SET_ONE_REG, &reg), -ENOEXEC);
	WANT(call(r.vcpu[0], KVM_GET_REG_LIST, &list), -ENOEXEC);
	WANT(call(r.vcpu[0], KVM_GET_VCPU_EVENTS, &ev), -ENOEXEC);
	WANT(realm_run(&r, 0), -ENOEXEC);
}

static void mp_state(void)
{
	struct kvm_mp_state s = {.mp_state = 99};
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 2);
	WANT(call(r.vcpu[0], KVM_SET_MP_STATE, &s), -EINVAL);
	WANT(call(r.vcpu[0], KVM_SET_MP_STATE, BAD_POINTER), -EFAULT);
	WANT(call(r.vcpu[0], KVM_GET_MP_STATE, &s), 0);
	WANT(s.mp_state, KVM_MP_STATE_RUNNABLE);
	WANT(call(r.vcpu[1], KVM_GET_MP_STATE, &s), 0);
	WANT(s.mp_state, KVM_MP_STATE_STOPPED);
	s.mp_state = KVM_MP_STATE_RUNNABLE;
	WANT(call(r.vcpu[1], KVM_SET_MP_STATE, &s), 0);
	WANT(call(r.vcpu[1], KVM_GET_MP_STATE, &s), 0);
	WANT(s.mp_state, KVM_MP_STATE_RUNNABLE);
}

static void events(void)
{
	struct kvm_vcpu_events ev = {.exception.serror_pending = 1};
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	WANT(call(r.vcpu[0], KVM_SET_VCPU_EVENTS, &ev), -EINVAL);
	ev = (struct kvm_vcpu_events){.exception.ext_dabt_pending = 1};
	WANT(call(r.vcpu[0], KVM_SET_VCPU_EVENTS, &ev), -EINVAL);
	WANT(call(r.vcpu[0], KVM_SET_VCPU_EVENTS, BAD_POINTER), -EFAULT);
	memset(&ev, 0xff, sizeof(ev));
	WANT(call(r.vcpu[0], KVM_GET_VCPU_EVENTS, &ev), 0);
	WANT(ev.exception.serror_pending, 0);
}

static void events_mmio(void)
{
	static const struct script_op script[] = {{SCRIPT_REPORT, {1}}, {SCRIPT_END, {0}}};
	struct kvm_vcpu_events ev = {.exception.ext_dabt_pending = 1};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_report(&r, 0), 1);
	WANT(call(r.vcpu[0], KVM_SET_VCPU_EVENTS, &ev), -EINVAL);
}

static void guest_debug(void)
{
	struct kvm_guest_debug d = {};
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	WANT(call(r.vcpu[0], KVM_SET_GUEST_DEBUG, &d), 0);
}

static const struct check checks[] = {
	{"vcpu-features", "features that a realm's vCPU may and may not have", init_features},
	{"vcpu-feature-9", "feature bit 9 alone: EINVAL (6.19, v13: ignored; v14, v15: ENOENT)",
	 init_bit9},
	{"vcpu-feature-unknown", "feature bits from 10 up: ENOENT", init_unknown},
	{"vcpu-feature-optional", "SVE and PMU are accepted just where their capability says 1",
	 init_optional},
	{"vcpu-target", "an unknown target EINVAL; the preferred one is generic v8", init_target},
	{"vcpu-init-again", "VCPU_INIT again is accepted in NEW and ACTIVE", init_again},
	{"vcpu-ids", "ids: beyond the maximum EINVAL, twice EEXIST", create_ids},
	{"vcpu-create-new", "a vCPU can be created while the realm is NEW", create_late},
	{"vcpu-create-active", "CREATE_VCPU while ACTIVE: EBUSY", create_active},
	{"vcpu-before-init", "register calls and KVM_RUN before VCPU_INIT: ENOEXEC", before_init},
	{"vcpu-mp-state", "MP_STATE: POWER_OFF is STOPPED, RUNNABLE can be set", mp_state},
	{"vcpu-events", "VCPU_EVENTS: an SError or an abort cannot be injected", events},
	{"vcpu-events-mmio", "an abort right after an MMIO exit: EINVAL", events_mmio},
	{"vcpu-guest-debug", "SET_GUEST_DEBUG is accepted", guest_debug},
};

const struct check_group check_vcpu = {"vcpu", checks, sizeof(checks) / sizeof(checks[0])};
