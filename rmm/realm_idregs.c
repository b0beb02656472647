// SPDX-License-Identifier: BSD-3-Clause
/*
 * realm_idregs.c - the ID registers that a realm reads: the machine's view for realms, whatever
 * the QEMU version, with the realm's own numbers of breakpoints and watchpoints, and SVE, PMU and
 * LPA2 if it has those.
 */
#include "machine/idregs.h"

#include "base/bits.h"
#include "rmm/entry.h"

#define DFR0_PMUVER MASK(11, 8)
#define DFR0_BRPS   MASK(15, 12) /* numbers minus one */
#define DFR0_WRPS   MASK(23, 20)

uint64_t idreg_read(const struct rd *rd, unsigned int crm, unsigned int op2)
{
	unsigned int index = crm * 8 + op2;
	uint64_t v = idreg_of_realm(index);

	if (rd_lpa2(rd))
		v = idreg_with_lpa2(index, v);
	if (index == IDREG_AA64DFR0)
		v |= FIELD_PUT(DFR0_BRPS, rd->num_bps) | FIELD_PUT(DFR0_WRPS, rd->num_wps) |
		     FIELD_PUT(DFR0_PMUVER, rd->pmu ? IDREG_PMUVER : 0);
	if (rd->sve_vq)
		v |= idreg_of_sve(index);
	return v;
}
