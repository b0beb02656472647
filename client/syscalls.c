// SPDX-License-Identifier: BSD-3-Clause
/*
 * syscalls.c - system calls of the VMM that may be about realms: what to make of each.
 *
 * A change of the address space is made first, then reported if it touched a watched range: until
 * the caller has its answer, the old pages are as good as the new.
 */
#include <linux/ioctl.h>
#include <sys/mman.h>

#include "abi/kvm.h"
#include "client/parts.h"

#define STACK_TRIES 16
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

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

/*
 * A stack is nobody's guest memory, but the kernel may put one where a memslot's memory has been
 * unmapped. It would become shared memory there; so another place is asked for. An emulator forks
 * where the program says vfork, and the parent's munmap would take a shared stack from the child.
 */
static long map_stack(uint64_t size, int prot, int flags, int fd, uint64_t offset, int tries)
{
	long r = sys(mmap, 0, size, prot, flags, fd, offset), other;

	if (sys_failed(r) || !tries || !watched_covers(r, whole_pages(size)))
		return r;
	other = map_stack(size, prot, flags, fd, offset, tries - 1);
	sys(munmap, r, size);
	return other;
}

long call_mmap(uint64_t addr, uint64_t size, int prot, int flags, int fd, uint64_t offset)
{
	struct handle h = {0};
	sigmask_t mask;
	uint64_t before;
	bool watched;
	long r;

	if (!enter())
		return sys(mmap, addr, size, prot, flags, fd, offset);
	if (flags & MAP_FIXED)
		known_change_begin(addr, size);
	before = known_before();
	if (!(flags & MAP_ANONYMOUS) && fd >= 0 && object_classify(fd, &h) == FD_OBJECT) {
		r = mapping_create(h.obj, fd, addr, size, prot, flags, offset);
	} else if ((flags & MAP_STACK) && !addr) {
		r = map_stack(size, prot, flags, fd, offset, STACK_TRIES);
	} else {
		watched = watched_change_begin(addr, flags & MAP_FIXED ? size : 0, &mask);
		r = sys(mmap, addr, size, prot, flags, fd, offset);
		watched_change_end(watched, &mask);
	}
	if (flags & MAP_FIXED)
		known_change_end();
	if (sys_failed(r))
		return r;
	known_add(r, whole_pages(size), prot, flags, before);
	if (!h.obj && (flags & MAP_FIXED))
		mapping_gone(r, whole_pages(size));
	memory_changed(r, size);
	return r;
}

long call_munmap(uint64_t addr, uint64_t size)
{
	bool ours = enter(), watched;
	sigmask_t mask;
	long r;

	known_change_begin(addr, size);
	watched = watched_change_begin(addr, size, &mask);
	r = sys(munmap, addr, size);
	watched_change_end(watched, &mask);
	known_change_end();
	if (!r && ours) {
		mapping_gone(addr, whole_pages(size));
		memory_changed(addr, size);
	}
	return r;
}

long call_mprotect(uint64_t addr, uint64_t size, int prot)
{
	bool ours = enter(), watched;
	sigmask_t mask;
	long r;

	known_change_begin(addr, size);
	watched = watched_change_begin(addr, size, &mask);
	r = sys(mprotect, addr, size, prot);
	watched_change_end(watched, &mask);
	known_change_end();
	if (!r && ours)
		memory_changed(addr, size);
	return r;
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
	if (sys_failed(to))
		return to;
	r = sys(mremap, old, old_size, old_size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (sys_failed(r))
		sys(munmap, to, size);
	return r;
}

long call_mremap(uint64_t from, uint64_t old_size, uint64_t size, int flags, uint64_t fixed)
{
	sigmask_t mask;
	bool ours, watched;
	long r;

	old_size = whole_pages(old_size);
	size = whole_pages(size);
	ours = enter() && watched_covers(from, old_size ? old_size : 1);
	known_change_begin(from, old_size);
	if (flags & MREMAP_FIXED)
		known_change_begin(fixed, size);
	watched = watched_change_begin(from, old_size, &mask);
	if (ours && watched && old_size && size > old_size && memory_is_physical(from))
		r = grow(from, old_size, size, flags, fixed);
	else
		r = sys(mremap, from, old_size, size, flags, fixed);
	watched_change_end(watched, &mask);
	if (flags & MREMAP_FIXED)
		known_change_end();
	known_change_end();
	if (sys_failed(r) || !enter())
		return r;
	if (old_size)
		mapping_gone(from, old_size);
	/* The new place first: pages that are nowhere to be seen are given back. */
	if (ours)
		memory_watch(r, size);
	memory_changed(r, size);
	if (ours && old_size)
		memory_changed(from, old_size);
	return r;
}

/* Pages that were private and anonymous before they were moved read as zero after DONTNEED, which
 * the backend sees to; the mapping itself is shared now, where some advice is an error. */
long call_madvise(uint64_t addr, uint64_t size, int advice)
{
	bool ours = enter() && watched_covers(addr, size ? size : 1);
	long r;

	if (advice == MADV_COLLAPSE && ours && mapping_is_gmem(addr))
		return -EINVAL; /* no huge page reaches beyond what is shared of it */
	r = sys(madvise, addr, size, advice);
	if (!ours)
		return r;
	if ((r == 0 || r == -EINVAL) && advice == MADV_FREE)
		r = 0;
	if (r == 0 && (advice == MADV_DONTNEED || advice == MADV_REMOVE))
		memory_discarded(addr, size, advice);
	return r;
}

/* The kernel takes the request as 32 bits; callers that keep it in a signed int pass it
 * sign-extended. */
bool call_ioctl(int fd, uint32_t nr, uint64_t arg, long *r)
{
	enum fd_class class;
	struct handle h;

	if (_IOC_TYPE(nr) != KVMIO || !enter())
		return false;
	class = object_classify(fd, &h);
	if (class == FD_OTHER)
		return false;
	*r = object_ioctl(&h, class, nr, arg);
	if (*r == -EIO && object_classify(fd, &h) == FD_OTHER)
		*r = -EBADF; /* closed before the call began */
	return true;
}

bool call_fallocate(int fd, int mode, int64_t offset, int64_t len, long *r)
{
	struct wire_msg m = {.type = WIRE_FALLOCATE, .fallocate = {mode, 0, offset, len}};
	struct handle h;

	if (!enter() || object_classify(fd, &h) != FD_OBJECT || h.obj->kind != OBJECT_GMEM)
		return false;
	*r = offset < 0 || len <= 0 ? -EINVAL : object_fallocate(&h, &m);
	return true;
}

/* The socket behind a guest_memfd is at its end; so none but such a read is looked at. */
long call_read_done(int fd, long r)
{
	return !r && enter() && object_is_gmem(fd) ? -EINVAL : r;
}

bool call_write(int fd)
{
	return enter() && object_is_gmem(fd);
}

long call_close_range(unsigned int first, unsigned int last, int flags)
{
	enter();
	return fd_table_close_range(first, last, flags);
}

bool call_close(int fd)
{
	return enter() && fd_table_owns(fd);
}

long call_replace(int from, int to)
{
	return enter() && from != to ? fd_table_yield(to) : 0;
}
