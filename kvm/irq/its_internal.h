/* SPDX-License-Identifier: BSD-3-Clause */
/* its_internal.h - what the its*.c files share; its.c has the theory of operation. */
#ifndef KVM_ITS_INTERNAL_H
#define KVM_ITS_INTERNAL_H

#include "kvm/irq/its.h"
#include "kvm/irq/vgic_internal.h"

#define ITS_FRAME_SIZE UINT64_C(0x20000)
#define ITS_PAGE_SIZE  UINT64_C(0x10000)   /* of the tables: the only size offered */
#define ITS_ENTRY_SIZE 8		   /* in every table: ABI revision 0 */
#define ITS_ID_BITS    16		   /* devices, events, collections */
#define ITS_MAX_ITES   (2u << ITS_ID_BITS) /* of a VM: what a guest can make us keep */
#define ITS_NOT_MAPPED UINT32_MAX	   /* a collection's target */

/* GITS_BASER<n> */
#define BASER_VALID	BIT(63)
#define BASER_INDIRECT	BIT(62)
#define BASER_TYPE	MASK(58, 56)
#define BASER_ENTRY	MASK(52, 48)
#define BASER_ADDR	MASK(47, 16)
#define BASER_ADDR_HIGH MASK(15, 12) /* bits 51:48 of the address */
#define BASER_PAGES	MASK(7, 0)
/* GITS_CBASER */
#define CBASER_VALID	BIT(63)
#define CBASER_ADDR	MASK(51, 12)
#define CBASER_PAGES	MASK(7, 0)

enum { ITS_DEVICES, ITS_COLLECTIONS, ITS_NUM_TABLES };

/* Elements of trees (tsearch(3)), each sorted by the number it begins with. */
struct its_collection {
	uint32_t id;
	uint32_t target; /* GICR_TYPER.Processor_Number, or ITS_NOT_MAPPED */
};

struct its_ite {
	uint32_t event;
	struct its_collection *collection; /* NULL: it has been unmapped */
	struct vgic_irq *lpi;
};

struct its_device {
	uint32_t id;
	unsigned int event_bits;
	uint64_t itt;
	void *ites;
};

struct its {
	struct its *next; /* v->itses */
	struct vgic *v;
	uint64_t base; /* VGIC_UNDEF; set once, with both locks held */
	/* its_lock */
	bool enabled;
	uint64_t cbaser;
	uint32_t creadr, cwriter;
	uint64_t baser[ITS_NUM_TABLES];
	void *devices, *collections;
};

/* All of them with its_lock held, if nothing else is said. */

/* ---- its.c ---- */
void its_destroy_all(struct vgic *v); /* at the vGIC's end: no lock held */
/* The ITS whose frame holds the address; NULL: none. Either lock held. */
struct its *its_at(struct vgic *v, uint64_t ipa);
void its_reset(struct its *its);

bool its_read(struct its *its, uint64_t gpa, void *dst, size_t len);
bool its_read64(struct its *its, uint64_t gpa, uint64_t *val); /* little endian */
bool its_write64(struct its *its, uint64_t gpa, uint64_t val);
/* Where the guest's table keeps the entry of an id; false: it has no room for it. */
bool its_entry_address(struct its *its, unsigned int table, uint32_t id, uint64_t *gpa);
uint64_t its_table_base(const struct its *its, unsigned int table);
uint64_t its_table_size(const struct its *its, unsigned int table);

struct its_device *its_device_find(struct its *its, uint32_t id);
struct its_device *its_device_map(struct its *its, const struct its_device *d); /* or NULL */
void its_device_unmap(struct its *its, struct its_device *d);
void its_devices_unmap(struct its *its);

struct its_collection *its_collection_find(struct its *its, uint32_t id);
/* NULL: out of memory. */
struct its_collection *its_collection_map(struct its *its, uint32_t id, uint32_t target);
void its_collection_unmap(struct its *its, struct its_collection *c);
void its_collections_unmap(struct its *its);
/* The vCPU that its interrupts go to; VGIC_NO_VCPU: none. c may be NULL. */
int its_collection_cpu(const struct its *its, const struct its_collection *c);
/* It has another target: so have its interrupts. */
void its_collection_moved(struct its *its, const struct its_collection *c);

struct its_ite *its_ite_find(struct its *its, uint32_t devid, uint32_t event);
/* False: out of memory, or the LPI's tables cannot be read. */
bool its_ite_map(struct its *its, struct its_device *d, uint32_t event, struct its_collection *c,
		 unsigned int lpi);
void its_ite_unmap(struct its *its, struct its_device *d, struct its_ite *ite);

/* The elements of a tree in ascending order: an array to be freed, ended by NULL; NULL: out of
 * memory. */
void **its_elements(const void *tree);

/* ---- its_cmd.c ---- */
/* Commands that are due, if the ITS is enabled: as many as one access may take the time for. */
void its_run_commands(struct its *its);
uint32_t its_queue_size(const struct its *its); /* bytes */

/* ---- its_mmio.c ---- */
/* An access of the guest that begins in its frame. No lock held. */
void its_mmio(struct its *its, uint64_t ipa, bool is_write, unsigned int len, uint64_t *val);
/* The register at the offset, for user space; NULL: there is none. */
const struct its_reg *its_reg_find(uint64_t offset);
result its_reg_access(struct its *its, const struct its_reg *r, uint64_t offset, bool is_write,
		      uint64_t *val);

/* ---- its_tables.c ---- */
result its_save_tables(struct its *its);
result its_restore_tables(struct its *its);

/* ---- vgic_msi.c ---- */
result its_inject(struct its *its, uint32_t devid, uint32_t event, bool *delivered);

#endif
