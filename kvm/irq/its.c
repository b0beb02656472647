// SPDX-License-Identifier: BSD-3-Clause
/*
 * its.c - the GICv3 ITS: which device's event is which LPI, and where that goes.
 *
 * Theory of operation
 *
 * A device (by its id) has events; an event that is mapped has an entry (ITE), which names an LPI
 * and a collection; a collection names a vCPU's redistributor. The guest makes these by commands
 * (its_cmd.c), which it queues in its memory. As in the kernel the tables that live here are what
 * counts: the guest's own device, collection and translation tables are room that it lends. They
 * are written by SAVE_TABLES and read by RESTORE_TABLES (its_tables.c), and looked at otherwise
 * only to see that an id has its room.
 *
 * Device, collection, entry: unmapped -> mapped (MAPD, MAPC, MAPTI; RESTORE) -> unmapped (the same
 * with V = 0, DISCARD; RESET, GITS_BASER<n>.Valid going off). A device takes its entries along; the
 * entries of an unmapped collection stay, name none and lead nowhere. An entry holds a reference on
 * its LPI, whose target is the collection's vCPU.
 *
 * A hostile guest can make us keep no more than 65536 devices and collections an ITS and
 * ITS_MAX_ITES entries a VM, and each access to a register does a bounded amount of work.
 *
 * its_lock is the lock of all ITSs of a VM: registers, commands, trees. The vGIC's lock is taken
 * inside it for what MSIs and vCPUs look at: the list of ITSs, their bases, the LPIs.
 */
#include "kvm/irq/its_internal.h"

#include <endian.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define BASER_INNER_RAWB (UINT64_C(3) << 59)
#define BASER_SHARE	 BIT(10) /* inner shareable */
#define BASER_64K	 (UINT64_C(2) << 8)
#define BASER_DEVICE	 1
#define BASER_COLLECTION 4

/* ---- trees ---- */

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void *find(void *const *tree, uint32_t number)
{
	void *node = tfind(&number, tree, by_number);

	return node ? *(void **)node : NULL;
}

/* A copy of the element goes in; NULL: out of memory. Its number is not there yet. */
static void *insert(void **tree, const void *element, size_t size)
{
	void *e = malloc(size);

	if (!e)
		return NULL;
	memcpy(e, element, size);
	if (tsearch(e, tree, by_number))
		return e;
	free(e);
	return NULL;
}

static void take_out(void **tree, void *element)
{
	tdelete(element, tree, by_number);
	free(element);
}

static void count_one(const void *node, VISIT order, void *n)
{
	if (order == postorder || order == leaf)
		++*(size_t *)n;
}

static void collect_one(const void *node, VISIT order, void *end)
{
	if (order == postorder || order == leaf)
		*(*(void ***)end)++ = *(void *const *)node;
}

void **its_elements(const void *tree)
{
	size_t n = 0;
	void **all, **end;

	twalk_r(tree, count_one, &n);
	all = malloc((n + 1) * sizeof(*all));
	if (!all)
		return NULL;
	end = all;
	twalk_r(tree, collect_one, &end);
	*end = NULL;
	return all;
}

/* ---- guest memory ---- */

bool its_read(struct its *its, uint64_t gpa, void *dst, size_t len)
{
	const struct vgic_owner *o = &its->v->owner;

	lock_assert_held(&its->v->its_lock);
	return o->guest_read && o->guest_read(o->arg, gpa, dst, len);
}

bool its_read64(struct its *its, uint64_t gpa, uint64_t *val)
{
	bool ok = its_read(its, gpa, val, sizeof(*val));

	*val = ok ? le64toh(*val) : 0;
	return ok;
}

bool its_write64(struct its *its, uint64_t gpa, uint64_t val)
{
	const struct vgic_owner *o = &its->v->owner;

	lock_assert_held(&its->v->its_lock);
	val = htole64(val);
	return o->guest_write && o->guest_write(o->arg, gpa, &val, sizeof(val));
}

