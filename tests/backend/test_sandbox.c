// SPDX-License-Identifier: BSD-3-Clause
/* test_sandbox.c - what the filter allows, forbids, and ends the process for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/sandbox.h"

#define CHILD_FINE 0
#define CHILD_SKIP 77

/* What `act` returns (0: as it should be), or minus the signal that ended it, in a confined child.
 */
static int confined(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		sandbox_no_new_privileges();
		status = sandbox_enter();
		_exit(status == -ENOSYS ? CHILD_SKIP : status ? 99 : act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_SKIP)
		skip();
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int do_exec(void)
{
	char *argv[] = {(char *)"/bin/true", NULL};

	return execv(argv[0], argv);
}

static int do_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int do_ptrace(void)
{
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int do_unlink(void)
{
	return unlinkat(AT_FDCWD, "/nonexistent", 0);
}

static void what_no_backend_does_ends_the_process(void **state)
{
	assert_int_equal(confined(do_exec), -SIGSYS);
	assert_int_equal(confined(do_socket), -SIGSYS);
	assert_int_equal(confined(do_ptrace), -SIGSYS);
	assert_int_equal(confined(do_unlink), -SIGSYS);
}

static int failed_with_eacces(long r)
{
	return r == -1 && errno == EACCES ? 0 : 1;
}

static int do_open(void)
{
	return failed_with_eacces(open("/etc/passwd", O_RDONLY)) ||
	       failed_with_eacces(open("/tmp/softrealm-test-sandbox", O_CREAT | O_WRONLY, 0600));
}

static int do_fork(void)
{
	return failed_with_eacces(fork());
}

static int do_map_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || failed_with_eacces(mprotect(page, 4096, PROT_READ | PROT_EXEC)))
		return 1;
	page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page != MAP_FAILED || errno != EACCES;
}

static int do_kill(void)
{
	return failed_with_eacces(kill(getppid(), 0)) ||
	       failed_with_eacces(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int do_raise_limit(void)
{
	struct rlimit rl;

	return getrlimit(RLIMIT_NOFILE, &rl) || failed_with_eacces(setrlimit(RLIMIT_NOFILE, &rl));
}

static void what_leads_outside_fails(void **state)
{
	assert_int_equal(confined(do_open), CHILD_FINE);
	assert_int_equal(confined(do_fork), CHILD_FINE);
	assert_int_equal(confined(do_map_code), CHILD_FINE);
	assert_int_equal(confined(do_kill), CHILD_FINE);
	assert_int_equal(confined(do_raise_limit), CHILD_FINE);
}

static void *nothing(void *arg)
{
	return arg;
}

/* As an irqfd is (kvm/irq/irqfd.c): without waiting, whatever the descriptor says. */
static bool reads_an_eventfd(int event)
{
	uint64_t count = 1;
	struct iovec iov = {&count, sizeof(count)};

	return write(event, &count, sizeof(count)) == sizeof(count) &&
	       preadv2(event, &iov, 1, -1, RWF_NOWAIT) == sizeof(count);
}

/* What serving clients takes. */
static int do_work(void)
{
	int pair[2], event = eventfd(0, EFD_CLOEXEC), file = memfd_create("x", MFD_CLOEXEC);
	struct pollfd pfd = {event, POLLOUT, 0};
	pthread_t thread;
	void *page;

	if (event < 0 || file < 0 || ftruncate(file, 4096) || poll(&pfd, 1, 0) != 1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		return 1;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (page == MAP_FAILED || fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1))
		return 2;
	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		return 3;
	if (!reads_an_eventfd(event))
		return 5;
	return malloc(1 << 20) ? 0 : 4;
}

static int do_abort(void)
{
	abort();
}

static void what_a_backend_needs_is_allowed(void **state)
{
	assert_int_equal(confined(do_work), CHILD_FINE);
	assert_int_equal(confined(do_abort), -SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_backend_does_ends_the_process),
		cmocka_unit_test(what_leads_outside_fails),
		cmocka_unit_test(what_a_backend_needs_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
