// SPDX-License-Identifier: BSD-3-Clause
/*
 * diagnosis.c - the rules by which a realm's standstill is told.
 *
 * What a vCPU did lately comes from kvm/ (its last exits with their times), where it is from the
 * RMM (registers at SAMPLES moments). A rule is sure of what it says, or silent; several may speak.
 */
#include "backend/diagnosis.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "backend/klog.h"
#include "backend/picture.h"
#include "backend/guest_memory.h"
#include "base/bits.h"
#include "base/trace.h"
#include "debug/debug.h"
#include "machine/memory.h"
#include "rmm/rmm_inspect.h"

#define SAMPLES		 3
#define SAMPLE_GAP	 20000	/* microseconds between two */
#define SAMPLE_WAIT	 300000 /* microseconds for a vCPU to come out */
#define SAMPLE_STEP	 500
#define NEAR		 512 /* bytes: so close are the places of a loop */
#define MANY		 48  /* of KVM_HISTORY exits: it is always the same one */
#define LOOP_RATE	 50  /* such exits a second: somebody turns round and round */
#define IRQ_RATE	 2000
#define SECOND		 UINT64_C(1000000000)
#define LOG_LINES	 20
#define ALL_LINES	 SIZE_MAX
#define ALL_LEVELS	 8
#define PSTATE_I	 BIT(7)
#define PSTATE_EL	 MASK(3, 2)
#define TIMER_ARMED(ctl) (((ctl)&3) == 1)

/* A CPU that waits is past the instruction. */
#define INSN_WFI     0xd503207fu
#define INSN_WFIT    0xd5031020u /* of any register */
#define INSN_WFIT_IS 0xffffffe0u

struct look {
	bool is_rec, on;
	bool asked;		 /* for its registers: it runs */
	struct rmm_rec_view rec; /* of the last moment */
	uint64_t pc[SAMPLES];
	unsigned int num_pcs;
	bool waits; /* in a WFI */
};

struct diagnosis {
	struct host *h;
	const struct kvm_vm_view *v;
	struct look *look; /* by vCPU */
	json_t *causes;
	uint64_t now, rsi_calls;
	bool held; /* by a debugger: nobody is stuck who may not run */
};

static __attribute__((format(printf, 5, 6))) void
say(struct diagnosis *d, const char *cause, int vcpu, const uint64_t *pc, const char *fmt, ...)
{
	char text[512], number[20];
	json_t *o;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	o = json_pack("{s:s, s:s}", "cause", cause, "text", text);
	if (vcpu >= 0)
		json_object_set_new(o, "vcpu", json_integer(vcpu));
	if (pc) {
		snprintf(number, sizeof(number), "0x%" PRIx64, *pc);
		json_object_set_new(o, "pc", json_string(number));
	}
	json_array_append_new(d->causes, o);
}

/* ---- looking ---- */

bool why_look_at_rec(struct host *h, const struct kvm_vm_view *v, size_t vcpu,
		     struct rmm_rec_view *out)
{
	uint64_t rec = v->vcpus[vcpu].rec;
	bool asked = rec && rmm_inspect_ask(h->rmm, rec);

	if (!rec || !rmm_inspect_rec(h->rmm, rec, out))
		return false;
	for (unsigned int waited = 0;
	     asked && out->running && !out->has_regs && waited < SAMPLE_WAIT;
	     waited += SAMPLE_STEP) {
		kvm_inspect_kick(h->kvm, v->serial, vcpu);
		usleep(SAMPLE_STEP);
		if (!rmm_inspect_rec(h->rmm, rec, out))
			return false;
	}
	return true;
}

static bool is_wait(uint32_t insn)
{
	return insn == INSN_WFI || (insn & INSN_WFIT_IS) == INSN_WFIT;
}

static void look_for_wait(struct diagnosis *d, struct look *l)
{
	struct guest_memory m;
	uint32_t insn;

	if (!l->rec.has_el1)
		return;
	guest_memory_init(&m, d->h->rmm, d->v->rd, &l->rec.el1);
	l->waits = guest_memory_read(&m, l->rec.pc - sizeof(insn), &insn, sizeof(insn)) &&
		   is_wait(insn);
}

static bool is_off(const struct kvm_vcpu_view *c)
{
	return c->mp_state == KVM_MP_STATE_STOPPED;
}

