// SPDX-License-Identifier: BSD-3-Clause
/*
 * idregs.c - the ID registers that every realm reads, whatever the QEMU version: those of a CPU
 * like QEMU 7.2's max with pauth-impdef, without what a realm cannot have (AArch32, RAS, MTE, AMU,
 * SPE, trace, PMU, SVE, SME, LPA2). EL2 and EL3 are there, as in any machine with realms. The
 * numbers of breakpoints and watchpoints are the realm's own. All others of the space read as zero.
 */
#include "base/bits.h"
#include "rmm/entry.h"

#define DFR0_CRM  5
#define DFR0_OP2  0
#define F(lsb, v) ((uint64_t)(v) << (lsb))

static const struct {
	uint8_t crm, op2;
	uint64_t value;
} idregs[] = {
	/* ID_AA64PFR0_EL1: EL0 to EL3 in AArch64 alone, half-precision FP and SIMD, GICv3, DIT,
	 * CSV2, CSV3 */
	{4, 0,
	 F(0, 1) | F(4, 1) | F(8, 1) | F(12, 1) | F(16, 1) | F(20, 1) | F(24, 1) | F(48, 1) |
		 F(56, 1) | F(60, 1)},
	/* ID_AA64PFR1_EL1: BTI, SSBS with MSR and MRS */
	{4, 1, F(0, 1) | F(4, 2)},
	/* ID_AA64DFR0_EL1: Armv8.4 debug; see below */
	{DFR0_CRM, DFR0_OP2, F(0, 9)},
	/* ID_AA64ISAR0_EL1: AES+PMULL, SHA1, SHA512, CRC32, LSE, RDM, SHA3, SM3, SM4, DP, FHM,
	 * FlagM2, TLBI range, RNDR */
	{6, 0, UINT64_C(0x1221111110212120)},
	/* ID_AA64ISAR1_EL1: DPB2, PAuth (IMPDEF algorithm, address and generic), JSCVT, FCMA,
	 * LRCPC2, FRINTTS, SB, SPECRES, BF16, DGH, I8MM */
	{6, 1, UINT64_C(0x0011111110211102)},
	/* ID_AA64MMFR0_EL1: 48-bit PA, 16-bit ASID, mixed endian, 4, 16 and 64 KiB granules */
	{7, 0, F(0, 5) | F(4, 2) | F(8, 1) | F(20, 1)},
	/* ID_AA64MMFR1_EL1: hardware access flag and dirty state, HPDS, PAN2, ETS */
	{7, 1, F(0, 2) | F(12, 1) | F(20, 2) | F(36, 1)},
	/* ID_AA64MMFR2_EL1: CnP, UAO, small translation tables, TTL, BBM level 2, E0PD */
	{7, 2, F(0, 1) | F(4, 1) | F(28, 1) | F(48, 1) | F(52, 2) | F(60, 1)},
};

uint64_t idreg_read(const struct rd *rd, unsigned int crm, unsigned int op2)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(idregs); i++)
		if (idregs[i].crm == crm && idregs[i].op2 == op2)
			v = idregs[i].value;
	if (crm == DFR0_CRM && op2 == DFR0_OP2)
		v |= F(12, rd->num_bps) | F(20, rd->num_wps);
	return v;
}
