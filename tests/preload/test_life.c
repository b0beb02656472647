// SPDX-License-Identifier: BSD-3-Clause
/* test_life.c - when an object ends: the last close, however it comes about; fork and exec. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

static void send_fd(int sock, int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = space,
			    .msg_controllen = sizeof(space)};

	*CMSG_FIRSTHDR(&mh) = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), &fd, sizeof(fd));
	assert_int_equal(sendmsg(sock, &mh, 0), 1);
}

static int receive_fd(int sock)
{
	char space[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = {&byte, 1};
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = space,
			    .msg_controllen = sizeof(space)};
	int fd;

	if (recvmsg(sock, &mh, 0) != 1)
		abort();
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&mh)), sizeof(fd));
	return fd;
}

/* 0 if fn is true in a child. */
static int in_child(bool (*fn)(int a, int b), int a, int b)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(a, b) ? 0 : 1);
	return fixture_wait(pid);
}

static void a_duplicate_keeps_the_object(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), copy = dup(vm);

	expect_files(kvm, 1);
	close(vm);
	usleep(10000);
	expect_files(kvm, 1);
	assert_true(call(copy, FAKE_KIND, copy) >= 0);
	dup2(kvm, copy); /* closed by being replaced */
	expect_files(kvm, 0);
	close(copy);
	close(kvm);
}

/* As the kernel's close, which has ended the object when it returns. */
static void what_was_closed_is_gone_for_the_next_call(void **state)
{
	int kvm = open_kvm();

	for (int i = 0; i < 200; i++) {
		int vm = call(kvm, KVM_CREATE_VM, 0), vcpu = open_vcpu(vm, NULL);

		close(vcpu);
		close(vm);
		assert_int_equal(call(kvm, FAKE_FILES, 0), 0);
	}
	close(kvm);
}

static void close_range_is_seen(void **state)
{
	int kvm = open_kvm(), vm = fcntl(call(kvm, KVM_CREATE_VM, 0), F_DUPFD_CLOEXEC, 200);

	close_range(kvm + 1, 199, 0);
	assert_true(call(vm, FAKE_KIND, vm) >= 0);
	close_range(200, ~0u, 0);
	expect_files(kvm, 0);
	close(kvm);
}

/* Whole or by itself; and what is unmapped there is the vCPU's no more. */
static void a_mapping_of_a_vcpu_shows_the_vms_ring(void **state)
{
	const int prot = PROT_READ | PROT_WRITE;
	int vm = open_vm(), vcpu;
	struct kvm_run *run;
	char *ring;

	vcpu = open_vcpu(vm, &run);
	assert_string_equal((char *)run + 4096, FAKE_RING);
	ring = mmap(NULL, 4096, prot, MAP_SHARED, vcpu, 4096);
	assert_ptr_not_equal(ring, MAP_FAILED);
	assert_string_equal(ring, FAKE_RING);
	ring[0] = 'R';
	assert_int_equal(((char *)run)[4096], 'R');
	run->immediate_exit = 1;
	assert_int_equal(ring[1], FAKE_RING[1]);
	run->immediate_exit = 0;
	munmap(run, KVM_VCPU_MMAP_SIZE);
	munmap(ring, 4096);
	close(vcpu);
	close(vm);
}

static void a_vcpus_dirty_ring_is_mapped_as_in_the_kernel(void **state)
{
	const int prot = PROT_READ | PROT_WRITE;
	const off_t at = KVM_DIRTY_LOG_PAGE_OFFSET * 4096;
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), other = open_vcpu(vm, NULL);
	int vcpu = call(vm, KVM_CREATE_VCPU, FAKE_DIRTY_VCPU);
	char *ring, *second;

	assert_ptr_equal(mmap(NULL, FAKE_DIRTY_BYTES, prot, MAP_PRIVATE, vcpu, at), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, vcpu, at + 4096),
			 MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, 4096, prot, MAP_SHARED, other, at), MAP_FAILED);
	ring = mmap(NULL, FAKE_DIRTY_BYTES, prot, MAP_SHARED, vcpu, at);
	assert_ptr_not_equal(ring, MAP_FAILED);
	assert_string_equal(ring, FAKE_DIRTY);
	second = mmap(NULL, 4096, prot, MAP_SHARED, vcpu, at + 4096);
	assert_ptr_not_equal(second, MAP_FAILED);
	ring[4096] = 'x';
	assert_int_equal(second[0], 'x');
	close(other);
	close(vm);
	close(vcpu);
	munmap(second, 4096);
	usleep(10000);
	expect_files(kvm, 1);
	munmap(ring, FAKE_DIRTY_BYTES);
	expect_files(kvm, 0);
	close(kvm);
}

static void a_mapping_keeps_the_vcpu(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);
	struct kvm_run *run, *second;
	int vcpu = open_vcpu(vm, &run);

	second = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	run->request_interrupt_window = 77;
	assert_int_equal(second->request_interrupt_window, 77);
	close(vm);
	close(vcpu);
	expect_files(kvm, 1);
	munmap(second, 4096);
	munmap(run, 4096); /* half of it */
	usleep(10000);
	expect_files(kvm, 1);
	mmap((char *)run + 4096, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	expect_files(kvm, 0);
	munmap((char *)run + 4096, 4096);
	close(kvm);
}

