// SPDX-License-Identifier: BSD-3-Clause
/*
 * hook_map.c - changes of the address space. The change is made first, then reported if it
 * touched a watched range: until the caller has its answer, the old pages are as good as the new.
 */
#include "preload/preload.h"

#include <stdarg.h>
#include <sys/mman.h>

static bool enter(void)
{
	if (!client_enabled())
		return false;
	client_enter();
	return true;
}

/* The kernel rounds up, too. */
static uint64_t whole_pages(uint64_t size)
{
	return (size + PAGE_SIZE - 1) & -PAGE_SIZE;
}

static void *map(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	struct handle h = {0};
	sigmask_t mask;
	bool watched;
	long r;

	if (!enter())
		return (void *)sys_return(sys(mmap, addr, size, prot, flags, fd, offset));
	if (!(flags & MAP_ANONYMOUS) && fd >= 0 && object_classify(fd, &h) == FD_OBJECT) {
		r = mapping_create(h.obj, fd, (uintptr_t)addr, size, prot, flags, offset);
	} else {
		watched = memory_change_begin((uintptr_t)addr, flags & MAP_FIXED ? size : 0, &mask);
		r = sys(mmap, addr, size, prot, flags, fd, offset);
		memory_change_end(watched, &mask);
	}
	if (r < 0 && r >= -4095)
		return (void *)sys_return(r);
	if (!h.obj && (flags & MAP_FIXED))
		mapping_gone(r, whole_pages(size));
	memory_changed(r, size);
	return (void *)r;
}

EXPORT void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	return map(addr, size, prot, flags, fd, offset);
}

EXPORT void *mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	return map(addr, size, prot, flags, fd, offset);
}

EXPORT int munmap(void *addr, size_t size)
{
	bool ours = enter(), watched;
	sigmask_t mask;
	long r;

	watched = memory_change_begin((uintptr_t)addr, size, &mask);
	r = sys(munmap, addr, size);
	memory_change_end(watched, &mask);
	if (!r && ours) {
		mapping_gone((uintptr_t)addr, whole_pages(size));
		memory_changed((uintptr_t)addr, size);
	}
	return sys_return(r);
}

EXPORT int mprotect(void *addr, size_t size, int prot)
{
	bool ours = enter(), watched;
	sigmask_t mask;
	long r;

	watched = memory_change_begin((uintptr_t)addr, size, &mask);
	r = sys(mprotect, addr, size, prot);
	memory_change_end(watched, &mask);
	if (!r && ours)
		memory_changed((uintptr_t)addr, size);
	return sys_return(r);
}

/*
 * A watched mapping that grows must not grow into the physical memory that lies behind it: the
 * old part is moved to the new place, and fresh pages follow it.
 */
static long grow(uint64_t old, uint64_t old_size, uint64_t size, int flags, uint64_t fixed)
{
	int map_flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	const int prot = PROT_READ | PROT_WRITE;
	long to, r;

	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	if (flags & MREMAP_FIXED)
		map_flags |= MAP_FIXED;
	to = sys(mmap, flags & MREMAP_FIXED ? fixed : 0, size, prot, map_flags, -1, 0);
	if (to < 0 && to >= -4095)
		return to;
	r = sys(mremap, old, old_size, old_size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (r < 0 && r >= -4095)
		sys(munmap, to, size);
	return r;
}

EXPORT void *mremap(void *old, size_t old_size, size_t size, int flags, ...)
{
	uint64_t fixed, from = (uintptr_t)old;
	sigmask_t mask;
	bool ours, watched;
	va_list ap;
	long r;

	va_start(ap, flags);
	fixed = flags & MREMAP_FIXED ? (uintptr_t)va_arg(ap, void *) : 0;
	va_end(ap);
	old_size = whole_pages(old_size);
	size = whole_pages(size);
	ours = enter() && memory_watched(from, old_size ? old_size : 1);
	watched = memory_change_begin(from, old_size, &mask);
	if (ours && old_size && size > old_size)
		r = grow(from, old_size, size, flags, fixed);
	else
		r = sys(mremap, old, old_size, size, flags, fixed);
	memory_change_end(watched, &mask);
	if ((r < 0 && r >= -4095) || !enter())
		return (void *)sys_return(r);
	if (old_size)
		mapping_gone(from, old_size);
	/* The new place first: pages that are nowhere to be seen are given back. */
	if (ours)
		memory_watch(r, size);
	memory_changed(r, size);
	if (ours && old_size)
		memory_changed(from, old_size);
	return (void *)r;
}

/* Pages that were private and anonymous before they were moved read as zero after DONTNEED, which
 * the backend sees to; the mapping itself is shared now, where some advice is an error. */
EXPORT int madvise(void *addr, size_t size, int advice)
{
	bool ours = enter() && memory_watched((uintptr_t)addr, size ? size : 1);
	long r = sys(madvise, addr, size, advice);

	if (!ours)
		return sys_return(r);
	if ((r == 0 || r == -EINVAL) && advice == MADV_FREE)
		r = 0;
	if (r == 0 && (advice == MADV_DONTNEED || advice == MADV_REMOVE))
		memory_discarded((uintptr_t)addr, size, advice);
	return sys_return(r);
}
