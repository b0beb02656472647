// SPDX-License-Identifier: BSD-3-Clause
/* options.c - the table of options, and the parser and the help that are made from it. */
#include "vmm/options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/log.h"
#include "vmm/layout.h"
#include "vmm/status.h"

#define DEFAULT_MEMORY (UINT64_C(512) << 20)
#define MAX_MEMORY     (UINT64_C(1) << 40)

static int parse_number(const char *what, const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(s, &end, 10);
	if (errno || end == s || *end || *s == '-' || *v < min || *v > max) {
		log_error("--%s: \"%s\" is not a number from %llu to %llu", what, s,
			  (unsigned long long)min, (unsigned long long)max);
		return -EINVAL;
	}
	return 0;
}

static int parse_unsigned(const char *what, const char *s, unsigned int min, unsigned int max,
			  unsigned int *out)
{
	uint64_t v;

	if (parse_number(what, s, min, max, &v))
		return -EINVAL;
	*out = (unsigned int)v;
	return 0;
}

#define STRING_OPTION(field)                                                                       \
	static int set_##field(struct vmm_options *o, const char *arg)                             \
	{                                                                                          \
		o->field = arg;                                                                    \
		return 0;                                                                          \
	}
#define FLAG_OPTION(name, field, value)                                                            \
	static int set_##name(struct vmm_options *o, const char *arg)                              \
	{                                                                                          \
		o->field = value;                                                                  \
		return 0;                                                                          \
	}

STRING_OPTION(kernel)
STRING_OPTION(initrd)
STRING_OPTION(append)
STRING_OPTION(dtb_dump)
STRING_OPTION(attest)
STRING_OPTION(attest_nonce)
FLAG_OPTION(measure, measure, true)
FLAG_OPTION(no_measure, measure, false)
FLAG_OPTION(earlycon, earlycon, true)
FLAG_OPTION(quiet, quiet, true)

static int set_memory(struct vmm_options *o, const char *arg)
{
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
	log_error("--memory: \"%s\" is not a size such as 512M or 2G (4K multiple, at most 1024G)",
		  arg);
	return -EINVAL;
}

static int set_cpus(struct vmm_options *o, const char *arg)
{
	return parse_unsigned("cpus", arg, 1, LAYOUT_MAX_CPUS, &o->cpus);
}

static int set_ipa_bits(struct vmm_options *o, const char *arg)
{
	return parse_unsigned("ipa-bits", arg, LAYOUT_MIN_IPA_BITS, LAYOUT_MAX_IPA_BITS,
			      &o->ipa_bits);
}

static int set_timeout(struct vmm_options *o, const char *arg)
{
	return parse_unsigned("timeout", arg, 1, 1000000, &o->timeout);
}

static int set_until(struct vmm_options *o, const char *arg)
{
	if (!*arg) {
		log_error("--until: the text is empty");
		return -EINVAL;
	}
	o->until = arg;
	return 0;
}

static int set_milestone(struct vmm_options *o, const char *arg)
{
	if (!*arg || o->nmilestones == VMM_MAX_MILESTONES) {
		log_error("--milestone: %s", *arg ? "too many of them" : "the text is empty");
		return -EINVAL;
	}
	o->milestones[o->nmilestones++] = arg;
	return 0;
}

static int set_psci(struct vmm_options *o, const char *arg)
{
	if (strcmp(arg, "kernel") && strcmp(arg, "user")) {
		log_error("--psci: \"%s\" is neither kernel nor user", arg);
		return -EINVAL;
	}
	o->psci_user = !strcmp(arg, "user");
	return 0;
}

static int set_disk(struct vmm_options *o, const char *arg)
{
	const char *comma = strrchr(arg, ',');
	bool ro = comma && !strcmp(comma, ",ro");
	size_t len = ro ? (size_t)(comma - arg) : strlen(arg);

	if (o->ndisks == VMM_MAX_DISKS) {
		log_error("--disk: at most %u disks", VMM_MAX_DISKS);
		return -EINVAL;
	}
	if (!len) {
		log_error("--disk: no file is named");
		return -EINVAL;
	}
	o->disks[o->ndisks].path = strndup(arg, len);
	o->disks[o->ndisks].readonly = ro;
	if (!o->disks[o->ndisks].path) {
		log_error("out of memory");
		return -EINVAL;
	}
	o->ndisks++;
	return 0;
}

static int set_report_fd(struct vmm_options *o, const char *arg)
{
	unsigned int fd;

	if (parse_unsigned("report-fd", arg, 0, 1 << 20, &fd))
		return -EINVAL;
	if (fcntl((int)fd, F_GETFD) < 0) {
		log_error("--report-fd: %u is not an open file descriptor", fd);
		return -EINVAL;
	}
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	o->report_fd = (int)fd;
	return 0;
}

/* Help and version end the parsing: options_parse tells them by their row. */
static int set_nothing(struct vmm_options *o, const char *arg)
{
	return 0;
}