/* The kernel rounds the size up. */
static void part_of_a_page_unmaps_all_of_it(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);
	struct kvm_run *run;
	int vcpu = open_vcpu(vm, &run);

	close(vm);
	close(vcpu);
	expect_files(kvm, 1);
	munmap(run, KVM_VCPU_MMAP_SIZE - 4095);
	expect_files(kvm, 0);
	close(kvm);
}

static struct kvm_run *inherited;
static pthread_barrier_t together;

static void *unmap_something(void *arg)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pthread_barrier_wait(&together);
	return munmap(p, 4096) || call(*(int *)arg, KVM_CHECK_EXTENSION, 9) != 9 ? arg : NULL;
}

static bool child_unmaps(int kvm, int several)
{
	pthread_t threads[4];
	void *bad = NULL, *one;

	alarm(20);
	if (!several)
		return munmap(inherited, KVM_VCPU_MMAP_SIZE) == 0;
	pthread_barrier_init(&together, NULL, 4);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, unmap_something, &kvm);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &one);
		bad = one ? one : bad;
	}
	return !bad;
}

static void *map_and_unmap(void *arg)
{
	int vcpu = *(int *)arg;
	void *p;

	for (;;) {
		p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, vcpu, 0);
		munmap(p, 4096);
		pthread_testcancel();
	}
	return NULL;
}

/* Whatever another thread of the parent was about to do when it forked. */
static void a_forks_child_may_unmap_at_once(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);
	int vcpu = open_vcpu(vm, &inherited);
	pthread_t busy;

	pthread_create(&busy, NULL, map_and_unmap, &vcpu);
	for (int i = 0; i < 200; i++)
		assert_int_equal(in_child(child_unmaps, kvm, i % 2), 0);
	pthread_cancel(busy);
	pthread_join(busy, NULL);
	munmap(inherited, KVM_VCPU_MMAP_SIZE);
	close(vcpu);
	close(vm);
	expect_files(kvm, 0);
	close(kvm);
}

static void the_vcpus_mapping_has_its_size(void **state)
{
	int vm = open_vm(), vcpu = open_vcpu(vm, NULL);
	const int prot = PROT_READ | PROT_WRITE;

	assert_ptr_equal(mmap(NULL, 3 * 4096, prot, MAP_SHARED, vcpu, 0), MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(mmap(NULL, 4096, prot, MAP_SHARED, vcpu, 2 * 4096), MAP_FAILED);
	assert_ptr_equal(mmap(NULL, 4096, prot, MAP_SHARED, vm, 0), MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	close(vcpu);
	close(vm);
}

static bool child_has_its_own_vm_only(int kvm, int vm)
{
	int own = call(kvm, KVM_CREATE_VM, 0);

	return call(vm, FAKE_KIND, vm) == -EIO && call(vm, KVM_CREATE_VCPU, 0) == -EIO &&
	       own >= 0 && call(own, FAKE_KIND, own) == 1 && call(kvm, KVM_CHECK_EXTENSION, 5) == 5;
}

static void a_forks_child_gets_eio_and_the_parent_goes_on(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);

	for (int i = 0; i < 20; i++) {
		assert_int_equal(in_child(child_has_its_own_vm_only, kvm, vm), 0);
		assert_int_equal(call(vm, FAKE_KIND, vm), 1);
	}
	expect_files(kvm, 1);
	close(vm);
	expect_files(kvm, 0);
	close(kvm);
}

static bool child_is_alone_with_it(int vm, int unused)
{
	usleep(30000);
	return call(vm, FAKE_KIND, vm) == -EIO;
}

static void a_childs_copy_keeps_the_object(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);
	pid_t pid = fork();

	if (pid == 0)
		_exit(child_is_alone_with_it(vm, 0) ? 0 : 1);
	close(vm);
	expect_files(kvm, 1);
	assert_int_equal(fixture_wait(pid), 0);
	expect_files(kvm, 0);
	close(kvm);
}

struct caller {
	int kvm;
	bool failed;
};

static void *call_on(void *arg)
{
	struct caller *c = arg;

	for (int i = 0; i < 300; i++)
		c->failed |= call(c->kvm, KVM_CHECK_EXTENSION, i) != i;
	return NULL;
}

/* /dev/kvm is one open file for both: neither may get the other's answer. */
static void parent_and_child_may_both_use_dev_kvm(void **state)
{
	struct caller c = {open_kvm(), false};
	pthread_t threads[2];
	pid_t pid = fork();

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, call_on, &c);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	if (pid == 0)
		_exit(c.failed);
	assert_false(c.failed);
	assert_int_equal(fixture_wait(pid), 0);
	close(c.kvm);
}

