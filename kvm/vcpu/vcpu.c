// SPDX-License-Identifier: BSD-3-Clause
/* vcpu.c - virtual CPUs: creation, VCPU_INIT and FINALIZE, attributes, small calls. */
#include "kvm/vcpu/vcpu.h"
#include "abi/arm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/memfile.h"
#include "kvm/core/vm.h"
#include "kvm/irq/vgic.h"
#include "kvm/mem/memslot.h"
#include "kvm/revision/revision.h"
#include "kvm/rules.h"
#include "kvm/vcpu/onereg.h"
#include "kvm/vcpu/pmu.h"
#include "kvm/vcpu/pvtime.h"
#include "kvm/vcpu/timer.h"
#include "machine/pe.h"

#define SHARED_BYTES (KVM_VCPU_MMAP_SIZE + 4096) /* plus the transport's page */
#define GUEST_DEBUG_VALID                                                                          \
	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP |                  \
	 KVM_GUESTDBG_USE_HW)

static bool map_shared(struct kvm_vcpu *v)
{
	void *at;

	v->memfd = memfile_create(VCPU_MEMFD_NAME, SHARED_BYTES, 0, &at);
	if (v->memfd < 0)
		return false;
	v->shared = at;
	v->run = at;
	return true;
}

result vcpu_create(struct kvm_vm *vm, unsigned int id, struct kvm_vcpu **out)
{
	struct kvm_vcpu *v = calloc(1, sizeof(*v));
	result why;

	lock_assert_held(&vm->lock);
	if (!v)
		return &rule_kvm_no_memory;
	v->vm = vm;
	v->id = id;
	v->index = atomic_load(&vm->num_vcpus);
	v->memfd = -1;
	lock_init(&v->mutex, RANK_VCPU, "vcpu->mutex");
	lock_init(&v->mp_lock, RANK_MP, "vcpu->mp_lock");
	history_init(&v->history);
	stats_init(&v->stats, &stats_of_vcpu);
	why = dirty_ring_init(&v->ring, atomic_load(&vm->dirty_ring_bytes));
	v->pe = pe_create();
	if (why || !v->pe || !map_shared(v) || iobus_make_ring(&vm->bus)) {
		vcpu_destroy(v);
		return &rule_kvm_no_memory;
	}
	*out = v;
	return OK;
}

void vcpu_destroy(struct kvm_vcpu *v)
{
	if (v->shared)
		munmap(v->shared, SHARED_BYTES);
	if (v->memfd >= 0)
		close(v->memfd);
	if (v->pe)
		pe_destroy(v->pe);
	lock_destroy(&v->mutex);
	lock_destroy(&v->mp_lock);
	history_destroy(&v->history);
	free(v->sve);
	stats_destroy(&v->stats);
	dirty_ring_destroy(&v->ring);
	free(v);
}

void vcpu_reset(struct kvm_vcpu *v)
{
	v->in_engine = v->engine_reset = false;
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.pstate = PSTATE_RESET;
	sysreg_reset(v);
	sve_init(v);
	v->serror_pending = false;
	if (atomic_exchange(&v->reset_pending, false)) {
		v->regs.pc = v->reset_pc;
		v->regs.x[0] = v->reset_x0;
	}
}

void vcpu_settle_reset(struct kvm_vcpu *v)
{
	if (atomic_load(&v->reset_pending))
		vcpu_reset(v);
}

/* ---- KVM_ARM_VCPU_INIT ---- */

#define F(name) (1u << KVM_ARM_VCPU_##name)

static uint32_t supported_features(const struct kvm_call *c)
{
	const struct kvm_host *h = c->host;
	uint32_t f = F(POWER_OFF) | F(PSCI_0_2) | F(PTRAUTH_ADDRESS) | F(PTRAUTH_GENERIC) |
		     F(HAS_EL2_E2H0);

	if (host_feature(h, RMI_FEATURE0_SVE_EN))
		f |= F(SVE);
	if (host_feature(h, RMI_FEATURE0_PMU_EN))
		f |= F(PMU_V3);
	return f | c->rev->ignored_features;
}

static result check_features(const struct kvm_call *c, const struct kvm_vcpu_init *init)
{
	uint32_t f = init->features[0];

	if (f >> c->rev->num_features)
		return &rule_kvm_init_unknown_feature;
	for (size_t i = 1; i < ARRAY_SIZE(init->features); i++)
		if (init->features[i])
			return &rule_kvm_init_unknown_feature;
	if (f & ~supported_features(c))
		return &rule_kvm_init_unsupported_feature;
	if (c->vm->is_realm && (f & c->rev->realm_refused_features))
		return &rule_kvm_init_feature_realm;
	if (!(f & F(PTRAUTH_ADDRESS)) != !(f & F(PTRAUTH_GENERIC)))
		return &rule_kvm_init_ptrauth;
	return OK;
}

