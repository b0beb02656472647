// SPDX-License-Identifier: BSD-3-Clause
/*
 * info.c - softrealm info: the revisions of the ABI, the platform that a realm's VMM sees, every
 * call there is, and the machine below (info_host.c).
 *
 * What is simulated comes from the tables that the program itself works with. Text is printed from
 * the object that --json writes.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "abi/rmi.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/answers.h"
#include "cli/commands.h"
#include "cli/info_host.h"
#include "cli/revision.h"
#include "kvm/call.h"
#include "kvm/platform.h"
#include "machine/memory.h"
#include "rmm/call.h"
#include "rmm/rmm.h"
#include "rmm/rsi.h"

/* The RMM is asked, as KVM asks it; and how much memory it could have. */
static uint64_t feature_register0(uint64_t *simulated)
{
	struct machine_config mc = {0};
	struct rmm_config rc = {0};
	uint64_t regs[RMM_NUM_REGS] = {RMI_FEATURES, 0}, value = 0;
	struct rmm *rmm;

	*simulated = 0;
	if (machine_create(&mc, &rc.machine))
		return 0;
	*simulated = machine_size(rc.machine);
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
	uint64_t simulated, f = feature_register0(&simulated);
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
		{"ordinary IPA bits", PLATFORM_IPA_LIMIT},
		{"simulated bytes", simulated},
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
		json_array_append_new(
			all, call_row("KVM", answer_kinds[row->kind], row->nr, row->name, args));
	}
	for (size_t i = 0; i < rmi_num_rows; i++)
		json_array_append_new(all,
				      call_row("RMI", "host", rmi_rows[i].fid, rmi_rows[i].name,
					       names(rmi_rows[i].args, rmi_rows[i].nargs)));
	add_rsi_rows(all, "RSI", rsi_rows, rsi_num_rows);
	add_rsi_rows(all, "PSCI", psci_rows, psci_num_rows);
	return all;
}

static json_t *revisions(void)
{
	json_t *all = json_array();

	for (size_t i = 0; i < kvm_num_revisions; i++)
		json_array_append_new(all, json_pack("{s:s, s:s, s:i}", "name",
						     kvm_revision_name(kvm_revisions[i]), "about",
						     kvm_revision_about(kvm_revisions[i]),
						     "KVM_CAP_ARM_RMI",
						     (int)kvm_revision_cap(kvm_revisions[i])));
	return all;
}

/* ---- for people ---- */

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key)) ?: "";
}

static long long number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static double gib(const json_t *o, const char *key)
{
	return (double)number_of(o, key) / (1 << 30);
}

static const char *has(const json_t *platform, const char *feature)
{
	return number_of(platform, feature) ? "" : "no ";
}

static void print_revisions(const json_t *info)
{
	size_t i;
	json_t *r;

	printf("\nrevisions of the realm ABI (--abi), with the number of KVM_CAP_ARM_RMI\n");
	json_array_foreach(json_object_get(info, "revisions"), i, r)
		printf("  %-12s %lld  %s%s\n", text_of(r, "name"), number_of(r, "KVM_CAP_ARM_RMI"),
		       text_of(r, "about"), i ? "" : " (the default)");
}

static void print_platform(const json_t *p)
{
	printf("\nthe platform that a VMM finds\n"
	       "  CPU          at most %lld vCPUs; %lld breakpoints, %lld watchpoints; %sSVE, "
	       "%sPMU\n"
	       "  memory       %.0f GiB simulated, used as it is touched; pages of %lld\n"
	       "  IPA bits     realms %lld, ordinary VMs %lld; %sLPA2\n"
	       "  interrupts   GICv3 with ITS, %lld list registers\n"
	       "  counter      %lld Hz\n"
	       "  measured by  %sSHA-256, %sSHA-512\n"
	       "  more         SVE, PMU, LPA2 come with --platform-cpu sve,pmu,lpa2\n",
	       number_of(p, "vCPUs"), number_of(p, "breakpoints"), number_of(p, "watchpoints"),
	       has(p, "SVE"), has(p, "PMU"), gib(p, "simulated bytes"), number_of(p, "page size"),
	       number_of(p, "realm IPA bits"), number_of(p, "ordinary IPA bits"), has(p, "LPA2"),
	       number_of(p, "list registers"), number_of(p, "counter Hz"), has(p, "SHA-256"),
	       has(p, "SHA-512"));
}