/* True: all that were asked have answered. Who has not is kicked. */
static bool collect(struct diagnosis *d)
{
	bool all = true;

	for (size_t n = 0; n < d->v->num_vcpus; n++) {
		struct look *l = &d->look[n];
		uint64_t rec = d->v->vcpus[n].rec;

		l->is_rec = rec && rmm_inspect_rec(d->h->rmm, rec, &l->rec);
		if (!l->is_rec || !l->asked || !l->rec.running || l->rec.has_regs)
			continue;
		kvm_inspect_kick(d->h->kvm, d->v->serial, n);
		all = false;
	}
	return all;
}

/* Where all vCPUs are at about the same moment. */
static void take_sample(struct diagnosis *d)
{
	for (size_t n = 0; n < d->v->num_vcpus; n++)
		d->look[n].asked =
			d->v->vcpus[n].rec && rmm_inspect_ask(d->h->rmm, d->v->vcpus[n].rec);
	for (unsigned int waited = 0; !collect(d) && waited < SAMPLE_WAIT; waited += SAMPLE_STEP)
		usleep(SAMPLE_STEP);
	for (size_t n = 0; n < d->v->num_vcpus; n++) {
		struct look *l = &d->look[n];

		if (l->is_rec && l->rec.has_regs && !l->rec.fresh)
			l->pc[l->num_pcs++] = l->rec.pc;
	}
}

static void look_at_vcpus(struct diagnosis *d)
{
	for (unsigned int i = 0; i < SAMPLES; i++) {
		if (i)
			usleep(SAMPLE_GAP);
		take_sample(d);
	}
	for (size_t n = 0; n < d->v->num_vcpus; n++) {
		struct look *l = &d->look[n];

		l->on = !is_off(&d->v->vcpus[n]);
		if (!l->is_rec)
			continue;
		look_for_wait(d, l);
		d->rsi_calls += l->rec.rsi_calls;
	}
}

/* ---- what the exits say ---- */

/* The kernel's look at a fault and its report to the VMM are two notes of one thing. */
static bool is_fault(const struct kvm_exit_view *e)
{
	return strstr(e->name, "FAULT") && !e->is_ripas;
}

static bool same(const struct kvm_exit_view *a, const struct kvm_exit_view *b)
{
	if (is_fault(a) && is_fault(b))
		return a->addr / GRANULE_SIZE == b->addr / GRANULE_SIZE;
	return !strcmp(a->name, b->name) && a->addr == b->addr && a->is_ripas == b->is_ripas;
}

/* The last of its kind, as the VMM saw it if it did. */
static const struct kvm_exit_view *best_of(const struct kvm_vcpu_view *c,
					   const struct kvm_exit_view *e)
{
	for (size_t n = 0; n < KVM_HISTORY; n++)
		if (same(&c->history.note[n], e) && c->history.note[n].to_user)
			return &c->history.note[n];
	return e;
}

/* The exit that most of the last ones are; *count of them, *rate a second. NULL: there is none, or
 * it was long ago. */
static const struct kvm_exit_view *find_loop(const struct diagnosis *d,
					     const struct kvm_vcpu_view *c, unsigned int *count,
					     uint64_t *rate)
{
	const struct kvm_exit_view *first = &c->history.note[0],
				   *last = &c->history.note[KVM_HISTORY - 1], *e;
	uint64_t time;

	if (c->history.num < KVM_HISTORY || d->now - last->when > SECOND)
		return NULL;
	for (size_t i = 0; i <= KVM_HISTORY - MANY; i++) {
		e = &c->history.note[i];
		*count = 0;
		for (size_t n = 0; n < KVM_HISTORY; n++)
			*count += same(&c->history.note[n], e);
		if (*count < MANY)
			continue;
		time = last->when - first->when;
		*rate = *count * SECOND / MAX(time, 1);
		return *rate >= (strcmp(e->name, "IRQ") ? LOOP_RATE : IRQ_RATE) ? best_of(c, e)
										: NULL;
	}
	return NULL;
}

/* What kind of exit, and where. */
static void describe(const struct kvm_exit_view *e, char *text, size_t size)
{
	if (!strcmp(e->name, "MEMORY_FAULT"))
		snprintf(text, size, "MEMORY_FAULT of 0x%" PRIx64 "-0x%" PRIx64 " to be %s%s",
			 e->addr, e->addr + e->size, e->to_private ? "private" : "shared",
			 e->is_ripas ? " (a RIPAS change)" : "");
	else if (!strncmp(e->name, "MMIO", 4))
		snprintf(text, size, "%s %s at 0x%" PRIx64, e->name, e->is_write ? "write" : "read",
			 e->addr);
	else if (e->addr)
		snprintf(text, size, "%s 0x%" PRIx64, e->name, e->addr);
	else
		snprintf(text, size, "%s", e->name);
}

