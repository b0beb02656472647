// SPDX-License-Identifier: BSD-3-Clause
/*
 * mapping.c - mmap of vCPU and guest_memfd descriptors.
 *
 * As in the kernel a mapping holds a reference: here a duplicate of the descriptor, far up in
 * the table, until the last page of the mapping is unmapped or mapped over.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "abi/kvm.h"
#include "client/parts.h"

#define MAX_MAPPINGS CLIENT_MAX_MAPPINGS

static struct client_mappings *const mappings = &client.mappings;

void mapping_reset(void)
{
	if (mappings->any)
		for (struct mapping *m = mappings->table; m < mappings->table + MAX_MAPPINGS; m++) {
			own_close(&m->own);
			m->end = 0;
		}
	mappings->latch = (struct latch){0};
	mappings->any = false;
}

static void hold(uint64_t addr, uint64_t size, int fd)
{
	struct mapping *m = mappings->table;
	int copy = sys(fcntl, fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return;
	latch_take(&mappings->latch, LATCH_MAPPINGS);
	__atomic_store_n(&mappings->any, true, __ATOMIC_RELAXED);
	while (m < mappings->table + MAX_MAPPINGS && m->end)
		m++;
	if (m == mappings->table + MAX_MAPPINGS)
		sys(close, copy);
	else if (!own_take(&m->own, copy)) {
		m->start = addr;
		m->end = addr + size;
	}
	latch_drop(&mappings->latch);
}

struct own *mapping_owner(int fd)
{
	for (struct mapping *m = mappings->table; m < mappings->table + MAX_MAPPINGS; m++)
		if (m->end && m->own.fd == fd)
			return &m->own;
	return NULL;
}

int mapping_next_own(int from)
{
	int next = -1;

	for (struct mapping *m = mappings->table; m < mappings->table + MAX_MAPPINGS; m++)
		if (m->end && m->own.fd >= from && (next < 0 || m->own.fd < next))
			next = m->own.fd;
	return next;
}

/* mmap(2) of a descriptor: the checks and the placement are the kernel's. */
static long map_file(struct wire_msg *req, struct call *c, uint64_t addr, uint64_t size, int prot,
		     int flags, uint64_t offset)
{
	long r = request_system(c, req);

	if (r >= 0)
		r = sys(mmap, addr, size, prot, flags, c->done_fd, offset + c->done.done.offset);
	if (c->done_fd >= 0)
		sys(close, c->done_fd);
	return r;
}

/* The VM's ring lies in the mapping [at, at + size) of a vCPU's file from `offset` on. */
static long map_ring(struct wire_msg *req, struct call *c, uint64_t at, uint64_t size, int prot,
		     int flags, uint64_t offset)
{
	const uint64_t ring = KVM_COALESCED_MMIO_PAGE_OFFSET * PAGE_SIZE;

	if (ring < offset || ring >= offset + size)
		return 0;
	req->object.flags = WIRE_VCPU_RING;
	return map_file(req, c, at + (ring - offset), PAGE_SIZE, prot,
			(flags & MAP_TYPE) | MAP_FIXED, 0);
}

#define DIRTY_RING (KVM_DIRTY_LOG_PAGE_OFFSET * PAGE_SIZE)

/* The checks are the kernel's, the rest is the memfd's: past its end a touch is SIGBUS. Without a
 * ring there is nothing to be mapped. */
static long map_dirty_ring(struct object *obj, uint64_t addr, uint64_t size, int prot, int flags,
			   uint64_t offset)
{
	struct wire_msg m = {.type = WIRE_VCPU_MEMORY,
			     .object = {.id = obj->id, .flags = WIRE_VCPU_DIRTY_RING}};
	struct call c = {.done_fd = -1};
	uint64_t at = offset - DIRTY_RING, bytes;
	long r;

	signals_block(&c.mask);
	r = request_system(&c, &m);
	bytes = r > 0 ? r : 0;
	if (r >= 0 && (!bytes || (at < bytes && ((prot & PROT_EXEC) || !(flags & MAP_SHARED)))))
		r = -EINVAL;
	if (r >= 0)
		r = sys(mmap, addr, size, prot, flags, c.done_fd, at);
	if (c.done_fd >= 0)
		sys(close, c.done_fd);
	signals_restore(&c.mask);
	return r;
}

