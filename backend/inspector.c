// SPDX-License-Identifier: BSD-3-Clause
/* inspector.c - the calls of the control protocol, each one row. */
#include "backend/inspector.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/door.h"
#include "backend/picture.h"
#include "backend/report.h"
#include "backend/server.h"
#include "backend/diagnosis.h"
#include "base/bits.h"
#include "kvm/entry/kvm_inspect.h"
#include "machine/memory.h"
#include "rmm/rmm_inspect.h"
#include "wire/wire.h"

#define PROTOCOL_VERSION 1
#define MAX_IRQS	 8192u

static json_t *call_version(struct host *h, const json_t *request, const char **error)
{
	return json_pack("{s:s, s:i, s:i}", "softrealm", SOFTREALM_VERSION, "protocol",
			 PROTOCOL_VERSION, "wire", (int)WIRE_VERSION);
}

static json_t *call_info(struct host *h, const json_t *request, const char **error)
{
	json_t *o = report_json(backend_abi(h->options)), *revisions = json_array();

	for (size_t i = 0; i < kvm_num_revisions; i++)
		json_array_append_new(revisions, json_string(kvm_revision_name(kvm_revisions[i])));
	json_object_del(o, "realms");
	json_object_set_new(o, "revisions", revisions);
	json_object_set_new(o, "process", json_integer(getpid()));
	json_object_set_new(o, "clients", json_integer(server_clients(h->server)));
	json_object_set_new(o, "pages",
			    json_integer((json_int_t)machine_size(h->machine) / GRANULE_SIZE));
	json_object_set_new(o, "pages_allocated",
			    json_integer((json_int_t)machine_allocated(h->machine)));
	return o;
}

static json_t *call_realms(struct host *h, const json_t *request, const char **error)
{
	return report_realms();
}

static json_t *call_vms(struct host *h, const json_t *request, const char **error)
{
	uint32_t serials[256];
	size_t n = kvm_inspect_vms(h->kvm, serials, ARRAY_SIZE(serials));
	json_t *all = json_array();

	for (size_t i = MIN(n, ARRAY_SIZE(serials)); i--;) {
		struct kvm_vm_view *v = kvm_inspect_vm(h->kvm, serials[i]);

		if (!v)
			continue; /* it has ended */
		json_array_append_new(
			all, json_pack("{s:I, s:o, s:b, s:s, s:s, s:i, s:i, s:i}", "vm",
				       (json_int_t)v->serial, "process",
				       v->process > 0 ? json_integer(v->process) : json_null(),
				       "realm", v->is_realm, "state", v->state, "revision",
				       v->revision, "ipa_bits", (int)v->ipa_bits, "vcpus",
				       (int)v->num_vcpus, "memslots", (int)v->num_slots));
		kvm_vm_view_free(v);
	}
	return all;
}

static json_t *call_granules(struct host *h, const json_t *request, const char **error)
{
	uint64_t count[RMM_NUM_GRANULE_STATES], all = 0;
	json_t *o = json_object();

	rmm_inspect_granules(h->rmm, count);
	for (unsigned int i = 0; i < RMM_NUM_GRANULE_STATES; i++) {
		json_object_set_new(o, rmm_inspect_granule_state(i),
				    json_integer((json_int_t)count[i]));
		all += count[i];
	}
	json_object_set_new(o, "all", json_integer((json_int_t)all));
	return o;
}

/* The VM that the request names; NULL with *error. */
static struct kvm_vm_view *find_vm(struct host *h, const json_t *request, const char **error)
{
	json_int_t serial = json_integer_value(json_object_get(request, "vm"));
	struct kvm_vm_view *v = NULL;

	if (serial > 0 && serial <= UINT32_MAX)
		v = kvm_inspect_vm(h->kvm, (uint32_t)serial);
	if (!v)
		*error = "want \"vm\": the number of a VM that exists";
	return v;
}

/*
 * The newest VM of the process "process", a number of the visitor's, who is "me" where it is: in
 * another namespace it has another number here, and so have all.
 */
static struct kvm_vm_view *find_vm_of_process(struct host *h, const json_t *request,
					      const char **error)
{
	json_int_t process = json_integer_value(json_object_get(request, "process"));
	const json_t *visitor = json_object_get(request, DOOR_VISITOR);
	uint32_t serials[256];
	size_t n = kvm_inspect_vms(h->kvm, serials, ARRAY_SIZE(serials));

	if (!json_equal(visitor, json_object_get(request, "me")))
		n = 0;
	for (size_t i = 0; i < MIN(n, ARRAY_SIZE(serials)); i++) {
		struct kvm_vm_view *v = kvm_inspect_vm(h->kvm, serials[i]);

		if (v && v->process == process && process > 0)
			return v;
		kvm_vm_view_free(v);
	}
	*error = "this process is not seen to have a VM";
	return NULL;
}