/* True: it goes round through one exit. */
static bool judge_loop(struct diagnosis *d, size_t n)
{
	unsigned int count;
	uint64_t rate;
	const struct kvm_exit_view *e = find_loop(d, &d->v->vcpus[n], &count, &rate);
	char what[128];

	if (!e)
		return false;
	describe(e, what, sizeof(what));
	if (e->is_ripas)
		say(d, "ripas", (int)n, NULL,
		    "vCPU %zu asks in vain for 0x%" PRIx64 "-0x%" PRIx64
		    " to be %s: the RIPAS change was reported in %u of its last %u exits, and the "
		    "VMM does not reflect it (KVM_SET_MEMORY_ATTRIBUTES, then KVM_RUN)",
		    n, e->addr, e->addr + e->size, e->to_private ? "RAM" : "EMPTY", count,
		    KVM_HISTORY);
	else if (is_fault(e))
		say(d, "fault", (int)n, NULL,
		    "vCPU %zu makes no progress: %u of its last %u exits are %s, %" PRIu64
		    " a second",
		    n, count, KVM_HISTORY, what, rate);
	else
		say(d, "spin", (int)n, NULL,
		    "vCPU %zu spins on one exit: %u of its last %u are %s, %" PRIu64 " a second", n,
		    count, KVM_HISTORY, what, rate);
	return true;
}

/* It is not in KVM_RUN: for how long, and since which exit. */
static void judge_vmm(struct diagnosis *d, size_t n)
{
	const struct kvm_vcpu_view *c = &d->v->vcpus[n];
	const struct kvm_exit_view *e;
	char what[128];

	if (c->history.entered)
		return;
	if (!c->history.num) {
		if (!is_off(c))
			say(d, "never-run", (int)n, NULL,
			    "vCPU %zu has never run: the VMM has not called KVM_RUN for it", n);
		return;
	}
	e = &c->history.note[c->history.num - 1];
	if (d->now - e->when < SECOND)
		return;
	describe(e, what, sizeof(what));
	say(d, "vmm", (int)n, NULL,
	    "vCPU %zu waits for the VMM: KVM_RUN returned with %s %.1f s ago and has not been "
	    "called "
	    "again",
	    n, what, (double)(d->now - e->when) / 1e9);
}

/* ---- what the registers say ---- */

static bool is_stuck(const struct look *l)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (unsigned int i = 0; i < l->num_pcs; i++) {
		low = MIN(low, l->pc[i]);
		high = MAX(high, l->pc[i]);
	}
	return l->num_pcs == SAMPLES && high - low < NEAR;
}

static void judge_pc(struct diagnosis *d, size_t n)
{
	const struct kvm_vcpu_view *c = &d->v->vcpus[n];
	const struct look *l = &d->look[n];
	bool masked = l->rec.pstate & PSTATE_I;

	if (!l->on || !c->history.entered || l->waits || !is_stuck(l))
		return;
	if (masked)
		say(d, "masked", (int)n, &l->rec.pc,
		    "vCPU %zu goes on at one place with interrupts masked%s: PC 0x%" PRIx64, n,
		    c->irq_pending ? ", and one is pending" : "", l->rec.pc);
	else
		say(d, "loop", (int)n, &l->rec.pc,
		    "vCPU %zu goes on at one place: PC 0x%" PRIx64 ", EL%u", n, l->rec.pc,
		    (unsigned int)FIELD_GET(PSTATE_EL, l->rec.pstate));
}

/* All that are on wait, and nothing is there that would wake one of them. */
static void judge_waits(struct diagnosis *d)
{
	const struct look *first = NULL;
	bool armed = false;
	unsigned int on = 0;

	for (size_t n = 0; n < d->v->num_vcpus; n++) {
		const struct look *l = &d->look[n];

		if (!l->on)
			continue;
		if (!l->waits || !d->v->vcpus[n].history.entered || d->v->vcpus[n].irq_pending)
			return;
		armed |= TIMER_ARMED(l->rec.cntv_ctl) || TIMER_ARMED(l->rec.cntp_ctl);
		first = first ?: l;
		on++;
	}
	if (first)
		say(d, "wfi", -1, &first->rec.pc,
		    "%s for an interrupt (WFI), none is pending, %s: PC 0x%" PRIx64,
		    on == 1 ? "the only vCPU that is on waits" : "every vCPU that is on waits",
		    armed ? "and a timer is armed" : "and no timer is armed", first->rec.pc);
}

