// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_irq.c - an MSI by irqfd beside an SPI by irqfd: from the write to the eventfd until a vCPU
 * has the interrupt in a list register. What comes then is the same for both.
 *
 * In turns, medians of ROUNDS. Exit status 1: the MSI takes more than LIMIT times as long.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "abi/kvm.h"
#include "base/bits.h"
#include "kvm/irq/irq.h"
#include "kvm/irq/its.h"
#include "kvm/irq/vgic.h"
#include "tests/kvm/its_guest.h"

#define ROUNDS	 15
#define SIGNALS	 1000
#define LIMIT	 1.2
#define DIST	 UINT64_C(0x08000000)
#define REDIST	 UINT64_C(0x080e0000)
#define MEM	 UINT64_C(0x40000000)
#define MEM_SIZE 0x100000u
#define NUM_LRS	 4
#define SPI	 40

static uint8_t mem[MEM_SIZE];
static struct vgic *vgic;
static atomic_uint kicks;

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s failed\n", what);
	exit(2);
}

/* ---- who owns the vGIC, and who calls ---- */

static void kick(void *arg, unsigned int vcpu)
{
	atomic_fetch_add(&kicks, 1);
}

static unsigned int num_vcpus(void *arg)
{
	return 1;
}

static uint64_t mpidr(void *arg, unsigned int vcpu)
{
	return UINT64_C(0x80000000);
}

static uint8_t *at(uint64_t gpa, size_t len)
{
	return gpa >= MEM && gpa - MEM <= MEM_SIZE - len ? mem + (gpa - MEM) : NULL;
}

static bool guest_read(void *arg, uint64_t gpa, void *dst, size_t len)
{
	const uint8_t *p = at(gpa, len);

	if (p)
		memcpy(dst, p, len);
	return p;
}

static bool guest_write(void *arg, uint64_t gpa, const void *src, size_t len)
{
	uint8_t *p = at(gpa, len);

	if (p)
		memcpy(p, src, len);
	return p;
}

