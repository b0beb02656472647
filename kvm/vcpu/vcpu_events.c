// SPDX-License-Identifier: BSD-3-Clause
/* vcpu_events.c - MP_STATE and VCPU_EVENTS. */
#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "kvm/core/vm.h"
#include "machine/pe.h"

#define SERROR_ISS MASK(24, 0)
#define SERROR_IDS BIT(24) /* the rest of the syndrome is the implementation's own */

result vcpu_get_mp_state(struct kvm_call *c)
{
	struct kvm_mp_state s = {.mp_state = atomic_load(&c->vcpu->mp_state)};

	return call_write_at(c, c->arg, &s, sizeof(s));
}

result vcpu_set_mp_state(struct kvm_call *c)
{
	struct kvm_vcpu *v = c->vcpu;
	struct kvm_mp_state s;
	result why = call_read(c, &s, sizeof(s));

	if (why)
		return why;
	switch (s.mp_state) {
	case KVM_MP_STATE_RUNNABLE:
	case KVM_MP_STATE_STOPPED:
	case KVM_MP_STATE_SUSPENDED:
		break;
	default:
		return &rule_kvm_mp_state;
	}
	lock_take(&v->mp_lock);
	atomic_store(&v->mp_state, s.mp_state);
	lock_drop(&v->mp_lock);
	pe_kick(v->pe);
	return OK;
}

result vcpu_get_events(struct kvm_call *c)
{
	struct kvm_vcpu_events e = {0};

	if (!c->vcpu->initialized)
		return &rule_kvm_events_not_initialized;
	e.exception.serror_pending = c->vcpu->serror_pending;
	e.exception.serror_has_esr = 1;
	e.exception.serror_esr = c->vcpu->serror_pending ? c->vcpu->serror_esr : 0;
	return call_write_at(c, c->arg, &e, sizeof(e));
}

result vcpu_set_events(struct kvm_call *c)
{
	struct kvm_vcpu *v = c->vcpu;
	struct kvm_vcpu_events e;
	result why;

	if (!v->initialized)
		return &rule_kvm_events_not_initialized;
	why = call_read(c, &e, sizeof(e));
	if (why)
		return why;
	if (c->vm->is_realm && e.exception.serror_pending)
		return &rule_kvm_events_realm_serror;
	if (e.exception.serror_pending && e.exception.serror_has_esr &&
	    e.exception.serror_esr & ~SERROR_ISS)
		return &rule_kvm_events_esr;
	why = e.exception.ext_dabt_pending ? c->vm->kind->abort_access(v) : OK;
	if (why || c->vm->is_realm || !e.exception.serror_pending)
		return why;
	v->serror_pending = true;
	v->serror_esr = e.exception.serror_has_esr ? e.exception.serror_esr : SERROR_IDS;
	return OK;
}
