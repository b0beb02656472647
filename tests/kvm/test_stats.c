// SPDX-License-Identifier: BSD-3-Clause
/* test_stats.c - KVM_GET_STATS_FD: what the descriptor reads, and that it is true. */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* As the kernel has them: the data in this order, without a gap. */
static const struct known {
	const char *name;
	unsigned int words;
} of_vm[] = {{"remote_tlb_flush", 1}, {"remote_tlb_flush_requests", 1}},
  of_vcpu[] = {
	  {"halt_successful_poll", 1},
	  {"halt_attempted_poll", 1},
	  {"halt_poll_invalid", 1},
	  {"halt_wakeup", 1},
	  {"halt_poll_success_ns", 1},
	  {"halt_poll_fail_ns", 1},
	  {"halt_wait_ns", 1},
	  {"halt_poll_success_hist", 32},
	  {"halt_poll_fail_hist", 32},
	  {"halt_wait_hist", 32},
	  {"blocking", 1},
	  {"hvc_exit_stat", 1},
	  {"wfe_exit_stat", 1},
	  {"wfi_exit_stat", 1},
	  {"mmio_exit_user", 1},
	  {"mmio_exit_kernel", 1},
	  {"signal_exits", 1},
	  {"exits", 1},
};

static void expect_layout(struct fx *f, int handle, const struct known *known, unsigned int n,
			  const char *id)
{
	int fd = inproc_given(f->p, handle);
	struct kvm_stats_header h;
	struct kvm_stats_desc d;
	uint64_t words = 0;
	char text[KVM_STATS_NAME_SIZE], want[KVM_STATS_NAME_SIZE];

	assert_int_equal(pread(fd, &h, sizeof(h), 0), sizeof(h));
	assert_int_equal(h.flags, 0);
	assert_int_equal(h.name_size, KVM_STATS_NAME_SIZE);
	assert_int_equal(h.num_desc, n);
	assert_int_equal(h.id_offset, sizeof(h));
	assert_int_equal(h.desc_offset, h.id_offset + h.name_size);
	assert_int_equal(h.data_offset, h.desc_offset + n * sizeof(d));
	assert_int_equal(pread(fd, text, sizeof(text), h.id_offset), sizeof(text));
	snprintf(want, sizeof(want), "kvm-%d%s", getpid(), id);
	assert_string_equal(text, want);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(pread(fd, &d, sizeof(d), h.desc_offset + i * sizeof(d)),
				 sizeof(d));
		assert_string_equal(d.name, known[i].name);
		assert_int_equal(d.size, known[i].words);
		assert_int_equal(d.offset, 8 * words);
		assert_int_equal(d.bucket_size, 0);
		assert_int_equal(d.exponent, d.flags & KVM_STATS_UNIT_SECONDS ? -9 : 0);
		words += d.size;
	}
	assert_int_equal(pread(fd, text, 1, h.data_offset + 8 * words - 1), 1);
	assert_int_equal(pread(fd, text, 1, h.data_offset + 8 * words), 0);
}

static void the_layout_is_the_kernels(void **state)
{
	struct fx *f = *state;
	int fd;

	fx_create_vm(f, REALM_TYPE);
	fx_create_vcpus(f, 2);
	fd = (int)CALL(f->vm, KVM_GET_STATS_FD, 0);
	expect_layout(f, fd, of_vm, ARRAY_SIZE(of_vm), "");
	assert_int_equal(inproc_close(f->p, fd), 0);
	fd = (int)CALL(f->vcpu[1], KVM_GET_STATS_FD, 0);
	expect_layout(f, fd, of_vcpu, ARRAY_SIZE(of_vcpu), "/vcpu-1");
	assert_int_equal(inproc_close(f->p, fd), 0);
}

static void nobody_but_the_kernel_writes_them(void **state)
{
	struct fx *f = *state;
	int handle, fd;

	fx_create_vm(f, 0);
	handle = (int)CALL(f->vm, KVM_GET_STATS_FD, 0);
	fd = inproc_given(f->p, handle);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 1 << 20), -1);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(inproc_close(f->p, handle), 0);
}

/* A counter of one word by its name. */
static uint64_t stat_of(struct fx *f, int handle, const char *name)
{
	int fd = inproc_given(f->p, handle);
	uint64_t offset = 0, value;

	for (const struct known *k = of_vcpu; strcmp(k->name, name); k++)
		offset += 8 * k->words;
	offset += sizeof(struct kvm_stats_header) + KVM_STATS_NAME_SIZE +
		  ARRAY_SIZE(of_vcpu) * sizeof(struct kvm_stats_desc);
	assert_int_equal(pread(fd, &value, sizeof(value), (off_t)offset), sizeof(value));
	return value;
}

