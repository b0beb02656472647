/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * args.h - what an argument of an RMI or RSI call is, by the name that its dispatch row gives it;
 * and how one byte of input (or a few) chooses a value that has a chance to be interesting.
 */
#ifndef FUZZ_ARGS_H
#define FUZZ_ARGS_H

#include "fuzz/input.h"

enum arg_kind {
	ARG_GRANULE, /* a page of the small machine, or an address that is none */
	ARG_IPA,
	ARG_LEVEL,
	ARG_DESC,  /* of an unprotected mapping: granule, attributes */
	ARG_SMALL, /* flags, indices, sizes, states */
	ARG_WORD,  /* data */
};

enum arg_kind arg_kind(const char *name, bool is_realm_call);

/* A small machine: what addresses are made of. */
struct arg_pool {
	uint64_t ram; /* PA of page 0 */
	unsigned int pages;
	unsigned int ipa_bits; /* of the realm created last */
	uint64_t hint[4];      /* addresses that the last answers named */
};

uint64_t arg_take(struct input *in, const struct arg_pool *pool, enum arg_kind kind);

/* PA of page n. */
static inline uint64_t pool_page(const struct arg_pool *pool, unsigned int n)
{
	return pool->ram + n * UINT64_C(4096);
}

/* First byte of a choice: pages below this by number. */
#define ARG_DIRECT_PAGES 0xe0
/* First byte of an IPA: region << 4 | offset. */
enum arg_region {
	REGION_PAGE, /* + page * n */
	REGION_2M,   /* + 2 MiB * n */
	REGION_1G,
	REGION_RAM_PAGE, /* 1 GiB + page * n */
	REGION_RAM_2M,
	REGION_512G,
	REGION_UPPER_PAGE, /* the unprotected half */
	REGION_UPPER_2M,
	REGION_UPPER_1G,
	REGION_BELOW_UPPER, /* its end - page * n */
	REGION_BELOW_END,   /* end of the IPA space - page * n */
	REGION_UNALIGNED,
	REGION_TABLE_END, /* 1 GiB + 2 MiB * (n + 1) - page */
	REGION_RAW,	  /* eight bytes follow */
	REGION_TOP,	  /* 2^64 - page * n */
	REGION_HINT,
};

#endif
