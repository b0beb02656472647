// SPDX-License-Identifier: BSD-3-Clause
/* test_virtqueue.c - good requests are found whole, and a hostile ring only breaks itself. */
#include <errno.h>
#include <string.h>

#include "driver.h"
#include "testing.h"

#define N 8

static struct guest_memory *mem;
static struct virtqueue q;
static struct ring r;
static struct vq_chain c;

static int setup(void **state)
{
	mem = driver_memory();
	ring_make(&r, mem, 0, N);
	vq_reset(&q, mem, N);
	return ring_attach(&r, &q);
}

static int teardown(void **state)
{
	driver_memory_free(mem);
	return 0;
}

static void chain_is_found_with_both_parts(void **state)
{
	char text[8] = {0};

	memcpy(ring_data_ptr(&r), "abcdefgh", 8);
	ring_desc(&r, 3, ring_data(&r), 3, VRING_DESC_F_NEXT, 5);
	ring_desc(&r, 5, ring_data(&r) + 3, 5, VRING_DESC_F_NEXT, 1);
	ring_desc(&r, 1, ring_data(&r) + 8, 4, VRING_DESC_F_WRITE, 0);
	ring_offer(&r, 3);
	assert_int_equal(vq_pop(&q, &c), 1);
	assert_int_equal(c.head, 3);
	assert_int_equal(c.nread, 2);
	assert_int_equal(c.read_len, 8);
	assert_int_equal(c.nwrite, 1);
	assert_int_equal(vq_read(&c, 2, text, 8), 6);
	assert_string_equal(text, "cdefgh");
	assert_int_equal(vq_write(&c, 1, "xyz123", 6), 3);
	vq_push(&q, c.head, 3);
	assert_memory_equal((char *)ring_data_ptr(&r) + 8, "\0xyz", 4);
	assert_int_equal(r.used->idx, 1);
	assert_int_equal(r.used->ring[0].id, 3);
	assert_int_equal(r.used->ring[0].len, 3);
	assert_int_equal(vq_pop(&q, &c), 0);
}

static void indices_wrap(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 1, 0, 0);
	for (unsigned int i = 0; i < 70000; i++) {
		ring_offer(&r, 0);
		assert_int_equal(vq_pop(&q, &c), 1);
		vq_push(&q, c.head, 0);
	}
	assert_int_equal(r.used->idx, (uint16_t)70000);
}

static void indirect_table_is_walked(void **state)
{
	struct vring_desc *inner = ring_data_ptr(&r);

	inner[0] = (struct vring_desc){(ring_data(&r) + 256) | ALIAS, 16, VRING_DESC_F_NEXT, 1};
	inner[1] = (struct vring_desc){(ring_data(&r) + 512) | ALIAS, 1, VRING_DESC_F_WRITE, 0};
	ring_desc(&r, 0, ring_data(&r), 2 * sizeof(*inner), VRING_DESC_F_INDIRECT, 0);
	ring_offer(&r, 0);
	assert_int_equal(vq_pop(&q, &c), 1);
	assert_int_equal(c.read_len, 16);
	assert_int_equal(c.write_len, 1);
}

static void alias_bit_does_not_matter(void **state)
{
	r.desc[0] = (struct vring_desc){ring_data(&r), 4, 0, 0};
	r.desc[1] = (struct vring_desc){ring_data(&r) | ALIAS, 4, 0, 0};
	ring_offer(&r, 0);
	ring_offer(&r, 1);
	assert_int_equal(vq_pop(&q, &c), 1);
	assert_ptr_equal(c.iov[0].iov_base, ring_data_ptr(&r));
	assert_int_equal(vq_pop(&q, &c), 1);
	assert_ptr_equal(c.iov[0].iov_base, ring_data_ptr(&r));
}

/* ---- hostile rings ---- */

static void expect_broken(void)
{
	ring_offer(&r, 0);
	assert_int_equal(vq_pop(&q, &c), -EPROTO);
	/* And it stays so, whatever is offered next. */
	ring_desc(&r, 0, ring_data(&r), 1, 0, 0);
	ring_offer(&r, 0);
	assert_int_equal(vq_pop(&q, &c), -EPROTO);
}

static void buffer_outside_ram_is_refused(void **state)
{
	ring_desc(&r, 0, RAM - 1, 1, 0, 0);
	expect_broken();
}

static void buffer_across_the_end_of_ram_is_refused(void **state)
{
	ring_desc(&r, 0, RAM + RAM_SIZE - 4, 5, 0, 0);
	expect_broken();
}

static void buffer_that_wraps_is_refused(void **state)
{
	r.desc[0] = (struct vring_desc){UINT64_MAX - 1, 0xffffffff, 0, 0};
	expect_broken();
}

static void endless_chain_is_refused(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 1, VRING_DESC_F_NEXT, 1);
	ring_desc(&r, 1, ring_data(&r), 1, VRING_DESC_F_NEXT, 0);
	expect_broken();
}

