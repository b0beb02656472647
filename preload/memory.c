// SPDX-License-Identifier: BSD-3-Clause
/*
 * memory.c - what lies in the VMM's address space where memslots are, for the backend to know.
 *
 * A range that a memslot named is watched for the rest of the process's life. Whenever a hook sees
 * it change, the truth is read from /proc/self/maps and reported mapping by mapping, so nothing
 * depends on the order or completeness of what the hooks saw: a range that malloc unmapped behind
 * their back is right again after the next report. Mappings that may be accessed and belong to
 * this process alone are moved onto physical memory on that occasion: contents copied, then
 * mapped over at the same address with the same protection. PROT_NONE reservations are left
 * alone until they are opened.
 *
 * `memory_lock` is held through a report until the backend has applied it, so the last report
 * that is applied is the latest truth. Nothing the backend does before it answers APPLIED waits
 * for this process.
 */
#include "preload/preload.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#define MAX_RANGES 256
#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)

struct range {
	uint64_t start, end;
};

static struct range watched[MAX_RANGES];
static unsigned int num_watched;
static uint64_t lowest = ~UINT64_C(0), highest; /* of all watched: a quick no */
static struct lock memory_lock;

void memory_forget_all(void)
{
	num_watched = 0;
	lowest = ~UINT64_C(0);
	highest = 0;
	memory_lock.word = 0;
}

bool memory_watched(uint64_t addr, uint64_t size)
{
	if (addr >= __atomic_load_n(&highest, __ATOMIC_ACQUIRE) ||
	    addr + size <= __atomic_load_n(&lowest, __ATOMIC_ACQUIRE))
		return false;
	for (unsigned int i = 0; i < __atomic_load_n(&num_watched, __ATOMIC_ACQUIRE); i++)
		if (addr < watched[i].end && watched[i].start < addr + size)
			return true;
	return false;
}

static void watch(uint64_t addr, uint64_t size)
{
	struct range *r = watched, *last = watched + num_watched;

	while (r < last && !(addr >= r->start && addr + size <= r->end))
		r++;
	if (r < last)
		return;
	if (num_watched < MAX_RANGES) {
		*r = (struct range){addr, addr + size};
		__atomic_store_n(&num_watched, num_watched + 1, __ATOMIC_RELEASE);
	} else { /* watching too much costs time, nothing else */
		r--;
		r->start = addr < r->start ? addr : r->start;
		r->end = addr + size > r->end ? addr + size : r->end;
	}
	if (addr < lowest)
		__atomic_store_n(&lowest, addr, __ATOMIC_RELEASE);
	if (addr + size > highest)
		__atomic_store_n(&highest, addr + size, __ATOMIC_RELEASE);
}

void memory_watch(uint64_t addr, uint64_t size)
{
	sigmask_t mask;

	signals_block(&mask);
	lock_take(&memory_lock);
	watch(addr, size);
	lock_drop(&memory_lock);
	signals_restore(&mask);
}

/* ---- /proc/self/maps, line by line, in a static buffer (under memory_lock) ---- */

struct maps {
	int fd;
	size_t at, len;
	char buf[32768];
};
static struct maps maps;

struct area {
	uint64_t start, end, offset, dev, ino;
	int prot;
	bool shared;
	const char *name; /* valid until the next line */
};

static uint64_t number(const char **p, unsigned int base)
{
	uint64_t v = 0;

	for (;; (*p)++) {
		unsigned int c = **p, digit = base;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		if (digit >= base)
			return v;
		v = v * base + digit;
	}
}

/* 1 and *line; 0 at the end; -EIO: they cannot be read. */
static int next_line(char **out)
{
	for (;;) {
		char *line = maps.buf + maps.at;
		char *end = memchr(line, '\n', maps.len - maps.at);
		long n;

		if (end) {
			*end = 0;
			maps.at = end + 1 - maps.buf;
			*out = line;
			return 1;
		}
		memmove(maps.buf, line, maps.len - maps.at);
		maps.len -= maps.at;
		maps.at = 0;
		/* A path may take a page, and four times that when it is escaped. */
		if (maps.len == sizeof(maps.buf))
			return -EIO;
		n = sys(read, maps.fd, maps.buf + maps.len, sizeof(maps.buf) - maps.len);
		if (n <= 0)
			return n || maps.len ? -EIO : 0;
		maps.len += n;
	}
}

