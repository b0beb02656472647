// SPDX-License-Identifier: BSD-3-Clause
/* test_greet.c - connections that say nothing, too many of them, and no descriptor left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "abi/v12.h"
#include "backend/server.h"
#include "kvm/kvm.h"
#include "machine/memory.h"
#include "wire/wire.h"

#define SILENT		300
#define MAX_CHANNELS	8
#define FEW_DESCRIPTORS 512

static struct machine *machine;
static struct kvm_host *host;
static struct server *server;
static char name[64];

/* What the backend's main loop does, until nothing happens for `ms`; how often it was woken. */
static unsigned int pump(int ms)
{
	struct pollfd pfd = {server_listen_fd(server), POLLIN, 0};
	unsigned int n = 0;

	for (; n < 10000 && poll(&pfd, 1, ms) > 0; n++)
		server_accept(server);
	return n;
}

static int connect_raw(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(sun.sun_path + 1, name);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun,
				 offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)),
			 0);
	return fd;
}

static void say_hello(int fd)
{
	struct wire_msg m = {.type = WIRE_HELLO, .hello = {WIRE_VERSION, WIRE_ROLE_OPEN, 1}};

	assert_int_equal(wire_send(fd, &m, NULL, NULL, 0), 0);
}

static int status_of_welcome(int fd)
{
	struct wire_msg m;

	assert_true(wire_recv(fd, &m, NULL, 0, NULL, NULL) >= 0);
	assert_int_equal(m.type, WIRE_WELCOME);
	return m.welcome.status;
}

static unsigned int count_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void wait_for_threads(unsigned int n)
{
	for (int i = 0; i < 5000 && count_threads() != n; i++)
		usleep(1000);
	assert_int_equal(count_threads(), n);
}

static void who_says_nothing_holds_no_thread_and_makes_room(void **state)
{
	unsigned int threads = count_threads();
	int silent[SILENT], fd;
	char c;

	for (int i = 0; i < SILENT; i++) {
		silent[i] = connect_raw();
		pump(0);
	}
	pump(10);
	assert_int_equal(count_threads(), threads);
	assert_int_equal(recv(silent[0], &c, 1, MSG_DONTWAIT), 0); /* the oldest made room */

	fd = connect_raw();
	say_hello(fd);
	pump(10);
	assert_int_equal(status_of_welcome(fd), 0);
	close(fd);
	for (int i = 0; i < SILENT; i++)
		close(silent[i]);
	pump(10);
	wait_for_threads(threads);
}

static void one_client_too_many_is_told(void **state)
{
	unsigned int threads = count_threads();
	int fds[MAX_CHANNELS + 1];

	for (int i = 0; i <= MAX_CHANNELS; i++) {
		fds[i] = connect_raw();
		say_hello(fds[i]);
		pump(5);
		assert_int_equal(status_of_welcome(fds[i]), i < MAX_CHANNELS ? 0 : -EMFILE);
	}
	for (int i = 0; i <= MAX_CHANNELS; i++)
		close(fds[i]);
	wait_for_threads(threads);
}

static void use_up(int *fds, int *n)
{
	for (*n = 0; *n < FEW_DESCRIPTORS; ++*n) {
		fds[*n] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fds[*n] < 0)
			return;
	}
}

static void out_of_descriptors_is_told_and_costs_no_time(void **state)
{
	struct rlimit old, few;
	int fds[FEW_DESCRIPTORS], n, client[3];

	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){FEW_DESCRIPTORS, old.rlim_max};
	setrlimit(RLIMIT_NOFILE, &few);
	for (int i = 0; i < 3; i++)
		client[i] = connect_raw();
	use_up(fds, &n);
	say_hello(client[0]);
	say_hello(client[2]); /* client[1] says nothing */
	assert_in_range(pump(200), 3, 20);
	assert_int_equal(status_of_welcome(client[0]), -EMFILE);
	assert_int_equal(status_of_welcome(client[2]), -EMFILE);
	while (n)
		close(fds[--n]);
	for (int i = 0; i < 3; i++)
		close(client[i]);

	client[0] = connect_raw();
	say_hello(client[0]);
	pump(10);
	assert_int_equal(status_of_welcome(client[0]), 0);
	close(client[0]);
	setrlimit(RLIMIT_NOFILE, &old);
}

static int setup(void **state)
{
	struct machine_config mc = {.size = UINT64_C(1) << 32, .client_size = UINT64_C(1) << 32};
	struct server_config sc = {.rmi_cap = KVM_CAP_ARM_RMI, .max_channels = MAX_CHANNELS};
	struct kvm_config kc = {0};

	snprintf(name, sizeof(name), "softrealm-test-greet-%d", getpid());
	if (machine_create(&mc, &machine))
		return -1;
	kc.machine = sc.machine = machine;
	if (kvm_host_create(&kc, &host))
		return -1;
	sc.host = host;
	return server_create(&sc, name, &server);
}

static int teardown(void **state)
{
	server_destroy(server);
	kvm_host_destroy(host);
	machine_destroy(machine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_says_nothing_holds_no_thread_and_makes_room),
		cmocka_unit_test(one_client_too_many_is_told),
		cmocka_unit_test(out_of_descriptors_is_told_and_costs_no_time),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
