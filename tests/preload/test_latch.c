// SPDX-License-Identifier: BSD-3-Clause
/* test_latch.c - the core's latches: what a checking build ends the program for. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "client/parts.h"

static struct latch link_latch, object, other, watched;

/* A child that does it is ended by a trap. */
static bool traps(void (*fn)(void))
{
	const struct rlimit no_core = {0};
	int status;
	pid_t pid = fork();

	if (!pid) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGILL, SIG_DFL);
		signal(SIGTRAP, SIG_DFL);
		close(STDERR_FILENO);
		fn();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP);
}

static void take_in_order(void)
{
	latch_take(&link_latch, LATCH_LINK);
	latch_take(&object, LATCH_OBJECT);
	latch_take(&watched, LATCH_WATCHED);
	latch_assert_held(&link_latch);
	latch_drop(&object);
	latch_drop(&watched);
	latch_drop(&link_latch);
}

static void take_out_of_order(void)
{
	latch_take(&watched, LATCH_WATCHED);
	latch_take(&object, LATCH_OBJECT);
}

static void take_one_of_the_same_rank(void)
{
	latch_take(&object, LATCH_OBJECT);
	latch_take(&other, LATCH_OBJECT);
}

static void take_twice(void)
{
	latch_take(&object, LATCH_OBJECT);
	latch_take(&object, LATCH_WATCHED);
}

static void *drop_object(void *arg)
{
	latch_drop(&object);
	return arg;
}

static void let_another_drop(void)
{
	pthread_t thread;

	latch_take(&object, LATCH_OBJECT);
	pthread_create(&thread, NULL, drop_object, NULL);
	pthread_join(thread, NULL);
}

static void assert_it_without(void)
{
	latch_assert_held(&watched);
}

static void assert_it_lent(void)
{
	latch_take(&object, LATCH_OBJECT);
	latch_lend(&object);
	latch_assert_held(&object);
}

static void an_order_that_is_kept_is_accepted(void **state)
{
	assert_false(traps(take_in_order));
}

static void an_order_that_is_not_ends_the_program(void **state)
{
	assert_true(traps(take_out_of_order));
	assert_true(traps(take_one_of_the_same_rank));
	assert_true(traps(take_twice));
}

static void what_is_not_held_is_told(void **state)
{
	assert_true(traps(assert_it_without));
	assert_true(traps(assert_it_lent));
	assert_true(traps(let_another_drop));
}

static void *adopt_object(void *arg)
{
	latch_adopt(&object, LATCH_OBJECT);
	latch_assert_held(&object);
	latch_drop(&object);
	return arg;
}

static void a_lent_latch_is_who_adopts_it(void **state)
{
	pthread_t thread;

	latch_take(&object, LATCH_OBJECT);
	latch_lend(&object);
	latch_take(&other, LATCH_OBJECT); /* this thread holds none meanwhile */
	assert_false(latch_try(&object, LATCH_OBJECT));
	pthread_create(&thread, NULL, adopt_object, NULL);
	pthread_join(thread, NULL);
	assert_true(latch_try(&object, LATCH_OBJECT)); /* a try may come in any order */
	latch_drop(&object);
	latch_drop(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_that_is_kept_is_accepted),
		cmocka_unit_test(an_order_that_is_not_ends_the_program),
		cmocka_unit_test(what_is_not_held_is_told),
		cmocka_unit_test(a_lent_latch_is_who_adopts_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
