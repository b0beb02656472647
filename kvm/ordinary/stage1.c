// SPDX-License-Identifier: BSD-3-Clause
/*
 * stage1.c - the walk of a guest's own tables, as far as an abort on the way has to tell of it.
 */
#include "base/bits.h"
#include "kvm/core/vm.h"
#include "kvm/mem/guest_mem.h"
#include "kvm/ordinary/ordinary.h"
#include "kvm/vcpu/sysreg.h"
#include "kvm/vcpu/vcpu.h"
#include "machine/memory.h"

#define REG(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)
#define TTBR0_EL1		     REG(3, 0, 2, 0, 0)
#define TTBR1_EL1		     REG(3, 0, 2, 0, 1)
#define TCR_EL1			     REG(3, 0, 2, 0, 2)

#define UPPER	  BIT(55) /* of an address: TTBR1 */
#define TTBR_ADDR MASK(47, 1)
#define DESC_ADDR MASK(47, 12)
#define IS_TABLE  3

struct regime {
	uint64_t base;
	unsigned int granule; /* log2 of a table's size */
	unsigned int size;    /* bits of an address */
};

static struct regime regime_of(struct kvm_vcpu *v, uint64_t va)
{
	static const unsigned int tg0[4] = {12, 16, 14, 12}, tg1[4] = {12, 14, 12, 16};
	uint64_t tcr = *sysreg_shadow(v, TCR_EL1);

	if (va & UPPER)
		return (struct regime){*sysreg_shadow(v, TTBR1_EL1) & TTBR_ADDR,
				       tg1[FIELD_GET(MASK(31, 30), tcr)],
				       64 - (unsigned int)FIELD_GET(MASK(21, 16), tcr)};
	return (struct regime){*sysreg_shadow(v, TTBR0_EL1) & TTBR_ADDR,
			       tg0[FIELD_GET(MASK(15, 14), tcr)],
			       64 - (unsigned int)FIELD_GET(MASK(5, 0), tcr)};
}

int stage1_level(struct kvm_vcpu *v, uint64_t va, uint64_t page)
{
	struct regime r;
	unsigned int stride;
	uint64_t table, desc;
	int level;

	ordinary_fetch(v);
	r = regime_of(v, va);
	if (r.size <= r.granule || r.size > 48)
		return -1;
	stride = r.granule - 3;
	level = 4 - (int)((r.size - r.granule + stride - 1) / stride);
	va &= MASK(r.size - 1, 0);
	for (table = r.base; level >= 0 && level <= 3; level++) {
		uint64_t index = va >> (r.granule + stride * (unsigned int)(3 - level));

		va &= MASK(r.granule + stride * (unsigned int)(3 - level) - 1, 0);
		if ((table + 8 * index) >> GRANULE_SHIFT == page)
			return level;
		if (guest_mem_read(v->vm, table + 8 * index, &desc, sizeof(desc)) ||
		    (desc & 3) != IS_TABLE)
			return -1;
		table = desc & DESC_ADDR;
	}
	return -1;
}
