// SPDX-License-Identifier: BSD-3-Clause
/*
 * its_mmio.c - the registers of an ITS (GITS_*), for the guest and for user space. its_lock held in
 * every handler.
 *
 * What is no register, has not this width or is unaligned reads as zero and ignores writes; so does
 * GITS_TRANSLATER, as no CPU writes an MSI.
 */
#include "kvm/irq/its_internal.h"

#define GITS_CTLR    0x0000
#define GITS_IIDR    0x0004
#define GITS_TYPER   0x0008
#define GITS_CBASER  0x0080
#define GITS_CWRITER 0x0088
#define GITS_CREADR  0x0090
#define GITS_BASER   0x0100
#define GITS_IDREGS  0xffd0

#define CTLR_ENABLE	BIT(0)
#define CTLR_QUIESCENT	BIT(31)
#define TYPER_PLPIS	BIT(0)
#define TYPER_ITT_SIZE	MASK(7, 4)
#define TYPER_IDBITS	MASK(12, 8)
#define TYPER_DEVBITS	MASK(17, 13)
#define IIDR_KVM_BY_ARM 0x4b00043b
#define IIDR_REVISION	MASK(15, 12)
#define QUEUE_OFFSET	MASK(19, 5)
#define BASER_PAGE_64K	(UINT64_C(2) << 8)
#define BASER_PAGE	MASK(9, 8)

/* Of GITS_BASER<n> and GITS_CBASER alike. */
#define BASER_FIELDS .inner = MASK(61, 59), .share = MASK(11, 10), .outer = MASK(55, 53)

struct its_access {
	struct its *its;
	uint32_t offset; /* in the frame */
	unsigned int len;
};

struct its_reg {
	uint32_t offset, len;
	uint8_t widths; /* allowed access sizes: sum of 4, 8 */
	uint64_t (*read)(const struct its_access *a);
	void (*write)(const struct its_access *a, uint64_t val); /* NULL: ignored */
	/* For user space where it differs (NULL: as above). */
	result (*uwrite)(const struct its_access *a, uint64_t val);
};

static uint64_t extract(const struct its_access *a, uint64_t reg)
{
	return (reg >> (a->offset & 7) * 8) & MASK(a->len * 8 - 1, 0);
}

static uint64_t insert(const struct its_access *a, uint64_t reg, uint64_t val)
{
	unsigned int lo = (a->offset & 4) * 8;
	uint64_t m = MASK(lo + a->len * 8 - 1, lo);

	return (reg & ~m) | ((val << lo) & m);
}

/* ---- what it is ---- */

static uint64_t read_iidr(const struct its_access *a)
{
	return IIDR_KVM_BY_ARM; /* table ABI revision 0 */
}

static result uwrite_iidr(const struct its_access *a, uint64_t val)
{
	return val & IIDR_REVISION ? &rule_kvm_its_iidr : OK;
}

static uint64_t read_typer(const struct its_access *a)
{
	return extract(a, TYPER_PLPIS | FIELD_PUT(TYPER_ITT_SIZE, ITS_ENTRY_SIZE - 1) |
				  FIELD_PUT(TYPER_IDBITS, ITS_ID_BITS - 1) |
				  FIELD_PUT(TYPER_DEVBITS, ITS_ID_BITS - 1));
}

/* From GITS_PIDR4 on: part 0x492 of Arm, architecture revision 3, a page of 64 KiB. */
static uint64_t read_id(const struct its_access *a)
{
	static const uint8_t ids[] = {0x40, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1};

	return ids[(a->offset - GITS_IDREGS) / 4];
}

/* ---- the command queue ---- */

static uint64_t read_cbaser(const struct its_access *a)
{
	return extract(a, a->its->cbaser);
}

static void write_cbaser(const struct its_access *a, uint64_t val)
{
	/* The queue is aligned to 64 KiB. */
	static const struct vgic_baser_fields fields = {BASER_FIELDS, .res0 = MASK(15, 12)};
	struct its *its = a->its;

	if (its->enabled)
		return;
	its->cbaser = vgic_sanitise_baser(insert(a, its->cbaser, val), &fields);
	its->creadr = its->cwriter = 0;
}

static uint64_t read_cwriter(const struct its_access *a)
{
	return extract(a, a->its->cwriter);
}

static void write_cwriter(const struct its_access *a, uint64_t val)
{
	uint64_t at = insert(a, a->its->cwriter, val) & QUEUE_OFFSET;

	if (at < its_queue_size(a->its))
		a->its->cwriter = at;
}

static uint64_t read_creadr(const struct its_access *a)
{
	return extract(a, a->its->creadr);
}

