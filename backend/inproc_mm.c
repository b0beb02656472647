// SPDX-License-Identifier: BSD-3-Clause
/*
 * inproc_mm.c - this process as a caller's address space.
 *
 * `areas` says which physical page lies at a user address (tag: protection), `owned` which pages
 * were given to this address space. attach moves what is anonymous and private; other mappings
 * stay where they are and cannot be reached by a realm.
 */
#include "backend/inproc_mm.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/ranges.h"
#include "backend/ranks.h"
#include "base/bits.h"
#include "machine/memory.h"
#include "rmm/rmm.h"

#define HUGE_SIZE UINT64_C(0x200000)

struct inproc_mm {
	struct kvm_mm base;
	struct machine *machine;
	struct lock lock;
	struct ranges areas, owned;
};

/* ---- copies ---- */

static size_t copy_once(void *buf, uint64_t uaddr, size_t len, bool to_user)
{
	struct iovec local = {buf, len}, remote = {(void *)(uintptr_t)uaddr, len};
	ssize_t n = to_user ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0)
			    : process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	return n > 0 ? (size_t)n : 0;
}

size_t inproc_mm_copy(void *buf, uint64_t uaddr, size_t len, bool to_user)
{
	size_t done = 0;

	while (done < len) {
		size_t n = copy_once((char *)buf + done, uaddr + done, len - done, to_user);

		if (!n)
			break;
		done += n;
	}
	return done;
}

static uint64_t lookup(struct kvm_mm *base, uint64_t uaddr, bool write)
{
	struct inproc_mm *mm = container_of(base, struct inproc_mm, base);
	const struct range *r;
	uint64_t pa = 0;

	lock_take(&mm->lock);
	r = ranges_find(&mm->areas, uaddr);
	if (r && (r->tag & (write ? PROT_WRITE : PROT_READ)))
		pa = r->to + (ALIGN_DOWN(uaddr, GRANULE_SIZE) - r->start);
	lock_drop(&mm->lock);
	return pa;
}

/* Bytes from uaddr to the first page that is in physical memory and protected. */
static size_t readable(struct inproc_mm *mm, const struct rmm *rmm, uint64_t uaddr, size_t len)
{
	size_t off = 0;

	while (off < len) {
		uint64_t pa = lookup(&mm->base, uaddr + off, false);

		if (pa && rmm_granule_protected(rmm, pa))
			return off;
		off += GRANULE_SIZE - (uaddr + off) % GRANULE_SIZE;
	}
	return len;
}

size_t inproc_mm_pull(struct inproc_mm *mm, const struct rmm *rmm, void *dst, uint64_t uaddr,
		      size_t len)
{
	return inproc_mm_copy(dst, uaddr, readable(mm, rmm, uaddr, len), false);
}

/* ---- attach ---- */

static uint64_t take_pages(struct inproc_mm *mm, uint64_t size)
{
	uint64_t align = size >= HUGE_SIZE ? HUGE_SIZE : GRANULE_SIZE;
	uint64_t pa = machine_alloc_client(mm->machine, size / GRANULE_SIZE, align);

	if (pa && ranges_set(&mm->owned, pa, pa + size, pa, 0)) {
		machine_free(mm->machine, pa, size / GRANULE_SIZE);
		pa = 0;
	}
	return pa;
}

/* One anonymous mapping, or the part of it inside a slot; lock held. */
static int move(struct inproc_mm *mm, uint64_t start, uint64_t end, int prot)
{
	int fd = machine_client_memfd(mm->machine);
	uint64_t size = end - start, pa = take_pages(mm, size);
	void *addr = (void *)(uintptr_t)start;

	lock_assert_held(&mm->lock);
	if (!pa)
		return -ENOMEM;
	if (prot & PROT_READ)
		inproc_mm_copy(machine_va(mm->machine, pa, size), start, size, false);
	if (mmap(addr, size, prot, MAP_SHARED | MAP_FIXED, fd,
		 (off_t)(pa - machine_client_base(mm->machine))) == MAP_FAILED)
		return -ENOMEM;
	return ranges_set(&mm->areas, start, end, pa, (uint32_t)prot);
}

struct vma {
	uint64_t start, end;
	int prot;
};

/* The next private anonymous mapping inside [from, end), by /proc/self/maps. */
static bool next_anonymous(uint64_t from, uint64_t end, struct vma *out)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512], perms[5];
	uint64_t start, stop, ino;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64, &start, &stop,
			   perms, &ino) != 4 ||
		    stop <= from || start >= end || perms[3] != 'p' || ino)
			continue;
		out->start = MAX(start, from);
		out->end = MIN(stop, end);
		out->prot = (perms[0] == 'r' ? PROT_READ : 0) | (perms[1] == 'w' ? PROT_WRITE : 0);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