/* "QEMU emulator version ..." of what is there, or the package of what is missing. */
static void print_program(const json_t *p)
{
	bool there = json_is_string(json_object_get(p, "path"));
	bool required = json_is_true(json_object_get(p, "required"));

	printf("  %-8s %s (%s)", there ? "found" : "MISSING", text_of(p, "program"),
	       text_of(p, "needed_for"));
	if (!there)
		printf(": install %s%s", text_of(p, "package"),
		       required ? "; nothing runs without it" : "");
	else if (*text_of(p, "version"))
		printf(": %s", text_of(p, "version"));
	printf("\n");
}

static void print_host(const json_t *host)
{
	json_t *kernels = json_object_get(host, "kernels"), *each;
	size_t i;

	printf("\nthis machine\n  Linux %s, %s, %lld CPUs\n", text_of(host, "kernel"),
	       text_of(host, "machine"), number_of(host, "cpus"));
	if (json_object_get(host, "memory_available"))
		printf("  %.1f GiB of %.1f free\n", gib(host, "memory_available"),
		       gib(host, "memory"));
	printf("  %lld descriptors, at most %lld: enough for %lld vCPUs\n",
	       number_of(host, "descriptors"), number_of(host, "descriptors_limit"),
	       number_of(host, "vcpus"));
	json_array_foreach(json_object_get(host, "programs"), i, each) print_program(each);
	printf("  fetched kernels:");
	json_array_foreach(kernels, i, each) printf(" %s", json_string_value(each));
	printf("%s\n", json_array_size(kernels) ? "" : " none (softrealm kernel fetch)");
}

/* How many calls of each layer. */
static void count_calls(const json_t *all)
{
	const char *layers[] = {"KVM", "RMI", "RSI", "PSCI"};
	size_t i;
	json_t *call;

	printf("\ncalls (--calls lists them)\n ");
	for (size_t l = 0; l < ARRAY_SIZE(layers); l++) {
		unsigned int n = 0;

		json_array_foreach(all, i, call) n += !strcmp(text_of(call, "layer"), layers[l]);
		printf(" %s %u", layers[l], n);
	}
	printf("\n");
}

static void print_calls(const json_t *all)
{
	const char *sep;
	json_t *call, *arg;
	size_t i, n;

	json_array_foreach(all, i, call)
	{
		printf("%-5s %-12s %s  %s(", text_of(call, "layer"), text_of(call, "on"),
		       text_of(call, "number"), text_of(call, "name"));
		sep = "";
		json_array_foreach(json_object_get(call, "args"), n, arg)
		{
			printf("%s%s", sep, json_string_value(arg));
			sep = ", ";
		}
		printf(")\n");
	}
}

static void print_text(const json_t *info)
{
	printf("softrealm %s\n", text_of(info, "softrealm"));
	print_revisions(info);
	print_platform(json_object_get(info, "platform"));
	print_host(json_object_get(info, "host"));
	count_calls(json_object_get(info, "calls"));
}

static void print_json(const json_t *info)
{
	json_dumpf(info, stdout, JSON_INDENT(1));
	printf("\n");
}

struct info {
	const struct kvm_revision *revision;
	bool json, calls;
};

static int set_json(void *to, const char *value)
{
	((struct info *)to)->json = true;
	return 0;
}

static int set_calls(void *to, const char *value)
{
	((struct info *)to)->calls = true;
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
	if (i.calls && !i.json)
		info = json_pack("{s:o}", "calls", calls(i.revision));
	else
		info = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "softrealm", SOFTREALM_VERSION,
				 "abi", kvm_revision_name(i.revision), "revisions", revisions(),
				 "platform", platform(), "host", info_host(), "calls",
				 calls(i.revision));
	if (!info) {
		log_error("out of memory");
		return EXIT_REFUSED;
	}
	if (i.json)
		print_json(info);
	else if (i.calls)
		print_calls(json_object_get(info, "calls"));
	else
		print_text(info);
	json_decref(info);
	return EXIT_GOOD;
}

const struct command command_info = {
	.name = "info",
	.about = "revisions, platform, this machine, and every call",
	.usage = "info [--abi REVISION] [--calls] [--json]",
	.text = "The revisions of the ABI, the platform that a VMM finds, what this machine has "
		"and\n"
		"lacks, and with --calls every call that is implemented.\n",
	.run = run,
	.options = {&info_rows},
};
