/* SPDX-License-Identifier: BSD-3-Clause */
/* stage2.h - how the CPUs of the tests' engines find a page: the walk that a CPU makes. */
#ifndef TESTS_STAGE2_H
#define TESTS_STAGE2_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/stage2.h"
#include "base/bits.h"
#include "engine/engine.h"
#include "machine/memory.h"

#define STAGE2_AF BIT(10) /* of a leaf */

struct stage2_walk {
	uint64_t pa; /* 0: a fault */
	unsigned int level;
};

/* As a CPU with FEAT_HAFDBS: false if the leaf has changed meanwhile, or needs what is not on. */
static inline bool stage2_touch(const struct engine_frame *f, const uint64_t *d, uint64_t desc)
{
	return (desc & STAGE2_AF) ||
	       ((f->vtcr & VTCR_HA) &&
		__atomic_compare_exchange_n((uint64_t *)d, &desc, desc | STAGE2_AF, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

static inline struct stage2_walk stage2_walk(const struct machine *m, const struct engine_frame *f,
					     uint64_t ipa)
{
	unsigned int bits = 64 - (unsigned int)(f->vtcr & 0x3f);
	unsigned int level = 2 - (unsigned int)((f->vtcr >> 6) & 3);
	uint64_t table = f->vttbr & MASK(47, 1);
	uint64_t index = ipa >> (12 + 9 * (3 - level)); /* the root may be concatenated */
	struct stage2_walk w = {0, level};

	if (ipa >> bits)
		return w;
	for (;; w.level++, index = (ipa >> (12 + 9 * (3 - w.level))) & 511) {
		const uint64_t *d = machine_va(m, table + index * 8, 8);
		uint64_t size = UINT64_C(1) << (12 + 9 * (3 - w.level));

		uint64_t desc = d ? __atomic_load_n(d, __ATOMIC_ACQUIRE) : 0;

		if (!(desc & 1))
			return w;
		if (w.level == 3 || !(desc & 2)) {
			if (!stage2_touch(f, d, desc))
				return w;
			w.pa = (desc & MASK(47, 12)) | (ipa & (size - 1));
			return w;
		}
		table = desc & MASK(47, 12);
	}
}

#endif
