/* SPDX-License-Identifier: BSD-3-Clause */
/* its_fixture.h - a vGIC with an ITS, and the driver that a guest would have. */
#ifndef TESTS_KVM_ITS_FIXTURE_H
#define TESTS_KVM_ITS_FIXTURE_H

#include "its_guest.h"
#include "vgic_fixture.h"

#include "kvm/irq/its_internal.h"

struct guest_its {
	struct fix f;
	struct its *its;
	uint32_t cwriter;
};

#define ADDR  KVM_DEV_ARM_VGIC_GRP_ADDR
#define CTRL  KVM_DEV_ARM_VGIC_GRP_CTRL
#define REGS  KVM_DEV_ARM_VGIC_GRP_ITS_REGS
#define SAVE  KVM_DEV_ARM_ITS_SAVE_TABLES
#define LOAD  KVM_DEV_ARM_ITS_RESTORE_TABLES
#define RESET KVM_DEV_ARM_ITS_CTRL_RESET

/* The ITS has an address and nothing else; guest memory is all zero. */
void its_fix_create(struct guest_its *g, unsigned int cpus);
/* The driver has started, every LPI is on, collection n is vCPU n. */
void its_fix_boot(struct guest_its *g, unsigned int cpus);
void its_fix_destroy(struct guest_its *g);

/* The errno that the attribute call fails with, positive; 0: it works. */
int its_attr(struct guest_its *g, uint32_t group, uint64_t nr, void *val, bool set);
int its_has(struct guest_its *g, uint32_t group, uint64_t nr);

uint64_t R64(struct guest_its *g, uint64_t ipa);
void W64(struct guest_its *g, uint64_t ipa, uint64_t val);
uint64_t *mem64(struct guest_its *g, uint64_t at);
uint64_t itt(unsigned int dev);

void its_tables(struct guest_its *g);
void its_enable_lpis(struct guest_its *g, unsigned int cpu);
/* A command, which is done when this returns. */
void its_send(struct guest_its *g, struct its_cmd c);
/* Device 1 with 32 events; of the first ones event n is LPI 8192 + n of vCPU 0. */
void its_one_device(struct guest_its *g, unsigned int events);
/* KVM_SIGNAL_MSI: 1, 0 (blocked), -errno. */
int its_signal_at(struct guest_its *g, uint64_t at, uint32_t flags, uint32_t dev, uint32_t event);
int its_msi(struct guest_its *g, uint32_t dev, uint32_t event);

#endif
