// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_descriptors.c - what a VMM may do to descriptors, its own and (by number) the interposer's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

static void set_nonblocking(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static void o_nonblock_has_no_effect(void **state)
{
	static char a[300000], b[300000];
	struct fake_copy c = {(uintptr_t)a, (uintptr_t)b, sizeof(a)};
	int kvm = open_kvm(), vm, vcpu;
	struct kvm_run *run;

	set_nonblocking(kvm);
	vm = call(kvm, KVM_CREATE_VM, 0);
	assert_true(vm >= 0);
	set_nonblocking(vm);
	for (int i = 0; i < 100; i++) {
		vcpu = open_vcpu(vm, i ? NULL : &run);
		assert_int_equal(call(vm, FAKE_KIND, vcpu), FAKE_KIND_VCPU);
		assert_int_equal(call(vm, FAKE_COPY, (uintptr_t)&c), sizeof(a));
		assert_int_equal(call(kvm, KVM_CHECK_EXTENSION, i), i);
		set_nonblocking(vcpu);
		run->request_interrupt_window = FAKE_RUN_EXIT;
		if (!i)
			assert_int_equal(call(vcpu, KVM_RUN, 0), 0);
		assert_int_equal(call(vcpu, KVM_SET_SIGNAL_MASK, 0), 0);
		close(vcpu);
	}
	munmap(run, KVM_VCPU_MMAP_SIZE);
	close(vm);
	close(kvm);
}

/* ---- threads ---- */

#define WAITING UINT64_MAX

struct runner {
	int vcpu;
	_Atomic uint64_t waits; /* WAITING until the run has begun */
	_Atomic int64_t result;
	_Atomic bool ended;
	pthread_t thread;
};

static void *run_vcpu(void *arg)
{
	struct runner *r = arg;

	r->result = call(r->vcpu, KVM_RUN, 0);
	r->ended = true;
	return NULL;
}

static void start(struct runner *r, int vcpu, struct kvm_run *run, void *(*fn)(void *))
{
	*r = (struct runner){.vcpu = vcpu, .waits = WAITING};
	run->request_interrupt_window = FAKE_RUN_WRITE;
	run->cr8 = (uintptr_t)&r->waits;
	assert_int_equal(pthread_create(&r->thread, NULL, fn, r), 0);
	while (r->waits == WAITING)
		usleep(100);
	usleep(1000); /* in its wait */
}

static void nothing(int sig)
{
}

static void set_handler(void (*fn)(int))
{
	struct sigaction sa = {.sa_handler = fn};

	sigaction(SIGUSR1, &sa, NULL);
}

static void the_number_of_a_running_vcpu_may_be_used_again(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), vcpu, pair[2];
	struct kvm_run *run;
	struct pollfd pfd;
	struct runner r;

	vcpu = open_vcpu(vm, &run);
	set_handler(nothing);
	start(&r, vcpu, run, run_vcpu);
	munmap(run, KVM_VCPU_MMAP_SIZE);
	close(vcpu);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(pair[0], vcpu);
	expect_files(kvm, 2); /* the run keeps it */
	usleep(10000);
	assert_false(r.ended);
	pthread_kill(r.thread, SIGUSR1);
	pthread_join(r.thread, NULL);
	assert_int_equal(r.result, -EINTR);
	for (int i = 0; i < 2; i++) {
		pfd = (struct pollfd){pair[i], POLLIN, 0};
		assert_int_equal(poll(&pfd, 1, 0), 0); /* nothing was said to a stranger */
	}
	assert_int_equal(call(vcpu, KVM_SET_SIGNAL_MASK, 0), -ENOTTY);
	assert_int_equal(call(kvm, FAKE_FILES, 0), 1);
	close(pair[0]);
	close(pair[1]);
	close(vm);
	close(kvm);
}

static void end_thread(int sig)
{
	pthread_exit(NULL);
}

static void *run_cancelled(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	return run_vcpu(arg);
}

static void a_thread_that_ends_in_its_run_leaves_the_vcpu_free(void **state)
{
	struct kvm_run *run;
	int vm = open_vm(), vcpu = open_vcpu(vm, &run);
	struct runner r;

	alarm(20);
	set_handler(end_thread);
	for (int i = 0; i < 6; i++) {
		start(&r, vcpu, run, i % 2 ? run_cancelled : run_vcpu);
		if (i % 2)
			pthread_cancel(r.thread);
		else
			pthread_kill(r.thread, SIGUSR1);
		pthread_join(r.thread, NULL);
		assert_false(r.ended);
		assert_int_equal(call(vcpu, KVM_SET_SIGNAL_MASK, 0), 0);
		run->request_interrupt_window = FAKE_RUN_EXIT;
		assert_int_equal(call(vcpu, KVM_RUN, 0), 0);
	}
	alarm(0);
	munmap(run, KVM_VCPU_MMAP_SIZE);
	close(vcpu);
	close(vm);
}

