// SPDX-License-Identifier: BSD-3-Clause
/*
 * stage1.c - the walk (Arm ARM D8.2): which half, how many levels, then one descriptor a level.
 *
 * Addresses have 48 bits, or 52 on both sides with the 64 KiB granule (LVA, LPA) and where
 * TCR_EL1.DS is set (LPA2). Only a guest that is shown them should use these, but the CPU lets any.
 */
#include "debug/stage1.h"

#include "base/bits.h"

#define SCTLR_M	 BIT(0)
#define SCTLR_EE BIT(25)

#define TCR_T0SZ  MASK(5, 0)
#define TCR_EPD0  BIT(7)
#define TCR_TG0	  MASK(15, 14)
#define TCR_T1SZ  MASK(21, 16)
#define TCR_IPS	  MASK(34, 32)
#define TCR_DS	  BIT(59)
#define TCR_EPD1  BIT(23)
#define TCR_TG1	  MASK(31, 30)
#define TCR_TBI0  BIT(37)
#define TCR_TBI1  BIT(38)
#define TCR_TBID0 BIT(51)
#define TCR_TBID1 BIT(52)

#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1) /* at the last level: a page */
#define ADDRESS	   MASK(47, 0)
#define UPPER_HALF BIT(55)
#define IPS_52	   6

/* Where bits of an address lie that have no room in their place. */
#define TTBR_51_48     MASK(5, 2)
#define DESC_51_48_LPA MASK(15, 12)
#define DESC_49_48     MASK(49, 48)
#define DESC_51_50     MASK(9, 8)

#define LAST_LEVEL   3
#define MAX_VA_BITS  48
#define MAX_VA_WIDE  52
#define MAX_IPA	     MASK(51, 0)
#define MIN_T_SZ_GAP 16 /* a size below 2^16 is none */

struct half {
	uint64_t table;	    /* IPA of the first one */
	unsigned int bits;  /* of an input address */
	unsigned int shift; /* log2 of the granule */
	bool lpa2;	    /* descriptors are those of LPA2 */
	bool wide;	    /* output addresses have 52 bits */
	bool off;
	bool ignores_top; /* byte */
};

/* log2 of the granule, by the number that TG0 or TG1 has for it; 0: reserved. */
static unsigned int granule0(uint64_t tg)
{
	static const uint8_t shifts[] = {12, 16, 14, 0};

	return shifts[tg];
}

static unsigned int granule1(uint64_t tg)
{
	static const uint8_t shifts[] = {0, 14, 12, 16};

	return shifts[tg];
}

static struct half read_half(const struct stage1 *s, bool upper)
{
	if (upper)
		return (struct half){
			.table = s->ttbr1,
			.bits = 64 - (unsigned int)FIELD_GET(TCR_T1SZ, s->tcr),
			.shift = granule1(FIELD_GET(TCR_TG1, s->tcr)),
			.off = s->tcr & TCR_EPD1,
			.ignores_top = s->tcr & TCR_TBI1,
		};
	return (struct half){
		.table = s->ttbr0,
		.bits = 64 - (unsigned int)FIELD_GET(TCR_T0SZ, s->tcr),
		.shift = granule0(FIELD_GET(TCR_TG0, s->tcr)),
		.off = s->tcr & TCR_EPD0,
		.ignores_top = s->tcr & TCR_TBI0,
	};
}

static struct half choose_half(const struct stage1 *s, bool upper)
{
	struct half h = read_half(s, upper);

	h.lpa2 = (s->tcr & TCR_DS) && h.shift != 16;
	h.wide = (h.lpa2 || h.shift == 16) && FIELD_GET(TCR_IPS, s->tcr) == IPS_52;
	return h;
}

/* The bits above the input size are all those of the half, but for a top byte that is ignored. */
static bool is_canonical(const struct half *h, uint64_t va, bool upper)
{
	uint64_t mask = MASK(h->ignores_top ? 55 : 63, h->bits);

	return (va & mask) == (upper ? mask : 0);
}

static bool is_sane(const struct half *h)
{
	return !h->off && h->shift && h->bits > MIN_T_SZ_GAP &&
	       h->bits <= (h->lpa2 || h->shift == 16 ? MAX_VA_WIDE : MAX_VA_BITS);
}

/* Bits that a table of one level resolves, and the bit where its part of the address begins. */
static unsigned int stride(const struct half *h)
{
	return h->shift - 3;
}