static result uwrite_creadr(const struct its_access *a, uint64_t val)
{
	uint64_t at = val & QUEUE_OFFSET;

	if (a->its->enabled)
		return &rule_kvm_its_creadr_enabled;
	if (at >= its_queue_size(a->its))
		return &rule_kvm_its_creadr_value;
	a->its->creadr = at;
	return OK;
}

/* ---- the tables ---- */

static unsigned int baser_index(const struct its_access *a)
{
	return (a->offset - GITS_BASER) / 8;
}

static uint64_t read_baser(const struct its_access *a)
{
	unsigned int n = baser_index(a);

	return n < ITS_NUM_TABLES ? extract(a, a->its->baser[n]) : 0;
}

static void write_baser(const struct its_access *a, uint64_t val)
{
	static const struct vgic_baser_fields fields = {BASER_FIELDS, .res0 = BASER_PAGE};
	const uint64_t fixed = BASER_TYPE | BASER_ENTRY;
	unsigned int n = baser_index(a);
	struct its *its = a->its;
	uint64_t old;

	if (its->enabled || n >= ITS_NUM_TABLES)
		return;
	old = its->baser[n];
	val = (insert(a, its->baser[n], val) & ~fixed) | (its->baser[n] & fixed);
	if (n == ITS_COLLECTIONS)
		val &= ~BASER_INDIRECT;
	its->baser[n] = vgic_sanitise_baser(val, &fields) | BASER_PAGE_64K;
	/* What the old table held is not in another one. A driver that resumes writes the same. */
	if (its->baser[n] == old)
		return;
	if (n == ITS_DEVICES)
		its_devices_unmap(its);
	else
		its_collections_unmap(its);
}

/* ---- GITS_CTLR ---- */

static uint64_t read_ctlr(const struct its_access *a)
{
	const struct its *its = a->its;

	return (its->enabled ? CTLR_ENABLE : 0) |
	       (its->creadr == its->cwriter ? CTLR_QUIESCENT : 0);
}

static bool complete(const struct its *its)
{
	return (its->baser[ITS_DEVICES] & its->baser[ITS_COLLECTIONS] & BASER_VALID) &&
	       (its->cbaser & CBASER_VALID);
}

static void write_ctlr(const struct its_access *a, uint64_t val)
{
	struct its *its = a->its;

	if ((val & CTLR_ENABLE) && !its->enabled && !complete(its))
		return;
	its->enabled = val & CTLR_ENABLE;
	if (its->enabled)
		return;
	lock_take(&its->v->lock);
	vgic_cache_clear(its->v);
	lock_drop(&its->v->lock);
}

/* ---- accesses ---- */

static const struct its_reg regs[] = {
	{GITS_CTLR, 4, 4, read_ctlr, write_ctlr, NULL},
	{GITS_IIDR, 4, 4, read_iidr, NULL, uwrite_iidr},
	{GITS_TYPER, 8, 8 | 4, read_typer, NULL, NULL},
	{GITS_CBASER, 8, 8 | 4, read_cbaser, write_cbaser, NULL},
	{GITS_CWRITER, 8, 8 | 4, read_cwriter, write_cwriter, NULL},
	{GITS_CREADR, 8, 8 | 4, read_creadr, NULL, uwrite_creadr},
	{GITS_BASER, 64, 8 | 4, read_baser, write_baser, NULL},
	{GITS_IDREGS, 48, 4, read_id, NULL, NULL},
};

const struct its_reg *its_reg_find(uint64_t offset)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++)
		if (offset >= regs[i].offset && offset - regs[i].offset < regs[i].len)
			return &regs[i];
	return NULL;
}

static void access_guest(const struct its_access *a, bool is_write, uint64_t *val)
{
	const struct its_reg *r = its_reg_find(a->offset);

	if (r && (!(r->widths & a->len) || !IS_ALIGNED(a->offset, a->len)))
		r = NULL;
	if (is_write && r && r->write)
		r->write(a, *val & MASK(a->len * 8 - 1, 0));
	/* Also what an earlier access has left. */
	its_run_commands(a->its);
	if (!is_write)
		*val = r ? r->read(a) : 0;
}

void its_mmio(struct its *its, uint64_t ipa, bool is_write, unsigned int len, uint64_t *val)
{
	struct its_access a = {.its = its, .offset = ipa - its->base, .len = len};

	lock_take(&its->v->its_lock);
	access_guest(&a, is_write, val);
	lock_drop(&its->v->its_lock);
}

result its_reg_access(struct its *its, const struct its_reg *r, uint64_t offset, bool is_write,
		      uint64_t *val)
{
	struct its_access a = {.its = its, .offset = offset, .len = r->widths & 8 ? 8 : 4};

	if (!is_write) {
		*val = r->read(&a);
		return OK;
	}
	if (r->uwrite)
		return r->uwrite(&a, *val);
	if (r->write)
		r->write(&a, *val);
	its_run_commands(its);
	return OK;
}
