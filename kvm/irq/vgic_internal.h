/* SPDX-License-Identifier: BSD-3-Clause */
/* vgic_internal.h - what the vgic*.c files share; vgic.c has the theory of operation. */
#ifndef KVM_VGIC_INTERNAL_H
#define KVM_VGIC_INTERNAL_H

#include <pthread.h>

#include "abi/arm.h"
#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/core/ranks.h"
#include "kvm/irq/vgic.h"
#include "kvm/irq/vgic_rules.h"

#define VGIC_NR_SGIS	  16
#define VGIC_DEFAULT_SPIS 224 /* when NR_IRQS was not set: 256 interrupts */
#define VGIC_MAX_REGIONS  256 /* a region's index is 8 bits wide */
#define VGIC_MAX_LRS	  16
#define VGIC_PRI_BITS	  5 /* of the GIC that is presented, and of its CPU interface */
#define VGIC_PRI_MASK	  0xf8
#define VGIC_NO_VCPU	  (-1)
#define VGIC_UNDEF	  UINT64_MAX /* a base address that is not set */
#define VGIC_REV_LATEST	  3
#define VGIC_ID_BITS_LPI  16 /* INTIDs, with an ITS */
#define VGIC_MIN_LPI	  8192
#define VGIC_NUM_LPIS	  ((1u << VGIC_ID_BITS_LPI) - VGIC_MIN_LPI)
#define VGIC_CACHE_SIZE	  512

/* ICH_LR<n>_EL2 */
#define LR_EOI	    BIT(41)
#define LR_PRIORITY MASK(55, 48)
#define LR_GROUP1   BIT(60)
#define LR_HW	    BIT(61)
#define LR_PENDING  BIT(62)
#define LR_ACTIVE   BIT(63)
#define LR_STATE    (LR_PENDING | LR_ACTIVE)
/* ICH_HCR_EL2 */
/* ICH_VMCR_EL2 */
#define VMCR_ENG0   BIT(0)
#define VMCR_ENG1   BIT(1)
#define VMCR_CBPR   BIT(4)
#define VMCR_EOIM   BIT(9)
#define VMCR_BPR1   MASK(20, 18)
#define VMCR_BPR0   MASK(23, 21)
#define VMCR_PMR    MASK(31, 24)

struct its;

struct vgic_irq {
	struct vgic_irq *next, **link; /* the list of its home */
	uint16_t intid;
	int8_t target; /* vCPU that it is routed to */
	int8_t home;   /* vCPU on whose list it is */
	uint8_t priority;
	bool edge, enabled, group1;
	bool line;  /* input of a level interrupt */
	bool latch; /* pending by an edge or by software */
	bool active;
	bool in_lr;	   /* in a list register of home, which has not been synced yet */
	uint32_t mpidr;	   /* of the target, as the guest wrote it */
	unsigned int refs; /* an LPI: entries of translation tables that lead to it */
	const void *owner; /* in-kernel device that drives it */
};

struct vgic_cpu {
	uint64_t mpidr;
	struct vgic_irq private[VGIC_NR_PRIVATE];
	struct vgic_irq *list; /* interrupts whose home is this vCPU, in no order */
	bool in_guest;	       /* between flush and sync */
	bool lpis_enabled;     /* GICR_CTLR.EnableLPIs */
	unsigned int used_lrs;
	struct vgic_irq *lr_irq[VGIC_MAX_LRS];
	/* What user space sees of the CPU interface (vgic_icc.c). */
	uint64_t vmcr, pendbaser;
	uint32_t apr[2]; /* AP0R0, AP1R0 */
	uint8_t pri_bits, id_bits;
};

/* One redistributor region: `count` redistributors, or (0) as many as there are vCPUs. */
struct vgic_region {
	uint64_t base;
	uint32_t count;
};

/* What (ITS, device, event) led to, so that an MSI need not wait for commands (vgic_msi.c). */
struct vgic_translation {
	const struct its *its;
	uint32_t devid, eventid;
	struct vgic_irq *lpi; /* NULL: empty */
};

