// SPDX-License-Identifier: BSD-3-Clause
/*
 * stage1.c - the walk of a guest's own tables, as far as an abort on the way has to tell of it.
 *
 * Addresses of 52 bits only with LPA2 (TCR_EL1.DS), which is what a VM is shown if at all.
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

#define UPPER	   BIT(55) /* of an address: TTBR1 */
#define TTBR_ADDR  MASK(47, 1)
#define DESC_ADDR  MASK(47, 12)
#define IS_TABLE   3
#define TCR_DS	   BIT(59)
#define TCR_IPS	   MASK(34, 32)
#define IPS_52	   6
/* With DS; the first two with IPS_52 only. */
#define TTBR_51_48 MASK(5, 2)
#define DESC_51_50 MASK(9, 8)
#define DESC_49_48 MASK(49, 48)

struct regime {
	uint64_t base;
	unsigned int granule; /* log2 of a table's size */
	unsigned int size;    /* bits of an address */
	bool lpa2, wide;      /* descriptors are those of LPA2; and addresses have 52 bits */
};

static struct regime regime_of(struct kvm_vcpu *v, uint64_t va)
{
	static const unsigned int tg0[4] = {12, 16, 14, 12}, tg1[4] = {12, 14, 12, 16};
	uint64_t tcr = *sysreg_shadow(v, TCR_EL1), ttbr;
	struct regime r = {0};

	if (va & UPPER) {
		ttbr = *sysreg_shadow(v, TTBR1_EL1);
		r.granule = tg1[FIELD_GET(MASK(31, 30), tcr)];
		r.size = 64 - (unsigned int)FIELD_GET(MASK(21, 16), tcr);
	} else {
		ttbr = *sysreg_shadow(v, TTBR0_EL1);
		r.granule = tg0[FIELD_GET(MASK(15, 14), tcr)];
		r.size = 64 - (unsigned int)FIELD_GET(MASK(5, 0), tcr);
	}
	r.lpa2 = (tcr & TCR_DS) && r.granule != 16;
	r.wide = r.lpa2 && FIELD_GET(TCR_IPS, tcr) == IPS_52;
	r.base = ttbr & TTBR_ADDR;
	if (r.wide)
		r.base = (r.base & ~MASK(5, 0)) | FIELD_GET(TTBR_51_48, ttbr) << 48;
	return r;
}

static uint64_t table_of(const struct regime *r, uint64_t desc)
{
	return (desc & DESC_ADDR) | (r->lpa2 ? desc & DESC_49_48 : 0) |
	       (r->wide ? FIELD_GET(DESC_51_50, desc) << 50 : 0);
}

bool stage1_level(struct kvm_vcpu *v, uint64_t va, uint64_t page, int *level)
{
	struct regime r;
	unsigned int stride;
	uint64_t table, desc;

	ordinary_fetch(v);
	r = regime_of(v, va);
	if (r.size <= r.granule || r.size > (r.lpa2 ? 52 : 48))
		return false;
	stride = r.granule - 3;
	*level = 4 - (int)((r.size - r.granule + stride - 1) / stride);
	va &= MASK(r.size - 1, 0);
	for (table = r.base; *level <= 3; ++*level) {
		unsigned int shift = r.granule + stride * (unsigned int)(3 - *level);
		uint64_t index = va >> shift;

		va &= MASK(shift - 1, 0);
		if ((table + 8 * index) >> GRANULE_SHIFT == page)
			return true;
		if (guest_mem_read(v->vm, table + 8 * index, &desc, sizeof(desc)) ||
		    (desc & 3) != IS_TABLE)
			return false;
		table = table_of(&r, desc);
	}
	return false;
}
