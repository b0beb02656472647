// SPDX-License-Identifier: BSD-3-Clause
/* test_death.c - the backend dies: everything is EIO, and nothing hangs; a client dies: nothing is
 * left of it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

static void *run_vcpu(void *arg)
{
	return (void *)(intptr_t)call((intptr_t)arg, KVM_RUN, 0);
}

/* In a client whose backend is its own. */
static int role_backend_dies(void)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), vcpu = open_vcpu(vm, NULL);
	char *ram = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t runner;
	void *result;

	strcpy(ram, "kept");
	if (add_slot(vm, ram, 4096))
		return 1;
	pthread_create(&runner, NULL, run_vcpu, (void *)(intptr_t)vcpu);
	usleep(20000);
	if (call(vm, FAKE_DIE, 0) != -EIO)
		return 2;
	pthread_join(runner, &result);
	if ((intptr_t)result != -EIO)
		return 3;
	if (call(vm, KVM_CREATE_VCPU, 0) != -EIO || call(vcpu, KVM_RUN, 0) != -EIO ||
	    call(kvm, KVM_CHECK_EXTENSION, 1) != -EIO)
		return 4;
	if (open("/dev/kvm", O_RDWR) != -1 || errno != ENOENT)
		return 5;
	if (strcmp(ram, "kept") || munmap(ram, 4096))
		return 6; /* the memory is ours still */
	return 0;
}

static void everything_is_eio_when_the_backend_is_gone(void **state)
{
	assert_int_equal(fixture_wait(fixture_spawn(true, "backend_dies", "")), 0);
}

/* Killed in the middle of all sorts of calls. */
static __attribute__((noreturn)) void role_busy(void)
{
	static char a[200000], b[200000];
	int vm = open_vm(), vcpu = open_vcpu(vm, NULL);
	struct fake_copy c = {(uintptr_t)a, (uintptr_t)b, sizeof(a)};
	uint64_t sum;
	struct fake_copy p = {(uintptr_t)a, (uintptr_t)&sum, sizeof(a)};
	char *ram = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t runner;

	pthread_create(&runner, NULL, run_vcpu, (void *)(intptr_t)vcpu);
	for (;;) {
		call(vm, FAKE_COPY, (uintptr_t)&c);
		call(vm, FAKE_PULL, (uintptr_t)&p);
		add_slot(vm, ram, 1 << 20);
		mmap(ram, 1 << 19, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		     -1, 0);
		close(open_vcpu(vm, NULL));
	}
}

static void a_client_that_is_killed_leaves_nothing(void **state)
{
	int kvm = open_kvm();
	int64_t pages = call(kvm, FAKE_PAGES, 0);

	for (int i = 0; i < 20; i++) {
		pid_t pid = fixture_spawn(false, "busy", "");

		usleep(20000 + random() % 20000);
		kill(pid, SIGKILL);
		assert_true(WIFSIGNALED(fixture_wait(pid)));
	}
	expect_files(kvm, 0);
	for (int i = 0; i < 5000 && call(kvm, FAKE_PAGES, 0) != pages; i++)
		usleep(1000);
	assert_int_equal(call(kvm, FAKE_PAGES, 0), pages);
	close(kvm);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_eio_when_the_backend_is_gone),
		cmocka_unit_test(a_client_that_is_killed_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int role(int argc, char **argv)
{
	if (!strcmp(argv[0], "busy"))
		role_busy();
	return role_backend_dies();
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, role);
}
