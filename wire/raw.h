/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * raw.h - system calls without a C library: no errno, no cancellation point, nobody between.
 *
 * The result, or -errno.
 */
#ifndef WIRE_RAW_H
#define WIRE_RAW_H

#if defined(__x86_64__)
#include "wire/raw_x86_64.h"
#elif defined(__aarch64__)
#include "wire/raw_aarch64.h"
#else
#error "no system calls for this architecture"
#endif

#define raw(nr, ...) raw_pad(SYS_##nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define raw_pad(nr, a, b, c, d, e, f, ...)                                                         \
	raw_call(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
