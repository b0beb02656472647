// SPDX-License-Identifier: BSD-3-Clause
/* gic.c - the list registers that the host fills: checked before the CPU gets them. */
#include "base/bits.h"
#include "rmm/entry.h"
#include "rmm/rules.h"

#define LR_STATE	 MASK(63, 62)
#define LR_HW		 BIT(61)
#define LR_RES0		 (MASK(59, 56) | MASK(47, 45))
#define LR_PRIORITY_RES0 MASK(50, 48) /* 5 of 8 priority bits */
#define LR_PINTID	 MASK(44, 32)
#define LR_EOI		 BIT(41)
#define LR_VINTID	 MASK(31, 0)

static bool vintid_is_valid(uint64_t id)
{
	return id <= 1019 || (id >= 8192 && id < 65536);
}

static result check_lr(const uint64_t *lrs, unsigned int n)
{
	uint64_t lr = lrs[n];

	if (lr & LR_HW)
		return &rule_rmi_enter_lr_hw;
	if (lr & LR_PINTID & ~LR_EOI)
		return &rule_rmi_enter_lr_pintid;
	if (lr & LR_RES0)
		return &rule_rmi_enter_lr_reserved;
	if (lr & LR_PRIORITY_RES0)
		return &rule_rmi_enter_lr_priority;
	if (!vintid_is_valid(lr & LR_VINTID))
		return &rule_rmi_enter_lr_vintid;
	for (unsigned int i = 0; i < n; i++)
		if ((lrs[i] & LR_STATE) && (lrs[i] & LR_VINTID) == (lr & LR_VINTID))
			return &rule_rmi_enter_lr_twice;
	return OK;
}

result gic_check_enter(const struct rec_entry *e)
{
	if (e->enter.gicv3_hcr & ~GIC_HOST_HCR)
		return &rule_rmi_enter_gic_hcr;
	for (unsigned int n = 0; n < rmm_num_lrs(e->rmm); n++) {
		result r = e->enter.gicv3_lrs[n] & LR_STATE ? check_lr(e->enter.gicv3_lrs, n) : OK;

		if (r)
			return r;
	}
	return OK;
}
