// SPDX-License-Identifier: BSD-3-Clause
/* test_endpoint.c - consoles that end at sockets, terminals and files. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"
#include "testing.h"
#include "vmm/console.h"
#include "vmm/end.h"
#include "vmm/endpoint.h"
#include "vmm/listen.h"

#define N 8

static struct guest_memory *mem;
static struct console con;
static struct endpoint ends[2]; /* of hvc0, which nobody uses, and hvc1 */
static struct ring input;	/* of port 1 */
static char folder[] = "/tmp/softrealm-test-XXXXXX", path[64], unix_path[70];
static char got[300000];
static size_t ngot;

static void no_output(void *arg, const void *data, size_t len)
{
}

static int setup(void **state)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a console", folder);
	snprintf(unix_path, sizeof(unix_path), "unix:%s", path);
	assert_int_equal(io_init(), 0);
	mem = driver_memory();
	assert_int_equal(console_init(&con, mem, no_output, NULL), 0);
	console_add_port(&con, NULL, endpoint_output, &ends[1]);
	console_finish(&con, 0, 0);
	driver_start(&con.dev, 0);
	ring_make(&input, mem, 0, N);
	ngot = 0;
	return ring_attach(&input, &con.dev.queues[4]);
}

static int teardown(void **state)
{
	endpoint_close(&ends[1]);
	console_destroy(&con);
	driver_memory_free(mem);
	unlink(path);
	return rmdir(folder);
}

static void start(const char *what)
{
	assert_int_equal(endpoint_open(&ends[1], what, "the test's console"), 0);
	endpoint_start(&ends[1], &con, 1);
	con.ports[1].open = true; /* the guest says so, in test_console.c */
}

/* A moment of the main thread, in which the guest takes all input. */
static void turn(void)
{
	static uint16_t seen;
	struct pollfd p = {.fd = io_fd(), .events = POLLIN};

	if (!input.avail->idx) {
		seen = 0;
		for (unsigned int i = 0; i < N; i++) {
			ring_desc(&input, i, ring_data(&input) + 64 * i, 64, VRING_DESC_F_WRITE, 0);
			ring_offer(&input, (uint16_t)i);
		}
	}
	poll(&p, 1, 1);
	io_dispatch();
	endpoint_give(&ends[1]);
	for (; seen != input.used->idx; seen++) {
		struct vring_used_elem *e = &input.used->ring[seen % N];

		memcpy(got + ngot, (char *)ring_data_ptr(&input) + 64 * e->id, e->len);
		ngot += e->len;
		ring_offer(&input, (uint16_t)e->id);
	}
	virtio_notify(&con.dev, 4);
}

static size_t read_all(int fd, char *buf, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t have = 0;

	for (int quiet = 0; have < len && quiet < 20;) {
		ssize_t n;

		turn();
		n = poll(&p, 1, 10) > 0 ? read(fd, buf + have, len - have) : 0;
		quiet = n > 0 ? 0 : quiet + 1;
		have += n > 0 ? (size_t)n : 0;
	}
	return have;
}

static void what_was_printed_before_waits_for_the_reader(void **state)
{
	char buf[32] = "";
	int peer;

	start(unix_path);
	endpoint_output(&ends[1], "early ", 6);
	peer = connect_to(path);
	assert_true(peer >= 0);
	turn();
	endpoint_output(&ends[1], "late", 4);
	assert_int_equal(read_all(peer, buf, 10), 10);
	assert_string_equal(buf, "early late");
	close(peer);
}

static void the_newest_is_kept_when_nobody_reads(void **state)
{
	char *all = malloc(2 * ENDPOINT_KEPT), *buf = malloc(2 * ENDPOINT_KEPT);
	int peer;

	for (size_t i = 0; i < 2 * ENDPOINT_KEPT; i++)
		all[i] = (char)(i * 7 + i / 1000);
	start(unix_path);
	endpoint_output(&ends[1], all, ENDPOINT_KEPT + 1000);
	endpoint_output(&ends[1], all + ENDPOINT_KEPT + 1000, 77);
	peer = connect_to(path);
	assert_int_equal(read_all(peer, buf, 2 * ENDPOINT_KEPT), ENDPOINT_KEPT);
	assert_memory_equal(buf, all + 1077, ENDPOINT_KEPT);
	close(peer);
	free(all);
	free(buf);
}

