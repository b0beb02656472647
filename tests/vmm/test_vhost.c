// SPDX-License-Identifier: BSD-3-Clause
/* test_vhost.c - what a process that serves a device is told, and what it may do wrong. */
#include <errno.h>
#include <linux/virtio_blk.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver.h"
#include "testing.h"
#include "vmm/listen.h"
#include "vmm/vhost_blk.h"
#include "vmm/vhost_fs.h"

#define N    8
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* vhost-user's numbers, once more. */
enum {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR,
	GET_VRING_BASE = 11,
	SET_VRING_KICK,
	SET_VRING_CALL,
	GET_PROTOCOL_FEATURES = 15,
	SET_VRING_ENABLE = 18,
	GET_CONFIG = 24
};
#define PROTOCOL  BIT(30)
#define REPLY_ACK BIT(3)
#define CONFIG	  BIT(9)

struct message {
	uint32_t request, flags, size;
	uint8_t payload[256];
};

/* The other side: a thread that answers, and writes down what it is told. */
static struct {
	int listener, sock;
	pthread_t thread;
	uint64_t features, protocol; /* that it has */
	struct virtio_blk_config config;
	unsigned int wrong;   /* the request that it answers with nonsense */
	unsigned int hang_up; /* ... by hanging up */

	uint64_t accepted;
	struct {
		uint64_t gpa, size, va, offset;
	} region[2];
	uint8_t *shown[2];
	uint64_t desc[2], avail[2], used[2];
	uint32_t num[2];
	int kick[2], call[2];
	unsigned int enabled, stopped;
} other;

static struct guest_memory *mem;
static struct vhost vhost;
static struct ring ring[2];
static char folder[] = "/tmp/softrealm-vhost-XXXXXX", path[64];

static void answer(const struct message *q, const void *data, uint32_t size)
{
	struct message a = {.request = q->request == other.wrong ? 99 : q->request,
			    .flags = 1 | BIT(2),
			    .size = size};

	memcpy(a.payload, data, size);
	send(other.sock, &a, 12 + size, MSG_NOSIGNAL);
}

static void take_memory(const struct message *q, const int *fds)
{
	memcpy(other.region, q->payload + 8, sizeof(other.region));
	for (unsigned int i = 0; i < 2; i++) {
		other.shown[i] =
			mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
		close(fds[i]);
	}
}

/* Offset, length and flags; then the bytes, as many as were asked for. */
static void take_config(const struct message *q)
{
	uint8_t reply[256];
	uint32_t len;

	memcpy(reply, q->payload, sizeof(reply));
	memcpy(&len, q->payload + 4, 4);
	memcpy(reply + 12, &other.config, MIN(len, sizeof(other.config)));
	answer(q, reply, q->size);
}

static void take(const struct message *q, const int *fds)
{
	uint32_t i = *(const uint32_t *)q->payload & 1, num = *(const uint32_t *)(q->payload + 4);
	uint64_t zero = 0;

	switch (q->request) {
	case GET_FEATURES:
		answer(q, &other.features, 8);
		return;
	case GET_PROTOCOL_FEATURES:
		answer(q, &other.protocol, 8);
		return;
	case GET_CONFIG:
		take_config(q);
		return;
	case GET_VRING_BASE:
		other.stopped |= 1u << i;
		answer(q, q->payload, 8);
		return;
	case SET_FEATURES:
		memcpy(&other.accepted, q->payload, 8);
		break;
	case SET_MEM_TABLE:
		take_memory(q, fds);
		break;
	case SET_VRING_NUM:
		other.num[i] = num;
		break;
	case SET_VRING_ADDR:
		memcpy(&other.desc[i], q->payload + 8, 8);
		memcpy(&other.used[i], q->payload + 16, 8);
		memcpy(&other.avail[i], q->payload + 24, 8);
		break;
	case SET_VRING_KICK:
		other.kick[i] = fds[0];
		break;
	case SET_VRING_CALL:
		other.call[i] = fds[0];
		break;
	case SET_VRING_ENABLE:
		other.enabled |= num << i;
		break;
	}
	if (q->flags & BIT(3))
		answer(q, &zero, 8);
}

