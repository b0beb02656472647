// SPDX-License-Identifier: BSD-3-Clause
/*
 * client.c - a small client of /dev/kvm for launcher.py. Also built for arm64.
 *
 * Status: 0 well; 5 a call failed with EIO or EINVAL; 1 anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/v12.h"

#define RAM_SIZE 0x100000

static int kvm, vm, vcpu;
static char *ram;

static int fail(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	return errno == EIO || errno == EINVAL ? 5 : 1;
}

/* A realm VM with a vCPU and a slot. */
static int set_up(void)
{
	struct kvm_userspace_memory_region r = {.guest_phys_addr = 0x40000000,
						.memory_size = RAM_SIZE};
	struct kvm_vcpu_init init;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return fail("open");
	vm = ioctl(kvm, KVM_CREATE_VM, KVM_VM_TYPE_ARM_REALM | 40);
	if (vm < 0)
		return fail("KVM_CREATE_VM");
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	strcpy(ram, "kept");
	r.userspace_addr = (uintptr_t)ram;
	if (vcpu < 0 || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r) || strcmp(ram, "kept") ||
	    ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init))
		return fail("set-up");
	init.features[0] = 1 << KVM_ARM_VCPU_PSCI_0_2;
	return ioctl(vcpu, KVM_ARM_VCPU_INIT, &init) ? fail("KVM_ARM_VCPU_INIT") : 0;
}

/* Registers go through user memory both ways, and a bad pointer is an error. */
static int once(void)
{
	uint64_t value = 0x123456789abcdef0, back = 0;
	struct kvm_one_reg reg = {KVM_REG_ARM_CORE_PC, (uintptr_t)&value};

	if (ioctl(vcpu, KVM_SET_ONE_REG, &reg))
		return fail("KVM_SET_ONE_REG");
	reg.addr = (uintptr_t)&back;
	if (ioctl(vcpu, KVM_GET_ONE_REG, &reg) || back != value)
		return fail("KVM_GET_ONE_REG");
	reg.addr = 16;
	if (ioctl(vcpu, KVM_GET_ONE_REG, &reg) != -1 || errno != EFAULT ||
	    ioctl(vcpu, KVM_GET_ONE_REG, 16) != -1 || errno != EFAULT)
		return fail("bad pointers");
	printf("ok\n");
	return 0;
}

/* A stopped vCPU: KVM_RUN waits until something ends it. */
static int wait_for_ever(void)
{
	struct kvm_mp_state stopped = {KVM_MP_STATE_STOPPED};

	if (ioctl(vcpu, KVM_SET_MP_STATE, &stopped))
		return fail("KVM_SET_MP_STATE");
	printf("ready\n");
	fflush(stdout);
	for (;;)
		if (ioctl(vcpu, KVM_CHECK_EXTENSION, 0) != -1 || errno == EIO || usleep(20000))
			return fail("KVM_CHECK_EXTENSION");
}

/* As daemons do: the parent ends when the child is set up. */
static int become_daemon(int seconds)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe(ready))
		return fail("pipe");
	pid = fork();
	if (pid)
		return pid > 0 && read(ready[0], &byte, 1) == 1 ? 0 : 1;
	setsid();
	if (set_up())
		return 1;
	printf("daemon\n");
	fflush(stdout);
	if (write(ready[1], &byte, 1) != 1)
		return 1;
	sleep(seconds);
	if (ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_RMI) == 1)
		printf("still served\n");
	return 0;
}

extern char **environ;

/* exec, execvp, execveat, fexecve, spawn or spawnp PROGRAM [ARGUMENT...]: its status. */
static int start_another(const char *how, char **argv)
{
	int status, r;
	pid_t pid;

	if (!strcmp(how, "exec"))
		return execve(argv[0], argv, environ), fail("execve");
	if (!strcmp(how, "execvp"))
		return execvp(argv[0], argv), fail("execvp");
	if (!strcmp(how, "execveat")) {
		char *name = strrchr(argv[0], '/');
		int dir;

		*name++ = 0;
		dir = open(argv[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
		return execveat(dir, name, argv, environ, 0), fail("execveat");
	}
	if (!strcmp(how, "fexecve"))
		return fexecve(open(argv[0], O_PATH | O_CLOEXEC), argv, environ), fail("fexecve");
	r = !strcmp(how, "spawn") ? posix_spawn(&pid, argv[0], NULL, NULL, argv, environ)
				  : posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (r || waitpid(pid, &status, 0) != pid)
		return fail("posix_spawn");
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int r;

	if (argc > 2)
		return start_another(what, argv + 2);

	if (!strcmp(what, "daemon"))
		return become_daemon(1);
	if (!strcmp(what, "daemon-for-ever"))
		return become_daemon(1000);
	if (!strcmp(what, "stop")) {
		raise(SIGTSTP);
		return 0;
	}
	r = set_up();
	if (r)
		return r;
	if (!strcmp(what, "once"))
		return once();
	if (!strcmp(what, "wait"))
		return wait_for_ever();
	if (!strcmp(what, "refused"))
		return ioctl(kvm, KVM_CREATE_VM, 0x1000) < 0 ? fail("KVM_CREATE_VM") : 0;
	fprintf(stderr, "client: once, wait, refused, daemon, daemon-for-ever, stop\n");
	return 2;
}
