// SPDX-License-Identifier: BSD-3-Clause
/* fixture.c - starts fake backends and clients. */
#include "tests/preload/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/wire.h"

static char *self_path, *backend_path, *preload_path;

struct backend {
	pid_t pid;
	int in, out;
	char name[64];
};

static void start_backend(struct backend *b)
{
	int in[2], out[2];
	char ready[16];

	snprintf(b->name, sizeof(b->name), "softrealm-test-%d-%lx", getpid(), random());
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		abort();
	b->pid = fork();
	if (b->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		unsetenv("LD_PRELOAD");
		execl(backend_path, backend_path, b->name, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	b->in = in[1];
	b->out = out[0];
	if (read(b->out, ready, sizeof(ready)) <= 0)
		abort();
}

/* Its end is the end of its input; what it says then is a complaint. */
static int stop_backend(struct backend *b)
{
	char text[256];
	ssize_t n;
	int status;

	close(b->in);
	n = read(b->out, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = 0;
		fprintf(stderr, "fake_backend: %s", text);
	}
	if (waitpid(b->pid, &status, 0) != b->pid)
		abort();
	return n > 0 ? -1 : status;
}

static void exec_client(const char *name, const char *role, const char *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv(WIRE_ENV_SOCKET, name, 1);
	setenv("LD_PRELOAD", preload_path, 1);
	execl(self_path, self_path, backend_path, preload_path, role, arg, NULL);
	_exit(127);
}

/* A client with a backend of its own; returns its wait status. */
static int run_pair(const char *role, const char *arg)
{
	struct backend b;
	int status;
	pid_t pid;

	start_backend(&b);
	pid = fork();
	if (pid == 0)
		exec_client(b.name, role, arg);
	if (waitpid(pid, &status, 0) != pid)
		abort();
	if (stop_backend(&b) && !role) /* a role may have let it die */
		return 1 << 8;
	return status;
}

int fixture_main(int argc, char **argv, int (*run)(void), int (*role)(int argc, char **argv))
{
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: %s FAKE_BACKEND PRELOAD\n", argv[0]);
		return 2;
	}
	self_path = argv[0];
	backend_path = argv[1];
	preload_path = argv[2];
	srandom(getpid());
	if (!getenv(WIRE_ENV_SOCKET)) {
		status = run_pair(NULL, NULL);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
	return argc > 3 ? role(argc - 3, argv + 3) : run();
}

pid_t fixture_spawn(bool own_backend, const char *role, const char *arg)
{
	pid_t pid = fork();
	int status;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!own_backend)
		exec_client(getenv(WIRE_ENV_SOCKET), role, arg);
	status = run_pair(role, arg);
	if (WIFSIGNALED(status))
		kill(getpid(), WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

int fixture_wait(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		abort();
	return status;
}

int64_t call(int fd, unsigned long nr, uint64_t arg)
{
	int r = ioctl(fd, nr, arg);

	return r < 0 ? -errno : r;
}

int open_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

int open_vm(void)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);

	assert_true(vm >= 0);
	close(kvm);
	return vm;
}

int open_vcpu(int vm, struct kvm_run **run)
{
	int fd = call(vm, KVM_CREATE_VCPU, 0);

	assert_true(fd >= 0);
	if (!run)
		return fd;
	*run = mmap(NULL, KVM_VCPU_MMAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(*run, MAP_FAILED);
	return fd;
}

void expect_files(int kvm, int64_t n)
{
	int64_t now = -1;

	for (int i = 0; i < 5000; i++) {
		now = call(kvm, FAKE_FILES, 0);
		if (now == n)
			return;
		usleep(1000);
	}
	assert_int_equal(now, n);
}

int add_slot(int vm, void *addr, uint64_t size)
{
	struct kvm_userspace_memory_region r = {.memory_size = size,
						.userspace_addr = (uintptr_t)addr};

	return call(vm, KVM_SET_USER_MEMORY_REGION, (uintptr_t)&r);
}

int64_t peek(int vm, void *addr, uint64_t *value)
{
	struct fake_word w = {(uintptr_t)addr, 0};
	int64_t r = call(vm, FAKE_PEEK, (uintptr_t)&w);

	*value = w.value;
	return r;
}

int64_t poke(int vm, void *addr, uint64_t value)
{
	struct fake_word w = {(uintptr_t)addr, value};

	return call(vm, FAKE_POKE, (uintptr_t)&w);
}

void expect_realm_sees(int vm, void *addr, uint64_t value)
{
	uint64_t seen;

	assert_int_equal(peek(vm, addr, &seen), 0);
	assert_int_equal(seen, value);
}

void expect_realm_faults(int vm, void *addr)
{
	uint64_t seen;

	assert_int_equal(peek(vm, addr, &seen), -EFAULT);
}

uint64_t where(int vm, void *addr)
{
	struct fake_word w = {(uintptr_t)addr, 0};

	assert_int_equal(call(vm, FAKE_WHERE, (uintptr_t)&w), 0);
	return w.value;
}

int64_t pages_used(void)
{
	int kvm = open_kvm();
	int64_t n = call(kvm, FAKE_PAGES, 0);

	close(kvm);
	return n;
}

void expect_shared(int vm, uint64_t *p)
{
	*p = *p + 1;
	expect_realm_sees(vm, p, *p);
	assert_int_equal(poke(vm, p, 0x1234), 0);
	assert_int_equal(*p, 0x1234);
}