/* Neither the number nor the object of another thread is ever used. */
static void *open_and_close(void *arg)
{
	int vm = *(int *)arg;

	for (int i = 0; i < 300; i++) {
		int vcpu = open_vcpu(vm, NULL);

		assert_int_equal(call(vm, FAKE_KIND, vcpu), FAKE_KIND_VCPU);
		assert_int_equal(call(vcpu, KVM_SET_SIGNAL_MASK, 0), 0);
		close(vcpu);
	}
	return NULL;
}

static void threads_may_open_and_close_at_once(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, open_and_close, &vm);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	close(vm);
	expect_files(kvm, 0);
	close(kvm);
}

/* ---- descriptors that the VMM does not know of ---- */

static void expect_works(int vm)
{
	int vcpu;
	uint64_t *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t seen;

	assert_int_equal(call(vm, FAKE_KIND, vm), 1);
	*p = 7;
	assert_int_equal(add_slot(vm, p, 4096), 0);
	assert_int_equal(peek(vm, p, &seen), 0);
	assert_int_equal(seen, 7);
	munmap(p, 4096);
	vcpu = open_vcpu(vm, NULL);
	assert_int_equal(call(vcpu, KVM_SET_SIGNAL_MASK, 0), 0);
	close(vcpu);
}

static void a_sweep_of_descriptors_leaves_the_object(void **state)
{
	int vm = open_vm();

	expect_works(vm);
	assert_int_equal(close_range(vm + 1, ~0u, 0), 0);
	expect_works(vm);
	closefrom(vm + 1);
	expect_works(vm);
	for (int fd = vm + 1; fd < 1024; fd++)
		close(fd);
	expect_works(vm);
	close(vm);
}

/* Descriptors that are open here, and are not the VMM's. */
static int find_hidden(int *fds, int max)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		if (atoi(e->d_name) >= 400 && n < max)
			fds[n++] = atoi(e->d_name);
	closedir(d);
	return n;
}

static void what_takes_the_place_of_a_hidden_descriptor_stays_there(void **state)
{
	int vm = open_vm(), hidden[64], n, e = eventfd(0, 0);
	uint64_t one = 1;

	expect_works(vm);
	n = find_hidden(hidden, 64);
	assert_true(n >= 3);
	for (int i = 0; i < n; i++)
		assert_int_equal(i % 2 ? dup2(e, hidden[i]) : dup3(e, hidden[i], O_CLOEXEC),
				 hidden[i]);
	expect_works(vm);
	for (int i = 0; i < n; i++) {
		assert_int_equal(write(hidden[i], &one, sizeof(one)), sizeof(one));
		assert_int_equal(close(hidden[i]), 0);
		assert_int_equal(fcntl(hidden[i], F_GETFD), -1); /* it was the VMM's to close */
	}
	assert_int_equal(read(e, &one, sizeof(one)), sizeof(one));
	assert_int_equal(one, n);
	close(e);
	close(vm);
}

