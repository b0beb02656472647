// SPDX-License-Identifier: BSD-3-Clause
/* memfile.c - a file in memory, mapped and sealed. */
#include "base/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int memfile_create(const char *name, size_t size, int seals, void **at)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	*at = MAP_FAILED;
	if (fd >= 0 && !ftruncate(fd, (off_t)size))
		*at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*at == MAP_FAILED)
		goto fail;
	if (!fcntl(fd, F_ADD_SEALS, seals | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;
	munmap(*at, size);
fail:
	if (fd >= 0)
		close(fd);
	return -ENOMEM;
}
