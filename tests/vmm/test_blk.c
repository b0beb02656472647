// SPDX-License-Identifier: BSD-3-Clause
/* test_blk.c - block requests against a file, good ones and hostile ones. */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "testing.h"
#include "vmm/blk.h"

#define SECTORS 16
#define RO	((void *)1)

static struct guest_memory *mem;
static struct blk blk;
static struct ring r;
static char path[] = "/tmp/softrealm-test-XXXXXX";

static int setup(void **state)
{
	char sector[512];
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	for (unsigned int i = 0; i < SECTORS; i++) {
		memset(sector, 'a' + (int)i, sizeof(sector));
		assert_int_equal(write(fd, sector, sizeof(sector)), sizeof(sector));
	}
	close(fd);
	mem = driver_memory();
	assert_int_equal(blk_init(&blk, mem, path, *state == RO, false, 0, 0), 0);
	driver_start(&blk.dev, 0);
	ring_make(&r, mem, 0, 8);
	return ring_attach(&r, &blk.dev.queues[0]);
}

static int teardown(void **state)
{
	blk_destroy(&blk);
	driver_memory_free(mem);
	return unlink(path);
}

/* Header in descriptor 0, data in 1, status in 2; returns the status, or 0xee if none came. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t len, bool to_guest)
{
	struct virtio_blk_outhdr *h = ring_data_ptr(&r);
	uint8_t *status = (uint8_t *)h + 0x100;

	*h = (struct virtio_blk_outhdr){.type = type, .sector = sector};
	*status = 0xee;
	ring_desc(&r, 0, ring_data(&r), sizeof(*h), VRING_DESC_F_NEXT, len ? 1 : 2);
	ring_desc(&r, 1, ring_data(&r) + 0x200, len,
		  VRING_DESC_F_NEXT | (to_guest ? VRING_DESC_F_WRITE : 0), 2);
	ring_desc(&r, 2, ring_data(&r) + 0x100, 1, VRING_DESC_F_WRITE, 0);
	ring_offer(&r, 0);
	virtio_notify(&blk.dev, 0);
	return *status;
}

static char *data(void)
{
	return (char *)ring_data_ptr(&r) + 0x200;
}

static uint32_t last_len(void)
{
	return r.used->ring[(uint16_t)(r.used->idx - 1) % r.size].len;
}

static char file_byte(off_t at)
{
	int fd = open(path, O_RDONLY);
	char c = 0;

	assert_int_equal(pread(fd, &c, 1, at), 1);
	close(fd);
	return c;
}

static void read_gives_the_files_bytes(void **state)
{
	assert_int_equal(request(VIRTIO_BLK_T_IN, 3, 1024, true), VIRTIO_BLK_S_OK);
	assert_int_equal(data()[0], 'd');
	assert_int_equal(data()[1023], 'e');
	assert_int_equal(last_len(), 1025);
	assert_int_equal(virtio_take_isr(&blk.dev), VIRTIO_ISR_QUEUE);
}

static void write_and_flush_change_the_file(void **state)
{
	memset(data(), 'Z', 512);
	assert_int_equal(request(VIRTIO_BLK_T_OUT, 5, 512, false), VIRTIO_BLK_S_OK);
	assert_int_equal(request(VIRTIO_BLK_T_FLUSH, 0, 0, false), VIRTIO_BLK_S_OK);
	assert_int_equal(file_byte(5 * 512), 'Z');
	assert_int_equal(file_byte(6 * 512 - 1), 'Z');
	assert_int_equal(file_byte(6 * 512), 'g');
}

static void serial_number_is_told(void **state)
{
	assert_int_equal(request(VIRTIO_BLK_T_GET_ID, 0, 20, true), VIRTIO_BLK_S_OK);
	assert_string_equal(data(), "softrealm-disk0");
}

static void unknown_request_is_unsupported(void **state)
{
	assert_int_equal(request(77, 0, 0, false), VIRTIO_BLK_S_UNSUPP);
}

static void access_past_the_end_fails(void **state)
{
	assert_int_equal(request(VIRTIO_BLK_T_IN, SECTORS, 512, true), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(VIRTIO_BLK_T_IN, SECTORS - 1, 1024, true), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(VIRTIO_BLK_T_IN, UINT64_MAX, 512, true), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(VIRTIO_BLK_T_IN, UINT64_MAX / 512 + 1, 512, true),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(VIRTIO_BLK_T_OUT, SECTORS, 512, false), VIRTIO_BLK_S_IOERR);
	assert_int_equal(lseek(blk.fd, 0, SEEK_END), SECTORS * 512);
}

static void half_sector_fails(void **state)
{
	assert_int_equal(request(VIRTIO_BLK_T_IN, 0, 100, true), VIRTIO_BLK_S_IOERR);
}

static void readonly_disk_is_not_written(void **state)
{
	assert_true(blk.dev.offered & BIT(VIRTIO_BLK_F_RO));
	assert_int_equal(request(VIRTIO_BLK_T_OUT, 0, 512, false), VIRTIO_BLK_S_IOERR);
	assert_int_equal(file_byte(0), 'a');
	assert_int_equal(request(VIRTIO_BLK_T_IN, 0, 512, true), VIRTIO_BLK_S_OK);
}

static void request_without_status_byte_fails_the_device(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 16, 0, 0);
	ring_offer(&r, 0);
	virtio_notify(&blk.dev, 0);
	assert_true(blk.dev.status & VIRTIO_CONFIG_S_NEEDS_RESET);
	assert_int_equal(r.used->idx, 0);
}

static void request_with_short_header_fails_the_device(void **state)
{
	ring_desc(&r, 0, ring_data(&r), 15, VRING_DESC_F_NEXT, 1);
	ring_desc(&r, 1, ring_data(&r) + 64, 1, VRING_DESC_F_WRITE, 0);
	ring_offer(&r, 0);
	virtio_notify(&blk.dev, 0);
	assert_true(blk.dev.status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static void header_and_status_may_be_split(void **state)
{
	struct virtio_blk_outhdr *h = ring_data_ptr(&r);

	*h = (struct virtio_blk_outhdr){.type = VIRTIO_BLK_T_IN, .sector = 1};
	ring_desc(&r, 0, ring_data(&r), 5, VRING_DESC_F_NEXT, 1);
	ring_desc(&r, 1, ring_data(&r) + 5, 11, VRING_DESC_F_NEXT, 2);
	ring_desc(&r, 2, ring_data(&r) + 0x200, 300, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, 3);
	ring_desc(&r, 3, ring_data(&r) + 0x200 + 300, 213, VRING_DESC_F_WRITE, 0);
	ring_offer(&r, 0);
	data()[512] = 'x';
	virtio_notify(&blk.dev, 0);
	assert_int_equal(data()[0], 'b');
	assert_int_equal(data()[511], 'b');
	assert_int_equal(data()[512], VIRTIO_BLK_S_OK);
}

static void capacity_is_in_sectors(void **state)
{
	struct virtio_blk_config cfg;

	memcpy(&cfg, blk.dev.config, blk.dev.config_len);
	assert_int_equal(cfg.capacity, SECTORS);
}

static void unusable_files_are_refused(void **state)
{
	struct blk b;
	int fd;
	char empty[] = "/tmp/softrealm-test-XXXXXX";

	assert_int_not_equal(blk_init(&b, NULL, "/nonexistent/disk", false, false, 0, 0), 0);
	assert_int_not_equal(blk_init(&b, NULL, "/dev/null", false, false, 0, 0), 0);
	assert_int_not_equal(blk_init(&b, NULL, "/", true, false, 0, 0), 0);
	fd = mkstemp(empty);
	assert_int_not_equal(blk_init(&b, NULL, empty, false, false, 0, 0), 0);
	assert_int_equal(write(fd, "QFI\xfb", 4), 4);
	assert_int_equal(ftruncate(fd, 512), 0);
	assert_int_equal(blk_init(&b, NULL, empty, true, false, 0, 0), -ENOEXEC);
	close(fd);
	unlink(empty);
}

static void a_writable_image_has_one_user(void **state)
{
	struct blk b;

	assert_int_equal(blk_init(&b, NULL, path, false, false, 0, 0), -EBUSY);
	assert_int_equal(blk_init(&b, NULL, path, true, false, 0, 0), -EBUSY);
}

static void readers_share_an_image(void **state)
{
	struct blk b;

	assert_int_equal(blk_init(&b, NULL, path, false, false, 0, 0), -EBUSY);
	assert_int_equal(blk_init(&b, NULL, path, true, false, 0, 0), 0);
	assert_true(blk_destroy(&b));
}

static uint8_t clear(uint32_t type, uint64_t sector, uint32_t count, uint32_t flags)
{
	*(struct virtio_blk_discard_write_zeroes *)data() =
		(struct virtio_blk_discard_write_zeroes){sector, count, flags};
	return request(type, 0, sizeof(struct virtio_blk_discard_write_zeroes), false);
}

static void zeroes_are_written_where_they_are_asked_for(void **state)
{
	assert_int_equal(clear(VIRTIO_BLK_T_WRITE_ZEROES, 3, 2, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(file_byte(3 * 512 - 1), 'c');
	assert_int_equal(file_byte(3 * 512), 0);
	assert_int_equal(file_byte(5 * 512 - 1), 0);
	assert_int_equal(file_byte(5 * 512), 'f');
	assert_int_equal(clear(VIRTIO_BLK_T_WRITE_ZEROES, 15, 1, 1), VIRTIO_BLK_S_OK);
	assert_int_equal(file_byte(15 * 512), 0);
	assert_int_equal(lseek(blk.fd, 0, SEEK_END), SECTORS * 512);
}

static void a_discarded_range_may_be_a_hole(void **state)
{
	assert_int_equal(clear(VIRTIO_BLK_T_DISCARD, 0, SECTORS, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(lseek(blk.fd, 0, SEEK_END), SECTORS * 512);
}

static void ranges_behind_the_end_are_refused(void **state)
{
	assert_int_equal(clear(VIRTIO_BLK_T_WRITE_ZEROES, 15, 2, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(clear(VIRTIO_BLK_T_DISCARD, UINT64_MAX, 1, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(clear(VIRTIO_BLK_T_DISCARD, UINT64_MAX / 512 + 2, 1, 0),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(clear(VIRTIO_BLK_T_DISCARD, 0, UINT32_MAX, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(clear(VIRTIO_BLK_T_DISCARD, 0, 1, 1), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(clear(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 2), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(request(VIRTIO_BLK_T_DISCARD, 0, 15, false), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(VIRTIO_BLK_T_DISCARD, 0, 0, false), VIRTIO_BLK_S_IOERR);
	assert_int_equal(request(VIRTIO_BLK_T_DISCARD, 0, 17 * 16, false), VIRTIO_BLK_S_IOERR);
	for (off_t i = 0; i < SECTORS; i++)
		assert_int_equal(file_byte(i * 512), 'a' + i);
}

static void a_read_only_disk_is_not_cleared(void **state)
{
	assert_int_equal(clear(VIRTIO_BLK_T_WRITE_ZEROES, 0, 1, 0), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(clear(VIRTIO_BLK_T_DISCARD, 0, 1, 0), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(file_byte(0), 'a');
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(read_gives_the_files_bytes),
		T(write_and_flush_change_the_file),
		T(serial_number_is_told),
		T(unknown_request_is_unsupported),
		T(access_past_the_end_fails),
		T(half_sector_fails),
		cmocka_unit_test_prestate_setup_teardown(readonly_disk_is_not_written, setup,
							 teardown, RO),
		T(request_without_status_byte_fails_the_device),
		T(request_with_short_header_fails_the_device),
		T(header_and_status_may_be_split),
		T(capacity_is_in_sectors),
		T(a_writable_image_has_one_user),
		cmocka_unit_test_prestate_setup_teardown(readers_share_an_image, setup, teardown,
							 RO),
		T(zeroes_are_written_where_they_are_asked_for),
		T(a_discarded_range_may_be_a_hole),
		T(ranges_behind_the_end_are_refused),
		cmocka_unit_test_prestate_setup_teardown(a_read_only_disk_is_not_cleared, setup,
							 teardown, RO),
		cmocka_unit_test(unusable_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
