// SPDX-License-Identifier: BSD-3-Clause
/*
 * idregs.c - one table of the CPU's feature ID registers, by field, with both views of them.
 *
 * The CPU is QEMU 7.2's max with pauth-impdef, as EL2 reads it (SVE and SME off): later versions
 * can do more, and nobody is shown it, so that realms read the same everywhere. In general
 *
 *	realm	is what the CPU can do at EL0 and EL1 without what the RMM does not carry from one
 *		entry to the next; EL2 and EL3 are there, as on any machine with realms.
 *	vm	is what the kernel layer has shown from its first day on: VMMs save and compare
 *		these values, so it changes for a reason only, and never with the view of realms.
 *
 * The comment of a row says why a view is not the CPU.
 */
#include "machine/idregs.h"

#include <stddef.h>

#include "base/bits.h"

static const struct field {
	uint8_t index, lsb;
	uint8_t cpu, realm, vm;
} fields[] = {
	{IDREG_AA64PFR0, 0, 2, 1, 1},  /* EL0: no AArch32 */
	{IDREG_AA64PFR0, 4, 2, 1, 1},  /* EL1: no AArch32 */
	{IDREG_AA64PFR0, 8, 2, 1, 0},  /* EL2: a VM has no nested virtualization */
	{IDREG_AA64PFR0, 12, 0, 1, 0}, /* EL3: guests take it for a sign of realms */
	{IDREG_AA64PFR0, 16, 1, 1, 1}, /* FP: half precision */
	{IDREG_AA64PFR0, 20, 1, 1, 1}, /* AdvSIMD */
	{IDREG_AA64PFR0, 24, 1, 1, 1}, /* GIC: v3 registers */
	{IDREG_AA64PFR0, 28, 2, 0, 1}, /* RAS: no error record is anybody's; a VM has SErrors */
	{IDREG_AA64PFR0, 36, 1, 0, 0}, /* SEL2: Secure state is not there */
	{IDREG_AA64PFR0, 48, 1, 1, 0}, /* DIT: never shown to a VM */
	{IDREG_AA64PFR0, 56, 2, 1, 1}, /* CSV2: the context number registers are not carried */
	{IDREG_AA64PFR0, 60, 1, 1, 1}, /* CSV3 */

	{IDREG_AA64PFR1, 0, 1, 1, 1}, /* BT */
	{IDREG_AA64PFR1, 4, 2, 2, 2}, /* SSBS: MSR and MRS, too */

	{IDREG_AA64DFR0, 0, 9, 9, 10}, /* DebugVer: a kernel answered 10, and VMMs compare it */
	{IDREG_AA64DFR0, 8, 6, 0, 0},  /* PMUVer: the VM's own; a realm has none */
	{IDREG_AA64DFR0, 12, 5, 0, 0}, /* BRPs: the realm's, the VM's own */
	{IDREG_AA64DFR0, 20, 3, 0, 0}, /* WRPs: the same */
	{IDREG_AA64DFR0, 28, 1, 0, 0}, /* CTX_CMPs: the VM's own */

	{IDREG_AA64ISAR0, 4, 2, 2, 2},	/* AES: PMULL, too */
	{IDREG_AA64ISAR0, 8, 1, 1, 1},	/* SHA1 */
	{IDREG_AA64ISAR0, 12, 2, 2, 2}, /* SHA2: 512, too */
	{IDREG_AA64ISAR0, 16, 1, 1, 1}, /* CRC32 */
	{IDREG_AA64ISAR0, 20, 2, 2, 2}, /* Atomic */
	{IDREG_AA64ISAR0, 28, 1, 1, 1}, /* RDM */
	{IDREG_AA64ISAR0, 32, 1, 1, 1}, /* SHA3 */
	{IDREG_AA64ISAR0, 36, 1, 1, 1}, /* SM3 */
	{IDREG_AA64ISAR0, 40, 1, 1, 1}, /* SM4 */
	{IDREG_AA64ISAR0, 44, 1, 1, 1}, /* DP */
	{IDREG_AA64ISAR0, 48, 1, 1, 1}, /* FHM */
	{IDREG_AA64ISAR0, 52, 2, 2, 2}, /* TS: FlagM2 */
	{IDREG_AA64ISAR0, 56, 2, 2, 0}, /* TLB: ranges, the outer domain; never shown to a VM */
	{IDREG_AA64ISAR0, 60, 1, 1, 1}, /* RNDR */

	{IDREG_AA64ISAR1, 0, 2, 2, 2},	/* DPB */
	{IDREG_AA64ISAR1, 8, 1, 1, 0},	/* API: of a VM with the feature, which sets it */
	{IDREG_AA64ISAR1, 12, 1, 1, 1}, /* JSCVT */
	{IDREG_AA64ISAR1, 16, 1, 1, 1}, /* FCMA */
	{IDREG_AA64ISAR1, 20, 2, 2, 2}, /* LRCPC */
	{IDREG_AA64ISAR1, 28, 1, 1, 1}, /* GPI */
	{IDREG_AA64ISAR1, 32, 1, 1, 1}, /* FRINTTS */
	{IDREG_AA64ISAR1, 36, 1, 1, 1}, /* SB */
	{IDREG_AA64ISAR1, 40, 1, 1, 1}, /* SPECRES */
	{IDREG_AA64ISAR1, 44, 1, 1, 1}, /* BF16 */
	{IDREG_AA64ISAR1, 48, 1, 1, 0}, /* DGH: a hint; never shown to a VM */
	{IDREG_AA64ISAR1, 52, 1, 1, 1}, /* I8MM */

	{IDREG_AA64MMFR0, 0, 6, 5, 5},	/* PARange: 48 bits, without LPA2 */
	{IDREG_AA64MMFR0, 4, 2, 2, 2},	/* ASIDBits */
	{IDREG_AA64MMFR0, 8, 1, 1, 1},	/* BigEnd */
	{IDREG_AA64MMFR0, 12, 1, 0, 1}, /* SNSMem: Secure memory, which a realm cannot have */
	{IDREG_AA64MMFR0, 20, 2, 1, 1}, /* TGran16: the same */
	{IDREG_AA64MMFR0, 28, 1, 0, 0}, /* TGran4: the same */
	{IDREG_AA64MMFR0, 32, 3, 0, 0}, /* TGran16_2, and the two below: of stage 2 */
	{IDREG_AA64MMFR0, 36, 2, 0, 0}, /* TGran64_2 */
	{IDREG_AA64MMFR0, 40, 3, 0, 0}, /* TGran4_2 */

	{IDREG_AA64MMFR1, 0, 2, 2, 2},	/* HAFDBS */
	{IDREG_AA64MMFR1, 4, 2, 0, 2},	/* VMIDBits: of EL2, which a realm does not drive */
	{IDREG_AA64MMFR1, 8, 1, 0, 1},	/* VH: the same */
	{IDREG_AA64MMFR1, 12, 1, 1, 1}, /* HPDS */
	{IDREG_AA64MMFR1, 16, 1, 0, 1}, /* LO: its registers are not carried */
	{IDREG_AA64MMFR1, 20, 2, 2, 2}, /* PAN */
	{IDREG_AA64MMFR1, 28, 1, 0, 1}, /* XNX: of stage 2 */
	{IDREG_AA64MMFR1, 36, 1, 1, 0}, /* ETS: never shown to a VM */
	{IDREG_AA64MMFR1, 40, 1, 0, 0}, /* HCX: of EL2 */

	{IDREG_AA64MMFR2, 0, 1, 1, 1},	/* CnP */
	{IDREG_AA64MMFR2, 4, 1, 1, 1},	/* UAO */
	{IDREG_AA64MMFR2, 12, 1, 0, 1}, /* IESB: with RAS */
	{IDREG_AA64MMFR2, 16, 1, 0, 0}, /* VARange: 48 bits, as PARange */
	{IDREG_AA64MMFR2, 28, 1, 1, 0}, /* ST: never shown to a VM, as those below */
	{IDREG_AA64MMFR2, 36, 1, 0, 0}, /* IDS: which traps there are is the hypervisor's */
	{IDREG_AA64MMFR2, 40, 1, 0, 0}, /* FWB: of stage 2 */
	{IDREG_AA64MMFR2, 48, 1, 1, 0}, /* TTL */
	{IDREG_AA64MMFR2, 52, 2, 2, 0}, /* BBM */
	{IDREG_AA64MMFR2, 60, 1, 1, 0}, /* E0PD */
};

