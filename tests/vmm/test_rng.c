// SPDX-License-Identifier: BSD-3-Clause
/* test_rng.c - buffers that are filled with random bytes, and those that hold none. */
#include <string.h>

#include "driver.h"
#include "testing.h"
#include "vmm/rng.h"

static struct guest_memory *mem;
static struct rng rng;
static struct ring r;

static int setup(void **state)
{
	mem = driver_memory();
	rng_init(&rng, mem);
	driver_start(&rng.dev, 0);
	ring_make(&r, mem, 0, 8);
	return ring_attach(&r, &rng.dev.queues[0]);
}

static int teardown(void **state)
{
	driver_memory_free(mem);
	return 0;
}

static uint32_t ask(uint64_t addr, uint32_t len, uint16_t flags)
{
	ring_desc(&r, 0, addr, len, flags, 0);
	ring_offer(&r, 0);
	virtio_notify(&rng.dev, 0);
	return r.used->ring[(uint16_t)(r.used->idx - 1) % r.size].len;
}

static void a_buffer_is_filled_differently_each_time(void **state)
{
	uint8_t *p = ring_data_ptr(&r), first[64], zero[64] = {0};

	p[64] = 0x77;
	assert_int_equal(ask(ring_data(&r), 64, VRING_DESC_F_WRITE), 64);
	assert_int_equal(virtio_take_isr(&rng.dev), VIRTIO_ISR_QUEUE);
	assert_memory_not_equal(p, zero, 64);
	assert_int_equal(p[64], 0x77);
	memcpy(first, p, 64);
	ask(ring_data(&r), 64, VRING_DESC_F_WRITE);
	assert_memory_not_equal(p, first, 64);
}

static void a_huge_buffer_gets_a_part(void **state)
{
	assert_int_equal(ask(RAM + RAM_SIZE / 2, RAM_SIZE / 2, VRING_DESC_F_WRITE), 4096);
}

static void a_buffer_to_read_gets_nothing(void **state)
{
	assert_int_equal(ask(ring_data(&r), 64, 0), 0);
	assert_int_equal(r.used->idx, 1);
}

static void a_buffer_outside_ram_fails_the_device(void **state)
{
	ask(RAM + RAM_SIZE - 8, 64, VRING_DESC_F_WRITE);
	assert_true(rng.dev.status & VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(r.used->idx, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_buffer_is_filled_differently_each_time),
		T(a_huge_buffer_gets_a_part),
		T(a_buffer_to_read_gets_nothing),
		T(a_buffer_outside_ram_fails_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
