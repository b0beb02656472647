// SPDX-License-Identifier: BSD-3-Clause
/* vmm_options.c - stores what the options of options.def say. */
#include "vmm/vmm_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "vmm/layout.h"
#include "vmm/options_devices.h"
#include "vmm/status.h"

#define DEFAULT_MEMORY (UINT64_C(512) << 20)
#define MAX_MEMORY     (UINT64_C(1) << 40)

static int parse_unsigned(const char *option, const char *s, unsigned int min, unsigned int max,
			  unsigned int *out)
{
	unsigned long long v;

	if (option_number(option, s, min, max, &v))
		return -EINVAL;
	*out = (unsigned int)v;
	return 0;
}

#define STRING_OPTION(field)                                                                       \
	static int set_##field(void *to, const char *arg)                                          \
	{                                                                                          \
		struct vmm_options *o = to;                                                        \
		o->field = arg;                                                                    \
		return 0;                                                                          \
	}
#define FLAG_OPTION(name, field, value)                                                            \
	static int set_##name(void *to, const char *arg)                                           \
	{                                                                                          \
		struct vmm_options *o = to;                                                        \
		o->field = value;                                                                  \
		return 0;                                                                          \
	}

STRING_OPTION(kernel)
STRING_OPTION(firmware)
STRING_OPTION(initrd)
STRING_OPTION(append)
STRING_OPTION(dtb_dump)
STRING_OPTION(exec)
STRING_OPTION(attest)
STRING_OPTION(attest_nonce)
FLAG_OPTION(measure, measure, true)
FLAG_OPTION(no_measure, measure, false)
FLAG_OPTION(earlycon, earlycon, true)
FLAG_OPTION(quiet, quiet, true)
FLAG_OPTION(pmu, pmu, true)

static int set_memory(void *to, const char *arg)
{
	struct vmm_options *o = to;
	char *end;
	unsigned long long n;
	unsigned int shift = 20;

	errno = 0;
	n = strtoull(arg, &end, 10);
	if (*end == 'K' || *end == 'k')
		shift = 10;
	else if (*end == 'G' || *end == 'g')
		shift = 30;
	else if (*end && *end != 'M' && *end != 'm')
		goto wrong;
	if (errno || end == arg || *arg == '-' || (*end && end[1]) || n > MAX_MEMORY >> shift)
		goto wrong;
	o->memory = (uint64_t)n << shift;
	if (o->memory && IS_ALIGNED(o->memory, LAYOUT_PAGE))
		return 0;
wrong:
	return option_wrong("--memory", arg,
			    "a size such as 512M or 2G (4K multiple, at most 1024G)");
}

static int set_cpus(void *to, const char *arg)
{
	struct vmm_options *o = to;

	return parse_unsigned("--cpus", arg, 1, LAYOUT_MAX_CPUS, &o->cpus);
}

static int set_ipa_bits(void *to, const char *arg)
{
	struct vmm_options *o = to;

	return parse_unsigned("--ipa-bits", arg, LAYOUT_MIN_IPA_BITS, LAYOUT_MAX_IPA_BITS,
			      &o->ipa_bits);
}

static int set_sve(void *to, const char *arg)
{
	struct vmm_options *o = to;
	unsigned int bits;

	if (parse_unsigned("--sve", arg, 128, 2048, &bits))
		return -EINVAL;
	if (bits % 128)
		return option_wrong("--sve", arg, "a multiple of 128");
	o->sve_vq = bits / 128;
	return 0;
}

static int set_timeout(void *to, const char *arg)
{
	struct vmm_options *o = to;

	return parse_unsigned("--timeout", arg, 1, 1000000, &o->timeout);
}

static int set_until(void *to, const char *arg)
{
	struct vmm_options *o = to;

	if (!*arg || o->nuntils == VMM_MAX_UNTILS) {
		log_error("--until: %s", *arg ? "too many of them" : "the text is empty");
		return -EINVAL;
	}
	o->until[o->nuntils++] = arg;
	return 0;
}

static int set_fail_on(void *to, const char *arg)
{
	struct vmm_options *o = to;

	if (!*arg || o->nfail_ons == VMM_MAX_UNTILS) {
		log_error("--fail-on: %s", *arg ? "too many of them" : "the text is empty");
		return -EINVAL;
	}
	o->fail_on[o->nfail_ons++] = arg;
	return 0;
}

