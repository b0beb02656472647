// SPDX-License-Identifier: BSD-3-Clause
/*
 * its_cmd.c - the commands of an ITS, one function each, as the kernel understands them. its_lock
 * held throughout.
 *
 * A command that cannot be done is passed over, as the architecture allows (there is no error
 * record, and GITS_TYPER says no SEI): so what is wrong with it is nobody's to hear.
 *
 * Commands run while the guest's access waits, as in the kernel. Some of them look at every LPI or
 * entry, and the queue holds 32768, so one access does a limited amount of work: what is left runs
 * with the guest's next access to the ITS, and a guest that waits looks at GITS_CREADR.
 */
#include <endian.h>

#include "kvm/irq/its_internal.h"

#define CMD_SIZE	32
#define WORK_PER_ACCESS (1u << 20) /* LPIs and entries looked at */

enum {
	CMD_MOVI = 0x01,
	CMD_INT = 0x03,
	CMD_CLEAR = 0x04,
	CMD_SYNC = 0x05,
	CMD_MAPD = 0x08,
	CMD_MAPC = 0x09,
	CMD_MAPTI = 0x0a,
	CMD_MAPI = 0x0b,
	CMD_INV = 0x0c,
	CMD_INVALL = 0x0d,
	CMD_MOVALL = 0x0e,
	CMD_DISCARD = 0x0f,
};

struct command {
	uint64_t dw[4];
};

static unsigned int opcode(const struct command *c)
{
	return FIELD_GET(MASK(7, 0), c->dw[0]);
}

static uint32_t device_id(const struct command *c)
{
	return FIELD_GET(MASK(63, 32), c->dw[0]);
}

static uint32_t event_id(const struct command *c)
{
	return FIELD_GET(MASK(31, 0), c->dw[1]);
}

static uint32_t collection_id(const struct command *c)
{
	return FIELD_GET(MASK(15, 0), c->dw[2]);
}

/* GICR_TYPER.Processor_Number, as GITS_TYPER.PTA is 0. */
static uint32_t rd_base(const struct command *c, unsigned int dw)
{
	return FIELD_GET(MASK(47, 16), c->dw[dw]);
}

static bool valid(const struct command *c)
{
	return c->dw[2] & BIT(63);
}

/* ---- devices ---- */

static void do_mapd(struct its *its, const struct command *c)
{
	struct its_device d = {
		.id = device_id(c),
		.event_bits = FIELD_GET(MASK(4, 0), c->dw[1]) + 1,
		.itt = c->dw[2] & MASK(51, 8),
	};
	struct its_device *old;
	uint64_t entry;

	if (!its_entry_address(its, ITS_DEVICES, d.id, &entry))
		return;
	if (valid(c) && d.event_bits > ITS_ID_BITS)
		return;
	old = its_device_find(its, d.id);
	if (old)
		its_device_unmap(its, old);
	if (valid(c))
		its_device_map(its, &d);
	else
		its_write64(its, entry, 0); /* so that a restore does not find it again */
}

/* ---- collections ---- */

static void do_mapc(struct its *its, const struct command *c)
{
	struct its_collection *coll = its_collection_find(its, collection_id(c));
	uint64_t entry;

	if (!valid(c)) {
		if (coll)
			its_collection_unmap(its, coll);
		return;
	}
	if (vgic_cpu_by_number(its->v, rd_base(c, 2)) == VGIC_NO_VCPU)
		return;
	if (coll) {
		coll->target = rd_base(c, 2);
		its_collection_moved(its, coll);
	} else if (its_entry_address(its, ITS_COLLECTIONS, collection_id(c), &entry)) {
		its_collection_map(its, collection_id(c), rd_base(c, 2));
	}
}

static void do_movall(struct its *its, const struct command *c)
{
	int from = vgic_cpu_by_number(its->v, rd_base(c, 2));
	int to = vgic_cpu_by_number(its->v, rd_base(c, 3));

	if (from != VGIC_NO_VCPU && to != VGIC_NO_VCPU && from != to)
		vgic_lpi_move_all(its->v, from, to);
}

static void do_invall(struct its *its, const struct command *c)
{
	int cpu = its_collection_cpu(its, its_collection_find(its, collection_id(c)));

	if (cpu != VGIC_NO_VCPU)
		vgic_lpi_reload_all(its->v, cpu);
}

/* ---- events ---- */

/* The collection of a new entry: one that is not mapped yet is made, without a target. */
static struct its_collection *get_collection(struct its *its, uint32_t id, bool *made)
{
	struct its_collection *coll = its_collection_find(its, id);
	uint64_t entry;