static void a_peer_that_goes_loses_nothing_it_has_said(void **state)
{
	static char said[100000];
	size_t sent = 0;
	int peer;

	for (size_t i = 0; i < sizeof(said); i++)
		said[i] = (char)(i * 13 + i / 500);
	start(unix_path);
	peer = connect_to(path);
	while (sent < sizeof(said)) {
		ssize_t n = write(peer, said + sent, sizeof(said) - sent);

		if (n > 0)
			sent += (size_t)n;
		turn();
	}
	close(peer);
	for (int i = 0; i < 100000 && ngot < sizeof(said); i++)
		turn();
	assert_int_equal(ngot, sizeof(said));
	assert_memory_equal(got, said, sizeof(said));
}

static void the_next_peer_comes_after_the_first(void **state)
{
	int one, two;

	start(unix_path);
	one = connect_to(path);
	two = connect_to(path);
	assert_int_equal(write(one, "one", 3), 3);
	assert_int_equal(write(two, "two", 3), 3);
	for (int i = 0; i < 10; i++)
		turn();
	assert_int_equal(ngot, 3);
	close(one);
	for (int i = 0; i < 10; i++)
		turn();
	assert_int_equal(ngot, 6);
	assert_memory_equal(got, "onetwo", 6);
	close(two);
}

/* A peer that has gone must neither be polled for ever nor end the process. */
static void output_to_a_peer_that_is_gone_waits_for_the_next(void **state)
{
	char buf[16] = "";
	int peer;

	start(unix_path);
	peer = connect_to(path);
	turn();
	close(peer);
	endpoint_output(&ends[1], "first", 5);
	for (int i = 0; i < 5; i++)
		turn();
	assert_int_equal(ends[1].peer.fd, -1);
	peer = connect_to(path);
	assert_int_equal(read_all(peer, buf, 5), 5);
	close(peer);
}

static void a_terminal_is_raw(void **state)
{
	char name[64], buf[16] = "";
	int fd;

	start("pty");
	assert_int_equal(ptsname_r(ends[1].peer.fd, name, sizeof(name)), 0);
	fd = open(name, O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	endpoint_output(&ends[1], "a\nb", 3);
	assert_int_equal(read_all(fd, buf, 3), 3);
	assert_string_equal(buf, "a\nb");
	assert_int_equal(write(fd, "\x03x", 2), 2);
	for (int i = 0; i < 10; i++)
		turn();
	assert_int_equal(ngot, 2);
	assert_memory_equal(got, "\x03x", 2);
	close(fd);
}

static void a_socket_that_was_left_is_replaced_and_no_other_file(void **state)
{
	struct stat st;
	int left = listen_at(path);

	assert_int_equal(endpoint_open(&ends[1], unix_path, ""), -EADDRINUSE);
	endpoint_close(&ends[1]);
	close(left);
	start(unix_path);
	endpoint_close(&ends[1]);
	assert_int_equal(stat(path, &st), -1);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(endpoint_open(&ends[1], unix_path, ""), -EADDRINUSE);
	endpoint_close(&ends[1]);
	assert_int_equal(stat(path, &st), 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	char longer[200] = "unix:";

	memset(longer + 5, 'x', sizeof(longer) - 6);
	assert_int_equal(endpoint_open(&ends[1], longer, ""), -ENAMETOOLONG);
}

static void a_full_disk_ends_the_run(void **state)
{
	assert_int_equal(end_init(), 0);
	start("/dev/full");
	endpoint_output(&ends[1], "x", 1);
	assert_true(end_reached());
	assert_int_equal(end_status(), VMM_HOST);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_was_printed_before_waits_for_the_reader),
		T(the_newest_is_kept_when_nobody_reads),
		T(a_peer_that_goes_loses_nothing_it_has_said),
		T(the_next_peer_comes_after_the_first),
		T(output_to_a_peer_that_is_gone_waits_for_the_next),
		T(a_terminal_is_raw),
		T(a_socket_that_was_left_is_replaced_and_no_other_file),
		T(a_path_that_is_too_long_is_refused),
		T(a_full_disk_ends_the_run),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