static void a_realms_exits_are_counted(void **state)
{
	struct fx *f = *state;
	int fd;

	PROGRAM(0, CODE, {T_MOV, 3, 5}, {T_STR, 3, SHARED | UART, 4},
		{T_LDR, 4, SHARED | (DIST + 8), 4}, {T_STR, 3, SHARED | UART, 4}, SYSTEM_OFF);
	fx_realm(f, 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	/* They were counted before anybody asked. */
	fd = (int)CALL(f->vcpu[0], KVM_GET_STATS_FD, 0);
	assert_int_equal(stat_of(f, fd, "mmio_exit_user"), 1);
	assert_int_equal(stat_of(f, fd, "mmio_exit_kernel"), 0);
	assert_int_equal(stat_of(f, fd, "exits"), 1);
	GIVES(0, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(stat_of(f, fd, "mmio_exit_user"), 2);
	assert_int_equal(stat_of(f, fd, "mmio_exit_kernel"), 1);
	assert_int_equal(stat_of(f, fd, "exits"), 3);
	inproc_signal(f->p, f->vcpu[0]);
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(stat_of(f, fd, "signal_exits"), 1);
	f->run[0]->immediate_exit = 1;
	GIVES(-EINTR, f->vcpu[0], KVM_RUN, 0);
	assert_int_equal(stat_of(f, fd, "signal_exits"), 1);
	assert_int_equal(stat_of(f, fd, "exits"), 3);
	assert_int_equal(inproc_close(f->p, fd), 0);
}

static bool is_blocking(void *arg)
{
	int *fd = arg;
	uint64_t n;

	return pread(fd[0], &n, sizeof(n), fd[1]) == sizeof(n) && n == 1;
}

static void a_halt_is_seen_and_timed(void **state)
{
	struct fx *f = *state;
	struct fx_thread t;
	int fd, at[2];

	PROGRAM(0, CODE, {T_MOV, 0, PSCI_CPU_SUSPEND_64}, {T_SMC}, SYSTEM_OFF);
	fx_realm(f, 1);
	fd = (int)CALL(f->vcpu[0], KVM_GET_STATS_FD, 0);
	at[0] = inproc_given(f->p, fd);
	at[1] = (int)(sizeof(struct kvm_stats_header) + KVM_STATS_NAME_SIZE +
		      ARRAY_SIZE(of_vcpu) * sizeof(struct kvm_stats_desc) + 8 * (7 + 96));
	fx_start(&t, f, 0);
	fx_wait_until(is_blocking, at);
	assert_int_equal(stat_of(f, fd, "halt_wait_ns"), 0);
	inproc_signal(f->p, f->vcpu[0]);
	assert_int_equal(fx_join(&t), -EINTR);
	assert_int_equal(stat_of(f, fd, "blocking"), 0);
	assert_int_not_equal(stat_of(f, fd, "halt_wait_ns"), 0);
	assert_int_equal(stat_of(f, fd, "halt_wakeup"), 0); /* it was a signal */
	assert_int_equal(stat_of(f, fd, "halt_attempted_poll"), 0);
	assert_int_equal(inproc_close(f->p, fd), 0);
}

static void they_outlive_the_vm(void **state)
{
	struct fx *f = *state;
	int vm, vcpu;

	fx_create_vm(f, 0);
	fx_create_vcpus(f, 1);
	vm = (int)CALL(f->vm, KVM_GET_STATS_FD, 0);
	vcpu = (int)CALL(f->vcpu[0], KVM_GET_STATS_FD, 0);
	fx_close(f, &f->vcpu[0]);
	fx_close(f, &f->vm);
	expect_layout(f, vm, of_vm, ARRAY_SIZE(of_vm), "");
	expect_layout(f, vcpu, of_vcpu, ARRAY_SIZE(of_vcpu), "/vcpu-0");
	assert_int_equal(inproc_close(f->p, vm), 0);
	assert_int_equal(inproc_close(f->p, vcpu), 0);
}

static void other_processes_get_none(void **state)
{
	struct fx *f = *state;

	fx_create_vm(f, 0);
	assert_int_equal(inproc_ioctl_foreign(f->p, f->vm, KVM_GET_STATS_FD, 0), -EIO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_stats(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_layout_is_the_kernels),  TEST(nobody_but_the_kernel_writes_them),
		TEST(a_realms_exits_are_counted), TEST(a_halt_is_seen_and_timed),
		TEST(they_outlive_the_vm),	  TEST(other_processes_get_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
