// SPDX-License-Identifier: BSD-3-Clause
/* ranges.c - a sorted array of ranges; there are few, and changes are rare. */
#include "backend/ranges.h"
#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ranges_destroy(struct ranges *r)
{
	free(r->v);
	*r = (struct ranges){0};
}

size_t ranges_first(const struct ranges *r, uint64_t addr)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (r->v[mid].end > addr)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

const struct range *ranges_find(const struct ranges *r, uint64_t addr)
{
	size_t i = ranges_first(r, addr);

	return i < r->n && r->v[i].start <= addr ? &r->v[i] : NULL;
}

bool ranges_cover(const struct ranges *r, uint64_t start, uint64_t end)
{
	for (size_t i = ranges_first(r, start); start < end; i++) {
		if (i == r->n || r->v[i].start > start)
			return false;
		start = r->v[i].end;
	}
	return true;
}

static void insert(struct ranges *r, size_t at, struct range one)
{
	memmove(&r->v[at + 1], &r->v[at], (r->n - at) * sizeof(one));
	r->v[at] = one;
	r->n++;
}

int ranges_clear(struct ranges *r, uint64_t start, uint64_t end)
{
	size_t i = ranges_first(r, start), last;
	struct range tail;

	if (start >= end || i == r->n || r->v[i].start >= end)
		return 0;
	if (array_reserve(&r->v, &r->room, r->n + 1, sizeof(*r->v)))
		return -ENOMEM;
	if (r->v[i].start < start) {
		tail = r->v[i];
		r->v[i++].end = start;
		tail.to += start - tail.start;
		tail.start = start;
		insert(r, i, tail);
	}
	last = i;
	while (last < r->n && r->v[last].end <= end)
		last++;
	memmove(&r->v[i], &r->v[last], (r->n - last) * sizeof(*r->v));
	r->n -= last - i;
	if (i < r->n && r->v[i].start < end) {
		r->v[i].to += end - r->v[i].start;
		r->v[i].start = end;
	}
	return 0;
}

int ranges_set(struct ranges *r, uint64_t start, uint64_t end, uint64_t to, uint32_t tag)
{
	if (array_reserve(&r->v, &r->room, r->n + 2, sizeof(*r->v)) || ranges_clear(r, start, end))
		return -ENOMEM;
	insert(r, ranges_first(r, start), (struct range){start, end, to, tag});
	return 0;
}
