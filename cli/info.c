// SPDX-License-Identifier: BSD-3-Clause
/*
 * info.c - softrealm info: the platform that a realm's VMM sees, and every call there is.
 *
 * All of it comes from the tables that the program itself works with.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "abi/rmi.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/revision.h"
#include "kvm/call.h"
#include "kvm/platform.h"
#include "machine/memory.h"
#include "rmm/call.h"
#include "rmm/rmm.h"
#include "rmm/rsi.h"

static const char *const kinds[] = {
	[KVM_FILE_SYSTEM] = "system",	 [KVM_FILE_VM] = "vm",
	[KVM_FILE_VCPU] = "vcpu",	 [KVM_FILE_DEVICE] = "device",
	[KVM_FILE_GMEM] = "guest_memfd",
};

/* The RMM is asked, as KVM asks it. */
static uint64_t feature_register0(void)
{
	struct machine_config mc = {0};
	struct rmm_config rc = {0};
	uint64_t regs[RMM_NUM_REGS] = {RMI_FEATURES, 0}, value = 0;
	struct rmm *rmm;

	if (machine_create(&mc, &rc.machine))
		return 0;
	if (!rmm_create(&rc, &rmm)) {
		rmm_smc(rmm, NULL, regs);
		value = regs[0] == RMI_SUCCESS ? regs[1] : 0;
		rmm_destroy(rmm);
	}
	machine_destroy(rc.machine);
	return value;
}

static json_t *platform(void)
{
	uint64_t f = feature_register0();
	json_t *o = json_object();
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"realm IPA bits", FIELD_GET(RMI_FEATURE0_S2SZ, f)},
		{"vCPUs", PLATFORM_MAX_VCPUS},
		{"breakpoints", FIELD_GET(RMI_FEATURE0_NUM_BPS, f) + 1},
		{"watchpoints", FIELD_GET(RMI_FEATURE0_NUM_WPS, f) + 1},
		{"list registers", FIELD_GET(RMI_FEATURE0_GICV3_NUM_LRS, f) + 1},
		{"SVE", FIELD_GET(RMI_FEATURE0_SVE_EN, f)},
		{"PMU", FIELD_GET(RMI_FEATURE0_PMU_EN, f)},
		{"LPA2", FIELD_GET(RMI_FEATURE0_LPA2, f)},
		{"SHA-256", FIELD_GET(RMI_FEATURE0_HASH_SHA_256, f)},
		{"SHA-512", FIELD_GET(RMI_FEATURE0_HASH_SHA_512, f)},
		{"page size", GRANULE_SIZE},
		{"counter Hz", PLATFORM_COUNTER_HZ},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		json_object_set_new(o, rows[i].name, json_integer(rows[i].value));
	return o;
}

static json_t *call_row(const char *layer, const char *on, uint32_t number, const char *name,
			json_t *args)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08" PRIx32, number);
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "layer", layer, "on", on, "number", text,
			 "name", name, "args", args);
}

static json_t *names(const char *const *args, unsigned int n)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(a, json_string(args[i]));
	return a;
}

static void add_rsi_rows(json_t *calls, const char *layer, const struct rsi_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_array_append_new(calls, call_row(layer, "realm", rows[i].fid, rows[i].name,
						      names(rows[i].args, rows[i].nargs)));
}

static json_t *calls(const struct kvm_revision *rev)
{
	const struct kvm_row *row;
	json_t *all = json_array();

	for (size_t i = 0; (row = kvm_row_at(rev, i)); i++) {
		json_t *args = json_array();

		for (const struct kvm_arg *a = row->args; a && a->name; a++)
			json_array_append_new(args, json_string(a->name));
		json_array_append_new(all,
				      call_row("KVM", kinds[row->kind], row->nr, row->name, args));
	}
	for (size_t i = 0; i < rmi_num_rows; i++)
		json_array_append_new(all,
				      call_row("RMI", "host", rmi_rows[i].fid, rmi_rows[i].name,
					       names(rmi_rows[i].args, rmi_rows[i].nargs)));
	add_rsi_rows(all, "RSI", rsi_rows, rsi_num_rows);
	add_rsi_rows(all, "PSCI", psci_rows, psci_num_rows);
	return all;
}

static void print_text(const json_t *info)
{
	const char *name, *sep;
	json_t *value, *arg;
	size_t i, n;

	json_object_foreach(json_object_get(info, "platform"), name, value)
		printf("%-16s %lld\n", name, (long long)json_integer_value(value));
	json_array_foreach(json_object_get(info, "calls"), i, value)
	{
		printf("\n%-5s %-12s %s  %s(", json_string_value(json_object_get(value, "layer")),
		       json_string_value(json_object_get(value, "on")),
		       json_string_value(json_object_get(value, "number")),
		       json_string_value(json_object_get(value, "name")));
		sep = "";
		json_array_foreach(json_object_get(value, "args"), n, arg)
		{
			printf("%s%s", sep, json_string_value(arg));
			sep = ", ";
		}
		printf(")");
	}
	printf("\n");
}

static void print_json(const json_t *info)
{
	json_dumpf(info, stdout, JSON_INDENT(1));
	printf("\n");
}

struct info {
	const struct kvm_revision *revision;
	bool json;
};

static int set_json(void *to, const char *value)
{
	((struct info *)to)->json = true;
	return 0;
}

static int set_abi(void *to, const char *value)
{
	struct info *i = to;

	i->revision = revision_parse(value);
	return i->revision ? 0 : -EINVAL;
}

static const struct option_row rows[] = {
#include "cli/info.def"
};
static const struct option_rows info_rows = {rows, ARRAY_SIZE(rows)};

static int run(int argc, char **argv)
{
	struct info i = {.revision = kvm_revisions[0]};
	struct option_parser p = {.tables = {{&info_rows, &i, NULL}}, .ntables = 1};
	json_t *info;
	int status;

	if (!command_parse(&command_info, argc, argv, &p, &status))
		return status;
	if (p.nwords)
		return command_usage(&command_info);
	info = json_pack("{s:s, s:s, s:o, s:o}", "softrealm", SOFTREALM_VERSION, "abi",
			 kvm_revision_name(i.revision), "platform", platform(), "calls",
			 calls(i.revision));
	if (i.json)
		print_json(info);
	else
		print_text(info);
	json_decref(info);
	return EXIT_GOOD;
}

const struct command command_info = {
	.name = "info",
	.about = "the platform and every call",
	.usage = "info [--abi REVISION] [--json]",
	.text = "The platform that a VMM finds, and every call that is implemented.\n",
	.run = run,
	.options = {&info_rows},
};
