// SPDX-License-Identifier: BSD-3-Clause
/*
 * picture.c - one VM's memory as VMM, kernel and RMM see it.
 *
 * A part of the protected IPA space that has one memslot, one attribute, one RIPAS and one HIPAS is
 * a row. Where they do not fit together the row says so: a realm's access there ends in an exit.
 */
#include "backend/picture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "base/trace.h"
#include "kvm/entry/kvm_inspect.h"
#include "rmm/rmm_inspect.h"

#define MAX_ROWS    4096u
#define SHOWN_EXITS 16u

json_t *picture_hex(uint64_t v)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%" PRIx64, v);
	return json_string(text);
}

/* The slot at ipa, or NULL; *end is cut to where that changes. */
static const struct kvm_slot_view *slot_at(const struct kvm_vm_view *v, uint64_t ipa, uint64_t *end)
{
	for (size_t i = 0; i < v->num_slots; i++) {
		const struct kvm_slot_view *s = &v->slots[i];

		if (ipa >= s->gpa && ipa - s->gpa < s->size) {
			*end = MIN(*end, s->gpa + s->size);
			return s;
		}
		if (s->gpa > ipa)
			*end = MIN(*end, s->gpa);
	}
	return NULL;
}

static bool private_at(const struct kvm_vm_view *v, uint64_t ipa, uint64_t *end)
{
	for (size_t i = 0; i < v->num_privates; i++) {
		const struct kvm_private_view *p = &v->privates[i];

		if (ipa >= p->start && ipa < p->end) {
			*end = MIN(*end, p->end);
			return true;
		}
		if (p->start > ipa)
			*end = MIN(*end, p->start);
	}
	return false;
}

static const char *disagreement(const struct kvm_slot_view *s, bool is_private,
				const struct rmm_range *r)
{
	bool assigned = !strcmp(r->hipas, "ASSIGNED"), ram = r->ripas && !strcmp(r->ripas, "RAM");

	if (r->ripas && !strcmp(r->ripas, "DESTROYED"))
		return "contents are lost: the realm's access is an abort of its own";
	if (!s)
		return assigned ? "assigned, but in no memslot" : NULL;
	if (!is_private && assigned)
		return "assigned, but the attribute is shared";
	if (!is_private && ram)
		return "RAM to the realm, but the attribute is shared: its access exits";
	return NULL;
}

static json_t *row(const struct kvm_slot_view *s, bool is_private, const struct rmm_range *r)
{
	const char *wrong = disagreement(s, is_private, r);

	return json_pack("{s:o, s:o, s:o, s:s, s:s?, s:s, s:s?}", "ipa", picture_hex(r->ipa), "end",
			 picture_hex(r->end), "memslot", s ? json_integer(s->id) : json_null(),
			 "attribute", is_private ? "private" : "shared", "ripas", r->ripas, "hipas",
			 r->hipas, "disagree", wrong);
}

/* What is empty everywhere is not worth a row. */
static bool is_blank(const struct kvm_slot_view *s, bool is_private, const struct rmm_range *r)
{
	return !s && !is_private && !strcmp(r->hipas, "UNASSIGNED") && r->ripas &&
	       !strcmp(r->ripas, "EMPTY");
}

/* The same in all columns as the row before it. */
static bool goes_on(const json_t *before, const json_t *now)
{
	static const char *const keys[] = {"memslot", "attribute", "ripas", "hipas"};

	if (!before || strcmp(json_string_value(json_object_get(before, "end")),
			      json_string_value(json_object_get(now, "ipa"))))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!json_equal(json_object_get(before, keys[i]), json_object_get(now, keys[i])))
			return false;
	return true;
}

static void add_row(json_t *rows, json_t *now)
{
	json_t *before = json_array_get(rows, json_array_size(rows) - 1);

	if (goes_on(before, now))
		json_object_set(before, "end", json_object_get(now, "end"));
	else
		json_array_append(rows, now);
	json_decref(now);
}

static json_t *memory(const struct rmm *rmm, const struct kvm_vm_view *v)
{
	uint64_t top = UINT64_C(1) << (v->ipa_bits - 1), ipa = 0, end;
	const struct kvm_slot_view *s;
	json_t *rows = json_array();
	struct rmm_range r;
	bool is_private;

	while (ipa < top && json_array_size(rows) < MAX_ROWS &&
	       rmm_inspect_range(rmm, v->rd, ipa, &r)) {
		for (end = MIN(r.end, top); ipa < end; ipa = r.end) {
			r.ipa = ipa;
			r.end = end;
			s = slot_at(v, ipa, &r.end);
			is_private = private_at(v, ipa, &r.end);
			if (!is_blank(s, is_private, &r))
				add_row(rows, row(s, is_private, &r));
		}
	}
	return rows;
}

