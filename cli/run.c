// SPDX-License-Identifier: BSD-3-Clause
/*
 * run.c - softrealm run: our own VMM under the launcher. The VMM's options are looked at here, so
 * that nothing starts for a wrong command line, and handed on.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/initrd.h"
#include "cli/kernels.h"
#include "cli/launcher.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "cli/summary.h"
#include "machine/memory.h"
#include "vmm/abi.h"
#include "vmm/vmm_options.h"
#include "vmm/status.h"

/* What the summary gives the time of, if the console shows it. */
static const char *const milestones[] = {"Linux version", "Run /init", "softrealm-init: up"};

#define GIB (UINT64_C(1) << 30)

struct run {
	struct launch launch;
	struct vmm_options vmm_options;
	struct initrd_options initrd;
	struct kernel_choice kernel;
	char *command; /* of "-- COMMAND", allocated */
	struct run_options options;
	char vmm[PATH_MAX];
	char **argv; /* the VMM's; from 1 on its members are allocated */
	int argc, room;
	bool has_nonce; /* the VMM's own option has been given */
};

#define ATTEST_NONCE_OPTION "attest-nonce"

static int add_argument(struct run *r, const char *name, const char *value)
{
	char *text;

	if (r->argc + 1 >= r->room) {
		char **argv = realloc(r->argv, (r->room + 32) * sizeof(*argv));

		if (!argv)
			goto none;
		r->argv = argv;
		r->room += 32;
	}
	if (asprintf(&text, "--%s%s%s", name, value ? "=" : "", value ? value : "") < 0)
		goto none;
	r->argv[r->argc++] = text;
	r->argv[r->argc] = NULL;
	return 0;
none:
	log_error("out of memory");
	return -EINVAL;
}

/* An option of the VMM's: is its value good, and may it have a meaning for us as well? */
static int take_vmm_option(void *to, const struct option_row *row, const char *value)
{
	struct run *r = to;
	int ret;

	if (!row->set)
		return row->letter;
	if (!strcmp(row->name, "kernel")) {
		if (kernels_choose(value, &r->kernel))
			return -EINVAL;
		if (r->kernel.fetched)
			value = r->kernel.image;
	}
	ret = row->help ? row->set(&r->vmm_options, value) : 0;
	r->has_nonce |= !strcmp(row->name, ATTEST_NONCE_OPTION);
	return ret ? ret : add_argument(r, row->name, value);
}

/* "-- COMMAND ARGUMENT...": the words as they stand, for the realm's shell. */
static int take_command(struct run *r, const struct option_parser *p)
{
	size_t len = 1;

	if (p->nwords != p->ndashed || r->vmm_options.exec) {
		log_error("\"%s\": not an option (see softrealm run --help)", p->words[0]);
		return -EINVAL;
	}
	for (int i = 0; i < p->nwords; i++)
		len += strlen(p->words[i]) + 1;
	r->command = calloc(1, len);
	for (int i = 0; r->command && i < p->nwords; i++)
		sprintf(r->command + strlen(r->command), "%s%s", i ? " " : "", p->words[i]);
	r->vmm_options.exec = r->command;
	return add_argument(r, "exec", r->command ? r->command : "");
}

/* A command needs our init, and for that an initrd; so do the files that are to be in one. */
static int make_initrd(struct run *r)
{
	char path[40];
	int fd, ret = kernels_initrd(&r->kernel, &r->vmm_options, r->vmm_options.exec != NULL,
				     &r->initrd, path, &fd);

	return ret || fd < 0 ? ret : add_argument(r, "initrd", path);
}

static bool parse(int argc, char **argv, struct run *r, int *status)
{
	struct option_parser p = {
		.tables = {{&run_option_rows, &r->options, NULL},
			   {&vmm_option_rows, r, take_vmm_option},
			   {&launch_option_rows, &r->launch, NULL},
			   {&initrd_file_rows, &r->initrd, NULL}},
		.ntables = 4,
	};

	options_init(&r->vmm_options);
	if (!command_parse(&command_run, argc, argv, &p, status))
		return false;
	*status = LAUNCH_USAGE;
	if (p.nwords && take_command(r, &p))
		return false;
	r->launch.quiet = r->vmm_options.quiet;
	if (r->options.nonce_len && !r->vmm_options.attest) {
		log_error("--nonce: nobody asks for a token without --attest FILE");
		return false;
	}
	return !options_check(&r->vmm_options) && !make_initrd(r);
}

