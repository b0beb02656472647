// SPDX-License-Identifier: BSD-3-Clause
/* check_life.c - descriptors: order of closing, fork, two VMs, two opens. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/check.h"

static const struct script_op two[] = {
	{SCRIPT_REPORT, {1}}, {SCRIPT_REPORT, {2}}, {SCRIPT_END, {0}}};

static void close_order(void)
{
	struct realm r;

	REALM_NEW(&r, 1, two);
	WANT(realm_report(&r, 0), 1);
	close(r.kvm);
	close(r.vm);
	close(r.vgic);
	WANT(realm_report(&r, 0), 2);
	close(r.vcpu[0]);
	WANT(r.run[0]->exit_reason, KVM_EXIT_MMIO); /* the mapping outlives the descriptor */
}

static void two_vms(void)
{
	struct realm a, b;

	REALM_NEW(&a, 1, two);
	REALM_NEW(&b, 1, two);
	WANT(realm_report(&a, 0), 1);
	WANT(realm_report(&b, 0), 1);
	WANT(realm_report(&a, 0), 2);
	close(a.vcpu[0]);
	close(a.vm);
	WANT(realm_report(&b, 0), 2);
}

static void fork_child(void)
{
	struct realm r;
	int status;
	pid_t pid;

	REALM_NEW(&r, 1, two);
	WANT(realm_report(&r, 0), 1);
	pid = fork();
	if (!pid) {
		WANT(call_n(r.vm, KVM_CHECK_EXTENSION, 0), -EIO);
		WANT(realm_run(&r, 0), -EIO);
		WANT(call_n(r.kvm, KVM_GET_API_VERSION, 0), KVM_API_VERSION);
		_exit(0);
	}
	WANT(waitpid(pid, &status, 0), pid);
	WANT(status, 0);
	WANT(realm_report(&r, 0), 2);
}

static void dup_fd(void)
{
	struct realm r;
	int vm;

	REALM_NEW(&r, 1, two);
	vm = fcntl(r.vm, F_DUPFD_CLOEXEC, 100);
	close(r.vm);
	r.vm = vm;
	WANT(call_n(r.vm, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP), 1);
	WANT(realm_report(&r, 0), 1);
}

static void many_in_a_row(void)
{
	for (int i = 0; i < 5; i++) {
		struct realm r;

		REALM_NEW(&r, 2, two);
		WANT(realm_report(&r, 0), 1);
		for (int v = 0; v < 2; v++) {
			munmap(r.run[v], call_n(r.kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
			close(r.vcpu[v]);
		}
		close(r.vgic);
		close(r.gmem);
		close(r.vm);
		close(r.kvm);
		munmap(r.mem, RAM_SIZE);
	}
}

static const struct check checks[] = {
	{"close-order", "a vCPU keeps its VM; the mapping keeps kvm_run", close_order},
	{"two-vms", "two realms at once in one process", two_vms},
	{"fork-child", "after fork the child's VM and vCPU calls are EIO, /dev/kvm's work",
	 fork_child},
	{"dup", "a duplicate of the descriptor is the same VM", dup_fd},
	{"realms-in-a-row", "realms made and closed one after the other", many_in_a_row},
};

const struct check_group check_life = {"life", checks, sizeof(checks) / sizeof(checks[0])};
