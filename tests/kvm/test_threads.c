// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_threads.c - everything at once: vCPUs that fault and exit, conversions, memslots that come
 * and go, user memory that goes away, kicks, and the end in the middle of it. What is shown: no
 * hang, no crash, nothing left (and no race, when built with a thread sanitizer).
 */
#include "tests/kvm/fixture.h"
#include "tests/kvm/suites.h"

#include <linux/falloc.h>
#include <sched.h>
#include <stdlib.h>

#include "kvm/core/vm.h"

#define SPARE	   UINT64_C(0x10000000) /* of the slot that comes and goes */
#define SPARE_SIZE UINT64_C(0x40000)
#define CPUS	   3
#define ROUNDS	   300

static atomic_bool over;
static atomic_ulong exits, kicks;

static void *run_forever(void *arg)
{
	struct fx_thread *t = arg;

	while (!atomic_load(&over)) {
		int64_t ret = fx_run(t->f, t->vcpu);

		if (ret != 0 && ret != -EINTR && ret != -EFAULT)
			break; /* the memory under it has gone: nothing more to run */
		atomic_fetch_add(&exits, 1);
		/* A page shared below it: private again, and on. */
		if (ret == -EFAULT && t->f->run[t->vcpu]->exit_reason == KVM_EXIT_MEMORY_FAULT)
			fx_set_private(t->f, t->f->run[t->vcpu]->memory_fault.gpa, PAGE, true);
	}
	return NULL;
}

static void *kick_forever(void *arg)
{
	struct fx *f = arg;

	while (!atomic_load(&over)) {
		for (int i = 0; i < CPUS; i++)
			inproc_signal(f->p, f->vcpu[i]);
		atomic_fetch_add(&kicks, 1);
		sched_yield();
	}
	return NULL;
}

/* Touches both aliases, exits to user space, does it again. Each vCPU has code of its own. */
#define LOOP(at, page)                                                                             \
	{T_LDR, 1, DATA + (page), 8}, {T_STR, 1, DATA + 0x40000 + (page), 8},                      \
		{T_LDR, 2, SHARED | (DATA + (page)), 8}, {T_LDR, 2, SHARED | (SPARE + (page)), 8}, \
		{T_LDR, 3, SHARED | UART, 4},                                                      \
	{                                                                                          \
		T_JUMP, 0, at                                                                      \
	}

static void load_programs(void)
{
	PROGRAM(0, CODE, {T_MOV, 0, PSCI_CPU_ON_64}, {T_MOV, 1, 1}, {T_MOV, 2, CODE + 0x400},
		{T_SMC}, {T_MOV, 0, PSCI_CPU_ON_64}, {T_MOV, 1, 2}, {T_MOV, 2, CODE + 0x800},
		{T_SMC}, LOOP(CODE + 32, 0));
	PROGRAM(1, CODE + 0x400, LOOP(CODE + 0x400, 0x1000));
	PROGRAM(2, CODE + 0x800, LOOP(CODE + 0x800, 0x2000));
}

static void disturb(struct fx *f, int round)
{
	uint64_t gpa = DATA + (uint64_t)(round % 64) * PAGE;
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	fx_set_private(f, gpa, PAGE, false);
	fx_set_private(f, gpa, PAGE, true);
	fx_set_slot(f, 1, 0, SPARE, SPARE_SIZE, f->source, -1, 0);
	if (round % 8 == 0)
		inproc_forget(f->p, f->source, SPARE_SIZE);
	fx_set_slot(f, 1, 0, SPARE, 0, NULL, -1, 0);
	if (round % 16 == 0)
		inproc_fallocate(f->p, f->gmem, punch, DATA - RAM + 0x100000, 0x10000);
}

