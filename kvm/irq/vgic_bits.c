// SPDX-License-Identifier: BSD-3-Clause
/*
 * vgic_bits.c - the registers that have a field for each interrupt; the same ones serve the
 * distributor (SPIs) and the redistributors (SGIs, PPIs). Lock held throughout.
 */
#include "kvm/irq/vgic_internal.h"

static struct vgic_irq *nth(const struct vgic_access *a, unsigned int n)
{
	return vgic_irq_known(a->v, a->cpu, a->intid + n);
}

static uint64_t read_bits(struct vgic_access *a, bool (*get)(const struct vgic_irq *irq))
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < a->count; i++)
		if (get(nth(a, i)))
			val |= BIT(i);
	return val;
}

/* Apply `set` to each interrupt whose bit in val is set. */
static void write_bits(struct vgic_access *a, uint64_t val, void (*set)(struct vgic_irq *irq))
{
	for (unsigned int i = 0; i < a->count; i++) {
		if (!(val & BIT(i)))
			continue;
		set(nth(a, i));
		vgic_irq_update(a->v, nth(a, i));
	}
}

uint64_t vgic_read_zero(struct vgic_access *a)
{
	return 0;
}

void vgic_write_ignore(struct vgic_access *a, uint64_t val)
{
}

result vgic_uwrite_ignore(struct vgic_access *a, uint64_t val)
{
	return OK;
}

/* ---- IGROUPR ---- */
static bool get_group(const struct vgic_irq *irq)
{
	return irq->group1;
}

uint64_t vgic_read_group(struct vgic_access *a)
{
	return read_bits(a, get_group);
}

void vgic_write_group(struct vgic_access *a, uint64_t val)
{
	for (unsigned int i = 0; i < a->count; i++) {
		nth(a, i)->group1 = val & BIT(i);
		vgic_irq_update(a->v, nth(a, i));
	}
}

/* ---- ISENABLER, ICENABLER ---- */
static bool get_enable(const struct vgic_irq *irq)
{
	return irq->enabled;
}

static void set_enable(struct vgic_irq *irq)
{
	irq->enabled = true;
}

static void clear_enable(struct vgic_irq *irq)
{
	irq->enabled = false;
}

uint64_t vgic_read_enable(struct vgic_access *a)
{
	return read_bits(a, get_enable);
}

void vgic_write_senable(struct vgic_access *a, uint64_t val)
{
	write_bits(a, val, set_enable);
}

void vgic_write_cenable(struct vgic_access *a, uint64_t val)
{
	write_bits(a, val, clear_enable);
}

/* ---- ISPENDR, ICPENDR ---- */
static bool get_latch(const struct vgic_irq *irq)
{
	return irq->latch;
}

static void set_latch(struct vgic_irq *irq)
{
	irq->latch = true;
}

static void clear_latch(struct vgic_irq *irq)
{
	irq->latch = false;
}

uint64_t vgic_read_pending(struct vgic_access *a)
{
	return read_bits(a, vgic_irq_pending);
}

void vgic_write_spending(struct vgic_access *a, uint64_t val)
{
	write_bits(a, val, set_latch);
}

/* The line of a level interrupt goes on asserting it. */
void vgic_write_cpending(struct vgic_access *a, uint64_t val)
{
	write_bits(a, val, clear_latch);
}

/* User space saves latches here and lines by LEVEL_INFO, so that the order in which it restores
 * configuration, latches and lines does not matter. */
uint64_t vgic_uread_pending(struct vgic_access *a)
{
	return read_bits(a, get_latch);
}

result vgic_uwrite_pending(struct vgic_access *a, uint64_t val)
{
	write_bits(a, val, set_latch);
	write_bits(a, ~val, clear_latch);
	return OK;
}

/* ---- ISACTIVER, ICACTIVER: the guest's access needs every list register back ---- */
static bool get_active(const struct vgic_irq *irq)
{
	return irq->active;
}

static void set_active(struct vgic_irq *irq)
{
	irq->active = true;
}

static void clear_active(struct vgic_irq *irq)
{
	irq->active = false;
}

uint64_t vgic_uread_active(struct vgic_access *a)
{
	return read_bits(a, get_active);
}

result vgic_uwrite_sactive(struct vgic_access *a, uint64_t val)
{
	write_bits(a, val, set_active);
	return OK;
}

result vgic_uwrite_cactive(struct vgic_access *a, uint64_t val)
{
	write_bits(a, val, clear_active);
	return OK;
}

uint64_t vgic_read_active(struct vgic_access *a)
{
	uint64_t val;

	vgic_halt(a->v);
	val = read_bits(a, get_active);
	vgic_resume(a->v);
	return val;
}

void vgic_write_sactive(struct vgic_access *a, uint64_t val)
{
	vgic_halt(a->v);
	write_bits(a, val, set_active);
	vgic_resume(a->v);
}

void vgic_write_cactive(struct vgic_access *a, uint64_t val)
{
	vgic_halt(a->v);
	write_bits(a, val, clear_active);
	vgic_resume(a->v);
}

/* ---- IPRIORITYR, ICFGR ---- */
uint64_t vgic_read_priority(struct vgic_access *a)
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < a->count; i++)
		val |= (uint64_t)nth(a, i)->priority << i * 8;
	return val;
}

/* Takes effect at the next flush, as the kernel's. */
void vgic_write_priority(struct vgic_access *a, uint64_t val)
{
	for (unsigned int i = 0; i < a->count; i++)
		nth(a, i)->priority = (val >> i * 8) & VGIC_PRI_MASK;
}

uint64_t vgic_read_config(struct vgic_access *a)
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < a->count; i++)
		if (nth(a, i)->edge)
			val |= BIT(i * 2 + 1);
	return val;
}

/* SGIs are edges, and PPIs levels, for good. */
void vgic_write_config(struct vgic_access *a, uint64_t val)
{
	if (a->intid < VGIC_NR_PRIVATE)
		return;
	for (unsigned int i = 0; i < a->count; i++) {
		nth(a, i)->edge = val & BIT(i * 2 + 1);
		vgic_irq_update(a->v, nth(a, i));
	}
}

/* ---- LEVEL_INFO ---- */
uint32_t vgic_read_lines(struct vgic *v, unsigned int cpu, unsigned int intid)
{
	uint32_t val = 0;

	for (unsigned int i = 0; i < 32; i++) {
		const struct vgic_irq *irq = vgic_irq(v, cpu, intid + i);

		if (irq && intid + i >= VGIC_NR_SGIS && !irq->edge && irq->line)
			val |= BIT(i);
	}
	return val;
}

void vgic_write_lines(struct vgic *v, unsigned int cpu, unsigned int intid, uint32_t val)
{
	for (unsigned int i = 0; i < 32; i++) {
		struct vgic_irq *irq = vgic_irq(v, cpu, intid + i);

		if (!irq || intid + i < VGIC_NR_SGIS)
			continue;
		irq->line = val & BIT(i);
		vgic_irq_update(v, irq);
	}
}
