/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * el1.h - a synchronous exception to EL1, taken by software on a vCPU's behalf (Arm ARM,
 * AArch64.TakeException).
 */
#ifndef ENGINE_EL1_H
#define ENGINE_EL1_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/arm.h"
#include "engine/engine.h"

#define EL1_SCTLR_SPAN	(UINT64_C(1) << 23)
#define EL1_SCTLR_DSSBS (UINT64_C(1) << 44)
#define EL1_PSTATE_KEPT (PSTATE_PAN | PSTATE_DIT)

static inline bool el1_is_from_el0(uint64_t pstate)
{
	return (pstate & PSTATE_AARCH32) || (pstate & PSTATE_MODE) == PSTATE_EL0;
}

static inline uint64_t el1_vector_offset(uint64_t pstate)
{
	if (pstate & PSTATE_AARCH32)
		return 0x600;
	if (el1_is_from_el0(pstate))
		return 0x400;
	return (pstate & PSTATE_MODE) == PSTATE_EL1H ? 0x200 : 0;
}

/* The vCPU is at the vector then. `far`: NULL, FAR_EL1 stays. */
static inline void el1_take_exception(uint64_t sys[ENGINE_NUM_SYSREGS], uint64_t *pc,
				      uint64_t *pstate, uint64_t esr, const uint64_t *far)
{
	uint64_t sctlr = sys[ENGINE_SCTLR_EL1], old = *pstate;

	sys[ENGINE_ESR_EL1] = esr;
	sys[ENGINE_ELR_EL1] = *pc;
	sys[ENGINE_SPSR_EL1] = old;
	if (far)
		sys[ENGINE_FAR_EL1] = *far;
	*pc = sys[ENGINE_VBAR_EL1] + el1_vector_offset(old);
	*pstate = PSTATE_RESET | (old & EL1_PSTATE_KEPT) |
		  (sctlr & EL1_SCTLR_SPAN ? 0 : PSTATE_PAN) |
		  (sctlr & EL1_SCTLR_DSSBS ? PSTATE_SSBS : 0);
}

#endif
