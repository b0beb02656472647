/* SPDX-License-Identifier: BSD-3-Clause */
/* stage2.h - VTCR_EL2: how the tables of a stage 2 are to be read (DDI 0487, D17.2). */
#ifndef ABI_STAGE2_H
#define ABI_STAGE2_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/arm.h"

#define VTCR_T0SZ(ipa_bits) (64 - (uint64_t)(ipa_bits))
#define VTCR_SL0(level)	    ((uint64_t)(2 - (level)) << 6)
#define VTCR_IRGN0_WBWA	    ARM_BIT(8)
#define VTCR_ORGN0_WBWA	    ARM_BIT(10)
#define VTCR_SH0_INNER	    (ARM_BIT(12) | ARM_BIT(13))
#define VTCR_PS_48	    (UINT64_C(5) << 16)
#define VTCR_PS_52	    (UINT64_C(6) << 16)
#define VTCR_HA		    ARM_BIT(21) /* FEAT_HAFDBS: the CPU sets access flags */
#define VTCR_RES1	    ARM_BIT(31)
#define VTCR_DS		    ARM_BIT(32) /* FEAT_LPA2: descriptors with 52-bit addresses */
#define VTCR_SL2	    ARM_BIT(33) /* with DS: the walk begins at level -1 */

/* Of tables with 4 KiB pages in Normal Write-Back Inner Shareable memory, for so many bits of IPA,
 * that begin at this level (-1: with LPA2 only). */
static inline uint64_t vtcr_make(unsigned int ipa_bits, int start_level, bool lpa2)
{
	return VTCR_T0SZ(ipa_bits) | (start_level < 0 ? VTCR_SL2 : VTCR_SL0(start_level)) |
	       VTCR_IRGN0_WBWA | VTCR_ORGN0_WBWA | VTCR_SH0_INNER | VTCR_RES1 |
	       (lpa2 ? VTCR_PS_52 | VTCR_DS : VTCR_PS_48);
}

#endif