struct vgic {
	struct vgic_owner owner;

	struct lock its_lock;	/* outside of lock: ITSs; the tables in guest memory */
	struct its *itses;	/* changed with both locks held */
	unsigned int num_ites;	/* of all ITSs */
	struct vgic_irq **lpis; /* VGIC_NUM_LPIS; changed with both locks held */
	unsigned int lpi_top;	/* all from here on are NULL; likewise */

	struct lock lock;	/* all below */
	pthread_cond_t synced;	/* a vCPU has been synced */
	pthread_cond_t resumed; /* halting has become 0 */
	unsigned int halting;	/* callers that keep vCPUs out of the guest */

	bool initialized;      /* CTRL_INIT: num_spis, cpus and irqs are fixed */
	bool ready;	       /* map_resources: the distributor answers */
	bool enabled;	       /* GICD_CTLR.EnableGrp1 */
	uint32_t revision;     /* GICD_IIDR; 0: not chosen yet */
	uint32_t maint_irq;    /* kept for user space only */
	unsigned int num_spis; /* 0: not chosen yet */
	uint64_t propbaser;

	uint64_t dist_base;
	struct vgic_region regions[VGIC_MAX_REGIONS];
	unsigned int num_regions;

	unsigned int num_cpus;
	struct vgic_cpu cpus[VGIC_MAX_VCPUS];
	struct vgic_irq spis[VGIC_MAX_SPIS];
	struct vgic_translation cache[VGIC_CACHE_SIZE];
	bool cached; /* something is in there */

	void (*eoi)(void *arg, unsigned int intid);
	void *eoi_arg;
};

/* ---- vgic.c: with v->lock held ---- */
/* NULL: no such interrupt. cpu matters for private ones only. */
struct vgic_irq *vgic_irq(struct vgic *v, unsigned int cpu, unsigned int intid);
/* The same of one that is there: an SGI, a PPI or SPI below the limit, of an initialized vGIC. */
struct vgic_irq *vgic_irq_known(struct vgic *v, unsigned int cpu, unsigned int intid);
bool vgic_irq_pending(const struct vgic_irq *irq);
/* After any change of an interrupt's state: put it on the right list. Kicks the vCPU that has
 * something to take. */
void vgic_irq_update(struct vgic *v, struct vgic_irq *irq);
/* The same without a kick: for the vCPU that is about to enter anyway. Returns the vCPU that
 * should be kicked, or VGIC_NO_VCPU. */
int vgic_irq_move(struct vgic *v, struct vgic_irq *irq);
void vgic_update_all(struct vgic *v);
int vgic_cpu_by_mpidr(const struct vgic *v, uint64_t mpidr);
/* The vCPU whose GICR_TYPER.Processor_Number it is; VGIC_NO_VCPU: none. */
int vgic_cpu_by_number(const struct vgic *v, uint64_t number);
/* Bring every vCPU out of the guest (the lock is dropped meanwhile) and keep them out until
 * vgic_resume: nothing is in list registers in between. */
void vgic_halt(struct vgic *v);
void vgic_resume(struct vgic *v);

/* CTRL_INIT: fixes the numbers of interrupts and vCPUs. Allowed without vCPUs, as in the kernel. */
void vgic_init(struct vgic *v);

/* ---- vgic_addr.c ---- */
/* A frame may lie there: aligned, inside the IPA space. */
result vgic_check_range(const struct vgic *v, uint64_t base, uint64_t size);
result vgic_addr_set(struct vgic *v, uint64_t type, uint64_t value);
result vgic_addr_get(struct vgic *v, uint64_t type, uint64_t *value);
/* Base of the redistributor of vCPU `cpu`; VGIC_UNDEF: no region has room for it. Lock held. */
uint64_t vgic_redist_base(const struct vgic *v, unsigned int cpu, unsigned int num_cpus);
/* GICR_TYPER.Last. Lock held. */
bool vgic_redist_is_last(const struct vgic *v, unsigned int cpu);

