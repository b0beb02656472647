// SPDX-License-Identifier: BSD-3-Clause
/*
 * psci.c - PSCI in the kernel, and KVM_ARM_VCPU_RMI_PSCI_COMPLETE for user space's PSCI.
 *
 * A realm's CPU_ON and AFFINITY_INFO are answered by the RMM; the host only completes them, with
 * the REC that is meant, before the calling REC runs again. mp_lock of the target is held over the
 * completion, so it cannot be entered before the RMM made it runnable.
 */
#include <string.h>

#include "abi/realm.h"
#include "abi/rsi.h"
#include "kvm/core/vm.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/smccc.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/pe.h"

#define PSCI_MIGRATE_INFO_TYPE	  0x84000006
#define PSCI_TOS_MP		  2
#define PSCI_OFF_TYPE_HIBERNATE	  1
#define PSCI_FEATURE_HIBERNATE	  1 /* of SYSTEM_OFF2 */
#define PSCI_RET_INTERNAL_FAILURE (-6)

void psci_stop(struct kvm_vcpu *v)
{
	lock_take(&v->mp_lock);
	atomic_store(&v->mp_state, KVM_MP_STATE_STOPPED);
	lock_drop(&v->mp_lock);
	pe_kick(v->pe);
}

bool psci_complete(struct kvm_vcpu *calling, struct kvm_vcpu *target, uint64_t status)
{
	lock_assert_held(&target->mp_lock);
	return calling->vm->kind->psci_complete(calling, target, status);
}

static bool complete_locked(struct kvm_vcpu *calling, struct kvm_vcpu *target, uint64_t status)
{
	bool done;

	lock_take(&target->mp_lock);
	done = psci_complete(calling, target, status);
	lock_drop(&target->mp_lock);
	return done;
}

/* Affinity fields and nothing else. */
static bool valid_affinity(uint64_t mpidr)
{
	return !(mpidr & ~MPIDR_AFFINITY);
}

static int64_t turn_on(struct kvm_vcpu *t, uint64_t pc, uint64_t context)
{
	if (!vcpu_stopped(t))
		return PSCI_RET_ALREADY_ON;
	t->reset_pc = pc;
	t->reset_x0 = context;
	atomic_store(&t->reset_pending, true);
	return PSCI_RET_SUCCESS;
}

static int64_t cpu_on(struct kvm_vcpu *v)
{
	const uint64_t *x = v->regs.x;
	struct kvm_vcpu *t = valid_affinity(x[1]) ? vm_vcpu_by_mpidr(v->vm, x[1]) : NULL;
	int64_t ret;

	if (!t)
		return PSCI_RET_INVALID_PARAMETERS;
	lock_take(&t->mp_lock);
	ret = turn_on(t, x[2], x[3]);
	psci_complete(v, t, PSCI_RET_SUCCESS);
	v->rec.psci_pending = false;
	if (ret == PSCI_RET_SUCCESS)
		atomic_store(&t->mp_state, KVM_MP_STATE_RUNNABLE);
	lock_drop(&t->mp_lock);
	if (ret == PSCI_RET_SUCCESS)
		pe_kick(t->pe);
	return ret;
}

static int64_t affinity_info(struct kvm_vcpu *v)
{
	const uint64_t *x = v->regs.x;
	struct kvm_vcpu *t = valid_affinity(x[1]) ? vm_vcpu_by_mpidr(v->vm, x[1]) : NULL;

	if (!t)
		return PSCI_RET_INVALID_PARAMETERS;
	complete_locked(v, t, PSCI_RET_SUCCESS);
	v->rec.psci_pending = false;
	return vcpu_stopped(t) ? PSCI_AFFINITY_OFF : PSCI_AFFINITY_ON;
}

/* Every vCPU is stopped; this one tells user space. */
static void system_event(struct kvm_vcpu *v, uint32_t type)
{
	unsigned int n = atomic_load(&v->vm->num_vcpus);

	for (unsigned int i = 0; i < n; i++)
		psci_stop(v->vm->vcpus[i]);
	memset(&v->run->system_event, 0, sizeof(v->run->system_event));
	v->run->system_event.type = type;
	v->run->system_event.ndata = 1;
	v->run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
}

/* User space may keep the VM suspended: with its consent (KVM_CAP_ARM_SYSTEM_SUSPEND). */
static void system_suspend(struct kvm_vcpu *v)
{
	memset(&v->run->system_event, 0, sizeof(v->run->system_event));
	v->run->system_event.type = KVM_SYSTEM_EVENT_SUSPEND;
	v->run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
}

/* Reset types: 0, and the vendor's own. */
static bool system_reset2(struct kvm_vcpu *v)
{
	uint64_t type = v->regs.x[1];

	if (type && type < UINT64_C(1) << 31)
		return false;
	system_event(v, KVM_SYSTEM_EVENT_RESET);
	v->run->system_event.data[0] = KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2;
	return true;
}

/* Nothing is kept over a hibernation here: user space does that. */
static bool system_off2(struct kvm_vcpu *v)
{
	uint64_t cookie = v->regs.x[2];

	if ((uint32_t)v->regs.x[0] == PSCI_SYSTEM_OFF2)
		cookie = (uint32_t)cookie;
	if (v->regs.x[1] > PSCI_OFF_TYPE_HIBERNATE || cookie)
		return false;
	system_event(v, KVM_SYSTEM_EVENT_SHUTDOWN);
	v->run->system_event.data[0] = KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2;
	return true;
}