const struct vmm_option vmm_options_table[] = {
	{"kernel", 'k', "FILE", "arm64 Linux Image to boot (uncompressed)", set_kernel},
	{"initrd", 'i', "FILE", "initial RAM disk", set_initrd},
	{"append", 'a', "TEXT", "kernel arguments, after console=hvc0", set_append},
	{"memory", 'm', "SIZE", "memory of the realm, such as 512M or 2G (512M)", set_memory},
	{"cpus", 'c', "N", "number of vCPUs, 1 to 16 (1)", set_cpus},
	{"disk", 'd', "FILE[,ro]", "raw image as a virtio block device; repeatable", set_disk},
	{"ipa-bits", 0, "N",
	 "width of the IPA space, 32 to 52 (what the memory needs, at least 33)", set_ipa_bits},
	{"measure", 0, NULL, "measure kernel, device tree and initrd (default)", set_measure},
	{"no-measure", 0, NULL, "populate without measuring the contents", set_no_measure},
	{"psci", 0, "kernel|user", "who answers PSCI (kernel)", set_psci},
	{"earlycon", 0, NULL, "print early messages on a UART (slow: each byte is an exit)",
	 set_earlycon},
	{"attest", 0, "FILE", "ask the realm for an attestation token and write it to FILE",
	 set_attest},
	{"dtb-dump", 0, "FILE", "write the device tree to FILE", set_dtb_dump},
	{"until", 'u', "TEXT", "end well as soon as the console has printed TEXT", set_until},
	{"timeout", 't', "SECONDS", "end with status 124 after this time", set_timeout},
	{"quiet", 'q', NULL, "say nothing about the end of the realm", set_quiet},
	{"version", 'V', NULL, "print the version", set_nothing},
	{"help", 'h', NULL, "print this help", set_nothing},
	{"attest-nonce", 0, "HEX", NULL, set_attest_nonce},
	{"milestone", 0, "TEXT", NULL, set_milestone},
	{"report-fd", 0, "N", NULL, set_report_fd},
};
const unsigned int vmm_options_count = ARRAY_SIZE(vmm_options_table);

void options_help(FILE *f)
{
	fprintf(f, "usage: %s --kernel FILE [OPTION...]\n"
		   "Boot an arm64 Linux kernel in an Arm CCA realm through /dev/kvm.\n\n",
		program_invocation_short_name);
	for (unsigned int i = 0; i < vmm_options_count; i++) {
		const struct vmm_option *r = &vmm_options_table[i];
		char left[64];
		char letter[8] = "    ";

		if (!r->help)
			continue;
		if (r->letter)
			snprintf(letter, sizeof(letter), "-%c, ", r->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, r->name, r->arg ? " " : "",
			 r->arg ? r->arg : "");
		fprintf(f, "  %-26s %s\n", left, r->help);
	}
	fprintf(f,
		"\nOn a terminal Ctrl-a x ends the realm, Ctrl-a h shows the keys.\n\n"
		"Exit status: %d powered off (or --until's text was printed), %d host error,\n"
		"%d usage, %d unusable input, %d no realms here, %d call refused, %d reset,\n"
		"%d realm crashed or stuck, %d engine lost, %d ended from the keyboard,\n"
		"%d powered off without --until's text, %d timeout, 128+N killed by signal N.\n",
		VMM_OK, VMM_HOST, VMM_USAGE, VMM_INPUT, VMM_NO_REALM, VMM_REFUSED, VMM_RESET,
		VMM_CRASHED, VMM_ENGINE_LOST, VMM_QUIT, VMM_UNTIL_MISSED, VMM_TIMEOUT);
}

static const struct vmm_option *find_letter(int c)
{
	for (unsigned int i = 0; i < vmm_options_count; i++)
		if (vmm_options_table[i].letter == c)
			return &vmm_options_table[i];
	return NULL;
}

/* getopt's two descriptions, from the table. */
static void make_getopt(struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (unsigned int i = 0; i < vmm_options_count; i++) {
		const struct vmm_option *r = &vmm_options_table[i];

		longs[i] = (struct option){r->name, r->arg ? required_argument : no_argument, NULL,
					   256 + (int)i};
		if (!r->letter)
			continue;
		*shorts++ = r->letter;
		if (r->arg)
			*shorts++ = ':';
	}
	*shorts = 0;
}

static int check(const struct vmm_options *o, int argc, char **argv, int first)
{
	if (first < argc) {
		log_error("\"%s\": not an option", argv[first]);
		return -EINVAL;
	}
	if (!o->kernel) {
		log_error("which kernel? give one with --kernel FILE");
		return -EINVAL;
	}
	return 0;
}

int options_parse(struct vmm_options *o, int argc, char **argv)
{
	struct option longs[ARRAY_SIZE(vmm_options_table) + 1] = {0};
	char shorts[2 * ARRAY_SIZE(vmm_options_table) + 2];
	const struct vmm_option *r;
	int c;

	*o = (struct vmm_options){.append = "",
				  .memory = DEFAULT_MEMORY,
				  .cpus = 1,
				  .measure = true,
				  .report_fd = -1};
	make_getopt(longs, shorts);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == '?' || c == ':') {
			log_error("%s: %s (see --help)", argv[optind - 1],
				  c == ':' ? "this option needs an argument" : "unknown option");
			return -EINVAL;
		}
		r = c >= 256 ? &vmm_options_table[c - 256] : find_letter(c);
		if (r->letter == 'h') {
			options_help(stdout);
			return 1;
		}
		if (r->letter == 'V') {
			printf("softrealm-vmm %s\n", SOFTREALM_VERSION);
			return 1;
		}
		if (r->set(o, optarg))
			return -EINVAL;
	}
	return check(o, argc, argv, optind);
}

void options_free(struct vmm_options *o)
{
	for (unsigned int i = 0; i < o->ndisks; i++)
		free(o->disks[i].path);
	o->ndisks = 0;
}