static void *serve(void *arg)
{
	struct pollfd p = {.fd = other.listener, .events = POLLIN};
	struct message q;

	poll(&p, 1, 10000);
	other.sock = accept(other.listener, NULL, NULL);
	for (;;) {
		char control[CMSG_SPACE(2 * sizeof(int))];
		struct iovec iov = {&q, 12};
		struct msghdr mh = {.msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control)};
		int fds[2] = {-1, -1};
		struct cmsghdr *c;

		if (recvmsg(other.sock, &mh, 0) != 12 || q.request == other.hang_up)
			break;
		c = CMSG_FIRSTHDR(&mh);
		if (c)
			memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
		if (q.size && recv(other.sock, q.payload, q.size, MSG_WAITALL) != q.size)
			break;
		take(&q, fds);
	}
	close(other.sock);
	return NULL;
}

static int setup(void **state)
{
	memset(&other, 0, sizeof(other));
	memset(ring, 0, sizeof(ring));
	other.features = BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_EVENT_IDX) | PROTOCOL | BIT(7);
	other.protocol = REPLY_ACK | 1;
	assert_int_equal(io_init(), 0);
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	other.listener = listen_at(path);
	assert_true(other.listener >= 0);
	mem = driver_memory();
	return pthread_create(&other.thread, NULL, serve, NULL);
}

static int teardown(void **state)
{
	vhost_destroy(&vhost);
	pthread_join(other.thread, NULL);
	close(other.listener);
	unlink(path);
	rmdir(folder);
	driver_memory_free(mem);
	return 0;
}

static void ready(void)
{
	assert_int_equal(vhost_fs_init(&vhost, mem, path, "tag"), 0);
	for (unsigned int i = 0; i < 2; i++) {
		ring_make(&ring[i], mem, i, N);
		assert_int_equal(ring_attach(&ring[i], &vhost.dev.queues[i]), 0);
	}
	driver_start(&vhost.dev, 0);
}

static void turn(void)
{
	struct pollfd p = {.fd = io_fd(), .events = POLLIN};

	while (poll(&p, 1, 50) > 0)
		io_dispatch();
}

static void it_is_told_where_everything_is(void **state)
{
	ready();
	assert_false(other.accepted & BIT(VIRTIO_F_ACCESS_PLATFORM));
	assert_true(other.accepted & BIT(VIRTIO_RING_F_EVENT_IDX));
	assert_false(other.accepted & BIT(7));
	assert_int_equal(other.region[0].gpa, RAM);
	assert_int_equal(other.region[1].gpa, RAM | ALIAS);
	for (unsigned int i = 0; i < 2; i++) {
		const uint8_t *shown = other.shown[i];

		assert_int_equal(other.region[i].size, RAM_SIZE);
		assert_int_equal(other.region[i].offset, 0);
		mem->host[100 + i] = 7;
		assert_int_equal(shown[100 + i], 7);
		assert_int_equal(other.num[i], N);
		assert_int_equal(other.desc[i], other.region[0].va + (ring[i].at - RAM));
		assert_int_equal(other.avail[i] - other.region[0].va + RAM,
				 ring_avail_addr(&ring[i]));
		assert_int_equal(other.used[i] - other.region[0].va + RAM,
				 ring_used_addr(&ring[i]));
	}
	assert_int_equal(other.enabled, 3);
	assert_true(vhost.served);
}

