// SPDX-License-Identifier: BSD-3-Clause
/* test_vsock.c - packets of a driver that need not be a good one, streams of peers that may go. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver.h"
#include "testing.h"
#include "vmm/listen.h"
#include "vmm/vsock.h"

#define N      64
#define BUFFER 4140u
#define PORT   7u    /* where the peer listens */
#define GUEST  5000u /* the guest's port */

static struct guest_memory *mem;
static struct vsock v;
static struct ring rx, tx;
static char folder[] = "/tmp/softrealm-vsock-XXXXXX", path[64], peer_path[80];
static int server, peer;
static uint16_t received;

static int setup(void **state)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/v", folder);
	snprintf(peer_path, sizeof(peer_path), "%s_%u", path, PORT);
	assert_int_equal(io_init(), 0);
	mem = driver_memory();
	assert_int_equal(vsock_init(&v, mem, path), 0);
	server = listen_at(peer_path);
	assert_true(server >= 0);
	peer = -1;
	received = 0;
	driver_start(&v.dev, 0);
	ring_make(&rx, mem, 0, N);
	ring_make(&tx, mem, 1, N);
	assert_int_equal(ring_attach(&rx, &v.dev.queues[0]), 0);
	return ring_attach(&tx, &v.dev.queues[1]);
}

static int teardown(void **state)
{
	vsock_destroy(&v);
	assert_int_equal(access(path, F_OK), -1);
	if (peer >= 0)
		close(peer);
	close(server);
	unlink(peer_path);
	rmdir(folder);
	driver_memory_free(mem);
	return 0;
}

static void turn(void)
{
	struct pollfd p = {.fd = io_fd(), .events = POLLIN};
	int i = 0;

	while (poll(&p, 1, 0) > 0 && i++ < 1000)
		io_dispatch();
	assert_true(i < 1000); /* nothing is ready for ever */
}

static void give_buffers(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint16_t d = rx.avail->idx % N;

		ring_desc(&rx, d, RAM + 0x40000 + d * 0x1100, BUFFER, VRING_DESC_F_WRITE, 0);
		ring_offer(&rx, d);
	}
	virtio_notify(&v.dev, 0);
	turn();
}

static const struct virtio_vsock_hdr *next(void)
{
	const struct vring_used_elem *e = &rx.used->ring[received % N];

	if (received == rx.used->idx)
		return NULL;
	received++;
	return memory_at(mem, RAM + 0x40000 + e->id * 0x1100, e->len);
}

static const struct virtio_vsock_hdr *expect(uint16_t op, uint32_t flags)
{
	const struct virtio_vsock_hdr *h = next();

	assert_non_null(h);
	assert_int_equal(h->op, op);
	assert_int_equal(h->flags, flags);
	assert_int_equal(h->src_cid, 2);
	assert_int_equal(h->dst_cid, 3);
	return h;
}

static struct virtio_vsock_hdr header(uint16_t op)
{
	return (struct virtio_vsock_hdr){.src_cid = 3,
					 .dst_cid = 2,
					 .src_port = GUEST,
					 .dst_port = PORT,
					 .type = VIRTIO_VSOCK_TYPE_STREAM,
					 .op = op,
					 .buf_alloc = 10000};
}

/* Header and data as one buffer; in `told` bytes, whatever the header says. */
static void send_raw(const struct virtio_vsock_hdr *h, const void *data, size_t len)
{
	uint16_t d = tx.avail->idx % N;
	uint64_t at = RAM + 0xa0000 + (d % 4) * 0x11000;
	uint8_t *p = memory_at(mem, at, sizeof(*h) + len);

	memcpy(p, h, sizeof(*h));
	if (len)
		memcpy(p + sizeof(*h), data, len);
	ring_desc(&tx, d, at, (uint32_t)(sizeof(*h) + len), 0, 0);
	ring_offer(&tx, d);
	virtio_notify(&v.dev, 1);
	turn();
}

