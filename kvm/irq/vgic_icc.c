// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_icc.c - the CPU interface registers that user space saves and restores (CPU_SYSREGS).
 *
 * Most are fields of ICH_VMCR_EL2. A realm's CPU interface belongs to the RMM: what user space
 * writes here stays here, and each exit replaces the VMCR by what the RMM reports.
 */
#include "kvm/irq/vgic_internal.h"

#define ICC(crn, crm, op2) (3 << 14 | 0 << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define ICC_PMR		   ICC(4, 6, 0)
#define ICC_BPR0	   ICC(12, 8, 3)
#define ICC_AP0R(n)	   ICC(12, 8, 4 + (n))
#define ICC_AP1R(n)	   ICC(12, 9, n)
#define ICC_BPR1	   ICC(12, 12, 3)
#define ICC_CTLR	   ICC(12, 12, 4)
#define ICC_SRE		   ICC(12, 12, 5)
#define ICC_IGRPEN0	   ICC(12, 12, 6)
#define ICC_IGRPEN1	   ICC(12, 12, 7)

#define CTLR_CBPR	BIT(0)
#define CTLR_EOIMODE	BIT(1)
#define CTLR_PRIBITS	MASK(10, 8)
#define CTLR_IDBITS	MASK(13, 11)
#define CTLR_SEIS	BIT(14)
#define CTLR_A3V	BIT(15)
#define ID_BITS_24	1
#define SRE_SRE		BIT(0)
#define SRE_ALL		7     /* system registers only, no bypass: fixed */
#define PENDBASER_RESET 0x580 /* inner shareable, write-back */

void vgic_icc_reset(struct vgic_cpu *c)
{
	c->vmcr = 0;
	c->pendbaser = PENDBASER_RESET;
	c->apr[0] = c->apr[1] = 0;
	c->pri_bits = VGIC_PRI_BITS;
	c->id_bits = ID_BITS_24;
}

static void vmcr_put(struct vgic_cpu *c, uint64_t mask, uint64_t val)
{
	c->vmcr = (c->vmcr & ~mask) | FIELD_PUT(mask, val);
}

static uint64_t get_ctlr(const struct vgic_cpu *c)
{
	return FIELD_PUT(CTLR_PRIBITS, c->pri_bits - 1) | FIELD_PUT(CTLR_IDBITS, c->id_bits) |
	       CTLR_A3V | FIELD_PUT(CTLR_CBPR, FIELD_GET(VMCR_CBPR, c->vmcr)) |
	       FIELD_PUT(CTLR_EOIMODE, FIELD_GET(VMCR_EOIM, c->vmcr));
}

static result set_ctlr(struct vgic_cpu *c, uint64_t val)
{
	unsigned int pri = FIELD_GET(CTLR_PRIBITS, val) + 1;
	unsigned int id = FIELD_GET(CTLR_IDBITS, val);

	/* Fewer bits than the hardware has can be presented, not more. */
	if (pri > c->pri_bits)
		return &rule_kvm_vgic_sysreg_value;
	c->pri_bits = pri;
	if (id > c->id_bits)
		return &rule_kvm_vgic_sysreg_value;
	c->id_bits = id;
	if ((val & (CTLR_SEIS | CTLR_A3V)) != CTLR_A3V)
		return &rule_kvm_vgic_sysreg_value;
	vmcr_put(c, VMCR_CBPR, FIELD_GET(CTLR_CBPR, val));
	vmcr_put(c, VMCR_EOIM, FIELD_GET(CTLR_EOIMODE, val));
	return OK;
}

static uint64_t get_bpr1(const struct vgic_cpu *c)
{
	if (c->vmcr & VMCR_CBPR)
		return MIN(FIELD_GET(VMCR_BPR0, c->vmcr) + 1, 7);
	return FIELD_GET(VMCR_BPR1, c->vmcr);
}

bool vgic_icc_exists(uint64_t id)
{
	switch (id) {
	case ICC_PMR:
	case ICC_BPR0:
	case ICC_AP0R(0)... ICC_AP0R(3):
	case ICC_AP1R(0)... ICC_AP1R(3):
	case ICC_BPR1:
	case ICC_CTLR:
	case ICC_SRE:
	case ICC_IGRPEN0:
	case ICC_IGRPEN1:
		return true;
	default:
		return false;
	}
}

result vgic_icc_get(struct vgic_cpu *c, uint64_t id, uint64_t *val)
{
	switch (id) {
	case ICC_PMR:
		*val = FIELD_GET(VMCR_PMR, c->vmcr);
		return OK;
	case ICC_BPR0:
		*val = FIELD_GET(VMCR_BPR0, c->vmcr);
		return OK;
	case ICC_AP0R(0):
		*val = c->apr[0];
		return OK;
	case ICC_AP1R(0):
		*val = c->apr[1];
		return OK;
	case ICC_BPR1:
		*val = get_bpr1(c);
		return OK;
	case ICC_CTLR:
		*val = get_ctlr(c);
		return OK;
	case ICC_SRE:
		*val = SRE_ALL;
		return OK;
	case ICC_IGRPEN0:
		*val = FIELD_GET(VMCR_ENG0, c->vmcr);
		return OK;
	case ICC_IGRPEN1:
		*val = FIELD_GET(VMCR_ENG1, c->vmcr);
		return OK;
	}
	/* With 5 priority bits only the first of four active priority registers is there. */
	return vgic_icc_exists(id) ? &rule_kvm_vgic_sysreg_value : &rule_kvm_vgic_sysreg_unknown;
}

result vgic_icc_set(struct vgic_cpu *c, uint64_t id, uint64_t val)
{
	switch (id) {
	case ICC_PMR:
		vmcr_put(c, VMCR_PMR, val);
		return OK;
	case ICC_BPR0:
		vmcr_put(c, VMCR_BPR0, val);
		return OK;
	case ICC_AP0R(0):
		c->apr[0] = val;
		return OK;
	case ICC_AP1R(0):
		c->apr[1] = val;
		return OK;
	case ICC_BPR1:
		if (!(c->vmcr & VMCR_CBPR))
			vmcr_put(c, VMCR_BPR1, val);
		return OK;
	case ICC_CTLR:
		return set_ctlr(c, val);
	case ICC_SRE:
		return val & SRE_SRE ? OK : &rule_kvm_vgic_sysreg_value;
	case ICC_IGRPEN0:
		vmcr_put(c, VMCR_ENG0, val);
		return OK;
	case ICC_IGRPEN1:
		vmcr_put(c, VMCR_ENG1, val);
		return OK;
	}
	return vgic_icc_exists(id) ? &rule_kvm_vgic_sysreg_value : &rule_kvm_vgic_sysreg_unknown;
}

void vgic_icc_load(struct vgic *v, unsigned int vcpu, uint64_t *vmcr, uint64_t apr[2])
{
	lock_take(&v->lock);
	*vmcr = v->cpus[vcpu].vmcr;
	apr[0] = v->cpus[vcpu].apr[0];
	apr[1] = v->cpus[vcpu].apr[1];
	lock_drop(&v->lock);
}

void vgic_icc_store(struct vgic *v, unsigned int vcpu, uint64_t vmcr, const uint64_t apr[2])
{
	lock_take(&v->lock);
	v->cpus[vcpu].vmcr = vmcr;
	v->cpus[vcpu].apr[0] = apr[0];
	v->cpus[vcpu].apr[1] = apr[1];
	lock_drop(&v->lock);
}
