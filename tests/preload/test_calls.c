// SPDX-License-Identifier: BSD-3-Clause
/* test_calls.c - arguments, descriptors and paths as a client of /dev/kvm sees them. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

#define BIG 300001 /* more than one message, not a multiple of anything */

static void copies_of_any_size_arrive(void **state)
{
	static const size_t sizes[] = {1, 8, 256, 257, 4096, 65536, 65537, BIG};
	char *a = malloc(BIG), *b = malloc(BIG);
	int vm = open_vm();

	for (size_t i = 0; i < BIG; i++)
		a[i] = random();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fake_copy c = {(uintptr_t)a, (uintptr_t)b, sizes[i]};

		memset(b, 0, BIG);
		assert_int_equal(call(vm, FAKE_COPY, (uintptr_t)&c), sizes[i]);
		assert_memory_equal(a, b, sizes[i]);
		assert_true(sizes[i] == BIG || b[sizes[i]] == 0);
	}
	free(a);
	free(b);
	close(vm);
}

static void bad_pointers_are_efault_and_leave_the_channel_usable(void **state)
{
	const size_t page = 4096, size = 40 * page;
	char *hole =
		mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *good = malloc(size);
	int vm = open_vm();
	const struct fake_copy bad[] = {
		{8, (uintptr_t)good, 100},		   /* source not mapped */
		{(uintptr_t)good, 8, 100},		   /* destination not mapped */
		{(uintptr_t)good, (uintptr_t)ro, 100},	   /* destination read-only */
		{(uintptr_t)hole, (uintptr_t)good, size},  /* ends in a hole */
		{(uintptr_t)good, (uintptr_t)hole, size},  /* the same, written */
		{UINT64_MAX - 50, (uintptr_t)good, 100},   /* wraps */
		{UINT64_C(1) << 63, (uintptr_t)good, 100}, /* the kernel's half */
	};
	struct fake_copy fine = {(uintptr_t)ro, (uintptr_t)good, size};

	munmap(hole + size - page, size + page);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(call(vm, FAKE_COPY, (uintptr_t)&bad[i]), -EFAULT);
		assert_int_equal(call(vm, FAKE_COPY, (uintptr_t)&fine), size);
	}
	assert_int_equal(call(vm, FAKE_COPY, 0), -EFAULT);
	assert_int_equal(call(vm, FAKE_COPY, (uintptr_t)hole + size - page - 8), -EFAULT);
	assert_int_equal(call(vm, FAKE_COPY, (uintptr_t)&fine), size);
	munmap(hole, size - page);
	munmap(ro, size);
	free(good);
	close(vm);
}

static void pulls_stop_where_the_source_faults(void **state)
{
	const size_t page = 4096, size = 32 * page;
	unsigned char *p =
		mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t sum = 0;
	struct fake_copy c = {(uintptr_t)p, (uintptr_t)&sum, 2 * size};
	int vm = open_vm();

	memset(p, 3, 2 * size);
	assert_int_equal(call(vm, FAKE_PULL, (uintptr_t)&c), 2 * size);
	assert_int_equal(sum, 3 * 2 * size);
	mprotect(p + size + page, size - page, PROT_NONE);
	assert_int_equal(call(vm, FAKE_PULL, (uintptr_t)&c), size + page);
	assert_int_equal(sum, 3 * (size + page));
	mprotect(p, size, PROT_NONE);
	assert_int_equal(call(vm, FAKE_PULL, (uintptr_t)&c), -EFAULT);
	munmap(p, 2 * size);
	close(vm);
}

static void numbers_are_compared_as_32_bits(void **state)
{
	int vm = open_vm();
	char a = 1, b = 0;
	struct fake_copy c = {(uintptr_t)&a, (uintptr_t)&b, 1};

	assert_int_equal(call(vm, FAKE_COPY | 0xffffffff00000000, (uintptr_t)&c), 1);
	assert_int_equal(call(vm, _IO(KVMIO, 0x7f), 0), -EINVAL);
	close(vm);
}

