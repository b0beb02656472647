// SPDX-License-Identifier: BSD-3-Clause
/*
 * carried_client.c - a client of fake_backend that is built in several ways: what it sees is the
 * same whether it is preloaded or carried by the loader. Status 0, or the failed line on stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/fake_kvm.h"

#define PAGE	 4096ul
#define SIZE	 (1024 * PAGE)
#define RW	 (PROT_READ | PROT_WRITE)
#define CHECK(x) check(x, #x, __LINE__)

static void check(int ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "line %d: %s (%s)\n", line, what, strerror(errno));
	exit(1);
}

static long call(int fd, unsigned long nr, uint64_t arg)
{
	long r = ioctl(fd, nr, arg);

	return r < 0 ? -errno : r;
}

static void *map(void)
{
	void *p = mmap(NULL, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static long add_part(int vm, void *p, uint64_t size)
{
	struct kvm_userspace_memory_region r = {.memory_size = size,
						.userspace_addr = (uintptr_t)p};

	return call(vm, KVM_SET_USER_MEMORY_REGION, (uintptr_t)&r);
}

static long add_slot(int vm, void *p)
{
	return add_part(vm, p, SIZE);
}

static uint64_t peek(int vm, void *p)
{
	struct fake_word w = {(uintptr_t)p, 0};

	CHECK(call(vm, FAKE_PEEK, (uintptr_t)&w) == 0);
	return w.value;
}

static int open_vcpu(int vm, struct kvm_run **run)
{
	int vcpu = call(vm, KVM_CREATE_VCPU, 0);

	CHECK(vcpu >= 0);
	*run = mmap(NULL, KVM_VCPU_MMAP_SIZE, RW, MAP_SHARED, vcpu, 0);
	CHECK(*run != MAP_FAILED);
	return vcpu;
}

static int open_kvm(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static void paths(void)
{
	struct stat st;
	int dev = open("/dev", O_RDONLY | O_DIRECTORY), fd = openat(dev, "kvm", O_RDWR);

	CHECK(fd >= 0 && call(fd, KVM_CHECK_EXTENSION, 3) == 3);
	close(fd);
	close(dev);
	CHECK(stat("/dev/kvm", &st) == 0 && S_ISCHR(st.st_mode));
	CHECK(st.st_rdev == makedev(10, 232));
	CHECK(access("//dev/./kvm", R_OK | W_OK) == 0);
	CHECK(access("/no/such/file", F_OK) == -1 && errno == ENOENT);
	CHECK(open((char *)8, O_RDONLY) == -1 && errno == EFAULT);
}

/* ---- signals and threads in KVM_RUN ---- */

static struct kvm_run *the_run;
static atomic_ulong handled;

static void on_kick(int sig)
{
	handled++;
	__atomic_store_n(&the_run->immediate_exit, 1, __ATOMIC_RELAXED);
}

struct runner {
	int vcpu;
	atomic_ulong taken;
};

static void *run_for_ever(void *arg)
{
	struct runner *r = arg;

	while (r->taken < 300) {
		CHECK(call(r->vcpu, KVM_RUN, 0) == -EINTR);
		if (__atomic_exchange_n(&the_run->immediate_exit, 0, __ATOMIC_RELAXED))
			r->taken++;
	}
	return NULL;
}

static void signals(int vm)
{
	struct sigaction sa = {.sa_handler = on_kick};
	struct runner r = {0};
	pthread_t thread;

	r.vcpu = open_vcpu(vm, &the_run);
	sigaction(SIGUSR1, &sa, NULL);
	the_run->request_interrupt_window = FAKE_RUN_EXIT;
	CHECK(call(r.vcpu, KVM_RUN, 0) == 0 && the_run->exit_reason == KVM_EXIT_MMIO);
	the_run->request_interrupt_window = 0;
	CHECK(pthread_create(&thread, NULL, run_for_ever, &r) == 0);
	for (unsigned long i = 1; i <= 300; i++) {
		pthread_kill(thread, SIGUSR1);
		while (r.taken < i)
			usleep(50);
	}
	pthread_join(thread, NULL);
	CHECK(handled == 300);
	munmap(the_run, KVM_VCPU_MMAP_SIZE);
	close(r.vcpu);
}

/* ---- memory ---- */

static atomic_bool stop;

static void *store(void *arg)
{
	uint64_t *p = arg, n = 0;

	while (!stop) {
		n++;
		for (unsigned long i = 0; i < SIZE / 8; i += 512)
			*(volatile uint64_t *)&p[i] += 1;
	}
	return (void *)n;
}

static sigjmp_buf out;

static void on_fault(int sig)
{
	siglongjmp(out, 1);
}

