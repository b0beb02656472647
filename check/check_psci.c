// SPDX-License-Identifier: BSD-3-Clause
/* check_psci.c - PSCI answered by the kernel, and by user space with PSCI_COMPLETE. */
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check/check.h"

static const struct script_op secondary[] = {
	{SCRIPT_REPORT, {0x5ec0}}, {SCRIPT_MPIDR, {0}}, {SCRIPT_END, {0}}};

static int64_t smccc_filter(struct realm *r, uint32_t base, uint32_t n, uint8_t action)
{
	struct kvm_smccc_filter f = {.base = base, .nr_functions = n, .action = action};
	struct kvm_device_attr a = {.group = KVM_ARM_VM_SMCCC_CTRL,
				    .attr = KVM_ARM_VM_SMCCC_FILTER,
				    .addr = (uintptr_t)&f};

	return call(r->vm, KVM_SET_DEVICE_ATTR, &a);
}

#define PSCI_COMPLETE _IOW(KVMIO, 0xd6, struct kvm_arm_rmi_psci_complete)

static int64_t complete(struct realm *r, unsigned int vcpu, uint64_t mpidr, uint32_t status)
{
	struct kvm_arm_rmi_psci_complete p = {.target_mpidr = mpidr, .psci_status = status};

	return call(r->vcpu[vcpu], PSCI_COMPLETE, &p);
}

/* A realm whose vCPU 0 has left with CPU_ON(1), to be answered by user space. */
static void realm_pending(struct realm *r)
{
	static const struct script_op script[] = {
		{SCRIPT_SMC, {PSCI_CPU_ON_64, 1, CODE_IPA, SCRIPT2_IPA}},
		{SCRIPT_REPORT, {0xd0e}},
		{SCRIPT_END, {0}}};

	realm_open(r);
	WANT(smccc_filter(r, PSCI_VERSION, 0x20, KVM_SMCCC_FILTER_FWD_TO_USER), 0);
	WANT(smccc_filter(r, PSCI_VERSION | 1U << 30, 0x20, KVM_SMCCC_FILTER_FWD_TO_USER), 0);
	realm_vcpus(r, 2);
	realm_vgic(r);
	realm_memory(r);
	realm_code(r, script, 3);
	realm_script2(r, secondary, 3);
	WANT(realm_run(r, 0), 0);
	WANT(r->run[0]->exit_reason, KVM_EXIT_HYPERCALL);
}

static void psci_kernel(void)
{
	static const struct script_op script[] = {
		{SCRIPT_SMC, {PSCI_VERSION}},
		{SCRIPT_SMC, {PSCI_CPU_ON_64, 7, CODE_IPA, SCRIPT2_IPA}},
		{SCRIPT_SMC, {PSCI_CPU_ON_64, 0, CODE_IPA, SCRIPT2_IPA}},
		{SCRIPT_SMC, {PSCI_CPU_ON_64, 1, SHARED_BIT | CODE_IPA, SCRIPT2_IPA}},
		{SCRIPT_SMC, {PSCI_AFFINITY_INFO_64, 1, 0}},
		{SCRIPT_SMC, {PSCI_CPU_ON_64, 1, CODE_IPA, SCRIPT2_IPA}},
		{SCRIPT_SMC, {PSCI_CPU_ON_64, 1, CODE_IPA, SCRIPT2_IPA}},
		{SCRIPT_SMC, {PSCI_AFFINITY_INFO_64, 1, 0}},
		{SCRIPT_SMC, {PSCI_FEATURES, PSCI_CPU_ON_64}},
		{SCRIPT_SMC, {PSCI_FEATURES, 0x84000012}},
		{SCRIPT_END, {0}}};
	static const int64_t want[] = {PSCI_VERSION_1_1,
				       PSCI_RET_INVALID_PARAMETERS,
				       PSCI_RET_ALREADY_ON,
				       PSCI_RET_INVALID_ADDRESS,
				       PSCI_AFFINITY_OFF,
				       PSCI_RET_SUCCESS,
				       PSCI_RET_ALREADY_ON,
				       PSCI_AFFINITY_ON,
				       0,
				       PSCI_RET_NOT_SUPPORTED};
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 2);
	realm_vgic(&r);
	realm_memory(&r);
	realm_code(&r, script, sizeof(script) / sizeof(script[0]));
	realm_script2(&r, secondary, 3);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		WANT(realm_report(&r, 0), want[i]);
		for (int j = 0; j < 3; j++)
			WANT(realm_report(&r, 0), 0);
	}
	WANT(realm_report(&r, 1), 0x5ec0);
	WANT(realm_report(&r, 1), 0x80000001);
}

