// SPDX-License-Identifier: BSD-3-Clause
/*
 * its_tables.c - SAVE_TABLES and RESTORE_TABLES: what an ITS knows, in guest memory, in the layout
 * that the kernel calls ABI revision 0. its_lock held.
 *
 *	device table	  V[63] next[62:49] ITT address / 256 [48:5] event bits - 1 [4:0]
 *	translation table next[63:48] INTID[47:16] collection[15:0]; INTID 0: no entry
 *	collection table  V[63] processor number[47:16] collection[15:0], in any order, up to the
 *			  first without V
 *
 * `next` is how far the next entry is, 0 for the last; one that is further away than the field
 * holds is found by looking at what lies between. Entries are 8 bytes, little endian. Only an empty
 * ITS is restored; when that is refused it is empty again.
 */
#include "kvm/irq/its_internal.h"

#include <endian.h>
#include <stdlib.h>

#define DTE_VALID BIT(63)
#define DTE_NEXT  MASK(62, 49)
#define DTE_ITT	  MASK(48, 5) /* address bits 51:8 */
#define DTE_BITS  MASK(4, 0)
#define ITE_NEXT  MASK(63, 48)
#define ITE_INTID MASK(47, 16)
#define ITE_ICID  MASK(15, 0)
#define CTE_VALID BIT(63)
#define CTE_RD	  MASK(47, 16)
#define CTE_ICID  MASK(15, 0)
#define L1_VALID  BIT(63)
#define L1_ADDR	  MASK(51, 16)

/* ---- save ---- */

static uint64_t distance(uint32_t from, const uint32_t *next, uint64_t field)
{
	return next ? FIELD_PUT(field, MIN((uint64_t)(*next - from), FIELD_GET(field, field))) : 0;
}

static result save_ite(struct its *its, const struct its_device *d, const struct its_ite *ite,
		       const struct its_ite *next)
{
	uint64_t val = distance(ite->event, next ? &next->event : NULL, ITE_NEXT);

	/* Without a collection it leads nowhere, and the layout has no way to say that. */
	if (ite->collection)
		val |= FIELD_PUT(ITE_INTID, ite->lpi->intid) |
		       FIELD_PUT(ITE_ICID, ite->collection->id);
	else
		val = 0;
	if (!its_write64(its, d->itt + (uint64_t)ite->event * ITS_ENTRY_SIZE, val))
		return &rule_kvm_its_table_memory;
	return OK;
}

static result save_itt(struct its *its, const struct its_device *d)
{
	struct its_ite **all = (struct its_ite **)its_elements(d->ites);
	result r = all ? OK : &rule_kvm_its_memory;

	for (size_t i = 0; all && all[i] && !r; i++)
		r = save_ite(its, d, all[i], all[i + 1]);
	free(all);
	return r;
}

/* Save must work whatever the guest has done: a device whose page of the table has gone is left
 * out, and out of the chain. */
static void leave_out_unreachable(struct its *its, struct its_device **all)
{
	size_t kept = 0;
	uint64_t at;

	for (size_t i = 0; all[i]; i++)
		if (its_entry_address(its, ITS_DEVICES, all[i]->id, &at))
			all[kept++] = all[i];
	all[kept] = NULL;
}

static result save_device(struct its *its, const struct its_device *d,
			  const struct its_device *next)
{
	uint64_t at, val = DTE_VALID | distance(d->id, next ? &next->id : NULL, DTE_NEXT) |
			   FIELD_PUT(DTE_ITT, d->itt >> 8) | FIELD_PUT(DTE_BITS, d->event_bits - 1);
	result r;

	if (!its_entry_address(its, ITS_DEVICES, d->id, &at))
		return OK;
	r = save_itt(its, d);
	if (!r && !its_write64(its, at, val))
		r = &rule_kvm_its_table_memory;
	return r;
}

static result save_devices(struct its *its)
{
	struct its_device **all = (struct its_device **)its_elements(its->devices);
	result r = all ? OK : &rule_kvm_its_memory;

	if (all)
		leave_out_unreachable(its, all);
	for (size_t i = 0; all && all[i] && !r; i++)
		r = save_device(its, all[i], all[i + 1]);
	free(all);
	return r;
}

static result save_collections(struct its *its)
{
	struct its_collection **all = (struct its_collection **)its_elements(its->collections);
	uint64_t at = its_table_base(its, ITS_COLLECTIONS);
	uint64_t end = at + its_table_size(its, ITS_COLLECTIONS);
	result r = all ? OK : &rule_kvm_its_memory;

	for (size_t i = 0; all && all[i] && !r && at < end; i++, at += ITS_ENTRY_SIZE)
		if (!its_write64(its, at,
				 CTE_VALID | FIELD_PUT(CTE_RD, all[i]->target) |
					 FIELD_PUT(CTE_ICID, all[i]->id)))
			r = &rule_kvm_its_table_memory;
	if (!r && at < end && !its_write64(its, at, 0))
		r = &rule_kvm_its_table_memory;
	free(all);
	return r;
}

result its_save_tables(struct its *its)
{
	result r = OK;

	lock_assert_held(&its->v->its_lock);
	if (its->baser[ITS_DEVICES] & BASER_VALID)
		r = save_devices(its);
	if (!r && (its->baser[ITS_COLLECTIONS] & BASER_VALID))
		r = save_collections(its);
	return r;
}

/* ---- restore ---- */

#define PAGE_ENTRIES	 512
#define MAX_PAGES_LOOKED 65536 /* by one restore: tables may be all holes */

struct restore {
	struct its *its;
	struct its_device *device; /* whose translation table it is in */
	unsigned int pages;	   /* looked at */
};

