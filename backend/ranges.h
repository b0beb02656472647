/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ranges.h - a map from disjoint address ranges to targets, split and cut as ranges are set.
 *
 * [start, end) maps to [to, to + (end - start)), with a tag. Ascending by start. Not locked.
 */
#ifndef BACKEND_RANGES_H
#define BACKEND_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t start, end;
	uint64_t to;
	uint32_t tag;
};

struct ranges {
	struct range *v;
	size_t n, room;
};

void ranges_destroy(struct ranges *r);
/* Nothing in [start, end) any more. 0 or -ENOMEM (a cut in the middle makes one range two). */
int ranges_clear(struct ranges *r, uint64_t start, uint64_t end);
/* In place of whatever was there. 0 or -ENOMEM. */
int ranges_set(struct ranges *r, uint64_t start, uint64_t end, uint64_t to, uint32_t tag);
/* The range that holds addr, or NULL. Valid until the next change. */
const struct range *ranges_find(const struct ranges *r, uint64_t addr);
/* The index of the first range that ends above addr (n: none). */
size_t ranges_first(const struct ranges *r, uint64_t addr);
/* Every address of [start, end) is in some range. */
bool ranges_cover(const struct ranges *r, uint64_t start, uint64_t end);

#endif