/* ---- vgic_mmio.c ---- */
enum vgic_frame { VGIC_FRAME_DIST, VGIC_FRAME_REDIST };

/* One access to a register, of the guest or of user space. */
struct vgic_access {
	struct vgic *v;
	unsigned int cpu;   /* whose redistributor it is; for the distributor whoever asks */
	uint32_t offset;    /* in the frame */
	unsigned int len;   /* bytes: 1, 4, 8 */
	unsigned int intid; /* first interrupt that the access covers */
	unsigned int count; /* interrupts that it covers */
	/* What is left to do once the lock has been dropped, as it looks at guest memory. */
	enum { VGIC_DONE, VGIC_LPIS_ENABLED, VGIC_INV_LPI, VGIC_INV_ALL } todo;
	uint32_t lpi;
};

struct vgic_reg {
	uint32_t offset, len;
	uint8_t bits;	/* per interrupt; 0: not a register of interrupts */
	uint8_t widths; /* allowed access sizes: sum of 1, 4, 8 */
	uint64_t (*read)(struct vgic_access *a);
	void (*write)(struct vgic_access *a, uint64_t val);
	/* For user space where it differs (NULL: as above). */
	uint64_t (*uread)(struct vgic_access *a);
	result (*uwrite)(struct vgic_access *a, uint64_t val);
};

extern const struct vgic_reg vgic_dist_regs[], vgic_redist_regs[];
extern const unsigned int vgic_num_dist_regs, vgic_num_redist_regs;

/* Register access of user space, 32 bits wide, after all checks but the register's. Lock held; `a`
 * has v, cpu, offset and length. */
bool vgic_uaccess_exists(struct vgic *v, enum vgic_frame f, uint32_t offset);
result vgic_uaccess(struct vgic_access *a, enum vgic_frame f, bool is_write, uint32_t *val);

/* ---- vgic_bits.c: registers with a field per interrupt ---- */
uint64_t vgic_read_zero(struct vgic_access *a);
void vgic_write_ignore(struct vgic_access *a, uint64_t val);
result vgic_uwrite_ignore(struct vgic_access *a, uint64_t val);
uint64_t vgic_read_group(struct vgic_access *a);
void vgic_write_group(struct vgic_access *a, uint64_t val);
uint64_t vgic_read_enable(struct vgic_access *a);
void vgic_write_senable(struct vgic_access *a, uint64_t val);
void vgic_write_cenable(struct vgic_access *a, uint64_t val);
uint64_t vgic_read_pending(struct vgic_access *a);
void vgic_write_spending(struct vgic_access *a, uint64_t val);
void vgic_write_cpending(struct vgic_access *a, uint64_t val);
uint64_t vgic_uread_pending(struct vgic_access *a);
result vgic_uwrite_pending(struct vgic_access *a, uint64_t val);
uint64_t vgic_read_active(struct vgic_access *a);
void vgic_write_sactive(struct vgic_access *a, uint64_t val);
void vgic_write_cactive(struct vgic_access *a, uint64_t val);
uint64_t vgic_uread_active(struct vgic_access *a);
result vgic_uwrite_sactive(struct vgic_access *a, uint64_t val);
result vgic_uwrite_cactive(struct vgic_access *a, uint64_t val);
uint64_t vgic_read_priority(struct vgic_access *a);
void vgic_write_priority(struct vgic_access *a, uint64_t val);
uint64_t vgic_read_config(struct vgic_access *a);
void vgic_write_config(struct vgic_access *a, uint64_t val);
/* KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO: the lines of 32 interrupts. */
uint32_t vgic_read_lines(struct vgic *v, unsigned int cpu, unsigned int intid);
void vgic_write_lines(struct vgic *v, unsigned int cpu, unsigned int intid, uint32_t val);

/* ---- helpers for 64-bit registers that may be accessed in halves ---- */
static inline uint64_t vgic_extract(const struct vgic_access *a, uint64_t reg)
{
	return (reg >> (a->offset & 7) * 8) & MASK(a->len * 8 - 1, 0);
}

