// SPDX-License-Identifier: BSD-3-Clause
/* test_console.c - bytes through the console's queues, and the protocol of several ports. */
#include <errno.h>
#include <linux/virtio_console.h>
#include <string.h>
#include <sys/eventfd.h>

#include "driver.h"
#include "testing.h"
#include "vmm/console.h"

#define N 8

static struct guest_memory *mem;
static struct console con;
static struct ring rings[6]; /* port 0: 0, 1; control: 2, 3; port 1: 4, 5 */
static char said[2][256];

static void listen(void *arg, const void *data, size_t len)
{
	strncat(arg, data, len);
}

static void control(uint32_t id, uint16_t event, uint16_t value);

static void start(bool two_ports, bool handshake)
{
	memset(said, 0, sizeof(said));
	mem = driver_memory();
	assert_int_equal(console_init(&con, mem, listen, said[0]), 0);
	if (two_ports)
		console_add_port(&con, "a.name", listen, said[1]);
	console_finish(&con, 80, 25);
	driver_start(&con.dev, 0);
	for (unsigned int i = 0; i < con.dev.nqueues; i++) {
		ring_make(&rings[i], mem, i, N);
		assert_int_equal(ring_attach(&rings[i], &con.dev.queues[i]), 0);
	}
	for (int i = 0; handshake && i < 2; i++)
		control(0, VIRTIO_CONSOLE_PORT_READY, 1);
	virtio_take_isr(&con.dev);
}

static int setup(void **state)
{
	start(*state != NULL, true);
	return 0;
}

static int setup_unready(void **state)
{
	start(*state != NULL, false);
	return 0;
}

static int teardown(void **state)
{
	console_destroy(&con);
	driver_memory_free(mem);
	return 0;
}

static void say(unsigned int queue, const void *data, uint32_t len)
{
	memcpy(ring_data_ptr(&rings[queue]), data, len);
	ring_desc(&rings[queue], 0, ring_data(&rings[queue]), len, 0, 0);
	ring_offer(&rings[queue], 0);
	virtio_notify(&con.dev, queue);
}

/* Give N input buffers of 64 bytes. */
static void give_buffers(unsigned int queue)
{
	for (uint16_t i = 0; i < N; i++) {
		ring_desc(&rings[queue], i, ring_data(&rings[queue]) + i * 64, 64,
			  VRING_DESC_F_WRITE, 0);
		ring_offer(&rings[queue], i);
	}
}

static const char *buffer(unsigned int queue, unsigned int i)
{
	return (const char *)ring_data_ptr(&rings[queue]) + i * 64;
}

static void output_comes_out_and_interrupts(void **state)
{
	say(1, "hello", 5);
	say(1, " realm", 6);
	assert_string_equal(said[0], "hello realm");
	assert_int_equal(rings[1].used->idx, 2);
	assert_true(con.dev.irq.level);
}

static void output_without_interrupt_if_not_wanted(void **state)
{
	rings[1].avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	say(1, "hello", 5);
	assert_int_equal(rings[1].used->idx, 1);
	assert_false(con.dev.irq.level);
}

static void input_goes_into_buffers(void **state)
{
	give_buffers(0);
	assert_int_equal(console_input(&con, 0, "ls\n", 3), 3);
	assert_memory_equal(buffer(0, 0), "ls\n", 3);
	assert_int_equal(rings[0].used->ring[0].len, 3);
	assert_int_equal(virtio_take_isr(&con.dev), VIRTIO_ISR_QUEUE);
	assert_false(con.dev.irq.level);
}

static void input_waits_for_buffers(void **state)
{
	assert_int_equal(console_input(&con, 0, "abc", 3), 3);
	assert_int_equal(rings[0].used->idx, 0);
	/* Now the notification is wanted, and brings the bytes. */
	assert_int_equal(rings[0].used->flags, 0);
	give_buffers(0);
	virtio_notify(&con.dev, 0);
	assert_memory_equal(buffer(0, 0), "abc", 3);
	assert_int_equal(rings[0].used->flags, VRING_USED_F_NO_NOTIFY);
}

