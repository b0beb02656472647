// SPDX-License-Identifier: BSD-3-Clause
/*
 * disk.c - the first virtio disk of the PCI bus, one request at a time (virtio 1.2, 2.7, 4.1, 5.2).
 * Rings and buffers are pages that are shared with the host for as long as the disk is open.
 */
#include "guest/firmware/firmware.h"

#define SLOTS	      32
#define DISK_ID	      0x10421af4u
#define CAP_VENDOR    9
#define WINDOW_STRIDE 0x10000u
#define BUFFER	      0x10000u /* bytes of a request */
#define QUEUE	      4u

/* Offsets in the common configuration. */
#define FEATURE_SELECT	0x00
#define DRIVER_SELECT	0x08
#define DRIVER_FEATURES 0x0c
#define STATUS		0x14
#define QUEUE_SELECT	0x16
#define QUEUE_SIZE	0x18
#define QUEUE_ENABLE	0x1c
#define QUEUE_NOTIFY	0x1e
#define QUEUE_DESC	0x20
#define QUEUE_DRIVER	0x28
#define QUEUE_DEVICE	0x30

#define FEATURES_HIGH 3u /* VERSION_1 and ACCESS_PLATFORM, bits 32 and 33 */
#define NEXT	      1
#define WRITE	      2

static struct rings {
	struct {
		uint64_t addr;
		uint32_t len;
		uint16_t flags, next;
	} desc[QUEUE];
	uint16_t avail_flags, avail_idx, avail[QUEUE], unused[2];
	uint16_t used_flags, used_idx;
	struct {
		uint32_t id, len;
	} used[QUEUE];
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} request;
	uint8_t status;
	/* its size is a page's as well: nothing else lies there */
} __attribute__((aligned(PAGE))) rings_page;
_Static_assert(sizeof(rings_page) == PAGE, "a page of its own");
static uint8_t buffer_pages[BUFFER] __attribute__((aligned(PAGE)));

static volatile struct rings *rings; /* at the alias */
static uint8_t *buffer;
static uint64_t common, notify_at, device;

static uint32_t read32(uint64_t at)
{
	return *(volatile uint32_t *)at;
}

static uint16_t read16(uint64_t at)
{
	return *(volatile uint16_t *)at;
}

static uint8_t read8(uint64_t at)
{
	return *(volatile uint8_t *)at;
}

static void write32(uint64_t at, uint32_t v)
{
	*(volatile uint32_t *)at = v;
}

static void write16(uint64_t at, uint16_t v)
{
	*(volatile uint16_t *)at = v;
}

static void write8(uint64_t at, uint8_t v)
{
	*(volatile uint8_t *)at = v;
}

static void barrier(void)
{
	__asm__ volatile("dsb sy" : : : "memory");
}

static void find_registers(uint64_t function, uint64_t bar)
{
	uint32_t stride = 0;

	for (uint8_t at = read8(function + 0x34); at; at = read8(function + at + 1)) {
		uint64_t where = bar + read32(function + at + 8);

		if (read8(function + at) != CAP_VENDOR)
			continue;
		switch (read8(function + at + 3)) {
		case 1:
			common = where;
			break;
		case 2:
			notify_at = where;
			stride = read32(function + at + 16);
			break;
		case 4:
			device = where;
			break;
		default:
			break;
		}
	}
	if (!common || !notify_at || !device)
		fail("the disk has no registers");
	write16(common + QUEUE_SELECT, 0);
	notify_at += (uint64_t)read16(common + QUEUE_NOTIFY) * stride;
}

static void write_address(uint64_t field, const volatile void *p)
{
	write32(common + field, (uint32_t)(uintptr_t)p);
	write32(common + field + 4, (uint32_t)((uintptr_t)p >> 32));
}

static void start_device(void)
{
	write8(common + STATUS, 0);
	write8(common + STATUS, 3);
	write32(common + DRIVER_SELECT, 0);
	write32(common + DRIVER_FEATURES, 0);
	write32(common + DRIVER_SELECT, 1);
	write32(common + DRIVER_FEATURES, FEATURES_HIGH);
	write8(common + STATUS, 3 | 8);
	if (!(read8(common + STATUS) & 8))
		fail("the disk wants other features");
	memory_share(&rings_page, PAGE, true);
	memory_share(buffer_pages, BUFFER, true);
	rings = (volatile struct rings *)((uintptr_t)&rings_page | alias);
	buffer = (uint8_t *)((uintptr_t)buffer_pages | alias);
	__builtin_memset((void *)rings, 0, sizeof(*rings));
	write16(common + QUEUE_SIZE, QUEUE);
	write_address(QUEUE_DESC, rings->desc);
	write_address(QUEUE_DRIVER, &rings->avail_flags);
	write_address(QUEUE_DEVICE, &rings->used_flags);
	write16(common + QUEUE_ENABLE, 1);
	write8(common + STATUS, 3 | 8 | 4);
}

uint64_t disk_open(uint64_t ecam, uint64_t window)
{
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		uint64_t function = ecam + ((uint64_t)slot << 15);

		if (read32(function) != DISK_ID)
			continue;
		write32(function + 0x10, (uint32_t)(window + slot * WINDOW_STRIDE));
		write16(function + 4, 2 | 4); /* memory and bus master */
		find_registers(function, (window + slot * WINDOW_STRIDE) | alias);
		start_device();
		print("firmware: disk in slot ");
		print_number(slot);
		print(", ");
		print_number(read32(device) | (uint64_t)read32(device + 4) << 32);
		print(" sectors\n");
		return read32(device) | (uint64_t)read32(device + 4) << 32;
	}
	fail("no disk");
}

static void set_desc(unsigned int i, const volatile void *p, uint32_t len, uint16_t flags)
{
	rings->desc[i].addr = (uintptr_t)p;
	rings->desc[i].len = len;
	rings->desc[i].flags = flags;
	rings->desc[i].next = (uint16_t)(i + 1);
}

static void request(uint64_t sector, uint32_t len)
{
	uint16_t used = rings->used_idx;

	rings->request.type = 0;
	rings->request.sector = sector;
	rings->status = 0xff;
	set_desc(0, &rings->request, sizeof(rings->request), NEXT);
	set_desc(1, buffer, len, NEXT | WRITE);
	set_desc(2, &rings->status, 1, WRITE);
	rings->avail[rings->avail_idx % QUEUE] = 0;
	barrier();
	rings->avail_idx++;
	barrier();
	write16(notify_at, 0);
	while (rings->used_idx == used)
		__asm__ volatile("yield");
	barrier();
	if (rings->status)
		fail("the disk cannot be read");
}

void disk_read(uint64_t sector, void *to, uint64_t sectors)
{
	uint8_t *t = to;

	while (sectors) {
		uint32_t n = sectors < BUFFER / SECTOR ? (uint32_t)sectors : BUFFER / SECTOR;

		request(sector, n * SECTOR);
		__builtin_memcpy(t, buffer, n * SECTOR);
		t += n * SECTOR;
		sector += n;
		sectors -= n;
	}
}

void disk_close(void)
{
	write8(common + STATUS, 0);
	memory_share(&rings_page, PAGE, false);
	memory_share(buffer_pages, BUFFER, false);
}
