// SPDX-License-Identifier: BSD-3-Clause
/*
 * run.c - softrealm run: our own VMM under the launcher. What is not the launcher's option is
 * the VMM's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/v12.h"
#include "base/bits.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/launcher.h"
#include "cli/options.h"
#include "cli/summary.h"

enum which_kvm { WHICH_AUTO, WHICH_REAL, WHICH_SOFT };

/* What the summary gives the time of, if the console shows it. */
static const char *const milestones[] = {"Linux version", "Run /init", "softrealm-init: up"};

struct run {
	struct launch launch;
	enum which_kvm which;
	bool help, version;
	char vmm[PATH_MAX];
	char **argv; /* the VMM's */
	int argc;
};

static int take_which(struct run *r, const char *value)
{
	static const char *const names[] = {"auto", "real", "soft"};

	for (size_t i = 0; value && i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i])) {
			r->which = i;
			return 2;
		}
	}
	log_error("--kvm: \"%s\" is not auto, real or soft", value ? value : "");
	return -EINVAL;
}

/* How many arguments were ours; those that both want are counted as the VMM's. */
static int take(struct run *r, char **argv)
{
	if (!strcmp(argv[0], "--kvm"))
		return take_which(r, argv[1]);
	if (!strncmp(argv[0], "--kvm=", 6))
		return take_which(r, argv[0] + 6) < 0 ? -EINVAL : 1;
	if (!strcmp(argv[0], "--quiet") || !strcmp(argv[0], "-q"))
		r->launch.quiet = true;
	r->help |= !strcmp(argv[0], "--help") || !strcmp(argv[0], "-h");
	r->version |= !strcmp(argv[0], "--version") || !strcmp(argv[0], "-V");
	return launch_options_take(&r->launch, argv);
}

static int parse(int argc, char **argv, struct run *r)
{
	int n;

	r->argv = calloc(argc + 2 * ARRAY_SIZE(milestones) + 4, sizeof(*r->argv));
	if (!r->argv)
		return -ENOMEM;
	r->argv[r->argc++] = r->vmm;
	for (int i = 1; i < argc; i += n) {
		n = take(r, argv + i);
		if (n < 0)
			return n;
		if (n == 0) {
			r->argv[r->argc++] = argv[i];
			n = 1;
		}
	}
	return 0;
}

/* The number alone proves nothing (mainline uses it for something else): a realm must come. */
static bool real_kvm_has_realms(void)
{
	bool has = false;
#ifdef __aarch64__
	int vm, kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		return false;
	if (ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_RMI) > 0) {
		vm = ioctl(kvm, KVM_CREATE_VM, KVM_VM_TYPE_ARM_REALM);
		has = vm >= 0;
		if (has)
			close(vm);
	}
	close(kvm);
#endif
	return has;
}

static int choose_kvm(struct run *r)
{
	bool real = r->which != WHICH_SOFT && real_kvm_has_realms();

	if (r->which == WHICH_REAL && !real) {
		log_error("--kvm real: /dev/kvm cannot create realms of this revision");
		return -ENODEV;
	}
	r->launch.real = real;
	return 0;
}

static int ask_for_report(struct run *r, char *number, size_t size)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC)) {
		log_error("no pipe for the VMM's report: %s", strerror(errno));
		return -errno;
	}
	r->launch.report_fd = fds[0];
	r->launch.report_write = fds[1];
	snprintf(number, size, "%d", fds[1]);
	r->argv[r->argc++] = "--report-fd";
	r->argv[r->argc++] = number;
	for (size_t i = 0; i < ARRAY_SIZE(milestones); i++) {
		r->argv[r->argc++] = "--milestone";
		r->argv[r->argc++] = (char *)milestones[i];
	}
	return 0;
}

static int show_help(struct run *r)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execl(r->vmm, "softrealm run", "--help", NULL);
		_exit(LAUNCH_NOT_FOUND);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return LAUNCH_FAILED;
	printf("\nand of softrealm run itself:\n");
	printf("  %-26s %s\n", "--kvm auto|real|soft",
	       "which /dev/kvm (auto: real if it has realms)");
	launch_options_help(stdout);
	return 0;
}

int cmd_run(int argc, char **argv)
{
	struct run r = {.launch = LAUNCH_INIT};
	char number[16];
	int status = LAUNCH_FAILED;

	if (parse(argc, argv, &r)) {
		status = LAUNCH_USAGE;
	} else if (r.version) {
		printf("softrealm %s\n", SOFTREALM_VERSION);
		status = 0;
	} else if (!files_vmm(r.vmm, sizeof(r.vmm))) {
		r.launch.argv = r.argv;
		r.launch.own_vmm = true;
		if (r.help)
			status = show_help(&r);
		else if (choose_kvm(&r))
			status = 4;
		else if (!ask_for_report(&r, number, sizeof(number)))
			status = launch(&r.launch);
		if (!r.help && summary_finish(&r.launch, status) && !status)
			status = LAUNCH_FAILED;
	}
	free(r.argv);
	return status;
}
