// SPDX-License-Identifier: BSD-3-Clause
/*
 * gic.c - the physical GICv3 of QEMU's virt board, and the doorbell devices on it.
 *
 * Five interrupts reach a CPU: the doorbell (an SPI of its own for the owner of a device, an SGI
 * from the owner for the others), the two EL1 timers, the PMU's, and the GIC's maintenance one. The
 * doorbell has the higher priority, so that the CPU interface's priority mask can silence the
 * others while the CPU sleeps at EL2: they stay pending, and leave the guest again as soon as it
 * is entered. None but the doorbell is ever acknowledged; the others go away with their cause
 * (gic_set_timer_masks, new list registers).
 *
 * A doorbell is a queue of a vhost-user device on a virtio-mmio transport (mailbox.h says which).
 * The queues are never used: a store to QueueNotify makes QEMU write the host's eventfd, and when
 * the host writes the other eventfd, QEMU raises the transport's interrupt.
 */
#include "engine/monitor/monitor.h"

#define GICD		   UINT64_C(0x08000000)
#define GICD_CTLR	   0x0000
#define GICD_CTLR_ARE_GRP1 0x12
#define GICD_IGROUPR(n)	   (0x0080 + (n) / 32 * 4)
#define GICD_ISENABLER(n)  (0x0100 + (n) / 32 * 4)
#define GICD_IPRIORITYR(n) (0x0400 + (n))
#define GICD_IROUTER(n)	   (0x6000 + (n)*8)

/* Two regions: 123 redistributors fit below the devices. */
#define GICR_FIRST 123
#define GICR_SIZE  UINT64_C(0x20000)
#define GICR(cpu)                                                                                  \
	((cpu) < GICR_FIRST ? UINT64_C(0x080a0000) + GICR_SIZE * (cpu)                             \
			    : UINT64_C(0x4000000000) + GICR_SIZE * ((cpu)-GICR_FIRST))
#define GICR_WAKER	  0x14
#define GICR_WAKER_SLEEP  2
#define GICR_WAKER_ASLEEP 4
#define GICR_SGI_PAGE	  0x10000 /* the offsets below are in this page */
#define GICR_IGROUPR0	  0x080
#define GICR_ISENABLER0	  0x100
#define GICR_ICENABLER0	  0x180
#define GICR_IPRIORITYR	  0x400

#define SGI_DOORBELL	0
#define PPI_PMU		23
#define PPI_MAINTENANCE 25

#define PRIO_DOORBELL 0x20
#define PRIO_OTHERS   0x80
#define PMR_DOORBELL  0x40 /* below this: the doorbell alone */
#define PMR_ALL	      0xff
#define INTID_NONE    1020 /* and above */

#define VIRTIO(cpu)		   (UINT64_C(0x0a000000) + UINT64_C(0x200) * (cpu))
#define VIRTIO_INTID(cpu)	   (48 + (cpu))
#define VIRTIO_DRIVER_FEATURES	   0x020
#define VIRTIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_QUEUE_SEL	   0x030
#define VIRTIO_QUEUE_NUM	   0x038
#define VIRTIO_QUEUE_READY	   0x044
#define VIRTIO_QUEUE_NOTIFY	   0x050
#define VIRTIO_INTERRUPT_ACK	   0x064
#define VIRTIO_STATUS		   0x070
#define VIRTIO_QUEUE_DESC	   0x080
#define VIRTIO_QUEUE_DRIVER	   0x090
#define VIRTIO_QUEUE_DEVICE	   0x0a0
#define VIRTIO_S_ACKNOWLEDGE	   1
#define VIRTIO_S_DRIVER		   2
#define VIRTIO_S_DRIVER_OK	   4
#define VIRTIO_S_FEATURES_OK	   8
#define VIRTIO_F_VERSION_1_HIGH	   1 /* bit 32 */
#define VIRTIO_QUEUE_LEN	   8

static uint32_t read32(uint64_t addr)
{
	return *(volatile uint32_t *)addr;
}

static void write8(uint64_t addr, uint8_t val)
{
	*(volatile uint8_t *)addr = val;
}

static void write32(uint64_t addr, uint32_t val)
{
	*(volatile uint32_t *)addr = val;
}

static void write64(uint64_t addr, uint64_t val)
{
	*(volatile uint64_t *)addr = val;
}

/* The distributor is shared: CPU 0 sets up every doorbell before it starts the others. */
void gic_init_distributor(unsigned int cpus)
{
	write32(GICD + GICD_CTLR, GICD_CTLR_ARE_GRP1);
	write32(GICD + GICD_IGROUPR(32), ~0u);
	write32(GICD + GICD_IGROUPR(64), ~0u);
	for (unsigned int i = 0; i < cpus && i < DOORBELL_DEVICES; i++) {
		unsigned int n = VIRTIO_INTID(i);

		write8(GICD + GICD_IPRIORITYR(n), PRIO_DOORBELL);
		write64(GICD + GICD_IROUTER(n), (i / 16) << 8 | i % 16);
		write32(GICD + GICD_ISENABLER(n), 1u << n % 32);
	}
}

static bool is_owner(const struct cpu *c)
{
	return c->index < DOORBELL_DEVICES;
}