static void input_is_bounded_and_room_is_told(void **state)
{
	static char lots[CONSOLE_INPUT_SIZE + 10];
	eventfd_t v;

	memset(lots, 'x', sizeof(lots));
	assert_int_equal(console_input(&con, 0, lots, sizeof(lots)), CONSOLE_INPUT_SIZE);
	assert_int_equal(console_input(&con, 0, lots, 1), 0);
	assert_int_equal(eventfd_read(console_room_fd(&con), &v), -1);
	give_buffers(0);
	virtio_notify(&con.dev, 0);
	assert_int_equal(eventfd_read(console_room_fd(&con), &v), 0);
	assert_int_equal(rings[0].used->idx, N);
}

static void busy_console_is_not_waited_for(void **state)
{
	pthread_mutex_lock(&con.dev.lock);
	assert_int_equal(console_input(&con, 0, "a", 1), -EBUSY);
	assert_int_equal(console_resize(&con, 1, 1), -EBUSY);
	pthread_mutex_unlock(&con.dev.lock);
}

static void resize_changes_the_configuration(void **state)
{
	struct virtio_console_config cfg;
	uint8_t generation = con.dev.generation;

	con.dev.accepted &= ~BIT(VIRTIO_CONSOLE_F_MULTIPORT);

	assert_int_equal(console_resize(&con, 132, 43), 0);
	memcpy(&cfg, con.dev.config, sizeof(cfg));
	assert_int_equal(cfg.cols, 132);
	assert_int_equal(cfg.rows, 43);
	assert_int_not_equal(con.dev.generation, generation);
	assert_int_equal(virtio_take_isr(&con.dev), VIRTIO_ISR_CONFIG);
}

