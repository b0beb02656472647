/* SPDX-License-Identifier: BSD-3-Clause */
/* bits.h - bit fields, alignment and the like. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>

#define BIT(n)		   (UINT64_C(1) << (n))
/* Bits hi..lo set. */
#define MASK(hi, lo)	   ((~UINT64_C(0) >> (63 - (hi))) & (~UINT64_C(0) << (lo)))
#define FIELD_GET(mask, v) (((uint64_t)(v) & (mask)) / ((mask) & -(mask)))
#define FIELD_PUT(mask, v) (((uint64_t)(v) * ((mask) & -(mask))) & (mask))

#define ALIGN_DOWN(v, a) ((v) & ~((uint64_t)(a)-1))
#define ALIGN_UP(v, a)	 (((v) + (uint64_t)(a)-1) & ~((uint64_t)(a)-1))
#define IS_ALIGNED(v, a) (((v) & ((uint64_t)(a)-1)) == 0)

#define ARRAY_SIZE(a)		      (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)		      ((a) < (b) ? (a) : (b))
#define MAX(a, b)		      ((a) > (b) ? (a) : (b))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

#endif
