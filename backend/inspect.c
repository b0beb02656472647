// SPDX-License-Identifier: BSD-3-Clause
/* inspect.c - the calls of the control protocol, each one row. */
#include "backend/inspect.h"

#include <string.h>
#include <unistd.h>

#include "backend/report.h"
#include "backend/server.h"
#include "base/bits.h"
#include "machine/memory.h"
#include "wire/wire.h"

#define PROTOCOL_VERSION 1

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

static const struct {
	const char *name;
	json_t *(*call)(struct host *h, const json_t *request, const char **error);
} rows[] = {
	{"version", call_version},
	{"info", call_info},
	{"realms", call_realms},
};

json_t *inspect_call(void *arg, const char *call, const json_t *request, const char **error)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(call, rows[i].name))
			return rows[i].call(arg, request, error);
	*error = "no such call";
	return NULL;
}
