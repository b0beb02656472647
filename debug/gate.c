// SPDX-License-Identifier: BSD-3-Clause
/*
 * gate.c - the engine that the RMM sees: the real one, with a gate before each run at which a
 * vCPU waits while its realm is stopped, and which keeps the debugger's exceptions to itself.
 */
#include <string.h>
#include <unistd.h>

#include "abi/arm.h"
#include "abi/rsi.h"
#include "base/bits.h"
#include "base/log.h"
#include "debug/parts.h"
#include "machine/pe.h"

static const struct engine_ops *real(void)
{
	return debugger.cfg.engine;
}

static void drain(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n; /* EAGAIN: there was none */
}

/* ---- the gate; the vCPU's lock is held ---- */

static struct engine_frame *frame_of(const struct vcpu *v)
{
	return real()->frame(v->realm->inner, v->index);
}

#define VTTBR_VMID MASK(63, 48)

/* For the debugger to read. What it has written stays until the vCPU has run with it. */
static void save_general(struct vcpu *v, const struct engine_frame *f)
{
	lock_assert_held(&v->lock);
	for (unsigned int n = 0; n < 31; n++)
		if (!(v->written & BIT(n)))
			v->general.r[n] = f->x[n];
	if (!(v->written & BIT(GENERAL_PC)))
		v->general.r[GENERAL_PC] = f->pc;
	if (!(v->written & BIT(GENERAL_PSTATE)))
		v->general.r[GENERAL_PSTATE] = f->pstate;
	atomic_store(&v->realm->vmid, (int)FIELD_GET(VTTBR_VMID, f->vttbr));
}

static void load_general(const struct vcpu *v, struct engine_frame *f)
{
	for (unsigned int n = 0; n < 31; n++)
		if (v->written & BIT(n))
			f->x[n] = v->general.r[n];
	if (v->written & BIT(GENERAL_PC))
		f->pc = v->general.r[GENERAL_PC];
	if (v->written & BIT(GENERAL_PSTATE))
		f->pstate = v->general.r[GENERAL_PSTATE] & ~PSTATE_SS;
}

/* An instruction under which PSTATE.SS was ours has been done. */
static void step_is_done(struct vcpu *v)
{
	struct engine_frame *f = frame_of(v);

	lock_assert_held(&v->lock);
	if (!v->stepping || (f->pstate & PSTATE_SS))
		return;
	v->stale |= v->hw.pass; /* the guest's points are in force again */
	v->stepping = v->hw.pass = false;
	exits_clean_step(v);
	if (v->order != ORDER_STEP)
		return;
	v->order = ORDER_HOLD;
	v->event = (struct event){.kind = EVENT_STEP};
	debug_wake();
}

static void say_homeless(struct vcpu *v, unsigned int homeless)
{
	if (homeless > v->homeless)
		log_warn("gdb: vCPU %u: %u breakpoints or watchpoints are not in force while the "
			 "realm uses the registers itself",
			 v->index, homeless);
	v->homeless = homeless;
}

/* The CPU's debug registers become what they should be. */
static void load_hardware(struct vcpu *v, bool step)
{
	uint64_t version = atomic_load(&debugger.points_version);
	struct engine_debug d;
	struct points points;

	if (!v->stale && step == v->loaded_step && version == v->loaded_points)
		return;
	lock_take(&debugger.lock);
	points = debugger.points;
	lock_drop(&debugger.lock);
	say_homeless(v, hw_merge(&v->hw, &points, step, &d));
	real()->debug_set(v->realm->inner, v->index, &d);
	v->stale = false;
	v->loaded_step = step;
	v->loaded_points = version;
}

static void arm(struct vcpu *v)
{
	bool want = atomic_load(&v->realm->debugged);

	if (want == v->hw.armed)
		return;
	if (want)
		real()->debug_get(v->realm->inner, v->index, &v->hw.own);
	v->hw.armed = want;
	v->hw.pass = false;
	v->stale = true;
}

