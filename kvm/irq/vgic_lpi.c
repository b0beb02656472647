// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_lpi.c - LPIs: edges without an active state of their own to see, configured by tables in
 * guest memory.
 *
 * An LPI exists while an ITS has an entry that leads to it (`refs`). What the CPU interface needs
 * of it is a vgic_irq like any other; its enable bit and priority are what the configuration table
 * (GICR_PROPBASER, one for all) held when it was mapped or last invalidated. Whether it is pending
 * is kept here; the pending table (GICR_PENDBASER, one a vCPU) is read when an LPI is mapped and
 * when LPIs are enabled, and written by SAVE_PENDING_TABLES, as in the kernel.
 *
 * The table v->lpis is changed with its_lock and lock held, so either is enough to look. Guest
 * memory is looked at with its_lock alone.
 */
#include "kvm/irq/vgic_internal.h"

#include <stdlib.h>

#define PAGE_SIZE	 UINT64_C(4096)
#define PROPBASER_IDBITS MASK(4, 0)
#define PROPBASER_ADDR	 MASK(51, 12)
#define PENDBASER_ADDR	 MASK(51, 16)
#define CONFIG_ENABLE	 BIT(0)

static bool read_guest(struct vgic *v, uint64_t gpa, void *dst, size_t len)
{
	return v->owner.guest_read && v->owner.guest_read(v->owner.arg, gpa, dst, len);
}

static bool write_guest(struct vgic *v, uint64_t gpa, const void *src, size_t len)
{
	return v->owner.guest_write && v->owner.guest_write(v->owner.arg, gpa, src, len);
}

/* A vCPU may be writing the register now. */
static uint64_t get_baser(struct vgic *v, const uint64_t *reg)
{
	uint64_t val;

	lock_take(&v->lock);
	val = *reg;
	lock_drop(&v->lock);
	return val;
}

static uint64_t config_address(struct vgic *v, unsigned int intid)
{
	return (get_baser(v, &v->propbaser) & PROPBASER_ADDR) + intid - VGIC_MIN_LPI;
}

unsigned int vgic_lpi_limit(struct vgic *v)
{
	unsigned int bits = FIELD_GET(PROPBASER_IDBITS, get_baser(v, &v->propbaser)) + 1;

	return 1u << MIN(bits, VGIC_ID_BITS_LPI);
}

/* ---- configuration ---- */

/* Lock held. */
static void set_config(struct vgic *v, struct vgic_irq *lpi, uint8_t config)
{
	lpi->priority = config & VGIC_PRI_MASK;
	lpi->enabled = config & CONFIG_ENABLE;
	vgic_irq_update(v, lpi);
}

bool vgic_lpi_reload(struct vgic *v, struct vgic_irq *lpi)
{
	uint8_t config;

	if (!read_guest(v, config_address(v, lpi->intid), &config, sizeof(config)))
		return false;
	lock_take(&v->lock);
	set_config(v, lpi, config);
	lock_drop(&v->lock);
	return true;
}

/* A page of the table at a time: it begins at a page, and so does the page's first LPI. */
void vgic_lpi_reload_all(struct vgic *v, int cpu)
{
	uint8_t page[PAGE_SIZE];

	for (unsigned int first = 0; first < v->lpi_top; first += PAGE_SIZE) {
		unsigned int n = MIN(v->lpi_top - first, PAGE_SIZE);

		if (!read_guest(v, config_address(v, first + VGIC_MIN_LPI), page, n))
			continue;
		lock_take(&v->lock);
		for (unsigned int i = 0; i < n; i++)
			if (v->lpis[first + i] && v->lpis[first + i]->target == cpu)
				set_config(v, v->lpis[first + i], page[i]);
		lock_drop(&v->lock);
	}
}

/* ---- pending tables ---- */

static uint64_t pending_address(struct vgic *v, const struct vgic_irq *lpi)
{
	return (get_baser(v, &v->cpus[lpi->target].pendbaser) & PENDBASER_ADDR) + lpi->intid / 8;
}

/* What the pending table of its target says, which is then taken out of the table. */
static bool load_pending(struct vgic *v, struct vgic_irq *lpi)
{
	uint64_t at;
	uint8_t byte;

	if (lpi->target == VGIC_NO_VCPU)
		return true;
	at = pending_address(v, lpi);
	if (!read_guest(v, at, &byte, sizeof(byte)))
		return false;
	if (!(byte & BIT(lpi->intid % 8)))
		return true;
	lock_take(&v->lock);
	lpi->latch = true;
	vgic_irq_update(v, lpi);
	lock_drop(&v->lock);
	byte &= ~BIT(lpi->intid % 8);
	return write_guest(v, at, &byte, sizeof(byte));
}

/* EnableLPIs has gone on: the table tells what is pending. Its bits stay there. */
static void load_all_pending(struct vgic *v, unsigned int cpu)
{
	uint64_t pendbaser = get_baser(v, &v->cpus[cpu].pendbaser);
	uint64_t base = pendbaser & PENDBASER_ADDR;
	uint8_t page[PAGE_SIZE];

	if (pendbaser & VGIC_PENDBASER_PTZ)
		return;
	for (unsigned int first = 0; first < v->lpi_top; first += PAGE_SIZE * 8) {
		unsigned int n = MIN(v->lpi_top - first, PAGE_SIZE * 8);

		if (!read_guest(v, base + (first + VGIC_MIN_LPI) / 8, page, (n + 7) / 8))
			return;
		lock_take(&v->lock);
		for (unsigned int i = 0; i < n; i++) {
			struct vgic_irq *lpi = v->lpis[first + i];

			if (!lpi || lpi->target != (int)cpu || !(page[i / 8] & BIT(i % 8)))
				continue;
			lpi->latch = true;
			vgic_irq_update(v, lpi);
		}
		lock_drop(&v->lock);
	}
}