static void conversions_slots_and_kicks_race_with_runs(void **state)
{
	struct fx *f = *state;
	struct fx_thread t[CPUS];
	pthread_t kicker;

	load_programs();
	fx_realm(f, CPUS);
	atomic_store(&over, false);
	for (unsigned int i = 0; i < CPUS; i++) {
		t[i] = (struct fx_thread){.f = f, .vcpu = i};
		assert_int_equal(pthread_create(&t[i].thread, NULL, run_forever, &t[i]), 0);
	}
	assert_int_equal(pthread_create(&kicker, NULL, kick_forever, f), 0);
	for (int i = 0; i < ROUNDS; i++)
		disturb(f, i);
	atomic_store(&over, true);
	for (unsigned int i = 0; i < CPUS; i++) {
		inproc_signal(f->p, f->vcpu[i]);
		pthread_join(t[i].thread, NULL);
	}
	pthread_join(kicker, NULL);
	assert_true(atomic_load(&exits) > 0 && atomic_load(&kicks) > 0);
	inproc_forget(f->p, f->source, RAM_SIZE);
}

/* Every descriptor is closed while vCPUs run; each run ends with its file's last reference. */
static void the_end_may_come_in_the_middle_of_a_run(void **state)
{
	struct fx *f = *state;

	for (int round = 0; round < 20; round++) {
		struct fx_thread t[CPUS];
		int vcpu[CPUS];

		load_programs();
		fx_realm(f, CPUS);
		atomic_store(&over, false);
		for (unsigned int i = 0; i < CPUS; i++) {
			t[i] = (struct fx_thread){.f = f, .vcpu = i};
			vcpu[i] = f->vcpu[i];
			assert_int_equal(pthread_create(&t[i].thread, NULL, run_forever, &t[i]), 0);
		}
		for (int i = 0; i < round * 50; i++)
			sched_yield();
		assert_int_equal(inproc_close(f->p, f->gmem), 0);
		assert_int_equal(inproc_close(f->p, f->vm), 0);
		assert_int_equal(inproc_close(f->p, f->gic), 0);
		atomic_store(&over, true);
		for (unsigned int i = 0; i < CPUS; i++) {
			inproc_signal(f->p, vcpu[i]);
			pthread_join(t[i].thread, NULL);
		}
		fx_restart(f, NULL);
	}
}

/* ---- data that is looked at while it grows, or goes away ---- */

/* Walks all slots. */
static void *change_mappings(void *arg)
{
	struct fx *f = arg;
	struct kvm_vm *vm = inproc_file(f->p, f->vm)->vm;

	while (!atomic_load(&over))
		kvm_mm_invalidate(vm->host, vm->mm, PAGE, PAGE);
	return NULL;
}

static void slots_are_walked_while_their_number_grows(void **state)
{
	struct fx *f = *state;
	pthread_t reader;

	fx_create_vm(f, REALM_TYPE);
	atomic_store(&over, false);
	assert_int_equal(pthread_create(&reader, NULL, change_mappings, f), 0);
	for (uint32_t id = 0; id < 5000; id++)
		assert_int_equal(fx_set_slot(f, id, 0, SPARE + id * PAGE, PAGE, NULL, -1, 0), 0);
	atomic_store(&over, true);
	pthread_join(reader, NULL);
}

/* Looks for a vCPU by its affinity: every vCPU that counts is asked for its own. */
static void *look_for_redistributors(void *arg)
{
	struct fx *f = arg;
	uint32_t val;
	struct kvm_device_attr a = {.group = KVM_DEV_ARM_VGIC_GRP_REDIST_REGS,
				    .attr = UINT64_C(15) << 32,
				    .addr = (uintptr_t)&val};

	while (!atomic_load(&over))
		CALL(f->gic, KVM_GET_DEVICE_ATTR, &a);
	return NULL;
}

static void a_vcpu_without_a_descriptor_is_never_seen(void **state)
{
	struct fx *f = *state;
	pthread_t looker;
	int last;

	fx_create_vm(f, REALM_TYPE);
	fx_create_gic(f, false);
	do
		last = (int)CALL(f->sys, KVM_CREATE_VM, REALM_TYPE);
	while (last >= 0);
	atomic_store(&over, false);
	assert_int_equal(pthread_create(&looker, NULL, look_for_redistributors, f), 0);
	for (int i = 0; i < 2000; i++)
		GIVES(-EMFILE, f->vm, KVM_CREATE_VCPU, 0);
	atomic_store(&over, true);
	pthread_join(looker, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

int test_threads(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(conversions_slots_and_kicks_race_with_runs),
		TEST(the_end_may_come_in_the_middle_of_a_run),
		TEST(slots_are_walked_while_their_number_grows),
		TEST(a_vcpu_without_a_descriptor_is_never_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
