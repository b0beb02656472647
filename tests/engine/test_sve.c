// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_sve.c - vectors: how long a guest's are, that they stay in its CPU, and who moves them.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/arm.h"
#include "base/bits.h"
#include "machine/memory.h"
#include "tests/engine/rig.h"

#define ESR_EC(esr) ((unsigned int)((esr) >> 26))
#define ALL_LENGTHS 0xf /* ZCR_EL1.LEN */

/* CPU `cpu` of the guest fills Z7 with a byte; what it says of the length comes back. */
static uint64_t fill(struct rig *r, unsigned int cpu, uint64_t vq, uint64_t zcr, uint8_t byte)
{
	struct engine_frame *f = rig_enter(r, cpu, GUEST_SVE);

	f->sve_vq = vq;
	f->x[0] = zcr;
	f->x[2] = byte;
	rig_run_hvc(r, cpu, 0x12);
	return f->x[1];
}

static void expect_filled(struct rig *r, unsigned int cpu, uint64_t bytes, uint8_t byte)
{
	struct engine_frame *f = engine_qemu.frame(r->engine, cpu);

	rig_run_hvc(r, cpu, 0x13);
	assert_int_equal(f->x[3], bytes * byte);
	assert_int_equal(f->x[4], bytes);
	assert_int_equal(f->x[5], bytes);
}

static void vectors_are_as_long_as_the_frame_says(void **state)
{
	struct rig r;

	rig_start_with(&r, 1, MACHINE_CPU_SVE);
	for (uint64_t vq = 1; vq <= ENGINE_MAX_VQ; vq++) {
		assert_int_equal(fill(&r, 0, vq, ALL_LENGTHS, 3), 16 * vq);
		expect_filled(&r, 0, 16 * vq, 3);
	}
	assert_int_equal(fill(&r, 0, 8, 2, 3), 48); /* the guest itself may have less */
	rig_stop(&r);
}

static void each_cpu_keeps_its_vectors_while_others_run(void **state)
{
	struct rig r, second;

	rig_start_with(&r, 2, MACHINE_CPU_SVE);
	rig_start_beside(&second, &r);
	fill(&r, 0, 16, ALL_LENGTHS, 1);
	fill(&r, 1, 16, ALL_LENGTHS, 2);
	fill(&second, 0, 4, ALL_LENGTHS, 5);
	fill(&second, 1, 2, ALL_LENGTHS, 7);
	expect_filled(&second, 1, 32, 7);
	expect_filled(&second, 0, 64, 5);
	expect_filled(&r, 1, 256, 2);
	expect_filled(&r, 0, 256, 1);
	rig_stop_beside(&second);
	rig_stop(&r);
}

static void without_a_length_vectors_trap(void **state)
{
	struct engine_frame *f;
	struct rig r;

	rig_start_with(&r, 1, MACHINE_CPU_SVE);
	f = rig_enter(&r, 0, GUEST_SVE);
	assert_int_equal(engine_qemu.run(r.engine, 0, NULL), ENGINE_EXIT_SYNC);
	assert_int_equal(ESR_EC(f->esr), EC_SVE);
	rig_stop(&r);
}

static void fill_random(struct engine_sve *s, uint64_t vq)
{
	memset(s, 0, sizeof(*s));
	for (unsigned int n = 0; n < 32; n++)
		for (unsigned int i = 0; i < vq * ENGINE_VQ_BYTES; i++)
			s->z[n][i] = (uint8_t)random();
	for (unsigned int n = 0; n < 16; n++)
		for (unsigned int i = 0; i < vq * ENGINE_VQ_BYTES / 8; i++)
			s->p[n][i] = (uint8_t)random();
	memset(s->ffr, 0xff, vq * ENGINE_VQ_BYTES / 8 / 2);
	s->zcr = (uint64_t)random() & 0xf;
}

static void vectors_move_out_and_in(void **state)
{
	struct engine_sve in, out;
	struct rig r;

	rig_start_with(&r, 1, MACHINE_CPU_SVE);
	for (uint64_t vq = 1; vq <= ENGINE_MAX_VQ; vq++) {
		fill(&r, 0, vq, ALL_LENGTHS, 9);
		assert_int_equal(engine_qemu.sve_get(r.engine, 0, &out), 0);
		assert_int_equal(out.z[7][0], 9);
		assert_int_equal(out.z[7][16 * vq - 1], 9);
		assert_int_equal(out.zcr, ALL_LENGTHS);
		fill_random(&in, vq);
		assert_int_equal(engine_qemu.sve_set(r.engine, 0, &in), 0);
		assert_int_equal(engine_qemu.sve_get(r.engine, 0, &out), 0);
		assert_memory_equal(&in, &out, sizeof(in));
	}
	/* A reset leaves nothing of it. */
	memset(&in, 0, sizeof(in));
	rig_enter(&r, 0, GUEST_HVC);
	assert_int_equal(engine_qemu.sve_get(r.engine, 0, &out), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	rig_stop(&r);
}

/* What a debugger does: one V register is written, the others are longer than it knows. */
static void a_v_register_that_is_kept_keeps_what_is_above_it(void **state)
{
	struct engine_state s;
	struct engine_sve out;
	struct rig r;

	rig_start_with(&r, 1, MACHINE_CPU_SVE);
	fill(&r, 0, 16, ALL_LENGTHS, 9);
	assert_int_equal(engine_qemu.state_get(r.engine, 0, &s), 0);
	assert_int_equal(s.v[7][0], UINT64_C(0x0909090909090909));
	s.v_kept = ~BIT(6);
	s.v[6][0] = 1;
	s.v[7][0] = 2;
	assert_int_equal(engine_qemu.state_set(r.engine, 0, &s), 0);
	assert_int_equal(engine_qemu.sve_get(r.engine, 0, &out), 0);
	assert_int_equal(out.z[6][0], 1);
	expect_filled(&r, 0, 256, 9);
	rig_stop(&r);
}

/* Undefined, says the guest's vector. */
static void a_machine_without_sve_has_none(void **state)
{
	struct rig r;

	rig_start(&r, 1);
	rig_enter(&r, 0, GUEST_SVE)->sve_vq = 4;
	rig_run_hvc(&r, 0, 0xff);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_are_as_long_as_the_frame_says),
		cmocka_unit_test(each_cpu_keeps_its_vectors_while_others_run),
		cmocka_unit_test(without_a_length_vectors_trap),
		cmocka_unit_test(vectors_move_out_and_in),
		cmocka_unit_test(a_v_register_that_is_kept_keeps_what_is_above_it),
		cmocka_unit_test(a_machine_without_sve_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
