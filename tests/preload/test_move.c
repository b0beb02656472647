// SPDX-License-Identifier: BSD-3-Clause
/* test_move.c - other threads use memory, and others fork, while a memslot moves it. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

#define PAGE	  4096ul
#define SIZE	  (64 * PAGE)
#define RW	  (PROT_READ | PROT_WRITE)
#define BIG_PAGES 4096ul
#define BIG_SIZE  (BIG_PAGES * PAGE)

struct writer {
	uint64_t *memory;
	unsigned long stride; /* in words */
	_Atomic bool go, stop;
	uint64_t stores; /* to each word */
};

static void *store(void *arg)
{
	struct writer *w = arg;

	while (!w->stop) {
		w->stores++;
		for (unsigned long i = 0; i < BIG_SIZE / 8; i += w->stride)
			*(volatile uint64_t *)&w->memory[i] += 1;
		w->go = true;
	}
	return NULL;
}

static void no_store_is_lost_while_memory_is_moved(void **state)
{
	int vm = open_vm();

	for (int flags = MAP_PRIVATE; flags; flags = flags == MAP_PRIVATE ? MAP_SHARED : 0) {
		for (int round = 0; round < 10; round++) {
			struct writer w = {.stride = round % 2 ? 512 : 64};
			pthread_t thread;
			uint64_t seen;

			w.memory = mmap(NULL, BIG_SIZE, RW, flags | MAP_ANONYMOUS, -1, 0);
			pthread_create(&thread, NULL, store, &w);
			while (!w.go)
				usleep(100);
			assert_int_equal(add_slot(vm, w.memory, BIG_SIZE), 0);
			w.stop = true;
			pthread_join(thread, NULL);
			for (unsigned long i = 0; i < BIG_SIZE / 8; i += w.stride)
				assert_int_equal(w.memory[i], w.stores);
			assert_int_equal(peek(vm, w.memory, &seen), 0);
			assert_int_equal(seen, w.stores);
			munmap(w.memory, BIG_SIZE);
		}
	}
	close(vm);
}

static void *unmap_and_map(void *arg)
{
	struct writer *w = arg;
	unsigned int seed = 3;

	while (!w->stop) {
		char *at = (char *)w->memory + rand_r(&seed) % (BIG_PAGES - 64) * PAGE;

		munmap(at, 64 * PAGE);
		mmap(at, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		memset(at, 1, 64 * PAGE);
		w->go = true;
	}
	return NULL;
}

static void memory_may_be_unmapped_while_it_is_moved(void **state)
{
	int vm = open_vm();

	for (int round = 0; round < 20; round++) {
		struct writer w = {.stride = 1};
		pthread_t thread;

		w.memory = mmap(NULL, BIG_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(w.memory, 1, BIG_SIZE);
		pthread_create(&thread, NULL, unmap_and_map, &w);
		while (!w.go)
			usleep(100);
		for (int i = 0; i < 3; i++)
			assert_int_equal(add_slot(vm, w.memory, BIG_SIZE), 0);
		w.stop = true;
		pthread_join(thread, NULL);
		for (unsigned long i = 0; i < BIG_PAGES; i += 7) {
			uint64_t seen;

			assert_int_equal(peek(vm, w.memory + i * PAGE / 8, &seen), 0);
			assert_int_equal(seen, UINT64_C(0x0101010101010101));
		}
		munmap(w.memory, BIG_SIZE);
	}
	close(vm);
}

static sigjmp_buf on_fault;
static volatile uintptr_t fault_at;

static void fault(int sig, siginfo_t *info, void *context)
{
	fault_at = (uintptr_t)info->si_addr;
	siglongjmp(on_fault, 1);
}

static bool touch_is_sigsegv(volatile char *p)
{
	fault_at = 0;
	if (!sigsetjmp(on_fault, 1)) {
		*p = 1;
		return false;
	}
	return fault_at == (uintptr_t)p;
}

static void faults_that_are_the_vmms_reach_its_handler(void **state)
{
	struct sigaction sa = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO}, before, now;
	int vm = open_vm(), status;
	char *p = mmap(NULL, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	memset(p, 1, SIZE);
	sigaction(SIGSEGV, &sa, &before);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	sigaction(SIGSEGV, NULL, &now);
	assert_ptr_equal(now.sa_sigaction, fault);
	assert_int_equal(now.sa_flags & ~0x04000000, SA_SIGINFO);
	mprotect(p + PAGE, PAGE, PROT_READ);
	for (int i = 0; i < 3; i++) {
		assert_true(touch_is_sigsegv(p + PAGE));
		assert_false(touch_is_sigsegv(p));
		assert_true(touch_is_sigsegv((char *)8));
	}
	sigaction(SIGSEGV, &before, &now);
	assert_ptr_equal(now.sa_sigaction, fault);
	sigaction(SIGSEGV, &sa, NULL); /* once more, over ours */
	assert_true(touch_is_sigsegv(p + PAGE));
	assert_ptr_equal(signal(SIGSEGV, SIG_DFL), fault);
	pid = fork();
	if (pid == 0) {
		p[PAGE] = 1;
		_exit(0);
	}
	status = fixture_wait(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	pid = fork();
	if (pid == 0) {
		raise(SIGSEGV);
		_exit(0);
	}
	status = fixture_wait(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	sigaction(SIGSEGV, &before, NULL);
	munmap(p, SIZE);
	close(vm);
}

static void *keep_storing(void *arg)
{
	struct writer *w = arg;

	for (unsigned long i = 0; !w->stop; i += 64)
		*(volatile uint64_t *)&w->memory[i % (BIG_SIZE / 8)] += 1;
	return NULL;
}

struct mover {
	int vm;
	_Atomic bool stop;
};

static void *keep_moving(void *arg)
{
	struct mover *m = arg;

	while (!m->stop) {
		void *p = mmap(NULL, BIG_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		struct writer w = {.memory = p};
		pthread_t thread;

		memset(p, 1, BIG_SIZE);
		pthread_create(&thread, NULL, keep_storing, &w);
		if (add_slot(m->vm, p, BIG_SIZE))
			abort();
		w.stop = true;
		pthread_join(thread, NULL);
		munmap(p, BIG_SIZE);
	}
	return NULL;
}

/* The window that another thread of the parent had open is the child's to close. */
static void a_forks_child_may_store_at_once(void **state)
{
	struct mover m = {.vm = open_vm()};
	uint64_t *p = mmap(NULL, BIG_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	pthread_create(&thread, NULL, keep_moving, &m);
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			alarm(20);
			memset(p, 3, BIG_SIZE);
			_exit(0);
		}
		assert_int_equal(fixture_wait(pid), 0);
	}
	m.stop = true;
	pthread_join(thread, NULL);
	munmap(p, BIG_SIZE);
	close(m.vm);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_store_is_lost_while_memory_is_moved),
		cmocka_unit_test(memory_may_be_unmapped_while_it_is_moved),
		cmocka_unit_test(faults_that_are_the_vmms_reach_its_handler),
		cmocka_unit_test(a_forks_child_may_store_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, NULL);
}