static json_t *memslots(const struct kvm_vm_view *v)
{
	json_t *all = json_array();

	for (size_t i = 0; i < v->num_slots; i++) {
		const struct kvm_slot_view *s = &v->slots[i];

		json_array_append_new(
			all, json_pack("{s:I, s:o, s:o, s:o, s:o, s:b}", "id", (json_int_t)s->id,
				       "ipa", picture_hex(s->gpa), "size", picture_hex(s->size),
				       "user", picture_hex(s->uaddr), "flags",
				       picture_hex(s->flags), "guest_memfd", s->gmem));
	}
	return all;
}

static const char *mp_state_name(unsigned int state)
{
	switch (state) {
	case KVM_MP_STATE_RUNNABLE:
		return "RUNNABLE";
	case KVM_MP_STATE_STOPPED:
		return "STOPPED";
	case KVM_MP_STATE_SUSPENDED:
		return "SUSPENDED";
	}
	return "?";
}

static json_t *vcpus(const struct rmm *rmm, const struct kvm_vm_view *v)
{
	json_t *all = json_array();
	struct rmm_rec_view rec;

	for (size_t i = 0; i < v->num_vcpus; i++) {
		bool is_rec = v->vcpus[i].rec && rmm_inspect_rec(rmm, v->vcpus[i].rec, &rec);

		json_array_append_new(
			all, json_pack("{s:I, s:I, s:s, s:s?, s:i}", "index", (json_int_t)i, "id",
				       (json_int_t)v->vcpus[i].id, "mp_state",
				       mp_state_name(v->vcpus[i].mp_state), "rec",
				       !is_rec	     ? NULL
				       : rec.running ? "running"
						     : "ready",
				       "exit_reason", (int)v->vcpus[i].history.exit_reason));
	}
	return all;
}

json_t *picture_of_vm(const struct rmm *rmm, const struct kvm_vm_view *v)
{
	json_t *o = json_pack("{s:I, s:b, s:s, s:s, s:i, s:b}", "vm", (json_int_t)v->serial,
			      "realm", v->is_realm, "state", v->state, "revision", v->revision,
			      "ipa_bits", (int)v->ipa_bits, "dead", v->dead);

	if (v->rd) {
		json_object_set_new(o, "vmid", json_integer(v->vmid));
		json_object_set_new(o, "rd", picture_hex(v->rd));
	}
	json_object_set_new(o, "memslots", memslots(v));
	json_object_set_new(o, "vcpus", vcpus(rmm, v));
	json_object_set_new(o, "memory", v->rd ? memory(rmm, v) : json_array());
	return o;
}

json_t *picture_of_walk(const struct rmm *rmm, const struct kvm_vm_view *v, uint64_t ipa)
{
	struct rmm_step steps[RMM_MAX_STEPS];
	unsigned int n = v->rd ? rmm_inspect_walk(rmm, v->rd, ipa, steps) : 0;
	json_t *all = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(
			all,
			json_pack("{s:i, s:o, s:I, s:o, s:s}", "level", steps[i].level, "table",
				  picture_hex(steps[i].table), "index", (json_int_t)steps[i].index,
				  "entry", picture_hex(steps[i].entry), "state", steps[i].state));
	if (n)
		return all;
	json_decref(all);
	return NULL;
}

static json_t *registers(const struct rmm_rec_view *r)
{
	json_t *o = json_object();
	char name[8];

	json_object_set_new(o, "pc", picture_hex(r->pc));
	json_object_set_new(o, "pstate", picture_hex(r->pstate));
	for (unsigned int i = 0; i < ARRAY_SIZE(r->x); i++) {
		snprintf(name, sizeof(name), "x%u", i);
		json_object_set_new(o, name, picture_hex(r->x[i]));
	}
	return o;
}

/* ---- a vCPU ---- */

/* What the VMM did between an exit and the next KVM_RUN: its calls, by any thread. */
static json_t *answer(const struct kvm_vm_view *vm, const struct kvm_exit_view *e)
{
	char text[512];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; e->to_user && i < vm->num_calls; i++) {
		const struct kvm_call_view *c = &vm->calls[i];

		if (c->when < e->when || (e->back && c->when > e->back) || n > sizeof(text) - 160)
			continue;
		n += (size_t)snprintf(
			text + n, sizeof(text) - n,
			"%s%s(0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ") = %" PRId64,
			n ? "; " : "", c->name, c->arg[0], c->arg[1], c->arg[2], c->ret);
	}
	return n ? json_string(text) : json_null();
}