static int caller_read(struct kvm_caller *c, void *dst, uint64_t uaddr, size_t len)
{
	memcpy(dst, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

static int caller_take_fd(struct kvm_caller *c, int fd)
{
	return dup(fd);
}

static const struct kvm_caller_ops caller_ops = {.read = caller_read, .take_fd = caller_take_fd};
static struct kvm_caller caller = {.ops = &caller_ops};

static struct vgic *get_vgic(void *arg)
{
	return vgic;
}

static int vcpu_by_id(void *arg, unsigned int id)
{
	return id ? -1 : 0;
}

/* ---- set-up ---- */

static void set_gic(uint32_t group, uint64_t attr, uint64_t val)
{
	struct kvm_device_attr a = {.group = group, .attr = attr, .addr = (uintptr_t)&val};

	check(!vgic_set_attr(vgic, &caller, &a), "the vGIC");
}

static void mmio(uint64_t ipa, unsigned int len, uint64_t val)
{
	check(vgic_mmio(vgic, 0, ipa, true, len, &val), "a register");
}

static void make_vgic(void)
{
	struct vgic_owner owner = {
		.kick = kick,
		.num_vcpus = num_vcpus,
		.mpidr = mpidr,
		.guest_read = guest_read,
		.guest_write = guest_write,
		.ipa_bits = 40,
		.num_lrs = NUM_LRS,
	};

	check(!vgic_create(&owner, &vgic), "the vGIC");
	set_gic(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, DIST);
	set_gic(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, REDIST);
	set_gic(KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
	check(!vgic_map_resources(vgic), "the vGIC's place");
	mmio(DIST, 4, 2);
	mmio(DIST + 0xc00 + SPI / 16 * 4, 4, UINT64_C(2) << SPI % 16 * 2); /* an edge */
	mmio(DIST + 0x100 + SPI / 32 * 4, 4, UINT64_C(1) << SPI % 32);
}

static void make_its(void)
{
	const struct its_cmd commands[] = {MAPC(0, 0), MAPD(1, MEM + AT_ITT, 5),
					   MAPTI(1, 0, FIRST_LPI, 0)};
	uint64_t base = ITS;
	struct kvm_device_attr a = {.attr = KVM_VGIC_ITS_ADDR_TYPE, .addr = (uintptr_t)&base};
	struct its *its;

	check(!its_create(vgic, &its) && !its_set_attr(its, &caller, &a), "the ITS");
	memset(mem + AT_CONFIG, LPI_ON, 0xe000);
	memcpy(mem + AT_QUEUE, commands, sizeof(commands));
	mmio(REDIST + 0x70, 8, (MEM + AT_CONFIG) | 15);
	mmio(REDIST + 0x78, 8, MEM + AT_PENDING);
	mmio(REDIST, 4, 1);
	mmio(ITS_CBASER, 8, (MEM + AT_QUEUE) | 15 | TABLE_VALID);
	mmio(ITS_BASER0, 8, (MEM + AT_DEVICES) | TABLE_VALID);
	mmio(ITS_BASER1, 8, (MEM + AT_COLLS) | TABLE_VALID);
	mmio(ITS_CTLR, 4, 1);
	mmio(ITS_CWRITER, 8, sizeof(commands));
}

static int make_irqfd(struct irqs *q, uint32_t gsi)
{
	struct kvm_irqfd f = {.fd = (uint32_t)eventfd(0, EFD_NONBLOCK), .gsi = gsi};

	check(!irqs_irqfd(q, &caller, &f), "an irqfd");
	return (int)f.fd;
}

static void make_routes(struct irqs *q)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry e[2];
	} r = {.head = {.nr = 2}};

	r.e[0].type = KVM_IRQ_ROUTING_IRQCHIP;
	r.e[0].u.irqchip.pin = SPI - 32;
	r.e[1].gsi = 1;
	r.e[1].type = KVM_IRQ_ROUTING_MSI;
	r.e[1].flags = KVM_MSI_VALID_DEVID;
	r.e[1].u.msi.address_lo = (uint32_t)DOORBELL;
	r.e[1].u.msi.devid = 1;
	check(!irqs_set_routing(q, &caller, &r.head, (uintptr_t)r.e), "the routes");
}

/* ---- what is measured ---- */

/* The vCPU enters, has it, and is done with it. */
static void take(uint32_t intid)
{
	uint64_t lr[NUM_LRS], hcr;

	vgic_flush(vgic, 0, lr, &hcr);
	check((uint32_t)lr[0] == intid, "the interrupt");
	lr[0] &= MASK(61, 0);
	vgic_sync(vgic, 0, lr, 0, UINT64_C(0xff) << 24);
}

/* Seconds a signal. */
static double signals(int fd, uint32_t intid)
{
	const uint64_t one = 1;
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned int i = 0; i < SIGNALS; i++) {
		unsigned int before = atomic_load(&kicks);

		check(write(fd, &one, sizeof(one)) == sizeof(one), "a signal");
		while (atomic_load(&kicks) == before)
			sched_yield();
		take(intid);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9) / SIGNALS;
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare_double);
	return v[ROUNDS / 2];
}

int main(void)
{
	struct irqs_owner owner = {.vgic = get_vgic, .vcpu_by_id = vcpu_by_id};
	double spi[ROUNDS], msi[ROUNDS], ratio;
	struct irqs *q = irqs_create(&owner);
	int spi_fd, msi_fd;

	make_vgic();
	make_its();
	check(q, "memory");
	make_routes(q);
	spi_fd = make_irqfd(q, 0);
	msi_fd = make_irqfd(q, 1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		spi[i] = signals(spi_fd, SPI);
		msi[i] = signals(msi_fd, FIRST_LPI);
	}
	ratio = median(msi) / median(spi);
	printf("MSI by irqfd      %6.2f us  %5.2f of an SPI by irqfd (%.2f us), limit %.1f%s\n",
	       median(msi) * 1e6, ratio, median(spi) * 1e6, LIMIT, ratio > LIMIT ? "  OVER" : "");
	irqs_destroy(q);
	vgic_destroy(vgic);
	return ratio > LIMIT;
}
