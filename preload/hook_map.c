// SPDX-License-Identifier: BSD-3-Clause
/* hook_map.c - changes of the address space. */
#include "preload/preload.h"

#include <stdarg.h>
#include <sys/mman.h>

static void *at(long r)
{
	return (void *)(sys_failed(r) ? sys_return(r) : r);
}

EXPORT void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	return at(call_mmap((uintptr_t)addr, size, prot, flags, fd, offset));
}

EXPORT void *mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	return at(call_mmap((uintptr_t)addr, size, prot, flags, fd, offset));
}

EXPORT int munmap(void *addr, size_t size)
{
	return sys_return(call_munmap((uintptr_t)addr, size));
}

EXPORT int mprotect(void *addr, size_t size, int prot)
{
	return sys_return(call_mprotect((uintptr_t)addr, size, prot));
}

EXPORT void *mremap(void *old, size_t old_size, size_t size, int flags, ...)
{
	uint64_t fixed;
	va_list ap;

	va_start(ap, flags);
	fixed = flags & MREMAP_FIXED ? (uintptr_t)va_arg(ap, void *) : 0;
	va_end(ap);
	return at(call_mremap((uintptr_t)old, old_size, size, flags, fixed));
}

EXPORT int madvise(void *addr, size_t size, int advice)
{
	return sys_return(call_madvise((uintptr_t)addr, size, advice));
}