static void psci_cpu_off(void)
{
	static const struct script_op on[] = {
		{SCRIPT_SMC, {PSCI_CPU_ON_64, 1, CODE_IPA, SCRIPT2_IPA}}, {SCRIPT_END, {0}}};
	static const struct script_op off[] = {{SCRIPT_REPORT, {1}}, {SCRIPT_SMC, {PSCI_CPU_OFF}}};
	struct kvm_mp_state s;
	struct realm r;

	REALM_NEW(&r, 2, on);
	realm_script2(&r, off, 2);
	WANT(realm_report(&r, 0), PSCI_RET_SUCCESS);
	WANT(realm_report(&r, 1), 1);
	realm_want_blocks(&r, 1);
	WANT(call(r.vcpu[1], KVM_GET_MP_STATE, &s), 0);
	WANT(s.mp_state, KVM_MP_STATE_STOPPED);
}

static void complete_ordinary(void)
{
	struct kvm_vcpu_init init;
	struct realm r;

	realm_open(&r);
	r.vm = call_n(r.kvm, KVM_CREATE_VM, 0);
	r.vcpu[0] = call_n(r.vm, KVM_CREATE_VCPU, 0);
	WANT(call(r.vm, KVM_ARM_PREFERRED_TARGET, &init), 0);
	WANT(call(r.vcpu[0], KVM_ARM_VCPU_INIT, &init), 0);
	WANT(call(r.vcpu[0], PSCI_COMPLETE, BAD_POINTER), want_of("complete-ordinary-vm"));
}

static void complete_pointer(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 1);
	WANT(call(r.vcpu[0], PSCI_COMPLETE, BAD_POINTER), want_of("complete-pointer"));
}

static void complete_early(void)
{
	struct realm r;

	realm_open(&r);
	realm_vcpus(&r, 2);
	WANT(complete(&r, 0, 77, 0), -EINVAL);
	WANT(complete(&r, 0, 1, 0), -EINVAL);
}

static void complete_nothing(void)
{
	static const struct script_op script[] = {{SCRIPT_REPORT, {1}}, {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 2, script);
	WANT(realm_report(&r, 0), 1);
	WANT(complete(&r, 0, 1, 0), -EINVAL);
}

static void complete_wrong(void)
{
	struct realm r;

	only_before(ABI_V14);
	realm_pending(&r);
	WANT(complete(&r, 0, 77, 0), -EINVAL);
	WANT(complete(&r, 0, 0, 0), -EINVAL);
	WANT(complete(&r, 1, 1, 0), -EINVAL);
	WANT(complete(&r, 0, 1, 1), -EINVAL);
	WANT(complete(&r, 0, 1, -4), -EINVAL);
	WANT(complete(&r, 0, 1, 0), 0);
	WANT(complete(&r, 0, 1, 0), -EINVAL);
}

static void complete_padding(void)
{
	struct kvm_arm_rmi_psci_complete p = {.target_mpidr = 1, .padding = {1, 2, 3}};
	struct realm r;

	only_before(ABI_V14);
	realm_pending(&r);
	WANT(call(r.vcpu[0], PSCI_COMPLETE, &p), 0);
}

static void hypercall_visible(void)
{
	struct realm r;
	uint64_t x[4];

	realm_pending(&r);
	WANT(r.run[0]->hypercall.nr, PSCI_CPU_ON_64);
	WANT(r.run[0]->hypercall.flags, want_of("hypercall-visible"));
	for (int i = 0; i < 4; i++)
		WANT(realm_get(&r, 0, KVM_REG_ARM_CORE_X(i), &x[i]), 0);
	WANT(x[0], PSCI_CPU_ON_64);
	WANT(x[1], 1);
	WANT(x[2], 0);
	WANT(x[3], 0);
}

static void complete_success(void)
{
	struct kvm_mp_state s = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct realm r;

	realm_pending(&r);
	if (since(ABI_V14))
		WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_X(0), PSCI_RET_SUCCESS), 0);
	else
		WANT(complete(&r, 0, 1, 0), 0);
	WANT(realm_report(&r, 0), PSCI_RET_SUCCESS);
	for (int i = 0; i < 3; i++)
		WANT(realm_report(&r, 0), 0);
	WANT(realm_report(&r, 0), 0xd0e);
	WANT(call(r.vcpu[1], KVM_SET_MP_STATE, &s), 0);
	WANT(realm_report(&r, 1), 0x5ec0);
	WANT(realm_report(&r, 1), 0x80000001);
}

static void complete_denied(void)
{
	struct realm r;

	realm_pending(&r);
	if (since(ABI_V14)) {
		WANT(realm_set(&r, 0, KVM_REG_ARM_CORE_X(0), PSCI_RET_INVALID_PARAMETERS), 0);
		WANT(realm_report(&r, 0), PSCI_RET_DENIED);
		return;
	}
	WANT(complete(&r, 0, 1, (uint32_t)PSCI_RET_DENIED), -EINVAL);
	WANT(realm_run(&r, 0), -ENXIO);
}

static void complete_forgotten(void)
{
	struct realm r;

	realm_pending(&r);
	if (since(ABI_V14)) /* x0 is the call's number still, no success: DENIED */
		WANT(realm_report(&r, 0), PSCI_RET_DENIED);
	else
		WANT(realm_run(&r, 0), want_of("complete-forgotten"));
}