static bool save_pending(struct vgic *v, const struct vgic_irq *lpi)
{
	uint64_t at = pending_address(v, lpi);
	uint8_t byte, bit = BIT(lpi->intid % 8);
	bool pending;

	if (!read_guest(v, at, &byte, sizeof(byte)))
		return false;
	lock_take(&v->lock);
	pending = lpi->latch;
	lock_drop(&v->lock);
	if (!!(byte & bit) == pending)
		return true;
	byte ^= bit;
	return write_guest(v, at, &byte, sizeof(byte));
}

result vgic_lpi_save_pending(struct vgic *v)
{
	result r = OK;

	lock_take(&v->its_lock);
	for (unsigned int i = 0; i < v->lpi_top && !r; i++)
		if (v->lpis[i] && v->lpis[i]->target != VGIC_NO_VCPU &&
		    !save_pending(v, v->lpis[i]))
			r = &rule_kvm_vgic_save_memory;
	lock_drop(&v->its_lock);
	return r;
}

/* ---- the set of LPIs ---- */

static struct vgic_irq *create(struct vgic *v, unsigned int intid, int target)
{
	struct vgic_irq *lpi = calloc(1, sizeof(*lpi));

	if (!lpi)
		return NULL;
	lpi->intid = intid;
	lpi->target = target;
	lpi->home = VGIC_NO_VCPU;
	lpi->edge = lpi->group1 = true;
	lock_take(&v->lock);
	v->lpis[intid - VGIC_MIN_LPI] = lpi;
	v->lpi_top = MAX(v->lpi_top, intid - VGIC_MIN_LPI + 1);
	lock_drop(&v->lock);
	return lpi;
}

struct vgic_irq *vgic_lpi_get(struct vgic *v, unsigned int intid, int target)
{
	struct vgic_irq *lpi = v->lpis[intid - VGIC_MIN_LPI];

	lock_assert_held(&v->its_lock);
	if (lpi) {
		lpi->refs++;
		return lpi;
	}
	lpi = create(v, intid, target);
	if (!lpi)
		return NULL;
	lpi->refs = 1;
	if (vgic_lpi_reload(v, lpi) && load_pending(v, lpi))
		return lpi;
	vgic_lpi_put(v, lpi);
	return NULL;
}

void vgic_lpi_put(struct vgic *v, struct vgic_irq *lpi)
{
	lock_assert_held(&v->its_lock);
	if (--lpi->refs)
		return;
	lock_take(&v->lock);
	/* Nobody has it in a list register after this, and then it can be nowhere. */
	if (lpi->in_lr) {
		vgic_halt(v);
		vgic_resume(v);
	}
	lpi->enabled = lpi->active = false;
	vgic_irq_move(v, lpi);
	v->lpis[lpi->intid - VGIC_MIN_LPI] = NULL;
	vgic_cache_clear(v);
	lock_drop(&v->lock);
	free(lpi);
}

void vgic_lpi_target(struct vgic *v, struct vgic_irq *lpi, int cpu)
{
	lock_take(&v->lock);
	lpi->target = cpu;
	vgic_irq_update(v, lpi);
	lock_drop(&v->lock);
}

void vgic_lpi_clear(struct vgic *v, struct vgic_irq *lpi)
{
	lock_take(&v->lock);
	lpi->latch = false;
	vgic_irq_move(v, lpi);
	lock_drop(&v->lock);
}

void vgic_lpi_move_all(struct vgic *v, int from, int to)
{
	for (unsigned int i = 0; i < v->lpi_top; i++)
		if (v->lpis[i] && v->lpis[i]->target == from)
			vgic_lpi_target(v, v->lpis[i], to);
}

/* ---- GICR_CTLR, GICR_INV* ---- */

/* What is pending is lost, as in the kernel: the table keeps what was there when it was enabled. */
void vgic_lpi_disable(struct vgic *v, unsigned int cpu)
{
	vgic_halt(v);
	v->cpus[cpu].lpis_enabled = false;
	for (unsigned int i = 0; i < v->lpi_top; i++) {
		struct vgic_irq *lpi = v->lpis[i];

		if (!lpi || lpi->target != (int)cpu)
			continue;
		lpi->latch = false;
		vgic_irq_move(v, lpi);
	}
	vgic_cache_clear(v);
	vgic_resume(v);
}

void vgic_lpi_after(const struct vgic_access *a)
{
	struct vgic *v = a->v;
	struct vgic_irq *lpi;

	if (a->todo == VGIC_DONE)
		return;
	lock_take(&v->its_lock);
	switch (a->todo) {
	case VGIC_LPIS_ENABLED:
		load_all_pending(v, a->cpu);
		break;
	case VGIC_INV_LPI:
		lpi = a->lpi >= VGIC_MIN_LPI ? vgic_irq(v, a->cpu, a->lpi) : NULL;
		if (lpi)
			vgic_lpi_reload(v, lpi);
		break;
	case VGIC_INV_ALL:
		vgic_lpi_reload_all(v, a->cpu);
		break;
	case VGIC_DONE:
		break;
	}
	lock_drop(&v->its_lock);
}