void gic_init_cpu(struct cpu *c)
{
	uint64_t rd = GICR(c->index);

	c->rd = rd + GICR_SGI_PAGE;
	c->doorbell = VIRTIO(c->index % DOORBELL_DEVICES);
	c->intid = is_owner(c) ? VIRTIO_INTID(c->index) : SGI_DOORBELL;

	write_sysreg(icc_sre_el2, 0xf);
	isb();
	write32(rd + GICR_WAKER, read32(rd + GICR_WAKER) & ~GICR_WAKER_SLEEP);
	while (read32(rd + GICR_WAKER) & GICR_WAKER_ASLEEP)
		;
	write32(c->rd + GICR_IGROUPR0, ~0u);
	write8(c->rd + GICR_IPRIORITYR + SGI_DOORBELL, PRIO_DOORBELL);
	write8(c->rd + GICR_IPRIORITYR + PPI_PMU, PRIO_OTHERS);
	write8(c->rd + GICR_IPRIORITYR + PPI_MAINTENANCE, PRIO_OTHERS);
	write8(c->rd + GICR_IPRIORITYR + PPI_VTIMER, PRIO_OTHERS);
	write8(c->rd + GICR_IPRIORITYR + PPI_PTIMER, PRIO_OTHERS);
	write32(c->rd + GICR_ISENABLER0, 1u << SGI_DOORBELL | 1u << PPI_PMU |
						 1u << PPI_MAINTENANCE | 1u << PPI_VTIMER |
						 1u << PPI_PTIMER);
	write_sysreg(icc_pmr_el1, PMR_ALL);
	write_sysreg(icc_igrpen1_el1, 1);
	isb();
}

static void write_pa(uint64_t reg, uint64_t pa)
{
	write32(reg, pa);
	write32(reg + 4, pa >> 32);
}

static void init_queue(uint64_t v, unsigned int q, uint64_t mem)
{
	write32(v + VIRTIO_QUEUE_SEL, q);
	write32(v + VIRTIO_QUEUE_NUM, VIRTIO_QUEUE_LEN);
	write_pa(v + VIRTIO_QUEUE_DESC, mem);
	write_pa(v + VIRTIO_QUEUE_DRIVER, mem + 0x100);
	write_pa(v + VIRTIO_QUEUE_DEVICE, mem + 0x200);
	write32(v + VIRTIO_QUEUE_READY, 1);
}

void gic_init_doorbell(struct cpu *c)
{
	uint64_t first = (uint64_t)c->index * DOORBELL_MAX_QUEUES, v = c->doorbell;

	if (!is_owner(c))
		return;
	write32(v + VIRTIO_STATUS, 0);
	write32(v + VIRTIO_STATUS, VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER);
	write32(v + VIRTIO_DRIVER_FEATURES_SEL, 1);
	write32(v + VIRTIO_DRIVER_FEATURES, VIRTIO_F_VERSION_1_HIGH);
	write32(v + VIRTIO_DRIVER_FEATURES_SEL, 0);
	write32(v + VIRTIO_DRIVER_FEATURES, 0);
	write32(v + VIRTIO_STATUS, VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER | VIRTIO_S_FEATURES_OK);
	for (unsigned int q = 0; q < doorbell_queues(c->index, c->cpus); q++)
		init_queue(v, q, c->window + WINDOW_QUEUES + DOORBELL_QUEUE_SIZE * (first + q));
	write32(v + VIRTIO_STATUS,
		VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER | VIRTIO_S_FEATURES_OK | VIRTIO_S_DRIVER_OK);
}

void gic_ring_host(const struct cpu *c)
{
	write32(c->doorbell + VIRTIO_QUEUE_NOTIFY, c->index / DOORBELL_DEVICES);
}

static void send_doorbell(unsigned int cpu)
{
	write_sysreg(icc_sgi1r_el1,
		     (uint64_t)SGI_DOORBELL << 24 | (uint64_t)(cpu / 16) << 16 | 1u << cpu % 16);
}

/* The ring may have been for another CPU of the device: its mailbox says so. Too often is fine. */
static void ring_others(const struct cpu *c)
{
	dmb_ish();
	for (unsigned int i = c->index + DOORBELL_DEVICES; i < c->cpus; i += DOORBELL_DEVICES) {
		const struct mailbox *m = mailbox_of(c->window, i);

		if (__atomic_load_n(&m->kick, __ATOMIC_RELAXED) ||
		    (__atomic_load_n(&m->turn, __ATOMIC_RELAXED) == MAILBOX_MONITOR &&
		     __atomic_load_n(&m->monitor_sleeping, __ATOMIC_RELAXED)))
			send_doorbell(i);
	}
}

bool gic_take_doorbell(const struct cpu *c)
{
	uint64_t id = read_sysreg(icc_hppir1_el1);

	if (id != c->intid)
		return id < INTID_NONE;
	id = read_sysreg(icc_iar1_el1);
	if (id != c->intid)
		return id < INTID_NONE;
	if (is_owner(c)) {
		write32(c->doorbell + VIRTIO_INTERRUPT_ACK, 3);
		ring_others(c);
	}
	write_sysreg(icc_eoir1_el1, id);
	return false;
}

void gic_mask_all_but_doorbell(bool mask)
{
	write_sysreg(icc_pmr_el1, mask ? PMR_DOORBELL : PMR_ALL);
}

void gic_set_timer_masks(const struct cpu *c, uint32_t asserted)
{
	uint32_t off = (asserted & TIMER_VIRTUAL ? 1u << PPI_VTIMER : 0) |
		       (asserted & TIMER_PHYSICAL ? 1u << PPI_PTIMER : 0) |
		       (asserted & TIMER_PMU ? 1u << PPI_PMU : 0);
	uint32_t on = (1u << PPI_VTIMER | 1u << PPI_PTIMER | 1u << PPI_PMU) & ~off;

	if (off)
		write32(c->rd + GICR_ICENABLER0, off);
	if (on)
		write32(c->rd + GICR_ISENABLER0, on);
}