/* Functions that a later PSCI has brought, and that the VM's own does not know. */
static bool is_later(const struct kvm_vm *vm, uint32_t fid)
{
	uint64_t version = atomic_load(&((struct kvm_vm *)vm)->firmware.psci_version);

	switch (fid) {
	case PSCI_FEATURES:
		return version < PSCI_VERSION_1_0;
	case PSCI_SYSTEM_SUSPEND:
	case PSCI_SYSTEM_SUSPEND_64:
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2_64:
		return version < PSCI_VERSION_1_1;
	case PSCI_SYSTEM_OFF2:
	case PSCI_SYSTEM_OFF2_64:
		return version < PSCI_VERSION_1_3;
	}
	return false;
}

static int64_t psci_features(const struct kvm_vm *vm, uint32_t fid)
{
	if (is_later(vm, fid))
		return PSCI_RET_NOT_SUPPORTED;
	switch (fid) {
	case PSCI_SYSTEM_OFF2:
	case PSCI_SYSTEM_OFF2_64:
		return vm->is_realm ? PSCI_RET_NOT_SUPPORTED : PSCI_FEATURE_HIBERNATE;
	case PSCI_SYSTEM_SUSPEND:
	case PSCI_SYSTEM_SUSPEND_64:
		return vm->system_suspend ? PSCI_RET_SUCCESS : PSCI_RET_NOT_SUPPORTED;
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2_64:
		return vm->is_realm ? PSCI_RET_NOT_SUPPORTED : PSCI_RET_SUCCESS;
	case SMCCC_VERSION:
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_CPU_ON_64:
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
		return PSCI_RET_SUCCESS;
	default:
		return PSCI_RET_NOT_SUPPORTED;
	}
}

bool psci_call(struct kvm_vcpu *v)
{
	int64_t ret = PSCI_RET_NOT_SUPPORTED;
	bool leave = false;

	if (is_later(v->vm, (uint32_t)v->regs.x[0])) {
		smccc_return(v->regs.x, ret);
		return false;
	}
	switch ((uint32_t)v->regs.x[0]) {
	case PSCI_VERSION:
		ret = (int64_t)atomic_load(&v->vm->firmware.psci_version);
		break;
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND_64:
		v->standby = true;
		ret = PSCI_RET_SUCCESS;
		break;
	case PSCI_CPU_OFF:
		psci_stop(v);
		ret = PSCI_RET_SUCCESS;
		break;
	case PSCI_CPU_ON:
	case PSCI_CPU_ON_64:
		ret = cpu_on(v);
		break;
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO_64:
		ret = affinity_info(v);
		break;
	case PSCI_MIGRATE_INFO_TYPE:
		ret = PSCI_TOS_MP;
		break;
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
		system_event(v, (uint32_t)v->regs.x[0] == PSCI_SYSTEM_OFF
					? KVM_SYSTEM_EVENT_SHUTDOWN
					: KVM_SYSTEM_EVENT_RESET);
		ret = PSCI_RET_INTERNAL_FAILURE; /* seen only if run again all the same */
		leave = true;
		break;
	case PSCI_FEATURES:
		ret = psci_features(v->vm, (uint32_t)v->regs.x[1]);
		break;
	case PSCI_SYSTEM_SUSPEND:
	case PSCI_SYSTEM_SUSPEND_64:
		if (!v->vm->system_suspend)
			break;
		system_suspend(v);
		return true; /* x0 is user space's to set */
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2_64:
		if (v->vm->is_realm)
			break;
		leave = system_reset2(v);
		ret = leave ? PSCI_RET_INTERNAL_FAILURE : PSCI_RET_INVALID_PARAMETERS;
		break;
	case PSCI_SYSTEM_OFF2:
	case PSCI_SYSTEM_OFF2_64:
		if (v->vm->is_realm)
			break;
		leave = system_off2(v);
		ret = leave ? PSCI_RET_INTERNAL_FAILURE : PSCI_RET_INVALID_PARAMETERS;
		break;
	}
	smccc_return(v->regs.x, ret);
	return leave;
}

bool psci_complete_by_x0(struct kvm_vcpu *v)
{
	const uint64_t *asked = v->rec.exit.gprs;
	uint64_t status = PSCI_RET_SUCCESS;
	struct kvm_vcpu *t;

	switch ((uint32_t)asked[0]) {
	case PSCI_CPU_ON:
	case PSCI_CPU_ON_64:
		if (v->regs.x[0] && v->regs.x[0] != (uint64_t)PSCI_RET_ALREADY_ON)
			status = (uint64_t)PSCI_RET_DENIED;
		break;
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO_64:
		break;
	default:
		return true;
	}
	t = vm_vcpu_by_mpidr(v->vm, asked[1]);
	if (!t)
		return false;
	return complete_locked(v, t, status);
}

result vcpu_psci_complete(struct kvm_call *c)
{
	struct kvm_arm_rmi_psci_complete arg;
	struct kvm_vcpu *t;
	result why;

	if (!c->vm->is_realm)
		return c->rev->psci_not_realm;
	why = call_read(c, &arg, sizeof(arg));
	if (why)
		return why;
	t = vm_vcpu_by_mpidr(c->vm, arg.target_mpidr);
	if (!t)
		return &rule_kvm_psci_unknown_mpidr;
	/* 32 bits, not sign-extended: DENIED is refused by the RMM. v12's bug, kept. */
	return complete_locked(c->vcpu, t, arg.psci_status) ? OK : &rule_kvm_psci_refused;
}