/* ... or the newest one, if it names none. */
static struct kvm_vm_view *find_vm_or_newest(struct host *h, const json_t *request,
					     const char **error)
{
	struct kvm_vm_view *v = NULL;
	uint32_t newest;

	if (json_object_get(request, "vm"))
		return find_vm(h, request, error);
	if (json_object_get(request, "process"))
		return find_vm_of_process(h, request, error);
	if (kvm_inspect_vms(h->kvm, &newest, 1))
		v = kvm_inspect_vm(h->kvm, newest);
	if (!v)
		*error = "there is no VM";
	return v;
}

static json_t *call_realm(struct host *h, const json_t *request, const char **error)
{
	struct kvm_vm_view *v = find_vm(h, request, error);
	json_t *o = v ? picture_of_vm(h->rmm, v) : NULL;

	kvm_vm_view_free(v);
	return o;
}

static json_t *call_rtt(struct host *h, const json_t *request, const char **error)
{
	json_int_t ipa = json_integer_value(json_object_get(request, "arg"));
	struct kvm_vm_view *v = find_vm(h, request, error);
	json_t *o = v ? picture_of_walk(h->rmm, v, (uint64_t)ipa) : NULL;

	if (v && !o)
		*error = "the VM has no realm, or no such IPA";
	kvm_vm_view_free(v);
	return o;
}

static json_t *call_vcpu(struct host *h, const json_t *request, const char **error)
{
	json_int_t index = json_integer_value(json_object_get(request, "arg"));
	struct kvm_vm_view *v = find_vm(h, request, error);
	struct rmm_rec_view rec;
	json_t *o = NULL;

	if (v && index >= 0 && (size_t)index < v->num_vcpus)
		o = picture_of_vcpu(v, (size_t)index,
				    why_look_at_rec(h, v, (size_t)index, &rec) ? &rec : NULL);
	else if (v)
		*error = "want \"arg\": the index of a vCPU of this VM";
	kvm_vm_view_free(v);
	return o;
}

static json_t *call_vgic(struct host *h, const json_t *request, const char **error)
{
	json_int_t serial = json_integer_value(json_object_get(request, "vm"));
	struct vgic_irq_view *irqs = calloc(MAX_IRQS, sizeof(*irqs));
	json_t *o = NULL;
	bool enabled;
	size_t n;

	if (irqs && serial > 0 && serial <= UINT32_MAX &&
	    kvm_inspect_vgic(h->kvm, (uint32_t)serial, irqs, MAX_IRQS, &n, &enabled))
		o = picture_of_vgic(irqs, MIN(n, MAX_IRQS), enabled);
	else
		*error = "want \"vm\": the number of a VM that has an interrupt controller";
	free(irqs);
	return o;
}

static json_t *call_measurements(struct host *h, const json_t *request, const char **error)
{
	json_int_t serial = json_integer_value(json_object_get(request, "vm"));
	json_t *o = NULL;

	if (serial > 0 && serial <= UINT32_MAX)
		o = report_measurements((uint32_t)serial);
	if (!o)
		*error = "want \"vm\": the number of a VM that has or had a realm";
	return o;
}

static json_t *call_refusals(struct host *h, const json_t *request, const char **error)
{
	return report_refusals();
}

static json_t *call_why(struct host *h, const json_t *request, const char **error)
{
	struct kvm_vm_view *v = find_vm_or_newest(h, request, error);
	json_t *o = v ? why_diagnose(h, v) : NULL;

	kvm_vm_view_free(v);
	return o;
}

static json_t *call_log(struct host *h, const json_t *request, const char **error)
{
	struct kvm_vm_view *v = find_vm_or_newest(h, request, error);
	const json_t *level = json_object_get(request, "level");
	json_int_t below = level ? json_integer_value(level) : 8;
	json_t *o = v ? why_log(h, v, below > 0 ? (unsigned int)MIN(below, 8) : 0) : NULL;

	if (v && !o)
		*error = "no log of a Linux kernel is found in the realm's memory";
	kvm_vm_view_free(v);
	return o;
}

static const struct {
	const char *name;
	json_t *(*call)(struct host *h, const json_t *request, const char **error);
} rows[] = {
	{"version", call_version},
	{"info", call_info},
	{"realms", call_realms},
	{"vms", call_vms},
	{"realm", call_realm},
	{"rtt", call_rtt},
	{"vcpu", call_vcpu},
	{"granules", call_granules},
	{"why", call_why},
	{"log", call_log},
	{"measurements", call_measurements},
	{"vgic", call_vgic},
	{"refusals", call_refusals},
};

json_t *inspect_call(void *arg, const char *call, const json_t *request, const char **error)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(call, rows[i].name))
			return rows[i].call(arg, request, error);
	*error = "no such call";
	return NULL;
}