static void maps_open(void)
{
	maps.fd = sys(openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	maps.at = maps.len = 0;
}

static void maps_close(void)
{
	if (maps.fd >= 0)
		sys(close, maps.fd);
}

/* As next_line(). */
static int next_area(struct area *a)
{
	unsigned int major;
	const char *p;
	char *line;
	int r = next_line(&line);

	if (r <= 0)
		return r;
	p = line;
	a->start = number(&p, 16);
	p++;
	a->end = number(&p, 16);
	a->prot = (p[1] == 'r' ? PROT_READ : 0) | (p[2] == 'w' ? PROT_WRITE : 0) |
		  (p[3] == 'x' ? PROT_EXEC : 0);
	a->shared = p[4] == 's';
	p += 6;
	a->offset = number(&p, 16);
	p++;
	major = number(&p, 16);
	p++;
	a->dev = (uint64_t)(major & 0xfff) << 8 | number(&p, 16);
	p++;
	a->ino = number(&p, 10);
	while (*p == ' ')
		p++;
	a->name = p;
	return 1;
}

static uint32_t area_kind(const struct area *a)
{
	if (client_is_physical(a->dev, a->ino))
		return WIRE_AREA_PHYSICAL;
	if (!strncmp(a->name, "/memfd:" WIRE_NAME_DELEGATED,
		     sizeof("/memfd:" WIRE_NAME_DELEGATED) - 1))
		return WIRE_AREA_HIDDEN;
	if (!a->shared)
		return strcmp(a->name, "[stack]") && strncmp(a->name, "[v", 2) ? WIRE_AREA_PRIVATE
									      : WIRE_AREA_FIXED;
	if (!strncmp(a->name, "/dev/zero", 9))
		return WIRE_AREA_SHARED;
	if (!strncmp(a->name, "/memfd:", 7))
		return WIRE_AREA_MEMFD;
	return WIRE_AREA_FIXED;
}

/* A reservation, private pages of a guest_memfd, or a vCPU mapped where a memslot once was. */
static bool is_inaccessible(const struct area *a)
{
	return !(a->prot & (PROT_READ | PROT_WRITE)) ||
	       !strncmp(a->name, "/memfd:" WIRE_NAME_PRIVATE,
			sizeof("/memfd:" WIRE_NAME_PRIVATE) - 1) ||
	       !strncmp(a->name, "/memfd:" WIRE_NAME_VCPU, sizeof("/memfd:" WIRE_NAME_VCPU) - 1);
}

/* ---- moving ---- */

struct copy {
	bool by_pagemap;      /* private memory: which pages were ever touched */
	bool by_residence;    /* any other, while nothing is swapped out */
	bool may_be_absent;   /* a file may end before its mapping: a read could be SIGBUS */
	int pagemap, pipe[2];
	uint64_t known_from, known_to; /* what `touched` describes */
	uint64_t entries[512];
	unsigned char resident[512];
	uint64_t page[PAGE_SIZE / 8];
};
static struct copy copy; /* under memory_lock */

static void copy_begin(const struct area *a)
{
	struct sysinfo info = {.totalswap = 1};

	copy.known_from = copy.known_to = 0;
	copy.may_be_absent = a->ino != 0;
	copy.by_pagemap = !a->shared && !a->ino && !client_carried();
	copy.pagemap = copy.pipe[0] = copy.pipe[1] = -1;
	if (copy.by_pagemap)
		copy.pagemap = sys(openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	sys(sysinfo, &info);
	copy.by_residence = (a->shared || !a->ino) && info.totalswap == info.freeswap;
	if (copy.may_be_absent && sys(pipe2, copy.pipe, O_CLOEXEC))
		copy.pipe[0] = copy.pipe[1] = -1;
}

static void copy_end(void)
{
	int fds[] = {copy.pagemap, copy.pipe[0], copy.pipe[1]};

	for (unsigned int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			sys(close, fds[i]);
}

/* False: the page certainly has no contents. */
static bool may_have_contents(uint64_t addr, uint64_t end)
{
	uint64_t n = (end - addr) / PAGE_SIZE < 512 ? (end - addr) / PAGE_SIZE : 512;

	if (addr < copy.known_from || addr >= copy.known_to) {
		copy.known_from = addr;
		copy.known_to = addr + n * PAGE_SIZE;
		if (copy.pagemap >= 0) {
			if (sys(pread64, copy.pagemap, copy.entries, n * 8, addr / PAGE_SIZE * 8) !=
			    (long)n * 8)
				memset(copy.entries, 0xff, sizeof(copy.entries));
		} else if (!copy.by_residence || sys(mincore, addr, n * PAGE_SIZE, copy.resident)) {
			memset(copy.resident, 1, sizeof(copy.resident));
		}
	}
	n = (addr - copy.known_from) / PAGE_SIZE;
	if (copy.pagemap >= 0)
		return copy.entries[n] & (PRESENT | SWAPPED);
	return copy.resident[n] & 1;
}

static bool is_zero(const uint64_t *page)
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < PAGE_SIZE / 8 && !any; i += 8)
		for (unsigned int j = 0; j < 8; j++)
			any |= page[i + j];
	return !any;
}

/* A page that cannot be read has nothing to be kept. */
static int copy_page(uint64_t addr, int memory, uint64_t offset)
{
	const void *from = (const void *)(uintptr_t)addr;

	if (copy.may_be_absent) {
		if (sys(write, copy.pipe[1], addr, PAGE_SIZE) != PAGE_SIZE)
			return 0;
		from = copy.page;
		if (sys(read, copy.pipe[0], copy.page, PAGE_SIZE) != PAGE_SIZE)
			return -ENOMEM;
	}
	if (is_zero(from))
		return 0;
	return sys(pwrite64, memory, from, PAGE_SIZE, offset) == PAGE_SIZE ? 0 : -ENOMEM;
}

static int copy_area(const struct area *a, uint64_t start, uint64_t end, int memory,
		     uint64_t offset)
{
	int r = 0;

	copy_begin(a);
	if (copy.may_be_absent && copy.pipe[0] < 0)
		r = -ENOMEM;
	for (uint64_t addr = start; addr < end && !r; addr += PAGE_SIZE)
		if (may_have_contents(addr, end))
			r = copy_page(addr, memory, offset + (addr - start));
	copy_end();
	return r;
}

static int move_area(const struct area *a, uint64_t start, uint64_t end, int memory,
		     uint64_t offset)
{
	long r;

	if (!(a->prot & PROT_READ))
		sys(mprotect, start, end - start, a->prot | PROT_READ);
	r = copy_area(a, start, end, memory, offset);
	if (!r)
		r = sys(mmap, start, end - start, a->prot, MAP_SHARED | MAP_FIXED, memory, offset);
	if (r >= 0 || r < -4095)
		return 0;
	sys(mprotect, start, end - start, a->prot);
	return r;
}

/* ---- reports ---- */

static int report_area(int fd, const struct area *a, uint64_t start, uint64_t end)
{
	struct wire_msg m = {
		.type = WIRE_AREA,
		.area = {start, end - start, a->offset + (start - a->start), a->prot, area_kind(a)},
	};
	bool ours = m.area.kind == WIRE_AREA_PHYSICAL || m.area.kind == WIRE_AREA_HIDDEN;
	bool place = !ours && m.area.kind != WIRE_AREA_FIXED;
	int memory = -1, nfds = 1, r;

	if (!ours && is_inaccessible(a))
		return 0;
	if (wire_send(fd, &m, NULL, NULL, 0))
		return -EPIPE;
	if (!place)
		return 0;
	if (wire_recv(fd, &m, NULL, 0, &memory, &nfds) < 0 || m.type != WIRE_PLACE) {
		r = -EPIPE;
		goto out;
	}
	m.type = WIRE_MOVED;
	m.answer.value = nfds ? move_area(a, start, end, memory, m.area.offset) : -ENOMEM;
	r = wire_send(fd, &m, NULL, NULL, 0);
out:
	if (nfds)
		sys(close, memory);
	return r;
}

/* The next mapping that touches the range, and the part of it that lies inside: 1; 0: there is
 * none; -EIO: nobody knows. */
static int next_part(struct area *a, uint64_t addr, uint64_t size, uint64_t *start, uint64_t *end)
{
	int r;

	if (maps.fd < 0)
		return -EIO;
	do {
		r = next_area(a);
		if (r <= 0)
			return r;
		if (a->start >= addr + size)
			return 0;
	} while (a->end <= addr);
	*start = a->start > addr ? a->start : addr;
	*end = a->end < addr + size ? a->end : addr + size;
	return 1;
}

static int report(int fd, uint64_t addr, uint64_t size)
{
	struct wire_msg m = {.type = WIRE_AREA_END, .user = {addr + size, 0}};
	uint64_t start, end, known = addr;
	struct area a;
	int r = 0, more;

	maps_open();
	while ((more = next_part(&a, addr, size, &start, &end)) > 0 && !r) {
		r = report_area(fd, &a, start, end);
		known = end;
	}
	maps_close();
	if (more < 0)
		m.user.addr = known; /* of the rest nothing is said */
	if (r || wire_send(fd, &m, NULL, NULL, 0) || wire_recv(fd, &m, NULL, 0, NULL, NULL) < 0)
		return -EPIPE;
	return m.type == WIRE_APPLIED ? 0 : -EPIPE;
}

int memory_attach(int fd, uint64_t addr, uint64_t size)
{
	int r;

	lock_take(&memory_lock);
	watch(addr, size);
	r = report(fd, addr, size);
	lock_drop(&memory_lock);
	return r;
}

/* Whatever else was mapped there meanwhile is left alone. */
void memory_remap(int fd, uint64_t addr, uint64_t size, uint64_t offset)
{
	uint64_t start, end, at;
	struct area a;

	lock_take(&memory_lock);
	maps_open();
	while (next_part(&a, addr, size, &start, &end) > 0) {
		uint32_t kind = area_kind(&a);

		at = a.offset + (start - a.start);
		if ((kind == WIRE_AREA_PHYSICAL || kind == WIRE_AREA_HIDDEN) &&
		    at == offset + (start - addr))
			sys(mmap, start, end - start, a.prot, MAP_SHARED | MAP_FIXED, fd, at);
	}
	maps_close();
	lock_drop(&memory_lock);
}

/* One request on a system channel; errors mean that nobody is there to be told. */
static void tell(uint32_t type, uint64_t addr, uint64_t size)
{
	struct wire_msg m = {.type = type, .user = {addr, size}};
	struct call c = {.done_fd = -1};
	int r;

	signals_block(&c.mask);
	c.fd = client_connect(WIRE_ROLE_REQUEST);
	if (c.fd < 0)
		goto out;
	r = wire_send(c.fd, &m, NULL, NULL, 0);
	if (!r && type == WIRE_SYNC) {
		lock_take(&memory_lock);
		r = report(c.fd, addr, size);
		lock_drop(&memory_lock);
	}
	if (!r)
		channel_serve(&c);
	sys(close, c.fd);
out:
	signals_restore(&c.mask);
}

static bool page_align(uint64_t *addr, uint64_t *size)
{
	uint64_t end = (*addr + *size + PAGE_SIZE - 1) & -PAGE_SIZE;

	*addr &= -PAGE_SIZE;
	*size = end - *addr;
	return end > *addr;
}

void memory_changed(uint64_t addr, uint64_t size)
{
	if (page_align(&addr, &size) && memory_watched(addr, size))
		tell(WIRE_SYNC, addr, size);
}

void memory_discarded(uint64_t addr, uint64_t size, int advice)
{
	if (page_align(&addr, &size) && memory_watched(addr, size))
		tell(WIRE_DISCARD, addr, size | (advice == MADV_REMOVE));
}
