// SPDX-License-Identifier: BSD-3-Clause
/* test_guard.c - memory that nobody is to touch unnoticed: who does is named, and goes on. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/fixture.h"

#define PAGE 4096ul
#define SIZE (64 * PAGE)
#define RW   (PROT_READ | PROT_WRITE)
#define IPA  UINT64_C(0x80000000)

static volatile uint64_t *word(char *p, unsigned int page)
{
	return (volatile uint64_t *)(p + page * PAGE);
}

static void guard(int vm, char *p, unsigned int pages, uint64_t ipa)
{
	struct fake_copy g = {(uintptr_t)p, ipa, pages * PAGE};

	assert_int_equal(call(vm, FAKE_GUARD, (uintptr_t)&g), 0);
}

static int64_t touches_before; /* of this process's, in other tests */

static int64_t touches(int vm)
{
	return call(vm, FAKE_TOUCHES, 0) - touches_before;
}

static int guarded_vm(char **p)
{
	int vm = open_vm();

	*p = mmap(NULL, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(*p, MAP_FAILED);
	*word(*p, 0) = 10;
	*word(*p, 5) = 15;
	assert_int_equal(add_slot(vm, *p, SIZE), 0);
	guard(vm, *p, 64, IPA);
	touches_before = call(vm, FAKE_TOUCHES, 0);
	return vm;
}

/* Where this very function stores: its address is what is told. */
__attribute__((noinline)) static void store(volatile uint64_t *at, uint64_t value)
{
	*at = value;
}

static void a_touch_is_named_and_made(void **state)
{
	char said[FAKE_SAID], want[64];
	unsigned long long pc;
	unsigned int thread;
	int vm;
	char *p;

	vm = guarded_vm(&p);
	store(word(p, 5), 16);
	assert_int_equal(*word(p, 5), 16);
	assert_int_equal(touches(vm), 1);
	assert_in_range(call(vm, FAKE_TOUCHES, (uintptr_t)said), 1, 16);
	assert_int_equal(
		sscanf(strstr(said, "thread"), "thread %u touches %*s at PC 0x%llx", &thread, &pc),
		2);
	assert_int_equal(thread, syscall(SYS_gettid));
	assert_in_range(pc, (uintptr_t)store, (uintptr_t)store + 64);
	snprintf(want, sizeof(want), "touches %p at", (void *)word(p, 5));
	assert_non_null(strstr(said, want));
	assert_non_null(strstr(said, "IPA 0x80005000,"));
	close(vm);
}

static void each_page_is_told_of_once(void **state)
{
	int vm;
	char *p;

	vm = guarded_vm(&p);
	for (int i = 0; i < 5; i++)
		assert_int_equal(*word(p, 0), 10);
	assert_int_equal(touches(vm), 1);
	assert_int_equal(*word(p, 1), 0);
	assert_int_equal(touches(vm), 2);
	guard(vm, p, 1, IPA); /* private once more */
	assert_int_equal(*word(p, 0), 10);
	assert_int_equal(touches(vm), 3);
	close(vm);
}

static void what_is_shared_again_is_nobodys_business(void **state)
{
	int vm;
	char *p;

	vm = guarded_vm(&p);
	guard(vm, p + 4 * PAGE, 4, 0);
	*word(p, 4) = *word(p, 5);
	*word(p, 7) = 7;
	assert_int_equal(touches(vm), 0);
	*word(p, 3) = 1;
	*word(p, 8) = 1;
	assert_int_equal(touches(vm), 2);
	close(vm);
}

static void the_realm_and_the_backend_see_the_memory_all_the_time(void **state)
{
	uint64_t seen;
	int vm;
	char *p;

	vm = guarded_vm(&p);
	assert_int_equal(peek(vm, (char *)word(p, 5), &seen), 0);
	assert_int_equal(seen, 15);
	/* a report of the range changes nothing */
	assert_int_equal(mprotect(p + 63 * PAGE, PAGE, RW), 0);
	assert_int_equal(add_slot(vm, p, 0), 0);
	assert_int_equal(add_slot(vm, p, SIZE), 0);
	assert_int_equal(peek(vm, (char *)word(p, 5), &seen), 0);
	assert_int_equal(seen, 15);
	assert_int_equal(touches(vm), 0);
	close(vm);
}

static sigjmp_buf out;

static void on_fault(int sig)
{
	siglongjmp(out, 1);
}

static void what_the_vmm_maps_there_is_its_own(void **state)
{
	struct sigaction sa = {.sa_handler = on_fault}, before;
	volatile bool faulted = false;
	int vm;
	char *p;

	vm = guarded_vm(&p);
	assert_int_equal(mprotect(p + PAGE, PAGE, RW), 0);
	*word(p, 1) = 1;
	assert_ptr_equal(
		mmap(p + 2 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		p + 2 * PAGE);
	*word(p, 2) = 2;
	assert_int_equal(touches(vm), 0);
	/* a page that it has made read-only is still that */
	assert_int_equal(mprotect(p + 3 * PAGE, PAGE, PROT_READ), 0);
	guard(vm, p + 3 * PAGE, 1, IPA);
	sigaction(SIGSEGV, &sa, &before);
	if (!sigsetjmp(out, 1))
		*word(p, 3) = 3;
	else
		faulted = true;
	sigaction(SIGSEGV, &before, NULL);
	assert_true(faulted);
	assert_int_equal(touches(vm), 1);
	assert_int_equal(*word(p, 3), 0);
	close(vm);
}

static void a_system_call_fails_with_efault(void **state)
{
	int vm, fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *p;

	vm = guarded_vm(&p);
	assert_int_equal(read(fd, p, PAGE), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(*word(p, 0), 10);
	assert_int_equal(read(fd, p, PAGE), PAGE);
	assert_int_equal(touches(vm), 1);
	close(fd);
	close(vm);
}

static void *touch_all(void *arg)
{
	for (unsigned int i = 0; i < 64; i++)
		*word(arg, i) += 0;
	return NULL;
}

static void threads_that_touch_the_same_page_go_on(void **state)
{
	pthread_t t[4];
	int vm;
	char *p;

	vm = guarded_vm(&p);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, touch_all, p), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(touches(vm), 64);
	close(vm);
}

static void a_child_is_not_guarded(void **state)
{
	int vm, status;
	char *p;
	pid_t pid;

	vm = guarded_vm(&p);
	pid = fork();
	if (!pid)
		_exit(*word(p, 5) != 15);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(touches(vm), 0);
	assert_int_equal(*word(p, 5), 15);
	assert_int_equal(touches(vm), 1);
	close(vm);
}

static int run(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_touch_is_named_and_made),
		cmocka_unit_test(each_page_is_told_of_once),
		cmocka_unit_test(what_is_shared_again_is_nobodys_business),
		cmocka_unit_test(the_realm_and_the_backend_see_the_memory_all_the_time),
		cmocka_unit_test(what_the_vmm_maps_there_is_its_own),
		cmocka_unit_test(a_system_call_fails_with_efault),
		cmocka_unit_test(threads_that_touch_the_same_page_go_on),
		cmocka_unit_test(a_child_is_not_guarded),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	return fixture_main(argc, argv, run, NULL);
}