static long map_vcpu(struct object *obj, uint64_t addr, uint64_t size, int prot, int flags,
		     uint64_t offset)
{
	struct wire_msg m = {.type = WIRE_VCPU_MEMORY, .object = {.id = obj->id}};
	struct call c = {.done_fd = -1};
	long r, ring = 0;

	signals_block(&c.mask);
	/* The VMM may not reach the page after the vCPU's: the control page. */
	if (offset >= KVM_VCPU_MMAP_SIZE || size > KVM_VCPU_MMAP_SIZE - offset)
		r = -EINVAL;
	else
		r = map_file(&m, &c, addr, size, prot, flags, offset);
	if (!sys_failed(r))
		ring = map_ring(&m, &c, r, size, prot, flags, offset);
	if (sys_failed(ring))
		sys(munmap, r, size);
	signals_restore(&c.mask);
	return sys_failed(ring) ? ring : r;
}

/* A guest_memfd's pages at at, up to its end, over what is mapped there. */
static long map_front(struct wire_msg *req, struct call *c, uint64_t at, uint64_t size, int prot,
		      int flags, uint64_t offset)
{
	req->object.size = offset;
	return map_file(req, c, at, size, prot, (flags & MAP_TYPE) | MAP_FIXED, offset);
}

/* Without INIT_SHARED every page is private: it maps, and a touch is SIGBUS, as past the end of
 * an empty file. Such a file is also what lies behind the end: in physical memory others do. */
static long map_gmem(struct object *obj, uint64_t addr, uint64_t size, int prot, int flags,
		     uint64_t offset)
{
	uint64_t inside = offset < obj->size ? obj->size - offset : 0;
	struct wire_msg m = {.type = WIRE_GMEM_MAP, .object = {.id = obj->id}};
	struct call c = {.done_fd = -1};
	long r, front = 0;

	if (!(obj->flags & GUEST_MEMFD_FLAG_MMAP))
		return -ENODEV;
	if (!(flags & MAP_SHARED))
		return -EINVAL;
	signals_block(&c.mask);
	m.object.size = inside < size ? obj->size : offset;
	r = map_file(&m, &c, addr, size, prot, flags, offset);
	if (!sys_failed(r) && inside && inside < size)
		front = map_front(&m, &c, r, inside, prot, flags, offset);
	if (sys_failed(front))
		sys(munmap, r, size);
	signals_restore(&c.mask);
	return sys_failed(front) ? front : r;
}

long mapping_create(struct object *obj, int fd, uint64_t addr, uint64_t size, int prot, int flags,
		    uint64_t offset)
{
	uint64_t pages = (size + PAGE_SIZE - 1) & -PAGE_SIZE;
	long r = -ENODEV;

	if (obj->kind == OBJECT_VCPU && offset >= DIRTY_RING)
		r = map_dirty_ring(obj, addr, pages, prot, flags, offset);
	else if (obj->kind == OBJECT_VCPU)
		r = map_vcpu(obj, addr, pages, prot, flags, offset);
	else if (obj->kind == OBJECT_GMEM)
		r = map_gmem(obj, addr, pages, prot, flags, offset);
	if (r < 0 && r >= -4095)
		return r;
	if (flags & MAP_FIXED)
		mapping_gone(r, pages);
	hold(r, pages, fd);
	if (obj->kind == OBJECT_GMEM)
		memory_watch(r, pages);
	return r;
}

bool mapping_is_gmem(uint64_t addr)
{
	sigmask_t mask;
	bool is = false;

	if (!__atomic_load_n(&mappings->any, __ATOMIC_RELAXED))
		return false;
	signals_block(&mask);
	latch_take(&mappings->latch, LATCH_MAPPINGS);
	for (struct mapping *m = mappings->table; m < mappings->table + MAX_MAPPINGS; m++)
		is = is || (addr >= m->start && addr < m->end && object_is_gmem(m->own.fd));
	latch_drop(&mappings->latch);
	signals_restore(&mask);
	return is;
}

void mapping_gone(uint64_t addr, uint64_t size)
{
	sigmask_t mask;

	if (!__atomic_load_n(&mappings->any, __ATOMIC_RELAXED))
		return;
	signals_block(&mask);
	latch_take(&mappings->latch, LATCH_MAPPINGS);
	for (struct mapping *m = mappings->table; m < mappings->table + MAX_MAPPINGS; m++) {
		if (!m->end || addr >= m->end || addr + size <= m->start)
			continue;
		/* A hole in the middle leaves both ends: the reference stays. */
		if (addr <= m->start)
			m->start = addr + size;
		else if (addr + size >= m->end)
			m->end = addr;
		if (m->start >= m->end) {
			own_close(&m->own);
			m->end = 0;
		}
	}
	latch_drop(&mappings->latch);
	signals_restore(&mask);
}