uint64_t its_table_base(const struct its *its, unsigned int table)
{
	uint64_t reg = its->baser[table];

	return (reg & BASER_ADDR) | FIELD_GET(BASER_ADDR_HIGH, reg) << 48;
}

uint64_t its_table_size(const struct its *its, unsigned int table)
{
	return (FIELD_GET(BASER_PAGES, its->baser[table]) + 1) * ITS_PAGE_SIZE;
}

/* A table of one level, or of two: then the first holds the addresses of pages of the second. */
bool its_entry_address(struct its *its, unsigned int table, uint32_t id, uint64_t *gpa)
{
	uint64_t base = its_table_base(its, table), size = its_table_size(its, table), page, probe;
	const uint32_t per_page = ITS_PAGE_SIZE / ITS_ENTRY_SIZE;

	if (id >> ITS_ID_BITS)
		return false;
	if (!(its->baser[table] & BASER_INDIRECT)) {
		if (id >= size / ITS_ENTRY_SIZE)
			return false;
		*gpa = base + (uint64_t)id * ITS_ENTRY_SIZE;
	} else {
		if (id / per_page >= size / sizeof(page) ||
		    !its_read64(its, base + id / per_page * sizeof(page), &page) ||
		    !(page & BASER_VALID))
			return false;
		*gpa = (page & MASK(51, 16)) + id % per_page * ITS_ENTRY_SIZE;
	}
	return its_read64(its, *gpa, &probe);
}

/* ---- entries ---- */

struct its_ite *its_ite_find(struct its *its, uint32_t devid, uint32_t event)
{
	struct its_device *d = its_device_find(its, devid);

	return d ? find(&d->ites, event) : NULL;
}

bool its_ite_map(struct its *its, struct its_device *d, uint32_t event, struct its_collection *c,
		 unsigned int lpi)
{
	struct its_ite ite = {.event = event, .collection = c};

	lock_assert_held(&its->v->its_lock);
	if (its->v->num_ites >= ITS_MAX_ITES)
		return false;
	ite.lpi = vgic_lpi_get(its->v, lpi, its_collection_cpu(its, c));
	if (!ite.lpi)
		return false;
	if (!insert(&d->ites, &ite, sizeof(ite))) {
		vgic_lpi_put(its->v, ite.lpi);
		return false;
	}
	its->v->num_ites++;
	return true;
}

static void forget_translations(struct its *its)
{
	lock_take(&its->v->lock);
	vgic_cache_clear(its->v);
	lock_drop(&its->v->lock);
}

void its_ite_unmap(struct its *its, struct its_device *d, struct its_ite *ite)
{
	struct vgic_irq *lpi = ite->lpi;

	lock_assert_held(&its->v->its_lock);
	forget_translations(its);
	take_out(&d->ites, ite);
	its->v->num_ites--;
	vgic_lpi_put(its->v, lpi);
}

/* ---- devices ---- */

struct its_device *its_device_find(struct its *its, uint32_t id)
{
	return find(&its->devices, id);
}

struct its_device *its_device_map(struct its *its, const struct its_device *d)
{
	lock_assert_held(&its->v->its_lock);
	return insert(&its->devices, d, sizeof(*d));
}

/* The root of a tree is a node, whose first member is the element: no list of them is needed. */
static void *any(void *tree)
{
	return tree ? *(void **)tree : NULL;
}

void its_device_unmap(struct its *its, struct its_device *d)
{
	while (d->ites)
		its_ite_unmap(its, d, any(d->ites));
	take_out(&its->devices, d);
}

void its_devices_unmap(struct its *its)
{
	while (its->devices)
		its_device_unmap(its, any(its->devices));
}

/* ---- collections ---- */

struct its_collection *its_collection_find(struct its *its, uint32_t id)
{
	return find(&its->collections, id);
}

struct its_collection *its_collection_map(struct its *its, uint32_t id, uint32_t target)
{
	struct its_collection c = {id, target};

	lock_assert_held(&its->v->its_lock);
	return insert(&its->collections, &c, sizeof(c));
}