/* Interrupts are not taken in a single step: it would always end in their handler. */
static void prepare(struct vcpu *v)
{
	struct engine_frame *f = frame_of(v);
	bool step = v->order == ORDER_STEP || v->hw.pass;

	lock_assert_held(&v->lock);
	load_general(v, f);
	arm(v);
	if (!v->hw.armed && !v->stale)
		return;
	load_hardware(v, step);
	if (v->stepping)
		f->pstate &= ~PSTATE_SS;
	v->stepping = step && v->hw.armed && !hw_guest_steps(&v->hw);
	if (v->stepping) {
		f->pstate |= PSTATE_SS;
		f->ich_hcr &= ~ICH_HCR_EN;
	}
}

/* True: into the guest; false: the host wants the vCPU. */
static bool pass_gate(struct vcpu *v, struct pe *pe)
{
	bool kicked = false;

	lock_take(&v->lock);
	v->pe = pe;
	step_is_done(v);
	save_general(v, frame_of(v));
	while (v->order == ORDER_HOLD && !kicked) {
		v->place = PLACE_HELD;
		lock_drop(&v->lock);
		debug_wake();
		kicked = pe_wait(pe, v->wake, -1);
		drain(v->wake);
		lock_take(&v->lock);
	}
	v->place = v->order == ORDER_HOLD ? PLACE_OUT : PLACE_RUNNING;
	if (v->place == PLACE_RUNNING)
		prepare(v);
	lock_drop(&v->lock);
	return v->place == PLACE_RUNNING;
}

/* What the CPU has kept of ICH_HCR_EL2 beside what it was given. */
static void keep_eoi_count(struct engine_frame *f)
{
	f->ich_hcr = (f->ich_hcr & ~ICH_HCR_EOICOUNT) | (f->ich_hcr_out & ICH_HCR_EOICOUNT);
}

#define NUM_RSI	      0x40 /* the numbers that RSI has */
#define SMC64	      BIT(30)
#define PSCI_FUNCTION UINT64_C(0x1f)

static bool is_caught(uint64_t fid)
{
	bool ripas = fid == RSI_IPA_STATE_SET;
	bool rsi = fid - RSI_VERSION < NUM_RSI;
	bool psci = (fid & ~(SMC64 | PSCI_FUNCTION)) == PSCI_VERSION;

	switch (atomic_load(&debugger.catch)) {
	case CATCH_RIPAS:
		return ripas;
	case CATCH_RSI:
		return rsi;
	case CATCH_PSCI:
		return psci;
	case CATCH_ALL:
		return rsi || psci;
	}
	return false;
}

/* Stop before the call is done: it is done again, and passed on, when the vCPU goes on. */
static bool catch_call(struct vcpu *v, const struct engine_frame *f)
{
	bool again = v->called == f->pc;

	v->called = 0;
	if (FIELD_GET(MASK(31, 26), f->esr) != EC_SMC64 || again || !v->hw.armed ||
	    !is_caught(f->x[0]))
		return false;
	v->called = f->pc;
	v->order = ORDER_HOLD;
	v->event = (struct event){.kind = EVENT_CALL};
	memcpy(v->event.call, f->x, sizeof(v->event.call));
	return true;
}

/* True: the exit was the debugger's business, and the vCPU comes to the gate again. */
static bool leave(struct vcpu *v, enum engine_exit x)
{
	struct engine_frame *f = frame_of(v);
	bool ours = false;

	lock_take(&v->lock);
	v->place = PLACE_OUT;
	if (v->stepping)
		f->ich_hcr |= ICH_HCR_EN;
	if (x == ENGINE_EXIT_NOT_RUN) {
		v->stepping = false; /* the caller has another frame than ours */
	} else {
		v->written = 0;
		save_general(v, f);
	}
	if (x == ENGINE_EXIT_SYNC && v->hw.armed)
		ours = catch_call(v, f) || exits_take(v, f);
	if (ours)
		keep_eoi_count(f);
	if (v->order == ORDER_HOLD)
		debug_wake();
	lock_drop(&v->lock);
	return ours;
}

