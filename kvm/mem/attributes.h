/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attributes.h - memory attributes: the set of private guest pages, as disjoint ranges.
 */
#ifndef KVM_ATTRIBUTES_H
#define KVM_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct attr_range {
	uint64_t start, end; /* GPAs, page-aligned */
};

struct attributes {
	struct attr_range *range; /* ascending, disjoint, not touching */
	size_t count, room;
};

/* The page at gpa is private. */
bool attributes_private(const struct attributes *a, uint64_t gpa);
/* End of the run of pages from gpa with the same attribute, at most `end`. */
uint64_t attributes_run(const struct attributes *a, uint64_t gpa, uint64_t end);
/* Make [start, end) private or shared: 0 or -ENOMEM, then nothing has changed. */
int attributes_set(struct attributes *a, uint64_t start, uint64_t end, bool private);
void attributes_destroy(struct attributes *a);

#endif
