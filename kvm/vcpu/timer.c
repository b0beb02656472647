// SPDX-License-Identifier: BSD-3-Clause
/*
 * timer.c - the architected timers: attributes, and interrupt lines driven from REC exits.
 *
 * The timers themselves run in the realm's CPU; the host sees their registers at every exit, and is
 * told by an exit when an output changes. While the vCPU does not run nothing tells: the host knows
 * the counter (pe_ms_until), and what the timers compare it with.
 */
#include "kvm/vcpu/timer.h"

#include "abi/kvm.h"
#include "kvm/rules.h"
#include "kvm/vcpu/vcpu.h"
#include "kvm/irq/vgic.h"
#include "kvm/core/vm.h"
#include "machine/pe.h"

#define CTL_ENABLE  (UINT64_C(1) << 0)
#define CTL_IMASK   (UINT64_C(1) << 1)
#define CTL_ISTATUS (UINT64_C(1) << 2)

static const uint32_t default_ppi[VM_NUM_TIMERS] = {
	[VM_TIMER_VIRT] = 27,
	[VM_TIMER_PHYS] = 30,
	[VM_TIMER_HVIRT] = 28,
	[VM_TIMER_HPHYS] = 26,
};

void timer_init(struct kvm_vm *vm)
{
	for (int i = 0; i < VM_NUM_TIMERS; i++)
		vm->timer_ppi[i] = default_ppi[i];
}

static bool ppis_distinct(const struct kvm_vm *vm)
{
	for (int i = 0; i < VM_NUM_TIMERS; i++)
		for (int j = 0; j < i; j++)
			if (vm->timer_ppi[i] == vm->timer_ppi[j])
				return false;
	return true;
}

result timer_enable(struct kvm_vcpu *v)
{
	struct vgic *vgic = atomic_load(&v->vm->vgic);

	lock_assert_held(&v->vm->config_lock);
	if (!vgic)
		return OK;
	if (!ppis_distinct(v->vm))
		return &rule_kvm_run_timer_ppis;
	for (int i = 0; i < VM_NUM_TIMERS; i++)
		if (!vgic_set_owner(vgic, v->index, v->vm->timer_ppi[i], &v->vm->timer_ppi[i]))
			return &rule_kvm_run_timer_ppis;
	v->vm->timer_ppis_fixed = true;
	return OK;
}

static bool asserted(uint64_t ctl)
{
	return (ctl & (CTL_ENABLE | CTL_IMASK | CTL_ISTATUS)) == (CTL_ENABLE | CTL_ISTATUS);
}

static void set_levels(struct kvm_vcpu *v, const bool level[2])
{
	struct vgic *vgic = atomic_load(&v->vm->vgic);

	for (int i = VM_TIMER_VIRT; i <= VM_TIMER_PHYS; i++) {
		if (level[i] == v->timer_level[i])
			continue;
		v->timer_level[i] = level[i];
		if (vgic)
			vgic_set_line(vgic, v->index, v->vm->timer_ppi[i], level[i]);
	}
}

void timer_update(struct kvm_vcpu *v, const struct rmi_rec_exit *x)
{
	const bool level[2] = {asserted(x->cntv_ctl), asserted(x->cntp_ctl)};

	set_levels(v, level);
}

/* Of one timer: milliseconds until it fires, 0: it has, -1: it does not. */
static int ms_left(const struct kvm_vcpu *v, uint64_t ctl, uint64_t offset, uint64_t cval)
{
	if ((ctl & (CTL_ENABLE | CTL_IMASK)) != CTL_ENABLE)
		return -1;
	return ctl & CTL_ISTATUS ? 0 : pe_ms_until(v->pe, offset, cval);
}

int timer_watch(struct kvm_vcpu *v, const struct rmi_rec_exit *x, bool *fired)
{
	const uint64_t voff = atomic_load(&v->vm->cntvoff), poff = atomic_load(&v->vm->cntpoff);
	const int left[2] = {ms_left(v, x->cntv_ctl, voff, x->cntv_cval),
			     ms_left(v, x->cntp_ctl, poff, x->cntp_cval - poff)};
	const bool level[2] = {!left[0], !left[1]};
	int next = -1;

	set_levels(v, level);
	*fired = level[0] || level[1];
	for (int i = 0; i < 2; i++)
		if (left[i] > 0 && (next < 0 || left[i] < next))
			next = left[i];
	return next;
}

/* By the counter of now, not by ISTATUS; what becomes asserted the CPU tells itself. */
void timer_settle(struct kvm_vcpu *v, const struct rmi_rec_exit *x)
{
	const uint64_t now = pe_count(v->pe), voff = atomic_load(&v->vm->cntvoff);
	const uint64_t poff = atomic_load(&v->vm->cntpoff);
	const bool level[2] = {
		v->timer_level[0] && (x->cntv_ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE &&
			now - voff >= x->cntv_cval,
		v->timer_level[1] && (x->cntp_ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE &&
			now - poff >= x->cntp_cval - poff,
	};

	set_levels(v, level);
}

result timer_set_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a)
{
	struct kvm_vm *vm = v->vm;
	uint32_t irq;
	result why = OK;

	if (!atomic_load(&vm->vgic))
		return &rule_kvm_timer_no_irqchip;
	if (c->ops->read(c, &irq, a->addr, sizeof(irq)))
		return &rule_kvm_arg_fault;
	if (irq < 16 || irq > 31)
		return &rule_kvm_timer_not_ppi;
	lock_take(&vm->config_lock);
	if (vm->timer_ppis_fixed)
		why = &rule_kvm_timer_fixed;
	else if (a->attr >= VM_NUM_TIMERS)
		why = &rule_kvm_attr_unknown;
	else
		vm->timer_ppi[a->attr] = irq;
	lock_drop(&vm->config_lock);
	return why;
}

result timer_get_attr(struct kvm_vcpu *v, struct kvm_caller *c, const struct kvm_device_attr *a)
{
	uint32_t irq;

	if (a->attr >= VM_NUM_TIMERS)
		return &rule_kvm_attr_unknown;
	lock_take(&v->vm->config_lock);
	irq = v->vm->timer_ppi[a->attr];
	lock_drop(&v->vm->config_lock);
	return c->ops->write(c, a->addr, &irq, sizeof(irq)) ? &rule_kvm_arg_fault : OK;
}

result timer_has_attr(const struct kvm_device_attr *a)
{
	return a->attr < VM_NUM_TIMERS ? OK : &rule_kvm_attr_unknown;
}