static enum engine_exit debug_run(struct engine *e, unsigned int cpu, struct pe *pe)
{
	struct realm *r = realm_of(e);
	struct vcpu *v = &r->vcpu[cpu];
	bool ran = false;
	enum engine_exit x;

	for (;; ran = true) {
		if (!pass_gate(v, pe))
			return ran ? ENGINE_EXIT_IRQ : ENGINE_EXIT_NOT_RUN;
		x = real()->run(r->inner, cpu, pe);
		/* The frame has to be saved all the same: the guest ran before, in this call. */
		if (ran && x == ENGINE_EXIT_NOT_RUN)
			x = ENGINE_EXIT_IRQ;
		if (!leave(v, x))
			return x;
	}
}

/* ---- the rest of an engine ---- */

static struct engine_frame *debug_frame(struct engine *e, unsigned int cpu)
{
	return real()->frame(realm_of(e)->inner, cpu);
}

/* The CPU is new; only the traps are left of what was loaded. */
static void forget(struct vcpu *v)
{
	v->stepping = v->hw.pass = false;
	v->written = v->called = 0;
	v->hw.claim = 0;
	if (!v->hw.armed)
		return;
	real()->debug_get(v->realm->inner, v->index, &v->hw.own);
	v->stale = true;
}

static int debug_reset(struct engine *e, unsigned int cpu, struct pe *pe,
		       const uint64_t sys[ENGINE_NUM_SYSREGS])
{
	struct vcpu *v = &realm_of(e)->vcpu[cpu];
	bool started;
	int ret;

	/* It may wait for the CPU to come up; meanwhile nobody else uses it. */
	lock_take(&v->lock);
	started = v->started;
	v->started = false;
	lock_drop(&v->lock);
	ret = real()->reset(realm_of(e)->inner, cpu, pe, sys);
	lock_take(&v->lock);
	v->started = started || !ret;
	if (!ret)
		forget(v);
	lock_drop(&v->lock);
	return ret;
}

static int debug_sysregs_get(struct engine *e, unsigned int cpu, uint64_t sys[ENGINE_NUM_SYSREGS])
{
	struct vcpu *v = &realm_of(e)->vcpu[cpu];
	int ret;

	lock_take(&v->lock);
	ret = exits_sysregs_get(v, sys);
	lock_drop(&v->lock);
	return ret;
}

static int debug_sysregs_set(struct engine *e, unsigned int cpu,
			     const uint64_t sys[ENGINE_NUM_SYSREGS])
{
	struct vcpu *v = &realm_of(e)->vcpu[cpu];
	int ret;

	lock_take(&v->lock);
	ret = exits_sysregs_set(v, sys);
	lock_drop(&v->lock);
	return ret;
}

/* On a CPU of a vCPU whose registers the debugger may be reading now. */
static void lock_cpu(struct realm *r, int cpu)
{
	if (cpu >= 0)
		lock_take(&r->vcpu[cpu].lock);
}

static void unlock_cpu(struct realm *r, int cpu)
{
	if (cpu >= 0)
		lock_drop(&r->vcpu[cpu].lock);
}

static void debug_tlbi(struct engine *e, int cpu, uint64_t ipa, uint64_t size)
{
	struct realm *r = realm_of(e);

	lock_cpu(r, cpu);
	real()->tlbi(r->inner, cpu, ipa, size);
	unlock_cpu(r, cpu);
}

static void debug_touch(struct engine *e, int cpu, uint64_t pa, uint64_t len)
{
	struct realm *r = realm_of(e);

	lock_cpu(r, cpu);
	real()->touch(r->inner, cpu, pa, len);
	unlock_cpu(r, cpu);
}

const struct engine_ops engine_debug = {
	.name = "debug",
	.create = debug_realm_create,
	.destroy = debug_realm_destroy,
	.frame = debug_frame,
	.reset = debug_reset,
	.sysregs_get = debug_sysregs_get,
	.sysregs_set = debug_sysregs_set,
	.run = debug_run,
	.tlbi = debug_tlbi,
	.touch = debug_touch,
};
