/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guest_memory.h - a realm's memory by virtual address, through the tables that one of its vCPUs
 * uses. Only looks: of a realm that changes its tables meanwhile a read fails, or tells what was.
 */
#ifndef BACKEND_GUEST_MEMORY_H
#define BACKEND_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debug/stage1.h"
#include "rmm/rmm_inspect.h"

struct guest_memory {
	const struct rmm *rmm;
	uint64_t rd;
	struct stage1 tables;
	uint64_t last_va, last_ipa; /* the page that was translated last; 1: none */
};

void guest_memory_init(struct guest_memory *m, const struct rmm *rmm, uint64_t rd,
		       const struct rmm_el1_view *el1);
/* False: some of it is not mapped, or no memory. */
bool guest_memory_read(struct guest_memory *m, uint64_t va, void *to, size_t len);

#endif
