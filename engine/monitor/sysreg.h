/* SPDX-License-Identifier: BSD-3-Clause */
/* sysreg.h - access to system registers and the bits of them that the monitor sets. */
#ifndef MONITOR_SYSREG_H
#define MONITOR_SYSREG_H

#include <stdint.h>

#include "abi/arm.h"

#define SYSREG_NAME(reg) #reg
#define read_sysreg(reg)                                                                           \
	({                                                                                         \
		uint64_t val_;                                                                     \
		__asm__ volatile("mrs %0, " SYSREG_NAME(reg) : "=r"(val_));                        \
		val_;                                                                              \
	})
#define write_sysreg(reg, val)                                                                     \
	__asm__ volatile("msr " SYSREG_NAME(reg) ", %x0" : : "rZ"((uint64_t)(val)))

#define isb()	  __asm__ volatile("isb" : : : "memory")
#define dsb_ish() __asm__ volatile("dsb ish" : : : "memory")
#define dmb_ish() __asm__ volatile("dmb ish" : : : "memory")
#define wfi()	  __asm__ volatile("wfi" : : : "memory")

/* Names that the assembler knows only with SVE. */
#define ZCR_EL1 s3_0_c1_c2_0
#define ZCR_EL2 s3_4_c1_c2_0

#define PFR0_SVE (UINT64_C(0xf) << 32)

#define CPTR_RES1 UINT64_C(0x32ff)
#define CPTR_TZ	  (UINT64_C(1) << 8)
#define CPTR_TSM  (UINT64_C(1) << 12)
#define CPTR_TTA  (UINT64_C(1) << 20)
#define CPTR_TAM  (UINT64_C(1) << 30)

#define MDCR_TPMCR   (UINT64_C(1) << 5)
#define MDCR_TPM     (UINT64_C(1) << 6)
#define MDCR_HPMD    (UINT64_C(1) << 17) /* event counters, and the cycle counter: not at EL2 */
#define MDCR_HCCD    (UINT64_C(1) << 23)
#define PMCR_N_SHIFT 11
#define PMCR_N(pmcr) (((pmcr) >> PMCR_N_SHIFT) & 0x1f)

#define CNTHCTL_EL1PCTEN (UINT64_C(1) << 0)
#define CNTHCTL_EL1PCEN	 (UINT64_C(1) << 1)

#define CNT_CTL_ENABLE	(UINT64_C(1) << 0)
#define CNT_CTL_IMASK	(UINT64_C(1) << 1)
#define CNT_CTL_ISTATUS (UINT64_C(1) << 2)

#define CTR_IDC	     (UINT64_C(1) << 28)
#define CTR_IMINLINE UINT64_C(0xf)
#define CTR_DIC	     (UINT64_C(1) << 29)

#define ICH_HCR_MAINTENANCE UINT64_C(0xfe) /* the enables of the maintenance interrupt */
#define ICH_LR_STATE	    (UINT64_C(3) << 62)
#define ICH_LR_EOI	    (UINT64_C(1) << 41)
#define ICH_LR_VINTID	    UINT64_C(0xffffffff)
#define ICH_MISR_EOI	    (UINT64_C(1) << 0)

#define ESR_EC(esr)	   ((uint32_t)((esr) >> 26) & 0x3f)
#define ESR_EC_SYSREG	   0x18
#define ESR_SYSREG_READ	   (UINT64_C(1) << 0)
#define ESR_SYSREG_RT(esr) (((esr) >> 5) & 0x1f)
/* op0, op1, CRn, CRm, op2 of the trapped access, as they lie in the syndrome */
#define ESR_SYSREG_OP(esr) ((esr)&UINT64_C(0x3ffc1e))
#define ESR_SYSREG(op0, op1, crn, crm, op2)                                                        \
	((UINT64_C(0) + (op0)) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)

#endif