static void runnable_by_force(void)
{
	static const struct script_op script[] = {{SCRIPT_REPORT, {1}}, {SCRIPT_END, {0}}};
	struct kvm_mp_state s = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct realm r;

	REALM_NEW(&r, 2, script);
	WANT(realm_report(&r, 0), 1);
	WANT(call(r.vcpu[1], KVM_SET_MP_STATE, &s), 0);
	WANT(realm_run(&r, 1), want_of("runnable-by-force"));
}

static void user_system_off(void)
{
	static const struct script_op script[] = {{SCRIPT_SMC, {PSCI_SYSTEM_OFF}},
						  {SCRIPT_END, {0}}};
	struct realm r;

	realm_open(&r);
	WANT(smccc_filter(&r, PSCI_VERSION, 0x20, KVM_SMCCC_FILTER_FWD_TO_USER), 0);
	realm_vcpus(&r, 1);
	realm_vgic(&r);
	realm_memory(&r);
	realm_code(&r, script, 2);
	WANT(realm_run(&r, 0), 0);
	WANT(r.run[0]->exit_reason, KVM_EXIT_HYPERCALL);
	WANT(r.run[0]->hypercall.nr, PSCI_SYSTEM_OFF);
	WANT(realm_run(&r, 0), 0);
	WANT(r.run[0]->exit_reason, KVM_EXIT_SHUTDOWN);
}

static void filter_late(void)
{
	static const struct script_op script[] = {{SCRIPT_REPORT, {1}}, {SCRIPT_END, {0}}};
	struct realm r;

	REALM_NEW(&r, 1, script);
	WANT(realm_report(&r, 0), 1);
	WANT(smccc_filter(&r, PSCI_VERSION, 0x20, KVM_SMCCC_FILTER_FWD_TO_USER), -EBUSY);
}

static void filter_arguments(void)
{
	struct kvm_smccc_filter f = {.base = PSCI_VERSION, .nr_functions = 1, .pad = {1}};
	struct kvm_device_attr a = {.group = KVM_ARM_VM_SMCCC_CTRL, .addr = (uintptr_t)&f};
	struct realm r;

	realm_open(&r);
	WANT(call(r.vm, KVM_SET_DEVICE_ATTR, &a), -EINVAL);
	WANT(smccc_filter(&r, PSCI_VERSION, 0, 0), -EINVAL);
	WANT(smccc_filter(&r, 0xffffffff, 2, 0), -EINVAL);
	WANT(smccc_filter(&r, PSCI_VERSION, 1, 99), -EINVAL);
	WANT(smccc_filter(&r, PSCI_VERSION, 1, KVM_SMCCC_FILTER_DENY), 0);
	WANT(smccc_filter(&r, PSCI_VERSION, 1, KVM_SMCCC_FILTER_DENY), -EEXIST);
	WANT(call(r.vm, KVM_HAS_DEVICE_ATTR, &a), 0);
	a.attr = 9;
	WANT(call(r.vm, KVM_HAS_DEVICE_ATTR, &a), -ENXIO);
}

static const struct check checks[] = {
	{"psci-kernel", "CPU_ON, AFFINITY_INFO, VERSION, FEATURES answered in the kernel and RMM",
	 psci_kernel},
	{"psci-cpu-off", "CPU_OFF stops the vCPU", psci_cpu_off},
	{"complete-ordinary-vm",
	 "PSCI_COMPLETE on an ordinary VM: EPERM (v13: ENXIO; v14: no such call)",
	 complete_ordinary},
	{"complete-pointer", "PSCI_COMPLETE, unreadable argument: EFAULT (v14: no such call)",
	 complete_pointer},
	{"complete-early", "PSCI_COMPLETE, unknown MPIDR or no REC yet: EINVAL", complete_early},
	{"complete-nothing", "PSCI_COMPLETE with nothing pending: EINVAL", complete_nothing},
	{"complete-wrong", "PSCI_COMPLETE, wrong target, vCPU or status, or twice: EINVAL",
	 complete_wrong},
	{"complete-padding", "PSCI_COMPLETE does not look at the padding", complete_padding},
	{"hypercall-visible", "a forwarded CPU_ON shows its number and target, no more",
	 hypercall_visible},
	{"complete-success", "CPU_ON completed (v14: by x0): the target runs once made RUNNABLE",
	 complete_success},
	{"complete-denied",
	 "DENIED cannot be said in 32 bits: EINVAL, then ENXIO (v14: x0 says it)", complete_denied},
	{"complete-forgotten", "KVM_RUN with PSCI pending: ENXIO (v14: DENIED)",
	 complete_forgotten},
	{"runnable-by-force", "a vCPU made RUNNABLE without CPU_ON: ENXIO (v14: EAGAIN)",
	 runnable_by_force},
	{"user-system-off", "SYSTEM_OFF forwarded, run again: KVM_EXIT_SHUTDOWN", user_system_off},
	{"filter-late", "the SMCCC filter after the first run: EBUSY", filter_late},
	{"filter-arguments", "the SMCCC filter's arguments", filter_arguments},
};

const struct check_group check_psci = {"psci", checks, sizeof(checks) / sizeof(checks[0])};
