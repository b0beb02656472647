// SPDX-License-Identifier: BSD-3-Clause
/*
 * fuzz_its.c - a hostile guest's ITS driver, and a VMM that saves and restores under it.
 *
 * Input: operations (its_ops.h), against a vGIC of three vCPUs with two ITSs. Guest memory is 512
 * KiB; the tables lie where the guest says, on one another too. After each operation the
 * invariants that vgic.c and its.c state hold; at the end nothing may be left.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "abi/kvm.h"
#include "fuzz/input.h"
#include "fuzz/its_ops.h"
#include "fuzz/seen.h"
#include "kvm/irq/its_internal.h"

#define CPUS	 3
#define NUM_ITS	 2
#define MEM	 UINT64_C(0x40000000)
#define MEM_SIZE 0x80000u
#define DIST	 UINT64_C(0x08000000)
#define ITS(n)	 (UINT64_C(0x08080000) + (n)*ITS_FRAME_SIZE)
#define REDIST	 UINT64_C(0x080e0000)
#define NUM_LRS	 4

struct guest {
	struct input in;
	struct vgic *v;
	struct its *its[NUM_ITS];
	bool gone, inside[CPUS];
	uint64_t lr[CPUS][NUM_LRS];
};

static uint8_t mem[MEM_SIZE];

static void fail(const char *what)
{
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

static void note(result r)
{
	if (r)
		seen_rule(r);
}

/* ---- the owner ---- */

static void kick(void *arg, unsigned int vcpu)
{
}

static unsigned int num_vcpus(void *arg)
{
	return CPUS;
}

static uint64_t mpidr(void *arg, unsigned int vcpu)
{
	return UINT64_C(0x80000000) | vcpu;
}

static bool lock_vcpus(void *arg)
{
	const struct guest *g = arg;

	return !g->inside[0] && !g->inside[1] && !g->inside[2];
}

static void unlock_vcpus(void *arg)
{
}

static uint8_t *at(const struct guest *g, uint64_t gpa, size_t len)
{
	if (g->gone || gpa < MEM || len > MEM_SIZE || gpa - MEM > MEM_SIZE - len)
		return NULL;
	return mem + (gpa - MEM);
}

static bool guest_read(void *arg, uint64_t gpa, void *dst, size_t len)
{
	const uint8_t *p = at(arg, gpa, len);

	if (p)
		memcpy(dst, p, len);
	return p;
}

static bool guest_write(void *arg, uint64_t gpa, const void *src, size_t len)
{
	uint8_t *p = at(arg, gpa, len);

	if (p)
		memcpy(p, src, len);
	return p;
}

