// SPDX-License-Identifier: BSD-3-Clause
/*
 * exits.c - exits that the RMM does not see: debug exceptions and accesses to debug registers of a
 * vCPU that is debugged. Its lock is held.
 */
#include "abi/arm.h"
#include "base/bits.h"
#include "debug/parts.h"
#include "engine/el1.h"

static const struct engine_ops *real(void)
{
	return debugger.cfg.engine;
}

int exits_sysregs_get(struct vcpu *v, uint64_t sys[ENGINE_NUM_SYSREGS])
{
	int ret = real()->sysregs_get(v->realm->inner, v->index, sys);

	lock_assert_held(&v->lock);
	if (!ret && v->hw.armed)
		sys[ENGINE_MDSCR_EL1] = v->hw.own.mdscr;
	return ret;
}

int exits_sysregs_set(struct vcpu *v, const uint64_t sys[ENGINE_NUM_SYSREGS])
{
	lock_assert_held(&v->lock);
	if (v->hw.armed) {
		v->hw.own.mdscr = sys[ENGINE_MDSCR_EL1];
		v->stale = true;
	}
	return real()->sysregs_set(v->realm->inner, v->index, sys);
}

/* The guest takes the exception that came to EL2 in its place. */
static void give_to_guest(struct vcpu *v, struct engine_frame *f)
{
	unsigned int ec = FIELD_GET(MASK(31, 26), f->esr);
	bool of_address = ec == EC_BREAKPT_LOW || ec == EC_WATCHPT_LOW;
	uint64_t sys[ENGINE_NUM_SYSREGS], pc = f->pc, pstate = f->pstate, far = f->far;
	uint64_t esr = f->esr & MASK(31, 0);

	if (of_address && !el1_is_from_el0(pstate))
		esr += BIT(26); /* ..._CUR */
	if (v->stepping)
		pstate &= ~PSTATE_SS;
	if (exits_sysregs_get(v, sys))
		return;
	el1_take_exception(sys, &pc, &pstate, esr, ec == EC_WATCHPT_LOW ? &far : NULL);
	if (exits_sysregs_set(v, sys))
		return;
	f->pc = pc;
	f->pstate = pstate;
}

static void stop(struct vcpu *v, const struct point *p)
{
	v->order = ORDER_HOLD;
	v->event = (struct event){
		.kind = p->type == POINT_BREAK ? EVENT_BREAK : EVENT_WATCH,
		.watch = p->type,
		.addr = p->addr,
	};
}

static void debug_exception(struct vcpu *v, struct engine_frame *f)
{
	struct points points;
	const struct point *p;

	lock_take(&debugger.lock);
	points = debugger.points;
	lock_drop(&debugger.lock);
	switch (hw_judge(&v->hw, &points, f->esr, f->pc, f->far, f->pstate, &p)) {
	case HW_DEBUGGERS:
		stop(v, p);
		break;
	case HW_GUESTS:
		give_to_guest(v, f);
		break;
	case HW_MASKED:
		v->hw.pass = v->stale = true;
		break;
	case HW_NOBODYS:
		v->stale = true;
		break;
	}
}

bool exits_take(struct vcpu *v, struct engine_frame *f)
{
	lock_assert_held(&v->lock);
	switch (FIELD_GET(MASK(31, 26), f->esr)) {
	case EC_SYS64:
		if (!hw_access(&v->hw, f->esr, f->x))
			return false;
		v->stale = true;
		f->pc += 4;
		f->pstate &= ~PSTATE_SS; /* a step over it is done */
		return true;
	case EC_SOFTSTP_LOW: /* the gate sees that the step is done */
		return true;
	case EC_BREAKPT_LOW:
	case EC_WATCHPT_LOW:
		debug_exception(v, f);
		return true;
	case EC_BKPT32:
	case EC_VECTOR32:
	case EC_BRK64:
		give_to_guest(v, f);
		return true;
	}
	return false;
}

/* An exception that the guest took in a step has left our SS where the guest would see it. */
void exits_clean_step(struct vcpu *v)
{
	uint64_t sys[ENGINE_NUM_SYSREGS];

	if (hw_guest_steps(&v->hw) || exits_sysregs_get(v, sys) ||
	    !(sys[ENGINE_SPSR_EL1] & PSTATE_SS))
		return;
	sys[ENGINE_SPSR_EL1] &= ~PSTATE_SS;
	exits_sysregs_set(v, sys);
}