/* The number alone proves nothing (mainline uses it for something else): a realm must come. */
static bool real_kvm_has_realms(void)
{
	bool has = false;
#ifdef __aarch64__
	int vm, kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct realm_abi abi;

	if (kvm < 0)
		return false;
	vm = abi_create_vm(kvm, 0, &abi);
	has = vm >= 0;
	if (has)
		close(vm);
	close(kvm);
#endif
	return has;
}

static int choose_kvm(struct run *r)
{
	bool real = r->options.kvm != WHICH_SOFT && real_kvm_has_realms();

	if (r->options.kvm == WHICH_REAL && !real) {
		log_error("--kvm real: /dev/kvm cannot create realms of this revision");
		return -ENODEV;
	}
	r->launch.real = real;
	return 0;
}

/* Page tables and the host's own pages need some, too. */
static int check_memory(const struct run *r)
{
	uint64_t memory = r->vmm_options.memory;
	uint64_t ram = r->launch.backend.ram ? r->launch.backend.ram : MACHINE_DEFAULT_SIZE;
	uint64_t need = memory + memory / 64 + MACHINE_RESERVED;

	if (r->launch.real || r->launch.host || need <= ram)
		return 0;
	log_error(
		"--memory: a realm of %llu MiB does not fit into the simulated machine's %llu MiB: "
		"make that larger, such as --ram %lluG",
		(unsigned long long)memory >> 20, (unsigned long long)ram >> 20,
		(unsigned long long)(memory + memory / 8 + 2 * GIB - 1) / GIB);
	return -EINVAL;
}

static int ask_for_report(struct run *r)
{
	char number[16];
	int fds[2], ret;

	if (pipe2(fds, O_CLOEXEC)) {
		log_errno(errno, "no pipe for the VMM's report");
		return -EMFILE;
	}
	r->launch.report_fd = fds[0];
	r->launch.report_write = fds[1];
	snprintf(number, sizeof(number), "%d", fds[1]);
	ret = add_argument(r, "report-fd", number);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(milestones); i++)
		ret = add_argument(r, "milestone", milestones[i]);
	return ret;
}

/*
 * The challenge that the VMM gives to the realm: the one that was asked for, in the 64 bytes that
 * verifiers make of it. With --deterministic it is none that could surprise, else a random one.
 */
static int choose_nonce(struct run *r)
{
	static const uint8_t fixed[64] = "softrealm --deterministic";
	const uint8_t *nonce = r->options.nonce_len ? r->options.nonce : fixed;
	char hex[HEX_SIZE(64)];

	if (!r->vmm_options.attest || r->has_nonce ||
	    (!r->options.nonce_len && !r->launch.backend.attest.deterministic))
		return 0;
	return add_argument(r, ATTEST_NONCE_OPTION, hex_encode(nonce, 64, hex));
}

static int start(struct run *r)
{
	int status = LAUNCH_FAILED;

	if (files_vmm(r->vmm, sizeof(r->vmm)) || choose_nonce(r))
		return LAUNCH_FAILED;
	r->argv[0] = r->vmm;
	r->launch.argv = r->argv;
	r->launch.own_vmm = true;
	r->launch.timeout = r->vmm_options.timeout;
	if (limits_check_files(r->vmm_options.cpus, r->vmm_options.ndisks))
		return LAUNCH_FAILED;
	if (choose_kvm(r))
		status = VMM_NO_REALM;
	else if (check_memory(r))
		status = VMM_INPUT;
	else if (!ask_for_report(r))
		status = launch(&r->launch);
	return summary_finish(&r->launch, status);
}

static int run(int argc, char **argv)
{
	struct run r = {.launch = LAUNCH_INIT, .argc = 1};
	int status;

	if (parse(argc, argv, &r, &status))
		status = start(&r);
	for (int i = 1; i < r.argc; i++)
		free(r.argv[i]);
	free(r.argv);
	free(r.command);
	options_free(&r.vmm_options);
	return status;
}

const struct command command_run = {
	.name = "run",
	.about = "boot an arm64 kernel in a realm",
	.usage = "run --kernel FILE [OPTION...] [-- COMMAND...]",
	.text = "Boot an arm64 Linux kernel in an Arm CCA realm and show its console.\n",
	.more = VMM_OPTIONS_MORE,
	.run = run,
	.options = {&vmm_option_rows, &initrd_file_rows, &run_option_rows, &launch_option_rows},
};
