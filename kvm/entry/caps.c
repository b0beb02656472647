// SPDX-License-Identifier: BSD-3-Clause
/*
 * caps.c - KVM_CHECK_EXTENSION and KVM_ENABLE_CAP.
 *
 * One row a capability: the answer on /dev/kvm, on an ordinary VM, on a realm VM. A realm's 0 is
 * the series' allow-list, which hides even calls that work. Capabilities that nothing here stands
 * behind have no row and answer 0: docs/kvm.md has the reason of each.
 */
#include <errno.h>

#include "abi/kvm.h"
#include "abi/rmi.h"
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/mem/dirty_ring.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"

#define CAP_REFUSED (-1) /* EINVAL on /dev/kvm: only a VM can tell */

struct cap {
	uint32_t nr;
	int sys, vm, realm;
};

#define EVERYWHERE(nr, v)                                                                          \
	{                                                                                          \
		KVM_CAP_##nr, v, v, v                                                              \
	}
#define NOT_REALM(nr, v)                                                                           \
	{                                                                                          \
		KVM_CAP_##nr, v, v, 0                                                              \
	}

#define GUEST_DEBUG_CONTROLS 196611 /* KVM_GUESTDBG_ENABLE, SINGLESTEP, USE_SW_BP, USE_HW */
#define BLOCK_SIZES	     ((1 << 30) | (2 << 20) | (4 << 10))

static const struct cap caps[] = {
	EVERYWHERE(IRQCHIP, 1),
	EVERYWHERE(USER_MEMORY, 1),
	EVERYWHERE(NR_VCPUS, PLATFORM_NR_VCPUS),
	EVERYWHERE(NR_MEMSLOTS, MEMSLOT_MAX),
	NOT_REALM(MP_STATE, 1),
	EVERYWHERE(COALESCED_MMIO, KVM_COALESCED_MMIO_PAGE_OFFSET),
	EVERYWHERE(SYNC_MMU, 1),
	EVERYWHERE(DESTROY_MEMORY_REGION_WORKS, 1),
	NOT_REALM(SET_GUEST_DEBUG, 1),
	EVERYWHERE(IRQ_ROUTING, 4096),
	EVERYWHERE(JOIN_MEMORY_REGIONS_WORKS, 1),
	EVERYWHERE(IRQFD, 1),
	NOT_REALM(IOEVENTFD, 1),
	EVERYWHERE(INTERNAL_ERROR_DATA, 1),
	NOT_REALM(VCPU_EVENTS, 1),
	EVERYWHERE(MAX_VCPUS, PLATFORM_MAX_VCPUS),
	NOT_REALM(ONE_REG, 1),
	EVERYWHERE(SIGNAL_MSI, 1),
	NOT_REALM(READONLY_MEM, 1),
	NOT_REALM(IRQFD_RESAMPLE, 1),
	EVERYWHERE(ARM_PSCI, 1),
	NOT_REALM(ARM_SET_DEVICE_ADDR, 1),
	EVERYWHERE(DEVICE_CTRL, 1),
	EVERYWHERE(ENABLE_CAP_VM, 1),
	EVERYWHERE(ARM_PSCI_0_2, 1),
	EVERYWHERE(CHECK_EXTENSION_VM, 1),
	NOT_REALM(GUEST_DEBUG_HW_BPS, PLATFORM_BREAKPOINTS),
	NOT_REALM(GUEST_DEBUG_HW_WPS, PLATFORM_WATCHPOINTS),
	EVERYWHERE(IOEVENTFD_ANY_LENGTH, 1),
	NOT_REALM(VCPU_ATTRIBUTES, 1),
	EVERYWHERE(MAX_VCPU_ID, PLATFORM_MAX_VCPUS),
	{KVM_CAP_MSI_DEVID, CAP_REFUSED, 0, 0},
	NOT_REALM(IMMEDIATE_EXIT, 1),
	NOT_REALM(ARM_USER_IRQ, 1),
	NOT_REALM(ARM_INJECT_SERROR_ESR, 1), /* with ID_AA64PFR0_EL1.RAS, as a VM is shown it */
	EVERYWHERE(COALESCED_PIO, 1),
	EVERYWHERE(ARM_VM_IPA_SIZE, PLATFORM_IPA_LIMIT),
	EVERYWHERE(MANUAL_DIRTY_LOG_PROTECT2, 3),
	EVERYWHERE(ARM_PTRAUTH_ADDRESS, 1),
	EVERYWHERE(ARM_PTRAUTH_GENERIC, 1),
	NOT_REALM(ARM_IRQ_LINE_LAYOUT_2, 1),
	NOT_REALM(ARM_NISV_TO_USER, 1),
	NOT_REALM(ARM_INJECT_EXT_DABT, 1),
	EVERYWHERE(HALT_POLL, 1),
	NOT_REALM(PTP_KVM, 1),
	NOT_REALM(SET_GUEST_DEBUG2, GUEST_DEBUG_CONTROLS),
	EVERYWHERE(BINARY_STATS_FD, 1),
	EVERYWHERE(SYSTEM_EVENT_DATA, 1),
	NOT_REALM(ARM_SYSTEM_SUSPEND, 1),
	EVERYWHERE(DIRTY_LOG_RING_ACQ_REL, DIRTY_RING_MAX_ENTRIES * sizeof(struct kvm_dirty_gfn)),
	EVERYWHERE(DIRTY_LOG_RING_WITH_BITMAP, 1),
	NOT_REALM(COUNTER_OFFSET, 1),
	NOT_REALM(ARM_SUPPORTED_BLOCK_SIZES, BLOCK_SIZES),
	NOT_REALM(ARM_SUPPORTED_REG_MASK_RANGES, 1),
	EVERYWHERE(USER_MEMORY2, 1),
	EVERYWHERE(GUEST_MEMFD, 1),
	NOT_REALM(ARM_WRITABLE_IMP_ID_REGS, 1),
	{KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED, CAP_REFUSED, 0, 0},
	EVERYWHERE(GUEST_MEMFD_FLAGS, GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED),
	NOT_REALM(ARM_SEA_TO_USER, 1),
};