static inline uint64_t vgic_insert(const struct vgic_access *a, uint64_t reg, uint64_t val)
{
	unsigned int lo = (a->offset & 4) * 8;
	uint64_t m = MASK(lo + a->len * 8 - 1, lo);

	return (reg & ~m) | ((val << lo) & m);
}

/* GICD_PIDR2: GICv3, as all ID registers of both frames. */
uint64_t vgic_read_id(struct vgic_access *a);

/* GICR_TYPER.Processor_Number of a vCPU: its id, of which MPIDR_EL1 is made. */
uint64_t vgic_processor_number(uint64_t mpidr);

/* ---- attributes of a table's base register: the fields are elsewhere in each ---- */
struct vgic_baser_fields {
	uint64_t inner, share, outer, res0;
};
/* The attributes that the table will be accessed with: never outer shareable, always cacheable. */
uint64_t vgic_sanitise_baser(uint64_t reg, const struct vgic_baser_fields *f);
#define VGIC_BASER_RAWB	   3		      /* inner cacheability: write-back */
#define VGIC_BASER_RESET   (BIT(10) | 3 << 7) /* of GICR_PROPBASER: inner shareable, write-back */
#define VGIC_PENDBASER_PTZ BIT(62)	      /* the pending table is all zero */

/* ---- vgic_lpi.c ---- */
void vgic_lpi_after(const struct vgic_access *a); /* what an access left to do; no lock held */
/* its_lock held in these, lock not. */
/* A reference on the LPI, which is made if there is none yet; NULL: out of memory, or its tables
 * cannot be read. target: a vCPU or VGIC_NO_VCPU. */
struct vgic_irq *vgic_lpi_get(struct vgic *v, unsigned int intid, int target);
void vgic_lpi_put(struct vgic *v, struct vgic_irq *lpi);
unsigned int vgic_lpi_limit(struct vgic *v); /* INTIDs from here on are not configured */
void vgic_lpi_target(struct vgic *v, struct vgic_irq *lpi, int cpu);
void vgic_lpi_clear(struct vgic *v, struct vgic_irq *lpi);
void vgic_lpi_move_all(struct vgic *v, int from, int to);
/* Take the configuration from guest memory anew. False: it cannot be read. */
bool vgic_lpi_reload(struct vgic *v, struct vgic_irq *lpi);
void vgic_lpi_reload_all(struct vgic *v, int cpu);
result vgic_lpi_save_pending(struct vgic *v);
/* Lock held: EnableLPIs goes off. */
void vgic_lpi_disable(struct vgic *v, unsigned int cpu);

/* ---- vgic_msi.c ---- */
/* Lock held: translations may have changed. */
void vgic_cache_clear(struct vgic *v);
void vgic_cache_add(struct vgic *v, const struct vgic_translation *t);

/* ---- vgic_uaccess.c ---- */
#define VGIC_LEVEL_INFO	 MASK(31, 10)
#define VGIC_LEVEL_INTID MASK(9, 0)
result vgic_put(struct kvm_caller *c, uint64_t uaddr, const void *val, size_t len);
result vgic_get(struct kvm_caller *c, uint64_t uaddr, void *val, size_t len);
/* Hold the vCPUs out of KVM_RUN; false: one is in there. */
bool vgic_lock_vcpus(struct vgic *v);
void vgic_unlock_vcpus(struct vgic *v);
bool vgic_is_reg_group(uint32_t group);
result vgic_attr_regs(struct vgic *v, struct kvm_caller *c, const struct kvm_device_attr *attr,
		      bool set);
result vgic_has_regs(struct vgic *v, const struct kvm_device_attr *attr);

/* ---- vgic_icc.c ---- */
void vgic_icc_reset(struct vgic_cpu *c);
/* `id`: the register as KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS encodes it. */
bool vgic_icc_exists(uint64_t id);
result vgic_icc_get(struct vgic_cpu *c, uint64_t id, uint64_t *val);
result vgic_icc_set(struct vgic_cpu *c, uint64_t id, uint64_t val);

#endif