static json_t *milliseconds(uint64_t from, uint64_t to)
{
	return to >= from ? json_real((double)((to - from) / 1000) / 1e3) : json_null();
}

static json_t *exits(const struct kvm_vm_view *vm, const struct kvm_vcpu_view *c)
{
	uint64_t now = trace_now();
	json_t *all = json_array();

	for (size_t i = c->history.num - MIN(c->history.num, SHOWN_EXITS); i < c->history.num;
	     i++) {
		const struct kvm_exit_view *e = &c->history.note[i];

		json_array_append_new(
			all,
			json_pack("{s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o}", "exit", e->name, "to",
				  e->to_user ? "vmm" : "kernel", "address",
				  e->addr ? picture_hex(e->addr) : json_null(), "size",
				  e->size ? picture_hex(e->size) : json_null(), "write",
				  e->is_write, "ms_ago", milliseconds(e->when, now), "answered_ms",
				  e->back ? milliseconds(e->when, e->back) : json_null(), "calls",
				  answer(vm, e)));
	}
	return all;
}

static json_t *timers(const struct rmm_rec_view *r)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "cntp_ctl", picture_hex(r->cntp_ctl), "cntp_cval",
			 picture_hex(r->cntp_cval), "cntv_ctl", picture_hex(r->cntv_ctl),
			 "cntv_cval", picture_hex(r->cntv_cval));
}

static json_t *list_registers(const struct rmm_rec_view *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(r->lr); i++)
		json_array_append_new(all, picture_hex(r->lr[i]));
	return all;
}

static json_t *el1(const struct rmm_el1_view *e)
{
	const struct {
		const char *name;
		uint64_t value;
	} regs[] = {
		{"sctlr", e->sctlr},   {"tcr", e->tcr},	  {"ttbr0", e->ttbr0},
		{"ttbr1", e->ttbr1},   {"vbar", e->vbar}, {"elr", e->elr},
		{"esr", e->esr},       {"far", e->far},	  {"sp_el0", e->sp_el0},
		{"sp_el1", e->sp_el1},
	};
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		json_object_set_new(o, regs[i].name, picture_hex(regs[i].value));
	return o;
}

static void add_rec(json_t *o, const struct rmm_rec_view *r)
{
	json_object_set_new(o, "mpidr", picture_hex(r->mpidr));
	json_object_set_new(o, "running", json_boolean(r->running));
	json_object_set_new(o, "rsi_calls", json_integer((json_int_t)r->rsi_calls));
	if (!r->has_regs)
		return;
	if (!r->running) {
		json_object_set_new(o, "runnable", json_boolean(r->runnable));
		json_object_set_new(o, "esr", picture_hex(r->esr));
		json_object_set_new(o, "far", picture_hex(r->far));
	}
	json_object_set_new(o, "registers", registers(r));
	if (r->has_el1)
		json_object_set_new(o, "el1", el1(&r->el1));
	json_object_set_new(o, "timers", timers(r));
	json_object_set_new(o, "list_registers", list_registers(r));
}

json_t *picture_of_vcpu(const struct kvm_vm_view *vm, size_t index, const struct rmm_rec_view *rec)
{
	const struct kvm_vcpu_view *c = &vm->vcpus[index];
	json_t *o =
		json_pack("{s:I, s:s, s:i, s:b, s:b, s:I}", "id", (json_int_t)c->id, "mp_state",
			  mp_state_name(c->mp_state), "exit_reason", (int)c->history.exit_reason,
			  "in_kvm_run", c->history.entered != 0, "interrupt_pending",
			  c->irq_pending, "exit_count", (json_int_t)c->history.exits);

	if (rec)
		add_rec(o, rec);
	json_object_set_new(o, "exits", exits(vm, c));
	return o;
}

json_t *picture_of_vgic(const struct vgic_irq_view *irqs, size_t n, bool enabled)
{
	json_t *all = json_array();

	for (const struct vgic_irq_view *i = irqs; i < irqs + n; i++)
		json_array_append_new(all,
				      json_pack("{s:I, s:i, s:i, s:s, s:b, s:b, s:b, s:b, s:b}",
						"intid", (json_int_t)i->intid, "vcpu", i->vcpu,
						"priority", (int)i->priority, "trigger",
						i->edge ? "edge" : "level", "enabled", i->enabled,
						"line", i->line, "pending", i->pending, "active",
						i->active, "in_list_register", i->in_lr));
	return json_pack("{s:b, s:o}", "enabled", enabled, "interrupts", all);
}
