// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_memory.c - what the host does to memory and tables behind the CPUs' backs: touch and tlbi.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "machine/memory.h"
#include "machine/pe.h"
#include "tests/engine/rig.h"

#define INSN_RET       0xd65f03c0u
#define INSN_MOV_X0(n) (0xd2800000u | (n) << 5)
#define SERVICE_CPU    (-1)

/* A function that returns n. */
static void write_code(struct rig *r, unsigned int page, unsigned int n)
{
	uint32_t *code = rig_data(r, page);

	code[0] = INSN_MOV_X0(n);
	code[1] = INSN_RET;
	code[1022] = INSN_MOV_X0(n + 1000);
	code[1023] = INSN_RET;
}

static uint64_t call(struct rig *r, uint64_t va)
{
	struct engine_frame *f = engine_qemu.frame(r->engine, 0);

	f->x[19] = va;
	rig_run_hvc(r, 0, 4);
	return f->x[0];
}

static void touch_makes_rewritten_code_new(int cpu)
{
	struct rig r;

	rig_start(&r, 1);
	rig_enter(&r, 0, GUEST_CALL);
	for (unsigned int n = 1; n < 50; n++) {
		write_code(&r, 3, n);
		write_code(&r, 4, n + 100);
		engine_qemu.touch(r.engine, cpu, r.data + 3 * GRANULE_SIZE, 2 * GRANULE_SIZE);
		assert_int_equal(call(&r, RIG_DATA + 3 * GRANULE_SIZE), n);
		assert_int_equal(call(&r, RIG_DATA + 4 * GRANULE_SIZE - 8), n + 1000);
		assert_int_equal(call(&r, RIG_DATA + 4 * GRANULE_SIZE), n + 100);
	}
	rig_stop(&r);
}

static void touch_on_an_idle_cpu_makes_rewritten_code_new(void **state)
{
	touch_makes_rewritten_code_new(0);
}

static void touch_on_the_service_cpu_makes_rewritten_code_new(void **state)
{
	touch_makes_rewritten_code_new(SERVICE_CPU);
}

static void touch_keeps_the_content(void **state)
{
	struct rig r;
	unsigned char want[GRANULE_SIZE];

	rig_start(&r, 1);
	for (size_t i = 0; i < sizeof(want); i++)
		want[i] = i * 7;
	memcpy(rig_data(&r, 9), want, sizeof(want));
	engine_qemu.touch(r.engine, SERVICE_CPU, r.data + 9 * GRANULE_SIZE, GRANULE_SIZE);
	assert_memory_equal(rig_data(&r, 9), want, sizeof(want));
	rig_stop(&r);
}

static void tlbi_makes_a_changed_entry_count(int cpu)
{
	struct rig r;
	struct engine_frame *f;

	rig_start(&r, 1);
	*(uint64_t *)rig_data(&r, 1) = 111;
	*(uint64_t *)rig_data(&r, 2) = 222;
	f = rig_enter(&r, 0, GUEST_LOAD);
	f->x[0] = RIG_DATA + GRANULE_SIZE;
	rig_run_hvc(&r, 0, 2);
	assert_int_equal(f->x[1], 111);

	rig_map(&r, 1, r.data + 2 * GRANULE_SIZE);
	engine_qemu.tlbi(r.engine, cpu, RIG_DATA + GRANULE_SIZE, GRANULE_SIZE);
	rig_run_hvc(&r, 0, 2);
	assert_int_equal(f->x[1], 222);

	rig_map(&r, 1, 0);
	engine_qemu.tlbi(r.engine, cpu, RIG_DATA + GRANULE_SIZE, GRANULE_SIZE);
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(f->esr >> 26, 0x24);
	rig_stop(&r);
}

static void tlbi_on_an_idle_cpu_makes_a_changed_entry_count(void **state)
{
	tlbi_makes_a_changed_entry_count(0);
}

static void tlbi_on_the_service_cpu_makes_a_changed_entry_count(void **state)
{
	tlbi_makes_a_changed_entry_count(SERVICE_CPU);
}

struct runner {
	struct rig *r;
	unsigned int cpu;
	struct pe *pe;
};

static void *run_guest(void *arg)
{
	struct runner *t = arg;
	enum engine_exit exit;

	do {
		exit = engine_qemu.run(t->r->engine, t->cpu, t->pe);
	} while (exit == ENGINE_EXIT_SYNC);
	return NULL;
}

/* CPUs in the guest, at work and waiting, take part in an invalidation without an exit. */
static void tlbi_reaches_cpus_that_are_in_the_guest(void **state)
{
	struct runner t[3];
	pthread_t id[3];
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 3);
	*(uint64_t *)rig_data(&r, 1) = 111;
	*(uint64_t *)rig_data(&r, 2) = 222;
	for (unsigned int i = 0; i < 3; i++) {
		static const uint64_t guest[] = {GUEST_LOAD, GUEST_SPIN, GUEST_WFI};

		t[i] = (struct runner){.r = &r, .cpu = i, .pe = pe_create()};
		rig_enter(&r, i, guest[i]);
	}
	f = engine_qemu.frame(r.engine, 0);
	f->x[0] = RIG_DATA + GRANULE_SIZE;
	for (unsigned int i = 1; i < 3; i++)
		pthread_create(&id[i], NULL, run_guest, &t[i]);
	for (unsigned int n = 0; n < 200; n++) {
		rig_map(&r, 1, r.data + (1 + n % 2) * GRANULE_SIZE);
		engine_qemu.tlbi(r.engine, SERVICE_CPU, RIG_DATA + GRANULE_SIZE, GRANULE_SIZE);
		rig_run_hvc(&r, 0, 2);
		assert_int_equal(f->x[1], n % 2 ? 222 : 111);
	}
	for (unsigned int i = 1; i < 3; i++) {
		pe_kick(t[i].pe);
		pthread_join(id[i], NULL);
	}
	for (unsigned int i = 0; i < 3; i++)
		pe_destroy(t[i].pe);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(touch_on_an_idle_cpu_makes_rewritten_code_new),
		cmocka_unit_test(touch_on_the_service_cpu_makes_rewritten_code_new),
		cmocka_unit_test(touch_keeps_the_content),
		cmocka_unit_test(tlbi_on_an_idle_cpu_makes_a_changed_entry_count),
		cmocka_unit_test(tlbi_on_the_service_cpu_makes_a_changed_entry_count),
		cmocka_unit_test(tlbi_reaches_cpus_that_are_in_the_guest),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
