// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_redist.c - the redistributors' registers (GICR_*): RD_base at 0, SGI_base at 64 KiB.
 * Lock held in every handler.
 */
#include "kvm/irq/vgic_internal.h"

#define SGI_BASE	0x10000
#define CTLR_LPIS	BIT(0)
#define CTLR_CES	BIT(1)
#define CTLR_IR		BIT(2)
#define TYPER_PLPIS	BIT(0)
#define TYPER_LAST	BIT(4)
#define TYPER_NUMBER	MASK(23, 8)
#define TYPER_AFFINITY	MASK(63, 32)
#define IIDR_KVM_BY_ARM 0x4b00043b

/* GICR_PROPBASER, GICR_PENDBASER */
#define BASER_FIELDS   .inner = MASK(9, 7), .share = MASK(11, 10), .outer = MASK(58, 56)
#define PROPBASER_RES0 (MASK(63, 59) | MASK(55, 52) | MASK(6, 5))
#define PENDBASER_RES0 (BIT(63) | MASK(61, 59) | MASK(55, 52) | MASK(15, 12) | MASK(6, 0))

/* Revision 3 says that LPIs can be disabled again. */
static uint64_t read_ctlr(struct vgic_access *a)
{
	return (a->v->cpus[a->cpu].lpis_enabled ? CTLR_LPIS : 0) |
	       (a->v->revision >= 3 ? CTLR_CES | CTLR_IR : 0);
}

static void write_ctlr(struct vgic_access *a, uint64_t val)
{
	struct vgic_cpu *c = &a->v->cpus[a->cpu];
	bool on = val & CTLR_LPIS;

	if (!a->v->itses || on == c->lpis_enabled)
		return;
	if (on) {
		c->lpis_enabled = true;
		a->todo = VGIC_LPIS_ENABLED;
	} else {
		vgic_lpi_disable(a->v, a->cpu);
	}
}

static uint64_t read_iidr(struct vgic_access *a)
{
	return IIDR_KVM_BY_ARM;
}

uint64_t vgic_processor_number(uint64_t mpidr)
{
	/* 16 vCPUs to an Aff1 */
	return (mpidr & 0xf) | FIELD_GET(MASK(15, 8), mpidr) << 4 |
	       FIELD_GET(MASK(23, 16), mpidr) << 12;
}

static uint64_t read_typer(struct vgic_access *a)
{
	uint64_t mpidr = a->v->cpus[a->cpu].mpidr & MASK(23, 0);
	uint64_t typer = FIELD_PUT(TYPER_AFFINITY, mpidr) |
			 FIELD_PUT(TYPER_NUMBER, vgic_processor_number(mpidr));

	if (a->v->itses)
		typer |= TYPER_PLPIS;
	if (vgic_redist_is_last(a->v, a->cpu))
		typer |= TYPER_LAST;
	return vgic_extract(a, typer);
}

uint64_t vgic_sanitise_baser(uint64_t reg, const struct vgic_baser_fields *f)
{
	if (FIELD_GET(f->share, reg) == 2)
		reg ^= f->share;
	if (FIELD_GET(f->inner, reg) < 2)
		reg = (reg & ~f->inner) | FIELD_PUT(f->inner, VGIC_BASER_RAWB);
	if (FIELD_GET(f->outer, reg) > 1)
		reg &= ~f->outer;
	return reg & ~f->res0;
}

static uint64_t read_propbaser(struct vgic_access *a)
{
	return vgic_extract(a, a->v->propbaser);
}

static void write_propbaser(struct vgic_access *a, uint64_t val)
{
	static const struct vgic_baser_fields fields = {BASER_FIELDS, .res0 = PROPBASER_RES0};

	if (!a->v->cpus[a->cpu].lpis_enabled)
		a->v->propbaser =
			vgic_sanitise_baser(vgic_insert(a, a->v->propbaser, val), &fields);
}

static uint64_t read_pendbaser(struct vgic_access *a)
{
	return vgic_extract(a, a->v->cpus[a->cpu].pendbaser & ~VGIC_PENDBASER_PTZ);
}

static void write_pendbaser(struct vgic_access *a, uint64_t val)
{
	static const struct vgic_baser_fields fields = {BASER_FIELDS, .res0 = PENDBASER_RES0};
	struct vgic_cpu *c = &a->v->cpus[a->cpu];

	if (!c->lpis_enabled)
		c->pendbaser = vgic_sanitise_baser(vgic_insert(a, c->pendbaser, val), &fields);
}

/* The number is in the lower half; a write to the upper one alone says nothing. */
static void write_invlpi(struct vgic_access *a, uint64_t val)
{
	if ((a->offset & 4) || !a->v->cpus[a->cpu].lpis_enabled)
		return;
	a->todo = VGIC_INV_LPI;
	a->lpi = (uint32_t)val;
}

static void write_invall(struct vgic_access *a, uint64_t val)
{
	if (!(a->offset & 4) && a->v->cpus[a->cpu].lpis_enabled)
		a->todo = VGIC_INV_ALL;
}

#define PRIVATE(off, bits, widths, ...)                                                            \
	{                                                                                          \
		SGI_BASE + (off), (bits)*4, bits, widths, __VA_ARGS__                              \
	}

const struct vgic_reg vgic_redist_regs[] = {
	{0x0000, 4, 0, 4, read_ctlr, write_ctlr, NULL, NULL},
	{0x0004, 4, 0, 4, read_iidr, vgic_write_ignore, NULL, NULL},
	{0x0008, 8, 0, 8 | 4, read_typer, vgic_write_ignore, NULL, NULL},
	{0x0010, 4, 0, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL}, /* STATUSR */
	{0x0014, 4, 0, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL}, /* WAKER: awake */
	{0x0070, 8, 0, 8 | 4, read_propbaser, write_propbaser, NULL, NULL},
	{0x0078, 8, 0, 8 | 4, read_pendbaser, write_pendbaser, NULL, NULL},
	{0x00a0, 8, 0, 8 | 4, vgic_read_zero, write_invlpi, NULL, NULL},
	{0x00b0, 8, 0, 8 | 4, vgic_read_zero, write_invall, NULL, NULL},
	{0x00c0, 4, 0, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL}, /* SYNCR: never busy */
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
