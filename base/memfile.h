/* SPDX-License-Identifier: BSD-3-Clause */
/* memfile.h - a file in memory that other processes are given: mapped here, its size sealed. */
#ifndef BASE_MEMFILE_H
#define BASE_MEMFILE_H

#include <stddef.h>

/*
 * A memfd of this name, close-on-exec, size bytes that are zero, mapped at *at for reading and
 * writing; seals (F_SEAL_*) beside those of the size: nobody can take pages from under a reader,
 * or add seals. A seal against writing does not concern this mapping, which is older. The caller
 * owns both. -ENOMEM: no memory or descriptors, nothing is left behind.
 */
int memfile_create(const char *name, size_t size, int seals, void **at);

#endif
