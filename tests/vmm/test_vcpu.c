// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_vcpu.c - every way in which KVM_RUN returns, and the status that the run ends with. The
 * end is one for a process: each scenario is a child, whose exit status is what it came to.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "fake_kvm.h"
#include "testing.h"
#include "vmm/end.h"
#include "vmm/vcpu.h"

#define WRONG  200 /* a check in a child failed */
#define DEVICE 0x9000000

static struct realm realm;
static struct mmio_map mmio;
static struct vcpus vcpus;

static void no_log(const char *line)
{
}

static void check(bool ok)
{
	if (!ok)
		_exit(WRONG);
}

/* Run the script to its end, as the main thread does: then `after` may look at the remains. */
static int outcome(unsigned int cpus, bool psci_user, void (*after)(void))
{
	struct realm_config cfg = {.cpus = cpus,
				   .ipa_bits = 33,
				   .ram = LAYOUT_RAM,
				   .ram_size = 1 << 20,
				   .psci_user = psci_user};
	struct pollfd fd;
	int status;
	pid_t pid = fork();

	if (pid) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		return WEXITSTATUS(status);
	}
	log_redirect(no_log);
	alarm(20); /* a script that never ends is a failure */
	check(!end_init() && !realm_create(&realm, &cfg) && !vcpus_start(&vcpus, &realm, &mmio));
	fd = (struct pollfd){.fd = end_fd(), .events = POLLIN};
	check(poll(&fd, 1, -1) == 1);
	if (end_is_suspect()) {
		usleep(100000);
		end_confirm();
	}
	check(vcpus_stop(&vcpus));
	if (after)
		after();
	_exit(end_status());
}

static int setup(void **state)
{
	fake_reset();
	memset(&mmio, 0, sizeof(mmio));
	return 0;
}

/* ---- exits ---- */

static void fill_event(struct kvm_run *run, uint32_t type)
{
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	run->system_event.type = type;
}

static void off(struct kvm_run *run)
{
	fill_event(run, KVM_SYSTEM_EVENT_SHUTDOWN);
}

static void off_later(struct kvm_run *run)
{
	usleep(30000);
	off(run);
}

static void reset(struct kvm_run *run)
{
	fill_event(run, KVM_SYSTEM_EVENT_RESET);
}

static void crash(struct kvm_run *run)
{
	fill_event(run, KVM_SYSTEM_EVENT_CRASH);
}

static void shut(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_SHUTDOWN;
}

static void fail_entry(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_FAIL_ENTRY;
}

static void internal_error(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
}

static void unknown(struct kvm_run *run)
{
	run->exit_reason = 77;
}

static void intr(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_INTR;
}

static void fault(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_MEMORY_FAULT;
	run->memory_fault.flags = KVM_MEMORY_EXIT_FLAG_PRIVATE;
	run->memory_fault.gpa = LAYOUT_RAM;
	run->memory_fault.size = LAYOUT_PAGE;
}

static void load4(struct kvm_run *run)
{
	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = DEVICE + 4;
	run->mmio.len = 4;
	run->mmio.is_write = 0;
}

static void loaded(struct kvm_run *run)
{
	static const uint8_t want[4] = {0xfb, 4, 4, 4};

	/* Untouched but for the data: KVM completes the access from here. */
	check(run->exit_reason == KVM_EXIT_MMIO && !memcmp(run->mmio.data, want, 4));
	off(run);
}

static void load_stray(struct kvm_run *run)
{
	load4(run);
	run->mmio.phys_addr = 0x1000;
}

static void loaded_ones(struct kvm_run *run)
{
	check(run->mmio.data[0] == 0xff && run->mmio.data[3] == 0xff);
	off(run);
}

static void huge_mmio(struct kvm_run *run)
{
	load4(run);
	run->mmio.len = 4096;
}

static void answer(void *arg, uint64_t offset, void *data, unsigned int len, bool write)
{
	memset(data, (int)offset, len);
	*(uint8_t *)data = 0xfb;
}

#define SCRIPT(...)                                                                                \
	(const struct fake_step[])                                                                 \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

