// SPDX-License-Identifier: BSD-3-Clause
/* test_pe.c - no kick is lost, and pe_leave ends all pokes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine/pe.h"

static int setup(void **state)
{
	*state = pe_create();
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	pe_destroy(*state);
	return 0;
}

static void a_kick_is_remembered_until_cleared(void **state)
{
	assert_false(pe_kicked(*state));
	pe_kick(*state);
	pe_kick(*state);
	assert_true(pe_kicked(*state));
	assert_true(pe_wait(*state, -1, -1));
	assert_true(pe_kicked(*state));
	pe_clear(*state);
	assert_false(pe_kicked(*state));
	assert_false(pe_wait(*state, -1, 0));
}

static void a_watched_descriptor_kicks_who_sleeps_once(void **state)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	pe_watch(*state, p[0]);
	assert_false(pe_wait(*state, -1, 0));
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_true(pe_wait(*state, -1, -1));
	assert_true(pe_kicked(*state));
	pe_clear(*state);
	assert_false(pe_wait(*state, -1, 0));
	pe_watch(*state, p[0]);
	close(p[1]);
	assert_true(pe_wait(*state, -1, -1));
	close(p[0]);
}

static void wait_ends_when_the_other_descriptor_is_readable(void **state)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_false(pe_wait(*state, p[0], -1));
	close(p[0]);
	close(p[1]);
}

static void *kick_thread(void *pe)
{
	pe_kick(pe);
	return NULL;
}

static void a_kick_from_another_thread_ends_the_wait(void **state)
{
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, kick_thread, *state), 0);
	assert_true(pe_wait(*state, -1, -1));
	pthread_join(t, NULL);
}

struct poked {
	atomic_bool inside; /* between enter and leave */
	atomic_uint pokes, late;
};

static void poke(void *arg)
{
	struct poked *p = arg;

	p->pokes++;
	if (!p->inside)
		p->late++;
}

static void pokes_come_only_between_enter_and_leave(void **state)
{
	struct poked p = {.inside = true};

	pe_kick(*state);
	pe_enter(*state, poke, &p);
	assert_int_equal(p.pokes, 0);
	assert_true(pe_kicked(*state));
	pe_clear(*state);
	pe_kick(*state);
	assert_int_equal(p.pokes, 1);
	pe_clear(*state);
	pe_leave(*state);
	pe_kick(*state);
	assert_int_equal(p.pokes, 1);
}

#define ROUNDS 20000

struct storm {
	struct pe *pe;
	atomic_uint announced;
};

static void *storm_thread(void *arg)
{
	struct storm *s = arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		s->announced++;
		pe_kick(s->pe);
	}
	return NULL;
}

/* The owner sleeps for ever after a lost kick: the test would not end. */
static void no_kick_is_lost_in_a_storm(void **state)
{
	struct storm s = {.pe = *state};
	struct poked p = {0};
	pthread_t t[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, storm_thread, &s), 0);
	for (;;) {
		pe_clear(s.pe);
		if (s.announced == 2 * ROUNDS)
			break;
		p.inside = true;
		pe_enter(s.pe, poke, &p);
		pe_wait(s.pe, -1, -1);
		pe_leave(s.pe);
		p.inside = false;
	}
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(p.late, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_kick_is_remembered_until_cleared),
		T(a_watched_descriptor_kicks_who_sleeps_once),
		T(wait_ends_when_the_other_descriptor_is_readable),
		T(a_kick_from_another_thread_ends_the_wait),
		T(pokes_come_only_between_enter_and_leave),
		T(no_kick_is_lost_in_a_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
