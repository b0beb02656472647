// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_redist.c - the redistributors' registers (GICR_*): RD_base at 0, SGI_base at 64 KiB.
 * Lock held in every handler.
 */
#include "kvm/irq/vgic_internal.h"

#define SGI_BASE	0x10000
#define CTLR_CES	BIT(1)
#define CTLR_IR		BIT(2)
#define TYPER_LAST	BIT(4)
#define TYPER_NUMBER	MASK(23, 8)
#define TYPER_AFFINITY	MASK(63, 32)
#define IIDR_KVM_BY_ARM 0x4b00043b

/* GICR_PROPBASER, GICR_PENDBASER */
#define BASER_INNER    MASK(9, 7)
#define BASER_SHARE    MASK(11, 10)
#define BASER_OUTER    MASK(58, 56)
#define BASER_RAWB     3
#define PROPBASER_RES0 (MASK(63, 59) | MASK(55, 52) | MASK(6, 5))
#define PENDBASER_RES0 (BIT(63) | MASK(61, 59) | MASK(55, 52) | MASK(15, 12) | MASK(6, 0))
#define PENDBASER_PTZ  BIT(62)

/* No LPIs, so nothing can be enabled; revision 3 says that they could be disabled again. */
static uint64_t read_ctlr(struct vgic_access *a)
{
	return a->v->revision >= 3 ? CTLR_CES | CTLR_IR : 0;
}

static uint64_t read_iidr(struct vgic_access *a)
{
	return IIDR_KVM_BY_ARM;
}

/* vcpu_id: MPIDR_EL1 is made of it, 16 vCPUs to an Aff1. */
static uint64_t processor_number(uint64_t mpidr)
{
	return (mpidr & 0xf) | FIELD_GET(MASK(15, 8), mpidr) << 4 |
	       FIELD_GET(MASK(23, 16), mpidr) << 12;
}

static uint64_t read_typer(struct vgic_access *a)
{
	uint64_t mpidr = a->v->cpus[a->cpu].mpidr & MASK(23, 0);
	uint64_t typer =
		FIELD_PUT(TYPER_AFFINITY, mpidr) | FIELD_PUT(TYPER_NUMBER, processor_number(mpidr));

	if (vgic_redist_is_last(a->v, a->cpu))
		typer |= TYPER_LAST;
	return vgic_extract(a, typer);
}

/* The attributes that the tables will be accessed with: never outer shareable, always cacheable. */
static uint64_t sanitise_baser(uint64_t reg, uint64_t res0)
{
	if (FIELD_GET(BASER_SHARE, reg) == 2)
		reg ^= BASER_SHARE;
	if (FIELD_GET(BASER_INNER, reg) < 2)
		reg = (reg & ~BASER_INNER) | FIELD_PUT(BASER_INNER, BASER_RAWB);
	if (FIELD_GET(BASER_OUTER, reg) > 1)
		reg &= ~BASER_OUTER;
	return reg & ~res0;
}

static uint64_t read_propbaser(struct vgic_access *a)
{
	return vgic_extract(a, a->v->propbaser);
}

static void write_propbaser(struct vgic_access *a, uint64_t val)
{
	a->v->propbaser = sanitise_baser(vgic_insert(a, a->v->propbaser, val), PROPBASER_RES0);
}

static uint64_t read_pendbaser(struct vgic_access *a)
{
	return vgic_extract(a, a->v->cpus[a->cpu].pendbaser & ~PENDBASER_PTZ);
}

static void write_pendbaser(struct vgic_access *a, uint64_t val)
{
	uint64_t *reg = &a->v->cpus[a->cpu].pendbaser;

	*reg = sanitise_baser(vgic_insert(a, *reg, val), PENDBASER_RES0);
}

#define PRIVATE(off, bits, widths, ...)                                                            \
	{                                                                                          \
		SGI_BASE + (off), (bits)*4, bits, widths, __VA_ARGS__                              \
	}

const struct vgic_reg vgic_redist_regs[] = {
	{0x0000, 4, 0, 4, read_ctlr, vgic_write_ignore, NULL, NULL},
	{0x0004, 4, 0, 4, read_iidr, vgic_write_ignore, NULL, NULL},
	{0x0008, 8, 0, 8 | 4, read_typer, vgic_write_ignore, NULL, NULL},
	{0x0010, 4, 0, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL}, /* STATUSR */
	{0x0014, 4, 0, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL}, /* WAKER: awake */
	{0x0070, 8, 0, 8 | 4, read_propbaser, write_propbaser, NULL, NULL},
	{0x0078, 8, 0, 8 | 4, read_pendbaser, write_pendbaser, NULL, NULL},
	{0x00a0, 8, 0, 8 | 4, vgic_read_zero, vgic_write_ignore, NULL, NULL}, /* INVLPIR */
	{0x00b0, 8, 0, 8 | 4, vgic_read_zero, vgic_write_ignore, NULL, NULL}, /* INVALLR */
	{0x00c0, 4, 0, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL},     /* SYNCR */
	{0xffd0, 48, 0, 4, vgic_read_id, vgic_write_ignore, NULL, NULL},
	PRIVATE(0x080, 1, 4, vgic_read_group, vgic_write_group, NULL, NULL),
	PRIVATE(0x100, 1, 4, vgic_read_enable, vgic_write_senable, NULL, NULL),
	PRIVATE(0x180, 1, 4, vgic_read_enable, vgic_write_cenable, NULL, NULL),
	PRIVATE(0x200, 1, 4, vgic_read_pending, vgic_write_spending, vgic_uread_pending,
		vgic_uwrite_pending),
	PRIVATE(0x280, 1, 4, vgic_read_pending, vgic_write_cpending, vgic_read_zero,
		vgic_uwrite_ignore),
	PRIVATE(0x300, 1, 4, vgic_read_active, vgic_write_sactive, vgic_uread_active,
		vgic_uwrite_sactive),
	PRIVATE(0x380, 1, 4, vgic_read_active, vgic_write_cactive, vgic_uread_active,
		vgic_uwrite_cactive),
	PRIVATE(0x400, 8, 4 | 1, vgic_read_priority, vgic_write_priority, NULL, NULL),
	PRIVATE(0xc00, 2, 4, vgic_read_config, vgic_write_config, NULL, NULL),
	PRIVATE(0xd00, 1, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL), /* IGRPMODR0 */
	PRIVATE(0xe00, 1, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL), /* NSACR */
};
const unsigned int vgic_num_redist_regs = ARRAY_SIZE(vgic_redist_regs);
