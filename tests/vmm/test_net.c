// SPDX-License-Identifier: BSD-3-Clause
/* test_net.c - frames through the network device; its peer is a passt that may be hostile. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver.h"
#include "testing.h"
#include "vmm/net.h"

#define N      8
#define HEADER 12
#define BUFFER 2048u /* of the guest's, for a frame and its header */

static struct guest_memory *mem;
static struct net net;
static struct ring rx, tx;
static int peer;
static unsigned int downs;
static const char *why;
static uint16_t received; /* used buffers that were looked at */

static void went_down(struct net *n, const char *reason)
{
	downs++;
	why = reason;
}

static int setup(void **state)
{
	int fds[2];

	assert_int_equal(io_init(), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	peer = fds[0];
	mem = driver_memory();
	net_init(&net, mem, fds[1], went_down);
	driver_start(&net.dev, 0);
	ring_make(&rx, mem, 0, N);
	ring_make(&tx, mem, 1, N);
	received = 0;
	downs = 0;
	assert_int_equal(ring_attach(&rx, &net.dev.queues[0]), 0);
	return ring_attach(&tx, &net.dev.queues[1]);
}

static int teardown(void **state)
{
	net_destroy(&net);
	if (peer >= 0)
		close(peer);
	driver_memory_free(mem);
	return 0;
}

static void turn(void)
{
	struct pollfd p = {.fd = io_fd(), .events = POLLIN};

	while (poll(&p, 1, 0) > 0)
		io_dispatch();
}

static void give_buffers(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint16_t d = rx.avail->idx % N;

		ring_desc(&rx, d, RAM + 0x40000 + d * BUFFER, BUFFER, VRING_DESC_F_WRITE, 0);
		ring_offer(&rx, d);
	}
	virtio_notify(&net.dev, 0);
}

/* The next frame that the guest got, or NULL. */
static const uint8_t *next_frame(uint32_t *len)
{
	struct vring_used_elem *e = &rx.used->ring[received % N];
	const uint8_t *p;

	if (received == rx.used->idx)
		return NULL;
	received++;
	p = memory_at(mem, RAM + 0x40000 + e->id * BUFFER, e->len);
	assert_non_null(p);
	assert_true(e->len >= HEADER);
	assert_int_equal(((const struct virtio_net_hdr_v1 *)p)->num_buffers, 1);
	*len = e->len - HEADER;
	return p + HEADER;
}

static void fill(uint8_t *p, size_t len, unsigned int seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 31 + seed * 7 + 1);
}

static void peer_sends(uint32_t told, size_t len, unsigned int seed)
{
	uint8_t buf[70000];
	uint32_t be = htonl(told);

	memcpy(buf, &be, 4);
	fill(buf + 4, len, seed);
	assert_int_equal(send(peer, buf, len + 4, MSG_NOSIGNAL), len + 4);
}

static void expect_frame(uint32_t len, unsigned int seed)
{
	uint8_t right[2000];
	uint32_t got = 0;
	const uint8_t *p = next_frame(&got);

	fill(right, len, seed);
	assert_non_null(p);
	assert_int_equal(got, len);
	assert_memory_equal(p, right, len);
}

/* A frame of the guest's, its header in a buffer of its own; false: it was not taken yet. */
static bool guest_sends(size_t len, unsigned int seed)
{
	static uint16_t slot;
	uint16_t before = tx.used->idx, d;

	if (!tx.avail->idx)
		slot = 0;
	d = slot++ % (N / 2) * 2;
	memset(ring_data_ptr(&tx), 0, HEADER);
	fill(memory_at(mem, RAM + 0x80000 + d * 0x8000, len), len, seed);
	ring_desc(&tx, d, ring_data(&tx), HEADER, VRING_DESC_F_NEXT, d + 1);
	ring_desc(&tx, d + 1, RAM + 0x80000 + d * 0x8000, (uint32_t)len, 0, 0);
	ring_offer(&tx, d);
	virtio_notify(&net.dev, 1);
	return tx.used->idx != before;
}