/* The first vCPU to be initialised fixes the features and ID registers of the VM. */
static result set_target(struct kvm_vcpu *v, uint32_t features)
{
	struct kvm_vm *vm = v->vm;
	result why = OK;

	lock_take(&vm->config_lock);
	if (vm->features_set && atomic_load(&vm->features) != features) {
		why = &rule_kvm_init_features_differ;
	} else if (!vm->features_set) {
		atomic_store(&vm->features, features);
		vm->features_set = true;
		idregs_init(vm);
	}
	lock_drop(&vm->config_lock);
	return why;
}

result vcpu_init(struct kvm_call *c)
{
	struct kvm_vcpu *v = c->vcpu;
	struct kvm_vcpu_init init;
	uint32_t features;
	result why = call_read(c, &init, sizeof(init));

	if (why)
		return why;
	if (init.target != KVM_ARM_TARGET_GENERIC_V8)
		return &rule_kvm_init_target;
	why = check_features(c, &init);
	if (why)
		return why;
	features = init.features[0] & ~(F(POWER_OFF) | c->rev->ignored_features);
	why = set_target(v, features);
	if (why)
		return why;
	vcpu_reset(v);
	atomic_store(&v->irq_lines, 0);
	v->initialized = true;
	lock_take(&v->mp_lock);
	atomic_store(&v->mp_state, init.features[0] & F(POWER_OFF) ? KVM_MP_STATE_STOPPED
								   : KVM_MP_STATE_RUNNABLE);
	lock_drop(&v->mp_lock);
	return OK;
}

result vcpu_finalize(struct kvm_call *c)
{
	struct kvm_vcpu *v = c->vcpu;
	int32_t what;
	result why;

	if (!v->initialized)
		return &rule_kvm_vcpu_not_initialized;
	why = call_read(c, &what, sizeof(what));
	if (why)
		return why;
	if (what != KVM_ARM_VCPU_SVE || !vm_has_feature(v->vm, KVM_ARM_VCPU_SVE))
		return &rule_kvm_finalize_feature;
	return sve_finalize(v);
}

/* ---- small calls ---- */

result vcpu_set_signal_mask(struct kvm_call *c)
{
	struct kvm_signal_mask m;
	uint64_t set;
	result why;

	if (!c->arg) {
		atomic_store(&c->vcpu->sigmask_set, false);
		return OK;
	}
	why = call_read(c, &m, sizeof(m));
	if (why)
		return why;
	if (m.len != sizeof(set))
		return &rule_kvm_signal_mask_len;
	why = call_read_at(c, &set, c->arg + sizeof(m), sizeof(set));
	if (why)
		return why;
	atomic_store(&c->vcpu->sigmask, set);
	atomic_store(&c->vcpu->sigmask_set, true);
	return OK;
}

result vcpu_set_guest_debug(struct kvm_call *c)
{
	struct kvm_guest_debug d;
	result why = call_read(c, &d, sizeof(d));

	if (why)
		return why;
	if (d.control & ~GUEST_DEBUG_VALID)
		return &rule_kvm_guest_debug_control;
	c->vm->kind->set_guest_debug(c->vcpu, &d);
	return OK;
}

/* ---- attributes ---- */

result vcpu_set_device_attr(struct kvm_call *c)
{
	struct kvm_device_attr a;
	result why = call_read(c, &a, sizeof(a));

	if (why)
		return why;
	switch (a.group) {
	case KVM_ARM_VCPU_PMU_V3_CTRL:
		return pmu_set_attr(c->vcpu, c->caller, &a);
	case KVM_ARM_VCPU_TIMER_CTRL:
		return timer_set_attr(c->vcpu, c->caller, &a);
	case KVM_ARM_VCPU_PVTIME_CTRL:
		return pvtime_set_attr(c->vcpu, c->caller, &a);
	default:
		return &rule_kvm_attr_unknown;
	}
}

result vcpu_get_device_attr(struct kvm_call *c)
{
	struct kvm_device_attr a;
	result why = call_read(c, &a, sizeof(a));

	if (why)
		return why;
	switch (a.group) {
	case KVM_ARM_VCPU_PMU_V3_CTRL:
		return pmu_get_attr(c->vcpu, c->caller, &a);
	case KVM_ARM_VCPU_TIMER_CTRL:
		return timer_get_attr(c->vcpu, c->caller, &a);
	case KVM_ARM_VCPU_PVTIME_CTRL:
		return pvtime_get_attr(c->vcpu, c->caller, &a);
	default:
		return &rule_kvm_attr_unknown;
	}
}

result vcpu_has_device_attr(struct kvm_call *c)
{
	struct kvm_device_attr a;
	result why = call_read(c, &a, sizeof(a));

	if (why)
		return why;
	if (a.group == KVM_ARM_VCPU_TIMER_CTRL)
		return timer_has_attr(&a);
	if (a.group == KVM_ARM_VCPU_PVTIME_CTRL)
		return pvtime_has_attr(c->vcpu, &a);
	if (a.group == KVM_ARM_VCPU_PMU_V3_CTRL)
		return pmu_has_attr(c->vcpu, &a);
	return &rule_kvm_attr_unknown;
}
