// SPDX-License-Identifier: BSD-3-Clause
/*
 * patch.c - puts a branch in the place of each `svc #0`, to a stub that lies near enough (start.S).
 */
#include <string.h>
#include <sys/mman.h>

#include "client/client.h"
#include "loader/loader.h"

#define SVC   0xd4000001u
#define B     0x14000000u
#define BL    0x94000000u
#define REACH (INT64_C(127) << 20) /* of a branch, less than it can */
#define STEP  (UINT64_C(1) << 20)

static uint32_t branch(uint32_t op, const uint32_t *from, const uint32_t *to)
{
	return op | ((to - from) & 0x3ffffff);
}

static size_t count(const uint32_t *p, const uint32_t *end)
{
	size_t n = 0;

	for (; p < end; p++)
		n += *p == SVC;
	return n;
}

/* Behind or before the code, wherever nothing is mapped. */
static uint32_t *find_room(const uint32_t *start, const uint32_t *end, size_t size)
{
	uint64_t low = (uintptr_t)start & -STEP, high = ((uintptr_t)end + STEP) & -STEP;
	const int prot = PROT_READ | PROT_WRITE;
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

	for (uint64_t by = 0; by < (uint64_t)REACH - size - (high - low); by += STEP) {
		uint64_t at[2] = {high + by, low - by - STEP};

		for (int i = 0; i < 2; i++) {
			long r = i && at[i] > low ? -1 : sys(mmap, at[i], size, prot, flags, -1, 0);

			if (r == (long)at[i])
				return (uint32_t *)r;
			if (!sys_failed(r))
				sys(munmap, r, size);
		}
	}
	return NULL;
}

static void flush(const void *start, const void *end)
{
	uint64_t line = 16; /* no cache has shorter ones */

	for (uint64_t p = (uintptr_t)start & -line; p < (uintptr_t)end; p += line)
		__asm__ volatile("dc cvau, %0" ::"r"(p) : "memory");
	__asm__ volatile("dsb ish" ::: "memory");
	for (uint64_t p = (uintptr_t)start & -line; p < (uintptr_t)end; p += line)
		__asm__ volatile("ic ivau, %0" ::"r"(p) : "memory");
	__asm__ volatile("dsb ish; isb" ::: "memory");
}

static void make_stub(uint32_t *stub, const uint32_t *near, uint32_t *svc)
{
	memcpy(stub, loader_stub, (loader_stub_end - loader_stub) * 4);
	stub[2] = branch(B, stub + 2, near);
	stub[6] = branch(BL, stub + 6, near + (loader_near_dispatch - loader_near));
	stub[8] = branch(B, stub + 8, svc + 1);
	stub[11] = branch(B, stub + 11, svc + 1);
	*svc = branch(B, svc, stub);
}

int loader_patch(uint32_t *start, uint32_t *end)
{
	size_t near_len = loader_near_end - loader_near, len = loader_stub_end - loader_stub;
	size_t size = ((near_len + count(start, end) * len) * 4 + PAGE_SIZE - 1) & -PAGE_SIZE;
	uint32_t *room, *stub;

	if (!count(start, end))
		return 0;
	room = find_room(start, end, size);
	if (!room)
		return -ENOMEM;
	memcpy(room, loader_near, near_len * 4);
	stub = room + near_len;
	for (uint32_t *p = start; p < end; p++) {
		if (*p != SVC)
			continue;
		make_stub(stub, room, p);
		stub += len;
	}
	sys(mprotect, room, size, PROT_READ | PROT_EXEC);
	flush(room, stub);
	flush(start, end);
	return 0;
}