/* Read one frame at the peer, with turns of the main thread meanwhile. */
static void peer_expects(uint32_t len, unsigned int seed)
{
	static uint8_t buf[70000], right[70000];
	size_t have = 0, want = len + 4;

	for (int i = 0; i < 1000 && have < want; i++) {
		ssize_t n = read(peer, buf + have, want - have);

		have += n > 0 ? (size_t)n : 0;
		turn();
	}
	assert_int_equal(have, want);
	memcpy(&want, buf, 4);
	assert_int_equal(ntohl((uint32_t)want), len);
	fill(right, len, seed);
	assert_memory_equal(buf + 4, right, len);
}

static void a_frame_goes_out_with_its_length(void **state)
{
	assert_true(guest_sends(60, 1));
	peer_expects(60, 1);
	assert_int_equal(virtio_take_isr(&net.dev), VIRTIO_ISR_QUEUE);
}

static void a_frame_comes_in_behind_a_header(void **state)
{
	give_buffers(2);
	peer_sends(60, 60, 1);
	peer_sends(1514, 1514, 2);
	turn();
	expect_frame(60, 1);
	expect_frame(1514, 2);
}

static void a_frame_that_comes_byte_by_byte_is_one(void **state)
{
	uint8_t buf[4 + 20] = {0, 0, 0, 20};

	give_buffers(1);
	fill(buf + 4, 20, 3);
	for (size_t i = 0; i < sizeof(buf); i++) {
		assert_int_equal(rx.used->idx, 0);
		assert_int_equal(write(peer, buf + i, 1), 1);
		turn();
	}
	expect_frame(20, 3);
}

static void frames_wait_until_the_guest_has_buffers(void **state)
{
	uint32_t len;

	for (unsigned int i = 0; i < 20; i++)
		peer_sends(100 + i, 100 + i, i);
	for (int i = 0; i < 5; i++)
		turn();
	assert_null(next_frame(&len));
	for (unsigned int i = 0; i < 20; i++) {
		give_buffers(1);
		turn();
		expect_frame(100 + i, i);
	}
	assert_int_equal(net.dropped, 0);
}

static void a_peer_that_does_not_read_loses_nothing(void **state)
{
	unsigned int sent = 0;

	while (sent < 1000 && guest_sends(1000 + sent % 500, sent))
		sent++;
	assert_true(sent < 1000); /* the last one waits in its queue */
	for (unsigned int i = 0; i <= sent; i++)
		peer_expects(1000 + i % 500, i);
	assert_int_equal(tx.used->idx, (uint16_t)(sent + 1));
	assert_true(guest_sends(60, 1));
	peer_expects(60, 1);
}

static void expect_down(const char *reason)
{
	struct virtio_net_config cfg;

	assert_int_equal(downs, 1);
	if (reason)
		assert_string_equal(why, reason);
	else
		assert_null(why);
	memcpy(&cfg, net.dev.config, net.dev.config_len);
	assert_int_equal(cfg.status, 0);
	assert_true(virtio_take_isr(&net.dev) & VIRTIO_ISR_CONFIG);
	/* What the guest sends now is taken, and lost. */
	assert_true(guest_sends(60, 1));
	turn();
	assert_int_equal(downs, 1);
}

static void lengths_that_no_frame_has_end_it(void **state)
{
	static const uint32_t wrong[] = {0, 65536, 0x7fffffff, 0xffffffff};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (i) {
			teardown(NULL);
			setup(NULL);
		}
		give_buffers(2);
		peer_sends(60, 60, 1);
		peer_sends(wrong[i], 100, 2);
		turn();
		expect_frame(60, 1);
		expect_down("a frame's length is wrong");
	}
}

/* The guest's notification comes upon the wrong length: not the main thread. */
static void a_wrong_length_behind_frames_that_wait_ends_it(void **state)
{
	peer_sends(60, 60, 1);
	peer_sends(0, 100, 2);
	turn();
	give_buffers(2);
	turn();
	expect_frame(60, 1);
	expect_down("a frame's length is wrong");
}

