// SPDX-License-Identifier: BSD-3-Clause
/*
 * guest_debug.c - KVM_SET_GUEST_DEBUG: user space debugs an ordinary VM's vCPU.
 *
 * While it does, the debug registers of the CPU hold user space's breakpoints and watchpoints, and
 * debug exceptions go to EL2, hence to user space. The guest's own registers are the shadow's then:
 * its accesses to them trap and are answered from there. Otherwise they are the CPU's, as all else;
 * but for MDCCINT_EL1, which QEMU's CPU has not.
 *
 * Single step. PSTATE.SS says whether the next instruction is still to be executed. One that has
 * been emulated, or has ended with the exit (HVC), leaves the step exception pending: the next
 * entry must take it and execute nothing (step_pending).
 */
#include <string.h>

#include "abi/arm.h"
#include "abi/kvm.h"
#include "base/bits.h"
#include "engine/engine.h"
#include "kvm/core/vm.h"
#include "kvm/ordinary/ordinary.h"
#include "kvm/vcpu/esr.h"
#include "kvm/vcpu/sysreg.h"
#include "kvm/vcpu/vcpu.h"

#define MDSCR_EL1  ARM64_SYS_REG(2, 0, 0, 2, 2)
#define DBGBVR(n)  ARM64_SYS_REG(2, 0, 0, n, 4)
#define DBGBCR(n)  ARM64_SYS_REG(2, 0, 0, n, 5)
#define DBGWVR(n)  ARM64_SYS_REG(2, 0, 0, n, 6)
#define DBGWCR(n)  ARM64_SYS_REG(2, 0, 0, n, 7)
#define OSLSR_EL1  ARM64_SYS_REG(2, 0, 1, 1, 4)
#define OSLSR_OSLK BIT(1)

#define ESR_OSLAR ESR_SYS(2, 0, 1, 0, 4)

void ordinary_set_guest_debug(struct kvm_vcpu *v, const struct kvm_guest_debug *d)
{
	ordinary_fetch(v); /* by whom the registers were the CPU's until now */
	v->debug.control = d->control & KVM_GUESTDBG_ENABLE ? d->control : 0;
	v->debug.step_pending = false;
	memset(v->debug.arch, 0, sizeof(v->debug.arch));
	if (v->debug.control & KVM_GUESTDBG_USE_HW)
		memcpy(v->debug.arch, d->arch, sizeof(v->debug.arch));
}

/* The guest's, from the shadow. */
static void guests_registers(struct kvm_vcpu *v, struct engine_debug *d)
{
	for (unsigned int i = 0; i < ENGINE_NUM_BPS; i++) {
		d->bvr[i] = *sysreg_shadow(v, DBGBVR(i));
		d->bcr[i] = *sysreg_shadow(v, DBGBCR(i));
	}
	for (unsigned int i = 0; i < ENGINE_NUM_WPS; i++) {
		d->wvr[i] = *sysreg_shadow(v, DBGWVR(i));
		d->wcr[i] = *sysreg_shadow(v, DBGWCR(i));
	}
	d->mdscr = *sysreg_shadow(v, MDSCR_EL1);
	d->os_lock = *sysreg_shadow(v, OSLSR_EL1) & OSLSR_OSLK ? 1 : 0;
}

/* User space's; no lock, which would silence all of them. */
static void users_registers(const struct kvm_vcpu *v, struct engine_debug *d)
{
	memcpy(d->bcr, v->debug.arch + KVM_GUEST_DEBUG_BCR, sizeof(d->bcr));
	memcpy(d->bvr, v->debug.arch + KVM_GUEST_DEBUG_BVR, sizeof(d->bvr));
	memcpy(d->wcr, v->debug.arch + KVM_GUEST_DEBUG_WCR, sizeof(d->wcr));
	memcpy(d->wvr, v->debug.arch + KVM_GUEST_DEBUG_WVR, sizeof(d->wvr));
	d->mdscr = (v->debug.control & KVM_GUESTDBG_USE_HW ? MDSCR_MDE : 0) |
		   (v->debug.control & KVM_GUESTDBG_SINGLESTEP ? MDSCR_SS : 0);
	d->traps = ENGINE_DEBUG_EXCEPTIONS;
}