/* By a system call of its own a VMM can take ours away: an error, and nothing said to strangers. */
static void a_hidden_descriptor_that_was_stolen_is_an_error(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(call(vm, FAKE_KIND, vm), 1);
	for (int fd = 500; fd < 600; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			syscall(SYS_dup3, pair[0], fd, 0); /* arm64 has no dup2 */
	assert_int_equal(call(vm, FAKE_KIND, vm), -EIO);
	assert_int_equal(recv(pair[1], &(char){0}, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(call(kvm, KVM_CHECK_EXTENSION, 8), 8); /* that one is made again */
	syscall(SYS_close_range, 500, 600, 0);
	close(vm);
	close(pair[0]);
	close(pair[1]);
	expect_files(kvm, 0);
	close(kvm);
}

/* ---- a full table ---- */

static void with_free_descriptors(int kvm, int left, int taken)
{
	struct rlimit old, few;
	int fds[2048], n = 0, vm, vcpu = -1;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){taken, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (n < 2048 && (fds[n] = dup(kvm)) >= 0)
		n++;
	for (int i = 0; i < left && n; i++)
		close(fds[--n]);
	vm = call(kvm, KVM_CREATE_VM, 0);
	assert_true(vm >= 0 || vm == -EMFILE);
	if (vm >= 0) {
		assert_int_equal(call(vm, FAKE_KIND, 999), -EBADF);
		vcpu = call(vm, KVM_CREATE_VCPU, 0);
		assert_true(vcpu >= 0 || vcpu == -EMFILE);
	}
	if (vcpu >= 0) {
		assert_int_equal(call(vcpu, KVM_SET_SIGNAL_MASK, 0), 0);
		close(vcpu);
	}
	assert_int_equal(call(kvm, KVM_CHECK_EXTENSION, 3), 3);
	if (vm >= 0)
		close(vm);
	assert_int_equal(call(kvm, FAKE_FILES, 0), 0);
	while (n)
		close(fds[--n]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void both_descriptors_or_emfile(void **state)
{
	int kvm = open_kvm();

	for (int left = 0; left < 8; left++) {
		with_free_descriptors(kvm, left, 700);
		with_free_descriptors(kvm, left, 100);
	}
	close(kvm);
}

static void what_closed_objects_leave_makes_room(void **state)
{
	int kvm = open_kvm(), vms[128], n;
	struct rlimit old, few = {100, 0};

	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	for (int round = 0; round < 5; round++) {
		for (n = 0; n < 128; n++) {
			vms[n] = call(kvm, KVM_CREATE_VM, 0);
			if (vms[n] < 0)
				break;
		}
		assert_int_equal(vms[n], -EMFILE);
		assert_true(n > 35); /* two each */
		while (n)
			close(vms[--n]);
	}
	setrlimit(RLIMIT_NOFILE, &old);
	expect_files(kvm, 0);
	close(kvm);
}

/* ---- a VMM that locks itself up ---- */

/* docs/transport.md names them. */
static const int needed[] = {
	SYS_sendmsg,	  SYS_recvmsg, SYS_fstat,	   SYS_ppoll,
	SYS_close,	  SYS_fcntl,   SYS_mmap,	   SYS_munmap,
	SYS_mprotect,	  SYS_futex,   SYS_rt_sigprocmask, SYS_rt_sigpending,
	SYS_rt_sigaction, SYS_gettid,  SYS_getpid,	   SYS_tgkill,
	SYS_openat,	  SYS_pread64, SYS_pwrite64,	   SYS_process_vm_readv,
	SYS_sysinfo,	  SYS_mincore, SYS_getsockopt,	   SYS_getpeername,
	SYS_nanosleep,
};

static void lock_up(void)
{
	static const int own[] = {SYS_exit_group, SYS_write, SYS_rt_sigreturn, SYS_ioctl};
	const unsigned int n = sizeof(needed) / 4, all = n + sizeof(own) / 4;
	struct sock_filter f[80] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog prog = {all + 3, f};

	for (unsigned int i = 0; i < all; i++)
		f[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							i < n ? needed[i] : own[i - n], all - i, 0);
	f[all + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	f[all + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &prog))
		abort();
}

static int role_locked_up(void)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), vcpu;
	uint64_t *p =
		mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_run *run;
	uint64_t seen;

	memset(p, 5, 1 << 22);
	lock_up();
	vcpu = call(vm, KVM_CREATE_VCPU, 0);
	run = mmap(NULL, KVM_VCPU_MMAP_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED || add_slot(vm, p, 1 << 22) || peek(vm, p, &seen) ||
	    seen != UINT64_C(0x0505050505050505))
		_exit(1);
	run->request_interrupt_window = FAKE_RUN_EXIT;
	if (call(vm, FAKE_GIVE, 0) < 0)
		_exit(4);
	if (call(vcpu, KVM_RUN, 0) || mprotect(p, 4096, PROT_READ) ||
	    call(kvm, KVM_CHECK_EXTENSION, 4) != 4 || munmap(p, 1 << 22))
		_exit(2);
	run->immediate_exit = 1;
	_exit(call(vcpu, KVM_RUN, 0) == -EINTR ? 0 : 3);
}

static void a_vmm_may_filter_its_own_system_calls(void **state)
{
	assert_int_equal(fixture_wait(fixture_spawn(false, "locked_up", "")), 0);
}

/* ---- files that the backend gives ---- */

static void expect_given(int fd)
{
	char text[64];

	assert_int_equal(pread(fd, text, sizeof(text), 0), sizeof(FAKE_GIVEN));
	assert_string_equal(text, FAKE_GIVEN);
	assert_int_equal(pread(fd, text, 4, 6), 4);
	assert_memory_equal(text, &FAKE_GIVEN[6], 4);
	assert_int_equal(pread(fd, text, 4, sizeof(FAKE_GIVEN)), 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
}

static void a_given_file_is_read_by_a_description_of_its_own(void **state)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);
	int a = call(vm, FAKE_GIVE, 0), b = call(vm, FAKE_GIVE, 0);
	char text[5] = "";

	assert_int_equal(a, vm + 1);
	assert_int_equal(b, a + 1);
	for (int fd = a; fd <= b; fd++) {
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	}
	assert_int_equal(read(a, text, 4), 4);
	assert_memory_equal(text, FAKE_GIVEN, 4);
	assert_int_equal(read(b, text, 4), 4);
	assert_memory_equal(text, FAKE_GIVEN, 4);
	close(vm);
	expect_files(kvm, 0);
	expect_given(a);
	close(a);
	expect_given(b);
	close(b);
	close(kvm);
}

static void a_given_file_without_a_number_is_emfile(void **state)
{
	int vm = open_vm(), first = dup(vm), fd = first;
	struct rlimit old, few = {600, 0};

	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	for (int next = fd; next >= 0; next = dup(vm))
		fd = next;
	assert_int_equal(call(vm, FAKE_GIVE, 0), -EMFILE);
	close(fd);
	/* There is none to spare: it is the backend's own. */
	assert_int_equal(call(vm, FAKE_GIVE, 0), fd);
	expect_given(fd);
	close(fd);
	setrlimit(RLIMIT_NOFILE, &old);
	for (; first < 600; first++)
		close(first);
	close(vm);
}

/* Without /proc it is the backend's own file, too. */
static int role_no_proc(void)
{
	int vm = open_vm();

	if (chroot("/sys"))
		_exit(errno == EPERM ? 0 : 1);
	expect_given(call(vm, FAKE_GIVE, 0));
	_exit(0);
}

static void a_given_file_needs_no_proc(void **state)
{
	assert_int_equal(fixture_wait(fixture_spawn(false, "no_proc", "")), 0);
}

/* ---- a child that does not exec ---- */

/* The parent ends in the middle of a run; its child has a copy of everything, and no use for it. */
static int role_orphaning(int out)
{
	struct kvm_run *run;
	int vm = open_vm(), vcpu = open_vcpu(vm, &run);
	struct runner r;
	pid_t pid;

	start(&r, vcpu, run, run_vcpu);
	pid = fork();
	if (pid == 0) {
		sleep(1000);
		_exit(0);
	}
	_exit(write(out, &pid, sizeof(pid)) != sizeof(pid));
}

static void a_child_keeps_objects_of_a_parent_that_ended_and_no_run(void **state)
{
	int kvm = open_kvm(), out[2];
	char number[8];
	pid_t orphan;

	assert_int_equal(pipe(out), 0);
	snprintf(number, sizeof(number), "%d", out[1]);
	assert_int_equal(fixture_wait(fixture_spawn(false, "orphaning", number)), 0);
	assert_int_equal(read(out[0], &orphan, sizeof(orphan)), sizeof(orphan));
	usleep(100000);
	assert_int_equal(call(kvm, FAKE_FILES, 0), 2);
	kill(orphan, SIGKILL);
	expect_files(kvm, 0);
	close(out[0]);
	close(out[1]);
	close(kvm);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(o_nonblock_has_no_effect),
		cmocka_unit_test(the_number_of_a_running_vcpu_may_be_used_again),
		cmocka_unit_test(a_thread_that_ends_in_its_run_leaves_the_vcpu_free),
		cmocka_unit_test(threads_may_open_and_close_at_once),
		cmocka_unit_test(a_sweep_of_descriptors_leaves_the_object),
		cmocka_unit_test(what_takes_the_place_of_a_hidden_descriptor_stays_there),
		cmocka_unit_test(a_hidden_descriptor_that_was_stolen_is_an_error),
		cmocka_unit_test(both_descriptors_or_emfile),
		cmocka_unit_test(what_closed_objects_leave_makes_room),
		cmocka_unit_test(a_vmm_may_filter_its_own_system_calls),
		cmocka_unit_test(a_given_file_is_read_by_a_description_of_its_own),
		cmocka_unit_test(a_given_file_without_a_number_is_emfile),
		cmocka_unit_test(a_given_file_needs_no_proc),
		cmocka_unit_test(a_child_keeps_objects_of_a_parent_that_ended_and_no_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

static int role(int argc, char **argv)
{
	if (!strcmp(argv[0], "no_proc"))
		return role_no_proc();
	return strcmp(argv[0], "orphaning") ? role_locked_up() : role_orphaning(atoi(argv[1]));
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, role);
}
