/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmio.h - what answers at which address. Regions are added before the first vCPU runs and never
 * go away, so that the vCPU threads look them up without a lock.
 */
#ifndef VMM_MMIO_H
#define VMM_MMIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MMIO_MAX_REGIONS 8

/*
 * One access of 1, 2, 4 or 8 bytes at an offset, wholly inside the region. A read fills data,
 * a write takes it; the handler runs on the vCPU's thread and locks what it needs.
 */
typedef void mmio_handler(void *arg, uint64_t offset, void *data, unsigned int len, bool write);

struct mmio_region {
	const char *name; /* counted under this name in the report */
	uint64_t base, size;
	mmio_handler *handler;
	void *arg;
	_Atomic uint64_t accesses;
};

struct mmio_map {
	struct mmio_region regions[MMIO_MAX_REGIONS];
	unsigned int count;
	_Atomic uint64_t strays; /* accesses that nobody answers: reads give ones */
};

void mmio_add(struct mmio_map *m, const char *name, uint64_t base, uint64_t size,
	      mmio_handler *handler, void *arg);
void mmio_access(struct mmio_map *m, uint64_t addr, void *data, unsigned int len, bool write);

#endif