static void a_passed_descriptor_is_foreign_and_keeps_the_object(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	fcntl(vm, F_SETFD, FD_CLOEXEC);
	pid = fixture_spawn(false, "receive", (char[]){'0' + pair[1] / 10, '0' + pair[1] % 10, 0});
	send_fd(pair[0], vm);
	close(vm);
	expect_files(kvm, 1);
	send_fd(pair[0], kvm); /* go on */
	assert_int_equal(fixture_wait(pid), 0);
	expect_files(kvm, 0);
	close(pair[0]);
	close(pair[1]);
	close(kvm);
}

static int role_receive(int sock)
{
	int vm = receive_fd(sock), kvm = receive_fd(sock);

	return call(vm, FAKE_KIND, vm) != -EIO || call(kvm, KVM_CHECK_EXTENSION, 3) != 3;
}

static void descriptors_survive_exec_as_the_kernels(void **state)
{
	int kvm = open_kvm(), keep = fcntl(kvm, F_DUPFD, 50);
	int vm = fcntl(call(kvm, KVM_CREATE_VM, 0), F_DUPFD, 51);
	pid_t pid = fixture_spawn(false, "after_exec", "");

	assert_int_equal(fixture_wait(pid), 0);
	close_range(kvm, 51, 0);
	(void)keep;
	(void)vm;
	kvm = open_kvm();
	expect_files(kvm, 0);
	close(kvm);
}

/* 50 is /dev/kvm, 51 a VM of the program before; another VM was close-on-exec. */
static int role_after_exec(void)
{
	int vm;

	if (call(50, KVM_CHECK_EXTENSION, 7) != 7 || call(51, FAKE_KIND, 51) != -EIO)
		return 1;
	vm = call(50, KVM_CREATE_VM, 0);
	return vm < 0 || call(vm, FAKE_KIND, 51) != 1;
}

static void thousands_of_objects_leave_nothing(void **state)
{
	int kvm = open_kvm();

	for (int i = 0; i < 3000; i++) {
		int vm = call(kvm, KVM_CREATE_VM, 0);

		assert_true(vm >= 0);
		close(vm);
	}
	expect_files(kvm, 0);
	close(kvm);
}

/* What this thread has waited for a CPU; 0: nobody counts it here. */
static uint64_t own_delay(void)
{
	int fd = open("/proc/thread-self/schedstat", O_RDONLY);
	unsigned long long ran, waited = 0;
	char text[64] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) <= 0 || sscanf(text, "%llu %llu", &ran, &waited) != 2)
		waited = 0;
	close(fd);
	return waited;
}

struct runner {
	int vcpu;
	struct kvm_run *run;
	uint64_t told, before, after;
};

static void *run_once(void *arg)
{
	struct runner *r = arg;

	r->before = own_delay();
	assert_int_equal(call(r->vcpu, KVM_RUN, 0), 0);
	memcpy(&r->told, r->run->mmio.data, sizeof(r->told));
	r->after = own_delay();
	return NULL;
}

/* Of the thread that runs it; another one adds what it waits from then on. */
static void the_backend_knows_how_long_a_vcpus_thread_waits(void **state)
{
	int vm = open_vm();
	struct runner r, other;
	pthread_t t;

	if (!own_delay())
		skip();
	r.vcpu = open_vcpu(vm, &r.run);
	r.run->request_interrupt_window = FAKE_RUN_EXIT;
	run_once(&r);
	assert_in_range(r.told, r.before, r.after);
	other = r;
	pthread_create(&t, NULL, run_once, &other);
	pthread_join(t, NULL);
	assert_in_range(other.told, r.told, r.told + other.after);
	run_once(&r);
	assert_true(r.told >= other.told);
	run_once(&r);
	assert_true(r.told >= other.told && r.told <= other.told + r.after);
	munmap(r.run, KVM_VCPU_MMAP_SIZE);
	close(r.vcpu);
	close(vm);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duplicate_keeps_the_object),
		cmocka_unit_test(what_was_closed_is_gone_for_the_next_call),
		cmocka_unit_test(close_range_is_seen),
		cmocka_unit_test(a_mapping_keeps_the_vcpu),
		cmocka_unit_test(a_mapping_of_a_vcpu_shows_the_vms_ring),
		cmocka_unit_test(a_vcpus_dirty_ring_is_mapped_as_in_the_kernel),
		cmocka_unit_test(part_of_a_page_unmaps_all_of_it),
		cmocka_unit_test(a_forks_child_may_unmap_at_once),
		cmocka_unit_test(the_vcpus_mapping_has_its_size),
		cmocka_unit_test(a_forks_child_gets_eio_and_the_parent_goes_on),
		cmocka_unit_test(a_childs_copy_keeps_the_object),
		cmocka_unit_test(parent_and_child_may_both_use_dev_kvm),
		cmocka_unit_test(a_passed_descriptor_is_foreign_and_keeps_the_object),
		cmocka_unit_test(descriptors_survive_exec_as_the_kernels),
		cmocka_unit_test(thousands_of_objects_leave_nothing),
		cmocka_unit_test(the_backend_knows_how_long_a_vcpus_thread_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int role(int argc, char **argv)
{
	return strcmp(argv[0], "receive") ? role_after_exec() : role_receive(atoi(argv[1]));
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, role);
}
