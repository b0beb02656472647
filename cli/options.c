// SPDX-License-Identifier: BSD-3-Clause
/* options.c - stores what the options of launch.def and run.def say. */
#include "cli/options.h"

#include <errno.h>
#include <unistd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/rmi.h"
#include "attest/claims.h"
#include "base/hex.h"
#include "base/bits.h"
#include "base/fault.h"
#include "base/log.h"
#include "cli/gdb.h"
#include "cli/input.h"
#include "cli/revision.h"
#include "kvm/call.h"
#include "machine/memory.h"
#include "rmm/call.h"

static int set_explain(void *to, const char *value)
{
	struct launch *l = to;

	l->backend.explain = true;
	return 0;
}

static int set_trace(void *to, const char *value)
{
	struct launch *l = to;

	l->trace = value;
	return 0;
}

static int set_log(void *to, const char *value)
{
	if (option_choice("--log", value, "error|warn|note|debug") < 0)
		return -EINVAL;
	return log_set_level(value);
}

static int set_log_file(void *to, const char *value)
{
	int err = log_set_file(value);

	if (!err)
		return 0;
	log_errno(-err, "--log-file %s", value);
	return -EINVAL;
}

/* cli/config.c has seen to it. */
static int set_nothing(void *to, const char *value)
{
	return 0;
}

static int set_host(void *to, const char *value)
{
	struct launch *l = to;

	l->host = value;
	return 0;
}

static int set_inspect(void *to, const char *value)
{
	struct launch *l = to;

	l->door = value;
	return 0;
}

/* That it cannot be read is told now, not when it is needed. */
static int set_symbols(void *to, const char *value)
{
	struct launch *l = to;

	l->symbols = value;
	if (!access(value, R_OK))
		return 0;
	log_errno(errno, "--symbols %s", value);
	return -EINVAL;
}

static int set_detect(void *to, const char *value)
{
	struct launch *l = to;

	l->backend.detect = true;
	return 0;
}

static int set_no_sandbox(void *to, const char *value)
{
	struct launch *l = to;

	l->backend.no_sandbox = true;
	return 0;
}

static int set_trace_filter(void *to, const char *value)
{
	struct launch *l = to;
	char why[256];

	if (!trace_filter_parse(value, &l->backend.trace_filter, why, sizeof(why)))
		return 0;
	log_error("--trace-filter: %s", why);
	return -EINVAL;
}

static int set_gdb(void *to, const char *value)
{
	struct launch *l = to;

	l->gdb = value;
	return gdb_address_check(value);
}

static int set_gdb_wait(void *to, const char *value)
{
	struct launch *l = to;

	l->backend.gdb_wait = true;
	return 0;
}

static int set_summary(void *to, const char *value)
{
	struct launch *l = to;

	l->summary = value;
	return 0;
}

static int set_measurement_log(void *to, const char *value)
{
	struct launch *l = to;

	l->measurement_log = value;
	return 0;
}

static int set_abi(void *to, const char *value)
{
	struct launch *l = to;

	l->backend.automatic = !strcmp(value, "auto");
	l->backend.revision = l->backend.automatic ? NULL : revision_parse(value);
	return l->backend.revision || l->backend.automatic ? 0 : -EINVAL;
}

/* In the order of enum kvm_rmm. */
static int set_rmm(void *to, const char *value)
{
	struct launch *l = to;
	int which = option_choice("--rmm", value, "auto|1.0|2.0-bet0|2.0");

	if (which < 0)
		return which;
	l->backend.rmm = (enum kvm_rmm)which;
	return 0;
}

static int set_cap_arm_rmi(void *to, const char *value)
{
	struct launch *l = to;
	char *end;
	unsigned long n = strtoul(value, &end, 0);

	if (*end || !*value || *value == '-' || !n || n > INT32_MAX)
		return option_wrong("--cap-arm-rmi", value, "the number of a capability");
	l->backend.cap_rmi = (uint32_t)n;
	return 0;
}

static int set_ram(void *to, const char *value)
{
	struct launch *l = to;
	static const char units[] = "KMGT";
	char *end;
	unsigned long long n = strtoull(value, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (unit && *unit) {
		n = n > ~0ULL >> 50 ? 0 : n << 10 * (unit - units + 1);
		end++;
	}
	if (*end || *value == '-' || n <= MACHINE_RESERVED || n > MACHINE_MAX_SIZE / 2 ||
	    !IS_ALIGNED(n, GRANULE_SIZE))
		return option_wrong("--ram", value, "a size such as 8G (above 64M)");
	l->backend.ram = n;
	return 0;
}

static const struct {
	const char *name;
	unsigned int bit;
} cpu_features[] = {{"sve", MACHINE_CPU_SVE}, {"pmu", MACHINE_CPU_PMU}, {"lpa2", MACHINE_CPU_LPA2}};

static unsigned int find_cpu_feature(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(cpu_features); i++)
		if (strlen(cpu_features[i].name) == len &&
		    !strncmp(cpu_features[i].name, name, len))
			return cpu_features[i].bit;
	return 0;
}

static int set_platform_cpu(void *to, const char *value)
{
	struct launch *l = to;
	unsigned int cpu = 0, bit;
	const char *word = value;
	size_t len;

	for (;; word += len + 1) {
		len = strcspn(word, ",");
		bit = find_cpu_feature(word, len);
		if (!bit)
			return option_wrong("--platform-cpu", value,
					    "sve, pmu, lpa2, or several separated by commas");
		cpu |= bit;
		if (!word[len])
			break;
	}
	l->backend.cpu = cpu;
	return 0;
}