int its_collection_cpu(const struct its *its, const struct its_collection *c)
{
	if (!c || c->target == ITS_NOT_MAPPED)
		return VGIC_NO_VCPU;
	return vgic_cpu_by_number(its->v, c->target);
}

struct coll_walk {
	struct its *its;
	const struct its_collection *collection;
	void (*fn)(struct its *its, struct its_ite *ite);
};

static void visit_ite(const void *node, VISIT order, void *arg)
{
	struct its_ite *ite = *(void *const *)node;
	struct coll_walk *w = arg;

	if ((order == postorder || order == leaf) && ite->collection == w->collection)
		w->fn(w->its, ite);
}

static void visit_device(const void *node, VISIT order, void *arg)
{
	struct its_device *d = *(void *const *)node;

	if (order == postorder || order == leaf)
		twalk_r(d->ites, visit_ite, arg);
}

/* fn is called for each entry of the collection. */
static void for_each_of(struct its *its, const struct its_collection *c,
			void (*fn)(struct its *its, struct its_ite *ite))
{
	struct coll_walk w = {its, c, fn};

	twalk_r(its->devices, visit_device, &w);
}

static void follow(struct its *its, struct its_ite *ite)
{
	vgic_lpi_target(its->v, ite->lpi, its_collection_cpu(its, ite->collection));
}

void its_collection_moved(struct its *its, const struct its_collection *c)
{
	for_each_of(its, c, follow);
}

static void orphan(struct its *its, struct its_ite *ite)
{
	ite->collection = NULL;
}

void its_collection_unmap(struct its *its, struct its_collection *c)
{
	forget_translations(its);
	for_each_of(its, c, orphan);
	take_out(&its->collections, c);
}

void its_collections_unmap(struct its *its)
{
	while (its->collections)
		its_collection_unmap(its, any(its->collections));
}

/* ---- life ---- */

struct its *its_at(struct vgic *v, uint64_t ipa)
{
	struct its *its = v->itses;

	while (its && (its->base == VGIC_UNDEF || ipa - its->base >= ITS_FRAME_SIZE))
		its = its->next;
	return its;
}

void its_reset(struct its *its)
{
	its->enabled = false;
	its->cbaser = its->creadr = its->cwriter = 0;
	for (unsigned int i = 0; i < ITS_NUM_TABLES; i++)
		its->baser[i] &= ~BASER_VALID;
	its_devices_unmap(its);
	its_collections_unmap(its);
	forget_translations(its);
}

static uint64_t baser_reset(uint64_t type)
{
	return BASER_INNER_RAWB | BASER_SHARE | BASER_64K | FIELD_PUT(BASER_TYPE, type) |
	       FIELD_PUT(BASER_ENTRY, ITS_ENTRY_SIZE - 1);
}

/* The first one gives the vGIC its LPIs. */
static int attach(struct vgic *v, struct its *its)
{
	struct vgic_irq **lpis = v->lpis ? v->lpis : calloc(VGIC_NUM_LPIS, sizeof(*lpis));

	if (!lpis)
		return -ENOMEM;
	lock_take(&v->lock);
	v->lpis = lpis;
	v->propbaser = VGIC_BASER_RESET;
	its->next = v->itses;
	v->itses = its;
	lock_drop(&v->lock);
	return 0;
}

int its_create(struct vgic *v, struct its **out)
{
	struct its *its = calloc(1, sizeof(*its));
	int ret;

	if (!its)
		return -ENOMEM;
	its->v = v;
	its->base = VGIC_UNDEF;
	its->baser[ITS_DEVICES] = baser_reset(BASER_DEVICE);
	its->baser[ITS_COLLECTIONS] = baser_reset(BASER_COLLECTION);
	lock_take(&v->its_lock);
	ret = attach(v, its);
	lock_drop(&v->its_lock);
	if (ret)
		free(its);
	else
		*out = its;
	return ret;
}

void its_destroy_all(struct vgic *v)
{
	struct its *its, *next;

	lock_take(&v->its_lock);
	for (its = v->itses; its; its = next) {
		next = its->next;
		its_reset(its);
		free(its);
	}
	lock_drop(&v->its_lock);
}