static void ends_have_their_statuses(void **state)
{
	static const struct {
		struct fake_step step;
		int status;
	} ends[] = {
		{{0, off}, VMM_OK},
		{{0, reset}, VMM_RESET},
		{{0, crash}, VMM_CRASHED},
		{{0, shut}, VMM_CRASHED},
		{{0, fail_entry}, VMM_CRASHED},
		{{0, unknown}, VMM_CRASHED},
		{{0, internal_error}, VMM_ENGINE_LOST},
		{{-ENXIO, NULL}, VMM_CRASHED},
		{{-EIO, NULL}, VMM_ENGINE_LOST},
		{{-EINVAL, NULL}, VMM_REFUSED},
		{{-EFAULT, intr}, VMM_REFUSED},
		{{0, huge_mmio}, VMM_REFUSED},
	};

	for (unsigned int i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		fake_reset();
		fake.steps[0] = SCRIPT({ends[i].step.ret, ends[i].step.fill});
		assert_int_equal(outcome(1, false, NULL), ends[i].status);
	}
}

static void interrupted_run_is_repeated(void **state)
{
	fake.steps[0] = SCRIPT({-EINTR, intr}, {-EAGAIN, NULL}, {0, intr}, {0, off});
	assert_int_equal(outcome(1, false, NULL), VMM_OK);
}

static void shutdown_race_ends_with_the_better_reason(void **state)
{
	fake.steps[0] = SCRIPT({0, off_later});
	fake.steps[1] = SCRIPT({0, shut});
	assert_int_equal(outcome(2, false, NULL), VMM_OK);
}

static void mmio_is_answered_in_place(void **state)
{
	mmio_add(&mmio, "device", DEVICE, 0x1000, answer, NULL);
	fake.steps[0] = SCRIPT({0, load4}, {0, loaded});
	assert_int_equal(outcome(1, false, NULL), VMM_OK);
}

static void access_across_the_end_of_a_region_is_stray(void **state)
{
	uint32_t v = 0;

	mmio_add(&mmio, "device", DEVICE, 0x1000, answer, NULL);
	mmio_access(&mmio, DEVICE + 0xffc, &v, 4, false);
	assert_int_equal(mmio.strays, 0);
	mmio_access(&mmio, DEVICE + 0xffd, &v, 4, false);
	mmio_access(&mmio, DEVICE - 1, &v, 4, false);
	mmio_access(&mmio, UINT64_MAX, &v, 1, false);
	assert_int_equal(mmio.strays, 3);
	assert_int_equal(mmio.regions[0].accesses, 1);
}

static void stray_mmio_reads_ones(void **state)
{
	fake.steps[0] = SCRIPT({0, load_stray}, {0, loaded_ones});
	assert_int_equal(outcome(1, false, NULL), VMM_OK);
}

static void fault_was_converted(void)
{
	check(fake.nattributes == 2 && fake.attributes.size == LAYOUT_PAGE);
	check(vcpus.cpu[0].exits[VCPU_EXIT_MEMORY_FAULT] == 1);
}

static void memory_fault_is_converted(void **state)
{
	fake.steps[0] = SCRIPT({-EFAULT, fault}, {0, off});
	assert_int_equal(outcome(1, false, fault_was_converted), VMM_OK);
}

static void endless_memory_fault_ends(void **state)
{
	static struct fake_step steps[FAKE_MAX_STEPS];

	for (unsigned int i = 0; i < FAKE_MAX_STEPS; i++)
		steps[i] = (struct fake_step){-EFAULT, fault};
	fake.steps[0] = steps;
	assert_int_equal(outcome(1, false, NULL), VMM_CRASHED);
}

static void blocked_vcpus_are_kicked_out(void **state)
{
	fake.steps[0] = SCRIPT({0, off_later});
	assert_int_equal(outcome(16, false, NULL), VMM_OK);
}

/* ---- PSCI in user space ---- */

static void hypercall(struct kvm_run *run, uint64_t nr)
{
	run->exit_reason = KVM_EXIT_HYPERCALL;
	run->hypercall.nr = nr;
}

static void cpu_on(struct kvm_run *run)
{
	hypercall(run, 0xc4000003);
}

static void affinity_info(struct kvm_run *run)
{
	hypercall(run, 0x84000004);
}

static void cpu_off(struct kvm_run *run)
{
	hypercall(run, 0x84000002);
}