/* How far the next entry is, to be added to the id; 0: this was the last. */
struct step {
	uint32_t next;
	result why;
};

typedef struct step (*restore_fn)(struct restore *r, uint32_t id, uint64_t val);

/* The entries from i on that lie in one page. */
static result read_page(struct restore *r, uint64_t at, uint64_t *entry)
{
	uint64_t end = ALIGN_UP(at + 1, PAGE_ENTRIES * ITS_ENTRY_SIZE);

	if (r->pages++ == MAX_PAGES_LOOKED)
		return &rule_kvm_its_table_large;
	return its_read(r->its, at, entry, end - at) ? OK : &rule_kvm_its_table_memory;
}

/* Over a table of `size` bytes whose first entry has the id `first`. next 0: the last was found. */
static struct step scan(struct restore *r, uint64_t base, uint64_t size, uint32_t first,
			restore_fn fn)
{
	uint64_t entry[PAGE_ENTRIES], from = 0, to = 0; /* what entry[] holds */

	for (uint64_t i = 0; i < size / ITS_ENTRY_SIZE;) {
		struct step s = {0, OK};

		if (i >= to) {
			uint64_t at = base + i * ITS_ENTRY_SIZE;

			from = i;
			to = i + PAGE_ENTRIES - at / ITS_ENTRY_SIZE % PAGE_ENTRIES;
			s.why = read_page(r, at, entry);
		}
		if (!s.why)
			s = fn(r, first + i, le64toh(entry[i - from]));
		if (s.why || !s.next)
			return s;
		i += s.next;
	}
	return (struct step){1, OK};
}

static struct step restore_ite(struct restore *r, uint32_t event, uint64_t val)
{
	struct its *its = r->its;
	struct its_device *d = r->device;
	uint64_t intid = FIELD_GET(ITE_INTID, val);
	struct its_collection *c = its_collection_find(its, FIELD_GET(ITE_ICID, val));
	uint32_t next = FIELD_GET(ITE_NEXT, val);

	if (!intid)
		return (struct step){1, OK};
	if (intid < VGIC_MIN_LPI || intid >> VGIC_ID_BITS_LPI ||
	    (uint64_t)event + next >= BIT(d->event_bits) || !c || its_ite_find(its, d->id, event))
		return (struct step){0, &rule_kvm_its_table_entry};
	if (!its_ite_map(its, d, event, c, intid))
		return (struct step){0, &rule_kvm_its_table_lpi};
	return (struct step){next, OK};
}

static struct step restore_device(struct restore *r, uint32_t id, uint64_t val)
{
	struct its *its = r->its;
	struct its_device new = {
		.id = id,
		.event_bits = FIELD_GET(DTE_BITS, val) + 1,
		.itt = FIELD_GET(DTE_ITT, val) << 8,
	};
	struct step s;

	if (!(val & DTE_VALID))
		return (struct step){1, OK};
	if (id >> ITS_ID_BITS || new.event_bits > ITS_ID_BITS || its_device_find(its, id))
		return (struct step){0, &rule_kvm_its_table_entry};
	r->device = its_device_map(its, &new);
	if (!r->device)
		return (struct step){0, &rule_kvm_its_memory};
	s = scan(r, new.itt, BIT(new.event_bits) * ITS_ENTRY_SIZE, 0, restore_ite);
	return (struct step){FIELD_GET(DTE_NEXT, val), s.why};
}

/* An entry of a device table's first level: a page of the second. */
static struct step restore_page(struct restore *r, uint32_t index, uint64_t val)
{
	const uint32_t per_page = ITS_PAGE_SIZE / ITS_ENTRY_SIZE;

	if (!(val & L1_VALID))
		return (struct step){1, OK};
	return scan(r, val & L1_ADDR, ITS_PAGE_SIZE, index * per_page, restore_device);
}

static struct step restore_collection(struct restore *r, uint32_t index, uint64_t val)
{
	struct its *its = r->its;
	uint32_t id = FIELD_GET(CTE_ICID, val), target = FIELD_GET(CTE_RD, val);
	uint64_t at;

	if (!(val & CTE_VALID))
		return (struct step){0, OK};
	if (target != ITS_NOT_MAPPED && vgic_cpu_by_number(its->v, target) == VGIC_NO_VCPU)
		return (struct step){0, &rule_kvm_its_table_entry};
	if (its_collection_find(its, id))
		return (struct step){0, &rule_kvm_its_table_twice};
	if (!its_entry_address(its, ITS_COLLECTIONS, id, &at))
		return (struct step){0, &rule_kvm_its_table_entry};
	if (!its_collection_map(its, id, target))
		return (struct step){0, &rule_kvm_its_memory};
	return (struct step){1, OK};
}

static result restore_table(struct its *its, unsigned int table, restore_fn fn)
{
	struct restore r = {.its = its};
	result why;

	if (!(its->baser[table] & BASER_VALID))
		return OK;
	why = scan(&r, its_table_base(its, table), its_table_size(its, table), 0, fn).why;
	return why;
}

result its_restore_tables(struct its *its)
{
	bool indirect = its->baser[ITS_DEVICES] & BASER_INDIRECT;
	result r;

	lock_assert_held(&its->v->its_lock);
	if (its->devices || its->collections)
		return &rule_kvm_its_table_twice;
	r = restore_table(its, ITS_COLLECTIONS, restore_collection);
	if (!r)
		r = restore_table(its, ITS_DEVICES, indirect ? restore_page : restore_device);
	if (r) {
		its_devices_unmap(its);
		its_collections_unmap(its);
	}
	return r;
}
