// SPDX-License-Identifier: BSD-3-Clause
/* test_sigbus.c - a file that is cut short: zeroes where it is watched, the end elsewhere. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sigbus.h"

#define PAGE  4096
#define SIZE  (4 * PAGE)
#define QUIET "" /* nothing to be said */

static int fd;
static volatile uint8_t *map;

static int setup(void **state)
{
	void *p;

	fd = memfd_create("test", MFD_CLOEXEC);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	map = p;
	for (unsigned int i = 0; i < 4; i++)
		map[i * PAGE] = 5;
	return 0;
}

static int teardown(void **state)
{
	sigbus_forget((void *)map);
	munmap((void *)map, SIZE);
	return close(fd);
}

static void *watch(void)
{
	signal(SIGBUS, SIG_DFL); /* not cmocka's */
	assert_int_equal(sigbus_watch((void *)map, SIZE, PAGE, QUIET), 0);
	return (void *)map;
}

/* How a child ends that reads the byte there. */
static int status_of_reader(const volatile uint8_t *at)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(*at);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void what_is_missing_reads_as_zero(void **state)
{
	watch();
	assert_int_equal(ftruncate(fd, PAGE), 0);
	assert_int_equal(map[0], 5);
	assert_int_equal(map[PAGE], 0);
	map[2 * PAGE] = 7;
	assert_int_equal(map[2 * PAGE], 7);
	/* Page by page: what was not touched is the file's again. */
	assert_int_equal(ftruncate(fd, SIZE), 0);
	assert_int_equal(pwrite(fd, "x", 1, 3 * PAGE), 1);
	assert_int_equal(map[3 * PAGE], 'x');
	assert_int_equal(map[2 * PAGE], 7);
}

static void what_is_not_watched_is_the_end(void **state)
{
	watch();
	sigbus_forget((void *)map);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(WTERMSIG(status_of_reader(map)), SIGBUS);
}

static void one_that_is_sent_is_the_end(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		watch();
		kill(getpid(), SIGBUS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

static void *reader(void *arg)
{
	return (void *)(uintptr_t)map[PAGE];
}

static void a_thread_that_blocks_all_others_reads_zero(void **state)
{
	sigset_t set, old;
	pthread_t thread;
	void *value;

	watch();
	assert_int_equal(ftruncate(fd, 0), 0);
	sigbus_fill_others(&set);
	pthread_sigmask(SIG_SETMASK, &set, &old);
	assert_int_equal(pthread_create(&thread, NULL, reader, NULL), 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_join(thread, &value);
	assert_null(value);
}

static void a_process_that_began_with_it_blocked_can_unblock_it(void **state)
{
	sigset_t all, old;
	int status;

	watch();
	assert_int_equal(ftruncate(fd, 0), 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	assert_int_equal(WTERMSIG(status_of_reader(map)), SIGBUS);
	sigbus_unblock();
	status = status_of_reader(map);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(status, 0);
}

static void there_is_room_for_so_many(void **state)
{
	char *p = watch();
	unsigned int n = 1;

	while (!sigbus_watch(p + n * SIZE, SIZE, PAGE, QUIET))
		n++;
	assert_int_equal(n, SIGBUS_MAX_RANGES);
	assert_int_equal(sigbus_watch(p, SIZE, PAGE, QUIET), -ENOSPC);
	while (--n)
		sigbus_forget(p + n * SIZE);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(map[0], 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(what_is_missing_reads_as_zero),
		T(what_is_not_watched_is_the_end),
		T(one_that_is_sent_is_the_end),
		T(a_thread_that_blocks_all_others_reads_zero),
		T(a_process_that_began_with_it_blocked_can_unblock_it),
		T(there_is_room_for_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
