// SPDX-License-Identifier: BSD-3-Clause
/* its_fixture.c - see its_fixture.h. */
#include "its_fixture.h"

#include <stdlib.h>
#include <string.h>

static int errno_of(result r)
{
	return r ? r->code : 0;
}

int its_attr(struct guest_its *g, uint32_t group, uint64_t nr, void *val, bool set)
{
	struct kvm_device_attr a = {.group = group, .attr = nr, .addr = (uintptr_t)val};

	return errno_of(set ? its_set_attr(g->its, &fix_caller, &a)
			    : its_get_attr(g->its, &fix_caller, &a));
}

int its_has(struct guest_its *g, uint32_t group, uint64_t nr)
{
	struct kvm_device_attr a = {.group = group, .attr = nr};

	return errno_of(its_has_attr(g->its, &a));
}

uint64_t R64(struct guest_its *g, uint64_t ipa)
{
	return fix_read(&g->f, ipa, 8);
}

void W64(struct guest_its *g, uint64_t ipa, uint64_t val)
{
	fix_write(&g->f, ipa, 8, val);
}

uint64_t *mem64(struct guest_its *g, uint64_t at)
{
	return (uint64_t *)(g->f.mem + at);
}

void its_send(struct guest_its *g, struct its_cmd c)
{
	memcpy(g->f.mem + AT_QUEUE + g->cwriter, &c, sizeof(c));
	g->cwriter = (g->cwriter + sizeof(c)) % 0x10000;
	W64(g, ITS_CWRITER, g->cwriter);
	assert_int_equal(R64(g, ITS_CREADR), g->cwriter);
}

void its_tables(struct guest_its *g)
{
	W64(g, ITS_CBASER, (MEM + AT_QUEUE) | 15 | TABLE_VALID);
	W64(g, ITS_BASER0, (MEM + AT_DEVICES) | TABLE_VALID);
	W64(g, ITS_BASER1, (MEM + AT_COLLS) | TABLE_VALID);
	fix_write(&g->f, ITS_CTLR, 4, 1);
	g->cwriter = 0;
}

void its_enable_lpis(struct guest_its *g, unsigned int cpu)
{
	W64(g, REDIST_OF(cpu) + 0x70, (MEM + AT_CONFIG) | 15);
	W64(g, REDIST_OF(cpu) + 0x78, MEM + AT_PENDING + cpu * 0x10000);
	W32(&g->f, REDIST_OF(cpu), 1);
}

void its_fix_create(struct guest_its *g, unsigned int cpus)
{
	uint64_t base = ITS;

	memset(g, 0, sizeof(*g));
	fix_boot_enabled(&g->f, cpus);
	fix_memory(&g->f);
	assert_int_equal(its_create(g->f.v, &g->its), 0);
	assert_int_equal(its_attr(g, ADDR, KVM_VGIC_ITS_ADDR_TYPE, &base, true), 0);
}

/* The driver has started, every LPI is on, collection n is vCPU n. */
void its_fix_boot(struct guest_its *g, unsigned int cpus)
{
	its_fix_create(g, cpus);
	memset(g->f.mem + AT_CONFIG, LPI_ON, 0xe000);
	for (unsigned int i = 0; i < cpus; i++)
		its_enable_lpis(g, i);
	its_tables(g);
	for (unsigned int i = 0; i < cpus; i++)
		its_send(g, MAPC(i, i));
}

void its_fix_destroy(struct guest_its *g)
{
	fix_destroy(&g->f);
}

uint64_t itt(unsigned int dev)
{
	return MEM + AT_ITT + (uint64_t)dev * ITT_SIZE;
}

/* Device 1 with 32 events; event n is LPI 8192 + n of vCPU 0. */
void its_one_device(struct guest_its *g, unsigned int events)
{
	its_send(g, MAPD(1, itt(1), 5));
	for (unsigned int i = 0; i < events; i++)
		its_send(g, MAPTI(1, i, FIRST_LPI + i, 0));
}

int its_signal_at(struct guest_its *g, uint64_t at, uint32_t flags, uint32_t dev, uint32_t event)
{
	struct kvm_msi m = {.address_lo = (uint32_t)at,
			    .address_hi = at >> 32,
			    .data = event,
			    .flags = flags,
			    .devid = dev};
	bool delivered;
	result r = vgic_msi(g->f.v, &m, &delivered);

	return r ? -r->code : delivered;
}

int its_msi(struct guest_its *g, uint32_t dev, uint32_t event)
{
	return its_signal_at(g, DOORBELL, KVM_MSI_VALID_DEVID, dev, event);
}