static void descriptors_are_the_lowest_and_close_on_exec_as_in_the_kernel(void **state)
{
	struct kvm_create_guest_memfd g = {.size = 0x2000};
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), vcpu = open_vcpu(vm, NULL);
	int gmem = call(vm, KVM_CREATE_GUEST_MEMFD, (uintptr_t)&g), again;

	assert_int_equal(vm, kvm + 1);
	assert_int_equal(vcpu, vm + 1);
	assert_int_equal(gmem, vcpu + 1);
	assert_true(fcntl(vm, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(vcpu, F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(gmem, F_GETFD) & FD_CLOEXEC);
	again = open("/dev/kvm", O_RDWR);
	assert_false(fcntl(again, F_GETFD) & FD_CLOEXEC);
	for (int fd = kvm; fd <= again; fd++)
		close(fd);
}

static void descriptors_of_the_caller_reach_the_backend(void **state)
{
	int vm = open_vm(), vcpu = open_vcpu(vm, NULL), dup = fcntl(vcpu, F_DUPFD, 100);
	int e = eventfd(0, 0);
	uint64_t v = 0;

	assert_int_equal(call(vm, FAKE_SIGNAL, e), 0);
	assert_int_equal(read(e, &v, sizeof(v)), sizeof(v));
	assert_int_equal(v, 1);
	assert_int_equal(call(vm, FAKE_SIGNAL, 999), -EBADF);
	assert_int_equal(call(vm, FAKE_KIND, dup), FAKE_KIND_VCPU);
	assert_int_equal(call(vm, FAKE_KIND, e), -EBADF);
	assert_int_equal(call(vm, FAKE_KIND, 999), -EBADF);
	close(dup);
	close(e);
	close(vcpu);
	close(vm);
}

static void a_full_descriptor_table_is_emfile(void **state)
{
	const struct rlimit few = {600, 600};
	int vm = open_vm(), fds[2000], n = 0;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (n < 2000 && (fds[n] = dup(vm)) >= 0)
		n++;
	assert_true(n > 0 && n < 2000);
	assert_int_equal(call(vm, KVM_CREATE_VCPU, 0), -EMFILE);
	close(fds[--n]);
	/* The interposer needs another descriptor to map the vCPU's pages. */
	assert_int_equal(call(vm, KVM_CREATE_VCPU, 0), -EMFILE);
	while (n > 0)
		close(fds[--n]);
	close(open_vcpu(vm, NULL));
	close(vm);
}

static void other_descriptors_are_left_alone(void **state)
{
	int pair[2], value = -1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(call(pair[0], KVM_CREATE_VM, 0), -ENOTTY);
	assert_int_equal(call(-1, KVM_CREATE_VM, 0), -EBADF);
	assert_int_equal(ioctl(pair[0], FIONREAD, &value), 0);
	assert_int_equal(value, 0);
	close(pair[0]);
	close(pair[1]);
}

static void paths_exist_as_on_a_machine_with_kvm(void **state)
{
	struct stat st;
	struct statx stx;
	char line[16] = "";
	FILE *f;

	assert_int_equal(access("/dev/kvm", R_OK | W_OK), 0);
	assert_int_equal(stat("/dev/kvm", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_rdev, makedev(10, 232));
	assert_int_equal(statx(AT_FDCWD, "/dev/kvm", 0, STATX_ALL, &stx), 0);
	assert_true(S_ISCHR(stx.stx_mode));
	f = fopen("/sys/module/kvm/parameters/kvm_cap_arm_rmi", "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "247\n");
	fclose(f);
	assert_int_equal(access("/no/such/file", F_OK), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(open("/no/such/file", O_RDONLY), -1);
}

static void expect_kvm(int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(call(fd, KVM_CHECK_EXTENSION, 3), 3);
	close(fd);
}

static void dev_kvm_is_found_however_it_is_spelt(void **state)
{
	static const char *const names[] = {"//dev/kvm",  "/dev/./kvm",	     "/dev//kvm",
					    "/./dev/kvm", "/dev/../dev/kvm", "/dev/shm/../kvm"};
	char link[] = "/tmp/softrealm-link-XXXXXX", second[] = "/tmp/softrealm-link-XXXXXX";
	int dev = open("/dev", O_RDONLY | O_DIRECTORY), here = open(".", O_RDONLY | O_DIRECTORY);
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		expect_kvm(open(names[i], O_RDWR));
		assert_int_equal(access(names[i], R_OK | W_OK), 0);
		assert_int_equal(stat(names[i], &st), 0);
		assert_true(S_ISCHR(st.st_mode));
	}
	expect_kvm(openat(dev, "kvm", O_RDWR));
	expect_kvm(openat(dev, "./kvm", O_RDWR));
	expect_kvm(openat(AT_FDCWD, "/dev/kvm", O_RDWR));
	assert_int_equal(fstatat(dev, "kvm", &st, 0), 0);
	assert_int_equal(faccessat(dev, "kvm", R_OK, 0), 0);
	assert_int_equal(chdir("/dev"), 0);
	expect_kvm(open("kvm", O_RDWR));
	expect_kvm(creat("kvm", 0600));
	assert_int_equal(fchdir(here), 0);
	expect_kvm(creat("/dev/kvm", 0600));
	assert_int_equal(open("/dev/kvm", O_CREAT | O_EXCL, 0600), -1);
	assert_int_equal(errno, EEXIST);
	close(mkstemp(link));
	close(mkstemp(second));
	unlink(link);
	unlink(second);
	assert_int_equal(symlink("/dev/kvm", link), 0);
	assert_int_equal(symlink(strrchr(link, '/') + 1, second), 0);
	expect_kvm(open(link, O_RDWR));
	expect_kvm(open(second, O_RDWR));
	unlink(link);
	unlink(second);
	close(here);
	close(dev);
}

#define JUGGLED 300

static bool juggling;

static void *juggle(void *arg)
{
	int efd = *(int *)arg;

	while (__atomic_load_n(&juggling, __ATOMIC_RELAXED)) {
		dup2(efd, JUGGLED);
		close(JUGGLED);
	}
	return NULL;
}

/* Whether it is open or not when the backend wants it is a matter of luck, but no more. */
static void a_descriptor_that_is_closed_meanwhile_is_not_open(void **state)
{
	int vm = open_vm(), efd = eventfd(0, EFD_NONBLOCK);
	unsigned int open = 0, closed = 0;
	pthread_t t;
	int r;

	juggling = true;
	pthread_create(&t, NULL, juggle, &efd);
	for (int i = 0; i < 20000 || ((!open || !closed) && i < 1000000); i++) {
		r = call(vm, FAKE_SIGNAL, JUGGLED);
		assert_true(r == 0 || r == -EBADF);
		open += !r;
		closed += r != 0;
	}
	__atomic_store_n(&juggling, false, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	close(efd);
	close(vm);
}

/* And nothing of it comes to whoever is behind: the calls after it are answered. */
static void a_guest_memfd_is_neither_read_nor_written(void **state)
{
	struct kvm_create_guest_memfd g = {.size = 0x3000};
	int vm = open_vm(), gmem = call(vm, KVM_CREATE_GUEST_MEMFD, (uintptr_t)&g);
	int copy = dup(gmem), end[2];
	char buf[64] = "";
	struct iovec iov = {buf, sizeof(buf)};

	for (int i = 0, fd = gmem; i < 2; i++, fd = copy) {
		assert_true(read(fd, buf, sizeof(buf)) < 0 && errno == EINVAL);
		assert_true(readv(fd, &iov, 1) < 0 && errno == EINVAL);
		assert_true(write(fd, buf, sizeof(buf)) < 0 && errno == EINVAL);
		assert_true(writev(fd, &iov, 1) < 0 && errno == EINVAL);
		assert_true(pread(fd, buf, sizeof(buf), 0) < 0 && errno == ESPIPE);
		assert_true(pwrite(fd, buf, sizeof(buf), 0) < 0 && errno == ESPIPE);
	}
	assert_int_equal(pipe(end), 0);
	assert_int_equal(write(end[1], "abc", 3), 3);
	assert_int_equal(read(end[0], buf, sizeof(buf)), 3);
	close(end[1]);
	assert_int_equal(read(end[0], buf, sizeof(buf)), 0);
	close(end[0]);
	close(copy);
	close(gmem);
	close(vm);
}

static void a_guest_memfd_is_a_file_of_its_size(void **state)
{
	struct kvm_create_guest_memfd g = {.size = 0x3000};
	ino_t ino;
	int other;
	int kvm = open_kvm(), vm = call(kvm, KVM_CREATE_VM, 0), plain = memfd_create("other", 0);
	int gmem = call(vm, KVM_CREATE_GUEST_MEMFD, (uintptr_t)&g);
	struct statx stx;
	struct stat st;

	assert_int_equal(fstat(gmem, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_size, 0x3000);
	assert_int_equal(st.st_blksize, 4096);
	assert_int_equal(fstatat(gmem, "", &st, AT_EMPTY_PATH), 0);
	assert_int_equal(st.st_size, 0x3000);
	assert_int_equal(statx(gmem, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx), 0);
	assert_int_equal(stx.stx_size, 0x3000);
	assert_int_equal(stx.stx_ino, st.st_ino);
	ino = st.st_ino;
	other = call(vm, KVM_CREATE_GUEST_MEMFD, (uintptr_t)&g);
	assert_int_equal(fstat(other, &st), 0);
	assert_int_not_equal(st.st_ino, ino);
	close(other);
	assert_int_equal(fstat(vm, &st), 0);
	assert_false(S_ISSOCK(st.st_mode));
	assert_int_equal(fstat(kvm, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(ftruncate(plain, 0x5000), 0);
	assert_int_equal(fstat(plain, &st), 0);
	assert_int_equal(st.st_size, 0x5000);
	errno = 0;
	assert_int_equal(fstat(gmem, (void *)8), -1);
	assert_int_equal(errno, EFAULT);
	close(plain);
	close(gmem);
	close(vm);
	close(kvm);
}

static void other_files_of_that_name_are_left_alone(void **state)
{
	char folder[] = "/tmp/softrealm-test-XXXXXX", name[64];
	struct stat st;
	int fd;

	assert_non_null(mkdtemp(folder));
	snprintf(name, sizeof(name), "%s/kvm", folder);
	assert_int_equal(open(name, O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
	fd = open(name, O_CREAT | O_RDWR, 0600);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	close(fd);
	unlink(name);
	rmdir(folder);
}

#define EXPECT_EFAULT(what)                                                                        \
	do {                                                                                       \
		errno = 0;                                                                         \
		assert_int_equal(what, -1);                                                        \
		assert_int_equal(errno, EFAULT);                                                   \
	} while (0)

static void bad_path_pointers_are_efault(void **state)
{
	const size_t page = 4096;
	char *hole =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shut = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *bad[] = {NULL,	  (char *)8,	  (char *)0x7f0000000123,
			     hole + page, shut,		  (char *)(UINT64_C(1) << 63),
			     (char *)-1,  hole + page - 8};
	struct stat st;
	struct statx stx;

	munmap(hole + page, page);
	memcpy(hole + page - 8, "/dev/kvm", 8); /* its end is missing */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EFAULT(open(bad[i], O_RDWR));
		EXPECT_EFAULT(openat(AT_FDCWD, bad[i], O_RDWR));
		EXPECT_EFAULT(creat(bad[i], 0600));
		EXPECT_EFAULT(access(bad[i], R_OK));
		EXPECT_EFAULT(faccessat(AT_FDCWD, bad[i], R_OK, 0));
		EXPECT_EFAULT(stat(bad[i], &st));
		EXPECT_EFAULT(lstat(bad[i], &st));
		EXPECT_EFAULT(fstatat(AT_FDCWD, bad[i], &st, 0));
	}
	EXPECT_EFAULT(stat("/dev/kvm", (struct stat *)8));
	EXPECT_EFAULT(stat("/dev/kvm", (struct stat *)(hole + page - 64)));
	EXPECT_EFAULT(statx(AT_FDCWD, "/dev/kvm", 0, STATX_ALL, (struct statx *)shut));
	assert_int_equal(statx(AT_FDCWD, "/dev/kvm", 0, STATX_ALL, &stx), 0);
	munmap(hole, page);
	munmap(shut, page);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_of_any_size_arrive),
		cmocka_unit_test(bad_pointers_are_efault_and_leave_the_channel_usable),
		cmocka_unit_test(pulls_stop_where_the_source_faults),
		cmocka_unit_test(numbers_are_compared_as_32_bits),
		cmocka_unit_test(descriptors_are_the_lowest_and_close_on_exec_as_in_the_kernel),
		cmocka_unit_test(descriptors_of_the_caller_reach_the_backend),
		cmocka_unit_test(a_full_descriptor_table_is_emfile),
		cmocka_unit_test(other_descriptors_are_left_alone),
		cmocka_unit_test(paths_exist_as_on_a_machine_with_kvm),
		cmocka_unit_test(dev_kvm_is_found_however_it_is_spelt),
		cmocka_unit_test(a_descriptor_that_is_closed_meanwhile_is_not_open),
		cmocka_unit_test(a_guest_memfd_is_neither_read_nor_written),
		cmocka_unit_test(a_guest_memfd_is_a_file_of_its_size),
		cmocka_unit_test(other_files_of_that_name_are_left_alone),
		cmocka_unit_test(bad_path_pointers_are_efault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, NULL);
}