static void a_peer_that_dies_is_a_cable_pulled_out(void **state)
{
	close(peer);
	peer = -1;
	guest_sends(60, 1);
	virtio_take_isr(&net.dev);
	turn();
	expect_down(NULL);
}

static void what_it_said_last_arrives(void **state)
{
	peer_sends(60, 60, 1);
	turn(); /* no buffer: it waits */
	peer_sends(70, 70, 2);
	close(peer);
	peer = -1;
	turn();
	assert_int_equal(downs, 0);
	give_buffers(2);
	turn();
	expect_frame(60, 1);
	expect_frame(70, 2);
	assert_int_equal(downs, 1);
}

static void reset_loses(unsigned int lost)
{
	virtio_set_status(&net.dev, 0);
	for (unsigned int i = 0; i < 50; i++)
		peer_sends(1000, 1000, i);
	turn();
	driver_start(&net.dev, 0);
	ring_make(&rx, mem, 0, N);
	assert_int_equal(ring_attach(&rx, &net.dev.queues[0]), 0);
	give_buffers(1);
	peer_sends(60, 60, 9);
	turn();
	expect_frame(60, 9);
	assert_int_equal(net.dropped, lost);
}

static void frames_without_a_driver_are_lost(void **state)
{
	reset_loses(50);
}

static void a_reset_forgets_frames_that_wait(void **state)
{
	peer_sends(60, 60, 1);
	turn();
	reset_loses(51);
}

static void a_frame_that_is_too_long_for_the_guest_is_lost(void **state)
{
	uint32_t len;

	give_buffers(2);
	peer_sends(4000, 4000, 1);
	peer_sends(60, 60, 2);
	turn();
	assert_non_null(next_frame(&len));
	assert_int_equal(len, 0); /* its header alone: the driver counts an error */
	expect_frame(60, 2);
}

static void a_header_without_a_frame_is_not_sent(void **state)
{
	static const uint32_t lens[] = {0, 1, HEADER, HEADER + 13};

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		ring_desc(&tx, 0, ring_data(&tx), lens[i], 0, 0);
		ring_offer(&tx, 0);
		virtio_notify(&net.dev, 1);
	}
	assert_true(guest_sends(60, 5));
	peer_expects(60, 5);
	assert_int_equal(net.dropped, 4);
}

static void a_huge_frame_is_not_sent(void **state)
{
	ring_desc(&tx, 0, RAM, RAM_SIZE, 0, 0);
	ring_offer(&tx, 0);
	virtio_notify(&net.dev, 1);
	assert_int_equal(net.dropped, 1);
	assert_true(guest_sends(60, 5));
	peer_expects(60, 5);
}

static void hostile_buffers_fail_the_device_only(void **state)
{
	ring_desc(&rx, 0, RAM + RAM_SIZE - 4, 100, VRING_DESC_F_WRITE, 0);
	ring_offer(&rx, 0);
	peer_sends(60, 60, 1);
	turn();
	assert_true(net.dev.status & VIRTIO_CONFIG_S_NEEDS_RESET);
	peer_sends(60, 60, 1);
	turn();
	assert_int_equal(downs, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_frame_goes_out_with_its_length),
		T(a_frame_comes_in_behind_a_header),
		T(a_frame_that_comes_byte_by_byte_is_one),
		T(frames_wait_until_the_guest_has_buffers),
		T(a_peer_that_does_not_read_loses_nothing),
		T(lengths_that_no_frame_has_end_it),
		T(a_wrong_length_behind_frames_that_wait_ends_it),
		T(a_peer_that_dies_is_a_cable_pulled_out),
		T(what_it_said_last_arrives),
		T(frames_without_a_driver_are_lost),
		T(a_reset_forgets_frames_that_wait),
		T(a_frame_that_is_too_long_for_the_guest_is_lost),
		T(a_header_without_a_frame_is_not_sent),
		T(a_huge_frame_is_not_sent),
		T(hostile_buffers_fail_the_device_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
