/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * unpack.h - kernels as distributions ship them: compressed by gzip, zstd, xz, bzip2 or lz4, or in
 * the self-extracting form of EFI zboot, whose payload is compressed in the same ways.
 */
#ifndef VMM_UNPACK_H
#define VMM_UNPACK_H

#include <stdbool.h>
#include <stdint.h>

/* Memory of its own: data is mapped, page-aligned, and zero from size up to a page's end. */
struct unpacked {
	uint8_t *data;
	uint64_t size, mapped;
};

/* Is it in one of these forms? Only the first bytes are looked at. */
bool unpack_is_packed(const void *data, uint64_t size);

/*
 * Take one layer off. What comes out has at most max bytes, however much the input promises.
 * 0: the caller owns *out (munmap of mapped bytes). -EINVAL, -E2BIG (more than max bytes) or
 * -ENOMEM: *why tells what is wrong, *out is empty.
 */
int unpack(const void *data, uint64_t size, uint64_t max, struct unpacked *out, const char **why);

#endif
