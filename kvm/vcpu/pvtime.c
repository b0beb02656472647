// SPDX-License-Identifier: BSD-3-Clause
/* pvtime.c - stolen time: the attribute, the calls, and the structure in guest memory. */
#include "kvm/vcpu/pvtime.h"

#include <endian.h>

#include "abi/kvm.h"
#include "abi/rsi.h"
#include "base/bits.h"
#include "base/trace.h"
#include "kvm/caller.h"
#include "kvm/core/vm.h"
#include "kvm/mem/guest_mem.h"
#include "kvm/mem/memslot.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"

/* The kernel updates the structure whenever the thread gets a CPU. Here that takes 3 microseconds,
 * and more if the vCPU stops spinning meanwhile. So it is done this often at most. */
#define AGAIN_NS 1000000

/* ---- the attribute ---- */

static result check(const struct kvm_vcpu *v, const struct kvm_device_attr *a)
{
	if (!v->vm->host->steal_time)
		return &rule_kvm_pvtime_absent;
	return a->attr == KVM_ARM_VCPU_PVTIME_IPA ? OK : &rule_kvm_attr_unknown;
}

result pvtime_set_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a)
{
	struct memslot_view view;
	result why = check(v, a);
	uint64_t ipa;

	if (why)
		return why;
	if (c->ops->read(c, &ipa, a->addr, sizeof(ipa)))
		return &rule_kvm_arg_fault;
	if (!IS_ALIGNED(ipa, PVTIME_SIZE))
		return &rule_kvm_pvtime_align;
	if (v->pvtime.set)
		return &rule_kvm_pvtime_set;
	if (!memslot_look(v->vm, ipa, &view) || view.readonly)
		return &rule_kvm_pvtime_slot;
	v->pvtime.ipa = ipa;
	v->pvtime.set = true;
	return OK;
}

result pvtime_get_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a)
{
	uint64_t ipa = v->pvtime.set ? v->pvtime.ipa : UINT64_MAX;
	result why = check(v, a);

	if (why)
		return why;
	return c->ops->write(c, a->addr, &ipa, sizeof(ipa)) ? &rule_kvm_arg_fault : OK;
}

result pvtime_has_attr(const struct kvm_vcpu *v, const struct kvm_device_attr *a)
{
	return check(v, a);
}

/* ---- the structure ---- */

static uint64_t engine_now(struct kvm_vcpu *v)
{
	return v->vm->kind->run_delay ? v->vm->kind->run_delay(v) : 0;
}

/* How far it has come; a source that is not known any more stands still. */
static uint64_t advance(uint64_t *counted, uint64_t now)
{
	uint64_t more = now > *counted ? now - *counted : 0;

	*counted += more;
	return more;
}

/* Where user space has taken the memory away, the guest is told nothing, and later all. */
static void record(struct kvm_vcpu *v)
{
	uint64_t addr = v->pvtime.ipa + PVTIME_STOLEN, stolen;

	if (guest_mem_read(v->vm, addr, &stolen, sizeof(stolen)))
		return;
	stolen = le64toh(stolen) + advance(&v->pvtime.caller, v->pvtime.caller_now) +
		 advance(&v->pvtime.engine, engine_now(v));
	stolen = htole64(stolen);
	guest_mem_write(v->vm, addr, &stolen, sizeof(stolen), &v->ring);
}

static bool is_due(const struct kvm_vcpu *v)
{
	return v->pvtime.set && trace_now() - v->pvtime.looked >= AGAIN_NS;
}

void pvtime_begin(struct kvm_vcpu *v, struct kvm_caller *c)
{
	if (is_due(v))
		v->pvtime.caller_now = c->ops->run_delay(c);
}

void pvtime_enter(struct kvm_vcpu *v)
{
	if (!is_due(v))
		return;
	record(v);
	v->pvtime.looked = trace_now();
}

/* ---- the calls ---- */

int64_t pvtime_features(const struct kvm_vcpu *v, uint32_t call)
{
	return v->pvtime.set && (call == PV_TIME_FEATURES || call == PV_TIME_ST)
		       ? 0
		       : PSCI_RET_NOT_SUPPORTED;
}

int64_t pvtime_start(struct kvm_vcpu *v)
{
	static const uint8_t zero[PVTIME_STRUCT_BYTES];

	if (!v->pvtime.set)
		return PSCI_RET_NOT_SUPPORTED;
	advance(&v->pvtime.caller, v->pvtime.caller_now);
	advance(&v->pvtime.engine, engine_now(v));
	guest_mem_write(v->vm, v->pvtime.ipa, zero, sizeof(zero), &v->ring);
	return (int64_t)v->pvtime.ipa;
}
