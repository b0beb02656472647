// SPDX-License-Identifier: BSD-3-Clause
/*
 * test_kick.c - kicks end a run, in whatever state they find it, and none is lost.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "machine/pe.h"
#include "tests/engine/rig.h"

#define KICKS 10000

struct kicker {
	struct rig *rig;
	struct pe *pe;
	sem_t seen; /* the owner has come out */
	unsigned int kicks;
	unsigned int longest; /* random pause before a kick, in turns of an empty loop */
	int watched;	      /* kick by a write to it, as another process would; -1: not so */
};

static void *kick_in_a_moment(void *pe)
{
	usleep(2000);
	pe_kick(pe);
	return NULL;
}

static void *kicker(void *arg)
{
	struct kicker *k = arg;
	unsigned int seed = 1;
	uint64_t one = 1;

	for (unsigned int i = 0; i < k->kicks; i++) {
		for (volatile unsigned int n = rand_r(&seed) % k->longest; n; n--)
			;
		if (k->watched >= 0)
			assert_int_equal(write(k->watched, &one, sizeof(one)), sizeof(one));
		else
			pe_kick(k->pe);
		sem_wait(&k->seen);
	}
	return NULL;
}

/* A lost kick leaves both threads waiting: alarm() fails the test. */
static void storm_of(unsigned int cpu, uint64_t guest, unsigned int kicks, bool from_outside)
{
	struct kicker k = {.pe = pe_create(),
			   .kicks = kicks,
			   .longest = 20000,
			   .watched = from_outside ? eventfd(0, EFD_NONBLOCK) : -1};
	enum engine_exit exit;
	unsigned int seen = 0;
	uint64_t taken;
	pthread_t t;
	struct rig r;

	rig_start(&r, cpu + 1);
	rig_enter(&r, cpu, guest);
	sem_init(&k.seen, 0, 0);
	pthread_create(&t, NULL, kicker, &k);
	while (seen < kicks) {
		pe_watch(k.pe, k.watched);
		exit = engine_qemu.run(r.engine, cpu, k.pe);
		assert_true(exit == ENGINE_EXIT_IRQ || exit == ENGINE_EXIT_NOT_RUN);
		if (!pe_kicked(k.pe))
			continue; /* the doorbell of the last one, late */
		pe_clear(k.pe);
		if (from_outside)
			assert_int_equal(read(k.watched, &taken, sizeof(taken)), sizeof(taken));
		seen++;
		sem_post(&k.seen);
	}
	pthread_join(t, NULL);
	sem_destroy(&k.seen);
	if (from_outside)
		close(k.watched);
	rig_stop(&r);
	pe_destroy(k.pe);
}

static void storm(uint64_t guest, unsigned int kicks, bool from_outside)
{
	storm_of(0, guest, kicks, from_outside);
}

static void kicks_end_a_busy_guest(void **state)
{
	storm(GUEST_SPIN, KICKS, false);
}

static void kicks_end_a_waiting_guest(void **state)
{
	storm(GUEST_WFI, KICKS, false);
}

static void kicks_from_another_process_end_a_busy_guest(void **state)
{
	storm(GUEST_SPIN, KICKS / 10, true);
}

static void kicks_from_another_process_end_a_waiting_guest(void **state)
{
	storm(GUEST_WFI, KICKS / 10, true);
}

/* Its interrupt goes to CPU 6, which sleeps at EL2 meanwhile. */
static void kicks_reach_a_cpu_that_shares_its_doorbell(void **state)
{
	storm_of(70, GUEST_SPIN, KICKS / 10, false);
	storm_of(70, GUEST_WFI, KICKS / 10, false);
}

/* The owner of the doorbell is in its guest. */
static void *run_owner(void *arg)
{
	struct kicker *k = arg;

	assert_int_equal(engine_qemu.run(k->rig->engine, 1, k->pe), ENGINE_EXIT_IRQ);
	assert_true(pe_kicked(k->pe));
	return NULL;
}

static void a_ring_for_another_cpu_is_no_exit_of_the_owners(void **state)
{
	struct kicker owner = {.pe = pe_create()}, mate = {.pe = pe_create()};
	enum engine_exit exit;
	pthread_t t;
	struct rig r;

	rig_start(&r, 34);
	owner.rig = &r;
	rig_enter(&r, 1, GUEST_SPIN);
	rig_enter(&r, 33, GUEST_SPIN);
	pthread_create(&t, NULL, run_owner, &owner);
	for (unsigned int i = 0; i < 50; i++) {
		pthread_t later;

		pthread_create(&later, NULL, kick_in_a_moment, mate.pe);
		exit = engine_qemu.run(r.engine, 33, mate.pe);
		assert_true(exit == ENGINE_EXIT_IRQ || exit == ENGINE_EXIT_NOT_RUN);
		pthread_join(later, NULL);
		pe_clear(mate.pe);
	}
	pe_kick(owner.pe);
	pthread_join(t, NULL);
	rig_stop(&r);
	pe_destroy(owner.pe);
	pe_destroy(mate.pe);
}

static void kick_before_the_run_keeps_the_guest_out(void **state)
{
	struct pe *pe = pe_create();
	struct engine_frame *f;
	struct rig r;

	rig_start(&r, 1);
	f = rig_enter(&r, 0, GUEST_ADD);
	for (unsigned int i = 0; i < 500; i++) {
		uint64_t pc = f->pc;

		pe_kick(pe);
		assert_int_equal(engine_qemu.run(r.engine, 0, pe), ENGINE_EXIT_NOT_RUN);
		assert_int_equal(f->pc, pc);
		pe_clear(pe);
		while (engine_qemu.run(r.engine, 0, pe) != ENGINE_EXIT_SYNC)
			;
	}
	rig_stop(&r);
	pe_destroy(pe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kick_before_the_run_keeps_the_guest_out),
		cmocka_unit_test(kicks_reach_a_cpu_that_shares_its_doorbell),
		cmocka_unit_test(a_ring_for_another_cpu_is_no_exit_of_the_owners),
		cmocka_unit_test(kicks_end_a_busy_guest),
		cmocka_unit_test(kicks_end_a_waiting_guest),
		cmocka_unit_test(kicks_from_another_process_end_a_busy_guest),
		cmocka_unit_test(kicks_from_another_process_end_a_waiting_guest),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