void debug_collect(struct kvm_vcpu *v, struct engine_debug *d)
{
	if (v->debug.control)
		users_registers(v, d);
	else
		guests_registers(v, d);
}

void debug_store(struct kvm_vcpu *v, const struct engine_debug *d)
{
	uint64_t *oslsr = sysreg_shadow(v, OSLSR_EL1);

	if (v->debug.control)
		return;
	for (unsigned int i = 0; i < ENGINE_NUM_BPS; i++) {
		*sysreg_shadow(v, DBGBVR(i)) = d->bvr[i];
		*sysreg_shadow(v, DBGBCR(i)) = d->bcr[i];
	}
	for (unsigned int i = 0; i < ENGINE_NUM_WPS; i++) {
		*sysreg_shadow(v, DBGWVR(i)) = d->wvr[i];
		*sysreg_shadow(v, DBGWCR(i)) = d->wcr[i];
	}
	*sysreg_shadow(v, MDSCR_EL1) = d->mdscr;
	*oslsr = (*oslsr & ~OSLSR_OSLK) | (d->os_lock ? OSLSR_OSLK : 0);
}

uint64_t debug_enter(const struct kvm_vcpu *v)
{
	uint64_t pstate = v->regs.pstate;

	if (!(v->debug.control & KVM_GUESTDBG_SINGLESTEP))
		return pstate;
	return (pstate & ~PSTATE_SS) | (v->debug.step_pending ? 0 : PSTATE_SS);
}

uint64_t debug_leave(struct kvm_vcpu *v, uint64_t pstate)
{
	if (!(v->debug.control & KVM_GUESTDBG_SINGLESTEP))
		return pstate;
	v->debug.step_pending = !(pstate & PSTATE_SS);
	return (pstate & ~PSTATE_SS) | (v->regs.pstate & PSTATE_SS); /* the guest's own */
}

void debug_exit(struct kvm_vcpu *v, bool *leave)
{
	const struct rmi_rec_exit *x = &v->rec.exit;

	v->debug.step_pending = false;
	memset(&v->run->debug, 0, sizeof(v->run->debug));
	v->run->debug.hsr = (uint32_t)x->esr;
	v->run->debug.hsr_high = (uint32_t)(x->esr >> 32);
	if (ESR_EC(x->esr) == EC_WATCHPT_LOW)
		v->run->debug.far = x->far;
	v->run->exit_reason = KVM_EXIT_DEBUG;
	*leave = true;
}

/* What the guest reads and writes while user space has the registers. Those that have no shadow
 * (OSDLR_EL1, MDRAR_EL1, the communication channel) are zero and ignore writes. */
bool debug_access(struct kvm_vcpu *v, uint64_t esr)
{
	unsigned int rt = ESR_SYS_RT(esr);
	uint64_t op = esr & ESR_SYS_REG, *reg;

	if (FIELD_GET(MASK(21, 20), op) != 2)
		return false;
	reg = op == ESR_OSLAR ? sysreg_shadow(v, OSLSR_EL1) : sysreg_shadow(v, esr_sysreg_id(op));
	if (esr & ESR_SYS_READ)
		vcpu_set_reg(v, rt, reg ? *reg : 0);
	else if (op == ESR_OSLAR)
		*reg = (*reg & ~OSLSR_OSLK) | (vcpu_get_reg(v, rt) & 1 ? OSLSR_OSLK : 0);
	else if (reg && esr_sysreg_id(op) != OSLSR_EL1)
		*reg = vcpu_get_reg(v, rt);
	return true;
}