static void send_op(uint16_t op, uint32_t flags)
{
	struct virtio_vsock_hdr h = header(op);

	h.flags = flags;
	send_raw(&h, NULL, 0);
}

static void send_data(const void *data, size_t len)
{
	struct virtio_vsock_hdr h = header(VIRTIO_VSOCK_OP_RW);

	h.len = (uint32_t)len;
	send_raw(&h, data, len);
}

static void open_stream(void)
{
	send_op(VIRTIO_VSOCK_OP_REQUEST, 0);
	expect(VIRTIO_VSOCK_OP_RESPONSE, 0);
	peer = accept4(server, NULL, NULL, SOCK_NONBLOCK);
	assert_true(peer >= 0);
}

static int call_in(const char *line)
{
	int fd = connect_to(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	turn();
	return fd;
}

static void the_guest_calls_and_both_speak(void **state)
{
	char buf[16] = "";

	give_buffers(5); /* none of them is wasted */
	open_stream();
	send_data("hello", 5);
	assert_int_equal(read(peer, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(write(peer, "world!", 6), 6);
	turn();
	assert_int_equal(expect(VIRTIO_VSOCK_OP_RW, 0)->len, 6);
	send_op(VIRTIO_VSOCK_OP_SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_SEND);
	assert_int_equal(read(peer, buf, sizeof(buf)), 0);
	assert_int_equal(write(peer, "more", 4), 4);
	turn();
	assert_int_equal(expect(VIRTIO_VSOCK_OP_RW, 0)->len, 4);
	close(peer);
	peer = -1;
	turn();
	expect(VIRTIO_VSOCK_OP_SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_SEND);
	expect(VIRTIO_VSOCK_OP_SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_SEND | VIRTIO_VSOCK_SHUTDOWN_RCV);
	send_op(VIRTIO_VSOCK_OP_RST, 0);
	assert_int_equal(v.used, 0);
}

static void a_caller_gets_ok_and_a_port(void **state)
{
	char buf[32] = "", right[32];
	const struct virtio_vsock_hdr *h;
	struct virtio_vsock_hdr answer = header(VIRTIO_VSOCK_OP_RESPONSE);

	give_buffers(4);
	peer = call_in("CONNECT 5000\nbehind");
	h = expect(VIRTIO_VSOCK_OP_REQUEST, 0);
	assert_int_equal(h->dst_port, 5000);
	answer.dst_port = h->src_port;
	assert_int_equal(read(peer, buf, sizeof(buf)), -1); /* not yet */
	send_raw(&answer, NULL, 0);
	snprintf(right, sizeof(right), "OK %u\n", answer.dst_port);
	assert_int_equal(read(peer, buf, sizeof(buf)), strlen(right));
	assert_string_equal(buf, right);
	h = expect(VIRTIO_VSOCK_OP_RW, 0);
	assert_int_equal(h->len, 6);
	assert_memory_equal(h + 1, "behind", 6);
}

static void who_calls_wrongly_or_nobody_gets_the_end(void **state)
{
	static const char *const lines[] = {"CONNECT \n",
					    "CONNECT 4294967296\n",
					    "connect 1\n",
					    "CONNECT 1 \n",
					    "CONNECT 000000000000000000000000001",
					    "\n",
					    "CONNECT -1\n"};
	struct virtio_vsock_hdr rst = header(VIRTIO_VSOCK_OP_RST);
	char c;
	int fd;

	give_buffers(8);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		fd = call_in(lines[i]);
		assert_true(read(fd, &c, 1) <= 0 && errno != EAGAIN);
		close(fd);
	}
	fd = call_in("CONN"); /* a half line is no busy loop, and its end is seen */
	shutdown(fd, SHUT_WR);
	turn();
	assert_int_equal(read(fd, &c, 1), 0);
	close(fd);
	assert_null(next());
	fd = call_in("CONNECT 5000\n");
	rst.dst_port = expect(VIRTIO_VSOCK_OP_REQUEST, 0)->src_port;
	send_raw(&rst, NULL, 0);
	assert_int_equal(read(fd, &c, 1), 0);
	close(fd);
	assert_int_equal(v.used, 0);
}

static void call_nobody(void)
{
	struct virtio_vsock_hdr h = header(VIRTIO_VSOCK_OP_REQUEST);

	h.dst_port = 99;
	send_raw(&h, NULL, 0);
	assert_int_equal(expect(VIRTIO_VSOCK_OP_RST, 0)->src_port, 99);
}

static void a_port_that_nobody_listens_at_is_reset(void **state)
{
	give_buffers(4);
	call_nobody();
	send_data("x", 1);
	expect(VIRTIO_VSOCK_OP_RST, 0);
	send_op(VIRTIO_VSOCK_OP_RST, 0);
	assert_null(next());
}

/* Until the peer's socket and the window are full; then data and credit come as it reads. */
static void who_does_not_read_stops_his_stream_alone(void **state)
{
	static uint8_t data[0x8000], buf[0x8000];
	size_t sent = 0, got = 0;
	ssize_t n;

	give_buffers(16);
	open_stream();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
	while (v.streams[0].got - v.streams[0].handed <= VSOCK_WINDOW - sizeof(data)) {
		send_data(data, sizeof(data));
		sent += sizeof(data);
	}
	while (next())
		;
	call_nobody(); /* another one goes on */
	while (got < sent && (n = read(peer, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], data[(got + (size_t)i) % sizeof(data)]);
		got += (size_t)n;
		turn();
	}
	assert_int_equal(got, sent);
	expect(VIRTIO_VSOCK_OP_CREDIT_UPDATE, 0);
}

static void more_than_the_window_is_a_reset(void **state)
{
	static uint8_t data[0x10000];

	give_buffers(16);
	open_stream();
	for (int i = 0; i < 20 && v.streams[0].state == VSOCK_OPEN; i++)
		send_data(data, sizeof(data));
	while (rx.used->idx - received > 1)
		next();
	expect(VIRTIO_VSOCK_OP_RST, 0);
}

/* 10000 bytes and no more, in buffers of 4096; then the guest is asked, once. */
static void the_guests_window_is_kept(void **state)
{
	static const uint8_t data[20000];
	struct virtio_vsock_hdr update = header(VIRTIO_VSOCK_OP_CREDIT_UPDATE);
	uint32_t sum = 0;

	give_buffers(16);
	open_stream();
	assert_int_equal(write(peer, data, sizeof(data)), sizeof(data));
	turn();
	for (int i = 0; i < 3; i++)
		sum += expect(VIRTIO_VSOCK_OP_RW, 0)->len;
	assert_int_equal(sum, 10000);
	expect(VIRTIO_VSOCK_OP_CREDIT_REQUEST, 0);
	send_raw(&update, NULL, 0);
	assert_null(next());
	update.fwd_cnt = 9999;
	send_raw(&update, NULL, 0);
	for (int i = 0; i < 3; i++)
		sum += expect(VIRTIO_VSOCK_OP_RW, 0)->len;
	assert_int_equal(sum, 19999);
	/* A guest that claims to have taken more than it was sent has room for nothing. */
	expect(VIRTIO_VSOCK_OP_CREDIT_REQUEST, 0);
	update.fwd_cnt = 30000;
	send_raw(&update, NULL, 0);
	assert_null(next());
}

static void without_buffers_all_waits_and_nothing_grows(void **state)
{
	struct virtio_vsock_hdr h = header(VIRTIO_VSOCK_OP_RW);
	uint16_t taken;

	send_op(VIRTIO_VSOCK_OP_REQUEST, 0);
	for (unsigned int i = 0; i < N - 8; i++) {
		h.src_port = 100 + i;
		send_raw(&h, NULL, 0);
	}
	taken = tx.used->idx;
	assert_int_equal(taken, 1 + VSOCK_STRAYS);
	give_buffers(N);
	assert_int_equal(tx.used->idx, 1 + N - 8);
	for (unsigned int i = 0; i < N - 8 + 1; i++)
		assert_non_null(next());
	assert_null(next());
}

static void a_goodbye_is_answered_and_what_was_written_still_comes(void **state)
{
	static uint8_t data[0x10000], buf[0x40000];
	size_t sent = 0, got = 0;
	ssize_t n;

	give_buffers(16);
	open_stream();
	while (v.streams[0].got == v.streams[0].handed && sent < 0x100000) {
		send_data(data, sizeof(data));
		sent += sizeof(data);
	}
	while (next())
		;
	send_op(VIRTIO_VSOCK_OP_SHUTDOWN, 3);
	expect(VIRTIO_VSOCK_OP_RST, 0);
	virtio_set_status(&v.dev, 0); /* and even if the realm is gone by then */
	while ((n = read(peer, buf, sizeof(buf))) > 0) {
		got += (size_t)n;
		turn();
	}
	assert_int_equal(n, 0);
	assert_int_equal(got, sent);
	assert_int_equal(v.used, 0);
}

static void a_peer_that_breaks_off_is_a_reset(void **state)
{
	give_buffers(8);
	open_stream();
	send_data("unread", 6);
	close(peer);
	peer = -1;
	turn();
	expect(VIRTIO_VSOCK_OP_RST, 0);
	assert_int_equal(v.used, 0);
}

static void wrong_packets_harm_nobody(void **state)
{
	struct virtio_vsock_hdr h = header(VIRTIO_VSOCK_OP_RW);

	give_buffers(8);
	open_stream();
	h.len = UINT32_MAX;
	send_raw(&h, "abc", 3);
	h.len = 3;
	h.src_cid = 4;
	send_raw(&h, "abc", 3);
	h.src_cid = 3;
	h.dst_cid = UINT64_C(1) << 32 | 2;
	send_raw(&h, "abc", 3);
	assert_null(next());
	assert_int_equal(v.streams[0].got, 0);
	h.dst_cid = 2;
	h.type = 2;
	send_raw(&h, "abc", 3);
	assert_int_equal(expect(VIRTIO_VSOCK_OP_RST, 0)->type, 2);
	send_op(77, 0);
	expect(VIRTIO_VSOCK_OP_RST, 0);
	assert_int_equal(v.used, 0);
}

static void as_many_as_there_is_room_for(void **state)
{
	int fds[VSOCK_STREAMS + 3];
	struct virtio_vsock_hdr h = header(VIRTIO_VSOCK_OP_REQUEST);

	for (int i = 0; i < VSOCK_STREAMS + 3; i++) {
		fds[i] = connect_to(path);
		if (fds[i] < 0) /* the queue of those who wait is full */
			break;
		turn();
		assert_true(v.used <= VSOCK_STREAMS);
	}
	assert_int_equal(v.used, VSOCK_STREAMS);
	give_buffers(4);
	send_raw(&h, NULL, 0);
	expect(VIRTIO_VSOCK_OP_RST, 0);
	for (int i = 0; i < VSOCK_STREAMS + 3; i++)
		close(fds[i]);
	turn();
	assert_int_equal(v.used, 0);
	open_stream();
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_guest_calls_and_both_speak),
		T(a_caller_gets_ok_and_a_port),
		T(who_calls_wrongly_or_nobody_gets_the_end),
		T(a_port_that_nobody_listens_at_is_reset),
		T(who_does_not_read_stops_his_stream_alone),
		T(more_than_the_window_is_a_reset),
		T(the_guests_window_is_kept),
		T(without_buffers_all_waits_and_nothing_grows),
		T(a_goodbye_is_answered_and_what_was_written_still_comes),
		T(a_peer_that_breaks_off_is_a_reset),
		T(wrong_packets_harm_nobody),
		T(as_many_as_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
