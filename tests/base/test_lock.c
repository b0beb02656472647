// SPDX-License-Identifier: BSD-3-Clause
/* test_lock.c - locks with a rank: what a checking build ends the program for, and fairness. */
#include "base/lock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct lock outer, inner;
static struct rwlock data;

static int setup(void **state)
{
	lock_init(&outer, 10, "outer");
	rwlock_init(&data, 20, "data");
	lock_init(&inner, 30, "inner");
	return 0;
}

static int teardown(void **state)
{
	lock_destroy(&outer);
	rwlock_destroy(&data);
	lock_destroy(&inner);
	return 0;
}

/* A child that does it is aborted. */
static bool aborts(void (*fn)(void))
{
	const struct rlimit no_core = {0};
	int status;
	pid_t pid = fork();

	if (!pid) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		fn();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void take_in_order(void)
{
	lock_take(&outer);
	rwlock_read(&data);
	lock_take(&inner);
	lock_assert_held(&outer);
	rwlock_assert_held(&data);
	lock_drop(&outer); /* in any order */
	lock_drop(&inner);
	rwlock_drop(&data);
	lock_take(&outer);
	lock_drop(&outer);
}

static void take_against_the_order(void)
{
	lock_take(&inner);
	rwlock_read(&data);
}

static void try_against_the_order(void)
{
	lock_take(&inner);
	if (lock_try(&outer))
		lock_drop(&outer);
	lock_drop(&inner);
}

static void take_twice(void)
{
	lock_take(&outer);
	lock_take(&outer);
}

static void claim_what_is_not_held(void)
{
	lock_assert_held(&outer);
}

static void claim_to_write_while_reading(void)
{
	rwlock_read(&data);
	rwlock_assert_writer(&data);
}

static void drop_what_is_not_held(void)
{
	lock_drop(&inner);
}

static void note(const int *place)
{
	lock_note_taking(place, "place", 40, (uintptr_t)place);
	lock_note_taken(place, "place", 40, (uintptr_t)place);
}

static const int place[2];

static void note_ascending(void)
{
	note(&place[0]);
	note(&place[1]);
	lock_note_dropped(&place[0], "place");
	lock_note_dropped(&place[1], "place");
}

static void note_descending(void)
{
	note(&place[1]);
	note(&place[0]);
}

static void note_under_a_later_rank(void)
{
	note(&place[0]);
	lock_take(&inner);
}

static void broken_promises_end_the_program(void **state)
{
	assert_false(aborts(note_ascending));
	assert_true(aborts(note_descending));
	assert_true(aborts(note_under_a_later_rank));
	assert_false(aborts(take_in_order));
	assert_false(aborts(try_against_the_order));
	assert_true(aborts(take_against_the_order));
	assert_true(aborts(take_twice));
	assert_true(aborts(claim_what_is_not_held));
	assert_true(aborts(claim_to_write_while_reading));
	assert_true(aborts(drop_what_is_not_held));
}

static atomic_bool got;

static void *want_inner(void *arg)
{
	lock_take(&inner);
	atomic_store(&got, true);
	lock_drop(&inner);
	return NULL;
}

static void who_breathes_lets_the_waiting_go_first(void **state)
{
	pthread_t t;

	lock_take(&inner);
	assert_false(lock_breathe(&inner));
	assert_int_equal(pthread_create(&t, NULL, want_inner, NULL), 0);
	while (!atomic_load(&got))
		lock_breathe(&inner);
	lock_drop(&inner);
	pthread_join(t, NULL);
}

static atomic_bool written;
static atomic_uint readers;

static void *read_all_the_time(void *arg)
{
	atomic_fetch_add(&readers, 1);
	while (!atomic_load(&written)) {
		rwlock_read(&data);
		usleep(1000);
		rwlock_drop(&data);
	}
	return NULL;
}

/* With readers that overlap for ever the writer's turn comes all the same. */
static void a_writer_does_not_starve(void **state)
{
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, read_all_the_time, NULL), 0);
	while (atomic_load(&readers) < 4)
		usleep(100);
	rwlock_write(&data);
	atomic_store(&written, true);
	rwlock_drop(&data);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(broken_promises_end_the_program, setup, teardown),
		cmocka_unit_test_setup_teardown(who_breathes_lets_the_waiting_go_first, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_writer_does_not_starve, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
