// SPDX-License-Identifier: BSD-3-Clause
/*
 * maps.c - reads /proc/self/maps line by line, in a buffer of its own (under watched_lock). It
 * stays open: what cannot be reported is not seen, so it is not to depend on a free descriptor.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "client/parts.h"

static struct client_maps *const maps = &client.maps;

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
		char *line = maps->buf + maps->at;
		char *end = memchr(line, '\n', maps->len - maps->at);
		long n;

		if (end) {
			*end = 0;
			maps->at = end + 1 - maps->buf;
			*out = line;
			return 1;
		}
		memmove(maps->buf, line, maps->len - maps->at);
		maps->len -= maps->at;
		maps->at = 0;
		/* A path may take a page, and four times that when it is escaped. */
		if (maps->len == sizeof(maps->buf))
			return -EIO;
		n = sys(pread64, maps->own.fd, maps->buf + maps->len, sizeof(maps->buf) - maps->len,
			maps->offset);
		if (n <= 0)
			return n || maps->len ? -EIO : 0;
		maps->len += n;
		maps->offset += n;
	}
}

int maps_open(void)
{
	long fd;

	watched_assert_locked();
	maps->at = maps->len = maps->offset = 0;
	maps->open = own_valid(&maps->own);
	if (maps->open)
		return 0;
	fd = sys(openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		fd = own_take(&maps->own, fd);
	maps->open = fd >= 0;
	return fd < 0 ? fd : 0;
}

void maps_close(void)
{
	/* An emulator's file is about the moment when it was opened. */
	if (client_carried())
		own_close(&maps->own);
}

void maps_reset(void)
{
	own_close(&maps->own);
}

struct own *maps_own(void)
{
	return &maps->own;
}

/* As next_line(). */
static int next_area(struct maps_area *a)
{
	uint64_t major, minor;
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
	minor = number(&p, 16);
	/* As fstat(2) says it. */
	a->dev = (minor & 0xff) | major << 8 | (minor & ~UINT64_C(0xff)) << 12;
	p++;
	a->ino = number(&p, 10);
	while (*p == ' ')
		p++;
	a->name = p;
	return 1;
}

int maps_next(struct maps_area *a, uint64_t addr, uint64_t size, uint64_t *start, uint64_t *end)
{
	int r;

	if (!maps->open)
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