static int set_milestone(void *to, const char *arg)
{
	struct vmm_options *o = to;

	if (!*arg || o->nmilestones == VMM_MAX_MILESTONES) {
		log_error("--milestone: %s", *arg ? "too many of them" : "the text is empty");
		return -EINVAL;
	}
	o->milestones[o->nmilestones++] = arg;
	return 0;
}

static int set_console(void *to, const char *arg)
{
	struct vmm_options *o = to;

	if (o->nconsoles == VMM_MAX_CONSOLES) {
		log_error("--console: at most %d of them", VMM_MAX_CONSOLES);
		return -EINVAL;
	}
	if (!*arg || !strcmp(arg, "unix:"))
		return option_wrong("--console", arg, "FILE, unix:PATH, pty or -");
	if (!strcmp(arg, "-") && o->nconsoles)
		return option_wrong("--console", arg, "only the first one's");
	o->consoles[o->nconsoles++] = arg;
	return 0;
}

static int set_psci(void *to, const char *arg)
{
	struct vmm_options *o = to;
	int which = option_choice("--psci", arg, "kernel|user");

	if (which < 0)
		return which;
	o->psci_user = which == 1;
	return 0;
}

static int set_irqchip(void *to, const char *arg)
{
	struct vmm_options *o = to;
	int which = option_choice("--irqchip", arg, "gicv3|gicv3-its");

	if (which < 0)
		return which;
	o->its = which == 1;
	return 0;
}

static int set_rng(void *to, const char *arg)
{
	struct vmm_options *o = to;
	int which = option_choice("--rng", arg, "on|off");

	if (which < 0)
		return which;
	o->rng = which == 0;
	return 0;
}

static int set_report_fd(void *to, const char *arg)
{
	struct vmm_options *o = to;
	unsigned int fd;

	if (parse_unsigned("--report-fd", arg, 0, 1 << 20, &fd))
		return -EINVAL;
	if (fcntl((int)fd, F_GETFD) < 0) {
		log_error("--report-fd: %u is not an open file descriptor", fd);
		return -EINVAL;
	}
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	o->report_fd = (int)fd;
	return 0;
}

static const struct option_row rows[] = {
#include "vmm/options.def"
};
const struct option_rows vmm_option_rows = {rows, ARRAY_SIZE(rows)};

static void help(FILE *f)
{
	fprintf(f,
		"usage: %s --kernel FILE [OPTION...]\n"
		"Boot an arm64 Linux kernel in an Arm CCA realm through /dev/kvm.\n",
		program_invocation_short_name);
	option_help(f, &vmm_option_rows);
	fputs("\n" VMM_OPTIONS_MORE, f);
}

void options_init(struct vmm_options *o)
{
	*o = (struct vmm_options){.append = "",
				  .memory = DEFAULT_MEMORY,
				  .cpus = 1,
				  .measure = true,
				  .its = true,
				  .rng = true,
				  .report_fd = -1};
}

int options_check(const struct vmm_options *o)
{
	if (o->firmware && (o->kernel || o->initrd || o->exec))
		log_error("--firmware starts what is on a disk: it takes no --kernel, --initrd, "
			  "--exec");
	else if (!o->kernel && !o->firmware)
		log_error("which kernel? give one with --kernel FILE");
	else
		return 0;
	return -EINVAL;
}

int options_parse(struct vmm_options *o, int argc, char **argv)
{
	struct option_parser p = {.command = program_invocation_short_name,
				  .tables = {{.rows = &vmm_option_rows, .to = o}},
				  .ntables = 1};
	int ret;

	options_init(o);
	ret = option_parse(&p, argc, argv);
	if (ret == 'h')
		help(stdout);
	if (ret == 'V')
		printf("softrealm-vmm %s\n", SOFTREALM_VERSION);
	if (ret)
		return ret < 0 ? ret : 1;
	if (p.nwords) {
		log_error("\"%s\": not an option", p.words[0]);
		return -EINVAL;
	}
	return options_check(o);
}

void options_free(struct vmm_options *o)
{
	for (unsigned int i = 0; i < o->ndisks; i++)
		free(o->disks[i].path);
	o->ndisks = 0;
	for (unsigned int i = 0; i < o->nshares; i++)
		free(o->shares[i].path);
	o->nshares = 0;
}

bool options_ram_file(const struct vmm_options *o)
{
	bool served = false;

	for (unsigned int i = 0; i < o->nshares; i++)
		served |= o->shares[i].served;
	for (unsigned int i = 0; i < o->ndisks; i++)
		served |= o->disks[i].served;
	return served;
}