static uint64_t value(unsigned int index, size_t view)
{
	uint64_t v = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].index == index)
			v |= (uint64_t)((const uint8_t *)&fields[i])[view] << fields[i].lsb;
	return v;
}

uint64_t idreg_cpu(unsigned int index)
{
	return value(index, offsetof(struct field, cpu));
}

uint64_t idreg_of_realm(unsigned int index)
{
	return value(index, offsetof(struct field, realm));
}

uint64_t idreg_of_vm(unsigned int index)
{
	return value(index, offsetof(struct field, vm));
}

#define PFR0_SVE (UINT64_C(1) << 32)
/* SVE2, its AES with PMULL, bit permutation, BF16, SHA3, SM4, I8MM, F32MM, F64MM */
#define ZFR0	 UINT64_C(0x0110110100110021)

uint64_t idreg_of_sve(unsigned int index)
{
	switch (index) {
	case IDREG_AA64PFR0:
		return PFR0_SVE;
	case IDREG_AA64ZFR0:
		return ZFR0;
	}
	return 0;
}

/* PARange, TGran16, TGran4. */
#define LPA2_FIELDS (MASK(3, 0) | MASK(23, 20) | MASK(31, 28))

uint64_t idreg_with_lpa2(unsigned int index, uint64_t val)
{
	if (index != IDREG_AA64MMFR0)
		return val;
	return (val & ~LPA2_FIELDS) | (idreg_cpu(index) & LPA2_FIELDS);
}