static void system_off(struct kvm_run *run)
{
	hypercall(run, 0x84000008);
}

static void system_reset(struct kvm_run *run)
{
	hypercall(run, 0x84000009);
}

static void unknown_call(struct kvm_run *run)
{
	hypercall(run, 0x8400001f);
}

static void cpu_1_was_switched_on(void)
{
	check(fake.ncompleted == 1 && fake.completed.target_mpidr == 1);
	check(fake.completed.psci_status == 0 && fake.nrunnable == 1);
}

static void cpu_on_completes_and_runs_the_target(void **state)
{
	fake.x1 = 1;
	fake.steps[0] = SCRIPT({0, cpu_on});
	fake.steps[1] = SCRIPT({0, system_off});
	assert_int_equal(outcome(2, true, cpu_1_was_switched_on), VMM_OK);
}

static void target_does_not_run_before_cpu_on(void **state)
{
	fake.steps[0] = SCRIPT({0, off_later});
	fake.steps[1] = SCRIPT({0, crash});
	assert_int_equal(outcome(2, true, NULL), VMM_OK);
}

static void cpu_off_waits_for_the_next_cpu_on(void **state)
{
	fake.x1 = 1;
	fake.steps[0] = SCRIPT({0, cpu_on}, {0, off_later});
	fake.steps[1] = SCRIPT({0, cpu_off}, {0, crash});
	assert_int_equal(outcome(2, true, NULL), VMM_OK);
}

/* vCPU 0 hears of the CPU_OFF, and says CPU_ON, before vCPU 1's thread does. */
static void off_seen_late(struct kvm_run *run)
{
	usleep(60000);
	cpu_off(run);
}

static void on_again(struct kvm_run *run)
{
	usleep(30000);
	cpu_on(run);
}

static void cpu_on_may_overtake_the_targets_cpu_off(void **state)
{
	fake.x1 = 1;
	fake.steps[0] = SCRIPT({0, cpu_on}, {0, on_again});
	fake.steps[1] = SCRIPT({0, off_seen_late}, {0, system_off});
	assert_int_equal(outcome(2, true, NULL), VMM_OK);
}

static void affinity_was_confirmed(void)
{
	check(fake.ncompleted == 1 && fake.completed.target_mpidr == 1 && !fake.nrunnable);
}

static void affinity_info_is_only_confirmed(void **state)
{
	fake.x1 = 1;
	fake.steps[0] = SCRIPT({0, affinity_info}, {0, system_off});
	assert_int_equal(outcome(2, true, affinity_was_confirmed), VMM_OK);
}

static void not_supported_was_answered(void)
{
	check(fake.x0 == UINT64_MAX && !fake.ncompleted);
}

static void unknown_call_is_not_supported(void **state)
{
	fake.steps[0] = SCRIPT({0, unknown_call}, {0, system_off});
	assert_int_equal(outcome(1, true, not_supported_was_answered), VMM_OK);
}

static void system_reset_is_told(void **state)
{
	fake.steps[0] = SCRIPT({0, system_reset});
	assert_int_equal(outcome(1, true, NULL), VMM_RESET);
}

static void refused_completion_ends(void **state)
{
	fake.x1 = 1;
	fake.fail = "KVM_ARM_VCPU_RMI_PSCI_COMPLETE";
	fake.fail_errno = EINVAL;
	fake.steps[0] = SCRIPT({0, cpu_on});
	assert_int_equal(outcome(2, true, NULL), VMM_REFUSED);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(ends_have_their_statuses),
		T(interrupted_run_is_repeated),
		T(shutdown_race_ends_with_the_better_reason),
		T(mmio_is_answered_in_place),
		T(access_across_the_end_of_a_region_is_stray),
		T(stray_mmio_reads_ones),
		T(memory_fault_is_converted),
		T(endless_memory_fault_ends),
		T(blocked_vcpus_are_kicked_out),
		T(cpu_on_completes_and_runs_the_target),
		T(target_does_not_run_before_cpu_on),
		T(cpu_off_waits_for_the_next_cpu_on),
		T(cpu_on_may_overtake_the_targets_cpu_off),
		T(affinity_info_is_only_confirmed),
		T(unknown_call_is_not_supported),
		T(system_reset_is_told),
		T(refused_completion_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
