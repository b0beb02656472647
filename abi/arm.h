/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arm.h - bits of AArch64 system registers that the host, the RMM and the monitor all know (Arm ARM
 * D24, GIC architecture 12): syndromes, hypervisor controls, PSTATE. Bare-metal code includes it.
 */
#ifndef ABI_ARM_H
#define ABI_ARM_H

#include <stdint.h>

#define ARM_BIT(n) (UINT64_C(1) << (n))

/* ---- ESR_ELx: the exception class in bits 31:26 ---- */
#define EC_UNKNOWN     0x00
#define EC_WFX	       0x01
#define EC_FP	       0x07
#define EC_HVC64       0x16
#define EC_SMC64       0x17
#define EC_SYS64       0x18
#define EC_SVE	       0x19
#define EC_SME	       0x1d
#define EC_IABT_LOW    0x20
#define EC_IABT_CUR    0x21
#define EC_DABT_LOW    0x24
#define EC_DABT_CUR    0x25
#define EC_SERROR      0x2f
#define EC_BREAKPT_LOW 0x30
#define EC_SOFTSTP_LOW 0x32
#define EC_WATCHPT_LOW 0x34
#define EC_BKPT32      0x38
#define EC_VECTOR32    0x3a
#define EC_BRK64       0x3c

/* ---- HCR_EL2 ---- */
#define HCR_VM	   ARM_BIT(0)
#define HCR_SWIO   ARM_BIT(1)
#define HCR_PTW	   ARM_BIT(2)
#define HCR_FMO	   ARM_BIT(3)
#define HCR_IMO	   ARM_BIT(4)
#define HCR_AMO	   ARM_BIT(5)
#define HCR_VF	   ARM_BIT(6)
#define HCR_VI	   ARM_BIT(7)
#define HCR_VSE	   ARM_BIT(8)
#define HCR_BSU_IS ARM_BIT(10)
#define HCR_TWI	   ARM_BIT(13)
#define HCR_TWE	   ARM_BIT(14)
#define HCR_TID1   ARM_BIT(16)
#define HCR_TID2   ARM_BIT(17)
#define HCR_TID3   ARM_BIT(18)
#define HCR_TSC	   ARM_BIT(19)
#define HCR_TPU	   ARM_BIT(24)
#define HCR_TGE	   ARM_BIT(27)
#define HCR_RW	   ARM_BIT(31)
#define HCR_E2H	   ARM_BIT(34)
#define HCR_TEA	   ARM_BIT(37)
#define HCR_APK	   ARM_BIT(40)
#define HCR_API	   ARM_BIT(41)
#define HCR_FWB	   ARM_BIT(46)

/* ---- MDSCR_EL1 ---- */
#define MDSCR_SS  ARM_BIT(0)
#define MDSCR_KDE ARM_BIT(13)
#define MDSCR_MDE ARM_BIT(15)

/* ---- ICH_HCR_EL2 ---- */
#define ICH_HCR_EN	 ARM_BIT(0)
#define ICH_HCR_UIE	 ARM_BIT(1)
#define ICH_HCR_LRENPIE	 ARM_BIT(2)
#define ICH_HCR_VSGIEOI	 ARM_BIT(8)
#define ICH_HCR_TC	 ARM_BIT(10)
#define ICH_HCR_TALL0	 ARM_BIT(11)
#define ICH_HCR_TALL1	 ARM_BIT(12)
#define ICH_HCR_TDIR	 ARM_BIT(14)
#define ICH_HCR_DVIM	 ARM_BIT(15)
#define ICH_HCR_EOICOUNT (UINT64_C(0x1f) << 27)

/* ---- PSTATE, SPSR_ELx ---- */
#define PSTATE_MODE    UINT64_C(0xf)
#define PSTATE_AARCH32 ARM_BIT(4)
#define PSTATE_EL0     UINT64_C(0x0)
#define PSTATE_EL1H    UINT64_C(0x5)
#define PSTATE_D       ARM_BIT(9)
#define PSTATE_SSBS    ARM_BIT(12)
#define PSTATE_ALLINT  ARM_BIT(13)
#define PSTATE_SS      ARM_BIT(21)
#define PSTATE_PAN     ARM_BIT(22)
#define PSTATE_DIT     ARM_BIT(24)
#define PSTATE_RESET   UINT64_C(0x3c5) /* EL1h; D, A, I, F masked */

_Static_assert(HCR_RW == 0x80000000, "HCR_EL2.RW");
_Static_assert(ICH_HCR_EOICOUNT == 0xf8000000, "ICH_HCR_EL2.EOIcount");

#endif