static int caller_read(struct kvm_caller *c, void *dst, uint64_t uaddr, size_t len)
{
	if (!uaddr)
		return -1;
	memcpy(dst, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

static int caller_write(struct kvm_caller *c, uint64_t uaddr, const void *src, size_t len)
{
	if (!uaddr)
		return -1;
	memcpy((void *)(uintptr_t)uaddr, src, len);
	return 0;
}

static const struct kvm_caller_ops caller_ops = {.read = caller_read, .write = caller_write};
static struct kvm_caller caller = {.ops = &caller_ops};

/* ---- invariants ---- */

static bool on_list(const struct vgic_cpu *c, const struct vgic_irq *irq)
{
	const struct vgic_irq *i = c->list;

	while (i && i != irq)
		i = i->next;
	return i;
}

static void check_lpi(const struct vgic *v, const struct vgic_irq *lpi, unsigned int n)
{
	if (lpi->intid != n + VGIC_MIN_LPI || !lpi->refs)
		fail("an LPI that nothing leads to");
	for (int c = 0; c < CPUS; c++)
		if (on_list(&v->cpus[c], lpi) != (lpi->home == c))
			fail("an LPI is on a list that is not its home's");
	if (lpi->in_lr && !v->cpus[lpi->home].in_guest)
		fail("an LPI is in a list register of nobody");
}

static unsigned int count(void **all)
{
	unsigned int n = 0;

	while (all[n])
		n++;
	return n;
}

static unsigned int check_its(struct its *its)
{
	struct its_device **all = (struct its_device **)its_elements(its->devices);
	unsigned int n = 0;

	for (size_t i = 0; all[i]; i++) {
		void **ites = its_elements(all[i]->ites);

		if (i && all[i - 1]->id >= all[i]->id)
			fail("a tree out of order");
		n += count(ites);
		free(ites);
	}
	free(all);
	if (its->creadr >= its_queue_size(its) && its->enabled)
		fail("a queue beyond its end");
	return n;
}

static void check(struct guest *g)
{
	unsigned int refs = 0, ites = 0;

	for (unsigned int i = 0; i < g->v->lpi_top; i++) {
		if (!g->v->lpis[i])
			continue;
		check_lpi(g->v, g->v->lpis[i], i);
		refs += g->v->lpis[i]->refs;
	}
	for (unsigned int i = 0; i < NUM_ITS; i++)
		ites += check_its(g->its[i]);
	if (refs != ites || ites != g->v->num_ites)
		fail("references, entries and their count differ");
	for (unsigned int i = 0; i < VGIC_CACHE_SIZE; i++) {
		const struct vgic_translation *t = &g->v->cache[i];

		if (t->lpi && g->v->lpis[t->lpi->intid - VGIC_MIN_LPI] != t->lpi)
			fail("a translation to an LPI that has gone");
	}
}

/* ---- operations ---- */

/* An access that halts vCPUs would wait for those that this thread keeps in the guest. */
static void all_out(struct guest *g)
{
	for (unsigned int i = 0; i < CPUS; i++) {
		if (g->inside[i])
			vgic_sync(g->v, i, g->lr[i], 0, UINT64_C(0xff) << 24);
		g->inside[i] = false;
	}
}

static uint64_t address_of(unsigned int reg)
{
	static const uint32_t offset[R_NUM] = {0,     4,       8, 0x80, 0x88, 0x90, 0x100, 0x108,
					       0x110, 0x10040, 0, 0x70, 0x78, 0xa0, 0xb0};
	unsigned int n = reg / R_NUM;

	reg %= R_NUM;
	if (reg < R_GICR_CTLR)
		return ITS(n % NUM_ITS) + offset[reg];
	return REDIST + n % CPUS * KVM_VGIC_V3_REDIST_SIZE + offset[reg];
}

static void access_register(struct guest *g, bool is_write)
{
	uint64_t ipa = address_of(input_u8(&g->in)), val = 0;
	unsigned int how = input_u8(&g->in);
	unsigned int len = how & 8 ? 8 : how & 4 ? 4 : 1 << (how & 3);

	if (is_write)
		val = input_u64(&g->in);
	all_out(g);
	vgic_mmio(g->v, 0, ipa + (how >> 4 & 4), is_write, len, &val);
}

/* Into the queue, wherever that is, and done. Of `flags` bit 0 is V, the rest a size or a place. */
static void command(struct guest *g)
{
	struct its *its = g->its[0];
	uint64_t op = input_u8(&g->in), dev = input_u16(&g->in), event = input_u16(&g->in);
	uint64_t lpi = input_u16(&g->in), coll = input_u8(&g->in), flags = input_u8(&g->in);
	uint64_t dw[4] = {op | dev << 32, lpi << 32 | event, coll, flags % 4 << 16};
	uint64_t next = its->cwriter + sizeof(dw);

	if (op == 8)
		dw[1] = flags >> 1 & 31;
	if (op == 8)
		dw[2] = MEM + lpi * 256;
	if (op == 9 || op == 14)
		dw[2] |= (flags >> 1 & 3) << 16;
	dw[2] |= flags << 63;
	guest_write(g, (its->cbaser & CBASER_ADDR) + its->cwriter, dw, sizeof(dw));
	next = next >= its_queue_size(its) ? 0 : next;
	all_out(g);
	vgic_mmio(g->v, 0, ITS(0) + 0x88, true, 8, &next);
}

static void msi(struct guest *g)
{
	uint8_t where = input_u8(&g->in);
	uint64_t doorbell = ITS(where % 3) + GITS_TRANSLATER + (where >> 4) * 0x1000;
	struct kvm_msi m = {.address_lo = (uint32_t)doorbell, .address_hi = doorbell >> 32};
	bool delivered;

	m.flags = input_u8(&g->in);
	m.devid = input_u16(&g->in);
	m.data = input_u16(&g->in);
	note(vgic_msi(g->v, &m, &delivered));
}

static void poke(struct guest *g)
{
	uint64_t gpa = MEM + input_u8(&g->in) * UINT64_C(0x1000);
	uint64_t val;

	gpa += input_u16(&g->in) & 0xff8;
	val = input_u64(&g->in);
	guest_write(g, gpa, &val, sizeof(val));
}

static void enter(struct guest *g)
{
	unsigned int cpu = input_u8(&g->in) % CPUS;
	uint64_t hcr;

	if (g->inside[cpu])
		return;
	vgic_flush(g->v, cpu, g->lr[cpu], &hcr);
	g->inside[cpu] = true;
}

static void leave(struct guest *g)
{
	unsigned int cpu = input_u8(&g->in) % CPUS;
	uint64_t val = input_u64(&g->in);

	if (!g->inside[cpu])
		return;
	for (unsigned int i = 0; i < NUM_LRS; i++)
		g->lr[cpu][i] ^= val << (62 - i * 2) & (UINT64_C(3) << 62);
	vgic_sync(g->v, cpu, g->lr[cpu], val & 0xf8000000, UINT64_C(0xff) << 24);
	g->inside[cpu] = false;
}

static void attribute(struct guest *g)
{
	uint8_t dev = input_u8(&g->in), group = input_u8(&g->in);
	uint64_t what = input_u16(&g->in), val = input_u64(&g->in);
	struct its *its = g->its[dev % NUM_ITS];
	struct kvm_device_attr a = {.group = group, .attr = what};

	a.addr = dev & 0x40 ? 0 : (uintptr_t)&val;
	if (dev & 0x20) /* of the GIC: only what is about LPIs */
		note(group ? OK
			   : vgic_set_attr(g->v, &caller,
					   &(struct kvm_device_attr){
						   .group = KVM_DEV_ARM_VGIC_GRP_CTRL,
						   .attr = KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES}));
	else if (dev & 0x10)
		note(its_has_attr(its, &a));
	else
		note(dev & 0x80 ? its_get_attr(its, &caller, &a) : its_set_attr(its, &caller, &a));
}

/* Tables that a driver would make: a page each, from the start of memory. */
static void boot(struct guest *g)
{
	static const struct {
		unsigned int reg;
		uint64_t val;
	} steps[] = {
		{R_GICR_PROPBASER, (MEM + 0x10000) | 15},
		{R_GICR_PENDBASER, MEM + 0x20000},
		{R_GICR_CTLR, 1},
		{R_NUM + R_GICR_PENDBASER, MEM + 0x30000},
		{R_NUM + R_GICR_CTLR, 1},
		{R_CTLR, 0},
		{R_CBASER, MEM | 1 | CBASER_VALID},
		{R_BASER0, (MEM + 0x40000) | BASER_VALID},
		{R_BASER1, (MEM + 0x50000) | BASER_VALID},
		{R_CTLR, 1},
	};

	memset(mem + 0x10000, 0xa1, 0xe000);
	all_out(g);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		unsigned int reg = steps[i].reg % R_NUM;
		uint64_t val = steps[i].val;

		vgic_mmio(g->v, 0, address_of(steps[i].reg), true,
			  reg == R_CTLR || reg == R_GICR_CTLR ? 4 : 8, &val);
	}
}

static void one_op(struct guest *g)
{
	switch ((enum its_op)(input_u8(&g->in) % ITS_NUM_OPS)) {
	case ITS_READ:
		access_register(g, false);
		break;
	case ITS_WRITE:
		access_register(g, true);
		break;
	case ITS_COMMAND:
		command(g);
		break;
	case ITS_MSI:
		msi(g);
		break;
	case ITS_POKE:
		poke(g);
		break;
	case ITS_ENTER:
		enter(g);
		break;
	case ITS_EXIT:
		leave(g);
		break;
	case ITS_ATTR:
		attribute(g);
		break;
	case ITS_BOOT:
		boot(g);
		break;
	case ITS_MEMORY:
	case ITS_NUM_OPS:
		g->gone = !g->gone;
		break;
	}
}

static void set_addr(struct guest *g, struct its *its, uint64_t base)
{
	struct kvm_device_attr a = {.attr = KVM_VGIC_ITS_ADDR_TYPE, .addr = (uintptr_t)&base};

	if (its_set_attr(its, &caller, &a))
		fail("no address");
}

static void set_gic(struct vgic *v, uint32_t group, uint64_t which, uint64_t val)
{
	struct kvm_device_attr a = {.group = group, .attr = which, .addr = (uintptr_t)&val};

	if (vgic_set_attr(v, &caller, &a))
		fail("no vGIC");
}

/* The second ITS has its address only if the input begins with an odd byte. */
static void start(struct guest *g, const uint8_t *data, size_t size)
{
	struct vgic_owner owner = {
		.kick = kick,
		.num_vcpus = num_vcpus,
		.mpidr = mpidr,
		.lock_vcpus = lock_vcpus,
		.unlock_vcpus = unlock_vcpus,
		.guest_read = guest_read,
		.guest_write = guest_write,
		.ipa_bits = 40,
		.num_lrs = NUM_LRS,
		.arg = g,
	};
	uint64_t on = 2;

	*g = (struct guest){.in = {data, data + size}};
	memset(mem, 0, sizeof(mem));
	if (vgic_create(&owner, &g->v))
		fail("no memory");
	set_gic(g->v, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, DIST);
	set_gic(g->v, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, REDIST);
	set_gic(g->v, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
	if (vgic_map_resources(g->v))
		fail("no addresses");
	for (unsigned int i = 0; i < NUM_ITS; i++)
		if (its_create(g->v, &g->its[i]))
			fail("no memory");
	set_addr(g, g->its[0], ITS(0));
	if (input_u8(&g->in) & 1)
		set_addr(g, g->its[1], ITS(1));
	vgic_mmio(g->v, 0, DIST, true, 4, &on);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	seen_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest g;

	start(&g, data, size);
	while (input_left(&g.in)) {
		one_op(&g);
		check(&g);
	}
	all_out(&g);
	vgic_destroy(g.v);
	return 0;
}