/* What the row says, but for what a machine with LPA2 has more of. */
static int row_value(const struct kvm_host *h, const struct cap *cap, int value)
{
	return cap->nr == KVM_CAP_ARM_VM_IPA_SIZE ? (int)host_ipa_limit(h) : value;
}

/* What the machine, the RMM's feature register or the revision decides. */
static int other_cap(const struct kvm_call *c, bool realm)
{
	const struct kvm_host *h = c->host;
	const struct kvm_revision *rev = c->rev;
	bool pmu = host_feature(h, RMI_FEATURE0_PMU_EN);

	if (c->arg == (h->cap_rmi ? h->cap_rmi : rev->cap_rmi))
		return h->rmi;
	if (rev->cap_gmem_attributes && c->arg == rev->cap_gmem_attributes)
		return !c->vm || realm ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
	/* There is no PMU to be chosen in place of the default one. */
	if (rev->cap_pmu_strict && c->arg == rev->cap_pmu_strict)
		return 0;
	switch (c->arg) {
	case KVM_CAP_MEMORY_ATTRIBUTES:
		return !rev->gmem_attributes && (!c->vm || realm) ? KVM_MEMORY_ATTRIBUTE_PRIVATE
								  : 0;
	case KVM_CAP_STEAL_TIME:
		return h->steal_time && !realm;
	case KVM_CAP_ARM_SVE:
		return host_feature(h, RMI_FEATURE0_SVE_EN);
	case KVM_CAP_ARM_PMU_V3:
		return pmu && (!realm || rev->realm_lists_pmu);
	default:
		return 0;
	}
}

static const struct cap *find_cap(uint64_t nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if (caps[i].nr == nr)
			return &caps[i];
	return NULL;
}

static bool realm_lists(uint32_t nr)
{
	const struct cap *cap = find_cap(nr);

	return cap && cap->realm;
}

result sys_check_extension(struct kvm_call *c)
{
	const struct cap *cap = find_cap(c->arg);

	if (cap && cap->sys == CAP_REFUSED)
		return &rule_kvm_cap_needs_vm;
	c->value = cap ? row_value(c->host, cap, cap->sys) : other_cap(c, false);
	return OK;
}

result vm_check_extension(struct kvm_call *c)
{
	const struct cap *cap = find_cap(c->arg);

	if (!cap)
		c->value = other_cap(c, c->vm->is_realm);
	else if (c->arg == KVM_CAP_MSI_DEVID)
		c->value = vgic_has_its(c->vm->gic);
	else
		c->value = row_value(c->host, cap, c->vm->is_realm ? cap->realm : cap->vm);
	return OK;
}

static result enable_dirty_log_protect(struct kvm_vm *vm, const struct kvm_enable_cap *cap)
{
	uint64_t allowed = cap->args[0] & 1 ? 3 : 1; /* initially-set only with protect-enable */

	if (cap->flags || (cap->args[0] & ~allowed))
		return &rule_kvm_enable_cap_args;
	lock_take(&vm->slots_lock);
	vm->manual_dirty_log = cap->args[0];
	lock_drop(&vm->slots_lock);
	return OK;
}

/* A switch that changes nothing for a VM that has no vCPU yet. */
static result enable_before_vcpus(struct kvm_vm *vm, bool *flag)
{
	result why = OK;

	lock_take(&vm->lock);
	if (atomic_load(&vm->num_vcpus))
		why = &rule_kvm_enable_cap_late;
	else
		*flag = true;
	lock_drop(&vm->lock);
	return why;
}

result vm_enable_cap(struct kvm_call *c)
{
	struct kvm_vm *vm = c->vm;
	struct kvm_enable_cap cap;
	result why = call_read(c, &cap, sizeof(cap));

	if (why)
		return why;
	if (cap.cap == KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2)
		return enable_dirty_log_protect(vm, &cap);
	if (cap.cap == KVM_CAP_DIRTY_LOG_RING_ACQ_REL)
		return dirty_ring_enable(vm, (uint32_t)cap.args[0]);
	if (cap.cap == KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP)
		return dirty_ring_enable_bitmap(vm, &cap);
	if (cap.cap == KVM_CAP_HALT_POLL)
		return cap.flags || cap.args[0] >> 32 ? &rule_kvm_enable_cap_args : OK;
	if (cap.flags)
		return &rule_kvm_enable_cap_args;
	if (vm->is_realm && c->rev->gates_enable_cap && !realm_lists(cap.cap))
		return &rule_kvm_enable_cap_realm;
	switch (cap.cap) {
	case KVM_CAP_ARM_NISV_TO_USER:
		atomic_store(&vm->nisv_to_user, true); /* a realm never gets there */
		return OK;
	case KVM_CAP_ARM_SYSTEM_SUSPEND:
		atomic_store(&vm->system_suspend, !vm->is_realm);
		return OK;
	case KVM_CAP_ARM_SEA_TO_USER:
		return OK; /* what they switch, a realm never reaches */
	case KVM_CAP_ARM_WRITABLE_IMP_ID_REGS:
		return enable_before_vcpus(vm, &vm->writable_imp_regs);
	default:
		return &rule_kvm_enable_cap_unknown;
	}
}
