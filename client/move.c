// SPDX-License-Identifier: BSD-3-Clause
/*
 * move.c - moves memory of this process onto physical memory, under the hands of other threads.
 *
 * In parts of up to 2 MiB: write-protect, copy what is not zero, map physical memory over it. A
 * thread that stores meanwhile waits (window.c), one that reads sees the old pages, then the new
 * ones with the same contents. The kernel does all reading, so what another thread unmaps meanwhile
 * is an error, not a signal. All under watched_lock.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

#include "client/parts.h"

#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)
#define PART	(UINT64_C(2) << 20)
#define BATCH	CLIENT_MOVE_BATCH

static struct client_move *const copy = &client.move;

static void look_up_begin(const struct maps_area *a)
{
	struct sysinfo info = {.totalswap = 1};

	copy->known_from = copy->known_to = 0;
	copy->pagemap = -1;
	if (!a->shared && !a->ino && !client_carried())
		copy->pagemap = sys(openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	sys(sysinfo, &info);
	copy->by_residence = (a->shared || !a->ino) && info.totalswap == info.freeswap;
}

static void look_up_end(void)
{
	if (copy->pagemap >= 0)
		sys(close, copy->pagemap);
}

static void look_up(uint64_t addr, uint64_t end)
{
	uint64_t n = (end - addr) / PAGE_SIZE < 512 ? (end - addr) / PAGE_SIZE : 512;

	copy->known_from = addr;
	copy->known_to = addr + n * PAGE_SIZE;
	if (copy->pagemap >= 0) {
		if (sys(pread64, copy->pagemap, copy->entries, n * 8, addr / PAGE_SIZE * 8) !=
		    (long)n * 8)
			memset(copy->entries, 0xff, sizeof(copy->entries));
	} else if (!copy->by_residence || sys(mincore, addr, n * PAGE_SIZE, copy->resident)) {
		memset(copy->resident, 1, sizeof(copy->resident));
	}
}

/* False: the page certainly has no contents. */
static bool may_have_contents(uint64_t addr, uint64_t end)
{
	unsigned int n;

	if (addr < copy->known_from || addr >= copy->known_to)
		look_up(addr, end);
	n = (addr - copy->known_from) / PAGE_SIZE;
	if (copy->pagemap >= 0)
		return copy->entries[n] & (PRESENT | SWAPPED);
	return copy->resident[n] & 1;
}

static bool is_zero(const uint64_t *page)
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < PAGE_SIZE / 8 && !any; i += 8)
		for (unsigned int j = 0; j < 8; j++)
			any |= page[i + j];
	return !any;
}

/* Bytes, in whole pages; 0: the first page cannot be read; -errno: no page can, by this way. */
static long read_pages(uint64_t addr, uint64_t size)
{
	struct iovec to = {copy->pages, size}, from = {(void *)(uintptr_t)addr, size};
	long self = sys(getpid), r = sys(process_vm_readv, self, &to, 1, &from, 1, 0);

	if (r == -EFAULT)
		return 0;
	return r < 0 ? r : (long)(r & -PAGE_SIZE);
}

static int write_page(const void *page, int memory, uint64_t offset)
{
	long r = sys(pwrite64, memory, page, PAGE_SIZE, offset);

	/* What cannot be read has nothing to be kept. */
	return r == (long)PAGE_SIZE || r == -EFAULT ? 0 : -ENOMEM;
}

/* Copies one page or more: how many bytes, or -ENOMEM. */
static long copy_pages(uint64_t addr, uint64_t size, int memory, uint64_t offset)
{
	long n = read_pages(addr, size), at;

	if (n < 0) /* an emulator, or a filter: zeroes are copied, too */
		return write_page((void *)(uintptr_t)addr, memory, offset) ? -ENOMEM
									   : (long)PAGE_SIZE;
	for (at = 0; at < n; at += PAGE_SIZE)
		if (!is_zero(copy->pages + at / 8) &&
		    write_page(copy->pages + at / 8, memory, offset + at))
			return -ENOMEM;
	return n ? n : (long)PAGE_SIZE;
}

static int copy_part(uint64_t start, uint64_t end, int memory, uint64_t offset)
{
	for (uint64_t addr = start, next; addr < end; addr = next) {
		long n;

		next = addr;
		while (next < end && next - addr < BATCH * PAGE_SIZE &&
		       may_have_contents(next, end))
			next += PAGE_SIZE;
		if (next == addr) {
			next += PAGE_SIZE;
			continue;
		}
		n = copy_pages(addr, next - addr, memory, offset + (addr - start));
		if (n < 0)
			return n;
		next = addr + n;
	}
	return 0;
}

static int move_part(uint64_t start, uint64_t end, int prot, int memory, uint64_t offset)
{
	const int during = (prot | PROT_READ) & ~PROT_WRITE;
	long r = 0;

	copy->known_from = copy->known_to = 0;
	window_open(start, end, prot);
	if (during != prot)
		r = sys(mprotect, start, end - start, during);
	if (!r)
		r = copy_part(start, end, memory, offset);
	if (!r)
		r = sys(mmap, start, end - start, prot, MAP_SHARED | MAP_FIXED, memory, offset);
	if (sys_failed(r))
		sys(mprotect, start, end - start, prot);
	window_close();
	return sys_failed(r) ? r : 0;
}

uint64_t move_area(const struct maps_area *a, uint64_t start, uint64_t end, int memory,
		   uint64_t offset)
{
	uint64_t at = start, next;

	watched_assert_locked();
	segv_install();
	look_up_begin(a);
	for (; at < end; at = next) {
		next = (at + PART) & -PART;
		next = next < end ? next : end;
		if (move_part(at, next, a->prot, memory, offset + (at - start)))
			break;
	}
	look_up_end();
	return at - start;
}
