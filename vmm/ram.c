// SPDX-License-Identifier: BSD-3-Clause
/* ram.c - maps the shared half of the RAM, and checks every guest address against it. */
#include "vmm/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

static int open_file(uint64_t size)
{
	int fd = memfd_create("softrealm-vmm-ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	/* Who gets it may not cut it short. */
	if (fd >= 0 && !ftruncate(fd, (off_t)size) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int memory_create(struct guest_memory *m, uint64_t base, uint64_t size, uint64_t alias_bit,
		  bool file)
{
	int err;

	*m = (struct guest_memory){.base = base, .size = size, .alias_bit = alias_bit, .fd = -1};
	if (file)
		m->fd = open_file(size);
	/* Shared, not private: a private mapping's first touch by the realm would be refused. */
	m->host = file && m->fd < 0
			  ? MAP_FAILED
			  : mmap(NULL, size, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_NORESERVE | (file ? 0 : MAP_ANONYMOUS), m->fd, 0);
	if (m->host != MAP_FAILED)
		return 0;
	err = errno;
	log_error("cannot have %llu MiB of memory: %s", (unsigned long long)size >> 20,
		  strerror(err));
	m->host = NULL;
	memory_destroy(m);
	return -err;
}

void memory_destroy(struct guest_memory *m)
{
	if (m->host)
		munmap(m->host, m->size);
	m->host = NULL;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

void *memory_at(const struct guest_memory *m, uint64_t addr, uint64_t len)
{
	addr &= ~m->alias_bit;
	if (addr < m->base || len > m->size || addr - m->base > m->size - len)
		return NULL;
	return m->host + (addr - m->base);
}

uint64_t memory_clip(const struct guest_memory *m, uint64_t *addr, uint64_t size)
{
	uint64_t end = *addr + size < *addr ? UINT64_MAX : *addr + size;

	if (*addr < m->base)
		*addr = m->base;
	if (end > m->base + m->size)
		end = m->base + m->size;
	return end > *addr ? end - *addr : 0;
}

int memory_discard(struct guest_memory *m, uint64_t addr, uint64_t size)
{
	void *p = memory_at(m, addr, size);

	if (!p)
		return -EINVAL;
	return madvise(p, size, MADV_REMOVE) ? -errno : 0;
}
