// SPDX-License-Identifier: BSD-3-Clause
/* mmio.c - finds the region of an access. */
#include "vmm/mmio.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

void mmio_add(struct mmio_map *m, const char *name, uint64_t base, uint64_t size,
	      mmio_handler *handler, void *arg)
{
	struct mmio_region *r = &m->regions[m->count++];

	assert(m->count <= MMIO_MAX_REGIONS);
	r->name = name;
	r->base = base;
	r->size = size;
	r->handler = handler;
	r->arg = arg;
}

void mmio_access(struct mmio_map *m, uint64_t addr, void *data, unsigned int len, bool write)
{
	for (unsigned int i = 0; i < m->count; i++) {
		struct mmio_region *r = &m->regions[i];

		if (addr < r->base || addr - r->base > r->size - len)
			continue;
		atomic_fetch_add_explicit(&r->accesses, 1, memory_order_relaxed);
		r->handler(r->arg, addr - r->base, data, len, write);
		return;
	}
	atomic_fetch_add_explicit(&m->strays, 1, memory_order_relaxed);
	if (!write)
		memset(data, 0xff, len);
}
