/* SPDX-License-Identifier: BSD-3-Clause */
/* esr.h - syndromes of REC exits, as ESR_EL2 and HPFAR_EL2 lay them out (Arm ARM D24). */
#ifndef KVM_ESR_H
#define KVM_ESR_H

#include "abi/arm.h"
#include "abi/kvm.h"
#include "base/bits.h"

#define ESR_EC(esr) ((unsigned int)((esr) >> 26) & 0x3f)

#define HPFAR_FIPA MASK(43, 4)

/* data aborts */
#define ESR_ISS_ISV	   BIT(24)
#define ESR_ABT_SIZE(esr)  (1u << (((esr) >> 22) & 3)) /* bytes */
#define ESR_ABT_SIGN	   BIT(21)
#define ESR_ABT_64BIT	   BIT(15)
#define ESR_ABT_SRT(esr)   ((unsigned int)((esr) >> 16) & 0x1f)
#define ESR_ABT_S1PTW	   BIT(7)
#define ESR_ABT_WRITE(esr) (((esr)&BIT(6)) && !((esr)&ESR_ABT_S1PTW))

/* MSR, MRS */
#define ESR_SYS_READ	BIT(0)
#define ESR_SYS_RT(esr) ((unsigned int)((esr) >> 5) & 0x1f)
#define ESR_SYS_REG	(MASK(21, 10) | MASK(4, 1))
#define ESR_SYS(op0, op1, crn, crm, op2)                                                           \
	((uint64_t)(op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
/* The ONE_REG id of the register that was accessed. */
static inline uint64_t esr_sysreg_id(uint64_t esr)
{
	return ARM64_SYS_REG(FIELD_GET(MASK(21, 20), esr), FIELD_GET(MASK(16, 14), esr),
			     FIELD_GET(MASK(13, 10), esr), FIELD_GET(MASK(4, 1), esr),
			     FIELD_GET(MASK(19, 17), esr));
}
#define ESR_SYS_ICC_DIR	   ESR_SYS(3, 0, 12, 11, 1)
#define ESR_SYS_ICC_SGI1R  ESR_SYS(3, 0, 12, 11, 5)
#define ESR_SYS_ICC_ASGI1R ESR_SYS(3, 0, 12, 11, 6)
#define ESR_SYS_ICC_SGI0R  ESR_SYS(3, 0, 12, 11, 7)

#endif