/* ---- the realm ---- */

static void judge_realm(struct diagnosis *d)
{
	bool ran = false;

	for (size_t n = 0; n < d->v->num_vcpus; n++)
		ran |= d->look[n].is_rec && d->look[n].rec.has_regs && !d->look[n].rec.fresh;
	if (!d->v->num_vcpus)
		say(d, "no-vcpu", -1, NULL, "the VMM has created no vCPU");
	if (d->v->dead)
		say(d, "dead", -1, NULL, "the VM is dead: each call on it is EIO");
	if (d->v->is_realm && ran && !strcmp(d->v->state, "ACTIVE") && !d->rsi_calls)
		say(d, "no-rsi", -1, NULL,
		    "the realm has never made an RSI call: no realm support seen (a kernel needs "
		    "Linux 6.13 or newer), or it stopped before that");
}

static void judge(struct diagnosis *d)
{
	if (d->held) {
		say(d, "debugger", -1, NULL,
		    "the realm waits for a debugger (--gdb): it goes on when one lets it");
		return;
	}
	judge_realm(d);
	for (size_t n = 0; n < d->v->num_vcpus; n++) {
		judge_vmm(d, n);
		if (!judge_loop(d, n))
			judge_pc(d, n);
	}
	judge_waits(d);
}

/* ---- the answer ---- */

static const char *where(const struct diagnosis *d, size_t n)
{
	const struct kvm_vcpu_view *c = &d->v->vcpus[n];

	if (is_off(c))
		return "off";
	if (!c->history.entered)
		return c->history.num ? "vmm" : "never run";
	if (d->held)
		return "debugger";
	if (d->look[n].rec.has_regs && d->look[n].rec.fresh)
		return "starting";
	return d->look[n].is_rec && !d->look[n].asked ? "kernel" : "guest";
}

static json_t *vcpu_json(const struct diagnosis *d, size_t n)
{
	const struct rmm_rec_view *r = &d->look[n].rec;
	json_t *o = json_pack("{s:I, s:s, s:I}", "index", (json_int_t)n, "where", where(d, n),
			      "exits", (json_int_t)d->v->vcpus[n].history.exits);

	if (!d->look[n].is_rec || !r->has_regs)
		return o;
	json_object_set_new(o, "pc", picture_hex(r->pc));
	json_object_set_new(o, "pstate", picture_hex(r->pstate));
	json_object_set_new(o, "masked", json_boolean(r->pstate & PSTATE_I));
	json_object_set_new(o, "wfi", json_boolean(d->look[n].waits));
	if (r->has_el1)
		json_object_set_new(o, "vbar", picture_hex(r->el1.vbar));
	return o;
}

/* By the tables of the first vCPU that reaches the ring. */
static json_t *read_log(struct host *h, const struct kvm_vm_view *v, size_t lines,
			unsigned int below)
{
	struct rmm_rec_view r;
	struct guest_memory m;
	json_t *log = NULL;

	for (size_t n = 0; !log && v->rd && n < v->num_vcpus; n++) {
		if (is_off(&v->vcpus[n]) || !why_look_at_rec(h, v, n, &r) || !r.has_el1)
			continue;
		guest_memory_init(&m, h->rmm, v->rd, &r.el1);
		log = klog_read(&m, lines, below);
	}
	return log;
}

json_t *why_log(struct host *h, const struct kvm_vm_view *v, unsigned int below)
{
	return read_log(h, v, ALL_LINES, below);
}

json_t *why_diagnose(struct host *h, const struct kvm_vm_view *v)
{
	struct diagnosis d = {.h = h, .v = v, .causes = json_array(), .now = trace_now()};
	json_t *vcpus = json_array();

	d.look = calloc(v->num_vcpus + 1, sizeof(*d.look));
	if (d.look) {
		d.held = debug_holds(v->serial);
		look_at_vcpus(&d);
		d.held |= debug_holds(v->serial);
		judge(&d);
		for (size_t n = 0; n < v->num_vcpus; n++)
			json_array_append_new(vcpus, vcpu_json(&d, n));
	}
	free(d.look);
	return json_pack("{s:I, s:b, s:s, s:I, s:o, s:o, s:o}", "vm", (json_int_t)v->serial,
			 "realm", v->is_realm, "state", v->state, "rsi_calls",
			 (json_int_t)d.rsi_calls, "causes", d.causes, "vcpus", vcpus, "log",
			 read_log(h, v, LOG_LINES, ALL_LEVELS) ?: json_null());
}
