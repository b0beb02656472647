// SPDX-License-Identifier: BSD-3-Clause
/*
 * maps.c - reads /proc/self/maps line by line, in a static buffer (under memory_lock).
 */
#include "client/client.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

struct maps {
	int fd;
	size_t at, len;
	char buf[32768];
};
static struct maps maps;

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

void maps_open(void)
{
	maps.fd = sys(openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	maps.at = maps.len = 0;
}

void maps_close(void)
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

int maps_next(struct area *a, uint64_t addr, uint64_t size, uint64_t *start, uint64_t *end)
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