static void link_outside_the_table_is_refused(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 1, VRING_DESC_F_NEXT, N);
	expect_broken();
}

static void head_outside_the_table_is_refused(void **state)
{
	ring_offer(&r, N);
	assert_int_equal(vq_pop(&q, &c), -EPROTO);
}

static void readable_after_writable_is_refused(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 1, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, 1);
	ring_desc(&r, 1, ring_data(&r), 1, 0, 0);
	expect_broken();
}

static void indirect_of_odd_size_is_refused(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 17, VRING_DESC_F_INDIRECT, 0);
	expect_broken();
}

static void empty_indirect_is_refused(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 0, VRING_DESC_F_INDIRECT, 0);
	expect_broken();
}

static void too_long_indirect_chain_is_refused(void **state)
{
	struct vring_desc *inner = ring_data_ptr(&r);

	for (uint16_t i = 0; i <= VQ_MAX_SEGMENTS; i++)
		inner[i] = (struct vring_desc){RAM | ALIAS, 1, VRING_DESC_F_NEXT, i + 1};
	inner[VQ_MAX_SEGMENTS].flags = 0;
	ring_desc(&r, 0, ring_data(&r), (VQ_MAX_SEGMENTS + 1) * sizeof(struct vring_desc),
		  VRING_DESC_F_INDIRECT, 0);
	expect_broken();
}

static void indirect_outside_ram_is_refused(void **state)
{
	ring_desc(&r, 0, RAM + RAM_SIZE - 16, 32, VRING_DESC_F_INDIRECT, 0);
	expect_broken();
}

static void nested_indirect_is_refused(void **state)
{
	struct vring_desc *inner = ring_data_ptr(&r);

	inner[0] = (struct vring_desc){ring_data(&r) | ALIAS, 16, VRING_DESC_F_INDIRECT, 0};
	ring_desc(&r, 0, ring_data(&r), 16, VRING_DESC_F_INDIRECT, 0);
	expect_broken();
}

static void indirect_loop_ends(void **state)
{
	struct vring_desc *inner = ring_data_ptr(&r);

	inner[0] = (struct vring_desc){ring_data(&r) | ALIAS, 1, VRING_DESC_F_NEXT, 0};
	ring_desc(&r, 0, ring_data(&r), 16, VRING_DESC_F_INDIRECT, 0);
	expect_broken();
}

static void index_too_far_ahead_is_refused(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 1, 0, 0); /* every entry is good */
	r.avail->idx = N + 1;
	assert_int_equal(vq_pop(&q, &c), -EPROTO);
}

static void bad_ring_places_are_refused(void **state)
{
	static const struct {
		uint16_t size;
		uint64_t desc, avail, used;
	} bad[] = {
		{0, RAM, RAM + 0x1000, RAM + 0x2000},
		{3, RAM, RAM + 0x1000, RAM + 0x2000},
		{2 * VQ_MAX_SIZE, RAM, RAM + 0x1000, RAM + 0x2000},
		{N, RAM + 8, RAM + 0x1000, RAM + 0x2000},
		{N, RAM, RAM + 0x1001, RAM + 0x2000},
		{N, RAM, RAM + 0x1000, RAM + 0x2002},
		{N, RAM + RAM_SIZE - 16, RAM + 0x1000, RAM + 0x2000},
		{N, RAM, RAM + RAM_SIZE - 2, RAM + 0x2000},
		{N, RAM, RAM + 0x1000, RAM + RAM_SIZE - 4},
		{N, 0, RAM + 0x1000, RAM + 0x2000},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		vq_reset(&q, mem, N);
		q.size = bad[i].size;
		q.desc_addr = bad[i].desc;
		q.avail_addr = bad[i].avail;
		q.used_addr = bad[i].used;
		assert_int_equal(vq_enable(&q), -EPROTO);
		assert_int_equal(vq_pop(&q, &c), -EPROTO);
	}
}

static void interrupt_flag_is_honoured(void **state)
{
	assert_true(vq_wants_interrupt(&q));
	r.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	assert_false(vq_wants_interrupt(&q));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(chain_is_found_with_both_parts),
		T(indices_wrap),
		T(indirect_table_is_walked),
		T(alias_bit_does_not_matter),
		T(buffer_outside_ram_is_refused),
		T(buffer_across_the_end_of_ram_is_refused),
		T(buffer_that_wraps_is_refused),
		T(endless_chain_is_refused),
		T(link_outside_the_table_is_refused),
		T(head_outside_the_table_is_refused),
		T(readable_after_writable_is_refused),
		T(indirect_of_odd_size_is_refused),
		T(empty_indirect_is_refused),
		T(too_long_indirect_chain_is_refused),
		T(indirect_outside_ram_is_refused),
		T(nested_indirect_is_refused),
		T(indirect_loop_ends),
		T(index_too_far_ahead_is_refused),
		T(bad_ring_places_are_refused),
		T(interrupt_flag_is_honoured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