static int set_platform(void *to, const char *value)
{
	struct launch *l = to;

	l->backend.attest.dir = value;
	return 0;
}

static int set_deterministic(void *to, const char *value)
{
	struct launch *l = to;

	l->backend.attest.deterministic = true;
	return 0;
}

static int set_rpv(void *to, const char *value)
{
	struct launch *l = to;
	ssize_t n = hex_decode(value, l->backend.realm.rpv, sizeof(l->backend.realm.rpv));

	return n > 0 ? 0 : option_wrong("--rpv", value, "1 to 64 bytes in hexadecimal digits");
}

static int set_hash(void *to, const char *value)
{
	static const uint8_t algos[] = {RMI_HASH_SHA_256, RMI_HASH_SHA_512};
	struct launch *l = to;
	int i = option_choice("--hash", value, "sha-256|sha-512");

	if (i < 0)
		return i;
	l->backend.realm.hash_algo = algos[i];
	return 0;
}

static int set_rem_extend(void *to, const char *value)
{
	struct launch *l = to;
	int i = option_choice("--rem-extend", value, "tf-rmm|spec");

	if (i < 0)
		return i;
	l->backend.realm.semantics = i ? RMI_SEMANTICS_REM_PADDED : 0;
	return 0;
}

static int set_lifecycle(void *to, const char *value)
{
	struct launch *l = to;
	char *end;
	unsigned long n = strtoul(value, &end, 0);

	if (*end || !*value || *value == '-' || !lifecycle_name(n))
		return option_wrong(
			"--lifecycle", value,
			"a state of the life cycle: 0x0000, 0x1000 .. 0x6000, and up to 0xff "
			"more");
	l->backend.attest.has_lifecycle = true;
	l->backend.attest.lifecycle = n;
	return 0;
}

static int set_token_form(void *to, const char *value)
{
	static const enum attest_form forms[] = {ATTEST_FORM_OF_PROFILE, ATTEST_FORM_EAT,
						 ATTEST_FORM_CMW, ATTEST_FORM_LEGACY};
	struct launch *l = to;
	int which = option_choice("--token-form", value, "auto|eat|cmw|legacy");

	if (which < 0)
		return which;
	l->backend.attest.form = forms[which];
	return 0;
}

/* A name that no revision has would be waited for in vain. */
static bool is_ioctl(const char *name)
{
	const struct kvm_row *row;

	for (size_t r = 0; r < kvm_num_revisions; r++)
		for (size_t i = 0; (row = kvm_row_at(kvm_revisions[r], i)); i++)
			if (!strcmp(row->name, name))
				return true;
	return false;
}

static bool is_rmi(const char *name)
{
	for (size_t i = 0; i < rmi_num_rows; i++)
		if (!strcmp(rmi_rows[i].name, name) || !strcmp(rmi_rows[i].name + 4, name))
			return true;
	return false;
}

static int check_fault_name(const char *spec)
{
	const char *equals = strchr(spec, '=');
	char name[64];

	if (!equals || (strncmp(spec, "ioctl=", 6) && strncmp(spec, "rmi=", 4)))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(equals + 1, ":"), equals + 1);
	if (spec[0] == 'i' ? is_ioctl(name) : is_rmi(name))
		return 0;
	log_error("--fault %s: there is no %s \"%s\" (softrealm info lists them)", spec,
		  spec[0] == 'i' ? "KVM call" : "RMI command", name);
	return -EINVAL;
}

/* Armed here; the backend inherits it by fork. */
static int set_fault(void *to, const char *value)
{
	char why[128];

	if (check_fault_name(value))
		return -EINVAL;
	if (!fault_add(value, why, sizeof(why)))
		return 0;
	log_error("--fault %s: %s", value, why);
	return -EINVAL;
}

static int set_fault_pack(void *to, const char *value)
{
	char why[256];

	if (!fault_add_pack(value, why, sizeof(why)))
		return 0;
	log_error("--fault-pack: %s", why);
	return -EINVAL;
}

static const struct option_row launch_rows[] = {
#include "cli/launch.def"
};
const struct option_rows launch_option_rows = {launch_rows, ARRAY_SIZE(launch_rows)};

static int set_kvm(void *to, const char *value)
{
	struct run_options *r = to;
	int which = option_choice("--kvm", value, "auto|real|soft");

	if (which < 0)
		return which;
	r->kvm = (enum which_kvm)which;
	return 0;
}

static int set_nonce(void *to, const char *value)
{
	struct run_options *r = to;
	uint8_t buf[sizeof(r->nonce) + 2];
	bool hex = strcmp(value, "-") && value[0] != '@';
	ssize_t n = hex ? hex_decode(value, buf, sizeof(r->nonce))
			: input_read_start(value[0] == '@' ? value + 1 : value, buf, sizeof(buf));

	if (n <= 0 || (size_t)n > sizeof(r->nonce))
		return option_wrong("--nonce", value, "1 to 64 bytes");
	memset(r->nonce, 0, sizeof(r->nonce));
	memcpy(r->nonce, buf, (size_t)n);
	r->nonce_len = (size_t)n;
	return 0;
}

static const struct option_row run_rows[] = {
#include "cli/run.def"
};
const struct option_rows run_option_rows = {run_rows, ARRAY_SIZE(run_rows)};
