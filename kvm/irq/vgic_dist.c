// SPDX-License-Identifier: BSD-3-Clause
/* vgic_dist.c - the distributor's registers (GICD_*). Lock held in every handler. */
#include "kvm/irq/vgic_internal.h"

#define GICD_CTLR	0x0
#define GICD_TYPER	0x4
#define GICD_IIDR	0x8
#define GICD_TYPER2	0xc
#define CTLR_ENABLE_G1	BIT(1)
#define CTLR_ARE	BIT(4)
#define CTLR_DS		BIT(6)
#define TYPER_LPIS	BIT(17)
#define TYPER_IDBITS	MASK(23, 19)
#define IIDR_REVISION	MASK(15, 12)
#define IIDR_KVM_BY_ARM 0x4b00043b
#define SPI_ID_BITS	10

static uint64_t read_misc(struct vgic_access *a)
{
	const struct vgic *v = a->v;

	switch (a->offset) {
	case GICD_CTLR:
		return (v->enabled ? CTLR_ENABLE_G1 : 0) | CTLR_ARE | CTLR_DS;
	case GICD_TYPER:
		return ((v->num_spis + VGIC_NR_PRIVATE) / 32 - 1) | (v->itses ? TYPER_LPIS : 0) |
		       FIELD_PUT(TYPER_IDBITS, (v->itses ? VGIC_ID_BITS_LPI : SPI_ID_BITS) - 1);
	case GICD_IIDR:
		return IIDR_KVM_BY_ARM | FIELD_PUT(IIDR_REVISION, v->revision);
	default:
		return 0;
	}
}

static void write_misc(struct vgic_access *a, uint64_t val)
{
	if (a->offset != GICD_CTLR || a->v->enabled == !!(val & CTLR_ENABLE_G1))
		return;
	a->v->enabled = val & CTLR_ENABLE_G1;
	vgic_update_all(a->v);
}

static result uwrite_iidr(struct vgic_access *a, uint64_t val)
{
	uint64_t rev = FIELD_GET(IIDR_REVISION, val);

	if ((val & ~IIDR_REVISION) != IIDR_KVM_BY_ARM || rev < 2 || rev > VGIC_REV_LATEST)
		return &rule_kvm_vgic_iidr_value;
	a->v->revision = rev;
	return OK;
}

static result uwrite_misc(struct vgic_access *a, uint64_t val)
{
	switch (a->offset) {
	case GICD_IIDR:
		return uwrite_iidr(a, val);
	case GICD_TYPER2:
		if (!val)
			return OK;
		return a->v->initialized ? &rule_kvm_vgic_typer2_late : &rule_kvm_vgic_typer2_value;
	default:
		write_misc(a, val);
		return OK;
	}
}

/* Only Aff2..Aff0 are kept: no vCPU has an Aff3, so the upper word reads as zero. */
static uint64_t read_irouter(struct vgic_access *a)
{
	return vgic_extract(a, vgic_irq_known(a->v, 0, a->intid)->mpidr);
}

static void write_irouter(struct vgic_access *a, uint64_t val)
{
	struct vgic_irq *irq = vgic_irq_known(a->v, 0, a->intid);

	if (a->offset & 4)
		return;
	irq->mpidr = val & MASK(23, 0);
	irq->target = vgic_cpu_by_mpidr(a->v, irq->mpidr);
	vgic_irq_update(a->v, irq);
}

#define PER_IRQ(off, bits, widths, ...)                                                            \
	{                                                                                          \
		off, (bits)*128, bits, widths, __VA_ARGS__                                         \
	}

const struct vgic_reg vgic_dist_regs[] = {
	{0x0000, 16, 0, 4, read_misc, write_misc, NULL, uwrite_misc},
	{0x0010, 4, 0, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL}, /* STATUSR */
	PER_IRQ(0x0080, 1, 4, vgic_read_group, vgic_write_group, NULL, NULL),
	PER_IRQ(0x0100, 1, 4, vgic_read_enable, vgic_write_senable, NULL, NULL),
	PER_IRQ(0x0180, 1, 4, vgic_read_enable, vgic_write_cenable, NULL, NULL),
	PER_IRQ(0x0200, 1, 4, vgic_read_pending, vgic_write_spending, vgic_uread_pending,
		vgic_uwrite_pending),
	PER_IRQ(0x0280, 1, 4, vgic_read_pending, vgic_write_cpending, vgic_read_zero,
		vgic_uwrite_ignore),
	PER_IRQ(0x0300, 1, 4, vgic_read_active, vgic_write_sactive, vgic_uread_active,
		vgic_uwrite_sactive),
	PER_IRQ(0x0380, 1, 4, vgic_read_active, vgic_write_cactive, vgic_uread_active,
		vgic_uwrite_cactive),
	PER_IRQ(0x0400, 8, 4 | 1, vgic_read_priority, vgic_write_priority, NULL, NULL),
	PER_IRQ(0x0800, 8, 4 | 1, vgic_read_zero, vgic_write_ignore, NULL, NULL), /* ITARGETSR */
	PER_IRQ(0x0c00, 2, 4, vgic_read_config, vgic_write_config, NULL, NULL),
	PER_IRQ(0x0d00, 1, 4, vgic_read_zero, vgic_write_ignore, NULL, NULL), /* IGRPMODR */
	PER_IRQ(0x6000, 64, 8 | 4, read_irouter, write_irouter, NULL, NULL),
	{0xffd0, 48, 0, 4, vgic_read_id, vgic_write_ignore, NULL, NULL},
};
const unsigned int vgic_num_dist_regs = ARRAY_SIZE(vgic_dist_regs);