static void hostile_output_fails_the_device_only(void **state)
{
	ring_desc(&rings[1], 0, 0, 100, 0, 0);
	ring_offer(&rings[1], 0);
	virtio_notify(&con.dev, 1);
	assert_true(con.dev.status & VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(console_input(&con, 0, "a", 1), 1);
	virtio_notify(&con.dev, 0);
	assert_int_equal(rings[0].used->idx, 0);
}

/* ---- two ports ---- */

static void control(uint32_t id, uint16_t event, uint16_t value)
{
	struct virtio_console_control msg = {.id = id, .event = event, .value = value};

	say(3, &msg, sizeof(msg));
}

static void expect_control(unsigned int i, uint32_t id, uint16_t event)
{
	struct virtio_console_control msg;

	assert_true(i < rings[2].used->idx);
	memcpy(&msg, buffer(2, i), sizeof(msg));
	assert_int_equal(msg.id, id);
	assert_int_equal(msg.event, event);
}

static void ports_are_announced_and_named(void **state)
{
	give_buffers(2);
	control(0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	expect_control(0, 0, VIRTIO_CONSOLE_PORT_ADD);
	expect_control(1, 1, VIRTIO_CONSOLE_PORT_ADD);
	control(0, VIRTIO_CONSOLE_PORT_READY, 1);
	expect_control(2, 0, VIRTIO_CONSOLE_CONSOLE_PORT);
	expect_control(3, 0, VIRTIO_CONSOLE_RESIZE);
	assert_memory_equal(buffer(2, 3) + 8, "\x50\0\x19\0", 4);
	expect_control(4, 0, VIRTIO_CONSOLE_PORT_OPEN);
	expect_control(5, 0, VIRTIO_CONSOLE_PORT_ADD);
	control(1, VIRTIO_CONSOLE_PORT_READY, 1);
	expect_control(6, 1, VIRTIO_CONSOLE_PORT_NAME);
	assert_memory_equal(buffer(2, 6) + 8, "a.name", 6);
	assert_int_equal(rings[2].used->ring[6].len, 8 + 6);
	expect_control(7, 1, VIRTIO_CONSOLE_PORT_OPEN);
}

static void a_port_without_a_name_is_a_console(void **state)
{
	con.ports[1].name = NULL;
	give_buffers(2);
	control(1, VIRTIO_CONSOLE_PORT_READY, 1);
	expect_control(0, 1, VIRTIO_CONSOLE_CONSOLE_PORT);
	expect_control(1, 1, VIRTIO_CONSOLE_PORT_OPEN);
	assert_int_equal(rings[2].used->idx, 2);
	give_buffers(4);
	console_input(&con, 1, "typed", 5);
	assert_int_equal(rings[4].used->idx, 0);
	control(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(rings[4].used->idx, 1);
}

/* The first answer comes before the guest has made its console: it would drop what comes. */
static void input_waits_until_the_console_is_ready(void **state)
{
	give_buffers(0);
	assert_int_equal(console_input(&con, 0, "early", 5), 5);
	virtio_notify(&con.dev, 0);
	control(0, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(rings[0].used->idx, 0);
	assert_true(console_holds_input(&con));
	control(0, VIRTIO_CONSOLE_PORT_READY, 1);
	assert_int_equal(rings[0].used->idx, 1);
	assert_memory_equal(buffer(0, 0), "early", 5);
	assert_false(console_holds_input(&con));
}

static void a_reset_holds_input_again(void **state)
{
	control(0, VIRTIO_CONSOLE_PORT_READY, 1);
	control(0, VIRTIO_CONSOLE_PORT_READY, 1);
	pthread_mutex_lock(&con.dev.lock);
	virtio_set_status(&con.dev, 0);
	pthread_mutex_unlock(&con.dev.lock);
	assert_int_equal(console_input(&con, 0, "early", 5), 5);
	assert_int_equal(con.ports[0].input_len, 5);
	assert_int_equal(con.input, CONSOLE_HELD);
}

static void a_guest_that_does_not_answer_gets_its_input_later(void **state)
{
	give_buffers(0);
	assert_int_equal(console_input(&con, 0, "early", 5), 5);
	assert_true(console_holds_input(&con));
	con.ready_at -= 6000;
	assert_false(console_holds_input(&con));
	assert_int_equal(rings[0].used->idx, 1);
}

static void second_port_has_its_own_queues(void **state)
{
	control(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	say(5, "token", 5);
	say(1, "text", 4);
	assert_string_equal(said[0], "text");
	assert_string_equal(said[1], "token");
	give_buffers(4);
	assert_int_equal(console_input(&con, 1, "nonce", 5), 5);
	assert_memory_equal(buffer(4, 0), "nonce", 5);
}

static void closed_port_gets_no_input(void **state)
{
	give_buffers(4);
	assert_int_equal(console_input(&con, 1, "nonce", 5), 5);
	virtio_notify(&con.dev, 4);
	assert_int_equal(rings[4].used->idx, 0);
	control(1, VIRTIO_CONSOLE_PORT_OPEN, 1);
	assert_int_equal(rings[4].used->idx, 1);
	assert_memory_equal(buffer(4, 0), "nonce", 5);
	control(1, VIRTIO_CONSOLE_PORT_OPEN, 0);
	assert_int_equal(console_input(&con, 1, "more", 4), 4);
	assert_int_equal(rings[4].used->idx, 1);
}

static void bad_control_messages_are_ignored(void **state)
{
	give_buffers(2);
	control(7, VIRTIO_CONSOLE_PORT_READY, 1);
	control(UINT32_MAX, VIRTIO_CONSOLE_PORT_READY, 1);
	control(0, 999, 1);
	say(3, "x", 1);
	assert_int_equal(rings[2].used->idx, 0);
	assert_int_equal(rings[3].used->idx, 4);
}

int main(void)
{
	static int two;
#define ONE(f)	   cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TWO(f)	   cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, &two)
#define UNREADY(f) cmocka_unit_test_prestate_setup_teardown(f, setup_unready, teardown, &two)
	const struct CMUnitTest tests[] = {
		ONE(output_comes_out_and_interrupts),
		ONE(output_without_interrupt_if_not_wanted),
		ONE(input_goes_into_buffers),
		ONE(input_waits_for_buffers),
		ONE(input_is_bounded_and_room_is_told),
		ONE(busy_console_is_not_waited_for),
		ONE(resize_changes_the_configuration),
		ONE(hostile_output_fails_the_device_only),
		UNREADY(ports_are_announced_and_named),
		UNREADY(input_waits_until_the_console_is_ready),
		UNREADY(a_reset_holds_input_again),
		UNREADY(a_guest_that_does_not_answer_gets_its_input_later),
		TWO(second_port_has_its_own_queues),
		TWO(a_port_without_a_name_is_a_console),
		TWO(closed_port_gets_no_input),
		UNREADY(bad_control_messages_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