	*made = !coll && its_entry_address(its, ITS_COLLECTIONS, id, &entry);
	return *made ? its_collection_map(its, id, ITS_NOT_MAPPED) : coll;
}

static void map_event(struct its *its, const struct command *c, uint32_t lpi)
{
	struct its_device *d = its_device_find(its, device_id(c));
	struct its_collection *coll;
	bool made;

	if (!d || event_id(c) >> d->event_bits)
		return;
	if (lpi < VGIC_MIN_LPI || lpi >= vgic_lpi_limit(its->v))
		return;
	if (its_ite_find(its, d->id, event_id(c))) /* unpredictable: it stays what it is */
		return;
	coll = get_collection(its, collection_id(c), &made);
	if (coll && !its_ite_map(its, d, event_id(c), coll, lpi) && made)
		its_collection_unmap(its, coll);
}

static void do_movi(struct its *its, const struct command *c)
{
	struct its_ite *ite = its_ite_find(its, device_id(c), event_id(c));
	struct its_collection *to = its_collection_find(its, collection_id(c));
	int cpu = its_collection_cpu(its, to);

	if (!ite || its_collection_cpu(its, ite->collection) == VGIC_NO_VCPU || cpu == VGIC_NO_VCPU)
		return;
	ite->collection = to;
	vgic_lpi_target(its->v, ite->lpi, cpu);
}

static void do_discard(struct its *its, const struct command *c)
{
	struct its_ite *ite = its_ite_find(its, device_id(c), event_id(c));
	struct its_device *d = its_device_find(its, device_id(c));
	uint64_t entry;

	if (!ite || its_collection_cpu(its, ite->collection) == VGIC_NO_VCPU)
		return;
	entry = d->itt + (uint64_t)ite->event * ITS_ENTRY_SIZE;
	its_ite_unmap(its, d, ite);
	its_write64(its, entry, 0);
}

static void do_clear(struct its *its, const struct command *c)
{
	struct its_ite *ite = its_ite_find(its, device_id(c), event_id(c));

	if (ite)
		vgic_lpi_clear(its->v, ite->lpi);
}

static void do_inv(struct its *its, const struct command *c)
{
	struct its_ite *ite = its_ite_find(its, device_id(c), event_id(c));

	if (ite)
		vgic_lpi_reload(its->v, ite->lpi);
}

static void do_int(struct its *its, const struct command *c)
{
	bool delivered;

	its_inject(its, device_id(c), event_id(c), &delivered);
}

/* ---- the queue ---- */

/* What the command looks at. */
static unsigned int work_of(const struct its *its, const struct command *c)
{
	switch (opcode(c)) {
	case CMD_INVALL:
	case CMD_MOVALL:
		return its->v->lpi_top + 1;
	case CMD_MAPC:
	case CMD_MAPD:
		return its->v->num_ites + 1;
	default:
		return 1;
	}
}

static void run(struct its *its, const struct command *c)
{
	switch (opcode(c)) {
	case CMD_MAPD:
		do_mapd(its, c);
		break;
	case CMD_MAPC:
		do_mapc(its, c);
		break;
	case CMD_MAPTI:
		map_event(its, c, FIELD_GET(MASK(63, 32), c->dw[1]));
		break;
	case CMD_MAPI:
		map_event(its, c, event_id(c));
		break;
	case CMD_MOVI:
		do_movi(its, c);
		break;
	case CMD_MOVALL:
		do_movall(its, c);
		break;
	case CMD_DISCARD:
		do_discard(its, c);
		break;
	case CMD_CLEAR:
		do_clear(its, c);
		break;
	case CMD_INT:
		do_int(its, c);
		break;
	case CMD_INV:
		do_inv(its, c);
		break;
	case CMD_INVALL:
		do_invall(its, c);
		break;
	case CMD_SYNC: /* all that came before has been done */
		break;
	}
}

uint32_t its_queue_size(const struct its *its)
{
	return (FIELD_GET(CBASER_PAGES, its->cbaser) + 1) * 4096;
}

void its_run_commands(struct its *its)
{
	unsigned int work = 0;
	struct command c;

	lock_assert_held(&its->v->its_lock);
	while (its->enabled && its->creadr != its->cwriter && work < WORK_PER_ACCESS) {
		/* One that cannot be read is passed over. */
		if (its_read(its, (its->cbaser & CBASER_ADDR) + its->creadr, &c, sizeof(c))) {
			for (unsigned int i = 0; i < ARRAY_SIZE(c.dw); i++)
				c.dw[i] = le64toh(c.dw[i]);
			work += work_of(its, &c);
			run(its, &c);
		}
		work++;
		its->creadr += CMD_SIZE;
		if (its->creadr >= its_queue_size(its))
			its->creadr = 0;
	}
}
