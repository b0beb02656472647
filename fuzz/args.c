// SPDX-License-Identifier: BSD-3-Clause
/* args.c - kinds of arguments by name, and values for them. */
#include "fuzz/args.h"

#include "base/bits.h"

#define PAGE	UINT64_C(0x1000)
#define SIZE_2M UINT64_C(0x200000)
#define SIZE_1G UINT64_C(0x40000000)

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(name, *list))
			return true;
	return false;
}

enum arg_kind arg_kind(const char *name, bool is_realm_call)
{
	static const char *const granules[] = {"addr",	      "rd",	    "rec", "data",
					       "src",	      "rtt",	    "run", "params",
					       "calling_rec", "target_rec", NULL};
	static const char *const ipas[] = {"ipa", "base", "top", "entry_point", NULL};

	if (!strcmp(name, "level"))
		return ARG_LEVEL;
	if (!strcmp(name, "desc"))
		return ARG_DESC;
	if (is_one_of(name, ipas) || (is_realm_call && !strcmp(name, "addr")))
		return ARG_IPA;
	if (!is_realm_call && is_one_of(name, granules))
		return ARG_GRANULE;
	if (strchr(name, '_') && strcspn(name, "0123456789") < strlen(name))
		return ARG_WORD; /* value_0, challenge_7 */
	return ARG_SMALL;
}

static uint64_t take_granule(struct input *in, const struct arg_pool *pool)
{
	unsigned int b = input_u8(in);

	if (b < ARG_DIRECT_PAGES)
		return pool_page(pool, b);
	switch (b) {
	case 0xe0:
		return 0;
	case 0xe1:
		return pool->ram - PAGE; /* the machine's, but not to be delegated */
	case 0xe2:
		return pool_page(pool, pool->pages - 1);
	case 0xe3:
		return pool_page(pool, pool->pages);
	case 0xe4:
		return pool_page(pool, input_u8(in)) + 0x800;
	case 0xe5:
		return ~UINT64_C(0) << 12;
	case 0xe6:
		return pool_page(pool, input_u8(in)) | BIT(47);
	case 0xe7:
		return input_u64(in);
	case 0xe8:
		return pool->hint[0] & ~(PAGE - 1);
	default:
		return pool_page(pool, input_u16(in) % (2 * pool->pages));
	}
}

static uint64_t take_ipa(struct input *in, const struct arg_pool *pool)
{
	unsigned int b = input_u8(in), n = b & 0xf;
	uint64_t upper = BIT(pool->ipa_bits - 1);

	switch ((enum arg_region)(b >> 4)) {
	case REGION_PAGE:
		return n * PAGE;
	case REGION_2M:
		return n * SIZE_2M;
	case REGION_1G:
		return n * SIZE_1G;
	case REGION_RAM_PAGE:
		return SIZE_1G + n * PAGE;
	case REGION_RAM_2M:
		return SIZE_1G + n * SIZE_2M;
	case REGION_512G:
		return n * (SIZE_1G << 9);
	case REGION_UPPER_PAGE:
		return upper + n * PAGE;
	case REGION_UPPER_2M:
		return upper + n * SIZE_2M;
	case REGION_UPPER_1G:
		return upper + n * SIZE_1G;
	case REGION_BELOW_UPPER:
		return upper - n * PAGE;
	case REGION_BELOW_END:
		return 2 * upper - n * PAGE;
	case REGION_UNALIGNED:
		return SIZE_1G + n * 0x100;
	case REGION_TABLE_END:
		return SIZE_1G + (n + 1) * SIZE_2M - PAGE;
	case REGION_RAW:
		return input_u64(in);
	case REGION_TOP:
		return -(n * PAGE);
	case REGION_HINT:
		break;
	}
	return pool->hint[n % ARRAY_SIZE(pool->hint)];
}

static uint64_t take_level(struct input *in)
{
	unsigned int b = input_u8(in);

	if (b == 0xff)
		return ~UINT64_C(0);
	return b == 0xfe ? input_u64(in) : b % 8;
}

static uint64_t take_desc(struct input *in, const struct arg_pool *pool)
{
	uint64_t pa = take_granule(in, pool);
	unsigned int b = input_u8(in);

	if (b & 0x20)
		pa = ALIGN_DOWN(pa, SIZE_2M);
	if (b & 0x40)
		pa = ALIGN_DOWN(pa, SIZE_1G);
	return pa | FIELD_PUT(MASK(4, 2), b & 7) | FIELD_PUT(MASK(7, 6), b >> 3 & 3) |
	       (b & 0x80 ? BIT(9) : 0);
}

static uint64_t take_small(struct input *in)
{
	static const uint64_t odd[] = {64,	     65,	 255,	     256,
				       4095,	     4096,	 0x10000,    0x10001,
				       0x20000,	     BIT(31),	 BIT(63),    -UINT64_C(1),
				       -UINT64_C(3), 0x84000003, 0xc4000003, 0x8400000f};
	unsigned int b = input_u8(in);

	if (b == 0xff)
		return input_u64(in);
	if (b >= 0xe0)
		return odd[b % ARRAY_SIZE(odd)];
	return b;
}

uint64_t arg_take(struct input *in, const struct arg_pool *pool, enum arg_kind kind)
{
	switch (kind) {
	case ARG_GRANULE:
		return take_granule(in, pool);
	case ARG_IPA:
		return take_ipa(in, pool);
	case ARG_LEVEL:
		return take_level(in);
	case ARG_DESC:
		return take_desc(in, pool);
	case ARG_SMALL:
		return take_small(in);
	case ARG_WORD:
		break;
	}
	return input_u8(in) * UINT64_C(0x0101010101010101);
}