static void kicks_and_calls_pass(void **state)
{
	eventfd_t count;

	ready();
	virtio_notify(&vhost.dev, 1);
	assert_int_equal(eventfd_read(other.kick[1], &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(eventfd_read(other.kick[0], &count), -1);
	assert_false(vhost.dev.irq.level);
	eventfd_write(other.call[1], 1);
	turn();
	assert_true(vhost.dev.irq.level);
	assert_int_equal(virtio_take_isr(&vhost.dev), VIRTIO_ISR_QUEUE);
}

static void a_reset_stops_it_first(void **state)
{
	ready();
	virtio_set_status(&vhost.dev, 0);
	assert_int_equal(other.stopped, 3);
	eventfd_write(other.call[0], 1);
	turn();
	assert_false(vhost.dev.irq.level);
	/* And again, as a driver that is loaded anew does. */
	other.enabled = 0;
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(ring_attach(&ring[i], &vhost.dev.queues[i]), 0);
	driver_start(&vhost.dev, 0);
	assert_int_equal(other.enabled, 3);
}

static void one_that_ends_is_a_broken_device(void **state)
{
	ready();
	shutdown(other.sock, SHUT_RDWR);
	turn();
	assert_true(vhost.dev.status & VIRTIO_CONFIG_S_NEEDS_RESET);
	virtio_notify(&vhost.dev, 0);
	virtio_set_status(&vhost.dev, 0);
	driver_start(&vhost.dev, 0);
	assert_true(vhost.dev.status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void one_that_hangs_up_at_a_reset_is_a_broken_device(void **state)
{
	other.hang_up = GET_VRING_BASE;
	ready();
	virtio_set_status(&vhost.dev, 0);
	assert_true(vhost.gone);
}

static void nonsense_is_an_error(void **state)
{
	other.wrong = GET_FEATURES;
	assert_int_equal(vhost_fs_init(&vhost, mem, path, "tag"), -EPROTO);
}

static void nonsense_later_is_a_broken_device(void **state)
{
	other.wrong = SET_MEM_TABLE;
	ready();
	assert_true(vhost.gone);
	assert_int_equal(other.enabled, 0);
	assert_true(vhost.dev.status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void one_that_cannot_say_so_is_not_waited_for(void **state)
{
	other.features &= ~PROTOCOL;
	ready();
	assert_true(vhost.served);
	virtio_set_status(&vhost.dev, 0); /* which it has answered when all before is done */
	assert_int_equal(other.enabled, 0);
	assert_int_equal(other.num[1], N);
	assert_int_equal(other.stopped, 3);
}

static void an_old_device_is_an_error(void **state)
{
	other.features &= ~BIT(VIRTIO_F_VERSION_1);
	assert_int_equal(vhost_fs_init(&vhost, mem, path, "tag"), -EPROTO);
}

/* ---- a disk ---- */

static void a_disk_s_configuration_is_the_other_side_s(void **state)
{
	struct virtio_blk_config *c = (void *)vhost.dev.config;

	other.features |= BIT(VIRTIO_BLK_F_RO) | BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_MQ) |
			  BIT(VIRTIO_BLK_F_CONFIG_WCE);
	other.protocol |= CONFIG;
	other.config = (struct virtio_blk_config){.capacity = 0x123456789, .seg_max = 126};
	assert_int_equal(vhost_blk_init(&vhost, mem, path), 0);
	assert_int_equal(c->capacity, 0x123456789);
	assert_int_equal(c->seg_max, 126);
	assert_true(vhost.dev.offered & BIT(VIRTIO_BLK_F_RO));
	assert_true(vhost.dev.offered & BIT(VIRTIO_BLK_F_SEG_MAX));
	/* More than one queue, and a cache that can be switched, are not passed on. */
	assert_false(vhost.dev.offered & (BIT(VIRTIO_BLK_F_MQ) | BIT(VIRTIO_BLK_F_CONFIG_WCE)));
	/* Segments fit the bounce buffers, which is no business of the other side. */
	assert_true(vhost.dev.offered & BIT(VIRTIO_BLK_F_SIZE_MAX));
	assert_int_equal(c->size_max, 65536);
	ring_make(&ring[0], mem, 0, N);
	assert_int_equal(ring_attach(&ring[0], &vhost.dev.queues[0]), 0);
	driver_start(&vhost.dev, 0);
	assert_true(vhost.served);
	assert_false(other.accepted & BIT(VIRTIO_BLK_F_SIZE_MAX));
	assert_true(other.accepted & BIT(VIRTIO_BLK_F_RO));
}

static void a_smaller_limit_of_its_own_stays(void **state)
{
	struct virtio_blk_config *c = (void *)vhost.dev.config;

	other.features |= BIT(VIRTIO_BLK_F_SIZE_MAX);
	other.protocol |= CONFIG;
	other.config = (struct virtio_blk_config){.capacity = 1, .size_max = 4096};
	assert_int_equal(vhost_blk_init(&vhost, mem, path), 0);
	assert_int_equal(c->size_max, 4096);
}

static void one_without_a_configuration_is_no_disk(void **state)
{
	assert_int_equal(vhost_blk_init(&vhost, mem, path), -EPROTO);
}

static void a_configuration_that_is_nonsense_is_an_error(void **state)
{
	other.protocol |= CONFIG;
	other.wrong = GET_CONFIG;
	assert_int_equal(vhost_blk_init(&vhost, mem, path), -EPROTO);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(it_is_told_where_everything_is),
		T(kicks_and_calls_pass),
		T(a_reset_stops_it_first),
		T(one_that_ends_is_a_broken_device),
		T(one_that_hangs_up_at_a_reset_is_a_broken_device),
		T(nonsense_is_an_error),
		T(nonsense_later_is_a_broken_device),
		T(one_that_cannot_say_so_is_not_waited_for),
		T(an_old_device_is_an_error),
		T(a_disk_s_configuration_is_the_other_side_s),
		T(a_smaller_limit_of_its_own_stays),
		T(one_without_a_configuration_is_no_disk),
		T(a_configuration_that_is_nonsense_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