static void memory(int vm)
{
	struct sigaction sa = {.sa_handler = on_fault}, now;
	uint64_t *p = map();
	pthread_t thread;
	void *n;

	CHECK(pthread_create(&thread, NULL, store, p) == 0);
	usleep(20000);
	CHECK(add_slot(vm, p) == 0);
	stop = true;
	pthread_join(thread, &n);
	for (unsigned long i = 0; i < SIZE / 8; i += 512)
		CHECK(p[i] == (uintptr_t)n);
	CHECK(peek(vm, p) == (uintptr_t)n);
	*p = 5;
	CHECK(peek(vm, p) == 5);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGSEGV, NULL, &now);
	CHECK(now.sa_handler == on_fault);
	CHECK(mprotect(p, PAGE, PROT_READ) == 0);
	if (!sigsetjmp(out, 1)) {
		*(volatile uint64_t *)p = 6;
		CHECK(!"a store to a read-only page");
	}
	CHECK(mprotect(p, PAGE, RW) == 0 && munmap(p, SIZE) == 0);
	CHECK(call(vm, FAKE_PEEK, (uintptr_t) & (struct fake_word){(uintptr_t)p, 0}) == -EFAULT);
}

static void expect_fault(int vm, unsigned long nr, void *p)
{
	CHECK(call(vm, nr, (uintptr_t) & (struct fake_word){(uintptr_t)p, 0}) == -EFAULT);
}

/* carried.py counts how often an emulator had to make up the memory map. Memory
 * that was changed after it was mapped is reported as it is now. */
static void many_slots(int vm)
{
	char *p = map();
	int i;

	for (i = 0; i < 1024; i++)
		*(int64_t *)(p + i * PAGE) = i;
	for (i = 0; i < 400; i++)
		CHECK(add_part(vm, p + i * PAGE, PAGE) == 0);
	for (i = 1023; i >= 600; i--)
		CHECK(add_part(vm, p + i * PAGE, PAGE) == 0);
	for (i = 0; i < 400; i++)
		CHECK(add_part(vm, p + i * PAGE, PAGE) == 0);
	for (i = 0; i < 1024; i += i == 399 ? 201 : 1)
		CHECK(peek(vm, p + i * PAGE) == (uint64_t)i);
	CHECK(mprotect(p + 400 * PAGE, PAGE, PROT_READ) == 0);
	CHECK(munmap(p + 401 * PAGE, PAGE) == 0);
	CHECK(mremap(p + 402 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 404 * PAGE) ==
	      p + 404 * PAGE);
	CHECK(mmap(p + 405 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == p + 405 * PAGE);
	for (i = 400; i < 410; i++)
		CHECK(add_part(vm, p + i * PAGE, PAGE) == 0);
	expect_fault(vm, FAKE_POKE, p + 400 * PAGE);
	expect_fault(vm, FAKE_PEEK, p + 401 * PAGE);
	expect_fault(vm, FAKE_PEEK, p + 402 * PAGE);
	expect_fault(vm, FAKE_PEEK, p + 405 * PAGE);
	CHECK(peek(vm, p + 404 * PAGE) == 402 && peek(vm, p + 406 * PAGE) == 406);
	CHECK(munmap(p, SIZE) == 0);
	expect_fault(vm, FAKE_PEEK, p);
}

static void guarded(int vm)
{
	uint64_t *p = map();
	struct fake_copy g = {(uintptr_t)p, 0x80000000, SIZE};
	int64_t before = call(vm, FAKE_TOUCHES, 0);

	*p = 3;
	CHECK(add_slot(vm, p) == 0);
	CHECK(call(vm, FAKE_GUARD, (uintptr_t)&g) == 0);
	CHECK(*(volatile uint64_t *)p == 3);
	CHECK(call(vm, FAKE_TOUCHES, 0) == before + 1);
	munmap(p, SIZE);
}

static void stack(int vm)
{
	char *p = map(), *q;

	CHECK(add_slot(vm, p) == 0 && munmap(p, SIZE) == 0);
	q = mmap(NULL, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	CHECK(q != MAP_FAILED && (q + SIZE <= p || q >= p + SIZE));
	munmap(q, SIZE);
}

static void guest_memfd(int vm)
{
	struct kvm_create_guest_memfd g = {
		.size = 16 * PAGE,
		.flags = GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED,
	};
	int fd = call(vm, KVM_CREATE_GUEST_MEMFD, (uintptr_t)&g);
	struct stat st;
	char *p;

	CHECK(fd >= 0 && fstat(fd, &st) == 0 && st.st_size == (off_t)g.size);
	p = mmap(NULL, g.size, RW, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	p[PAGE] = 9;
	CHECK(fallocate(fd, 3, PAGE, PAGE) == 0 && p[PAGE] == 0);
	munmap(p, g.size);
	close(fd);
}

/* ---- processes and descriptors ---- */

static void children(int kvm, int vm)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(call(vm, FAKE_KIND, vm) != -EIO || call(kvm, KVM_CREATE_VM, 0) < 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(call(vm, FAKE_KIND, vm) == 1);
	CHECK(system("exit 3") >> 8 == 3);
	CHECK(close_range(vm + 1, ~0u, 0) == 0);
	CHECK(call(vm, FAKE_KIND, vm) == 1);
}

int main(void)
{
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0);

	CHECK(vm == kvm + 1);
	paths();
	signals(vm);
	memory(vm);
	many_slots(vm);
	guarded(vm);
	stack(vm);
	guest_memfd(vm);
	children(kvm, vm);
	close(vm);
	/* The backend hears of the child's end when it gets to it. */
	for (int i = 0; i < 5000 && call(kvm, FAKE_FILES, 0); i++)
		usleep(1000);
	CHECK(call(kvm, FAKE_FILES, 0) == 0);
	return 0;
}