static int attach(struct kvm_mm *base, struct kvm_caller *c, uint64_t uaddr, uint64_t size)
{
	struct inproc_mm *mm = container_of(base, struct inproc_mm, base);
	uint64_t end = uaddr + size;
	struct vma v;
	int ret = 0;

	lock_take(&mm->lock);
	while (!ret && uaddr < end && next_anonymous(uaddr, end, &v)) {
		ret = move(mm, v.start, v.end, v.prot);
		uaddr = v.end;
	}
	lock_drop(&mm->lock);
	return ret ? -ENOMEM : 0;
}

/* ---- mappings that change ---- */

void *inproc_mm_map(struct inproc_mm *mm, uint64_t pa, size_t size)
{
	const int prot = PROT_READ | PROT_WRITE;
	void *addr = mmap(NULL, size, prot, MAP_SHARED, machine_client_memfd(mm->machine),
			  (off_t)(pa - machine_client_base(mm->machine)));
	uint64_t uaddr = (uintptr_t)addr;

	if (addr == MAP_FAILED)
		return addr;
	lock_take(&mm->lock);
	if (ranges_set(&mm->areas, uaddr, uaddr + size, pa, (uint32_t)prot)) {
		munmap(addr, size);
		addr = MAP_FAILED;
	}
	lock_drop(&mm->lock);
	return addr;
}

/* Pages at [pa, pa + size) that were given to this address space go back. */
static void give_back(struct inproc_mm *mm, uint64_t pa, uint64_t size)
{
	for (uint64_t end = pa + size; pa < end; pa += GRANULE_SIZE) {
		if (!ranges_find(&mm->owned, pa))
			continue;
		if (!ranges_clear(&mm->owned, pa, pa + GRANULE_SIZE))
			machine_free(mm->machine, pa, 1);
	}
}

/* Look-ups change first, then the VMs forget, then the pages go: the order that kvm.h asks for. */
void inproc_mm_forget(struct inproc_mm *mm, struct kvm_host *h, uint64_t uaddr, size_t size)
{
	uint64_t end = uaddr + size;
	struct ranges old = {0};

	lock_take(&mm->lock);
	for (size_t i = ranges_first(&mm->areas, uaddr);
	     i < mm->areas.n && mm->areas.v[i].start < end; i++) {
		const struct range *r = &mm->areas.v[i];
		uint64_t from = MAX(r->start, uaddr), to = MIN(r->end, end);

		ranges_set(&old, from, to, r->to + (from - r->start), r->tag);
	}
	ranges_clear(&mm->areas, uaddr, end);
	lock_drop(&mm->lock);
	kvm_mm_invalidate(h, &mm->base, uaddr, size);
	lock_take(&mm->lock);
	for (size_t i = 0; i < old.n; i++) {
		uint64_t len = old.v[i].end - old.v[i].start;

		mmap((void *)(uintptr_t)old.v[i].start, len, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
		give_back(mm, old.v[i].to, len);
	}
	lock_drop(&mm->lock);
	ranges_destroy(&old);
}

/* ---- life ---- */

static void keep(struct kvm_mm *base)
{
	/* lives as long as the struct inproc, which outlives every VM */
}

static const struct kvm_mm_ops mm_ops = {
	.attach = attach,
	.lookup = lookup,
	.get = keep,
	.put = keep,
};

int inproc_mm_create(struct machine *m, struct inproc_mm **out)
{
	struct inproc_mm *mm = calloc(1, sizeof(*mm));

	if (!mm)
		return -ENOMEM;
	mm->base.ops = &mm_ops;
	mm->machine = m;
	lock_init(&mm->lock, RANK_MM, "mm->lock");
	*out = mm;
	return 0;
}

void inproc_mm_destroy(struct inproc_mm *mm)
{
	for (size_t i = 0; i < mm->owned.n; i++)
		machine_free(mm->machine, mm->owned.v[i].start,
			     (mm->owned.v[i].end - mm->owned.v[i].start) / GRANULE_SIZE);
	ranges_destroy(&mm->areas);
	ranges_destroy(&mm->owned);
	lock_destroy(&mm->lock);
	free(mm);
}

struct kvm_mm *inproc_mm_base(struct inproc_mm *mm)
{
	return &mm->base;
}