static unsigned int level_shift(const struct half *h, int level)
{
	return h->shift + stride(h) * (unsigned int)(LAST_LEVEL - level);
}

static int first_level(const struct half *h)
{
	int level = LAST_LEVEL;

	while (level_shift(h, level) + stride(h) < h->bits)
		level--;
	return level;
}

/* Blocks: 1 GiB and 2 MiB, 32 MiB, 512 MiB; a level above, too, with LPA2 and LPA. */
static bool may_be_block(const struct half *h, int level)
{
	return level == 2 || (level == 1 && (h->shift == 12 || h->wide || h->lpa2)) ||
	       (level == 0 && h->shift == 12 && h->lpa2);
}

/* The first table may be smaller than a granule, and is aligned to its size then. */
static uint64_t first_table(const struct half *h, unsigned int shift)
{
	uint64_t table = h->table & ADDRESS & ~MASK(h->bits - shift + 2, 0);

	if (!h->wide)
		return table;
	return (table & ~MASK(5, 0)) | FIELD_GET(TTBR_51_48, h->table) << 48;
}

/* The output address of a descriptor, in multiples of 2^shift. */
static uint64_t output(const struct half *h, uint64_t desc, unsigned int shift)
{
	uint64_t low = desc & ADDRESS & ~MASK(shift - 1, 0);

	if (h->lpa2)
		return low | (desc & DESC_49_48) |
		       (h->wide ? FIELD_GET(DESC_51_50, desc) << 50 : 0);
	return low | (h->wide ? FIELD_GET(DESC_51_48_LPA, desc) << 48 : 0);
}

static bool walk_half(const struct stage1 *s, const struct half *h, stage1_read read, void *arg,
		      uint64_t va, uint64_t *ipa, uint64_t *left)
{
	int level = first_level(h);
	unsigned int shift = level_shift(h, level);
	uint64_t index = FIELD_GET(MASK(h->bits - 1, shift), va);
	uint64_t table = first_table(h, shift), desc;

	for (;; level++) {
		if (!read(arg, table + index * 8, &desc))
			return false;
		if (s->sctlr & SCTLR_EE)
			desc = __builtin_bswap64(desc);
		if (!(desc & DESC_VALID))
			return false;
		if (level == LAST_LEVEL || !(desc & DESC_TABLE))
			break;
		table = output(h, desc, h->shift);
		shift = level_shift(h, level + 1);
		index = FIELD_GET(MASK(shift + stride(h) - 1, shift), va);
	}
	if (level == LAST_LEVEL ? !(desc & DESC_TABLE) : !may_be_block(h, level))
		return false;
	*ipa = output(h, desc, shift) | (va & MASK(shift - 1, 0));
	*left = BIT(shift) - (va & MASK(shift - 1, 0));
	return true;
}

bool stage1_walk(const struct stage1 *s, stage1_read read, void *arg, uint64_t va, uint64_t *ipa,
		 uint64_t *left)
{
	bool upper = va & UPPER_HALF;
	struct half h;

	if (!(s->sctlr & SCTLR_M)) {
		if (va & ~MAX_IPA)
			return false;
		*ipa = va;
		*left = MAX_IPA - va + 1;
		return true;
	}
	h = choose_half(s, upper);
	return is_sane(&h) && is_canonical(&h, va, upper) &&
	       walk_half(s, &h, read, arg, va, ipa, left);
}

/* Bit 55 is the half's; the top byte carries data if it is ignored. */
static uint64_t pauth_mask(const struct half *h, bool top)
{
	uint64_t mask = is_sane(h) && h->bits <= 54 ? MASK(54, h->bits) : 0;

	return top ? mask | MASK(63, 56) : mask;
}

struct stage1_pauth stage1_pauth_masks(const struct stage1 *s)
{
	struct half low = choose_half(s, false), high = choose_half(s, true);
	bool low_code = !low.ignores_top || (s->tcr & TCR_TBID0);
	bool high_code = !high.ignores_top || (s->tcr & TCR_TBID1);

	return (struct stage1_pauth){
		.data = pauth_mask(&low, !low.ignores_top),
		.code = pauth_mask(&low, low_code),
		.data_high = pauth_mask(&high, !high.ignores_top),
		.code_high = pauth_mask(&high, high_code),
	};
}
