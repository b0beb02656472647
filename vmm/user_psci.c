// SPDX-License-Identifier: BSD-3-Clause
/*
 * user_psci.c - PSCI in user space. The RMM checks the calls and computes the results; what is
 * left is to confirm those that name another vCPU, and to switch vCPUs on and off.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm/end.h"
#include "vmm/vcpu.h"

#define PSCI_COMPLETE	   _IOW(KVMIO, 0xd6, struct kvm_arm_rmi_psci_complete)
#define PSCI_CPU_SUSPEND   0x84000001
#define PSCI_CPU_OFF	   0x84000002
#define PSCI_CPU_ON	   0x84000003
#define PSCI_AFFINITY_INFO 0x84000004
#define PSCI_SYSTEM_OFF	   0x84000008
#define PSCI_SYSTEM_RESET  0x84000009
#define SMCCC_64	   0x40000000
#define PSCI_SUCCESS	   0
#define PSCI_NOT_SUPPORTED UINT64_MAX

static struct vcpu *find(struct vcpus *v, uint64_t mpidr)
{
	for (unsigned int i = 0; i < v->count; i++)
		if (layout_mpidr(i) == mpidr)
			return &v->cpu[i];
	return NULL;
}

/*
 * The call is pending in the RMM until it is confirmed: on the caller's descriptor (v12, v13), or
 * by the caller's x0 when it is run on (v14 and later).
 */
static int complete(struct vcpu *c, uint64_t *target)
{
	struct kvm_arm_rmi_psci_complete p = {.psci_status = PSCI_SUCCESS};
	int ret = realm_get_reg(c->fd, KVM_REG_ARM_CORE_X(1), target);

	p.target_mpidr = *target;
	if (!ret && !c->all->realm->abi.psci_ioctl)
		ret = realm_set_reg(c->fd, KVM_REG_ARM_CORE_X(0), PSCI_SUCCESS);
	else if (!ret && ioctl(c->fd, PSCI_COMPLETE, &p) < 0)
		ret = -errno;
	if (ret)
		end_run(ret == -EIO ? VMM_ENGINE_LOST : VMM_REFUSED,
			"completing a PSCI call (KVM_ARM_VCPU_RMI_PSCI_COMPLETE) failed: %s",
			strerror(-ret));
	return ret;
}

/*
 * The RMM switches a vCPU off before its thread here hears of it, and another one may switch it
 * on again in between: so CPU_ON is noted even for a vCPU that looks on, and CPU_OFF heeds it.
 */
static void cpu_on(struct vcpu *c)
{
	struct vcpu *target;
	uint64_t mpidr;

	if (complete(c, &mpidr))
		return;
	target = find(c->all, mpidr);
	pthread_mutex_lock(&c->all->lock);
	if (target) {
		target->on = target->go = true;
		pthread_cond_broadcast(&c->all->power);
	}
	pthread_mutex_unlock(&c->all->lock);
}

void psci_handle(struct vcpu *c)
{
	uint64_t call = c->run->hypercall.nr, ignored;
	int ret;

	switch (call & ~(uint64_t)SMCCC_64) {
	case PSCI_CPU_ON:
		cpu_on(c);
		break;
	case PSCI_AFFINITY_INFO:
		complete(c, &ignored);
		break;
	case PSCI_CPU_OFF:
		pthread_mutex_lock(&c->all->lock);
		c->on = c->go;
		pthread_mutex_unlock(&c->all->lock);
		break;
	case PSCI_CPU_SUSPEND:
		break; /* a wake-up at once is always allowed */
	case PSCI_SYSTEM_OFF:
		end_run(VMM_OK, "the realm powered off");
		break;
	case PSCI_SYSTEM_RESET:
		end_run(VMM_RESET, "the realm asked for a reset");
		break;
	default:
		ret = realm_set_reg(c->fd, KVM_REG_ARM_CORE_X(0), PSCI_NOT_SUPPORTED);
		if (ret)
			end_run(VMM_REFUSED, "KVM_SET_ONE_REG failed: %s", strerror(-ret));
	}
}
